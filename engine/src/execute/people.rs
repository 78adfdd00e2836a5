//! Passwords and profiles.

use super::{Batch, Execute, Fault, described};
use crate::change::Change;
use crate::command::{Refusal, RenewPassword, SetPassword, SetProfile};
use crate::facts;
use crate::person::{PersonRow, Profile};
use crate::record::User;
use crate::store::{People, Scope, Source as _};

impl Execute for SetPassword {
    type Answer = User;

    /// Each password has another number, so that nobody is let in by a check of an earlier one.
    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<User, Fault> {
        let user = batch.user(&self.user)?;
        let before = batch.rows.row::<People>(&user.id)?.unwrap_or_default();
        if before.password.is_none() && self.password.is_none() {
            return Ok(user);
        }
        let row = PersonRow {
            epoch: before.epoch.checked_add(1).unwrap_or(1),
            password: self.password,
            profile: before.profile.clone(),
        };
        let networks = facts::networks(batch.rows, Scope::of(user.id))?;

        batch.put::<People>(&user.id, &row)?;
        batch.change(Change::PutUser(facts::user_record(
            &user,
            row.password_epoch(),
            networks,
        )));
        let (was, is) = (described::password(&before), described::password(&row));
        batch.did("user.password", &user.name, Some(was), Some(is));
        Ok(user)
    }
}

impl Execute for RenewPassword {
    type Answer = bool;

    /// The number of the password stays: it is the same one.
    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<bool, Fault> {
        let user = batch.user(&self.user)?;
        let before = batch.rows.row::<People>(&user.id)?.unwrap_or_default();
        if before.password.as_ref() != Some(&self.from) || self.from == self.to {
            return Ok(false);
        }
        let row = PersonRow {
            password: Some(self.to),
            ..before
        };

        batch.put::<People>(&user.id, &row)?;
        batch.did(
            "user.password_digest",
            &user.name,
            None,
            Some(described::password(&row)),
        );
        Ok(true)
    }
}

impl Execute for SetProfile {
    type Answer = Profile;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Profile, Fault> {
        let user = batch.user(&self.user)?;
        self.profile.accept().map_err(Refusal::from)?;
        let before = batch.rows.row::<People>(&user.id)?.unwrap_or_default();
        if before.profile == self.profile {
            return Ok(self.profile);
        }
        let row = PersonRow {
            profile: self.profile,
            ..before.clone()
        };

        batch.put::<People>(&user.id, &row)?;
        let (was, is) = (described::profile(&before.profile), described::profile(&row.profile));
        batch.did("user.profile", &user.name, Some(was), Some(is));
        Ok(row.profile)
    }
}
