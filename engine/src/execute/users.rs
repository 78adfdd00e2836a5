//! Adding, changing and removing users.

use tollgate_core::UserId;

use super::{Batch, Execute, Fault, accept_limit, described};
use crate::change::Change;
use crate::command::{AddUser, Refusal, RemoveUser, SetUser, UserChanges};
use crate::facts;
use crate::record::{User, UserRow};
use crate::store::{
    Counters, Departures, NetworkRules, Number, People, Scope, Source as _, UserNames, Users, beginning_with,
};

impl Execute for AddUser {
    type Answer = User;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<User, Fault> {
        let Self {
            name,
            operations,
            per_hour,
            concurrent,
            active,
        } = self;
        accept_limit(per_hour)?;
        accept_limit(concurrent)?;
        if batch.rows.row::<UserNames>(&name)?.is_some() {
            return Err(Refusal::UserExists { name }.into());
        }
        let id = batch.next(Number::NextUser)?;
        let created_at = batch.now();
        let user = UserRow {
            id: UserId(id),
            name,
            active,
            operations,
            per_hour,
            concurrent,
            created_at,
        };

        batch.took(Number::NextUser, id)?;
        batch.put::<UserNames>(&user.name, &user.id)?;
        batch.put::<Users>(&user.id, &user)?;
        let networks = tollgate_core::Networks::default();
        batch.change(Change::PutUser(facts::user_record(&user, 0, networks)));
        batch.did("user.add", &user.name, None, Some(described::user(&user)));
        Ok(user)
    }
}

impl Execute for SetUser {
    type Answer = User;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<User, Fault> {
        let UserChanges {
            operations,
            per_hour,
            concurrent,
            active,
        } = self.changes;
        let before = batch.user(&self.name)?;
        let user = UserRow {
            operations: operations.unwrap_or(before.operations),
            per_hour: per_hour.unwrap_or(before.per_hour),
            concurrent: concurrent.unwrap_or(before.concurrent),
            active: active.unwrap_or(before.active),
            ..before.clone()
        };
        accept_limit(user.per_hour)?;
        accept_limit(user.concurrent)?;
        if user == before {
            return Ok(user);
        }
        let networks = facts::networks(batch.rows, Scope::of(user.id))?;
        let epoch = facts::password_epoch(batch.rows, user.id)?;

        batch.put::<Users>(&user.id, &user)?;
        batch.change(Change::PutUser(facts::user_record(&user, epoch, networks)));
        let (was, is) = (described::user(&before), described::user(&user));
        batch.did("user.set", &user.name, Some(was), Some(is));
        Ok(user)
    }
}

impl Execute for RemoveUser {
    type Answer = ();

    /// However many tokens the user has, this takes few rows: the tokens are of no use without the user, and the sweeper
    /// takes them away in batches.
    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let user = batch.user(&self.name)?;
        let rules = facts::rows::<NetworkRules>(batch.rows, &beginning_with(Scope::of(user.id).0))?;

        for (rule, _) in rules {
            batch.remove::<NetworkRules>(&rule)?;
        }
        batch.remove::<UserNames>(&user.name)?;
        batch.remove::<Users>(&user.id)?;
        batch.remove::<Counters>(&user.id)?;
        batch.remove::<People>(&user.id)?;
        batch.put::<Departures>(&user.id, &())?;
        batch.change(Change::RemoveUser(user.id));
        batch.did("user.remove", &user.name, Some(described::user(&user)), None);
        Ok(())
    }
}
