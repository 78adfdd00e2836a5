//! What time it is, by the two clocks of the proxy.

use tollgate_core::Timestamp;

use crate::door;

/// Now, for a check. A clock that cannot be read lets nobody pass.
pub(crate) fn now() -> Timestamp {
    door::time_ns().map_or(Timestamp::MAX, |ns| Timestamp::from_millis(ns / 1_000_000))
}

/// Milliseconds by the clock that never runs backwards. Where there is none, the other has to do.
pub(crate) fn steady_ms() -> u64 {
    let ns = door::monotonic_ns().or_else(|_| door::time_ns());
    ns.map_or(u64::MAX, |ns| ns / 1_000_000)
}
