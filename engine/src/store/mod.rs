//! The file: tables, transactions, consistent views. Nothing outside this folder names redb.

mod tables;
mod fault;
mod guard;
mod row;
mod read;
mod transaction;
mod backend;
mod open;
mod upgrade;
mod copy;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use redb::{Database, ReadableDatabase as _};
use tollgate_core::{Revision, Timestamp};

use crate::change::FeedIdentity;
use crate::seal::Seal;

pub(crate) use backend::GivenBackend;
pub(crate) use copy::copy;
pub use fault::Damage;
pub(crate) use fault::StoreError;
use guard::guarded;
pub use open::OpenError;
pub(crate) use open::{CACHE_LEN, Place, create, new_file, open};
pub(crate) use read::{Bounds, EVERYTHING, ReadView, Source, beginning_with, read as read_row};
pub use redb::StorageBackend;
pub(crate) use row::{
    AdminTokens, Audit, Authorities, AuthorityNumbers, Changes, Clients, Codes, Consents, Counters, Departures,
    Endings, Families, FeedTokens, GrantsByClient, GrantsByUser, IdentityProviders, Imported, Issuers, LastUsed, Meta,
    NetworkRules, Number, Origins, People, PersonalTokens, Refreshes, Repeats, Routes, Row, Scope, Sessions,
    SessionsByUser, SettingRows, SigningKeys, Spent, Tokens, TokensByFamily, TokensByUser, UserNames, Users,
};
pub(crate) use tables::Table;
pub(crate) use transaction::{Ending, Transaction, Wish};

/// One open store.
pub(crate) struct Store {
    path: PathBuf,
    /// None once the store is closed; whoever is using the database then keeps it until they are done.
    database: RwLock<Option<Arc<Database>>>,
    seal: Seal,
}

/// The numbers of a new store.
pub(crate) struct StoreNumbers {
    pub(crate) feed: FeedIdentity,
    pub(crate) created_at: Timestamp,
}

impl StoreNumbers {
    fn of(&self, number: Number, seal: &Seal) -> u64 {
        let feed = u128::from_be_bytes(self.feed.0);
        match number {
            Number::FeedHigh => (feed >> 64) as u64,
            Number::FeedLow => feed as u64,
            Number::Key => u64::from_be_bytes(seal.fingerprint()),
            Number::CreatedAt => self.created_at.as_millis(),
            other => other.first(),
        }
    }
}

impl Store {
    fn new(path: PathBuf, database: Database, seal: Seal) -> Self {
        Self {
            path,
            database: RwLock::new(Some(Arc::new(database))),
            seal,
        }
    }

    /// A view of what is committed now.
    pub(crate) fn read(&self) -> Result<ReadView, StoreError> {
        self.with_database(|database| Ok(ReadView::new(database.begin_read()?, self.seal.clone())))
    }

    /// Runs one transaction. Only the writer calls this: two at a time would wait for each other.
    pub(crate) fn transact<T>(
        &self,
        make: impl FnOnce(&mut Transaction<'_>) -> Result<Wish<T>, StoreError>,
    ) -> Ending<T> {
        let database = self.database.read().clone();
        match database {
            Some(database) => transaction::transact(&database, &self.seal, make),
            None => Ending::NotDone(StoreError::Closed),
        }
    }

    /// Whether the checksum of every page fits. To be called before anything is read.
    pub(crate) fn pages_are_sound(&self) -> Result<bool, StoreError> {
        let mut database = self.database.write();
        let database = database.as_mut().and_then(Arc::get_mut).ok_or(StoreError::Closed)?;
        guarded(|| Ok(database.check_integrity()?))
    }

    /// Lets go of the file, and of its lock once nobody is reading any more.
    pub(crate) fn close(&self) {
        let database = self.database.write().take();
        // Closing writes once more, which meets a damaged page like any other write does.
        let _: Result<(), StoreError> = guarded(move || {
            drop(database);
            Ok(())
        });
    }

    /// A fault below the commands, as somebody who opens the store is told of it.
    pub(crate) fn fault(&self, fault: StoreError) -> OpenError {
        let path = self.path.clone();
        match fault {
            StoreError::Damaged(damage) => OpenError::Damaged { path, damage },
            StoreError::Storage(reason) => OpenError::Storage { path, reason },
            StoreError::Closed => OpenError::Storage {
                path,
                reason: StoreError::Closed.to_string(),
            },
        }
    }

    fn with_database<T>(&self, f: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let database = self.database.read().clone().ok_or(StoreError::Closed)?;
        guarded(move || f(&database))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

/// The identity of the feed of the store that is read.
pub(crate) fn feed_identity(source: &impl Source) -> Result<FeedIdentity, StoreError> {
    let high = source.row_that_must_be::<Meta>(&Number::FeedHigh)?;
    let low = source.row_that_must_be::<Meta>(&Number::FeedLow)?;
    Ok(FeedIdentity((u128::from(high) << 64 | u128::from(low)).to_be_bytes()))
}

/// The revision of the state that is read.
pub(crate) fn revision(source: &impl Source) -> Result<Revision, StoreError> {
    source.row_that_must_be::<Meta>(&Number::Revision).map(Revision)
}
