//! Tokens by digest: buckets of eight cache lines, two candidate buckets for each digest.
//!
//! A record stands in the bucket that the first word of its digest names, or, where that was full, in the one that the
//! second word names. The writer keeps buckets three quarters full by opening one bucket at a time; the records of the
//! bucket that splits are copied first, then the shape is published, then the old places are cleared. A reader that finds
//! nothing asks whether the shape moved meanwhile, and looks again if it did.

use crate::digest::TokenDigest;
use crate::index::arena::Arena;
use crate::index::sequenced::Sequenced;
use crate::index::shape::{Shape, SharedShape};
use crate::record::{TokenId, TokenStatus, Validity};
use crate::token::TokenKind;

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

/// One token: sequence, digest, id, owner and state, validity.
#[repr(align(64))]
#[derive(Default)]
struct TokenSlot(Sequenced<7>);

/// What a check learns from a token's cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: TokenId,
    pub(crate) kind: TokenKind,
    pub(crate) status: TokenStatus,
    /// Whether a change to this token is in doubt.
    pub(crate) in_doubt: bool,
    pub(crate) validity: Validity,
    /// Where the user stands, and the generation that must still be there.
    pub(crate) user: u32,
    pub(crate) generation: u16,
}

/// The readers' side.
pub(crate) struct TokenIndex {
    slots: Arena<TokenSlot>,
    shape: SharedShape,
}

impl TokenIndex {
    pub(crate) fn new() -> Self {
        let index = Self {
            slots: Arena::new(),
            shape: SharedShape::new(BUCKETS_FIRST),
        };
        for bucket in 0..BUCKETS_FIRST {
            index.open(bucket);
        }
        index
    }

    /// The record of `digest`. Lock-free; costs one cache line in the usual case and sixteen for an unknown digest.
    pub(crate) fn find(&self, digest: &TokenDigest) -> Option<Found> {
        let words = digest.words();
        loop {
            let shape = self.shape.load();
            let found = self.place_of(&words, shape).and_then(|(_, facts)| unpack(&facts));
            if found.is_some() || self.shape.is_still(shape) {
                return found;
            }
        }
    }

    /// Where `words` stands, and its line.
    fn place_of(&self, words: &[u64; 4], shape: Shape) -> Option<(u32, [u64; 7])> {
        candidates(words, shape)
            .into_iter()
            .flat_map(|bucket| places(bucket, words))
            .find_map(|place| {
                let slot = &self.slots.item(place)?.0;
                if slot.peek(0) != words[0] {
                    return None;
                }
                let facts = slot.read();
                is_of(&facts, words).then_some((place, facts))
            })
    }

    /// Calls `f` for every record; a record that moves meanwhile may be met twice or not at all.
    pub(crate) fn for_each(&self, mut f: impl FnMut(TokenDigest, Found)) {
        for place in 0..self.shape.load().buckets.saturating_mul(BUCKET_LEN) {
            let Some(slot) = self.slots.item(place) else { return };
            let facts = slot.0.read();
            if let Some(found) = unpack(&facts) {
                f(digest_of(&facts), found);
            }
        }
    }

    fn open(&self, bucket: u32) -> bool {
        (0..BUCKET_LEN).all(|at| self.slots.item_or_grow(bucket * BUCKET_LEN + at).is_some())
    }

    fn facts(&self, place: u32) -> Option<[u64; 7]> {
        self.slots.item(place).map(|slot| slot.0.read())
    }

    fn write(&self, place: u32, facts: [u64; 7]) {
        if let Some(slot) = self.slots.item(place) {
            slot.0.write(facts);
        }
    }
}

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
        if let Some((place, _)) = index.place_of(&words, index.shape.load()) {
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
        let (place, facts) = index.place_of(&digest.words(), index.shape.load())?;
        index.write(place, [0; 7]);
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
    (0..=MOVES_MOST).find_map(|moves| {
        candidates
            .into_iter()
            .find_map(|bucket| room_in(index, bucket, words, moves))
    })
}

/// A slot in `bucket` that is free, or that `moves` moves have made free.
///
/// Invariant: fewer moves have been tried in vain, so no bucket comes twice in a row of moves, and no move undoes another.
fn room_in(index: &TokenIndex, bucket: u32, words: &[u64; 4], moves: u32) -> Option<u32> {
    match moves.checked_sub(1) {
        None => free_in(index, bucket, words),
        Some(before) => places(bucket, words).find(|place| vacate(index, *place, before)),
    }
}

fn free_in(index: &TokenIndex, bucket: u32, words: &[u64; 4]) -> Option<u32> {
    places(bucket, words).find(|place| index.facts(*place).is_some_and(|facts| unpack(&facts).is_none()))
}

