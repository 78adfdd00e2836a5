//! Issuing and revoking access tokens.

use tollgate_core::{AuthorityId, Timestamp, TokenDigest, TokenId, TokenKind, TokenText, Validity};

use super::super::authorities::Needed;
use super::super::tokens::{Bits, draw, write_token};
use super::super::{Batch, Execute, Fault};
use super::described;
use super::families::{begin_family, leaving, let_go, link};
use super::held::list;
use super::texts::{accept_new, issued_alike};
use super::{accept, end_of};
use crate::client::{ClientRow, Grant};
use crate::command::Refusal;
use crate::facts;
use crate::granting::{
    AccessText, AccessToken, FamilyRow, GrantFault, GrantId, Grantee, IssueAccess, IssuedAccess, RevokeAccess,
};
use crate::record::{FamilyId, TokenRow, UserRow};
use crate::store::{Number, Source as _, Tokens, TokensByUser};

/// Access and refresh tokens on their way to their caller: their bits stand in one place each, which is wiped.
pub struct NewTokens {
    pub(super) access: Option<Bits>,
    pub(super) refresh: Option<Bits>,
    pub(super) record: AccessToken,
    pub(super) family: Option<FamilyId>,
}

impl From<NewTokens> for IssuedAccess {
    fn from(tokens: NewTokens) -> Self {
        let text = |kind, bits: Option<Bits>| bits.map(|bits| TokenText::from_entropy(kind, &bits));
        Self {
            token: text(TokenKind::Access, tokens.access),
            refresh: text(TokenKind::Refresh, tokens.refresh),
            record: tokens.record,
            family: tokens.family,
        }
    }
}

/// What a new access token needs: all of it is read, drawn and refused before the first write.
pub(super) struct Prepared {
    pub(super) id: TokenId,
    bits: Option<Bits>,
    digest: TokenDigest,
    expires_at: Timestamp,
    user: UserRow,
}

/// Prepares an access token of `user` that gets the number `id`, and ends with its family at the latest.
pub(super) fn prepare(
    batch: &Batch<'_, '_>,
    id: u64,
    user: UserRow,
    text: AccessText,
    lifetime_s: u32,
    no_later_than: Option<Timestamp>,
) -> Result<Prepared, Fault> {
    let end = end_of(batch, lifetime_s)?;
    let expires_at = no_later_than.map_or(end, |latest| latest.min(end));
    if expires_at.as_seconds() <= batch.now().as_seconds() {
        return Err(GrantFault::Expired.into());
    }
    let (bits, digest) = match text {
        AccessText::Opaque => {
            let (bits, digest) = draw(batch, TokenKind::Access)?;
            (Some(bits), digest)
        }
        AccessText::Jwt(digest) => (None, accept_new(batch, digest.0)?),
    };
    let id = TokenId(id);
    Ok(Prepared {
        id,
        bits,
        digest,
        expires_at,
        user,
    })
}

/// Writes an access token that was prepared.
pub(super) fn put_access(
    batch: &mut Batch<'_, '_>,
    prepared: Prepared,
    grantee: Grantee,
    authority: AuthorityId,
    family: Option<FamilyId>,
) -> Result<NewTokens, Fault> {
    let Prepared {
        id,
        bits,
        digest,
        expires_at,
        user,
    } = prepared;
    let expires_at_s = super::super::tokens::accept_second(expires_at.as_seconds(), expires_at)?;
    let row = TokenRow {
        id,
        kind: TokenKind::Access,
        digest,
        user: user.id,
        validity: Validity {
            not_before_s: None,
            expires_at_s: Some(expires_at_s),
        },
        issued_at: batch.now(),
        revoked_at: None,
        authority: Some(authority),
        family,
    };
    batch.took(Number::NextToken, id.0)?;
    batch.put::<TokensByUser>(&(user.id, id), &())?;
    write_token(batch, None, &row)?;
    if let Some(family) = family {
        link(batch, family, id)?;
    }
    let to = grantee.shown(user.name);
    let record = AccessToken {
        id,
        user: to.user,
        client: to.client,
        client_number: to.client_number,
        scopes: to.scopes,
        audiences: to.audiences,
        issued_at: row.issued_at,
        expires_at: Timestamp::from_seconds(u64::from(expires_at_s)),
        revoked_at: None,
    };
    Ok(NewTokens {
        access: bits,
        refresh: None,
        record,
        family,
    })
}

