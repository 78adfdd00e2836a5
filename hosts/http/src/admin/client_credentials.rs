//! Ids and secrets by which a user's programs get tokens: clients that act as that user.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{AccessForm, AddClient, Client, ClientName, Entropy as _, Grant, GrantSet, Scope, SystemEntropy};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::client_bodies::{AccessWord, ClientWithSecret};
use super::clients::telling;
use super::fields::{Text, scope_set, some};
use super::issued::{self};
use super::listing::{Listed, whole};
use super::once::IdempotencyKey;
use super::problem::Problem;
use super::query::no_query;
use super::sent::MaybeSent;
use super::users::{named, no_such_user};
use crate::control::ClientShown;

/// Random bytes of an id. It is no secret, and must only be nobody else's.
const ID_BYTES: usize = 12;

/// How an id and a secret are to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCredentials {
    /// What people call the program, without control characters; the id where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255, example = "nightly import")]
    name: Option<String>,
    /// The scopes it may ask for, each once.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Vec<String>, required = false, max_items = 64, example = json!(["orders.read"]))]
    scopes: Option<Vec<Text<Scope>>>,
    /// Seconds for which its access tokens last; 3600 where they are left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = u32, required = false, minimum = 60, maximum = 31_536_000)]
    lifetime_s: Option<u32>,
    /// What its access tokens look like; opaque where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = AccessWord, required = false)]
    access: Option<Text<AccessForm>>,
}

/// Lists a user's client credentials
///
/// The clients that act as this user, without their secrets.
#[utoipa::path(get, path = "/admin/v1/users/{name}/client-credentials", operation_id = "listClientCredentials",
    tag = "clients", params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "All of them", body = Listed<ClientShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call, Segment(name): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.walk(move |engine| {
        let name = engine.user(&named(&name)?)?.ok_or_else(no_such_user)?.name;
        let acts_as =
            |client: &Client| client.grants.contains(Grant::ClientCredentials) && client.user.as_ref() == Some(&name);
        let clients: Vec<Client> = engine.clients()?.into_iter().filter(acts_as).collect();
        Ok(whole::<_, ClientShown>(&clients))
    });
    found.await?.answer(&call.uri)
}

/// Makes an id and a secret for a user's program
///
/// The program sends them to the access URL (`grant_type=client_credentials`) and gets tokens that act with the user's operations,
/// limits and networks. The answer holds the secret, which is shown nowhere else.
#[utoipa::path(post, path = "/admin/v1/users/{name}/client-credentials", operation_id = "issueClientCredentials",
    tag = "clients", params(("name" = String, Path, description = "The user's name"), IdempotencyKey),
    request_body = Option<NewCredentials>,
    responses((status = 201, description = "The id and the secret", body = ClientWithSecret)))]
pub(super) async fn issue(
    State(api): State<Api>,
    call: Call,
    Segment(user): Segment,
    MaybeSent(sent): MaybeSent<NewCredentials>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let NewCredentials {
        name,
        scopes,
        lifetime_s,
        access,
    } = sent.value;
    let user = named(&user)?;
    let first = AddClient::named(drawn_id()?, GrantSet::NONE.with(Grant::ClientCredentials));
    let command = AddClient {
        title: name.unwrap_or(first.title),
        scopes: scopes.map_or(Ok(first.scopes), scope_set)?,
        lifetime_s: lifetime_s.unwrap_or(first.lifetime_s),
        access: access.map_or(first.access, |Text(form)| form),
        user: Some(user),
        name: first.name,
        grants: first.grants,
        login_urls: first.login_urls,
        logout_urls: first.logout_urls,
        audiences: first.audiences,
        refresh_lifetime_s: first.refresh_lifetime_s,
        show_login: first.show_login,
        consent: first.consent,
        enabled: first.enabled,
        authentication: first.authentication,
    };
    let tell = telling(&api);
    issued::issue(&api, call, sent.fingerprint, command, tell).await
}

/// An id that nobody has.
fn drawn_id() -> Result<ClientName, Problem> {
    let mut bytes = [0; ID_BYTES];
    SystemEntropy.fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no id could be drawn");
        Problem::unexpected()
    })?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("cc-{digits}").parse().map_err(|_| Problem::unexpected())
}
