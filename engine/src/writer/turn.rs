//! One turn of the writer: a transaction, what it changed made visible, and the answers.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use tollgate_core::{LiveView, Timestamp, Upgrade};

use super::job::{Job, Unavailable};
use super::{Tools, Writer};
use crate::execute::{
    Batch, Fault, Finished, StoreFault, Surroundings, Swept, sweep, sweep_grants, sweep_repeats, upgrade,
};
use crate::feed::Lagged;
use crate::store::{Ending, Store, StoreError, Wish};

/// Tokens that one sweep takes away at most.
const SWEEP_MOST: usize = 512;

/// How much later than it was due a look at the clock may come and still be believed at once.
const LOOK_LATE_MOST: Duration = Duration::from_secs(3_600);

impl Writer {
    /// Runs a batch of commands in one transaction and answers every one of them.
    pub(super) fn turn(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let turn = || self.in_transaction(|batch| jobs.iter_mut().try_for_each(|job| job.run(batch)));
        let ended = catch_unwind(AssertUnwindSafe(turn)).unwrap_or_else(|panic| {
            // The jobs still stand outside what unwound, so no caller learns of it before checks have stopped.
            self.applier.stop_checks();
            resume_unwind(panic)
        });
        for job in jobs {
            job.answer(ended.clone());
        }
    }

    /// Takes one bounded batch of useless rows away, and forgets hourly windows that are over. Does neither by a reading of
    /// the clock that the one before does not bear out: what is taken away does not come back when the clock does.
    pub(super) fn sweep_some(&mut self) -> Result<Swept, Unavailable> {
        let now = self.tools.clock.now();
        let before = std::mem::replace(&mut self.last_look, now);
        if !bears_out(before, now, self.tools.policy.sweep_every.unwrap_or_default()) {
            return Ok(Swept::default());
        }
        self.applier.view().clear_windows(now);
        let before_s = now.as_seconds().saturating_sub(self.tools.policy.retention_s);
        let mut swept = Swept::default();
        let (mut repeats, mut grants) = (self.swept_repeats, self.swept_grants);
        let retention_s = self.tools.policy.retention_s;
        self.in_transaction(|batch| {
            let more = sweep_repeats(batch, &mut repeats, SWEEP_MOST).map_err(StoreFault)?;
            swept = sweep(batch, before_s, SWEEP_MOST).map_err(|fault| match fault {
                Fault::Store(fault) => fault,
                Fault::Refused(_) | Fault::Failed(_) => StoreFault(StoreError::Closed),
            })?;
            let (rows, more_grants) = sweep_grants(batch, &mut grants, retention_s, SWEEP_MOST).map_err(StoreFault)?;
            swept.grants = rows;
            swept.more |= more | more_grants;
            Ok(())
        })?;
        (self.swept_repeats, self.swept_grants) = (repeats, grants);
        Ok(swept)
    }

    /// Gives tokens better digests. Nobody waits for that: what fails is offered again when the token is next used.
    pub(super) fn upgrade(&mut self, upgrades: &[Upgrade]) {
        let _: Result<(), Unavailable> =
            self.in_transaction(|batch| upgrades.iter().try_for_each(|offered| upgrade(batch, offered)));
    }

    /// One transaction, durable and visible when this returns well. However it ends, no check passes that should not.
    fn in_transaction(
        &mut self,
        make: impl FnOnce(&mut Batch<'_, '_>) -> Result<(), StoreFault>,
    ) -> Result<(), Unavailable> {
        if let Some(reason) = &self.poison {
            return Err(Unavailable::Poisoned {
                reason: Arc::clone(reason),
            });
        }
        let mut in_doubt = Vec::new();
        let view = self.applier.view().clone();
        match transaction(&self.tools, &view, &mut in_doubt, make) {
            Ending::Done(finished) => self.show(finished),
            Ending::NotDone(fault) => Err(self.not_done(&fault)),
            Ending::InDoubt(fault) => {
                let reason = self.poison_with(&fault);
                if self.applier.apply_doubt(&in_doubt).is_err() {
                    self.applier.stop_checks();
                }
                self.applier.operators().doubt();
                self.tools.feed.end(Lagged::InDoubt);
                Err(Unavailable::InDoubt { reason })
            }
        }
    }

