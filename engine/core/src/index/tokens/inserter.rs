//! The writer's side of the token index: what only one may do.

use crate::digest::TokenDigest;
use crate::index::shape::Shape;

use super::facts::{Found, NOTHING, digest_of, pack, unpack};
use super::{BUCKET_LEN, FILL, TokenIndex, candidates};

/// The writer's side: what only one may do. It holds the count that decides when to grow.
#[derive(Default)]
pub(crate) struct TokenInserter {
    len: u64,
}

impl TokenInserter {
    /// How many tokens stand in the index.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Inserts or replaces the record of `digest`. Refuses only where memory for a bucket cannot be addressed.
    #[must_use]
    pub(crate) fn put(&mut self, index: &TokenIndex, digest: &TokenDigest, record: Found) -> bool {
        let words = digest.words();
        let facts = pack(&words, record);
        if let Some(place) = index.place_of(&words, index.shape.load()) {
            index.write(place, facts);
            return true;
        }
        while self.len >= FILL * u64::from(index.shape.load().buckets) {
            if !split(index) {
                break;
            }
        }
        // A crowded pair of buckets is split apart by growing, which is rare enough to be free.
        for _ in 0..1_024 {
            if let Some(place) = vacancy(index, &words) {
                index.write(place, facts);
                self.len += 1;
                return true;
            }
            if !split(index) {
                return false;
            }
        }
        false
    }

    /// Takes the record of `digest` out, and answers what it was.
    pub(crate) fn remove(&mut self, index: &TokenIndex, digest: &TokenDigest) -> Option<Found> {
        let place = index.place_of(&digest.words(), index.shape.load())?;
        let facts = index.facts(place)?;
        index.write(place, NOTHING);
        self.len -= 1;
        unpack(&facts)
    }
}

/// Moves that may follow from one another to make room for one record. Three reach thousands of slots, so that even where
/// a bucket that has not split yet is as crowded as two, growth is not needed to make room.
const MOVES_MOST: u32 = 3;

/// A free slot for `words`: in the first bucket, else in the second, else one made free by the fewest moves of neighbours
/// to their own other buckets.
fn vacancy(index: &TokenIndex, words: &[u64; 4]) -> Option<u32> {
    let candidates = candidates(words, index.shape.load());
    (0..=MOVES_MOST).find_map(|moves| candidates.into_iter().find_map(|bucket| room_in(index, bucket, moves)))
}

/// A slot in `bucket` that is free, or that `moves` moves have made free.
///
/// Invariant: fewer moves have been tried in vain, so no bucket comes twice in a row of moves, and no move undoes another.
fn room_in(index: &TokenIndex, bucket: u32, moves: u32) -> Option<u32> {
    match moves.checked_sub(1) {
        None => free_in(index, bucket),
        Some(before) => places(bucket).find(|place| vacate(index, *place, before)),
    }
}

fn free_in(index: &TokenIndex, bucket: u32) -> Option<u32> {
    let at = index
        .tags
        .item(bucket)?
        .load()
        .places_of(0)
        .find(|at| *at < BUCKET_LEN)?;
    Some(bucket * BUCKET_LEN + at)
}

fn places(bucket: u32) -> impl Iterator<Item = u32> {
    (0..BUCKET_LEN).map(move |at| bucket * BUCKET_LEN + at)
}

/// Moves the record at `place` to its other bucket, if `moves` moves make room there.
pub(super) fn vacate(index: &TokenIndex, place: u32, moves: u32) -> bool {
    let Some(facts) = index.facts(place) else { return false };
    let words = digest_of(&facts).words();
    let here = place / BUCKET_LEN;
    let other = candidates(&words, index.shape.load())
        .into_iter()
        .find(|bucket| *bucket != here);
    let Some(target) = other.and_then(|bucket| room_in(index, bucket, moves)) else {
        return false;
    };
    // Invariant: copied before published, published before cleared; see `TokenIndex::find`.
    index.write(target, facts);
    index.shape.publish(index.shape.load().moved());
    index.write(place, NOTHING);
    true
}

/// Opens one more bucket and moves into it what now belongs there.
pub(super) fn split(index: &TokenIndex) -> bool {
    let old = index.shape.load();
    let Some(new) = old.grown() else { return false };
    if !index.open(old.buckets) {
        return false;
    }
    // Invariant: copied before published, published before cleared; see `TokenIndex::find`.
    let left = copy_to_last(index, old, new);
    index.shape.publish(new);
    clear(index, left);
    true
}

/// Slots of one bucket whose records have been copied elsewhere.
pub(super) type Left = [Option<u32>; BUCKET_LEN as usize];

/// Copies from the bucket that splits into the new last bucket, and answers the places that are now left.
pub(super) fn copy_to_last(index: &TokenIndex, old: Shape, new: Shape) -> Left {
    let mut left = [None; BUCKET_LEN as usize];
    for (place, left) in (old.split_of() * BUCKET_LEN..).zip(left.iter_mut()) {
        let Some(facts) = index.facts(place) else { continue };
        let words = digest_of(&facts).words();
        let stays = candidates(&words, new).contains(&old.split_of());
        if unpack(&facts).is_none() || stays {
            continue;
        }
        // The new bucket is empty and as wide as the old one, so there is always room.
        if let Some(target) = free_in(index, old.buckets) {
            index.write(target, facts);
            *left = Some(place);
        }
    }
    left
}

pub(super) fn clear(index: &TokenIndex, left: Left) {
    for place in left.into_iter().flatten() {
        index.write(place, NOTHING);
    }
}
