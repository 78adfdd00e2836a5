//! Support shared by the end-to-end tests.
//!
//! Everything here runs or imitates what stands around Tollgate: other programs, clients, an upstream. Nothing sleeps and
//! hopes; what cannot be waited for directly is looked at again until a deadline.

pub mod wait;
pub mod ports;
pub mod process;
pub mod http;
pub mod basic;
pub mod signed;
pub mod browser;
pub mod listener;
pub mod upstream;
pub mod key_server;
pub mod tap;
pub mod proxy;
pub mod envoy;
pub mod binary;
pub mod tollgate;
pub mod control;
pub mod foreign;
