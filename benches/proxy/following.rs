//! What the plugin says about itself.

use std::time::Duration;

use tollgate_tests::envoy::{Envoy, Stats};
use tollgate_tests::wait;

/// The longest that a million tokens may take on a machine that is busy.
const LOADING: Duration = Duration::from_secs(120);

/// A figure of the plugin.
pub(crate) fn own(stats: &Stats, name: &str) -> u64 {
    stats.value(&format!("wasmcustom.tollgate.{name}"))
}

/// Waits until every VM has all tokens: one for each worker, and one on the main thread, which takes no requests.
pub(crate) fn wait_until_loaded(envoy: &Envoy, workers: u64, tokens: usize) {
    wait::until("the plugin has the tokens", LOADING, || {
        let stats = envoy.admin().stats();
        let loaded = own(&stats, "workers_ready") == workers + 1 && own(&stats, "tokens") >= tokens as u64;
        loaded.then_some(())
    });
}
