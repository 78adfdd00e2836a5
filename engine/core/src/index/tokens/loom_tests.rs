//! A reader against growth: a token that is there must be found in every order of events.
//!
//! The table is the smallest that can grow (one bucket of two slots). Loom does not see into the cells that hold chunks,
//! so they are filled before the reader starts; what it does see is every load and store of shape and slots.

use std::sync::Arc;

use super::*;
use crate::record::TokenId;

fn digest(words: [u64; 4]) -> TokenDigest {
    TokenDigest::from_words(words)
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
    }
}

/// Both candidate buckets of this digest are the new one once there are two.
const MOVES: [u64; 4] = [1, 1, 0, 9];
/// This one stays in the first bucket.
const STAYS: [u64; 4] = [0, 2, 1, 8];

fn reader_against(change: impl Fn(&TokenIndex, &mut TokenInserter) + Sync + Send + 'static) {
    let change = Arc::new(change);
    loom::model(move || {
        let (index, mut inserter) = (Arc::new(TokenIndex::new()), TokenInserter::default());
        assert!(inserter.put(&index, &digest(MOVES), record(1)));
        assert!(
            index.open(1),
            "the chunk of the second bucket is there before the reader starts"
        );
        let reader = {
            let index = Arc::clone(&index);
            loom::thread::spawn(move || index.find(&digest(MOVES)).map(|found| found.id))
        };
        change(&index, &mut inserter);
        assert_eq!(
            reader.join().unwrap(),
            Some(TokenId(1)),
            "a token that is there was missed"
        );
    });
}

#[test]
fn loom_a_token_is_found_while_the_index_grows() {
    reader_against(|index, inserter| assert!(inserter.put(index, &digest(STAYS), record(2))));
}

/// The same harness sees a planted bug: clearing the old place before the new shape is published.
#[test]
#[should_panic(expected = "a token that is there was missed")]
fn loom_clearing_before_publishing_is_caught() {
    reader_against(|index, _| {
        let old = index.shape.load();
        let new = old.grown().unwrap();
        let left = copy_to_last(index, old, new);
        clear(index, left);
        index.shape.publish(new);
    });
}
