//! Commands that are carried out only on what their caller has seen.

use super::{Batch, Command, Execute, Fault, tokens};
use crate::command::{IfUnchanged, Refusal, Seen};
use crate::facts;
use crate::person::PersonalToken;
use crate::store::{
    AdminTokens, Clients, FeedTokens, IdentityProviders, Issuers, NetworkRules, Routes, Scope, Source as _,
};

impl<C: Execute> Execute for IfUnchanged<C> {
    type Answer = C::Answer;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<C::Answer, Fault> {
        if is_still(batch, &self.seen)? {
            self.command.execute(batch)
        } else {
            Err(Refusal::Changed.into())
        }
    }
}

impl<C: Command> Command for IfUnchanged<C> {
    type Outcome = C::Outcome;
}

/// Whether a record is as it was seen. One that is gone is not.
fn is_still(batch: &Batch<'_, '_>, seen: &Seen) -> Result<bool, Fault> {
    Ok(match seen {
        Seen::User(user) => facts::user_named(batch.rows, &user.name)?.as_ref() == Some(user),
        Seen::Authtoken(seen) => match tokens::authtoken(batch, seen.id) {
            Ok((token, user)) => token.shown(user.name) == *seen,
            Err(Fault::Refused(_)) => false,
            Err(fault) => return Err(fault),
        },
        Seen::AdminToken(seen) => {
            let row = batch.rows.row::<AdminTokens>(&seen.id)?;
            row.is_some_and(|row| row.token == *seen)
        }
        Seen::FeedToken(seen) => {
            let row = batch.rows.row::<FeedTokens>(&seen.id)?;
            row.is_some_and(|row| row.token == *seen)
        }
        Seen::Client(seen) => match batch.rows.row::<Clients>(&seen.name)? {
            Some(row) => facts::client_shown(batch.rows, &row)? == **seen,
            None => false,
        },
        Seen::Profile(name, profile) => {
            let person = facts::person(batch.rows, name)?;
            person.is_some_and(|person| person.profile == *profile)
        }
        Seen::PersonalToken(seen) => {
            let is = facts::personal_token(batch.rows, seen.id)?;
            let last_used_at = seen.last_used_at;
            is.is_some_and(|is| PersonalToken { last_used_at, ..is } == *seen)
        }
        Seen::Route(seen) => batch.rows.row::<Routes>(&seen.pattern)?.as_ref() == Some(seen),
        Seen::IdentityProvider(seen) => {
            let row = batch.rows.row::<IdentityProviders>(&seen.issuer)?;
            row.as_ref() == Some(seen)
        }
        Seen::Issuer(seen) => batch.rows.row::<Issuers>(&seen.issuer)?.as_ref() == Some(seen),
        Seen::Setting(setting) => facts::settings(batch.rows)?.list().contains(setting),
        Seen::Network(seen) => {
            let scope = match &seen.user {
                Some(name) => batch.user(name).map(|user| Scope::of(user.id)),
                None => Ok(Scope::GLOBAL),
            };
            let scope = match scope {
                Ok(scope) => scope,
                Err(Fault::Refused(_)) => return Ok(false),
                Err(fault) => return Err(fault),
            };
            let row = batch.rows.row::<NetworkRules>(&(scope, seen.rule.range()))?;
            row.is_some_and(|row| row.shown(seen.user.clone()) == *seen)
        }
    })
}
