//! The one place that reads the clock; everything else is told the time.

use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tollgate_core::Timestamp;

/// Tells the time. Moments may repeat and may go backwards, as wall clocks do.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The wall clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// A clock that stands before 1970 is broken: it counts as the end of time, so that whatever can expire has expired.
    #[allow(clippy::disallowed_methods, reason = "the one reader of the clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(|since| since.as_millis());
        since
            .ok()
            .and_then(|millis| u64::try_from(millis).ok())
            .map_or(Timestamp::MAX, Timestamp::from_millis)
    }
}

/// A clock that stands still until it is set, for tests and simulations.
///
/// ```
/// use tollgate::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::at(Timestamp::from_seconds(100));
/// clock.set(Timestamp::from_seconds(160));
/// assert_eq!(clock.now(), Timestamp::from_seconds(160));
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that says `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Makes it say `now` from here on.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock() = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_past_2020() {
        let now = SystemClock.now();
        assert!((1_577_836_800..32_503_680_000).contains(&now.as_seconds()), "{now}");
    }
}
