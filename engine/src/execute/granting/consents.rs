//! Giving and withdrawing consent.

use tollgate_core::ScopeSet;

use super::super::{Batch, Execute, Fault};
use super::{described, enabled};
use crate::granting::{Consent, ConsentRow, GiveConsent, GrantFault, WithdrawConsent};
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
        let scopes = match &before {
            Some(before) => joined(before, &client.scopes, &self.scopes)?,
            None => self.scopes,
        };
        let row = ConsentRow {
            client: client.name.clone(),
            scopes,
            given_at: batch.now(),
        };

        batch.put::<Consents>(&key, &row)?;
        let was = before.as_ref().map(|row| described::consent(row, &user.name));
        let is = described::consent(&row, &user.name);
        batch.did("consent.give", &client.name, was, Some(is));
        Ok(Consent {
            client: row.client,
            client_number: client.number,
            scopes: row.scopes,
            given_at: row.given_at,
        })
    }
}

/// What was agreed to before, as far as the client may still have it, and what is agreed to now.
fn joined(before: &ConsentRow, may_have: &ScopeSet, now: &ScopeSet) -> Result<ScopeSet, Fault> {
    let kept = before
        .scopes
        .iter()
        .filter(|scope| may_have.contains(scope.as_str()) && !now.contains(scope.as_str()));
    let joined = ScopeSet::of(kept.chain(now.iter()).cloned());
    Ok(joined.map_err(|_| GrantFault::Beyond)?)
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
