//! What time it is, by the two clocks of the proxy.

use std::cell::Cell;

use tollgate_core::Timestamp;

use crate::door;

/// Now, for a check. A clock that cannot be read lets nobody pass.
pub(crate) fn now() -> Timestamp {
    door::time_ns().map_or(Timestamp::MAX, |ns| Timestamp::from_millis(ns / 1_000_000))
}

/// A clock that stood still with the machine is this far behind the other when it goes on, at least.
const STOOD_STILL_MS: u64 = 500;

/// What both clocks said when they were last looked at, and what the steady one has missed since the beginning.
#[derive(Clone, Copy)]
struct Looked {
    steady_ms: u64,
    wall_ms: u64,
    missed_ms: u64,
}

thread_local! {
    static LOOKED: Cell<Option<Looked>> = const { Cell::new(None) };
}

/// Milliseconds by a clock that never runs backwards, and that counts what passes while the machine sleeps, when the proxy's own
/// does not: where the wall's clock is suddenly ahead, so much time may have passed. None where the steady clock cannot be read:
/// the other is no stand-in, since a view that is young by one of them and judged by the other would be believed for years.
pub(crate) fn steady_ms() -> Option<u64> {
    let steady_ms = door::monotonic_ns().ok()? / 1_000_000;
    let wall_ms = door::time_ns().map_or(0, |ns| ns / 1_000_000);
    let before = LOOKED.get().unwrap_or(Looked {
        steady_ms,
        wall_ms,
        missed_ms: 0,
    });
    let steady_by = steady_ms.saturating_sub(before.steady_ms);
    let wall_by = wall_ms.saturating_sub(before.wall_ms);
    let missed_ms = wall_by.saturating_sub(steady_by);
    let missed_ms = before.missed_ms + if missed_ms > STOOD_STILL_MS { missed_ms } else { 0 };
    LOOKED.set(Some(Looked {
        steady_ms,
        // A clock that cannot be read just now has not run backwards.
        wall_ms: if wall_ms == 0 { before.wall_ms } else { wall_ms },
        missed_ms,
    }));
    Some(steady_ms.saturating_add(missed_ms))
}
