//! From rows to whole facts about clients, about people beside what checks need, and about what paths ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tollgate_core::{AuthorityRecord, Route, Timestamp, TokenId, UserId, UserName};

use super::{rows, user_named};
use crate::client::{Client, ClientRow};
use crate::person::{Person, PersonalRow, PersonalToken};
use crate::record::TokenRow;
use crate::store::{
    Authorities, Bounds, Clients, EVERYTHING, Issuers, LastUsed, Meta, Number, People, PersonalTokens, Routes, Source,
    StoreError, Tokens, Users,
};

/// What lists show of a client. A user who has gone is nobody.
pub(crate) fn client_shown(source: &impl Source, row: &ClientRow) -> Result<Client, StoreError> {
    let user = match &row.user {
        Some(id) => source.row::<Users>(id)?.map(|user| user.name),
        None => None,
    };
    Ok(row.shown(user))
}

/// A user with all that is known of them.
pub(crate) fn person(source: &impl Source, name: &UserName) -> Result<Option<Person>, StoreError> {
    let Some(user) = user_named(source, name)? else {
        return Ok(None);
    };
    let row = source.row::<People>(&user.id)?.unwrap_or_default();
    Ok(Some(Person {
        user,
        password_epoch: row.password_epoch(),
        password: row.password,
        profile: row.profile,
    }))
}

/// What checks tell the password of a user by.
pub(crate) fn password_epoch(source: &impl Source, user: UserId) -> Result<u32, StoreError> {
    Ok(source.row::<People>(&user)?.map_or(0, |row| row.password_epoch()))
}

/// The same of all users within `bounds` who have a password.
pub(crate) fn password_epochs(source: &impl Source, bounds: &Bounds) -> Result<BTreeMap<UserId, u32>, StoreError> {
    let mut epochs = BTreeMap::new();
    source.walk::<People>(bounds, |user, row| {
        let epoch = row.password_epoch();
        if epoch != 0 {
            epochs.insert(user, epoch);
        }
        ControlFlow::Continue(())
    })?;
    Ok(epochs)
}

/// What lists show of a personal access token.
pub(crate) fn personal_shown(
    row: &TokenRow,
    named: &PersonalRow,
    user: UserName,
    last_used_at: Option<Timestamp>,
) -> PersonalToken {
    let PersonalRow { name, description } = named.clone();
    let expires_at_s = row.validity.expires_at_s.unwrap_or(u32::MAX);
    PersonalToken {
        id: row.id,
        user,
        name,
        description,
        issued_at: row.issued_at,
        expires_at: Timestamp::from_seconds(u64::from(expires_at_s)),
        revoked_at: row.revoked_at,
        last_used_at,
    }
}

/// The personal access token of an id, if there is one whose user is there.
pub(crate) fn personal_token(source: &impl Source, id: TokenId) -> Result<Option<PersonalToken>, StoreError> {
    let Some(row) = source.row::<Tokens>(&id)? else {
        return Ok(None);
    };
    let user = source.row::<Users>(&row.user)?;
    let named = source.row::<PersonalTokens>(&(row.user, id))?;
    let (Some(user), Some(named)) = (user, named) else {
        return Ok(None);
    };
    let last_used = last_used(source, id)?;
    Ok(Some(personal_shown(&row, &named, user.name, last_used)))
}

/// When a token was last used, as of the last checkpoint.
pub(crate) fn last_used(source: &impl Source, id: TokenId) -> Result<Option<Timestamp>, StoreError> {
    source.row::<LastUsed>(&id)
}

/// The numbers of clients that are enabled.
pub(crate) fn enabled_clients(source: &impl Source) -> Result<BTreeSet<u64>, StoreError> {
    let mut enabled = BTreeSet::new();
    source.walk::<Clients>(&EVERYTHING, |_, row| {
        if row.client.enabled {
            enabled.insert(row.client.number);
        }
        ControlFlow::Continue(())
    })?;
    Ok(enabled)
}

/// All authorities. One is active as long as the client that it was made for is there and enabled.
pub(crate) fn authorities(source: &impl Source) -> Result<Vec<AuthorityRecord>, StoreError> {
    let enabled = enabled_clients(source)?;
    let authorities = rows::<Authorities>(source, &EVERYTHING)?.into_iter();
    Ok(authorities
        .map(|(_, row)| row.record(enabled.contains(&row.client_number)))
        .collect())
}

/// What paths ask for, in the order of their patterns.
pub(crate) fn routes(source: &impl Source) -> Result<Vec<Route>, StoreError> {
    let rows = rows::<Routes>(source, &EVERYTHING)?.into_iter();
    let mut routes = Vec::new();
    rows.for_each(|(_, route)| route.insert_into(&mut routes));
    Ok(routes)
}

/// What the present set of issuers is told from others by; zero where there are none.
pub(crate) fn external_issuers(source: &impl Source) -> Result<u32, StoreError> {
    if rows::<Issuers>(source, &EVERYTHING)?.is_empty() {
        return Ok(0);
    }
    let epoch = source.row_that_must_be::<Meta>(&Number::IssuersEpoch)?;
    // Greater numbers are refused where they are made.
    Ok(u32::try_from(epoch).unwrap_or(u32::MAX))
}
