//! The live view against the rows it was made from.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tollgate_core::{LiveView, ServerRecord, UserId, UserRecord};

use super::{Finding, VerifyReport};
use crate::change::server_record;
use crate::facts;
use crate::store::{EVERYTHING, ReadView, Scope, Source as _, StoreError, Tokens, Users};

/// Compares what checks see with what the store says. To be called while nothing is written.
pub(crate) fn compare_live(live: &LiveView, view: &ReadView, report: &mut VerifyReport) -> Result<(), StoreError> {
    let mut networks = facts::networks_by_scope(view, &EVERYTHING)?;
    let global = networks.remove(&Scope::GLOBAL).unwrap_or_default();
    let server = ServerRecord {
        routes: facts::routes(view)?,
        external_issuers: facts::external_issuers(view)?,
        ..server_record(&facts::settings(view)?, global.normalised())
    };
    if live.server() != server {
        report.found(finding(
            "server",
            "checks see other settings, networks, routes or issuers than the store has",
        ));
    }

    compare_authorities(live, view, report)?;
    let mut users: BTreeMap<UserId, UserRecord> = BTreeMap::new();
    live.for_each_user(|user| drop(users.insert(user.id, user)));
    let epochs = facts::password_epochs(view, &EVERYTHING)?;
    let mut users_in_store = 0;
    view.walk::<Users>(&EVERYTHING, |id, user| {
        users_in_store += 1;
        let own = networks.remove(&Scope::of(id)).unwrap_or_default();
        let mut record = facts::user_record(&user, epochs.get(&id).copied().unwrap_or(0), own);
        record.networks = record.networks.normalised();
        if users.get(&id) != Some(&record) {
            report.found(finding(
                &format!("user {}", id.0),
                "checks see another user than the store has",
            ));
        }
        ControlFlow::Continue(())
    })?;
    if users.len() != users_in_store {
        report.found(finding(
            "users",
            &format!("checks see {} users, the store has {users_in_store}", users.len()),
        ));
    }

    let (mut in_store, mut in_view) = (0_u64, 0_u64);
    view.walk::<Tokens>(&EVERYTHING, |id, token| {
        if users.contains_key(&token.user) {
            in_store += 1;
            if live.token(&token.digest) != Some(token.record()) {
                report.found(finding(
                    &format!("token {}", id.0),
                    "checks see another token than the store has",
                ));
            }
        }
        ControlFlow::Continue(())
    })?;
    live.for_each_token(|_| in_view += 1);
    if in_view != in_store {
        report.found(finding(
            "tokens",
            &format!("checks see {in_view} tokens, the store has {in_store}"),
        ));
    }
    Ok(())
}

fn compare_authorities(live: &LiveView, view: &ReadView, report: &mut VerifyReport) -> Result<(), StoreError> {
    let mut seen = BTreeMap::new();
    live.for_each_authority(|authority| drop(seen.insert(authority.id, authority)));
    let stored = facts::authorities(view)?;
    for authority in &stored {
        if seen.get(&authority.id) != Some(authority) {
            report.found(finding(
                &format!("authority {}", authority.id.0),
                "checks see another authority than the store has",
            ));
        }
    }
    if seen.len() != stored.len() {
        report.found(finding(
            "authorities",
            &format!("checks see {} authorities, the store has {}", seen.len(), stored.len()),
        ));
    }
    Ok(())
}

fn finding(key: &str, fault: &str) -> Finding {
    Finding {
        table: "live",
        key: key.to_owned(),
        fault: fault.to_owned(),
    }
}
