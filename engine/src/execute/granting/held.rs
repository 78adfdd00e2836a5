//! The lists of grants by whom they are of.

use tollgate_core::UserId;

use super::super::Batch;
use crate::client::Grant;
use crate::granting::GrantId;
use crate::store::{GrantsByClient, GrantsByUser, StoreError};

/// Notes a new grant under its user and its client.
pub(super) fn list(
    batch: &mut Batch<'_, '_>,
    id: GrantId,
    user: UserId,
    client_number: u64,
    grant: Grant,
) -> Result<(), StoreError> {
    batch.put::<GrantsByUser>(&(user, id), &grant)?;
    batch.put::<GrantsByClient>(&(client_number, id), &())
}

/// Takes both notes away with their grant.
pub(in super::super) fn strike(
    batch: &mut Batch<'_, '_>,
    id: GrantId,
    user: UserId,
    client_number: u64,
) -> Result<(), StoreError> {
    batch.remove::<GrantsByUser>(&(user, id))?;
    batch.remove::<GrantsByClient>(&(client_number, id))
}
