//! Issuing and revoking personal access tokens.

use tollgate_core::{TokenId, TokenKind, TokenText, Validity};

use super::tokens::{Drawn, accept_second, draw, token, write_token};
use super::{Batch, Execute, Fault, described};
use crate::command::{IssuePersonalToken, IssuedPersonalToken, Refusal, RevokePersonalToken};
use crate::facts;
use crate::person::{PersonalRow, PersonalToken};
use crate::record::{TokenRow, UserRow};
use crate::store::{Number, PersonalTokens, Source as _, Tokens, TokensByUser, beginning_with};

impl Execute for IssuePersonalToken {
    type Answer = Drawn<PersonalToken>;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Drawn<PersonalToken>, Fault> {
        let user = batch.user(&self.user)?;
        let validity = self.accept(batch)?;
        refuse_one_too_many(batch, &user)?;
        let id = TokenId(batch.next(Number::NextToken)?);
        let (bits, digest) = draw(batch, TokenKind::PersonalAccess)?;
        let row = TokenRow {
            id,
            kind: TokenKind::PersonalAccess,
            digest,
            user: user.id,
            validity,
            issued_at: batch.now(),
            revoked_at: None,
            authority: None,
            family: None,
        };
        let Self { name, description, .. } = self;
        let named = PersonalRow { name, description };

        batch.took(Number::NextToken, id.0)?;
        batch.put::<TokensByUser>(&(user.id, id), &())?;
        batch.put::<PersonalTokens>(&(user.id, id), &named)?;
        write_token(batch, None, &row)?;
        let record = facts::personal_shown(&row, &named, user.name, None);
        batch.did("pat.issue", &id.0, None, Some(described::personal_token(&record)));
        Ok(Drawn { bits, record })
    }
}

impl IssuePersonalToken {
    fn accept(&self, batch: &Batch<'_, '_>) -> Result<Validity, Refusal> {
        let plain = |text: &str| !text.chars().any(char::is_control);
        if !(1..=100).contains(&self.name.len()) || !plain(&self.name) {
            return Err(Refusal::PersonalTokenName);
        }
        if self.description.len() > 1_000 || !plain(&self.description) {
            return Err(Refusal::PersonalTokenDescription);
        }
        let (after, expires_at) = (batch.now(), self.expires_at);
        let latest = after.plus_millis(Self::DAYS_MOST * 24 * 3_600 * 1_000);
        if expires_at > latest {
            return Err(Refusal::LastsTooLong { expires_at, latest });
        }
        let end = accept_second(expires_at.as_seconds(), expires_at)?;
        if expires_at.as_seconds().saturating_mul(1_000) <= after.as_millis() {
            return Err(Refusal::NeverValid { expires_at, after });
        }
        Ok(Validity {
            not_before_s: None,
            expires_at_s: Some(end),
        })
    }
}

/// Counts those of a user in the transaction that makes another, so that no two can have the last place.
fn refuse_one_too_many(batch: &Batch<'_, '_>, user: &UserRow) -> Result<(), Fault> {
    let listed = facts::rows::<PersonalTokens>(batch.rows, &beginning_with(user.id.0))?;
    let mut active = 0;
    for ((_, id), _) in &listed {
        let row = batch.rows.row_that_must_be::<Tokens>(id)?;
        active += usize::from(row.revoked_at.is_none() && !row.validity.is_over(batch.now()));
    }
    let user = user.name.clone();
    if active >= IssuePersonalToken::ACTIVE_MOST {
        return Err(Refusal::TooManyPersonalTokens { user }.into());
    }
    if listed.len() >= IssuePersonalToken::LISTED_MOST {
        return Err(Refusal::PersonalTokenListFull { user }.into());
    }
    Ok(())
}

impl From<Drawn<PersonalToken>> for IssuedPersonalToken {
    fn from(Drawn { bits, record }: Drawn<PersonalToken>) -> Self {
        let token = TokenText::from_entropy(TokenKind::PersonalAccess, &bits);
        Self { token, record }
    }
}

impl Execute for RevokePersonalToken {
    type Answer = PersonalToken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<PersonalToken, Fault> {
        let Self { user: whose, id } = self;
        let (before, user) = token(batch, id)?;
        let named = batch.rows.row::<PersonalTokens>(&(user.id, id))?;
        let is_theirs = whose.is_none_or(|name| name == user.name);
        let named = named.filter(|_| is_theirs).ok_or(Refusal::NoSuchToken { id })?;
        let last_used = facts::last_used(batch.rows, id)?;
        let shown = |row: &TokenRow| facts::personal_shown(row, &named, user.name.clone(), last_used);
        if before.revoked_at.is_some() {
            return Ok(shown(&before));
        }
        let row = TokenRow {
            revoked_at: Some(batch.now()),
            ..before.clone()
        };

        write_token(batch, Some(&before), &row)?;
        let (was, is) = (shown(&before), shown(&row));
        let described = |token| Some(described::personal_token(token));
        batch.did("pat.revoke", &id.0, described(&was), described(&is));
        Ok(is)
    }
}
