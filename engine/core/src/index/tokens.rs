//! Tokens by digest: buckets of eight cache lines, two candidate buckets for each digest.
//!
//! A record stands in the bucket that the first word of its digest names, or, where that was full, in the one that the
//! second word names; a byte of each record in a bucket tells which of its slots to look at. The writer keeps buckets
//! three quarters full by opening one bucket at a time; the records of the bucket that splits are copied first, then the
//! shape is published, then the old places are cleared. A reader that finds nothing asks whether the shape moved
//! meanwhile, and looks again if it did.

mod facts;
mod inserter;
mod tags;

use crate::digest::TokenDigest;
use crate::index::arena::Arena;
use crate::index::sequenced::Sequenced;
use crate::index::shape::{Shape, SharedShape};

use facts::{Facts, digest_of, unpack};
use tags::{Tags, tag_of};

pub(crate) use facts::{Found, TokenWords};
pub(crate) use inserter::TokenInserter;

/// Slots in a bucket.
#[cfg(not(loom))]
const BUCKET_LEN: u32 = 8;
/// Records for each bucket, on average, above which another bucket opens.
#[cfg(not(loom))]
const FILL: u64 = 6;
/// Buckets of an empty index.
#[cfg(not(loom))]
const BUCKETS_FIRST: u32 = 8;

// A model checker visits every order of events, so it gets the smallest table that can grow.
#[cfg(loom)]
const BUCKET_LEN: u32 = 2;
#[cfg(loom)]
const FILL: u64 = 1;
#[cfg(loom)]
const BUCKETS_FIRST: u32 = 1;

/// One token: sequence count and facts.
#[repr(align(64))]
#[derive(Default)]
struct TokenSlot(Sequenced<7>);

/// The readers' side.
pub(crate) struct TokenIndex {
    slots: Arena<TokenSlot>,
    tags: Arena<Tags>,
    shape: SharedShape,
}

impl TokenIndex {
    pub(crate) fn new() -> Self {
        let index = Self {
            slots: Arena::new(),
            tags: Arena::new(),
            shape: SharedShape::new(BUCKETS_FIRST),
        };
        for bucket in 0..BUCKETS_FIRST {
            index.open(bucket);
        }
        index
    }

    /// The record of `digest`. Lock-free; costs the tags of a bucket and one cache line for a token that is there, and the
    /// tags of two buckets for one that is not.
    // Always inlined: the record is handed on in registers.
    #[inline(always)]
    pub(crate) fn find(&self, digest: &TokenDigest) -> Option<TokenWords> {
        let words = digest.words();
        loop {
            let shape = self.shape.load();
            let found = self.look(&words, shape, |_, record| record);
            if found.is_some() || self.shape.is_still(shape) {
                return found;
            }
        }
    }

    /// Where `words` stands.
    fn place_of(&self, words: &[u64; 4], shape: Shape) -> Option<u32> {
        self.look(words, shape, |place, _| place)
    }

    /// What `f` makes of the place and the record of `words`, in whichever candidate bucket it stands.
    #[inline(always)]
    fn look<R>(&self, words: &[u64; 4], shape: Shape, f: impl Fn(u32, TokenWords) -> R) -> Option<R> {
        for bucket in candidates(words, shape) {
            for at in self.tags.item(bucket)?.load().places_of(tag_of(words)) {
                let place = bucket * BUCKET_LEN + at;
                let slot = &self.slots.item(place)?.0;
                if let Some(record) = slot.read_with(|facts| TokenWords::found(&facts, words)) {
                    return Some(f(place, record));
                }
            }
        }
        None
    }

    /// Calls `f` for every record; a record that moves meanwhile may be met twice or not at all.
    pub(crate) fn for_each(&self, mut f: impl FnMut(TokenDigest, Found)) {
        for place in 0..self.shape.load().buckets.saturating_mul(BUCKET_LEN) {
            let Some(facts) = self.facts(place) else { return };
            if let Some(found) = unpack(&facts) {
                f(digest_of(&facts), found);
            }
        }
    }

    fn open(&self, bucket: u32) -> bool {
        let slots = (0..BUCKET_LEN).all(|at| self.slots.item_or_grow(bucket * BUCKET_LEN + at).is_some());
        slots && self.tags.item_or_grow(bucket).is_some()
    }

    fn facts(&self, place: u32) -> Option<Facts> {
        self.slots.item(place).map(|slot| slot.0.read())
    }

    /// Only the single writer may call this.
    fn write(&self, place: u32, facts: Facts) {
        let tag = unpack(&facts).map_or(0, |_| tag_of(&digest_of(&facts).words()));
        if let (Some(slot), Some(tags)) = (self.slots.item(place), self.tags.item(place / BUCKET_LEN)) {
            slot.0.write(facts);
            tags.set(place % BUCKET_LEN, tag);
        }
    }
}

/// The two buckets of a digest.
fn candidates(words: &[u64; 4], shape: Shape) -> [u32; 2] {
    [shape.bucket_of(words[0]), shape.bucket_of(words[1])]
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
