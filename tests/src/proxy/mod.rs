//! Real proxies, each on a port of its own, with the configuration that the repository offers for copying.
//!
//! What differs between proxies is a row of facts ([`Kind`]); the tests are the same for all and read the row.

mod kind;
mod running;
mod nginx;
mod caddy;
mod envoy;
mod haproxy;

pub use caddy::{CADDY, OLDEST_CADDY};
pub use envoy::{ENVOY_GRPC, ENVOY_HTTP};
pub use haproxy::HAPROXY;
pub use kind::{Kind, Places, program};
pub use nginx::NGINX;
pub use running::Proxy;
