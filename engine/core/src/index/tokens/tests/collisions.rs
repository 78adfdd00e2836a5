//! Digests whose bucket words agree on purpose, against a map.

use std::collections::HashMap;

use super::super::inserter::TokenInserter;
use super::*;
use crate::record::AuthorityId;
use proptest::prelude::*;

/// Words of buckets: in a small table they fall on two, in a larger one apart.
const BUCKET_WORDS: [u64; 6] = [0, 8, 16, 1 << 10, 1, 9];
const TAGS: [u64; 3] = [0, 1, 255];
const DIGESTS: u64 = 40;

/// One of few digests, of which many share both buckets and the tag.
fn crowded(id: u64) -> TokenDigest {
    let (first, second) = (BUCKET_WORDS[(id % 6) as usize], BUCKET_WORDS[(id / 6 % 6) as usize]);
    TokenDigest::from_words([first, second, id, TAGS[(id % 3) as usize] << 56 | id])
}

#[derive(Clone, Debug)]
enum Step {
    Put(u64, u32),
    Remove(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..DIGESTS, any::<u32>()).prop_map(|(id, user)| Step::Put(id, user)),
        1 => (0..DIGESTS).prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 1..120)
}

/// Whether both buckets of a digest are full of other records.
fn is_crowded_out(index: &TokenIndex, digest: &TokenDigest) -> bool {
    let buckets = candidates(&digest.words(), index.shape.load());
    let places = buckets
        .into_iter()
        .flat_map(|bucket| bucket * BUCKET_LEN..(bucket + 1) * BUCKET_LEN);
    places
        .into_iter()
        .all(|place| index.facts(place).is_some_and(|facts| unpack(&facts).is_some()))
}

proptest! {
    #[test]
    fn crowded_digests_are_put_found_and_removed_as_in_a_map(steps in steps()) {
        let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
        let mut map = HashMap::new();
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Put(id, user) => {
                    let record = Found { user, ..record(id) };
                    if inserter.put(&index, &crowded(id), record) {
                        map.insert(id, record);
                    } else {
                        prop_assert!(!map.contains_key(&id), "{} is there and cannot be replaced", id);
                        prop_assert!(is_crowded_out(&index, &crowded(id)), "{} is refused beside a free slot", id);
                    }
                }
                Step::Remove(id) => prop_assert_eq!(inserter.remove(&index, &crowded(id)), map.remove(&id)),
            }
            prop_assert_eq!(inserter.len(), map.len() as u64);
            // Each step looks at a few digests, and all are looked at in turn.
            for id in (at as u64 % 8..DIGESTS).step_by(8) {
                prop_assert_eq!(found(&index, &crowded(id)), map.get(&id).copied(), "{}", id);
            }
        }
        let mut met = HashMap::new();
        index.for_each(|digest, found| {
            met.insert(digest.words()[2], found);
        });
        prop_assert_eq!(met, map);
    }
}

/// The digests do collide, the table does grow apart from filling, and neighbours do move.
#[test]
fn the_digests_are_crowded_indeed() {
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    let mut moved = 0;
    for id in 0..DIGESTS {
        let places = || (0..id).map(|id| index.place_of(&crowded(id).words(), index.shape.load()));
        let before: Vec<_> = places().collect();
        assert!(inserter.put(&index, &crowded(id), record(id)), "{id}");
        moved += places().zip(before).filter(|(after, before)| after != before).count();
    }
    let fitting = DIGESTS.div_ceil(FILL).max(u64::from(BUCKETS_FIRST));
    assert!(
        u64::from(index.shape.load().buckets) > 2 * fitting,
        "crowding made buckets split"
    );
    assert!(moved > 10, "{moved} records moved");
}

#[test]
fn a_token_costs_one_line_and_little_beside_it() {
    const TOKENS: u64 = 100_000;
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    for id in 1..=TOKENS {
        assert!(inserter.put(&index, &digest(id), record(id)));
    }
    assert_eq!(
        (1..=TOKENS).find(|id| found(&index, &digest(*id)) != Some(record(*id))),
        None
    );
    let buckets = u64::from(index.shape.load().buckets);
    let slots = buckets * u64::from(BUCKET_LEN);
    assert!(slots * 10 <= TOKENS * 16, "{slots} slots for {TOKENS} tokens");
    let bytes = slots * size_of::<TokenSlot>() as u64 + buckets * size_of::<Tags>() as u64;
    assert!(bytes <= TOKENS * 90, "{bytes} bytes for {TOKENS} tokens");
}

proptest! {
    /// No fact is lost in a line, and no moment stands for the absence of one.
    #[test]
    fn a_record_comes_back_as_it_was(
        id in 0..=TokenId::MOST,
        authority in 0..=AuthorityId::MOST,
        user: u32,
        generation: u16,
        kind in 0..7_usize,
        flags: (bool, bool),
        not_before_s in prop::option::of(prop_oneof![Just(0), Just(u32::MAX), any::<u32>()]),
        expires_at_s in prop::option::of(prop_oneof![Just(0), Just(u32::MAX), any::<u32>()]),
    ) {
        let kinds = [
            TokenKind::Authtoken, TokenKind::PersonalAccess, TokenKind::Refresh, TokenKind::ClientSecret, TokenKind::Access,
            TokenKind::Admin, TokenKind::Feed,
        ];
        let record = Found {
            id: TokenId(id),
            kind: kinds[kind],
            status: if flags.0 { TokenStatus::Active } else { TokenStatus::Revoked },
            in_doubt: flags.1,
            validity: Validity { not_before_s, expires_at_s },
            user,
            generation,
            authority: (authority != 0).then_some(AuthorityId(authority)),
        };
        let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
        prop_assert!(inserter.put(&index, &digest(1), record));
        prop_assert_eq!(found(&index, &digest(1)), Some(record));
    }
}
