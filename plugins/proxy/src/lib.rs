//! The check inside a proxy: Envoy, or whatever else speaks proxy-wasm, decides by itself who may pass, without asking anybody.
//!
//! Each worker has a module of its own, and each module a whole live view: the one that the engine has, kept in step by its
//! [feed](tollgate_core::feed). The decision is [`tollgate_core::check`], and what a refused caller is told is
//! [`tollgate_core::Refused`], so that no difference can grow between the hosts.
//!
//! What a request may meet, in order:
//!
//! | state of the worker | answer |
//! |---|---|
//! | the configuration is wrong | 503, and the log says what is wrong |
//! | no snapshot yet | it waits, within bounds; then 503 with `Retry-After` |
//! | the view was confirmed within `max_staleness_ms` | the decision |
//! | it was not | as far as it passes, or its token is not known: 503 (`stale_view`) |
//!
//! Nothing here answers anything but success to the proxy when it starts: a plugin that fails there on a worker is taken away by
//! the proxy, and everything passes.
//!
//! The two limits are kept for each worker by itself: an hourly limit of N lets through up to N in each.
//!
//! The modules stand in the order in which things happen, and import only upwards.
// Without a proxy only the tests call this.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "the proxy alone calls this"))]

mod door;
mod pairs;
mod configuration;
mod stats;
mod clock;
mod head;
mod peer;
mod verdict;
mod following;
mod proof;
mod settling;
#[cfg(all(feature = "trap", target_arch = "wasm32"))]
mod trap;
mod vm;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(all(feature = "measure", target_arch = "wasm32"))]
mod measure;
