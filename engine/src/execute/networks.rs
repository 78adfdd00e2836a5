//! Adding and removing network rules, for everybody and for one user.

use tollgate_core::{AddressRange, NetworkRule, UserName};

use super::{Batch, Execute, Fault, described};
use crate::change::{Change, ranges_of};
use crate::command::{AddNetwork, GLOBAL_NETWORKS_MOST, Refusal, RemoveNetwork, USER_NETWORKS_MOST};
use crate::facts;
use crate::record::{Network, NetworkRow, Standing, UserRow};
use crate::store::{NetworkRules, Scope, Source as _, Transaction, beginning_with};

/// More would be blanks.
const RULE_LEN_MAX: usize = 128;

impl Execute for AddNetwork {
    type Answer = Network;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Network, Fault> {
        let Self { rule, standing, user } = self;
        accept_rule(&rule)?;
        let owner = owner(batch, user.as_ref())?;
        let scope = owner.as_ref().map_or(Scope::GLOBAL, |user| Scope::of(user.id));
        let key = (scope, rule.range());
        if let Some(NetworkRow { rule, standing, .. }) = batch.rows.row::<NetworkRules>(&key)? {
            return Err(Refusal::NetworkExists { rule, standing }.into());
        }
        let most = if owner.is_some() {
            USER_NETWORKS_MOST
        } else {
            GLOBAL_NETWORKS_MOST
        };
        if count(batch.rows, scope)? >= most {
            return Err(Refusal::TooManyNetworks { most }.into());
        }
        let change = change(batch, owner.as_ref(), rule.range(), standing, true)?;
        let row = NetworkRow {
            rule,
            standing,
            added_at: batch.now(),
        };

        batch.put::<NetworkRules>(&key, &row)?;
        batch.change(change);
        let is = described::network(&row, user.as_ref().map(UserName::as_str));
        batch.did("network.add", &row.rule, None, Some(is));
        Ok(row.shown(user))
    }
}

impl Execute for RemoveNetwork {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let Self { rule, user } = self;
        let owner = owner(batch, user.as_ref())?;
        let scope = owner.as_ref().map_or(Scope::GLOBAL, |user| Scope::of(user.id));
        let key = (scope, rule.range());
        let row = batch
            .rows
            .row::<NetworkRules>(&key)?
            .ok_or(Refusal::NoSuchNetwork { rule })?;
        let change = change(batch, owner.as_ref(), key.1, row.standing, false)?;

        batch.remove::<NetworkRules>(&key)?;
        batch.change(change);
        let was = described::network(&row, user.as_ref().map(UserName::as_str));
        batch.did("network.remove", &row.rule, Some(was), None);
        Ok(())
    }
}

/// Refuses a rule whose text is too long to keep.
pub(super) fn accept_rule(rule: &NetworkRule) -> Result<(), Refusal> {
    let found = rule.as_str().len();
    if found <= RULE_LEN_MAX {
        Ok(())
    } else {
        Err(Refusal::RuleTooLong {
            most: RULE_LEN_MAX,
            found,
        })
    }
}

fn owner(batch: &Batch<'_, '_>, user: Option<&UserName>) -> Result<Option<UserRow>, Fault> {
    user.map(|name| batch.user(name)).transpose()
}

pub(super) fn count(rows: &Transaction<'_>, scope: Scope) -> Result<usize, Fault> {
    let mut count = 0;
    rows.walk_raw(crate::store::Table::Networks, &beginning_with(scope.0), &mut |_, _| {
        count += 1;
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(count)
}

/// What the feed is told: the rule itself, or the user with all rules.
fn change(
    batch: &Batch<'_, '_>,
    owner: Option<&UserRow>,
    range: AddressRange,
    standing: Standing,
    added: bool,
) -> Result<Change, Fault> {
    let Some(user) = owner else {
        return Ok(if added {
            Change::AddNetwork { range, standing }
        } else {
            Change::RemoveNetwork { range, standing }
        });
    };
    let mut networks = facts::networks(batch.rows, Scope::of(user.id))?;
    let ranges = ranges_of(&mut networks, standing);
    if added {
        range.insert_into(ranges);
    } else {
        range.remove_from(ranges);
    }
    let epoch = facts::password_epoch(batch.rows, user.id)?;
    Ok(Change::PutUser(facts::user_record(user, epoch, networks)))
}
