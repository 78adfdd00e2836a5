//! The feed: every change set in order, to whoever asks, without ever making the writer wait.
//!
//! The newest sets stand in a ring in memory, older ones in the tail that the store keeps. A reader who is behind both is
//! told so, and takes a snapshot.

mod moved;

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tollgate_core::Revision;

use crate::change::{ChangeSet, FeedIdentity, Position};
use crate::store::{Changes, Source as _, Store, StoreError, beginning_with, revision};

pub use moved::Moved;
use moved::Waiting;

/// Why a reader cannot be given the next change set. What it has read so far no longer leads to the present state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lagged {
    /// The set after this revision is kept no longer.
    #[error("expected a revision that the feed still keeps, but the change set after {} is gone: take a snapshot and go on from it", after.0)]
    Behind {
        /// Where the reader is.
        after: Revision,
    },
    /// The reader has followed another feed: that of another store, or of the one that this is a backup of.
    #[error("expected a place in the feed of this store, but found one in another: take a snapshot and go on from it")]
    AnotherFeed {
        /// What the reader followed.
        found: FeedIdentity,
        /// This store's.
        expected: FeedIdentity,
    },
    /// The reader has seen more than this store has: it read this store before an older copy of the file took its place.
    #[error("expected a revision of this store, which is at {}, but found {}: take a snapshot and go on from it", newest.0, after.0)]
    Ahead {
        /// Where the reader is.
        after: Revision,
        /// Where the store is.
        newest: Revision,
    },
    /// A commit failed, so nobody knows the present state before the store is opened again.
    #[error(
        "a commit failed and its outcome is not known: believe no earlier state, and take a snapshot after the restart"
    )]
    InDoubt,
    /// The engine is closed.
    #[error("the engine is closed")]
    Closed,
}

/// Where the writer puts change sets and cursors find them.
pub(crate) struct Feed {
    state: Mutex<State>,
    moved: Condvar,
    identity: FeedIdentity,
    ring_most: usize,
}

/// Changes in the ring at most, beside the newest set: an import has sets of thousands.
const RING_CHANGES_MOST: usize = 65_536;

struct State {
    ring: VecDeque<Arc<ChangeSet>>,
    /// Changes of all sets in the ring.
    changes: usize,
    newest: Revision,
    end: Option<Lagged>,
    /// Tasks that wait for the feed to move on.
    waiting: Waiting,
    /// Numbers that were given to them.
    numbers: u64,
}

/// What the ring says about the set after a revision.
enum Found {
    Set(Arc<ChangeSet>),
    /// It is older than the ring.
    Older,
    /// It is not there yet.
    NotYet,
}

impl Feed {
    pub(crate) fn new(from: Position, ring_most: usize) -> Self {
        let state = State {
            ring: VecDeque::new(),
            changes: 0,
            newest: from.revision,
            end: None,
            waiting: Waiting::default(),
            numbers: 0,
        };
        Self {
            state: Mutex::new(state),
            moved: Condvar::new(),
            identity: from.feed,
            ring_most,
        }
    }

    /// Which feed this is.
    pub(crate) fn identity(&self) -> FeedIdentity {
        self.identity
    }

    /// The revision of the newest set, which checks already see.
    pub(crate) fn newest(&self) -> Revision {
        self.state.lock().newest
    }

    /// Shows a set that checks already see.
    pub(crate) fn publish(&self, set: ChangeSet) {
        let mut state = self.state.lock();
        state.newest = set.revision;
        state.changes += set.changes.len();
        state.ring.push_back(Arc::new(set));
        while state.ring.len() > self.ring_most || (state.changes > RING_CHANGES_MOST && state.ring.len() > 1) {
            let oldest = state.ring.pop_front();
            state.changes -= oldest.map_or(0, |set| set.changes.len());
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.moved.notify_all();
        waiting.wake();
    }

    /// Why the feed has ended, if it has.
    pub(crate) fn ended(&self) -> Option<Lagged> {
        self.state.lock().end.clone()
    }

    /// Ends the feed for good; the first reason stays.
    pub(crate) fn end(&self, reason: Lagged) {
        let mut state = self.state.lock();
        state.end.get_or_insert(reason);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.moved.notify_all();
        waiting.wake();
    }

    fn wait(&self, after: Revision, within: Duration) -> Result<Found, Lagged> {
        let mut state = self.state.lock();
        self.moved
            .wait_while_for(&mut state, |state| state.end.is_none() && state.newest <= after, within);
        match (state.after(after), &state.end) {
            // Readers must deny at once, not after they have read up.
            (_, Some(Lagged::InDoubt)) => Err(Lagged::InDoubt),
            (Found::NotYet, Some(reason)) => Err(reason.clone()),
            (found, _) => Ok(found),
        }
    }
}

impl State {
    fn after(&self, after: Revision) -> Found {
        if self.newest <= after {
            return Found::NotYet;
        }
        let next = after.0.saturating_add(1);
        let first = self.ring.front().map(|set| set.revision.0);
        let place = first.and_then(|first| usize::try_from(next.checked_sub(first)?).ok());
        // Revisions follow each other without a gap, so the place in the ring is the distance.
        place
            .and_then(|place| self.ring.get(place))
            .map_or(Found::Older, |set| Found::Set(Arc::clone(set)))
    }
}

/// A reader's place in the feed. It keeps neither the store open nor the writer waiting.
pub struct Cursor {
    feed: Arc<Feed>,
    store: Weak<Store>,
    after: Revision,
}

impl Cursor {
    /// A place after `after`, if the sets that follow can be had.
    pub(crate) fn after(feed: Arc<Feed>, store: &Arc<Store>, after: Position) -> Result<Self, Lagged> {
        if after.feed != feed.identity {
            return Err(Lagged::AnotherFeed {
                found: after.feed,
                expected: feed.identity,
            });
        }
        let after = after.revision;
        let cursor = Self {
            feed,
            store: Arc::downgrade(store),
            after,
        };
        match cursor.feed.wait(after, Duration::ZERO)? {
            Found::Set(_) => {}
            Found::Older => drop(cursor.set_in_store()?),
            Found::NotYet => {
                // A snapshot may show a commit that the feed is just about to show.
                let newest = store
                    .read()
                    .and_then(|view| revision(&view))
                    .map_err(|_| Lagged::Closed)?;
                if after > newest {
                    return Err(Lagged::Ahead { after, newest });
                }
            }
        }
        Ok(cursor)
    }

