//! The concurrency counter: requests of one user that are under way.

use core::num::NonZeroU32;

use crate::sync::{AtomicU64, Ordering};

/// How many requests are under way, in the low half of a word whose high half tells whose they are.
///
/// A slot in the user table may be given to another user while an old user's permit is still held. The generation lets
/// that permit's release pass by without touching the newcomer's count.
#[derive(Default)]
pub(crate) struct InFlight(AtomicU64);

const COUNT_MASK: u64 = 0xffff_ffff;

impl InFlight {
    /// Takes one place for the user of `generation` if fewer than `limit` are taken.
    pub(crate) fn acquire(&self, generation: u32, limit: NonZeroU32) -> bool {
        self.update(generation, |count| {
            (count < u64::from(limit.get())).then_some(count + 1)
        })
    }

    /// Gives one place back; does nothing where the slot has gone to another user.
    pub(crate) fn release(&self, generation: u32) {
        self.update(generation, |count| count.checked_sub(1));
    }

    /// How many are under way.
    #[cfg(test)]
    pub(crate) fn count(&self) -> u32 {
        // Ordering: Relaxed; a figure for people.
        (self.0.load(Ordering::Relaxed) & COUNT_MASK) as u32
    }

    /// Gives the slot to the user of `generation`, with nothing under way.
    pub(crate) fn reset(&self, generation: u32) {
        // Ordering: Relaxed; the caller publishes the new user afterwards.
        self.0.store(u64::from(generation) << 32, Ordering::Relaxed);
    }

    fn update(&self, generation: u32, next: impl Fn(u64) -> Option<u64>) -> bool {
        // Ordering: Relaxed; the word stands alone and publishes nothing.
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            if seen >> 32 != u64::from(generation) {
                return false;
            }
            let Some(count) = next(seen & COUNT_MASK) else {
                return false;
            };
            let word = seen & !COUNT_MASK | count & COUNT_MASK;
            // Ordering: Relaxed on both sides; the swap's atomicity alone keeps the count exact.
            match self
                .0
                .compare_exchange_weak(seen, word, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(newer) => seen = newer,
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_up_to_the_limit_and_come_back() {
        let (places, two) = (InFlight::default(), NonZeroU32::new(2).unwrap());
        assert!(places.acquire(0, two) && places.acquire(0, two));
        assert!(!places.acquire(0, two));
        places.release(0);
        assert!(places.acquire(0, two));
        assert_eq!(places.count(), 2);
    }

    /// A permit that outlives its user must not free a place of the user who got the slot.
    #[test]
    fn a_release_of_a_former_user_changes_nothing() {
        let (places, one) = (InFlight::default(), NonZeroU32::new(1).unwrap());
        assert!(places.acquire(0, one));
        places.reset(1);
        assert!(places.acquire(1, one));
        places.release(0);
        assert_eq!(places.count(), 1);
        places.release(1);
        assert_eq!(places.count(), 0);
        places.release(1);
        assert_eq!(places.count(), 0, "one release too many does not wrap");
    }
}
