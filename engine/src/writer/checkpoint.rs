//! Checkpoints of the hourly counters, and of when personal access tokens were last used.
//!
//! Checks count in memory. Every few seconds, and when the engine is closed, counters that have changed are written to the
//! store. After a crash at most the charges since the last checkpoint are forgotten: a user may then pass that many times
//! more in the window. A counter never comes back higher than it was. Uses of tokens are forgotten likewise.

use std::collections::HashMap;

use tollgate_core::{LiveView, Timestamp, TokenId, UserId};

use super::Writer;
use super::job::Unavailable;
use crate::live::LiveUses;
use crate::record::CounterRow;
use crate::store::{Counters, Ending, LastUsed, Source as _, StoreError, Tokens, Transaction, Users, Wish};

/// Counters that one transaction writes at most.
const CHUNK_MOST: usize = 8_192;

/// Which counters have changed since they were last written.
pub(super) struct Checkpoints {
    written: HashMap<UserId, u64>,
    /// What is left of the checkpoint under way; none for a counter whose window is over.
    behind: Vec<(UserId, Option<u64>)>,
    /// What is left of the uses of tokens.
    uses_behind: Vec<(TokenId, Timestamp)>,
}

impl Checkpoints {
    pub(super) fn new(written: Vec<(UserId, u64)>) -> Self {
        Self {
            written: written.into_iter().collect(),
            behind: Vec::new(),
            uses_behind: Vec::new(),
        }
    }

    pub(super) fn is_behind(&self) -> bool {
        !self.behind.is_empty() || !self.uses_behind.is_empty()
    }

    /// Begins a checkpoint of what the counters say now, and of the uses that are noted, unless one is under way.
    pub(super) fn begin(&mut self, view: &LiveView, uses: &LiveUses) {
        if self.is_behind() {
            return;
        }
        self.uses_behind = uses.noted();
        let mut present = HashMap::with_capacity(self.written.len());
        view.for_each_window(|user, word| {
            present.insert(user, word);
        });
        let over = self
            .written
            .keys()
            .filter(|user| !present.contains_key(user))
            .map(|user| (*user, None));
        self.behind.extend(over);
        let changed = present
            .into_iter()
            .filter(|(user, word)| self.written.get(user) != Some(word));
        self.behind.extend(changed.map(|(user, word)| (user, Some(word))));
        // The order of a map differs from run to run; that of the rows must not.
        self.behind.sort_unstable_by_key(|(user, _)| std::cmp::Reverse(*user));
    }

    fn next_chunk(&mut self) -> Vec<(UserId, Option<u64>)> {
        self.behind.split_off(self.behind.len().saturating_sub(CHUNK_MOST))
    }

    fn next_uses(&mut self) -> Vec<(TokenId, Timestamp)> {
        self.uses_behind
            .split_off(self.uses_behind.len().saturating_sub(CHUNK_MOST))
    }

    fn wrote(&mut self, chunk: &[(UserId, Option<u64>)]) {
        for (user, word) in chunk {
            match word {
                Some(word) => self.written.insert(*user, *word),
                None => self.written.remove(user),
            };
        }
    }
}

impl Writer {
    /// Writes every counter that has changed.
    pub(super) fn checkpoint_all(&mut self) -> Result<(), Unavailable> {
        while self.checkpoints.is_behind() {
            self.checkpoint_some()?;
        }
        self.checkpoints.begin(self.applier.view(), &self.tools.uses);
        while self.checkpoints.is_behind() {
            self.checkpoint_some()?;
        }
        Ok(())
    }

    /// Writes one chunk of the checkpoint under way.
    pub(super) fn checkpoint_some(&mut self) -> Result<(), Unavailable> {
        let chunk = self.checkpoints.next_chunk();
        let uses = self.checkpoints.next_uses();
        if let Some(reason) = &self.poison {
            return Err(Unavailable::Poisoned { reason: reason.clone() });
        }
        let at = self.tools.clock.now();
        let ending = self.tools.store.transact(|rows| {
            write_counters(rows, &chunk, at)?;
            write_uses(rows, &uses)?;
            Ok(Wish::Commit(()))
        });
        match ending {
            Ending::Done(()) => {
                self.checkpoints.wrote(&chunk);
                self.tools.uses.wrote(&uses);
                Ok(())
            }
            Ending::NotDone(fault) => Err(self.not_done(&fault)),
            // Either way no check is decided by it before a restart, and afterwards by one of two true counts.
            Ending::InDoubt(fault) => Err(Unavailable::InDoubt {
                reason: self.poison_with(&fault),
            }),
        }
    }
}

fn write_counters(
    rows: &mut Transaction<'_>,
    counters: &[(UserId, Option<u64>)],
    at: Timestamp,
) -> Result<(), StoreError> {
    for (user, word) in counters {
        match word {
            // A user who has gone since took the counter along.
            Some(word) if rows.row::<Users>(user)?.is_some() => {
                rows.put::<Counters>(user, &CounterRow { word: *word, at })?;
            }
            Some(_) | None => rows.remove::<Counters>(user)?,
        }
    }
    Ok(())
}

/// The row of a token is read and left as it is, so that a use brings nothing back that was taken away.
fn write_uses(rows: &mut Transaction<'_>, uses: &[(TokenId, Timestamp)]) -> Result<(), StoreError> {
    for (token, at) in uses {
        if rows.row::<Tokens>(token)?.is_some() {
            rows.put::<LastUsed>(token, at)?;
        }
    }
    Ok(())
}
