//! How many buckets the token index has, and how often records moved: one word.

use crate::sync::{AtomicU64, Ordering, fence};

/// Buckets whose slots, eight in each, can be addressed by 32 bits.
const BUCKETS_MOST: u32 = 1 << 29;

/// The shape at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    /// Buckets in use, at least one.
    pub(crate) buckets: u32,
    /// Counts moves, so that a reader which missed can tell whether it raced with one.
    moves: u32,
}

impl Shape {
    /// The bucket of `word` by linear hashing (Litwin 1980): the low bits that count to the next power of two, or one bit
    /// fewer where that bucket is not there yet.
    pub(crate) fn bucket_of(self, word: u64) -> u32 {
        let mask = self.buckets.next_power_of_two().wrapping_sub(1);
        let bucket = (word as u32) & mask;
        if bucket < self.buckets {
            bucket
        } else {
            bucket & (mask >> 1)
        }
    }

    /// The bucket whose records may have to move when bucket number `self.buckets` opens.
    pub(crate) fn split_of(self) -> u32 {
        let mask = (self.buckets + 1).next_power_of_two().wrapping_sub(1);
        self.buckets & (mask >> 1)
    }

    /// The shape with one more bucket; none where its slots could not be addressed.
    pub(crate) fn grown(self) -> Option<Self> {
        let moves = self.moves.wrapping_add(1);
        (self.buckets < BUCKETS_MOST).then_some(Self {
            buckets: self.buckets + 1,
            moves,
        })
    }

    /// The same number of buckets after a move.
    pub(crate) fn moved(self) -> Self {
        Self {
            moves: self.moves.wrapping_add(1),
            ..self
        }
    }
}

/// The shape as readers find it.
pub(crate) struct SharedShape(AtomicU64);

impl SharedShape {
    pub(crate) fn new(buckets: u32) -> Self {
        Self(AtomicU64::new(u64::from(buckets)))
    }

    pub(crate) fn load(&self) -> Shape {
        // Ordering: Acquire pairs with `publish`: a reader that sees a new bucket sees the records copied into it.
        unpack(self.0.load(Ordering::Acquire))
    }

    /// Whether nothing has moved since `seen` was loaded. A look-up that found nothing may conclude something only then.
    pub(crate) fn is_still(&self, seen: Shape) -> bool {
        // Ordering: Acquire pairs with the Release fence of the slot write that clears a moved record's old place: whoever
        // saw the old place empty sees the shape that was published before it.
        fence(Ordering::Acquire);
        // Ordering: Relaxed; ordered by the fence above.
        unpack(self.0.load(Ordering::Relaxed)) == seen
    }

    /// Shows `shape` to readers: after moved records stand at their new places, before they leave the old ones.
    pub(crate) fn publish(&self, shape: Shape) {
        // Ordering: Release pairs with `load`.
        self.0.store(
            u64::from(shape.moves) << 32 | u64::from(shape.buckets),
            Ordering::Release,
        );
    }
}

fn unpack(word: u64) -> Shape {
    Shape {
        buckets: word as u32,
        moves: (word >> 32) as u32,
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    /// Opening one bucket moves records of exactly one other bucket, and every bucket is reachable.
    #[test]
    fn growth_by_one_moves_records_of_one_bucket_only() {
        for buckets in 1..70 {
            let old = Shape { buckets, moves: 0 };
            let new = old.grown().unwrap();
            let mut reached = vec![false; new.buckets as usize];
            for word in 0..1_024 {
                let (from, to) = (old.bucket_of(word), new.bucket_of(word));
                assert!(
                    from == to || (from == old.split_of() && to == buckets),
                    "{buckets} {word}: {from} → {to}"
                );
                reached[to as usize] = true;
            }
            assert!(reached.into_iter().all(|is| is), "{buckets}");
        }
        assert_eq!(
            Shape {
                buckets: BUCKETS_MOST,
                moves: 0
            }
            .grown(),
            None
        );
    }
}
