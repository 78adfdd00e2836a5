//! What time it is, by the two clocks of the proxy.

use tollgate_core::Timestamp;

use crate::door;

/// Now, for a check. A clock that cannot be read lets nobody pass.
pub(crate) fn now() -> Timestamp {
    door::time_ns().map_or(Timestamp::MAX, |ns| Timestamp::from_millis(ns / 1_000_000))
}

/// Milliseconds by the clock that never runs backwards. None where it cannot be read: the other clock is no stand-in, since a
/// view that is young by one of them and judged by the other would be believed for years.
pub(crate) fn steady_ms() -> Option<u64> {
    door::monotonic_ns().ok().map(|ns| ns / 1_000_000)
}