/// Moves the record at `place` to its other bucket, if `moves` moves make room there.
fn vacate(index: &TokenIndex, place: u32, moves: u32) -> bool {
    let Some(facts) = index.facts(place) else { return false };
    let words = digest_of(&facts).words();
    let here = place / BUCKET_LEN;
    let other = candidates(&words, index.shape.load())
        .into_iter()
        .find(|bucket| *bucket != here);
    let Some(target) = other.and_then(|bucket| room_in(index, bucket, &words, moves)) else {
        return false;
    };
    // Invariant: copied before published, published before cleared; see `TokenIndex::find`.
    index.write(target, facts);
    index.shape.publish(index.shape.load().moved());
    index.write(place, [0; 7]);
    true
}

/// Opens one more bucket and moves into it what now belongs there.
fn split(index: &TokenIndex) -> bool {
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
type Left = [Option<u32>; BUCKET_LEN as usize];

/// Copies from the bucket that splits into the new last bucket, and answers the places that are now left.
fn copy_to_last(index: &TokenIndex, old: Shape, new: Shape) -> Left {
    let mut left = [None; BUCKET_LEN as usize];
    for (place, left) in (old.split_of() * BUCKET_LEN..).zip(left.iter_mut()) {
        let Some(facts) = index.facts(place) else { continue };
        let words = digest_of(&facts).words();
        let stays = candidates(&words, new).contains(&old.split_of());
        if unpack(&facts).is_none() || stays {
            continue;
        }
        // The new bucket is empty and as wide as the old one, so there is always room.
        if let Some(target) = free_in(index, old.buckets, &words) {
            index.write(target, facts);
            *left = Some(place);
        }
    }
    left
}

fn clear(index: &TokenIndex, left: Left) {
    for place in left.into_iter().flatten() {
        index.write(place, [0; 7]);
    }
}

/// The two buckets of a digest.
fn candidates(words: &[u64; 4], shape: Shape) -> [u32; 2] {
    [shape.bucket_of(words[0]), shape.bucket_of(words[1])]
}

/// The slots of a bucket, from the one that the digest prefers; its neighbour in the same pair of lines comes second.
fn places(bucket: u32, words: &[u64; 4]) -> impl Iterator<Item = u32> {
    let preferred = (words[2] as u32) % BUCKET_LEN;
    (0..BUCKET_LEN).map(move |turn| bucket * BUCKET_LEN + (preferred ^ turn))
}

fn digest_of(facts: &[u64; 7]) -> TokenDigest {
    let [a, b, c, d, ..] = *facts;
    TokenDigest::from_words([a, b, c, d])
}

fn is_of(facts: &[u64; 7], words: &[u64; 4]) -> bool {
    let [a, b, c, d, ..] = *facts;
    unpack(facts).is_some() && (a ^ words[0]) | (b ^ words[1]) | (c ^ words[2]) | (d ^ words[3]) == 0
}

const NEVER: u32 = u32::MAX;
const REVOKED: u64 = 1;
const IN_DOUBT: u64 = 2;

fn pack(words: &[u64; 4], record: Found) -> [u64; 7] {
    let kind = match record.kind {
        TokenKind::Authtoken => 1_u64,
        TokenKind::PersonalAccess => 2,
        TokenKind::Refresh => 3,
        TokenKind::ClientSecret => 4,
        TokenKind::Access => 5,
        TokenKind::Admin => 6,
    };
    let status = match record.status {
        TokenStatus::Active => 0,
        TokenStatus::Revoked => REVOKED,
    };
    let state = status | if record.in_doubt { IN_DOUBT } else { 0 };
    let owner = u64::from(record.user) | u64::from(record.generation) << 32 | kind << 48 | state << 56;
    let Validity {
        not_before_s,
        expires_at_s,
    } = record.validity;
    let life = u64::from(not_before_s.unwrap_or(0)) | u64::from(expires_at_s.unwrap_or(NEVER)) << 32;
    [words[0], words[1], words[2], words[3], record.id.0, owner, life]
}

/// A line's record; none where the line is empty.
fn unpack(facts: &[u64; 7]) -> Option<Found> {
    let [_, _, _, _, id, owner, life] = *facts;
    let kind = match owner >> 48 & 0xff {
        1 => TokenKind::Authtoken,
        2 => TokenKind::PersonalAccess,
        3 => TokenKind::Refresh,
        4 => TokenKind::ClientSecret,
        5 => TokenKind::Access,
        6 => TokenKind::Admin,
        _ => return None,
    };
    let state = owner >> 56;
    let (not_before, expires_at) = (life as u32, (life >> 32) as u32);
    Some(Found {
        id: TokenId(id),
        kind,
        status: if state & REVOKED == 0 {
            TokenStatus::Active
        } else {
            TokenStatus::Revoked
        },
        in_doubt: state & IN_DOUBT != 0,
        validity: Validity {
            not_before_s: (not_before != 0).then_some(not_before),
            expires_at_s: (expires_at != NEVER).then_some(expires_at),
        },
        user: owner as u32,
        generation: (owner >> 32) as u16,
    })
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