impl Execute for IssueAccess {
    type Answer = NewTokens;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<NewTokens, Fault> {
        let Self {
            to,
            text,
            lifetime_s,
            grant,
            refresh,
        } = self;
        let (user, client, grantee) = accept(batch, &to, grant)?;
        let first = batch.next(Number::NextToken)?;
        let Some(refresh_s) = refresh else {
            if let Some(record) = issued_alike(batch, text, &grantee, end_of(batch, lifetime_s)?)? {
                let tokens = NewTokens {
                    access: None,
                    refresh: None,
                    record,
                    family: None,
                };
                note(batch, grant, &tokens);
                return Ok(tokens);
            }
            let prepared = prepare(batch, first, user, text, lifetime_s, None)?;
            let needed = Needed {
                user: grantee.user,
                until: prepared.expires_at,
            };
            let authority = batch.authority(&client, &grantee.scopes, &grantee.audiences, needed)?;
            let (user, client_number) = (prepared.user.id, grantee.client_number);
            let tokens = put_access(batch, prepared, grantee, authority, None)?;
            list(batch, GrantId(tokens.record.id.0), user, client_number, grant)?;
            note(batch, grant, &tokens);
            return Ok(tokens);
        };
        let family = FamilyRow {
            grantee: grantee.clone(),
            grant,
            auth_time: batch.now(),
            session: None,
            issuer: None,
            consented: false,
            begun_at: batch.now(),
            refreshed_at: None,
            ends_at: end_of(batch, refresh_s)?,
            revoked_at: None,
        };
        let prepared = prepare(
            batch,
            first.saturating_add(1),
            user,
            text,
            lifetime_s,
            Some(family.ends_at),
        )?;
        let begun = begin_family(batch, FamilyId(first), &family, &client, prepared, true)?;
        note(batch, grant, &begun);
        Ok(begun)
    }
}

/// Writes down that something was granted.
pub(super) fn note(batch: &mut Batch<'_, '_>, grant: Grant, tokens: &NewTokens) {
    let action = match grant {
        Grant::Password => "grant.password",
        Grant::ClientCredentials => "grant.client_credentials",
        Grant::AuthorizationCode => "grant.authorization_code",
        Grant::RefreshToken => "grant.refresh_token",
        Grant::Saml => "grant.saml2",
    };
    let after = described::granted(&tokens.record, tokens.family);
    batch.did(action, &tokens.record.client, None, Some(after));
}

impl Execute for RevokeAccess {
    type Answer = AccessToken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<AccessToken, Fault> {
        let missing = || Refusal::NoSuchToken { id: self.id };
        let row = batch.rows.row::<Tokens>(&self.id)?.ok_or_else(missing)?;
        let shown = facts::access_token(batch.rows, &row)?.ok_or_else(missing)?;
        if row.revoked_at.is_some() {
            return Ok(shown);
        }
        let revoked = revoke(batch, &row)?;
        let is = AccessToken {
            revoked_at: revoked.revoked_at,
            ..shown.clone()
        };
        let (before, after) = (described::granted(&shown, None), described::granted(&is, None));
        batch.did("token.revoke", &self.id.0, Some(before), Some(after));
        Ok(is)
    }
}

/// Takes an access token back.
pub(super) fn revoke(batch: &mut Batch<'_, '_>, before: &TokenRow) -> Result<TokenRow, Fault> {
    let row = TokenRow {
        revoked_at: Some(batch.now()),
        ..before.clone()
    };
    write_token(batch, Some(before), &row)?;
    Ok(row)
}

/// Adds an access token to a family that has been there before.
pub(super) fn add_to_family(
    batch: &mut Batch<'_, '_>,
    family: FamilyId,
    client: &ClientRow,
    prepared: Prepared,
    grantee: Grantee,
) -> Result<NewTokens, Fault> {
    let leaving = leaving(batch, family)?;
    let needed = Needed {
        user: grantee.user,
        until: prepared.expires_at,
    };
    let authority = batch.authority(client, &grantee.scopes, &grantee.audiences, needed)?;
    let_go(batch, family, leaving)?;
    put_access(batch, prepared, grantee, authority, Some(family))
}