    /// Makes a committed set visible: to checks first, then to the feed.
    fn show(&mut self, finished: Finished) -> Result<(), Unavailable> {
        let Finished { set, operators } = finished;
        self.applier.operators().put(operators);
        let Some(set) = set else { return Ok(()) };
        match self.applier.apply(&set.changes) {
            Ok(()) => {
                self.tools.standing.count(self.applier.counts());
                self.tools.feed.publish(set);
                Ok(())
            }
            Err(error) => {
                self.applier.stop_checks();
                self.tools.feed.end(Lagged::InDoubt);
                let reason = self.poison_with(&StoreError::Storage(error.to_string()));
                Err(Unavailable::Invisible { reason })
            }
        }
    }

    /// What a transaction that certainly did not happen means for those after it: after a failure of the storage there
    /// are none, because what it says afterwards cannot be relied upon.
    pub(super) fn not_done(&mut self, fault: &StoreError) -> Unavailable {
        match fault {
            StoreError::Damaged(_) | StoreError::Closed => Unavailable::NotDone {
                reason: fault.to_string().into(),
            },
            StoreError::Storage(_) => Unavailable::NotDone {
                reason: self.poison_with(fault),
            },
        }
    }

    /// Ends all writing. A failed write or sync is never tried again: the second try could succeed falsely.
    pub(super) fn poison_with(&mut self, fault: &StoreError) -> Arc<str> {
        let reason: Arc<str> = fault.to_string().into();
        let reason = Arc::clone(self.poison.get_or_insert(reason));
        self.tools.standing.end_writes(&reason);
        reason
    }
}

/// Whether the clock moved from `before` to `now` no further than it should between two looks that are `every` apart. The end
/// of time is what a broken clock says.
fn bears_out(before: Timestamp, now: Timestamp, every: Duration) -> bool {
    let (before, after) = (before.min(now), before.max(now));
    let most_ms = every.saturating_add(LOOK_LATE_MOST).as_millis();
    after != Timestamp::MAX && u128::from(after.millis_since(before)) <= most_ms
}

/// Runs the transaction. What it wanted to change is left in `wanted` even where the commit fails.
fn transaction(
    tools: &Tools,
    view: &LiveView,
    wanted: &mut Vec<crate::change::Change>,
    make: impl FnOnce(&mut Batch<'_, '_>) -> Result<(), StoreFault>,
) -> Ending<Finished> {
    let store: &Store = &tools.store;
    store.transact(|rows| {
        let around = Surroundings {
            entropy: &*tools.entropy,
            digest_key: &tools.digest_key,
            vault: &tools.vault,
            now: tools.clock.now(),
            feed: tools.feed.identity(),
            view,
            tail_most: tools.policy.tail_most,
            derivation: &tools.derivation,
            refresh_idle_s: tools.policy.refresh_idle_s,
        };
        let mut batch = Batch::new(rows, &around);
        make(&mut batch).map_err(|StoreFault(fault)| fault)?;
        let wrote = batch.wrote();
        let finished = batch.finish()?;
        if let Some(set) = &finished.set {
            wanted.clone_from(&set.changes);
        }
        Ok(if wrote {
            Wish::Commit(finished)
        } else {
            Wish::Drop(finished)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_borne_out_by_one_within_an_hour_of_when_it_was_due() {
        let (minute, day) = (Duration::from_secs(60), Timestamp::from_seconds(86_400));
        for (now, expected) in [
            (day, true),
            (day.plus_millis(3_660_000), true),
            (day.plus_millis(3_660_001), false),
            (Timestamp::from_millis(86_400_000 - 3_660_000), true),
            (Timestamp::from_millis(86_400_000 - 3_660_001), false),
            (Timestamp::MAX, false),
        ] {
            assert_eq!(bears_out(day, now, minute), expected, "{now}");
        }
        let end = Timestamp::MAX;
        assert!(!bears_out(end, end, minute), "the end of time never");
    }
}
