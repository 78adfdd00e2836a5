//! Words that change together, under a sequence count.
//!
//! An odd count means that the one writer is at work; a reader that saw the count move reads again. All words are atomics,
//! so a torn read is a wrong value that is thrown away and never undefined behaviour.

use crate::sync::{AtomicU64, Ordering, fence, spin_loop};

/// `N` words that readers see as one.
pub(crate) struct Sequenced<const N: usize> {
    sequence: AtomicU64,
    facts: [AtomicU64; N],
}

/// Words as they were at one moment, perhaps torn.
pub(crate) struct Glance<const N: usize> {
    count: u64,
    pub(crate) words: [u64; N],
}

impl<const N: usize> Default for Sequenced<N> {
    fn default() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            facts: core::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl<const N: usize> Sequenced<N> {
    /// All words as one writer left them.
    pub(crate) fn read(&self) -> [u64; N] {
        self.read_with(|facts| facts)
    }

    /// What `f` makes of the words, where `f` may also read atomics that the writer changes only in
    /// [`Sequenced::write_with`], or after it has changed these words. `f` runs again whenever the writer was at work
    /// meanwhile, so it must be pure.
    ///
    /// Takes no lock; a reader that meets the writer at work waits out its few stores.
    #[inline]
    pub(crate) fn read_with<R>(&self, f: impl Fn([u64; N]) -> R) -> R {
        loop {
            let glance = self.glance();
            let result = f(glance.words);
            if self.confirms(&glance) {
                return result;
            }
        }
    }

    /// The words at one moment. What is made of them, and of the other atomics of [`Sequenced::read_with`], counts only if
    /// [`Sequenced::confirms`] says so afterwards; otherwise all of it was for nothing and has to be done again.
    // Always inlined: the words of most records are looked at and let go of in registers.
    #[inline(always)]
    pub(crate) fn glance(&self) -> Glance<N> {
        loop {
            // Ordering: Acquire pairs with the Release store at the end of `write`: an even count shows all its words.
            let count = self.sequence.load(Ordering::Acquire);
            if count & 1 == 0 {
                // Ordering: Relaxed; the fence in `confirms` and the second look at the count decide whether these count.
                let words = self.facts.each_ref().map(|word| word.load(Ordering::Relaxed));
                return Glance { count, words };
            }
            spin_loop();
        }
    }

    /// Whether nobody was at work on the words since the glance.
    #[inline(always)]
    pub(crate) fn confirms(&self, glance: &Glance<N>) -> bool {
        // Ordering: Acquire pairs with the Release fence in `write`: whoever saw one new word sees a new count.
        fence(Ordering::Acquire);
        // Ordering: Relaxed; ordered by the fence above.
        let is_still = self.sequence.load(Ordering::Relaxed) == glance.count;
        if !is_still {
            spin_loop();
        }
        is_still
    }

    /// The count as it is now, to be compared later. Words read afterwards are no older than this mark.
    pub(crate) fn mark(&self) -> u64 {
        // Ordering: Acquire keeps the reads that follow behind this one.
        self.sequence.load(Ordering::Acquire)
    }

    /// Whether the words have stayed as they are since `mark`, and nobody is at work on them.
    pub(crate) fn is_still(&self, mark: u64) -> bool {
        // Ordering: Acquire pairs with the Release fence in `write_with` of whatever record was read since the mark: whoever
        // saw that record sees every count that was raised before it.
        fence(Ordering::Acquire);
        // Ordering: Relaxed; ordered by the fence above.
        mark & 1 == 0 && self.sequence.load(Ordering::Relaxed) == mark
    }

    /// Replaces all words. Only the single writer may call this.
    pub(crate) fn write(&self, facts: [u64; N]) {
        self.write_with(facts, || ());
    }

    /// Replaces all words, and in the same step whatever atomics `beside` stores to. Only the single writer may call this.
    pub(crate) fn write_with(&self, facts: [u64; N], beside: impl FnOnce()) {
        // Ordering: Relaxed; only this writer stores the count.
        let before = self.sequence.load(Ordering::Relaxed);
        // Ordering: Relaxed; the fence below orders it before the words.
        self.sequence.store(before.wrapping_add(1), Ordering::Relaxed);
        // Ordering: Release pairs with the Acquire fence in `read_with`.
        fence(Ordering::Release);
        for (word, fact) in self.facts.iter().zip(facts) {
            // Ordering: Relaxed; published by the store of the count below.
            word.store(fact, Ordering::Relaxed);
        }
        beside();
        // Ordering: Release pairs with the Acquire load in `read_with`.
        self.sequence.store(before.wrapping_add(2), Ordering::Release);
    }
}
