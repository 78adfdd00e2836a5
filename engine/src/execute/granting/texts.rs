//! Texts of JWTs that stand for tokens already.

use tollgate_core::{Audience, Timestamp, TokenDigest, TokenId};

use super::super::{Batch, Fault};
use crate::change::Change;
use crate::facts;
use crate::granting::{AccessText, AccessToken, GrantFault, Grantee, JwtDigest};
use crate::store::{Source as _, Tokens};

/// A signed text that stands for a token already cannot come to stand for another.
pub(super) fn accept_new(batch: &Batch<'_, '_>, digest: TokenDigest) -> Result<TokenDigest, Fault> {
    match standing(batch, &digest) {
        Some(_) => Err(GrantFault::IssuedBefore.into()),
        None => Ok(digest),
    }
}

/// The token that a digest stands for, as of the transaction before or of an earlier command of this one.
fn standing(batch: &Batch<'_, '_>, digest: &TokenDigest) -> Option<TokenId> {
    let before = batch.around.view.token(digest).map(|token| token.id);
    before.or_else(|| {
        batch.changes.iter().find_map(|change| match change {
            Change::PutToken(token) if token.digest == *digest => Some(token.id),
            _ => None,
        })
    })
}

/// The token that a text stands for already, where it is the very one that is asked for: of no family, not taken back, and good for
/// no longer.
pub(super) fn issued_alike(
    batch: &Batch<'_, '_>,
    text: AccessText,
    grantee: &Grantee,
    end: Timestamp,
) -> Result<Option<AccessToken>, Fault> {
    let AccessText::Jwt(JwtDigest(digest)) = text else {
        return Ok(None);
    };
    let Some(id) = standing(batch, &digest) else {
        return Ok(None);
    };
    let row = batch.rows.row::<Tokens>(&id)?;
    let row = row.filter(|row| row.user == grantee.user && row.family.is_none() && row.revoked_at.is_none());
    let Some(row) = row else { return Ok(None) };
    Ok(facts::access_token(batch.rows, &row)?.filter(|token| {
        let scopes = token.scopes.is_subset_of(&grantee.scopes) && grantee.scopes.is_subset_of(&token.scopes);
        let within = |some: &[Audience], all: &[Audience]| some.iter().all(|one| all.contains(one));
        let audiences = within(&token.audiences, &grantee.audiences) && within(&grantee.audiences, &token.audiences);
        let lasts = batch.now() < token.expires_at && token.expires_at <= end;
        token.client_number == grantee.client_number && scopes && audiences && lasts
    }))
}
