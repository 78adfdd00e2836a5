//! Reading rows, inside a write transaction or from one consistent view of the store.

use std::ops::{Bound, ControlFlow};
use std::sync::OnceLock;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::fault::{Damage, StoreError};
use super::guard::guarded;
use super::row::Row;
use super::tables::Table;
use crate::seal::Seal;

/// What rows are looked for: from one key to another.
pub(crate) type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// All rows of a table.
pub(crate) const EVERYTHING: Bounds = (Bound::Unbounded, Bound::Unbounded);

/// Rows whose keys begin with eight bytes of `number`.
pub(crate) fn beginning_with(number: u64) -> Bounds {
    let end = number
        .checked_add(1)
        .map_or(Bound::Unbounded, |next| Bound::Excluded(next.to_be_bytes().to_vec()));
    (Bound::Included(number.to_be_bytes().to_vec()), end)
}

/// What is called with each raw row in turn: key, then value.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>;

/// Something rows can be read from.
pub(crate) trait Source {
    /// What opens their seals.
    fn seal(&self) -> &Seal;
    /// The value at `key` as it stands in the file.
    fn raw(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Every row within `bounds`, in order of keys, until `visit` breaks off.
    fn walk_raw(&self, table: Table, bounds: &Bounds, visit: Visit<'_>) -> Result<(), StoreError>;

    /// The row at `key`.
    fn row<R: Row>(&self, key: &R::Key) -> Result<Option<R::Value>, StoreError> {
        let bytes = R::key(key);
        let Some(value) = self.raw(R::TABLE, &bytes)? else {
            return Ok(None);
        };
        Ok(Some(open::<R>(self.seal(), &bytes, key, &value)?))
    }

    /// The row at `key`, which every sound store has.
    fn row_that_must_be<R: Row>(&self, key: &R::Key) -> Result<R::Value, StoreError> {
        let missing = || Damage::new(R::TABLE, &R::key(key), "expected a row here, but there is none");
        self.row::<R>(key)?.ok_or_else(|| missing().into())
    }

    /// Every row within `bounds`, in order of keys, until `visit` breaks off.
    fn walk<R: Row>(
        &self,
        bounds: &Bounds,
        mut visit: impl FnMut(R::Key, R::Value) -> ControlFlow<()>,
    ) -> Result<(), StoreError>
    where
        Self: Sized,
    {
        self.walk_raw(R::TABLE, bounds, &mut |bytes, value| {
            let (key, value) = read::<R>(self.seal(), bytes, value)?;
            Ok(visit(key, value))
        })
    }
}

/// Key and value of a raw row, after its seal has been opened.
pub(crate) fn read<R: Row>(seal: &Seal, bytes: &[u8], value: &[u8]) -> Result<(R::Key, R::Value), Damage> {
    let key = R::read_key(bytes).ok_or_else(|| Damage::new(R::TABLE, bytes, "expected another form of key"))?;
    let value = open::<R>(seal, bytes, &key, value)?;
    Ok((key, value))
}

fn open<R: Row>(seal: &Seal, bytes: &[u8], key: &R::Key, value: &[u8]) -> Result<R::Value, Damage> {
    let payload = seal.open(R::TABLE.number(), bytes, value);
    let payload = payload.map_err(|_| Damage::new(R::TABLE, bytes, "its seal does not fit its value"))?;
    R::read(key, payload).map_err(|fault| Damage::new(R::TABLE, bytes, fault))
}

/// The store at one moment: what commits later does not show here.
pub(crate) struct ReadView {
    transaction: ReadTransaction,
    /// Opened when they are first needed: most readers need few.
    tables: Vec<OnceLock<ReadOnlyTable<&'static [u8], &'static [u8]>>>,
    seal: Seal,
}

impl ReadView {
    pub(super) fn new(transaction: ReadTransaction, seal: Seal) -> Self {
        Self {
            transaction,
            tables: Table::ALL.into_iter().map(|_| OnceLock::new()).collect(),
            seal,
        }
    }

    fn table(&self, table: Table) -> Result<&ReadOnlyTable<&'static [u8], &'static [u8]>, StoreError> {
        let place = self.tables.get(table as usize).ok_or(StoreError::Closed)?;
        if let Some(open) = place.get() {
            return Ok(open);
        }
        let open = self.transaction.open_table(table.definition())?;
        Ok(place.get_or_init(|| open))
    }
}

impl Source for ReadView {
    fn seal(&self) -> &Seal {
        &self.seal
    }

    fn raw(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| raw(self.table(table)?, key))
    }

    fn walk_raw(&self, table: Table, bounds: &Bounds, visit: Visit<'_>) -> Result<(), StoreError> {
        guarded(|| walk(self.table(table)?, bounds, visit))
    }
}

pub(super) fn raw(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(table.get(key)?.map(|value| value.value().to_vec()))
}

pub(super) fn walk(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    bounds: &Bounds,
    visit: Visit<'_>,
) -> Result<(), StoreError> {
    let (from, to) = bounds;
    let bounds = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
    for row in table.range::<&[u8]>(bounds)? {
        let (key, value) = row?;
        if visit(key.value(), value.value())?.is_break() {
            break;
        }
    }
    Ok(())
}
