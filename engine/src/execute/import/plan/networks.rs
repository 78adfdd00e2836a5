//! What a line about a network rule comes to.

use super::super::super::networks::{accept_rule, count};
use super::{Batch, Plan, PortableNetwork, Refusal, Scope, Step, Stop, line};
use crate::command::{GLOBAL_NETWORKS_MOST, USER_NETWORKS_MOST};
use crate::record::NetworkRow;
use crate::store::{NetworkRules, Source as _};

impl Plan {
    /// A rule for new addresses, of everybody or of one user. One that is there must have the same standing.
    pub(super) fn network(&mut self, batch: &Batch<'_, '_>, network: PortableNetwork) -> Result<Vec<Step>, Stop> {
        let PortableNetwork {
            rule,
            standing,
            user,
            added_at,
        } = network;
        accept_rule(&rule)?;
        let owner = match user {
            Some(name) => Some(self.user_row(batch, &name)?.ok_or(Refusal::NoSuchUser { name })?),
            None => None,
        };
        let scope = owner.as_ref().map_or(Scope::GLOBAL, |user| Scope::of(user.id));
        let key = (scope, rule.range());
        match batch.rows.row::<NetworkRules>(&key)? {
            Some(row) if row.standing == standing => return Ok(Vec::new()),
            Some(NetworkRow { rule, standing, .. }) => return Err(Refusal::NetworkExists { rule, standing }.into()),
            None => {}
        }
        if self.networks.contains(&key) {
            return Err(line(
                "expected new addresses, but a line before has a rule for the same",
            ));
        }
        let most = if owner.is_some() {
            USER_NETWORKS_MOST
        } else {
            GLOBAL_NETWORKS_MOST
        };
        let there = match self.networks_of.get(&scope) {
            Some(there) => *there,
            None => count(batch.rows, scope)?,
        };
        if there >= most {
            return Err(Refusal::TooManyNetworks { most }.into());
        }
        self.networks.insert(key);
        self.networks_of.insert(scope, there + 1);
        let added_at = added_at.unwrap_or(batch.now());
        let row = NetworkRow {
            rule,
            standing,
            added_at,
        };
        Ok(vec![Step::Network(owner, row)])
    }
}
