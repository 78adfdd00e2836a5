//! Stores of older formats, brought to the present one in one transaction when they are opened.
//!
//! A crash leaves the old format or the new one. An older version of Tollgate refuses what was upgraded: it would change records
//! and leave no trace in the audit trail.

use super::Store;
use super::open::{FORMAT, FORMAT_KEY, OpenError, refuse_other_key};
use super::row::{Meta, Number};
use super::tables::Table;
use super::transaction::{Ending, Wish};

/// Format 1 had no audit trail, no administrators' tokens, no imported tokens and no idempotency keys. Tables that are missing
/// are made when a transaction begins. A store under another key is left as it is.
pub(super) fn from_1(store: &Store) -> Result<(), OpenError> {
    let upgraded = store.transact(|rows| {
        if let Err(refused) = refuse_other_key(store, rows) {
            return Ok(Wish::Drop(Err(refused)));
        }
        rows.put_raw(Table::Meta, FORMAT_KEY, &FORMAT.to_be_bytes())?;
        rows.put::<Meta>(&Number::NextAudit, &1)?;
        Ok(Wish::Commit(Ok(())))
    });
    match upgraded {
        Ending::Done(outcome) => outcome,
        Ending::NotDone(fault) | Ending::InDoubt(fault) => Err(store.fault(fault)),
    }
}
