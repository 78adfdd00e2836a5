//! Writing rows: one transaction at a time, all or nothing, durable when it has been committed.

use std::cell::OnceCell;

use redb::{Database, TableHandle as _, WriteTransaction};

use super::fault::StoreError;
use super::guard::guarded;
use super::read::{self, Bounds, Source, Visit};
use super::row::Row;
use super::tables::Table;
use crate::seal::Seal;

type OpenTable<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// Rows that are being written. Nothing of it is anywhere before the commit.
pub(crate) struct Transaction<'t> {
    transaction: &'t WriteTransaction,
    /// Opened when they are first needed: each open table costs the commit, and most commands need few.
    tables: Vec<OnceCell<OpenTable<'t>>>,
    seal: &'t Seal,
    writes: u64,
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending<T> {
    /// It is durable, and this is what its maker said of it.
    Done(T),
    /// Nothing of it is in the store.
    NotDone(StoreError),
    /// The commit failed: all of it is in the store, or nothing is, and which one only the next opening will tell.
    InDoubt(StoreError),
}

/// What a transaction's maker wants.
pub(crate) enum Wish<T> {
    /// Make it durable.
    Commit(T),
    /// Let go of it, because nothing changed.
    Drop(T),
}

/// Runs one transaction: two-phase commit, so that a crash at any write leaves the state before or after, and quick
/// repair, so that opening after a crash does not walk the whole file.
pub(super) fn transact<T>(
    database: &Database,
    seal: &Seal,
    make: impl FnOnce(&mut Transaction<'_>) -> Result<Wish<T>, StoreError>,
) -> Ending<T> {
    let begun = guarded(|| Ok(database.begin_write()?));
    let mut transaction = match begun {
        Ok(transaction) => transaction,
        Err(fault) => return Ending::NotDone(fault),
    };
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    let made = guarded(|| make(&mut Transaction::new(&transaction, seal)));
    match made {
        Ok(Wish::Commit(outcome)) => match guarded(|| commit(transaction)) {
            Ok(Committed::Durably) => Ending::Done(outcome),
            Ok(Committed::RolledBack(fault)) => Ending::NotDone(fault),
            Err(fault) => Ending::InDoubt(fault),
        },
        Ok(Wish::Drop(outcome)) => match guarded(|| Ok(transaction.abort()?)) {
            Ok(()) => Ending::Done(outcome),
            Err(fault) => Ending::NotDone(fault),
        },
        Err(fault) => {
            // Whether the abort works or not, nothing was committed.
            let _: Result<(), StoreError> = guarded(|| Ok(transaction.abort()?));
            Ending::NotDone(fault)
        }
    }
}

/// What became of a commit that did not fail.
enum Committed {
    Durably,
    RolledBack(StoreError),
}

fn commit(transaction: WriteTransaction) -> Result<Committed, StoreError> {
    match transaction.commit() {
        Ok(()) => Ok(Committed::Durably),
        // redb rolls such a transaction back itself: an operation in it had failed half-way.
        Err(fault @ redb::CommitError::TransactionPoisoned) => Ok(Committed::RolledBack(fault.into())),
        Err(fault) => Err(fault.into()),
    }
}

impl<'t> Transaction<'t> {
    fn new(transaction: &'t WriteTransaction, seal: &'t Seal) -> Self {
        Self {
            transaction,
            tables: Table::ALL.into_iter().map(|_| OnceCell::new()).collect(),
            seal,
            writes: 0,
        }
    }

    /// Makes every table that is not there yet.
    pub(super) fn make_tables(&self) -> Result<(), StoreError> {
        Table::ALL.into_iter().try_for_each(|table| self.table(table).map(drop))
    }

    /// How many rows were put or removed so far.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// Puts a row, over the one that may be there.
    pub(crate) fn put<R: Row>(&mut self, key: &R::Key, value: &R::Value) -> Result<(), StoreError> {
        let bytes = R::key(key);
        let sealed = self.seal.seal(R::TABLE.number(), &bytes, R::payload(value));
        self.put_raw(R::TABLE, &bytes, &sealed)
    }

    /// Puts a value as it is to stand in the file.
    pub(crate) fn put_raw(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.writes += 1;
        self.table_mut(table)?.insert(key, value)?;
        Ok(())
    }

    /// Removes the row at `key`, if there is one.
    pub(crate) fn remove<R: Row>(&mut self, key: &R::Key) -> Result<(), StoreError> {
        self.writes += 1;
        self.table_mut(R::TABLE)?.remove(R::key(key).as_slice())?;
        Ok(())
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: Table) -> Result<u64, StoreError> {
        use redb::ReadableTableMetadata as _;
        Ok(self.table(table)?.len()?)
    }

    fn table(&self, table: Table) -> Result<&OpenTable<'t>, StoreError> {
        let place = self.tables.get(table as usize).ok_or(StoreError::Closed)?;
        if let Some(open) = place.get() {
            return Ok(open);
        }
        let open = self.transaction.open_table(table.definition())?;
        Ok(place.get_or_init(|| open))
    }

    fn table_mut(&mut self, table: Table) -> Result<&mut OpenTable<'t>, StoreError> {
        self.table(table)?;
        let place = self.tables.get_mut(table as usize);
        let open = place.and_then(OnceCell::get_mut).ok_or(StoreError::Closed)?;
        debug_assert_eq!(open.name(), table.name());
        Ok(open)
    }
}

impl Source for Transaction<'_> {
    fn seal(&self) -> &Seal {
        self.seal
    }

    fn raw(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        read::raw(self.table(table)?, key)
    }

    fn walk_raw(&self, table: Table, bounds: &Bounds, visit: Visit<'_>) -> Result<(), StoreError> {
        read::walk(self.table(table)?, bounds, visit)
    }
}
