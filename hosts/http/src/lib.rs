//! The engine behind HTTP: forward authentication for proxies, and the control socket of the command line.
//!
//! The modules stand in the order the data flows, and import only upwards:
//!
//! ```text
//! request → what it is about → its parts → verdict → answer
//! ```

mod forwarded;
mod parts;
mod answer;
mod check;
mod server;
pub mod control;

pub use server::{Bounds, Server, router};
