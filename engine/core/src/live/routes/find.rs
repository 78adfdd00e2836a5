//! Which route a path takes.

use core::cell::Cell;
use core::cmp::Ordering;

use crate::index::Run;
use crate::route::{ClearPath, PathPattern, Route, Segments, loose};

use super::{Routed, Text};

/// Nodes that are looked at for one path. Routes have no more of them, so only a torn read can come to this end.
const VISITS_MOST: u32 = (Route::MOST * PathPattern::SEGMENTS_MOST) as u32;

/// What `path` asks for by the routes that stand in `run` from `base` on. Allocates nothing.
// Never inlined: a check without routes has nothing to carry for this.
#[inline(never)]
pub(crate) fn find(run: Run<'_>, base: u32, path: &[u8]) -> Routed {
    let Some(path) = ClearPath::parse(path) else {
        return Routed::AMBIGUOUS;
    };
    let tree = Tree {
        run,
        base,
        visits: Cell::new(0),
    };
    let (whole, cut) = path.readings();
    let met = tree.meet(whole);
    let other = cut.map(|cut| tree.meet(cut));
    match met {
        _ if other.is_some_and(|other| other.map(|other| other.rank) != met.map(|met| met.rank)) => Routed::AMBIGUOUS,
        None => Routed::USUAL,
        Some(met) if met.exact => Routed::of_body(run, tree.place(run.word(base + met.rank))),
        Some(_) => Routed::AMBIGUOUS,
    }
}

/// A route that a path meets.
#[derive(Clone, Copy)]
struct Met {
    /// From one, the most specific first.
    rank: u32,
    /// Whether it is met by the path as it stands too.
    exact: bool,
}

struct Tree<'r> {
    run: Run<'r>,
    base: u32,
    visits: Cell<u32>,
}

impl Tree<'_> {
    /// The most specific route that the path meets by its loose reading.
    ///
    /// What the path meets as it stands it meets by its loose reading too. So where this route is met as the path stands, it
    /// is the most specific in both readings, and where it is not, the two readings differ.
    fn meet(&self, path: Segments<'_>) -> Option<Met> {
        self.visits.set(0);
        self.descend((self.run.word(self.base) >> 32) as u32, path, true)
    }

    fn descend(&self, node: u32, path: Segments<'_>, exact: bool) -> Option<Met> {
        self.visits.set(self.visits.get() + 1);
        if self.visits.get() > VISITS_MOST {
            return None;
        }
        let place = self.place(u64::from(node));
        let head = self.run.word(place);
        let met = |rank: u64, exact| {
            let rank = rank as u32 & 0xffff;
            (rank != 0).then_some(Met { rank, exact })
        };
        let goes_on = met(head >> 32, exact);
        let Some((segment, behind)) = path.next() else {
            let with_slash = head >> 48 & 1 == 1;
            return met(head >> 16, exact && path.ends_in_slash() == with_slash).or(goes_on);
        };
        let literals = (place + 2, head as u32 & 0xffff);
        let by_literal = self.literal(literals, segment, behind, exact);
        let by_star = || match self.run.word(place + 1) as u32 {
            0 => None,
            star => self.descend(star, behind, exact),
        };
        by_literal.or_else(by_star).or(goes_on)
    }

    /// The most specific route behind all literals that the segment may be read as: several where patterns write one segment in
    /// more than one letter case.
    fn literal(&self, (first, count): (u32, u32), segment: &[u8], behind: Segments<'_>, exact: bool) -> Option<Met> {
        let entry = |at: u32| self.run.word(first + at);
        let text = |at: u32| Text {
            run: self.run,
            place: self.place(entry(at)),
        };
        let order = |at: u32| text(at).bytes().cmp(loose(segment));
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if order(middle) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let alike = (low..count).take_while(|at| order(*at) == Ordering::Equal);
        let met = alike.filter_map(|at| {
            let exact = exact && text(at).next().is(segment);
            self.descend((entry(at) >> 32) as u32, behind, exact)
        });
        met.min_by_key(|met| met.rank)
    }

    /// A place in the run; the low half of `word` counts from the first word of the table.
    fn place(&self, word: u64) -> u32 {
        self.base.wrapping_add(word as u32)
    }
}
