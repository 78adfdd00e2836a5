//! Clients.

use tollgate::{
    Audience, Authored, Client, ClientAuthentication, ClientChanges, ClientName, Engine, RemoveClient,
    RotateClientSecret, SetClient,
};

use super::super::clients::{ClientSecretShown, new_client};
use super::super::fault::{Stop, no_such_client};
use super::super::lists;
use super::super::reply::Answer;
use super::super::request::{AuthenticationRequest, ClientChangesRequest, ClientRequest};
use super::super::shown::RemovedShown;
use super::super::terms::accept_terms;
use super::parsed;

pub(super) fn carry_out(engine: &Engine, by: &Authored<'_>, request: ClientRequest) -> Result<Answer, Stop> {
    match request {
        ClientRequest::Add { id, changes } => add(by, &id, &changes),
        ClientRequest::List { cursor } => Ok(Answer::Clients(lists::clients(engine, cursor.as_deref())?)),
        ClientRequest::Show { id } => {
            let client = found(engine, &parsed(&id)?)?;
            Ok(Answer::Client(Box::new((&client).into())))
        }
        ClientRequest::Set { id, changes } => {
            let (name, changes) = (parsed(&id)?, client_changes(&changes)?);
            accept_terms(&changes, Some(&found(engine, &name)?))?;
            let client = by.execute(SetClient { name, changes })?;
            Ok(Answer::Client(Box::new((&client).into())))
        }
        ClientRequest::Rotate { id, overlap_s } => {
            let (name, overlap_s) = (parsed(&id)?, overlap_s.unwrap_or_default());
            let rotated = by.execute(RotateClientSecret { name, overlap_s })?;
            let shown = ClientSecretShown::new(&rotated.client, Some(&rotated.secret));
            Ok(Answer::ClientSecret(Box::new(shown)))
        }
        ClientRequest::Remove { id } => {
            let name: ClientName = parsed(&id)?;
            by.execute(RemoveClient { name: name.clone() })?;
            let id = name.to_string();
            let removed = id.clone();
            Ok(Answer::Removed(RemovedShown { id, removed }))
        }
    }
}

fn found(engine: &Engine, name: &ClientName) -> Result<Client, Stop> {
    engine.client(name)?.ok_or_else(|| no_such_client(name))
}

fn add(by: &Authored<'_>, id: &str, changes: &ClientChangesRequest) -> Result<Answer, Stop> {
    let changes = client_changes(changes)?;
    accept_terms(&changes, None)?;
    let added = by.execute(new_client(parsed(id)?, changes))?;
    let shown = ClientSecretShown::new(&added.client, added.secret.as_ref());
    Ok(Answer::ClientSecret(Box::new(shown)))
}

fn client_changes(asked: &ClientChangesRequest) -> Result<ClientChanges, Stop> {
    let user = match (&asked.user, asked.no_user) {
        (None, false) => None,
        (None, true) => Some(None),
        (Some(name), false) => Some(Some(parsed(name)?)),
        (Some(_), true) => return Err(Stop::malformed("expected a user or none, but found both")),
    };
    let audiences = asked.audiences.as_ref();
    let audiences = audiences.map(|names| names.iter().map(|name| parsed::<Audience>(name)).collect());
    Ok(ClientChanges {
        title: asked.name.clone(),
        grants: asked.grants.as_deref().map(parsed).transpose()?,
        login_urls: asked.login_urls.clone(),
        logout_urls: asked.logout_urls.clone(),
        scopes: asked.scopes.as_deref().map(parsed).transpose()?,
        audiences: audiences.transpose()?,
        lifetime_s: asked.lifetime_s,
        refresh_lifetime_s: asked.refresh_lifetime_s,
        show_login: asked.show_login,
        consent: asked.consent,
        enabled: asked.enabled,
        access: asked.access.as_deref().map(parsed).transpose()?,
        authentication: asked.authentication.as_ref().map(authentication),
        user,
    })
}

fn authentication(asked: &AuthenticationRequest) -> ClientAuthentication {
    match asked {
        AuthenticationRequest::Secret => ClientAuthentication::Secret,
        AuthenticationRequest::PrivateKeyJwt { jwks } => ClientAuthentication::PrivateKeyJwt { jwks: jwks.clone() },
        AuthenticationRequest::Public => ClientAuthentication::Public,
    }
}
