//! A command on its way through the writer, and what its caller is told.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::audit::Author;
use crate::command::Refusal;
use crate::execute::{Batch, Execute, Fault, StoreFault};
use crate::store::StoreError;

/// Why a command was not carried out, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// The caller can do something about it. Nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller can do nothing about it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why nothing can be written, or whether something was written is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// Nothing of the command is in the store.
    #[error("the command was not carried out, and nothing has changed: {reason}")]
    NotDone {
        /// What failed.
        reason: Arc<str>,
    },
    /// The commit failed. Whether the command was carried out shows when the store is opened again; until then checks deny
    /// whatever it touches.
    #[error(
        "whether the command was carried out is not known before the store is opened again, because its commit failed: {reason}; restart, and look"
    )]
    InDoubt {
        /// What failed.
        reason: Arc<str>,
    },
    /// An earlier failure ended all writing; checks go on. Nothing of this command is in the store.
    #[error("nothing is written any more before a restart, because of an earlier failure: {reason}")]
    Poisoned {
        /// What failed then.
        reason: Arc<str>,
    },
    /// The command is in the store, but checks could not be told. All checks are denied before a restart.
    #[error("the command was carried out, but checks cannot see it and are all denied before a restart: {reason}")]
    Invisible {
        /// What failed.
        reason: Arc<str>,
    },
    /// The engine is closed.
    #[error("the engine is closed")]
    Closed,
}

/// A command that waits for its turn or its answer.
pub(crate) trait Job: Send {
    /// Carries it out on a batch and keeps what its caller is to be told. A fault is the whole batch's.
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), StoreFault>;
    /// Tells its caller: what was kept, or what became of the batch.
    fn answer(self: Box<Self>, batch: Result<(), Unavailable>);
}

/// The command, then its outcome, and whom to tell.
pub(crate) struct Pending<C: Execute> {
    command: Option<C>,
    author: Author,
    outcome: Result<C::Answer, ExecuteError>,
    reply: Sender<Result<C::Answer, ExecuteError>>,
}

impl<C: Execute> Pending<C> {
    pub(crate) fn new(command: C, author: Author, reply: Sender<Result<C::Answer, ExecuteError>>) -> Self {
        Self {
            command: Some(command),
            author,
            outcome: Err(Unavailable::Closed.into()),
            reply,
        }
    }
}

impl<C: Execute> Job for Pending<C> {
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), StoreFault> {
        let Some(command) = self.command.take() else {
            return Ok(());
        };
        let writes = batch.writes();
        batch.by(self.author.clone());
        self.outcome = match command.execute(batch) {
            Ok(outcome) => Ok(outcome),
            Err(Fault::Refused(refusal)) => Err(refusal.into()),
            Err(Fault::Failed(reason)) => Err(Unavailable::NotDone { reason: reason.into() }.into()),
            // A damaged row that was met before the first write concerns this command alone.
            Err(Fault::Store(StoreFault(StoreError::Damaged(damage)))) if batch.writes() == writes => {
                Err(Unavailable::NotDone {
                    reason: damage.to_string().into(),
                }
                .into())
            }
            Err(Fault::Store(fault)) => return Err(fault),
        };
        Ok(())
    }

    fn answer(self: Box<Self>, batch: Result<(), Unavailable>) {
        // Even a refusal may rest on what another command of the batch did, so it falls with the batch.
        let outcome = match batch {
            Ok(()) => self.outcome,
            Err(unavailable) => Err(unavailable.into()),
        };
        // A caller who has stopped waiting is told nothing.
        let _ = self.reply.send(outcome);
    }
}
