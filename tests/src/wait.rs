//! Waiting for a condition, with a deadline and in words.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long tests wait for what normally takes milliseconds: a machine with other work must not fail them.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at a condition that cannot announce itself, such as a port that another process opens.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// A moment by which something must have happened.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The moment `within` from now.
    #[allow(
        clippy::disallowed_methods,
        reason = "other processes live by the real clock, and so do tests of them"
    )]
    pub fn within(within: Duration) -> Self {
        Self(Instant::now() + within)
    }

    /// What is left until then; none once it has passed.
    #[allow(
        clippy::disallowed_methods,
        reason = "other processes live by the real clock, and so do tests of them"
    )]
    pub fn remaining(self) -> Option<Duration> {
        self.0
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }
}

/// Seconds since 1970, as other processes have them too.
#[allow(
    clippy::disallowed_methods,
    reason = "other processes live by the real clock, and so do tests of them"
)]
pub fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// Looks again and again until `look` answers something, and panics with `what` when `within` has passed.
///
/// Looks at least once, however short the time is.
pub fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Deadline::within(within);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(deadline.remaining().is_some(), "waited {within:?} in vain until {what}");
        thread::park_timeout(BETWEEN_LOOKS);
    }
}

/// Lets time pass, where the moment itself is what a test draws by chance. Never a way to wait for something.
pub fn let_pass(time: Duration) {
    let deadline = Deadline::within(time);
    while let Some(left) = deadline.remaining() {
        thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_comes_true_is_seen() {
        let mut looks = 0;
        let found = until("three looks were made", PATIENCE, || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(found, 3);
    }

    #[test]
    #[should_panic(expected = "in vain until the sun rises in the west")]
    fn a_condition_that_never_comes_true_is_named() {
        until("the sun rises in the west", Duration::from_millis(5), || None::<()>);
    }
}
