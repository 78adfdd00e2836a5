//! Stores of older formats, brought to the present one in one transaction when they are opened.
//!
//! A crash leaves the old format or the new one. An older version of Tollgate refuses what was upgraded: it would change records
//! and leave no trace in the audit trail, or read tokens without the authority that narrows them.
//!
//! Format 1 had no audit trail, no administrators' tokens, no imported tokens and no idempotency keys. Format 2 had no clients, no
//! passwords, no grants and no routes, and feed tokens only from some version on. Rows that the old formats have are read as they
//! are.

use redb::{ReadableDatabase as _, TableHandle as _};

use super::Store;
use super::fault::Damage;
use super::open::{FORMAT, FORMAT_KEY, OpenError, refuse_other_key};
use super::read::Source as _;
use super::row::{Meta, Number};
use super::tables::Table;
use super::transaction::{Ending, Wish};

/// Refuses a store without a table that every store of its format has: it is damaged, and must not be made to look as if that table
/// had been empty.
pub(super) fn refuse_missing_tables(store: &Store, format: u64) -> Result<(), OpenError> {
    let there = store.with_database(|database| {
        let transaction = database.begin_read()?;
        let names = transaction.list_tables()?.map(|table| table.name().to_owned());
        Ok(names.collect::<Vec<_>>())
    });
    let there = there.map_err(|fault| store.fault(fault))?;
    let missing = Table::ALL
        .into_iter()
        .find(|table| table.since() <= format && !there.iter().any(|name| name == table.name()));
    match missing {
        Some(table) => Err(store.fault(Damage::new(table, b"", "expected this table, but it is not there").into())),
        None => Ok(()),
    }
}

/// Brings a store of an older format to the present one. A store under another key is left as it is.
pub(super) fn upgrade(store: &Store, format: u64) -> Result<(), OpenError> {
    let written = store.transact(|rows| {
        if let Err(refused) = refuse_other_key(store, rows) {
            return Ok(Wish::Drop(Err(refused)));
        }
        rows.make_tables()?;
        rows.put_raw(Table::Meta, FORMAT_KEY, &FORMAT.to_be_bytes())?;
        for number in Number::ALL.into_iter().filter(|number| number.since() > format) {
            // The format number is not sealed: whoever lowers it must not make numbers be given away twice.
            if rows.row::<Meta>(&number)?.is_none() {
                rows.put::<Meta>(&number, &number.first())?;
            }
        }
        Ok(Wish::Commit(Ok(())))
    });
    match written {
        Ending::Done(outcome) => outcome,
        Ending::NotDone(fault) | Ending::InDoubt(fault) => Err(store.fault(fault)),
    }
}
