//! A real Envoy whose filters are put together by the test: a Wasm module in its workers, or Envoy's own filters.
//!
//! [`Setup`] says what runs, [`Envoy::start`] runs it. The listener comes from a file that Envoy watches, so that
//! [`Envoy::reload`] can change its filters while requests are under way.

mod module;
mod filter;
mod setup;
mod admin;
mod running;

pub use admin::{Admin, Stats};
pub use filter::WasmFilter;
pub use module::{EMPTY, assembled, built};
pub use running::{Envoy, Refused};
pub use setup::{Cluster, Setup};
