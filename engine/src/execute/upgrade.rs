//! Tokens that were known by a digest of others get a keyed one, now that their text was seen.

use tollgate_core::Upgrade;

use super::{Batch, StoreFault};
use crate::change::Change;
use crate::record::TokenRow;
use crate::store::{Origins, Source as _, StoreError, Tokens};

/// Puts a token under its new digest, if it still stands under the old one. What it was imported as stays known, so that the
/// same line imported again is the same token.
///
/// The feed is told of the new place first and of the old one's end afterwards, so that no check falls between the two.
pub(crate) fn upgrade(batch: &mut Batch<'_, '_>, upgrade: &Upgrade) -> Result<(), StoreFault> {
    let done = put(batch, upgrade);
    done.map_err(StoreFault)
}

fn put(batch: &mut Batch<'_, '_>, upgrade: &Upgrade) -> Result<(), StoreError> {
    let Upgrade { token: id, from, to } = *upgrade;
    let Some(before) = batch.rows.row::<Tokens>(&id)? else {
        return Ok(());
    };
    // Another token of the same text may have come to stand there since the check, or earlier in this batch.
    let put = |change: &Change| matches!(change, Change::PutToken(token) if token.digest == to);
    if before.digest != from || batch.around.view.token(&to).is_some() || batch.changes.iter().any(put) {
        return Ok(());
    }
    let row = TokenRow { digest: to, ..before };

    batch.put::<Tokens>(&id, &row)?;
    batch.put::<Origins>(&id, &from)?;
    batch.change(Change::PutToken(row.record()));
    batch.change(Change::RemoveToken { id, digest: from });
    Ok(())
}
