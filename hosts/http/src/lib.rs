//! The engine behind HTTP: forward authentication for proxies, over gRPC too, and the control socket of the command line.
//!
//! The modules stand in the order the data flows, and import only upwards:
//!
//! ```text
//! request → what it is about → its parts → verdict → answer
//! ```

mod sync;
mod bounds;
mod cross_origin;
mod metrics;
mod busiest;
mod request_id;
mod permits;
mod host;
mod forwarded;
mod parts;
mod answer;
mod edge;
mod check;
mod ext_authz;
mod v1;
mod health;
mod scrape;
pub mod control;
mod router;
mod tls;
mod server;

pub use bounds::Bounds;
pub use cross_origin::{CrossOrigin, CrossOriginError};
pub use host::{Host, HostOptions};
pub use metrics::Metrics;
pub use router::router;
pub use server::{BindError, Server};
pub use tls::{Tls, TlsError};
