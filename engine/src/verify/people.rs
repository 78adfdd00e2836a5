//! Users, their names, and those who are gone.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::{UserId, UserName};

use super::rest::Numbers;
use super::{VerifyReport, compare_counts};
use crate::store::{Departures, People as PersonRows, ReadView, StoreError, Table, UserNames, Users};

/// Whom other rows may refer to.
pub(super) struct People {
    pub(super) names: BTreeMap<UserId, UserName>,
    pub(super) departed: BTreeSet<UserId>,
}

impl People {
    pub(super) fn knows(&self, user: UserId) -> bool {
        self.names.contains_key(&user)
    }
}

pub(super) fn verify(view: &ReadView, numbers: &Numbers, report: &mut VerifyReport) -> Result<People, StoreError> {
    let mut people = People {
        names: BTreeMap::new(),
        departed: BTreeSet::new(),
    };
    report.users = report.each::<Users>(view, |report, id, user| {
        if id.0 == 0 || id.0 >= numbers.next_user {
            report.found_at::<Users>(
                &id,
                format!("expected an id from 1 to {}", numbers.next_user.saturating_sub(1)),
            );
        }
        people.names.insert(id, user.name);
    })?;
    let named = report.each::<UserNames>(view, |report, name, id| match people.names.get(&id) {
        Some(own) if *own == name => {}
        Some(own) => report.found_at::<UserNames>(&name, format!("it leads to user {}, whose name is `{own}`", id.0)),
        None => report.found_at::<UserNames>(&name, format!("it leads to user {}, who is not there", id.0)),
    })?;
    compare_counts(report, Table::UserNames, named, report.users, "users");
    report.each::<Departures>(view, |report, id, ()| {
        if people.names.contains_key(&id) {
            report.found_at::<Departures>(&id, "expected a user who is gone, but the user is there");
        }
        people.departed.insert(id);
    })?;
    report.each::<PersonRows>(view, |report, id, _| {
        if !people.knows(id) {
            report.found_at::<PersonRows>(&id, "expected a user who is there");
        }
    })?;
    Ok(people)
}
