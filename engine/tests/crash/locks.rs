//! Byte-range locks among everybody who has a disk open.

use std::ops::Bound;

/// The locks that are held. Each belongs to one opening of the disk.
#[derive(Debug, Default)]
pub(crate) struct Locks(Vec<Lock>);

#[derive(Debug, PartialEq, Eq)]
struct Lock {
    holder: u64,
    range: Range,
    shared: bool,
}

/// From the first byte to the one behind the last; none where it has no end.
type Range = (u64, Option<u64>);

fn range((start, end): (Bound<u64>, Bound<u64>)) -> Range {
    let first = match start {
        Bound::Included(first) => first,
        Bound::Excluded(before) => before + 1,
        Bound::Unbounded => 0,
    };
    let behind = match end {
        Bound::Included(last) => last.checked_add(1),
        Bound::Excluded(behind) => Some(behind),
        Bound::Unbounded => None,
    };
    (first, behind)
}

fn overlap(one: Range, other: Range) -> bool {
    let begins_before_end = |a: Range, b: Range| b.1.is_none_or(|behind| a.0 < behind);
    begins_before_end(one, other) && begins_before_end(other, one)
}

impl Locks {
    /// Whether `holder` could not have this lock because of somebody else's.
    pub(crate) fn conflict(&self, holder: u64, bounds: (Bound<u64>, Bound<u64>), shared: bool) -> bool {
        let wanted = range(bounds);
        let stands_in_the_way =
            |lock: &Lock| lock.holder != holder && !(shared && lock.shared) && overlap(lock.range, wanted);
        self.0.iter().any(stands_in_the_way)
    }

    /// Takes a lock, or answers false and changes nothing.
    pub(crate) fn take(&mut self, holder: u64, bounds: (Bound<u64>, Bound<u64>), shared: bool) -> bool {
        let free = !self.conflict(holder, bounds, shared);
        if free {
            self.0.push(Lock {
                holder,
                range: range(bounds),
                shared,
            });
        }
        free
    }

    /// Lets go of the lock over exactly this range.
    pub(crate) fn release(&mut self, holder: u64, bounds: (Bound<u64>, Bound<u64>)) {
        let range = range(bounds);
        if let Some(at) = self
            .0
            .iter()
            .position(|lock| lock.holder == holder && lock.range == range)
        {
            self.0.swap_remove(at);
        }
    }

    /// Lets go of everything that `holder` has.
    pub(crate) fn release_all(&mut self, holder: u64) {
        self.0.retain(|lock| lock.holder != holder);
    }
}

#[test]
fn locks_conflict_where_they_overlap_and_one_is_exclusive() {
    use Bound::{Excluded, Included, Unbounded};
    let mut locks = Locks::default();
    assert!(locks.take(1, (Included(10), Included(19)), false));
    assert!(locks.take(2, (Included(20), Unbounded), true), "a neighbour");
    assert!(!locks.take(2, (Unbounded, Excluded(11)), true), "one byte in common");
    assert!(locks.take(3, (Excluded(30), Unbounded), true), "shared with 2");
    assert!(!locks.take(3, (Included(30), Unbounded), false));
    locks.release_all(2);
    locks.release(1, (Included(10), Included(19)));
    assert!(locks.take(4, (Unbounded, Excluded(31)), false));
    assert!(
        !locks.conflict(4, (Included(5), Included(6)), false),
        "nobody is in their own way"
    );
}
