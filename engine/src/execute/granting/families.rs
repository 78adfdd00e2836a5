//! Families: beginning one, keeping its access tokens within bounds, and taking it back as a whole.

use std::ops::ControlFlow;

use tollgate_core::{TokenId, TokenKind};

use super::super::authorities::Needed;
use super::super::tokens::draw;
use super::super::{Batch, Execute, Fault};
use super::access::{NewTokens, Prepared, put_access, revoke};
use super::described;
use super::held::list;
use crate::client::ClientRow;
use crate::granting::{FamilyRow, GrantFault, GrantId, RefreshRow, RevokeFamily};
use crate::record::{FamilyId, TokenRow};
use crate::store::{Families, Refreshes, Source as _, StoreError, Tokens, TokensByFamily, beginning_with};

/// For so long an access token that has expired stays one of its family: until then a clock that was wrong may bring it back.
const LINKED_FOR_S: u64 = 24 * 3_600;

/// Writes a new family with its first access token, and its first refresh token where it `refreshes`.
pub(super) fn begin_family(
    batch: &mut Batch<'_, '_>,
    id: FamilyId,
    family: &FamilyRow,
    client: &ClientRow,
    prepared: Prepared,
    refreshes: bool,
) -> Result<NewTokens, Fault> {
    let refresh = if refreshes {
        Some(draw(batch, TokenKind::Refresh)?)
    } else {
        None
    };
    let grantee = family.grantee.clone();
    // As long as it goes on it can have a token of this authority at any time.
    let needed = Needed {
        user: grantee.user,
        until: family.ends_at,
    };
    let authority = batch.authority(client, &grantee.scopes, &grantee.audiences, needed)?;

    batch.put::<Families>(&id, family)?;
    list(batch, GrantId(id.0), grantee.user, grantee.client_number, family.grant)?;
    let mut tokens = put_access(batch, prepared, grantee, authority, Some(id))?;
    if let Some((bits, digest)) = refresh {
        let row = RefreshRow {
            family: id,
            issued_at: batch.now(),
            used_at: None,
        };
        batch.put::<Refreshes>(&digest, &row)?;
        tokens.refresh = Some(bits);
    }
    Ok(tokens)
}

/// Notes that an access token belongs to a family.
pub(super) fn link(batch: &mut Batch<'_, '_>, family: FamilyId, token: TokenId) -> Result<(), Fault> {
    Ok(batch.put::<TokensByFamily>(&(family, token), &())?)
}

/// Access tokens that a family lets go of before it gets another.
pub(super) struct Leaving(Vec<(TokenId, Option<TokenRow>)>);

/// Those that are of no use any more, and the oldest where there are too many: what a family costs when it is taken back is bounded
/// by those that stay.
pub(super) fn leaving(batch: &Batch<'_, '_>, family: FamilyId) -> Result<Leaving, Fault> {
    let now_s = batch.now().as_seconds();
    let expired = |end: u32| u64::from(end).saturating_add(LINKED_FOR_S) < now_s;
    let (mut staying, mut leaving) = (0_usize, Vec::new());
    for id in members(batch, family)?.into_iter().rev() {
        let row = batch.rows.row::<Tokens>(&id)?;
        let row = row.filter(|row| row.revoked_at.is_none() && !row.validity.expires_at_s.is_some_and(expired));
        if row.is_some() && staying.saturating_add(1) < RevokeFamily::TOKENS_MOST {
            staying += 1;
        } else {
            leaving.push((id, row));
        }
    }
    Ok(Leaving(leaving))
}

/// Lets them go; those that are of use still are taken back.
pub(super) fn let_go(batch: &mut Batch<'_, '_>, family: FamilyId, leaving: Leaving) -> Result<(), Fault> {
    for (id, row) in leaving.0 {
        if let Some(row) = row {
            revoke(batch, &row)?;
        }
        batch.remove::<TokensByFamily>(&(family, id))?;
    }
    Ok(())
}

fn members(batch: &Batch<'_, '_>, family: FamilyId) -> Result<Vec<TokenId>, StoreError> {
    let mut members = Vec::new();
    batch
        .rows
        .walk::<TokensByFamily>(&beginning_with(family.0), |(_, id), ()| {
            members.push(id);
            ControlFlow::Continue(())
        })?;
    Ok(members)
}

/// Why a family is taken back.
#[derive(Clone, Copy)]
pub(super) enum Because {
    /// Somebody asked for it.
    Asked,
    /// A code or a refresh token came a second time.
    Repeated,
    /// Another client presented what is not its own.
    OtherClient,
    /// It came with what it is not bound to.
    Mismatch,
}

impl Because {
    /// As the audit trail says it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Repeated => "presented again",
            Self::OtherClient => "presented by another client",
            Self::Mismatch => "presented with another redirect URL or a wrong verifier",
        }
    }
}

/// Takes a family back with all its tokens. One that was taken back before stays as it is.
pub(super) fn revoke_family(batch: &mut Batch<'_, '_>, id: FamilyId, because: Because) -> Result<(), Fault> {
    let before = batch.rows.row::<Families>(&id)?;
    let Some(before) = before.filter(|family| family.revoked_at.is_none()) else {
        return Ok(());
    };
    let tokens = members_in_use(batch, id)?;
    let revoked = take_back(batch, id, &before, &tokens)?;
    let action = match because {
        Because::Asked => "family.revoke",
        Because::Repeated | Because::OtherClient | Because::Mismatch => "family.reuse",
    };
    let (was, mut is) = (described::family(&before), described::family(&revoked));
    is.insert("reason".to_owned(), because.words().to_owned());
    is.insert("access_tokens".to_owned(), tokens.len().to_string());
    batch.did(action, &id.0, Some(was), Some(is));
    Ok(())
}

/// The access tokens of a family that were not taken back yet.
pub(super) fn members_in_use(batch: &Batch<'_, '_>, id: FamilyId) -> Result<Vec<TokenRow>, Fault> {
    let mut tokens = Vec::new();
    for member in members(batch, id)? {
        let row = batch.rows.row::<Tokens>(&member)?;
        tokens.extend(row.filter(|row| row.revoked_at.is_none()));
    }
    Ok(tokens)
}

/// Writes that a family was taken back with these tokens of its.
pub(super) fn take_back(
    batch: &mut Batch<'_, '_>,
    id: FamilyId,
    before: &FamilyRow,
    tokens: &[TokenRow],
) -> Result<FamilyRow, Fault> {
    let revoked = FamilyRow {
        revoked_at: Some(batch.now()),
        ..before.clone()
    };
    batch.put::<Families>(&id, &revoked)?;
    for token in tokens {
        revoke(batch, token)?;
    }
    Ok(revoked)
}

impl Execute for RevokeFamily {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        if batch.rows.row::<Families>(&self.family)?.is_none() {
            return Err(GrantFault::Unknown.into());
        }
        revoke_family(batch, self.family, Because::Asked)
    }
}
