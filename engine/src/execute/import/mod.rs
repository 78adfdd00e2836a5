//! Importing records: planned line by line without a write, then written, or refused as a whole.

mod plan;

use super::access::write_route;
use super::tokens::write_token;
use super::{Batch, Execute, Fault, described};
use crate::audit::{AuditFacts, plain};
use crate::change::Change;
use crate::command::{Import, Refusal};
use crate::facts;
use crate::portable::Imported;
use crate::record::{NetworkRow, UserRow};
use crate::setting::Setting;
use crate::store::{
    Clients, Imported as ImportedRows, NetworkRules, Number, Origins, Scope, SettingRows, TokensByUser, UserNames,
    Users,
};

use plan::{Plan, Step};

impl Execute for Import {
    type Answer = Imported;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Imported, Fault> {
        if self.lines.len() > Self::LINES_MOST {
            return Err(Refusal::TooManyLines {
                most: Self::LINES_MOST,
                found: self.lines.len(),
            }
            .into());
        }
        let lines = match (self.lines.first(), self.lines.last()) {
            (Some((first, _)), Some((last, _))) => format!("{first}-{last}"),
            _ => "none".to_owned(),
        };
        let mut plan = Plan::new(batch, self.skip_faults)?;
        for (line, record) in self.lines {
            plan.take(batch, line, record)?;
        }
        if !self.skip_faults && !plan.faults.is_empty() {
            return Err(Refusal::Lines { faults: plan.faults }.into());
        }

        let mut done = Imported {
            already: plan.already,
            skipped: std::mem::take(&mut plan.faults),
            ..Imported::default()
        };
        let mut facts = AuditFacts::from([("lines".to_owned(), lines)]);
        if let Some(next) = plan.users_to {
            batch.took(Number::NextUser, next.saturating_sub(1))?;
        }
        if let Some(next) = plan.tokens_to {
            batch.took(Number::NextToken, next.saturating_sub(1))?;
        }
        if let Some(next) = plan.clients_to {
            batch.took(Number::NextClient, next.saturating_sub(1))?;
        }
        for step in plan.steps {
            write(batch, step, &mut done, &mut facts)?;
        }
        let new = done.users + done.authtokens + done.networks + done.settings + done.clients + done.routes;
        if new > 0 {
            for (name, count) in [
                ("users", done.users),
                ("authtokens", done.authtokens),
                ("networks", done.networks),
                ("settings", done.settings),
                ("clients", done.clients),
                ("routes", done.routes),
            ] {
                facts.insert(name.to_owned(), count.to_string());
            }
            batch.did("import", &plain(&self.source), None, Some(facts));
        }
        Ok(done)
    }
}

/// Writes one step of a plan. The trail has one entry for all users and tokens, with the ids from first to last, because a million
/// users would make a million entries that say the same; rules and settings are about everybody, and clients are few, so they stand there one by one.
fn write(batch: &mut Batch<'_, '_>, step: Step, done: &mut Imported, facts: &mut AuditFacts) -> Result<(), Fault> {
    let mut ids = |first: &str, last: &str, id: u64| {
        facts.entry(first.to_owned()).or_insert_with(|| id.to_string());
        facts.insert(last.to_owned(), id.to_string());
    };
    match step {
        Step::User(user) => {
            ids("first_user", "last_user", user.id.0);
            write_user(batch, &user)?;
            done.users += 1;
        }
        Step::Token(token, origin) => {
            ids("first_authtoken", "last_authtoken", token.id.0);
            batch.put::<TokensByUser>(&(token.user, token.id), &())?;
            batch.put::<ImportedRows>(&token.digest, &token.id)?;
            if let Some(origin) = origin {
                batch.put::<ImportedRows>(&origin, &token.id)?;
                batch.put::<Origins>(&token.id, &origin)?;
            }
            write_token(batch, None, &token)?;
            done.authtokens += 1;
        }
        Step::Network(owner, row) => {
            write_network(batch, owner, &row)?;
            done.networks += 1;
        }
        Step::Client(row) => {
            batch.put::<Clients>(&row.client.name, &row)?;
            let client = facts::client_shown(batch.rows, &row)?;
            batch.did("client.add", &client.name, None, Some(described::client(&client)));
            done.clients += 1;
        }
        Step::Route(route) => {
            write_route(batch, None, &route)?;
            done.routes += 1;
        }
        Step::Setting(before, setting) => {
            write_setting(batch, &before, &setting)?;
            done.settings += 1;
        }
    }
    Ok(())
}

fn write_user(batch: &mut Batch<'_, '_>, user: &UserRow) -> Result<(), Fault> {
    batch.put::<UserNames>(&user.name, &user.id)?;
    batch.put::<Users>(&user.id, user)?;
    let networks = tollgate_core::Networks::default();
    batch.change(Change::PutUser(facts::user_record(user, 0, networks)));
    Ok(())
}

fn write_network(batch: &mut Batch<'_, '_>, owner: Option<UserRow>, row: &NetworkRow) -> Result<(), Fault> {
    let scope = owner.as_ref().map_or(Scope::GLOBAL, |user| Scope::of(user.id));
    let (range, standing) = (row.rule.range(), row.standing);
    batch.put::<NetworkRules>(&(scope, range), row)?;
    let user = owner.as_ref().map(|user| user.name.as_str());
    batch.did("network.add", &row.rule, None, Some(described::network(row, user)));
    let change = match owner {
        None => Change::AddNetwork { range, standing },
        Some(user) => {
            let epoch = facts::password_epoch(batch.rows, user.id)?;
            Change::PutUser(facts::user_record(&user, epoch, facts::networks(batch.rows, scope)?))
        }
    };
    batch.change(change);
    Ok(())
}

fn write_setting(batch: &mut Batch<'_, '_>, before: &Setting, setting: &Setting) -> Result<(), Fault> {
    batch.put::<SettingRows>(&setting.key(), setting)?;
    batch.change(Change::PutSetting(setting.clone()));
    let (was, is) = (described::setting(before), described::setting(setting));
    batch.did("settings.set", &setting.key(), Some(was), Some(is));
    Ok(())
}
