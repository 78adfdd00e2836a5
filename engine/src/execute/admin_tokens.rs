//! Issuing and revoking administrators' tokens.

use tollgate_core::{TokenId, TokenKind, TokenText};

use super::tokens::{Drawn, accept_second, draw};
use super::{Batch, Execute, Fault, described};
use crate::command::{IssueAdminToken, IssuedAdminToken, Refusal, RevokeAdminToken};
use crate::record::{AdminToken, AdminTokenRow};
use crate::store::{AdminTokens, Number, Source as _};

impl Execute for IssueAdminToken {
    type Answer = Drawn<AdminToken>;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Drawn<AdminToken>, Fault> {
        let Self { name, role, expires_at } = self;
        if let Some(expires_at) = expires_at {
            accept_second(expires_at.as_seconds(), expires_at)?;
            let after = batch.now();
            if expires_at <= after {
                return Err(Refusal::NeverValid { expires_at, after }.into());
            }
        }
        let id = TokenId(batch.next(Number::NextToken)?);
        let (bits, digest) = draw(batch, TokenKind::Admin)?;
        let token = AdminToken {
            id,
            name,
            role,
            issued_at: batch.now(),
            expires_at,
            revoked_at: None,
        };

        batch.took(Number::NextToken, id.0)?;
        write(
            batch,
            AdminTokenRow {
                token: token.clone(),
                digest,
            },
        )?;
        batch.did("admin_token.issue", &id.0, None, Some(described::admin_token(&token)));
        Ok(Drawn { bits, record: token })
    }
}

impl From<Drawn<AdminToken>> for IssuedAdminToken {
    fn from(Drawn { bits, record }: Drawn<AdminToken>) -> Self {
        let token = TokenText::from_entropy(TokenKind::Admin, &bits);
        Self { token, record }
    }
}

impl Execute for RevokeAdminToken {
    type Answer = AdminToken;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<AdminToken, Fault> {
        let row = batch.rows.row::<AdminTokens>(&self.id)?;
        let before = row.ok_or(Refusal::NoSuchToken { id: self.id })?;
        if before.token.revoked_at.is_some() {
            return Ok(before.token);
        }
        let token = AdminToken {
            revoked_at: Some(batch.now()),
            ..before.token.clone()
        };
        let digest = before.digest;

        write(
            batch,
            AdminTokenRow {
                token: token.clone(),
                digest,
            },
        )?;
        let (was, is) = (described::admin_token(&before.token), described::admin_token(&token));
        batch.did("admin_token.revoke", &self.id.0, Some(was), Some(is));
        Ok(token)
    }
}

fn write(batch: &mut Batch<'_, '_>, row: AdminTokenRow) -> Result<(), Fault> {
    batch.put::<AdminTokens>(&row.token.id, &row)?;
    batch.admin_tokens.push(row);
    Ok(())
}
