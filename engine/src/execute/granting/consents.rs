//! Giving and withdrawing consent.

use tollgate_core::{Audience, ScopeSet};

use super::super::{Batch, Execute, Fault};
use super::{described, enabled};
use crate::client::Client;
use crate::granting::{Consent, ConsentPart, ConsentRow, GiveConsent, GrantFault, WithdrawConsent};
use crate::store::{Consents, Source as _};

impl Execute for GiveConsent {
    type Answer = Consent;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Consent, Fault> {
        let user = batch.user(&self.user)?;
        let client = enabled(batch, &self.client, self.client_number)?.client;
        if !user.active {
            return Err(GrantFault::UserUnusable.into());
        }
        if !self.scopes.is_subset_of(&client.scopes) {
            return Err(GrantFault::Beyond.into());
        }
        let key = (user.id, client.number);
        let before = batch.rows.row::<Consents>(&key)?;
        let parts = before.as_ref().map(|row| row.parts.clone()).unwrap_or_default();
        let row = ConsentRow {
            client: client.name.clone(),
            parts: joined(parts, &client, &self.scopes, self.audiences)?,
            given_at: batch.now(),
        };

        batch.put::<Consents>(&key, &row)?;
        let was = before.as_ref().map(|row| described::consent(row, &user.name));
        let is = described::consent(&row, &user.name);
        batch.did("consent.give", &client.name, was, Some(is));
        Ok(Consent {
            scopes: row.scopes(),
            audiences: row.audiences(),
            client: row.client,
            client_number: client.number,
            given_at: row.given_at,
            parts: row.parts,
        })
    }
}

/// What was agreed to before, as far as the client may still have it, and what is agreed to now.
fn joined(
    before: Vec<ConsentPart>,
    client: &Client,
    now: &ScopeSet,
    mut audiences: Vec<Audience>,
) -> Result<Vec<ConsentPart>, Fault> {
    audiences.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    audiences.dedup();
    let (mut parts, mut all) = (Vec::new(), now.clone());
    for part in before {
        let kept = part
            .scopes
            .iter()
            .filter(|scope| client.scopes.contains(scope.as_str()));
        if part.audiences == audiences {
            let kept = kept.filter(|scope| !now.contains(scope.as_str()));
            all = ScopeSet::of(kept.chain(now.iter()).cloned()).map_err(|_| GrantFault::Beyond)?;
        } else {
            let scopes = ScopeSet::of(kept.cloned()).map_err(|_| GrantFault::Beyond)?;
            parts.push(ConsentPart { scopes, ..part });
        }
    }
    let excess = (parts.len() + 1).saturating_sub(GiveConsent::PARTS_MOST);
    parts.drain(..excess);
    parts.push(ConsentPart { audiences, scopes: all });
    Ok(parts)
}

impl Execute for WithdrawConsent {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let user = batch.user(&self.user)?;
        let key = (user.id, self.client_number);
        let Some(before) = batch.rows.row::<Consents>(&key)? else {
            return Ok(());
        };

        batch.remove::<Consents>(&key)?;
        let was = described::consent(&before, &user.name);
        batch.did("consent.withdraw", &before.client, Some(was), None);
        Ok(())
    }
}
