//! Issuing and revoking administrators' tokens and feed tokens.

use tollgate_core::{Timestamp, TokenId, TokenKind, TokenText};

use super::tokens::{Drawn, accept_second, draw};
use super::{Batch, Execute, Fault, described};
use crate::audit::AuditFacts;
use crate::command::{
    IssueAdminToken, IssueFeedToken, IssuedAdminToken, IssuedFeedToken, Refusal, RevokeAdminToken, RevokeFeedToken,
};
use crate::record::{AdminToken, FeedToken, OperatorRow, OperatorRows, OperatorToken};
use crate::store::{AdminTokens, FeedTokens, Number, Row, Source as _};

/// What differs between the sorts.
trait Sort: OperatorToken {
    type Rows: Row<Key = TokenId, Value = OperatorRow<Self>>;
    const KIND: TokenKind;
    const ISSUE: &'static str;
    const REVOKE: &'static str;
    fn described(&self) -> AuditFacts;
    /// Those of this sort.
    fn among(rows: &mut OperatorRows) -> &mut Vec<OperatorRow<Self>>;
}

impl Sort for AdminToken {
    type Rows = AdminTokens;
    const KIND: TokenKind = TokenKind::Admin;
    const ISSUE: &'static str = "admin_token.issue";
    const REVOKE: &'static str = "admin_token.revoke";

    fn described(&self) -> AuditFacts {
        described::admin_token(self)
    }

    fn among(rows: &mut OperatorRows) -> &mut Vec<OperatorRow<Self>> {
        &mut rows.admins
    }
}

impl Sort for FeedToken {
    type Rows = FeedTokens;
    const KIND: TokenKind = TokenKind::Feed;
    const ISSUE: &'static str = "feed_token.issue";
    const REVOKE: &'static str = "feed_token.revoke";

    fn described(&self) -> AuditFacts {
        described::feed_token(self)
    }

    fn among(rows: &mut OperatorRows) -> &mut Vec<OperatorRow<Self>> {
        &mut rows.followers
    }
}

impl Execute for IssueAdminToken {
    type Answer = Drawn<AdminToken>;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Drawn<AdminToken>, Fault> {
        let Self { name, role, expires_at } = self;
        issue(batch, expires_at, |id, issued_at| AdminToken {
            id,
            name,
            role,
            issued_at,
            expires_at,
            revoked_at: None,
        })
    }
}

impl Execute for IssueFeedToken {
    type Answer = Drawn<FeedToken>;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Drawn<FeedToken>, Fault> {
        let Self { name, expires_at } = self;
        issue(batch, expires_at, |id, issued_at| FeedToken {
            id,
            name,
            issued_at,
            expires_at,
            revoked_at: None,
        })
    }
}

impl From<Drawn<AdminToken>> for IssuedAdminToken {
    fn from(Drawn { bits, record }: Drawn<AdminToken>) -> Self {
        let token = TokenText::from_entropy(TokenKind::Admin, &bits);
        Self { token, record }
    }
}

impl From<Drawn<FeedToken>> for IssuedFeedToken {
    fn from(Drawn { bits, record }: Drawn<FeedToken>) -> Self {
        let token = TokenText::from_entropy(TokenKind::Feed, &bits);
        Self { token, record }
    }
}

impl Execute for RevokeAdminToken {
    type Answer = AdminToken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<AdminToken, Fault> {
        revoke(batch, self.id)
    }
}

impl Execute for RevokeFeedToken {
    type Answer = FeedToken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<FeedToken, Fault> {
        revoke(batch, self.id)
    }
}

/// Issues what `make` makes of an id and the present moment.
fn issue<T: Sort>(
    batch: &mut Batch<'_, '_>,
    expires_at: Option<Timestamp>,
    make: impl FnOnce(TokenId, Timestamp) -> T,
) -> Result<Drawn<T>, Fault> {
    if let Some(expires_at) = expires_at {
        accept_second(expires_at.as_seconds(), expires_at)?;
        let after = batch.now();
        if expires_at <= after {
            return Err(Refusal::NeverValid { expires_at, after }.into());
        }
    }
    let id = TokenId(batch.next(Number::NextToken)?);
    let (bits, digest) = draw(batch, T::KIND)?;
    let token = make(id, batch.now());

    batch.took(Number::NextToken, id.0)?;
    batch.did(T::ISSUE, &id.0, None, Some(token.described()));
    let record = token.clone();
    write(batch, OperatorRow { token, digest })?;
    Ok(Drawn { bits, record })
}

/// Takes a token of this sort back. One of another sort is none.
fn revoke<T: Sort>(batch: &mut Batch<'_, '_>, id: TokenId) -> Result<T, Fault> {
    let row = batch.rows.row::<T::Rows>(&id)?;
    let OperatorRow { token: before, digest } = row.ok_or(Refusal::NoSuchToken { id })?;
    if before.revoked_at().is_some() {
        return Ok(before);
    }
    let token = before.clone().revoked(batch.now());

    batch.did(T::REVOKE, &id.0, Some(before.described()), Some(token.described()));
    let revoked = token.clone();
    write(batch, OperatorRow { token, digest })?;
    Ok(revoked)
}

fn write<T: Sort>(batch: &mut Batch<'_, '_>, row: OperatorRow<T>) -> Result<(), Fault> {
    batch.put::<T::Rows>(&row.token.id(), &row)?;
    T::among(&mut batch.operators).push(row);
    Ok(())
}
