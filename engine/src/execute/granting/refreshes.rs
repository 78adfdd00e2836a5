//! Rotating refresh tokens.
//!
//! One that is used for the first time gets a successor and is used from then on. Presented again soon, it gets the same successor:
//! nobody can tell requests that cross from a thief within that window, and both get no more than the owner has. Presented later,
//! one of the two who have it is a thief, so all that came of the login is taken back.

use tollgate_core::{TokenDigest, TokenKind, TokenText};

use super::super::tokens::Bits;
use super::super::{Batch, Execute, Fault};
use super::access::{NewTokens, add_to_family, note, prepare};
use super::families::{Because, revoke_family};
use super::{is_covered, usable};
use crate::client::{Client, Grant};
use crate::granting::{FamilyRow, GrantFault, Grantee, REPEAT_WINDOW_S, Refresh, RefreshRow, Refreshed};
use crate::store::{Families, Number, Refreshes, Source as _};

/// What becomes of a presented refresh token, with bits instead of texts.
pub enum Rotation {
    Granted(Box<NewTokens>),
    Repeated(Box<NewTokens>),
    Reused,
}

impl From<Rotation> for Refreshed {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::Granted(tokens) => Self::Granted(Box::new((*tokens).into())),
            Rotation::Repeated(tokens) => Self::Repeated(Box::new((*tokens).into())),
            Rotation::Reused => Self::Reused,
        }
    }
}

impl Execute for Refresh {
    type Answer = Rotation;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Rotation, Fault> {
        let Self {
            refresh,
            client_number,
            scopes,
            audiences,
            text,
            lifetime_s,
        } = self;
        let row = batch
            .rows
            .row::<Refreshes>(&refresh.digest)?
            .ok_or(GrantFault::Unknown)?;
        let family = batch.rows.row::<Families>(&row.family)?.ok_or(GrantFault::Unknown)?;
        if family.revoked_at.is_some() {
            return Err(GrantFault::Revoked.into());
        }
        // What is stolen is dealt with before anything that could refuse.
        let because = theft(batch, &row, &family, client_number);
        if let Some(because) = because {
            revoke_family(batch, row.family, because)?;
            return Ok(Rotation::Reused);
        }
        let idle_ends_at = row
            .issued_at
            .plus_millis(batch.around.refresh_idle_s.saturating_mul(1_000));
        if batch.now() >= family.ends_at || (row.used_at.is_none() && batch.now() >= idle_ends_at) {
            return Err(GrantFault::Expired.into());
        }
        let (user, client) = usable(batch, &family.grantee, Grant::RefreshToken)?;
        if family.consented && !is_covered(batch, &family.grantee)? {
            return Err(GrantFault::NoConsent.into());
        }
        let grantee = narrowed(&family.grantee, &client.client, scopes, audiences)?;
        let id = batch.next(Number::NextToken)?;
        let prepared = prepare(batch, id, user, text, lifetime_s, Some(family.ends_at))?;
        let (bits, successor) = newest(batch, refresh.successor)?;

        // It may refuse, so nothing is written before.
        let mut tokens = add_to_family(batch, row.family, &client, prepared, grantee)?;
        let refreshed = FamilyRow {
            refreshed_at: Some(batch.now()),
            ..family
        };
        batch.put::<Families>(&row.family, &refreshed)?;
        tokens.refresh = Some(bits);
        note(batch, Grant::RefreshToken, &tokens);
        if row.used_at.is_some() {
            return Ok(Rotation::Repeated(Box::new(tokens)));
        }
        let now = batch.now();
        let used_at = Some(now);
        batch.put::<Refreshes>(&refresh.digest, &RefreshRow { used_at, ..row })?;
        let fresh = RefreshRow {
            family: row.family,
            issued_at: now,
            used_at: None,
        };
        batch.put::<Refreshes>(&successor, &fresh)?;
        Ok(Rotation::Granted(Box::new(tokens)))
    }
}

/// Why a presented refresh token must be a stolen one, if it must. A clock that was set back far is no excuse.
fn theft(batch: &Batch<'_, '_>, row: &RefreshRow, family: &FamilyRow, client_number: u64) -> Option<Because> {
    if family.grantee.client_number != client_number {
        return Some(Because::OtherClient);
    }
    let used_at = row.used_at?;
    let now = batch.now();
    let apart_ms = now.millis_since(used_at).max(used_at.millis_since(now));
    (apart_ms >= REPEAT_WINDOW_S * 1_000).then_some(Because::Repeated)
}

/// What the new access token may do: no more than was asked for, was granted, and the client may still have.
fn narrowed(
    granted: &Grantee,
    client: &Client,
    scopes: Option<tollgate_core::ScopeSet>,
    audiences: Option<Vec<tollgate_core::Audience>>,
) -> Result<Grantee, Fault> {
    let scopes = scopes.unwrap_or_else(|| granted.scopes.clone());
    let audiences = audiences.unwrap_or_else(|| granted.audiences.clone());
    if !scopes.is_subset_of(&granted.scopes) || !audiences.iter().all(|one| granted.audiences.contains(one)) {
        return Err(GrantFault::Beyond.into());
    }
    // A token for nobody in particular is taken for all by whoever looks at its claims alone, which is more than was granted.
    if audiences.is_empty() && !granted.audiences.is_empty() {
        return Err(GrantFault::Beyond.into());
    }
    let kept = scopes.iter().filter(|scope| client.scopes.contains(scope.as_str()));
    let scopes = tollgate_core::ScopeSet::of(kept.cloned()).map_err(|_| GrantFault::Beyond)?;
    Ok(Grantee {
        scopes,
        audiences,
        ..granted.clone()
    })
}

/// Successors that were used within the window, of which the last may have to be found.
const CHAIN_MOST: usize = 64;

/// The newest of the successors of which this is the first: all before it were used, within the window for repetitions, and whoever
/// were given one of those would be taken for a thief soon.
fn newest(batch: &Batch<'_, '_>, mut bits: Bits) -> Result<(Bits, TokenDigest), Fault> {
    for _ in 0..CHAIN_MOST {
        let token = TokenText::from_entropy(TokenKind::Refresh, &bits);
        let digest = digest(batch, &token)?;
        let row = batch.rows.row::<Refreshes>(&digest)?;
        if row.is_none_or(|row| row.used_at.is_none()) {
            return Ok((bits, digest));
        }
        bits = batch.around.derivation.successor(token.expose().as_bytes());
    }
    Err(GrantFault::Expired.into())
}

fn digest(batch: &Batch<'_, '_>, token: &TokenText) -> Result<TokenDigest, Fault> {
    let proof = token.well_formed();
    let proof = proof.map_err(|_| Fault::Failed("a new token is malformed: this is a defect".to_owned()))?;
    Ok(batch.around.digest_key.digest(proof))
}
