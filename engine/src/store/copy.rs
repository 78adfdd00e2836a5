//! A new store with the rows of a view.

use std::fs::File;
use std::ops::{Bound, ControlFlow};
use std::path::PathBuf;

use super::fault::StoreError;
use super::read::Source as _;
use super::row::{Meta, Number};
use super::tables::Table;
use super::transaction::{Ending, Transaction, Wish};
use super::{ReadView, Store};
use crate::change::FeedIdentity;

/// Rows that one transaction copies, so that memory stays bounded.
const CHUNK_MOST: u64 = 65_536;

/// Writes every row of `view` to the empty `file`, as it stands, but for the feed's identity: what happens to the copy is
/// another history, which no reader of this store's feed may take for a continuation. Answers how many rows.
pub(crate) fn copy(view: &ReadView, file: File, feed: FeedIdentity) -> Result<u64, StoreError> {
    let store = Store::new(
        PathBuf::new(),
        super::open::builder(super::CACHE_LEN).create_file(file)?,
        view.seal().clone(),
    );
    let mut rows = 0;
    for table in Table::ALL {
        let mut from = Bound::Unbounded;
        loop {
            let (copied, last) = done(store.transact(|transaction| {
                let copied = copy_some(view, transaction, table, from.clone())?;
                Ok(Wish::Commit(copied))
            }))?;
            rows += copied;
            match last {
                Some(last) if copied == CHUNK_MOST => from = Bound::Excluded(last),
                Some(_) | None => break,
            }
        }
    }
    done(store.transact(|transaction| {
        transaction.make_tables()?;
        let identity = u128::from_be_bytes(feed.0);
        transaction.put::<Meta>(&Number::FeedHigh, &((identity >> 64) as u64))?;
        transaction.put::<Meta>(&Number::FeedLow, &(identity as u64))?;
        Ok(Wish::Commit(()))
    }))?;
    Ok(rows)
}

/// Copies one chunk, and answers its length and its last key.
fn copy_some(
    view: &ReadView,
    transaction: &mut Transaction<'_>,
    table: Table,
    from: Bound<Vec<u8>>,
) -> Result<(u64, Option<Vec<u8>>), StoreError> {
    let (mut copied, mut last) = (0, None);
    view.walk_raw(table, &(from, Bound::Unbounded), &mut |key, value| {
        transaction.put_raw(table, key, value)?;
        copied += 1;
        if copied < CHUNK_MOST {
            return Ok(ControlFlow::Continue(()));
        }
        last = Some(key.to_vec());
        Ok(ControlFlow::Break(()))
    })?;
    Ok((copied, last))
}

fn done<T>(ending: Ending<T>) -> Result<T, StoreError> {
    match ending {
        Ending::Done(outcome) => Ok(outcome),
        // A copy of unknown outcome is thrown away like one that failed.
        Ending::NotDone(fault) | Ending::InDoubt(fault) => Err(fault),
    }
}
