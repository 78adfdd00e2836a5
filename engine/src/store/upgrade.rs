//! Stores of older formats, brought to the present one in one transaction when they are opened.
//!
//! A crash leaves the old format or the new one. An older version of Tollgate refuses what was upgraded: it would change records
//! and leave no trace in the audit trail.

use redb::{ReadableDatabase as _, TableHandle as _};

use super::Store;
use super::fault::StoreError;
use super::open::{FORMAT, FORMAT_KEY, OpenError, refuse_other_key};
use super::row::{Meta, Number};
use super::tables::Table;
use super::transaction::{Ending, Transaction, Wish};

/// Stores of format 2 whose last writer knew no feed tokens get the table for them. It makes no other format: a version without
/// it opens the store as before, neither reads nor changes that table, and serves no feed.
///
/// Only that table may be missing; where another one is, the store is damaged, and must not be made to look as if it were empty.
pub(super) fn complete(store: &Store) -> Result<(), OpenError> {
    let missing = store.with_database(|database| {
        let there: Vec<String> = database
            .begin_read()?
            .list_tables()?
            .map(|table| table.name().to_owned())
            .collect();
        let absent = |table: &Table| !there.iter().any(|name| name == table.name());
        Ok(Table::ALL.into_iter().filter(absent).collect::<Vec<_>>())
    });
    if missing.map_err(|fault| store.fault(fault))? != [Table::FeedTokens] {
        return Ok(());
    }
    write(store, |_| Ok(()))
}

/// Format 1 had no audit trail, no administrators' tokens, no imported tokens and no idempotency keys. Tables that are missing
/// are made when a transaction begins.
pub(super) fn from_1(store: &Store) -> Result<(), OpenError> {
    write(store, |rows| {
        rows.put_raw(Table::Meta, FORMAT_KEY, &FORMAT.to_be_bytes())?;
        rows.put::<Meta>(&Number::NextAudit, &1)
    })
}

/// One transaction with all tables. A store under another key is left as it is.
fn write(store: &Store, make: impl FnOnce(&mut Transaction<'_>) -> Result<(), StoreError>) -> Result<(), OpenError> {
    let written = store.transact(|rows| {
        if let Err(refused) = refuse_other_key(store, rows) {
            return Ok(Wish::Drop(Err(refused)));
        }
        make(rows)?;
        Ok(Wish::Commit(Ok(())))
    });
    match written {
        Ending::Done(outcome) => outcome,
        Ending::NotDone(fault) | Ending::InDoubt(fault) => Err(store.fault(fault)),
    }
}
