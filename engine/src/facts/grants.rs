//! Grants as callers see them.

use tollgate_core::{Timestamp, TokenKind};

use crate::granting::AccessToken;
use crate::record::TokenRow;
use crate::store::{Authorities, Source, StoreError, Users};

/// An access token as callers see it; none where the token is of another kind, or its user is gone.
pub(crate) fn access_token(source: &impl Source, row: &TokenRow) -> Result<Option<AccessToken>, StoreError> {
    let (TokenKind::Access, Some(authority), Some(end)) = (row.kind, row.authority, row.validity.expires_at_s) else {
        return Ok(None);
    };
    let Some(user) = source.row::<Users>(&row.user)? else {
        return Ok(None);
    };
    let authority = source.row_that_must_be::<Authorities>(&authority)?;
    Ok(Some(AccessToken {
        id: row.id,
        user: user.name,
        client: authority.client,
        client_number: authority.client_number,
        scopes: authority.scopes,
        audiences: authority.audiences,
        issued_at: row.issued_at,
        expires_at: Timestamp::from_seconds(u64::from(end)),
        revoked_at: row.revoked_at,
    }))
}
