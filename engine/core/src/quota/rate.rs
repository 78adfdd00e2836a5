//! The hourly counter: the word of a window behind an atomic.

use core::num::NonZeroU32;

use crate::quota::window::{self, QuotaState};
use crate::sync::{AtomicU64, Ordering};
use crate::time::Timestamp;

/// Requests of one user in the current window.
///
/// Invariant: one word holds both beginning and count, so there is nothing to publish beside it and no order to keep.
#[derive(Default)]
pub(crate) struct Rate(AtomicU64);

/// A charge that can be given back while its window lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    word: u64,
}

impl Rate {
    /// Counts one request, or answers why it cannot be counted. Lock-free: a failed swap means that another request was
    /// counted.
    pub(crate) fn charge(&self, limit: NonZeroU32, now: Timestamp) -> Result<(Charge, QuotaState), QuotaState> {
        // Ordering: Relaxed; the word stands alone and publishes nothing.
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let turn = window::charged(seen, limit, now);
            if turn.word != seen {
                // Ordering: Relaxed on both sides; the swap's atomicity alone keeps the count exact.
                if let Err(newer) = self
                    .0
                    .compare_exchange_weak(seen, turn.word, Ordering::Relaxed, Ordering::Relaxed)
                {
                    seen = newer;
                    continue;
                }
            }
            return if turn.admitted {
                Ok((Charge { word: turn.word }, turn.state))
            } else {
                Err(turn.state)
            };
        }
    }

    /// Takes a charge back, unless its window is over.
    pub(crate) fn give_back(&self, charge: Charge) {
        self.update(|word| window::given_back(word, charge.word));
    }

    /// Forgets a window that is over at `now`.
    pub(crate) fn clear(&self, now: Timestamp) {
        self.update(|word| window::cleared(word, now));
    }

    /// The word, for a checkpoint.
    pub(crate) fn word(&self) -> u64 {
        // Ordering: Relaxed; a checkpoint is a moment among many.
        self.0.load(Ordering::Relaxed)
    }

    /// Puts a checkpointed word back, before anybody charges.
    pub(crate) fn restore(&self, word: u64) {
        // Ordering: Relaxed; the caller publishes the user afterwards.
        self.0.store(word, Ordering::Relaxed);
    }

    fn update(&self, next: impl Fn(u64) -> u64) {
        // Ordering: Relaxed; as in `charge`.
        let mut seen = self.word();
        while next(seen) != seen {
            // Ordering: Relaxed on both sides; as in `charge`.
            match self
                .0
                .compare_exchange_weak(seen, next(seen), Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(newer) => seen = newer,
            }
        }
    }
}
