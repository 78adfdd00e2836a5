//! One byte of every record in a bucket, in one word: it tells which slots can hold a digest at all.
//!
//! The words of all buckets together are small enough to stay in caches that the slots themselves overflow, so a look-up
//! costs the line of the one slot it is for, and a digest that was never issued costs no line at all.

use crate::sync::{AtomicU64, Ordering};

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const ONES: u64 = 0x0101_0101_0101_0101;

/// The tags of one bucket; zero where a slot is empty.
#[derive(Default)]
pub(super) struct Tags(AtomicU64);

impl Tags {
    pub(super) fn load(&self) -> TagWord {
        // Ordering: Acquire pairs with the Release store in `set`: whoever sees a moved record's tag cleared sees the shape
        // that was published before.
        TagWord(self.0.load(Ordering::Acquire))
    }

    /// Says what slot `at` holds; zero for nothing. Only the single writer may call this: after the slot is written.
    pub(super) fn set(&self, at: u32, tag: u8) {
        // Ordering: Relaxed; only this writer stores tags.
        let word = self.0.load(Ordering::Relaxed);
        let shift = at * 8;
        // Ordering: Release pairs with `load`.
        self.0
            .store(word & !(0xff << shift) | u64::from(tag) << shift, Ordering::Release);
    }
}

/// The tags of one bucket at one moment.
#[derive(Clone, Copy)]
pub(super) struct TagWord(u64);

impl TagWord {
    /// The slots that hold `tag`, in ascending order; the empty ones for zero.
    #[inline]
    pub(super) fn places_of(self, tag: u8) -> impl Iterator<Item = u32> {
        let unlike = self.0 ^ (u64::from(tag) * ONES);
        // A byte that is not zero carries into or has its own highest bit; no carry leaves a byte.
        let mut equal = !(((unlike & LOW) + LOW) | unlike | LOW);
        core::iter::from_fn(move || {
            let place = (equal != 0).then(|| equal.trailing_zeros() / 8);
            equal &= equal.wrapping_sub(1);
            place
        })
    }
}

/// The tag of a digest: a byte that has no part in the choice of its buckets, and is never zero.
#[inline]
pub(super) fn tag_of(words: &[u64; 4]) -> u8 {
    ((words[3] >> 56) as u8).max(1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_slots_of_a_tag_are_those_that_were_set_to_it(set in prop::collection::vec((0_u32..8, 0_u8..4), 0..20), tag in 0_u8..4) {
            let (tags, mut plain) = (Tags::default(), [0; 8]);
            for (at, tag) in set {
                tags.set(at, tag);
                plain[at as usize] = tag;
            }
            let expected: Vec<u32> = (0..8).filter(|at| plain[*at as usize] == tag).collect();
            prop_assert_eq!(tags.load().places_of(tag).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn neighbours_of_an_equal_byte_do_not_look_equal() {
        let word = TagWord(u64::from_le_bytes([1, 0, 0x80, 0xff, 1, 2, 0x81, 0]));
        for (tag, expected) in [
            (0, vec![1, 7]),
            (1, vec![0, 4]),
            (0x80, vec![2]),
            (0xff, vec![3]),
            (3, vec![]),
        ] {
            assert_eq!(word.places_of(tag).collect::<Vec<_>>(), expected, "{tag:#x}");
        }
    }
}
