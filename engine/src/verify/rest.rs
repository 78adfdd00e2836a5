//! Numbers of the store, network rules, settings, counters, and the tail of the feed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tollgate_core::{Revision, TokenId};

use super::VerifyReport;
use super::people::People;
use crate::audit::AuditChain;
use crate::command::{GLOBAL_NETWORKS_MOST, USER_NETWORKS_MOST};
use crate::store::{
    AdminTokens, Audit, Changes, Counters, Damage, EVERYTHING, FeedTokens, Meta, NetworkRules, Number, ReadView,
    Repeats, Row, Scope, SettingRows, Source as _, StoreError, Table,
};

/// What the numbers of the store bound other rows by.
pub(super) struct Numbers {
    pub(super) next_user: u64,
    pub(super) next_token: u64,
    pub(super) next_client: u64,
    pub(super) next_authority: u64,
    next_audit: u64,
}

/// Reads the numbers. Where one is damaged, everything counts as within its bound: the number itself is the finding.
pub(super) fn numbers(view: &ReadView, report: &mut VerifyReport) -> Result<Numbers, StoreError> {
    let mut rows = 0;
    view.walk_raw(Table::Meta, &EVERYTHING, &mut |_, _| {
        rows += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    report.rows += rows;
    let mut numbers = Numbers {
        next_user: u64::MAX,
        next_token: u64::MAX,
        next_audit: u64::MAX,
        next_client: u64::MAX,
        next_authority: u64::MAX,
    };
    for number in Number::ALL {
        match (view.row_that_must_be::<Meta>(&number), number) {
            (Ok(revision), Number::Revision) => report.revision = Revision(revision),
            (Ok(next), Number::NextUser) => numbers.next_user = next,
            (Ok(next), Number::NextToken) => numbers.next_token = next,
            (Ok(next), Number::NextAudit) => numbers.next_audit = next,
            (Ok(next), Number::NextClient) => numbers.next_client = next,
            (Ok(next), Number::NextAuthority) => numbers.next_authority = next,
            (Ok(_), Number::FeedHigh | Number::FeedLow | Number::Key | Number::CreatedAt | Number::IssuersEpoch) => {}
            (Err(StoreError::Damaged(damage)), _) => report.found(damage),
            (Err(fault), _) => return Err(fault),
        }
    }
    Ok(numbers)
}

pub(super) fn verify(
    view: &ReadView,
    numbers: &Numbers,
    people: &People,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let mut scopes: BTreeMap<Scope, usize> = BTreeMap::new();
    report.networks = report.each::<NetworkRules>(view, |report, key, _| {
        *scopes.entry(key.0).or_default() += 1;
        if let Some(user) = key.0.user().filter(|user| !people.knows(*user)) {
            report.found_at::<NetworkRules>(&key, format!("it is about user {}, who is not there", user.0));
        }
    })?;
    for (scope, rules) in scopes {
        let most = if scope == Scope::GLOBAL {
            GLOBAL_NETWORKS_MOST
        } else {
            USER_NETWORKS_MOST
        };
        if rules > most {
            let fault = format!("expected at most {most} rules about one, but there are {rules}");
            report.found(Damage::new(Table::Networks, &scope.0.to_be_bytes(), fault));
        }
    }
    report.each::<SettingRows>(view, |_, _, _| {})?;
    report.counters = report.each::<Counters>(view, |report, user, _| {
        if !people.knows(user) {
            report.found_at::<Counters>(&user, "expected a user who is there");
        }
    })?;
    verify_operators::<AdminTokens>(view, numbers, report)?;
    verify_operators::<FeedTokens>(view, numbers, report)?;
    report.each::<Repeats>(view, |_, _, _| {})?;
    verify_trail(view, numbers, report)?;
    verify_tail(view, report)
}

fn verify_operators<R: Row<Key = TokenId>>(
    view: &ReadView,
    numbers: &Numbers,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    report.each::<R>(view, |report, id, _| {
        if id.0 == 0 || id.0 >= numbers.next_token {
            report.found_at::<R>(&id, "expected an id that was given away");
        }
    })?;
    Ok(())
}

/// The audit trail is followed from its beginning, and ends where the store says that it does.
fn verify_trail(view: &ReadView, numbers: &Numbers, report: &mut VerifyReport) -> Result<(), StoreError> {
    let mut chain = Ok(AuditChain::default());
    report.audited = report.each::<Audit>(view, |report, sequence, entry| {
        let Ok(followed) = &mut chain else { return };
        if let Err(fault) = followed.follow(&entry) {
            report.found_at::<Audit>(&sequence, fault);
            chain = Err(());
        }
    })?;
    let expected = numbers.next_audit.saturating_sub(1);
    if let Ok(chain) = chain
        && chain.entries() != expected
        && numbers.next_audit != u64::MAX
    {
        let fault = format!("expected {expected} entries, but the trail ends at {}", chain.entries());
        report.found(Damage::new(Table::Audit, &Audit::key(&expected), fault));
    }
    Ok(())
}

/// Revisions follow each other without a gap up to the present one, and so do the places within each.
fn verify_tail(view: &ReadView, report: &mut VerifyReport) -> Result<(), StoreError> {
    let mut last: Option<(u64, u64)> = None;
    report.changes = report.each::<Changes>(view, |report, key, _| {
        let follows = match last {
            None => key.1 == 0,
            Some((revision, place)) => key == (revision, place + 1) || key == (revision + 1, 0),
        };
        if !follows {
            report.found_at::<Changes>(&key, "expected the change that follows the one before it");
        }
        last = Some(key);
    })?;
    let newest = last.map_or(0, |(revision, _)| revision);
    if newest != report.revision.0 {
        let fault = format!(
            "expected the tail to end at revision {}, but it ends at {newest}",
            report.revision.0
        );
        report.found(Damage::new(Table::Changes, &Changes::key(&(newest, 0)), fault));
    }
    Ok(())
}
