//! Clients, what they may do, routes, and issuers and identity providers elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::{AuthorityId, ClientName, Route};

use super::rest::Numbers;
use super::{VerifyReport, compare_counts};
use crate::identity_provider::PROVIDERS_MOST;
use crate::issuer::ISSUERS_MOST;
use crate::record::{AuthorityRow, NumberedAuthority};
use crate::store::{
    Authorities, AuthorityNumbers, Clients, Damage, IdentityProviders, Issuers, ReadView, Routes, Row as _, StoreError,
    Table,
};

/// Reads clients and all that is about them, and answers which authorities tokens may name.
pub(super) fn verify(
    view: &ReadView,
    numbers: &Numbers,
    report: &mut VerifyReport,
) -> Result<BTreeSet<AuthorityId>, StoreError> {
    let clients = clients(view, numbers, report)?;
    let authorities = authorities(view, numbers, &clients, report)?;
    let routes = report.each::<Routes>(view, |_, _, _| {})?;
    bounded(report, Table::Routes, routes, Route::MOST);
    let issuers = report.each::<Issuers>(view, |report, name, issuer| {
        if !clients.values().any(|client| *client == issuer.client) {
            report.found_at::<Issuers>(
                &name,
                format!("it acts as client `{}`, which is not there", issuer.client),
            );
        }
    })?;
    bounded(report, Table::Issuers, issuers, ISSUERS_MOST);
    let providers = report.each::<IdentityProviders>(view, |_, _, _| {})?;
    bounded(report, Table::IdentityProviders, providers, PROVIDERS_MOST);
    Ok(authorities)
}

fn bounded(report: &mut VerifyReport, table: Table, rows: u64, most: usize) {
    if rows > most as u64 {
        report.found(Damage::new(
            table,
            b"",
            format!("expected at most {most} rows, but there are {rows}"),
        ));
    }
}

/// Clients by their numbers.
fn clients(
    view: &ReadView,
    numbers: &Numbers,
    report: &mut VerifyReport,
) -> Result<BTreeMap<u64, ClientName>, StoreError> {
    let mut clients: BTreeMap<u64, ClientName> = BTreeMap::new();
    let mut secrets = BTreeSet::new();
    report.clients = report.each::<Clients>(view, |report, name, row| {
        let number = row.client.number;
        if number == 0 || number >= numbers.next_client {
            report.found_at::<Clients>(
                &name,
                format!("expected a number that was given away, but found {number}"),
            );
        }
        for secret in &row.client.secrets {
            if secret.id.0 == 0 || secret.id.0 >= numbers.next_token || !secrets.insert(secret.id) {
                report.found_at::<Clients>(
                    &name,
                    format!("expected secret {} to have an id of its own", secret.id.0),
                );
            }
        }
        if row.user.is_some_and(|user| user.0 == 0 || user.0 >= numbers.next_user) {
            report.found_at::<Clients>(&name, "it acts as a user whose id was never given away");
        }
        if let Some(other) = clients.insert(number, name.clone()) {
            report.found_at::<Clients>(&name, format!("client `{other}` has the same number {number}"));
        }
    })?;
    Ok(clients)
}

fn authorities(
    view: &ReadView,
    numbers: &Numbers,
    clients: &BTreeMap<u64, ClientName>,
    report: &mut VerifyReport,
) -> Result<BTreeSet<AuthorityId>, StoreError> {
    let mut known: BTreeMap<AuthorityId, AuthorityRow> = BTreeMap::new();
    let rows = report.each::<Authorities>(view, |report, id, row| {
        if id.0 == 0 || u64::from(id.0) >= numbers.next_authority {
            report.found_at::<Authorities>(&id, "expected a number that was given away");
        }
        let never_given = row.client_number == 0 || row.client_number >= numbers.next_client;
        if never_given || clients.get(&row.client_number).is_some_and(|name| *name != row.client) {
            report.found_at::<Authorities>(&id, format!("expected the number of client `{}`", row.client));
        }
        known.insert(id, row);
    })?;
    let found =
        report.each::<AuthorityNumbers>(view, |report, key, NumberedAuthority { id, .. }| match known.get(&id) {
            Some(row) if key == row.key() => {}
            Some(_) => report.found_at::<AuthorityNumbers>(&key, format!("authority {} says something else", id.0)),
            None => report.found_at::<AuthorityNumbers>(&key, format!("there is no authority {}", id.0)),
        })?;
    compare_counts(report, AuthorityNumbers::TABLE, found, rows, "authorities");
    Ok(known.into_keys().collect())
}