    /// The revision up to which this reader has read.
    pub fn revision(&self) -> Revision {
        self.after
    }

    /// Where this reader is, for [`Engine::subscribe`](crate::Engine::subscribe) after a restart.
    pub fn position(&self) -> Position {
        self.feed.identity.at(self.after)
    }

    /// The next change set, or none where there is none `within` that time. Waits without using the processor.
    ///
    /// # Errors
    ///
    /// [`Lagged`]; every later call answers the same, because a feed with a gap is no feed.
    pub fn next(&mut self, within: Duration) -> Result<Option<Arc<ChangeSet>>, Lagged> {
        let set = match self.feed.wait(self.after, within)? {
            Found::Set(set) => set,
            Found::Older => Arc::new(self.set_in_store()?),
            Found::NotYet => return Ok(None),
        };
        self.after = set.revision;
        Ok(Some(set))
    }

    /// The next set from the store. A tail that cannot be read is as good as none.
    fn set_in_store(&self) -> Result<ChangeSet, Lagged> {
        let store = self.store.upgrade().ok_or(Lagged::Closed)?;
        let next = Revision(self.after.0.saturating_add(1));
        match read_set(&store, self.feed.identity.at(next)) {
            Ok(Some(set)) => Ok(set),
            Err(StoreError::Closed) => Err(Lagged::Closed),
            Ok(None) | Err(_) => Err(Lagged::Behind { after: self.after }),
        }
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// The set of one revision, if the tail still has it; the tail is only ever shortened by whole revisions.
fn read_set(store: &Store, at: Position) -> Result<Option<ChangeSet>, StoreError> {
    let mut changes = Vec::new();
    store
        .read()?
        .walk::<Changes>(&beginning_with(at.revision.0), |_, change| {
            changes.push(change);
            ControlFlow::Continue(())
        })?;
    Ok((!changes.is_empty()).then_some(ChangeSet {
        feed: at.feed,
        revision: at.revision,
        changes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change;
    use tollgate_core::UserId;

    const FEED: FeedIdentity = FeedIdentity([7; 16]);

    fn set(revision: u64) -> ChangeSet {
        ChangeSet {
            feed: FEED,
            revision: Revision(revision),
            changes: vec![Change::RemoveUser(UserId(revision))],
        }
    }

    fn next(feed: &Feed, after: u64) -> &'static str {
        match feed.wait(Revision(after), Duration::ZERO) {
            Ok(Found::Set(set)) if set.revision.0 == after + 1 => "set",
            Ok(Found::Set(_)) => "a wrong set",
            Ok(Found::Older) => "older",
            Ok(Found::NotYet) => "not yet",
            Err(_) => "end",
        }
    }

    #[test]
    fn a_closed_feed_gives_out_what_it_has() {
        let feed = Feed::new(FEED.at(Revision(10)), 3);
        feed.publish(set(11));
        feed.end(Lagged::Closed);
        assert_eq!((next(&feed, 10), next(&feed, 11)), ("set", "end"));
    }

    #[test]
    fn the_ring_keeps_the_newest_sets_and_gives_each_to_whoever_is_next() {
        let feed = Feed::new(FEED.at(Revision(10)), 3);
        assert_eq!((next(&feed, 10), next(&feed, 9)), ("not yet", "older"));
        for revision in 11..=15 {
            feed.publish(set(revision));
        }
        let seen: Vec<_> = (10..=16).map(|after| next(&feed, after)).collect();
        assert_eq!(seen, ["older", "older", "set", "set", "set", "not yet", "not yet"]);
        feed.end(Lagged::InDoubt);
        feed.end(Lagged::Closed);
        assert_eq!(next(&feed, 12), "end", "a doubt ends it at once");
        assert_eq!(feed.wait(Revision(12), Duration::ZERO).err(), Some(Lagged::InDoubt));
    }
}
