//! Grants as callers see them.

use tollgate_core::{Timestamp, TokenDigest, TokenId, TokenKind, UserId};

use crate::granting::{AccessToken, FamilyRow, GrantId, GrantedTo, HeldGrant, HeldSession, SessionId, SessionRow};
use crate::record::{FamilyId, TokenRow};
use crate::store::{Authorities, Families, GrantsByUser, Source, StoreError, Tokens, Users};

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

/// A grant as the store keeps it.
pub(crate) enum Held {
    Family(FamilyId, FamilyRow),
    Token(TokenRow),
}

impl Held {
    /// What names it.
    pub(crate) fn id(&self) -> GrantId {
        match self {
            Self::Family(id, _) => GrantId(id.0),
            Self::Token(token) => GrantId(token.id.0),
        }
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> UserId {
        match self {
            Self::Family(_, family) => family.grantee.user,
            Self::Token(token) => token.user,
        }
    }

    /// The number of the client that has it.
    pub(crate) fn client_number(&self, source: &impl Source) -> Result<u64, StoreError> {
        match self {
            Self::Family(_, family) => Ok(family.grantee.client_number),
            Self::Token(token) => client_of(source, token),
        }
    }

    /// Whether anything of it is of use at `now`.
    pub(crate) fn is_in_use(&self, now: Timestamp) -> bool {
        match self {
            Self::Family(_, family) => now < family.ended_at(),
            Self::Token(token) => {
                let end = token.validity.expires_at_s.map(u64::from).unwrap_or(u64::MAX);
                token.revoked_at.is_none() && now.as_seconds() < end
            }
        }
    }
}

/// The number of the client that an access token was issued to.
pub(crate) fn client_of(source: &impl Source, token: &TokenRow) -> Result<u64, StoreError> {
    match token.authority {
        Some(authority) => Ok(source.row_that_must_be::<Authorities>(&authority)?.client_number),
        None => Ok(0),
    }
}

/// The grant of an id. That of an access token of a family means the family.
pub(crate) fn held(source: &impl Source, id: GrantId) -> Result<Option<Held>, StoreError> {
    let family = |id: FamilyId| Ok(source.row::<Families>(&id)?.map(|row| Held::Family(id, row)));
    if let Some(held) = family(FamilyId(id.0))? {
        return Ok(Some(held));
    }
    let token = source.row::<Tokens>(&TokenId(id.0))?;
    match token.filter(|row| row.kind == TokenKind::Access && row.authority.is_some()) {
        Some(row) => match row.family {
            Some(id) => family(id),
            None => Ok(Some(Held::Token(row))),
        },
        None => Ok(None),
    }
}

/// A grant as callers see it; none where its user is gone.
pub(crate) fn held_shown(source: &impl Source, held: &Held) -> Result<Option<HeldGrant>, StoreError> {
    let Some(user) = source.row::<Users>(&held.user())? else {
        return Ok(None);
    };
    Ok(match held {
        Held::Family(id, row) => Some(HeldGrant {
            id: GrantId(id.0),
            to: row.grantee.clone().shown(user.name),
            grant: row.grant,
            is_family: true,
            begun_at: row.begun_at,
            refreshed_at: row.refreshed_at,
            ends_at: row.ends_at,
            revoked_at: row.revoked_at,
        }),
        Held::Token(row) => {
            let id = GrantId(row.id.0);
            let grant = source.row_that_must_be::<GrantsByUser>(&(row.user, id))?;
            access_token(source, row)?.map(|token| HeldGrant {
                id,
                grant,
                is_family: false,
                begun_at: token.issued_at,
                refreshed_at: None,
                ends_at: token.expires_at,
                revoked_at: token.revoked_at,
                to: GrantedTo {
                    client: token.client,
                    client_number: token.client_number,
                    user: token.user,
                    scopes: token.scopes,
                    audiences: token.audiences,
                },
            })
        }
    })
}

/// A login in a browser as callers see it; none where it does not hold at `now`.
pub(crate) fn session_held(
    source: &impl Source,
    digest: TokenDigest,
    row: &SessionRow,
    now: Timestamp,
) -> Result<Option<HeldSession>, StoreError> {
    let user = source.row::<Users>(&row.user)?.filter(|user| user.active);
    let holds = now < row.expires_at && super::password_epoch(source, row.user)? == row.password_epoch;
    Ok(user.filter(|_| holds).map(|user| HeldSession {
        id: SessionId(digest),
        user: user.name,
        auth_time: row.auth_time,
        begun_at: row.begun_at,
        expires_at: row.expires_at,
    }))
}
