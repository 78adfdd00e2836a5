//! Room for the runs that do not fit beside their records.
//!
//! A run that its record has let go of is given to the next record at once. A reader still walking it reads the other
//! record's words, finds its own record's count moved, and walks again.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::index::arena::Arena;
use crate::index::run::{ColdLine, Extent};
use crate::sync::{Ordering, fence};

/// The writer's list of free runs.
#[derive(Default)]
pub(crate) struct Extents {
    free: BTreeMap<u32, Vec<u32>>,
    next: u32,
}

impl Extents {
    /// Says where `words` go, and writes them there unless that is beside their record. None where the arena is full.
    pub(crate) fn place(&mut self, lines: &Arena<ColdLine>, words: &[u64]) -> Option<Extent> {
        if words.len() > ColdLine::LEN as usize {
            self.write(lines, words)
        } else {
            Some(Extent::NEAR)
        }
    }

    /// Writes `words` to a run of their own. None where the arena is full.
    pub(crate) fn write(&mut self, lines: &Arena<ColdLine>, words: &[u64]) -> Option<Extent> {
        let wanted = u32::try_from(words.len())
            .ok()?
            .div_ceil(ColdLine::LEN)
            .max(1)
            .next_power_of_two();
        let reused = self.free.get_mut(&wanted).and_then(Vec::pop);
        let first = match reused {
            Some(first) => first,
            None => {
                let first = self.next;
                self.next = first.checked_add(wanted)?;
                first
            }
        };
        // Ordering: Release pairs with the Acquire fence of a sequenced read: a reader of the run's former record that
        // meets one of these words sees that record's count moved.
        fence(Ordering::Release);
        for (at, chunk) in (first..first.checked_add(wanted)?).zip(words.chunks(ColdLine::LEN as usize)) {
            lines.item_or_grow(at)?.store(chunk);
        }
        Some(Extent { first, lines: wanted })
    }

    /// Lets a run go, after no record points to it any more.
    pub(crate) fn release(&mut self, extent: Extent) {
        if extent.lines > 0 {
            self.free.entry(extent.lines).or_default().push(extent.first);
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::index::Run;

    fn word(lines: &Arena<ColdLine>, extent: Extent, at: u32) -> u64 {
        Run::new(&ColdLine::default(), lines, extent).word(at)
    }

    #[test]
    fn runs_keep_their_words_and_are_used_again() {
        let (lines, mut extents) = (Arena::new(), Extents::default());
        let long: Vec<u64> = (100..120).collect();
        let one = extents.write(&lines, &[1, 2, 3]).unwrap();
        let two = extents.write(&lines, &long).unwrap();
        assert_eq!((0..20).map(|at| word(&lines, two, at)).collect::<Vec<_>>(), long);
        assert_eq!(word(&lines, one, 2), 3);
        extents.release(two);
        let again = extents.write(&lines, &long[..17]).unwrap();
        assert_eq!(again, two);
        assert_eq!(word(&lines, one, 1), 2, "a neighbour is left alone");
        assert_eq!(Extent::unpack(again.pack()), again);
    }
}
