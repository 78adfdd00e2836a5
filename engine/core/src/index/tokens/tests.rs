//! Many records in one index: all are found, room is made for each, and the buckets stay as full as they should be.

use super::*;
use crate::record::{TokenId, TokenStatus, Validity};
use crate::token::TokenKind;

mod collisions;
mod race;

/// Words that look random and are the same in every run.
fn digest(seed: u64) -> TokenDigest {
    TokenDigest::from_words([1, 2, 3, 4].map(|lane| {
        let word = (seed * 4 + lane).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        word ^ (word >> 32)
    }))
}

fn record(id: u64) -> Found {
    Found {
        id: TokenId(id),
        kind: TokenKind::Authtoken,
        status: TokenStatus::Active,
        in_doubt: false,
        validity: Validity::ALWAYS,
        user: 0,
        generation: 0,
        authority: None,
    }
}

fn found(index: &TokenIndex, digest: &TokenDigest) -> Option<Found> {
    index.find(digest).and_then(TokenWords::unpack)
}

/// Between two doublings, buckets that have not split yet get twice the records of others. An index that moves only
/// neighbours with room at hand refuses one of some hundred thousand records.
#[test]
fn room_is_made_for_every_record_without_growing_early() {
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    for id in 1..=400_000 {
        assert!(inserter.put(&index, &digest(id), record(id)), "record {id} is refused");
        let fitting = id.div_ceil(FILL).max(u64::from(BUCKETS_FIRST));
        assert_eq!(
            u64::from(index.shape.load().buckets),
            fitting,
            "buckets at {id} records"
        );
    }
    for id in 1..=400_000 {
        assert_eq!(found(&index, &digest(id)).map(|found| found.id), Some(TokenId(id)));
    }
    assert_eq!(found(&index, &digest(400_001)), None);
}

#[test]
fn what_is_taken_out_is_gone_and_the_rest_is_not() {
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    for id in 1..=5_000 {
        assert!(inserter.put(&index, &digest(id), record(id)));
    }
    for id in (1..=5_000).step_by(2) {
        assert_eq!(inserter.remove(&index, &digest(id)), Some(record(id)));
        assert_eq!(inserter.remove(&index, &digest(id)), None);
    }
    for id in 1..=5_000 {
        let expected = (id % 2 == 0).then(|| record(id));
        assert_eq!(found(&index, &digest(id)), expected, "{id}");
    }
    assert_eq!(inserter.len(), 2_500);
}

#[test]
fn a_second_put_of_one_digest_replaces_the_first() {
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    let revoked = Found {
        status: TokenStatus::Revoked,
        in_doubt: true,
        ..record(1)
    };
    assert!(inserter.put(&index, &digest(1), record(1)) && inserter.put(&index, &digest(1), revoked));
    assert_eq!(found(&index, &digest(1)), Some(revoked));
    assert_eq!(inserter.len(), 1);
}
