//! Identifiers that must not come again.

use tollgate_core::TokenDigest;

use super::super::{Batch, Execute, Fault};
use crate::granting::{GrantFault, SpendIdentifier, Spent};
use crate::store::{Source as _, Spent as SpentRows};

impl Execute for SpendIdentifier {
    type Answer = Spent;

    /// One that comes again after its time is a first again, whether it was swept meanwhile or not.
    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Spent, Fault> {
        let now = batch.now();
        if self.until <= now {
            return Err(GrantFault::Expired.into());
        }
        let key = TokenDigest::from_bytes(self.digest());
        if batch.rows.row::<SpentRows>(&key)?.is_some_and(|until| now < until) {
            return Ok(Spent::Again);
        }

        batch.put::<SpentRows>(&key, &self.until)?;
        Ok(Spent::First)
    }
}
