//! A record's run of words: what has no fixed size (a name, network rules), guarded by the record's sequence count.
//!
//! A short run stands in the line beside its record, whose address is known before the record is read, so that looking at
//! it costs no wait of its own. A longer one stands wherever the writer found room.

use crate::index::arena::Arena;
use crate::sync::{AtomicU64, Ordering};

/// Eight plain words.
#[repr(align(64))]
#[derive(Default)]
pub(crate) struct ColdLine([AtomicU64; Self::LEN as usize]);

impl ColdLine {
    /// Words in a line.
    pub(crate) const LEN: u32 = 8;

    /// Writes as many words as fit. Only the single writer may call this, and only where a sequence count guards the line.
    pub(super) fn store(&self, words: &[u64]) {
        for (place, word) in self.0.iter().zip(words) {
            // Ordering: Relaxed; published by the record's sequence count.
            place.store(*word, Ordering::Relaxed);
        }
    }

    /// Word `at`; zero where there is none.
    #[inline]
    pub(crate) fn word(&self, at: u32) -> u64 {
        // Ordering: Relaxed; the record's sequence count decides whether this word counts.
        self.0.get(at as usize).map_or(0, |word| word.load(Ordering::Relaxed))
    }
}

/// Where a run begins, and for how many lines it goes on (a power of two; none for a run beside its record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Extent {
    pub(super) first: u32,
    pub(super) lines: u32,
}

impl Extent {
    /// Beside the record.
    pub(super) const NEAR: Self = Self { first: 0, lines: 0 };

    pub(crate) fn pack(self) -> u64 {
        u64::from(self.first) | u64::from(self.lines) << 32
    }

    pub(crate) fn unpack(word: u64) -> Self {
        Self {
            first: word as u32,
            lines: (word >> 32) as u32,
        }
    }
}

/// A run as a reader meets it.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    near: &'a ColdLine,
    far: &'a Arena<ColdLine>,
    extent: Extent,
}

impl<'a> Run<'a> {
    pub(crate) fn new(near: &'a ColdLine, far: &'a Arena<ColdLine>, extent: Extent) -> Self {
        Self { near, far, extent }
    }

    /// The line beside the record, if that is where the run stands.
    #[inline]
    pub(crate) fn near(&self) -> Option<&'a ColdLine> {
        (self.extent == Extent::NEAR).then_some(self.near)
    }

    /// Word `at`; zero where there is none, which a torn extent may ask for.
    #[inline]
    pub(crate) fn word(&self, at: u32) -> u64 {
        if let Some(line) = self.near() {
            return line.word(at);
        }
        let line = self.far.item(self.extent.first.wrapping_add(at / ColdLine::LEN));
        line.map_or(0, |line| line.word(at % ColdLine::LEN))
    }
}
