//! Issuing, redeeming and burning authorization codes.

use tollgate_core::{Timestamp, TokenDigest, TokenKind, TokenText};

use super::super::tokens::{Bits, draw};
use super::super::{Batch, Execute, Fault};
use super::access::{NewTokens, note, prepare};
use super::described;
use super::families::{Because, begin_family, revoke_family};
use super::{accept, accept_len, accept_session, end_of, is_covered, usable};
use crate::client::{ClientAuthentication, Grant};
use crate::granting::{
    BurnCode, CodeRow, CodeSpent, FamilyRow, GrantFault, IssueCode, IssuedCode, RedeemCode, Redeemed,
};
use crate::record::FamilyId;
use crate::store::{Codes, Number, Source as _};

/// Most bytes of a redirect URL.
const URL_MOST: usize = 2_000;
/// Most bytes of a nonce.
const NONCE_MOST: usize = 1_000;

/// A new code on its way to its caller: its bits stand in one place, which is wiped.
pub struct NewCode {
    bits: Bits,
    expires_at: Timestamp,
}

impl From<NewCode> for IssuedCode {
    fn from(NewCode { bits, expires_at }: NewCode) -> Self {
        let code = TokenText::from_entropy(TokenKind::Code, &bits);
        Self { code, expires_at }
    }
}

impl Execute for IssueCode {
    type Answer = NewCode;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<NewCode, Fault> {
        let Self {
            to,
            redirect_url,
            redirect_said,
            issuer,
            challenge,
            nonce,
            auth_time,
            session,
        } = self;
        accept_len(&redirect_url, URL_MOST)?;
        accept_len(issuer.as_deref().unwrap_or_default(), URL_MOST)?;
        accept_len(nonce.as_deref().unwrap_or_default(), NONCE_MOST)?;
        let (user, client, grantee) = accept(batch, &to, Grant::AuthorizationCode)?;
        if challenge.is_none() && client.client.authentication == ClientAuthentication::Public {
            return Err(GrantFault::NoChallenge.into());
        }
        accept_session(batch, session, user.id)?;
        if client.client.consent && !is_covered(batch, &grantee)? {
            return Err(GrantFault::NoConsent.into());
        }
        let (bits, digest) = draw(batch, TokenKind::Code)?;
        let issued_at = batch.now();
        let expires_at = issued_at.plus_millis(IssueCode::LIFETIME_S * 1_000);
        let did = described::code(&grantee, &user.name, expires_at);
        let row = CodeRow {
            grantee,
            redirect_url,
            redirect_said,
            issuer,
            challenge,
            nonce,
            auth_time,
            session,
            consented: client.client.consent,
            issued_at,
            expires_at,
            spent: None,
        };

        batch.put::<Codes>(&digest, &row)?;
        batch.did("code.issue", &to.client, None, Some(did));
        Ok(NewCode { bits, expires_at })
    }
}

/// What becomes of a presented code, with bits instead of texts.
pub enum Redemption {
    Granted(Box<NewTokens>),
    Spent,
}

impl From<Redemption> for Redeemed {
    fn from(redemption: Redemption) -> Self {
        match redemption {
            Redemption::Granted(tokens) => Self::Granted(Box::new((*tokens).into())),
            Redemption::Spent => Self::Spent,
        }
    }
}

impl Execute for RedeemCode {
    type Answer = Redemption;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Redemption, Fault> {
        let digest = self.code.0;
        let row = batch.rows.row::<Codes>(&digest)?.ok_or(GrantFault::Unknown)?;
        // What was spent, or came from elsewhere, is dealt with before anything that could refuse.
        if row.spent.is_some() || row.grantee.client_number != self.client_number {
            spend(batch, digest, row, Because::OtherClient)?;
            return Ok(Redemption::Spent);
        }
        if batch.now() >= row.expires_at {
            return Err(GrantFault::Expired.into());
        }
        let (user, client) = usable(batch, &row.grantee, Grant::AuthorizationCode)?;
        accept_session(batch, row.session, user.id)?;
        if row.consented && !is_covered(batch, &row.grantee)? {
            return Err(GrantFault::NoConsent.into());
        }
        let first = batch.next(Number::NextToken)?;
        let id = FamilyId(first);
        let family = FamilyRow {
            grantee: row.grantee.clone(),
            grant: Grant::AuthorizationCode,
            auth_time: row.auth_time,
            session: row.session,
            issuer: row.issuer.clone(),
            consented: row.consented,
            begun_at: batch.now(),
            refreshed_at: None,
            ends_at: end_of(batch, self.refresh.unwrap_or(self.lifetime_s))?,
            revoked_at: None,
        };
        let ends_at = Some(family.ends_at);
        let prepared = prepare(
            batch,
            first.saturating_add(1),
            user,
            self.text,
            self.lifetime_s,
            ends_at,
        )?;
        let tokens = begin_family(batch, id, &family, &client, prepared, self.refresh.is_some())?;
        let spent = CodeSpent {
            at: batch.now(),
            family: Some(id),
        };
        let row = CodeRow {
            spent: Some(spent),
            ..row
        };
        batch.put::<Codes>(&digest, &row)?;
        note(batch, Grant::AuthorizationCode, &tokens);
        Ok(Redemption::Granted(Box::new(tokens)))
    }
}

impl Execute for BurnCode {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let digest = self.code.0;
        let row = batch.rows.row::<Codes>(&digest)?.ok_or(GrantFault::Unknown)?;
        spend(batch, digest, row, Because::Mismatch)
    }
}

/// Spends a code without a grant. Where it was spent before, what came of it is taken back.
fn spend(batch: &mut Batch<'_, '_>, digest: TokenDigest, row: CodeRow, because: Because) -> Result<(), Fault> {
    match row.spent {
        Some(CodeSpent {
            family: Some(family), ..
        }) => revoke_family(batch, family, Because::Repeated),
        Some(CodeSpent { family: None, .. }) => Ok(()),
        None => {
            let at = batch.now();
            let client = row.grantee.client.clone();
            let spent = Some(CodeSpent { at, family: None });
            batch.put::<Codes>(&digest, &CodeRow { spent, ..row })?;
            batch.did("code.burn", &client, None, Some(described::burnt(because.words())));
            Ok(())
        }
    }
}
