//! `/clients`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{
    AddedClient, Client, ClientAuthentication, ClientName, Engine, RemoveClient, RotateClientSecret, RotatedSecret,
    Seen, SetClient, TokenText,
};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::client_bodies::{ClientPatch, ClientWithSecret, NewClient};
use super::entity::{change, gone};
use super::fault::no_such_client;
use super::issued::{self, Making, Secretive, about_body, amend, look};
use super::listing::{Listed, PageParameters, Wanted, page};
use super::once::IdempotencyKey;
use super::problem::Problem;
use super::query::no_query;
use super::sent::{MaybeSent, Sent};
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{ClientShown, accept_terms, access_url, new_client};

/// How a client's secret is to be replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// Seconds for which earlier secrets may still be used.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 7_776_000)]
    overlap_s: u32,
}

/// Lists clients
///
/// In the order of their names, without their secrets.
#[utoipa::path(get, path = "/admin/v1/clients", operation_id = "listClients", tag = "clients", params(PageParameters),
    responses((status = 200, description = "A page of clients", body = Listed<ClientShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| page::<_, ClientShown>(engine.clients_page(cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Adds a client
///
/// The answer holds its secret, which is shown nowhere else.
#[utoipa::path(post, path = "/admin/v1/clients", operation_id = "addClient", tag = "clients", params(IdempotencyKey),
    request_body = NewClient,
    responses((status = 201, description = "The client with its secret", body = ClientWithSecret)))]
pub(super) async fn add(State(api): State<Api>, call: Call, sent: Sent<NewClient>) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let (name, changes) = sent.value.named()?;
    accept_terms(&changes, None)?;
    let command = new_client(name, changes);
    let tell = telling(&api);
    let added = issued::issue(&api, call, sent.fingerprint, command, tell).await;
    added.map_err(about_body)
}

/// Shows a client
///
/// Without its secrets, which are stored nowhere.
#[utoipa::path(get, path = "/admin/v1/clients/{client_id}", operation_id = "showClient", tag = "clients",
    params(("client_id" = String, Path, description = "The client's name"), IfNoneMatch),
    responses((status = 200, description = "The client", body = ClientShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    issued::show::<Client>(&api, call, id).await
}

/// Changes a client
///
/// The fields that are there are set; the others stay as they are. Tokens that it has keep their scopes and their life.
#[utoipa::path(patch, path = "/admin/v1/clients/{client_id}", operation_id = "changeClient", tag = "clients",
    params(("client_id" = String, Path, description = "The client's name"), IfMatch), request_body = ClientPatch,
    responses((status = 200, description = "The client as it is from now on", body = ClientShown)))]
pub(super) async fn set_some(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    sent: Sent<ClientPatch>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let changes = sent.value.asked()?;
    amend(&api, call, id.clone(), move |engine| {
        let there = Client::find(engine, &id)?.ok_or_else(Client::none)?;
        accept_terms(&changes, Some(&there))?;
        let name = there.name;
        Ok(SetClient { name, changes })
    })
    .await
}

/// Gives a client a new secret
///
/// The answer holds it. Earlier secrets may be used until the overlap is over, which is at once where none is named.
#[utoipa::path(post, path = "/admin/v1/clients/{client_id}/rotate", operation_id = "rotateClientSecret", tag = "clients",
    params(("client_id" = String, Path, description = "The client's name"), IdempotencyKey),
    request_body = Option<Rotation>,
    responses((status = 201, description = "The client with its new secret", body = ClientWithSecret)))]
pub(super) async fn rotate(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(sent): MaybeSent<Rotation>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let (name, overlap_s) = (named(&id)?, sent.value.overlap_s);
    let tell = telling(&api);
    issued::issue(
        &api,
        call,
        sent.fingerprint,
        RotateClientSecret { name, overlap_s },
        tell,
    )
    .await
}

/// Removes a client
///
/// Its tokens are refused from then on. A client that is added under its name again inherits nothing.
#[utoipa::path(delete, path = "/admin/v1/clients/{client_id}", operation_id = "removeClient", tag = "clients",
    params(("client_id" = String, Path, description = "The client's name"), IfMatch),
    responses((status = 204, description = "The client is gone")))]
pub(super) async fn remove(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let command = RemoveClient { name: named(&id)? };
        change(engine, &call, |engine| look::<Client>(engine, &id), command)?;
        Ok(gone())
    })
    .await
}

/// A client and its secret, with where it asks for tokens.
pub(super) fn telling(
    api: &Api,
) -> impl FnOnce(ClientShown, issued::Secret) -> ClientWithSecret + Send + use<> + 'static {
    let host = api.host().clone();
    move |shown, secret| {
        let url = access_url(&host, &shown.facts.grants);
        ClientWithSecret::of(shown, secret, url)
    }
}

/// A name in a path. One that no client can have is no client's.
pub(super) fn named(segment: &str) -> Result<ClientName, Problem> {
    segment.parse().map_err(|_| Client::none())
}

impl Secretive for Client {
    type Shown = ClientShown;
    const LIST: &'static str = "clients";
    const FORGOTTEN: &'static str = "the secret was shown in the first answer and is not remembered any more: give the client \
                                     another under a new idempotency key";

    fn id(&self) -> String {
        self.name.to_string()
    }

    fn find(engine: &Engine, id: &str) -> Result<Option<Self>, Problem> {
        Ok(engine.client(&named(id)?)?)
    }

    fn seen(self) -> Seen {
        Seen::Client(Box::new(self))
    }

    fn has_secret(&self) -> bool {
        self.authentication == ClientAuthentication::Secret
    }

    fn none() -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no-such-client",
            "There is no such record",
            no_such_client(),
        )
    }
}

impl Making for AddedClient {
    type Record = Client;

    fn made(&self) -> (&Client, Option<&TokenText>) {
        (&self.client, self.secret.as_ref())
    }
}

impl Making for RotatedSecret {
    type Record = Client;

    fn made(&self) -> (&Client, Option<&TokenText>) {
        (&self.client, Some(&self.secret))
    }
}
