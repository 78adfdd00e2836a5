//! A reader against growth: a token that is there must be found in every order of events.
//!
//! The table is the smallest that can grow (one bucket of two slots). Loom does not see into the cells that hold chunks,
//! so they are filled before the reader starts; what it does see is every load and store of shape and slots.

use std::sync::Arc;

use super::facts::NOTHING;
use super::inserter::{clear, copy_to_last, split, vacate};
use super::*;
use crate::record::{TokenId, TokenStatus, Validity};
use crate::token::TokenKind;

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
        authority: None,
    }
}

/// Both candidate buckets of this digest are the new one once there are two.
const SPLIT_OFF: [u64; 4] = [1, 1, 0, 9];
/// Its candidates are the first bucket and, once there are two, the second.
const AT_HOME_IN_BOTH: [u64; 4] = [0, 1, 1, 8];

/// A reader looks for `words` while `change` goes on. What `before` does is done before the reader starts.
fn reader_against(words: [u64; 4], before: fn(&TokenIndex), change: fn(&TokenIndex)) {
    loom::model(move || {
        let index = Arc::new(TokenIndex::new());
        assert!(TokenInserter::default().put(&index, &digest(words), record(1)));
        before(&index);
        let reader = {
            let index = Arc::clone(&index);
            loom::thread::spawn(move || index.find(&digest(words)).map(TokenWords::id))
        };
        change(&index);
        assert_eq!(
            reader.join().unwrap(),
            Some(TokenId(1)),
            "a token that is there was missed"
        );
    });
}

/// The chunk of the second bucket is there.
fn opened(index: &TokenIndex) {
    assert!(index.open(1));
}

/// There are two buckets, and the token stands in the second one, where a reader looks last.
fn at_home_in_the_second(index: &TokenIndex) {
    assert!(split(index) && vacate(index, 0, 0));
}

#[test]
fn loom_a_token_is_found_while_the_index_grows() {
    reader_against(SPLIT_OFF, opened, |index| assert!(split(index)));
}

/// The same harness sees a planted bug: clearing the old place before the new shape is published.
#[test]
#[should_panic(expected = "a token that is there was missed")]
fn loom_clearing_before_publishing_is_caught() {
    reader_against(SPLIT_OFF, opened, |index| {
        let old = index.shape.load();
        let new = old.grown().unwrap();
        let left = copy_to_last(index, old, new);
        clear(index, left);
        index.shape.publish(new);
    });
}

/// A token goes to its other bucket, and so to where the reader has already looked, to make room for another.
#[test]
fn loom_a_token_is_found_while_it_makes_room() {
    reader_against(AT_HOME_IN_BOTH, at_home_in_the_second, |index| {
        assert!(vacate(index, BUCKET_LEN, 0));
    });
}

/// The same harness sees a planted bug: a move that no reader is told of.
#[test]
#[should_panic(expected = "a token that is there was missed")]
fn loom_moving_in_silence_is_caught() {
    reader_against(AT_HOME_IN_BOTH, at_home_in_the_second, |index| {
        index.write(0, index.facts(BUCKET_LEN).unwrap());
        index.write(BUCKET_LEN, NOTHING);
    });
}
