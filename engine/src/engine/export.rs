//! Everything in a store but its secrets, record by record, for an import elsewhere.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tollgate_core::{TokenDigest, TokenId, UserId, UserName};

use super::{Engine, ReadError};
use crate::client::{ClientRow, Grant};
use crate::facts;
use crate::portable::{
    Portable, PortableAuthtoken, PortableClient, PortableClientSecret, PortableNetwork, PortableSecret, PortableUser,
};
use crate::store::{Clients, EVERYTHING, Origins, ReadView, Routes, Row, Source as _, StoreError, Tokens, Users};

/// What an export has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Users.
    pub users: u64,
    /// Authtokens.
    pub authtokens: u64,
    /// Network rules.
    pub networks: u64,
    /// Settings.
    pub settings: u64,
    /// Clients.
    pub clients: u64,
    /// Routes.
    pub routes: u64,
}

/// Why an export ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError<E> {
    /// The store could not be read.
    #[error(transparent)]
    Read(ReadError),
    /// Whoever was handed the records broke off.
    #[error("{0}")]
    Broken(E),
}

impl Engine {
    /// Hands every record to `each`, in the order in which an import wants them: settings, routes, users, clients, authtokens, network rules.
    /// All of them are of one moment; commands and checks go on meanwhile. Costs a pass over the store and memory for the names
    /// of users. Routes come before whoever might take them, so that an import that was broken off asks too much and never too little.
    ///
    /// Authtokens and clients' secrets leave as digests under this store's key, so they are of use only beside that key. Hourly
    /// counters, passwords and profiles, tokens of other kinds, what was granted, issuers, signing keys and the audit trail stay.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// engine.execute(tollgate::AddUser::named("alice".parse()?))?;
    /// let mut records = Vec::new();
    /// let exported = engine.export(|record| Ok::<(), ()>(records.push(record))).map_err(|_| "not exported")?;
    /// assert_eq!((exported.users, records.len()), (1, 1 + tollgate::Setting::KEYS.len()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn export<E>(&self, mut each: impl FnMut(Portable) -> Result<(), E>) -> Result<Exported, ExportError<E>> {
        let view = self.read().map_err(ExportError::Read)?;
        let mut names = BTreeMap::new();
        let mut exported = Exported::default();
        for setting in read(facts::settings(&view))?.list() {
            each(Portable::Setting(setting)).map_err(ExportError::Broken)?;
            exported.settings += 1;
        }
        exported.routes = walk::<Routes, E>(&view, &mut each, |_, route| Some(Portable::Route(route)))?;
        exported.users = walk::<Users, E>(&view, &mut each, |id, user| {
            names.insert(id, user.name.clone());
            Some(Portable::User(PortableUser {
                id: Some(id),
                name: user.name,
                active: Some(user.active),
                operations: Some(user.operations),
                per_hour: Some(user.per_hour),
                concurrent: Some(user.concurrent),
                created_at: Some(user.created_at),
            }))
        })?;
        exported.clients = walk::<Clients, E>(&view, &mut each, |_, row| {
            let user = row.user.and_then(|user| names.get(&user).cloned());
            Some(Portable::Client(Box::new(client(
                &row,
                user,
                view.seal().fingerprint(),
            ))))
        })?;
        exported.authtokens = tokens(&view, &names, &mut each)?;
        for network in read(facts::network_list(&view))? {
            let network = PortableNetwork {
                rule: network.rule,
                standing: network.standing,
                user: network.user,
                added_at: Some(network.added_at),
            };
            each(Portable::Network(network)).map_err(ExportError::Broken)?;
            exported.networks += 1;
        }
        Ok(exported)
    }
}

fn tokens<E>(
    view: &ReadView,
    names: &BTreeMap<UserId, UserName>,
    each: &mut impl FnMut(Portable) -> Result<(), E>,
) -> Result<u64, ExportError<E>> {
    let key = view.seal().fingerprint();
    let origins: BTreeMap<TokenId, TokenDigest> =
        read(facts::rows::<Origins>(view, &EVERYTHING))?.into_iter().collect();
    walk::<Tokens, E>(view, each, |id, token| {
        // What a client was granted, or a user has made for themselves, is not carried elsewhere.
        let name = names.get(&token.user).filter(|_| token.is_authtoken())?;
        let shown = token.shown(name.clone());
        let (digest, origin) = (token.digest, origins.get(&id).copied());
        let token = PortableAuthtoken {
            id: Some(id),
            user: shown.user,
            secret: PortableSecret::Keyed { digest, origin, key },
            issued_at: Some(shown.issued_at),
            not_before: shown.not_before,
            expires_at: shown.expires_at,
            revoked_at: shown.revoked_at,
        };
        Some(Portable::Authtoken(token, None))
    })
}

/// A client that acts as `user`. One that acts as somebody who has gone acts as nobody, so it leaves without that grant.
fn client(row: &ClientRow, user: Option<UserName>, key: [u8; 8]) -> PortableClient {
    let client = row.shown(user);
    let grants = match client.user {
        Some(_) => client.grants,
        None => client
            .grants
            .iter()
            .filter(|grant| *grant != Grant::ClientCredentials)
            .collect(),
    };
    let secrets = client
        .secrets
        .iter()
        .zip(&row.digests)
        .map(|(shown, digest)| PortableClientSecret {
            secret: PortableSecret::Keyed {
                digest: *digest,
                origin: None,
                key,
            },
            created_at: Some(shown.created_at),
            expires_at: shown.expires_at,
        });
    PortableClient {
        title: Some(client.title),
        grants: Some(grants),
        login_urls: Some(client.login_urls),
        logout_urls: Some(client.logout_urls),
        scopes: Some(client.scopes),
        audiences: Some(client.audiences),
        lifetime_s: Some(client.lifetime_s),
        refresh_lifetime_s: Some(client.refresh_lifetime_s),
        show_login: Some(client.show_login),
        consent: Some(client.consent),
        enabled: Some(client.enabled),
        access: Some(client.access),
        authentication: Some(client.authentication),
        user: client.user,
        secrets: secrets.collect(),
        created_at: Some(client.created_at),
        name: client.name,
    }
}

/// Hands on what `make` makes of the rows of a table, and answers how many that were.
fn walk<R: Row, E>(
    view: &ReadView,
    each: &mut impl FnMut(Portable) -> Result<(), E>,
    mut make: impl FnMut(R::Key, R::Value) -> Option<Portable>,
) -> Result<u64, ExportError<E>> {
    let (mut count, mut broken) = (0, None);
    let walked = view.walk::<R>(&EVERYTHING, |key, value| {
        let Some(record) = make(key, value) else {
            return ControlFlow::Continue(());
        };
        count += 1;
        match each(record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    read(walked)?;
    broken.map_or(Ok(count), |error| Err(ExportError::Broken(error)))
}

fn read<T, E>(read: Result<T, StoreError>) -> Result<T, ExportError<E>> {
    read.map_err(|fault| ExportError::Read(fault.into()))
}
