//! What the façade reads from the store: lists, snapshots, verification, backups. Each is one consistent state.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::Sender;
use tollgate_core::{ClientName, LiveView, UserName};

use super::Engine;
use crate::backup::{BackupError, BackupReport, backup};
use crate::change::{FeedIdentity, Snapshot};
use crate::facts;
use crate::feed::Lagged;
use crate::record::{Authtoken, Network, User};
use crate::setting::Settings;
use crate::store::{Damage, ReadView, StoreError};
use crate::verify::{VerifyReport, compare_live, verify_rows};
use crate::writer::{Answer, Message};

/// Why a list could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No user has this name.
    #[error("expected the name of a user, but there is no user `{name}`")]
    NoSuchUser {
        /// The name that was given.
        name: UserName,
    },
    /// No client has this name.
    #[error("expected the name of a client, but there is no client `{name}`")]
    NoSuchClient {
        /// The name that was given.
        name: ClientName,
    },
    /// A row is not what was written there.
    #[error("{0}")]
    Damaged(Damage),
    /// The disk or the system failed.
    #[error("the store could not be read: {reason}")]
    Storage {
        /// What failed.
        reason: String,
    },
    /// A commit failed, so nobody knows the present state before the store is opened again.
    #[error("a commit failed and its outcome is not known: take the snapshot after a restart")]
    InDoubt,
    /// The engine is closed.
    #[error("the engine is closed")]
    Closed,
}

impl From<StoreError> for ReadError {
    fn from(fault: StoreError) -> Self {
        match fault {
            StoreError::Damaged(damage) => Self::Damaged(damage),
            StoreError::Storage(reason) => Self::Storage { reason },
            StoreError::Closed => Self::Closed,
        }
    }
}

impl Engine {
    /// All users, in the order of their names.
    pub fn users(&self) -> Result<Vec<User>, ReadError> {
        Ok(facts::users(&self.read()?)?)
    }

    /// The user of a name, if there is one.
    pub fn user(&self, name: &UserName) -> Result<Option<User>, ReadError> {
        Ok(facts::user_named(&self.read()?, name)?)
    }

    /// The tokens of one user, or of all users, in the order in which they were issued.
    pub fn tokens(&self, of: Option<&UserName>) -> Result<Vec<Authtoken>, ReadError> {
        match (facts::tokens(&self.read()?, of)?, of) {
            (Some(tokens), _) => Ok(tokens),
            (None, Some(name)) => Err(ReadError::NoSuchUser { name: name.clone() }),
            (None, None) => Ok(Vec::new()),
        }
    }

    /// All network rules: those about everybody first, then those about users.
    pub fn networks(&self) -> Result<Vec<Network>, ReadError> {
        Ok(facts::network_list(&self.read()?)?)
    }

    /// All settings.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{SetSetting, Setting};
    ///
    /// engine.execute(SetSetting { setting: Setting::parse("per_hour", "1000")? })?;
    /// assert_eq!(engine.settings()?.per_hour.to_string(), "1000");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settings(&self) -> Result<Settings, ReadError> {
        Ok(facts::settings(&self.read()?)?)
    }

    /// The whole state at one revision. Costs a pass over the store and memory for all of it; commands go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`ReadError::InDoubt`] after a failed commit: a replica must not take a state of which nobody knows whether it is the
    /// present one.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let snapshot = facts::snapshot(&self.read()?)?;
        // Asked afterwards: a commit that failed meanwhile may have been one that this snapshot shows.
        match self.0.feed.ended() {
            Some(Lagged::InDoubt) => Err(ReadError::InDoubt),
            Some(_) | None => Ok(snapshot),
        }
    }

    /// Reads every row, opens every seal, follows every reference, and compares what checks see with what the store says.
    ///
    /// Costs a pass over the store. Commands wait for the last part of it, the comparison; checks do not.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where reading itself fails. Whatever can be read and is wrong stands in the report.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// let report = engine.verify()?;
    /// assert!(report.findings.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self) -> Result<VerifyReport, ReadError> {
        let mut report = verify_rows(&self.read()?)?;
        let store = Arc::clone(&self.0.store);
        let message = |reply: Sender<Result<VerifyReport, StoreError>>| {
            Message::Inspect(Box::new(move |live: &LiveView| {
                // The rows may have moved on since the pass above; the comparison counts its own.
                let compared = store.read().and_then(|view| compare_live(live, &view, &mut report));
                drop(store);
                let _ = reply.send(compared.map(|()| report));
            }))
        };
        let answer = self.0.queue.ask(message).and_then(Answer::wait);
        Ok(answer.map_err(|_| ReadError::Closed)??)
    }

    /// Copies the present state to a new file at `path`, reads the copy back whole, and gives it its name only then.
    /// Commands and checks go on meanwhile. Never overwrites a file.
    ///
    /// The copy opens with this store's key, which is not copied, and begins a feed of its own.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// let copy = folder.path().join("monday.redb");
    /// let report = engine.backup(&copy)?;
    /// assert_eq!(report.revision, engine.revision());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<BackupReport, BackupError> {
        let path = path.as_ref();
        let mut feed = [0; 16];
        let failed = |reason: String| BackupError::Storage {
            path: path.into(),
            reason,
        };
        self.0
            .entropy
            .fill(&mut feed)
            .map_err(|error| failed(error.to_string()))?;
        let view = self.read().map_err(|error| match error {
            ReadError::Closed => BackupError::Closed,
            other => failed(other.to_string()),
        })?;
        backup(&view, path, FeedIdentity(feed))
    }

    pub(super) fn read(&self) -> Result<ReadView, ReadError> {
        Ok(self.0.store.read()?)
    }
}
