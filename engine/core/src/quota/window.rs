//! One hourly window as one word: 36 bits for its beginning and 28 for the count.
//!
//! A window begins with the first request in it and lasts one hour from there; never more than the limit pass in it.
//! The beginning is kept modulo 2^36 ms (795 days). A word left alone for more than half of that would look like one from
//! a clock that stepped back, and could only refuse too much; [`cleared`] lets a periodic pass rule even that out.

use core::num::NonZeroU32;

use crate::time::Timestamp;

/// How long a window lasts, in milliseconds.
pub const WINDOW_MS: u64 = 3_600_000;

const COUNT_BITS: u32 = 28;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
const START_BITS: u32 = 64 - COUNT_BITS;
const START_MASK: u64 = (1 << START_BITS) - 1;

/// What a caller may be told about their hourly limit: the numbers of the `RateLimit` fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaState {
    /// Requests allowed in a window.
    pub limit: u32,
    /// Requests still allowed in this one.
    pub remaining: u32,
    /// Milliseconds until this window ends, at least one.
    pub reset_after_ms: u64,
}

impl QuotaState {
    /// Seconds until this window ends, rounded up, for `Retry-After` and `RateLimit`.
    pub fn reset_after_s(self) -> u64 {
        self.reset_after_ms.div_ceil(1_000)
    }
}

/// A word taken apart. A count of zero means that no window is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Window {
    start: u64,
    count: u64,
}

impl Window {
    fn unpack(word: u64) -> Self {
        Self {
            start: word >> COUNT_BITS,
            count: word & COUNT_MASK,
        }
    }

    fn pack(self) -> u64 {
        (self.start & START_MASK) << COUNT_BITS | (self.count & COUNT_MASK)
    }

    /// The window that holds `now`, and how long ago it began.
    ///
    /// A clock that ran backwards leaves a window open; one that ran back by more than an hour moves its beginning to
    /// `now` and keeps the count, so that nothing is refunded and nobody waits longer than an hour.
    fn at(self, now: Timestamp) -> (Self, u64) {
        let now = now.as_millis() & START_MASK;
        if self.count == 0 {
            return (Self { start: now, count: 0 }, 0);
        }
        let ahead = now.wrapping_sub(self.start) & START_MASK;
        let behind = self.start.wrapping_sub(now) & START_MASK;
        if ahead < WINDOW_MS {
            (self, ahead)
        } else if behind <= WINDOW_MS {
            (self, 0)
        } else if ahead <= behind {
            (Self { start: now, count: 0 }, 0)
        } else {
            (
                Self {
                    start: now,
                    count: self.count,
                },
                0,
            )
        }
    }
}

/// What one request does to a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Transition {
    /// The word to store; where the request is refused it differs only in a beginning that a clock step moved.
    pub(crate) word: u64,
    /// Whether the request was counted.
    pub(crate) admitted: bool,
    /// What the caller may be told.
    pub(crate) state: QuotaState,
}

/// Counts one request at `now` against `limit`, or refuses it.
pub(crate) fn charged(word: u64, limit: NonZeroU32, now: Timestamp) -> Transition {
    let (window, age) = Window::unpack(word).at(now);
    let admitted = window.count < u64::from(limit.get()).min(COUNT_MASK);
    let count = window.count + u64::from(admitted);
    let remaining = u64::from(limit.get()).saturating_sub(count);
    Transition {
        word: Window { count, ..window }.pack(),
        admitted,
        state: QuotaState {
            limit: limit.get(),
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_after_ms: (WINDOW_MS - age).max(1),
        },
    }
}

/// Takes back one request that `charged_word` counted, if its window is still the one in `word`.
pub(crate) fn given_back(word: u64, charged_word: u64) -> u64 {
    let (window, charged) = (Window::unpack(word), Window::unpack(charged_word));
    if window.start == charged.start && window.count > 0 {
        Window {
            count: window.count - 1,
            ..window
        }
        .pack()
    } else {
        word
    }
}

/// The word without a window that is over at `now`.
pub(crate) fn cleared(word: u64, now: Timestamp) -> u64 {
    if Window::unpack(word).at(now).0.count == 0 {
        0
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn most(limit: u32) -> NonZeroU32 {
        NonZeroU32::new(limit).unwrap()
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_window_is_anchored_at_its_first_request_and_ends_to_the_millisecond() {
        let t0 = 1_700_000_000_123;
        let first = charged(0, most(2), at(t0));
        let second = charged(first.word, most(2), at(t0 + 5));
        assert!(first.admitted && second.admitted);
        assert_eq!(
            second.state,
            QuotaState {
                limit: 2,
                remaining: 0,
                reset_after_ms: WINDOW_MS - 5
            }
        );
        let late = charged(second.word, most(2), at(t0 + WINDOW_MS - 1));
        assert!(!late.admitted);
        assert_eq!(late.word, second.word, "a refused request leaves no trace");
        assert_eq!(late.state.reset_after_s(), 1);
        let next = charged(second.word, most(2), at(t0 + WINDOW_MS));
        assert!(next.admitted);
        assert_eq!(next.state.remaining, 1);
    }

    #[test]
    fn a_clock_that_steps_back_refunds_nothing_and_locks_nobody_out() {
        let t0 = 1_700_000_000_000;
        let spent = charged(0, most(1), at(t0)).word;
        assert!(
            !charged(spent, most(1), at(t0 - 10)).admitted,
            "just behind: the same window"
        );
        let day_back = t0 - 24 * WINDOW_MS;
        let moved = charged(spent, most(1), at(day_back));
        assert!(!moved.admitted, "the count is kept");
        assert!(!charged(moved.word, most(1), at(day_back + WINDOW_MS - 1)).admitted);
        assert!(
            charged(moved.word, most(1), at(day_back + WINDOW_MS)).admitted,
            "and an hour later it is over"
        );
    }

    #[test]
    fn a_count_fills_its_bits_and_no_more() {
        let full = Window {
            start: 5,
            count: COUNT_MASK,
        }
        .pack();
        assert!(!charged(full, most(u32::MAX), at(6)).admitted);
        let last = Window {
            start: 5,
            count: COUNT_MASK - 1,
        }
        .pack();
        assert!(charged(last, most(u32::MAX), at(6)).admitted);
    }

    #[test]
    fn giving_back_undoes_exactly_one_charge_of_the_same_window() {
        let one = charged(0, most(5), at(100)).word;
        let two = charged(one, most(5), at(101)).word;
        assert_eq!(given_back(two, two), one);
        let other_window = charged(two, most(5), at(100 + WINDOW_MS)).word;
        assert_eq!(given_back(other_window, two), other_window);
        assert_eq!(cleared(two, at(100 + WINDOW_MS - 1)), two);
        assert_eq!(cleared(two, at(100 + WINDOW_MS)), 0);
    }

    proptest! {
        /// Against a list of admitted moments: no hour that begins with a window holds more than the limit.
        #[test]
        fn never_more_than_the_limit_in_a_window(limit in 1_u32..6, steps in prop::collection::vec(0_u64..2_000_000, 1..60)) {
            let (mut word, mut now) = (0, 1_700_000_000_000);
            let mut window: Option<(u64, u32)> = None;
            for step in steps {
                now += step;
                let turn = charged(word, most(limit), at(now));
                word = turn.word;
                let open = window.filter(|(start, _)| now < start + WINDOW_MS);
                let expected = open.is_none_or(|(_, count)| count < limit);
                prop_assert_eq!(turn.admitted, expected);
                window = match open {
                    Some((start, count)) => Some((start, count + u32::from(expected))),
                    None => Some((now, 1)),
                };
            }
        }
    }
}
