//! From rows to whole facts: users with their networks, tokens with their user's name, all settings, a snapshot.

mod access;
mod grants;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tollgate_core::{Networks, UserId, UserName, UserRecord};

use crate::change::{Snapshot, ranges_of};
use crate::record::{Authtoken, Network, User, UserRow};
use crate::setting::Settings;
use crate::store::{
    Bounds, EVERYTHING, NetworkRules, ReadView, Row, Scope, SettingRows, Source, StoreError, Tokens, TokensByUser,
    UserNames, Users, beginning_with, feed_identity, revision,
};

pub(crate) use access::{
    authorities, client_shown, enabled_clients, external_issuers, last_used, password_epoch, password_epochs, person,
    personal_shown, personal_token, routes,
};
pub(crate) use grants::{Held, access_token, client_of, held, held_shown, session_held};

/// All settings; one without a row has its first value.
pub(crate) fn settings(source: &impl Source) -> Result<Settings, StoreError> {
    let mut settings = Settings::default();
    for key in crate::setting::Setting::KEYS {
        if let Some(setting) = source.row::<SettingRows>(&key)? {
            settings.set(setting);
        }
    }
    Ok(settings)
}

/// The addresses of all rules about one user or about everybody, each list in ascending order.
pub(crate) fn networks(source: &impl Source, scope: Scope) -> Result<Networks, StoreError> {
    let mut networks = Networks::default();
    source.walk::<NetworkRules>(&beginning_with(scope.0), |(_, range), row| {
        range.insert_into(ranges_of(&mut networks, row.standing));
        ControlFlow::Continue(())
    })?;
    Ok(networks)
}

/// The row of the user of a name.
pub(crate) fn user_named(source: &impl Source, name: &UserName) -> Result<Option<UserRow>, StoreError> {
    match source.row::<UserNames>(name)? {
        Some(id) => source.row_that_must_be::<Users>(&id).map(Some),
        None => Ok(None),
    }
}

/// What a check needs of a user, given what their password is told by and the network rules about them.
pub(crate) fn user_record(user: &UserRow, password_epoch: u32, networks: Networks) -> UserRecord {
    let UserRow {
        id,
        name,
        active,
        operations,
        per_hour,
        concurrent,
        created_at: _,
    } = user.clone();
    UserRecord {
        id,
        name,
        active,
        operations,
        per_hour,
        concurrent,
        networks,
        password_epoch,
    }
}

/// Rows with their keys, in order of keys.
pub(crate) type Rows<R> = Vec<(<R as Row>::Key, <R as Row>::Value)>;

/// All rows of a table within `bounds`.
pub(crate) fn rows<R: Row>(source: &impl Source, bounds: &Bounds) -> Result<Rows<R>, StoreError> {
    let mut rows = Vec::new();
    source.walk::<R>(bounds, |key, value| {
        rows.push((key, value));
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

/// All users, in the order of their names.
pub(crate) fn users(view: &ReadView) -> Result<Vec<User>, StoreError> {
    let mut users: Vec<User> = rows::<Users>(view, &EVERYTHING)?
        .into_iter()
        .map(|(_, user)| user)
        .collect();
    users.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(users)
}

/// The authtokens of one user, or of all, in the order in which they were issued. None where there is no such user.
pub(crate) fn tokens(view: &ReadView, of: Option<&UserName>) -> Result<Option<Vec<Authtoken>>, StoreError> {
    let Some(name) = of else {
        return all_tokens(view).map(Some);
    };
    let Some(user) = user_named(view, name)? else {
        return Ok(None);
    };
    let mut tokens = Vec::new();
    for ((_, id), ()) in rows::<TokensByUser>(view, &beginning_with(user.id.0))? {
        let token = view.row_that_must_be::<Tokens>(&id)?;
        tokens.extend(token.is_authtoken().then(|| token.shown(name.clone())));
    }
    Ok(Some(tokens))
}

/// Tokens of users who are gone are not listed: they are as good as gone themselves.
fn all_tokens(view: &ReadView) -> Result<Vec<Authtoken>, StoreError> {
    let names: BTreeMap<UserId, UserName> = rows::<Users>(view, &EVERYTHING)?
        .into_iter()
        .map(|(id, user)| (id, user.name))
        .collect();
    let mut tokens = Vec::new();
    view.walk::<Tokens>(&EVERYTHING, |_, token| {
        let user = names.get(&token.user).filter(|_| token.is_authtoken());
        tokens.extend(user.map(|name| token.shown(name.clone())));
        ControlFlow::Continue(())
    })?;
    Ok(tokens)
}

/// All network rules: those about everybody first, then those about users.
pub(crate) fn network_list(view: &ReadView) -> Result<Vec<Network>, StoreError> {
    let mut networks = Vec::new();
    for ((scope, _), row) in rows::<NetworkRules>(view, &EVERYTHING)? {
        let user = match scope.user() {
            Some(id) => Some(view.row_that_must_be::<Users>(&id)?.name),
            None => None,
        };
        networks.push(row.shown(user));
    }
    Ok(networks)
}

/// The network rules within `bounds`, by whom they are about.
pub(crate) fn networks_by_scope(
    source: &impl Source,
    bounds: &Bounds,
) -> Result<BTreeMap<Scope, Networks>, StoreError> {
    let mut scopes: BTreeMap<Scope, Networks> = BTreeMap::new();
    for ((scope, range), row) in rows::<NetworkRules>(source, bounds)? {
        range.insert_into(ranges_of(scopes.entry(scope).or_default(), row.standing));
    }
    Ok(scopes)
}

/// The whole state at the revision of `view`.
pub(crate) fn snapshot(view: &ReadView) -> Result<Snapshot, StoreError> {
    let mut networks = networks_by_scope(view, &EVERYTHING)?;
    let epochs = password_epochs(view, &EVERYTHING)?;
    let mut users = BTreeMap::new();
    for (id, user) in rows::<Users>(view, &EVERYTHING)? {
        let own = networks.remove(&Scope::of(id)).unwrap_or_default();
        users.insert(id, user_record(&user, epochs.get(&id).copied().unwrap_or(0), own));
    }
    let authorities = authorities(view)?;
    let mut tokens = BTreeMap::new();
    view.walk::<Tokens>(&EVERYTHING, |id, token| {
        if users.contains_key(&token.user) {
            tokens.insert(id, token.record());
        }
        ControlFlow::Continue(())
    })?;
    Ok(Snapshot {
        feed: feed_identity(view)?,
        revision: revision(view)?,
        settings: settings(view)?,
        networks: networks.remove(&Scope::GLOBAL).unwrap_or_default(),
        routes: routes(view)?,
        external_issuers: external_issuers(view)?,
        authorities: authorities
            .into_iter()
            .map(|authority| (authority.id, authority))
            .collect(),
        users,
        tokens,
    })
}
