//! Readers on threads of their own, while the writer makes the table grow under them and moves what they look for.
//!
//! Real threads meet the order of events in a split too rarely to be relied on; the models under loom visit all of them.

use std::sync::Barrier;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use super::super::inserter::{TokenInserter, vacate};
use super::*;
use crate::sync::{AtomicU64, Ordering};

/// Tokens that are there all the time.
const KEPT: u64 = 64;
/// Tokens that come in one round, most of them to stay.
const ROUND: u64 = 60_000;
const ROUNDS_MOST: u64 = 6;
/// From here on there are no tokens.
const NEVER: u64 = 1 << 40;
const READERS: usize = 2;
/// Look-ups during which the shape moved, below which the test has shown nothing.
const RACED_LEAST: u64 = 200;

/// What a kept token's record is, by turns.
fn by_turns(id: u64) -> [Found; 2] {
    let amended = Found {
        status: TokenStatus::Revoked,
        in_doubt: true,
        validity: Validity {
            not_before_s: Some(u32::MAX),
            expires_at_s: Some(0),
        },
        user: u32::MAX,
        generation: u16::MAX,
        ..record(id)
    };
    [record(id), amended]
}

/// Looks tokens up, again and again until the writer is done: those below [`NEVER`] must be there, the others not.
fn read(index: &TokenIndex, ids: &[u64], raced: &AtomicU64, done: &Receiver<()>) {
    while done.try_recv() != Err(TryRecvError::Disconnected) {
        for id in ids {
            let before = index.shape.load();
            let found = found(index, &digest(*id));
            if index.shape.load() != before {
                // Ordering: Relaxed; a count that nothing else depends on.
                raced.fetch_add(1, Ordering::Relaxed);
            }
            match found {
                Some(found) => assert!(
                    *id < NEVER && by_turns(*id).contains(&found),
                    "token {id} was never such: {found:?}"
                ),
                None => assert!(*id >= NEVER, "token {id} was missed"),
            }
        }
    }
}

/// Rounds of `write` while readers look tokens up, until they have met enough moves.
fn race(index: &TokenIndex, ids: &[u64], mut write: impl FnMut(u64)) {
    let (raced, start) = (AtomicU64::new(0), Barrier::new(READERS + 1));
    thread::scope(|scope| {
        let mut writing = Vec::new();
        for _ in 0..READERS {
            let (writer_lives, done) = channel();
            writing.push(writer_lives);
            let (raced, start) = (&raced, &start);
            scope.spawn(move || {
                start.wait();
                read(index, ids, raced, &done);
            });
        }
        start.wait();
        for round in 0..ROUNDS_MOST {
            write(round);
            // Ordering: Relaxed; a count that nothing else depends on.
            if raced.load(Ordering::Relaxed) >= RACED_LEAST {
                break;
            }
        }
    });
    // Ordering: Relaxed; the readers have ended.
    let raced = raced.load(Ordering::Relaxed);
    assert!(raced >= RACED_LEAST, "the shape moved during {raced} look-ups only");
}

fn place(index: &TokenIndex, id: u64) -> Option<u32> {
    index.place_of(&digest(id).words(), index.shape.load())
}

/// One round of insertions, with amendments of the kept tokens among them, and then some removals.
fn write_round(index: &TokenIndex, inserter: &mut TokenInserter, round: u64) {
    let passing = KEPT + 1 + round * ROUND..KEPT + 1 + (round + 1) * ROUND;
    for id in passing.clone() {
        assert!(inserter.put(index, &digest(id), record(id)));
        let kept = id % KEPT + 1;
        assert!(inserter.put(index, &digest(kept), by_turns(kept)[(id / KEPT % 2) as usize]));
    }
    for id in passing.step_by(3) {
        assert_eq!(inserter.remove(index, &digest(id)), Some(record(id)));
    }
}

/// A token that is there is found, whole, whatever moves meanwhile; and much did move, or this would show nothing.
#[test]
fn no_reader_misses_a_token_while_the_table_grows() {
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    let kept: Vec<u64> = (1..=KEPT).collect();
    for id in &kept {
        assert!(inserter.put(&index, &digest(*id), record(*id)));
    }
    let before: Vec<_> = kept.iter().map(|id| place(&index, *id)).collect();
    let ids: Vec<u64> = kept.iter().copied().chain(NEVER..NEVER + 8).collect();
    race(&index, &ids, |round| write_round(&index, &mut inserter, round));
    let after = kept.iter().map(|id| place(&index, *id));
    let moved = after.zip(before).filter(|(after, before)| after != before).count();
    assert!(moved as u64 > KEPT / 2, "{moved} kept tokens moved");
}

/// The same for one token that goes to and fro between its two buckets all the time, so that readers meet it under way.
#[test]
fn no_reader_misses_a_token_that_moves() {
    let (index, mut inserter) = (TokenIndex::new(), TokenInserter::default());
    let has_two = |id: &u64| {
        let [first, second] = candidates(&digest(*id).words(), index.shape.load());
        first != second
    };
    let id = (1..).find(has_two).unwrap();
    assert!(inserter.put(&index, &digest(id), record(id)));
    race(&index, &[id], |_| {
        for _ in 0..ROUND {
            let before = place(&index, id);
            assert!(before.is_some_and(|place| vacate(&index, place, 0)));
            assert_ne!(place(&index, id), before);
        }
    });
}
