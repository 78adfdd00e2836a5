//! `/grants`: what clients were granted, and taking it back.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tollgate::{Client, Engine, GrantId, GrantsOf, HeldGrant, Refusal, RevokeGrant};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::clients;
use super::entity::{Entity, json, written};
use super::issued::{Nothing, Secretive as _, about_body, number};
use super::listing::{Listed, PageParameters, Wanted, page};
use super::problem::Problem;
use super::query::no_query;
use super::sent::{MaybeSent, Sent};
use super::tags::IfNoneMatch;
use super::users::named;
use crate::control::{GrantShown, RevokedGrantsShown};

/// Which of a user's grants are to be revoked, and what else ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRevocation {
    /// What this client has alone; all clients where there is none.
    #[serde(default)]
    #[schema(nullable = false, example = "reports")]
    client_id: Option<String>,
    /// Whether the user's logins in browsers end as well.
    #[serde(default)]
    logins: bool,
}

/// Lists what clients were granted
///
/// User by user, in the order in which the grants began; those that have ended stay for a while.
#[utoipa::path(get, path = "/admin/v1/grants", operation_id = "listGrants", tag = "grants", params(PageParameters),
    responses((status = 200, description = "A page of grants", body = Listed<GrantShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    answer_list(&api, &call, |_| Ok(None)).await
}

/// Lists what clients were granted for one user
///
/// In the order in which the grants began; those that have ended stay for a while.
#[utoipa::path(get, path = "/admin/v1/users/{name}/grants", operation_id = "listGrantsOfUser", tag = "grants",
    params(("name" = String, Path, description = "The user's name"), PageParameters),
    responses((status = 200, description = "A page of grants", body = Listed<GrantShown>)))]
pub(super) async fn list_of_user(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
) -> Result<Response, Problem> {
    answer_list(&api, &call, move |_| Ok(Some(GrantsOf::User(named(&name)?)))).await
}

/// Lists what one client was granted
///
/// In the order in which the grants began; those that have ended stay for a while.
#[utoipa::path(get, path = "/admin/v1/clients/{client_id}/grants", operation_id = "listGrantsOfClient", tag = "grants",
    params(("client_id" = String, Path, description = "The client's name"), PageParameters),
    responses((status = 200, description = "A page of grants", body = Listed<GrantShown>)))]
pub(super) async fn list_of_client(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    answer_list(&api, &call, move |_| Ok(Some(GrantsOf::Client(clients::named(&id)?)))).await
}

async fn answer_list(
    api: &Api,
    call: &Call,
    of: impl FnOnce(&Engine) -> Result<Option<GrantsOf>, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let Wanted { cursor, limit } = Wanted::of_uri(&call.uri)?;
    let found = api.run(move |engine| {
        let of = of(engine)?;
        page::<_, GrantShown>(engine.grants_page(of.as_ref(), cursor.as_deref(), limit))
    });
    found.await?.answer(&call.uri)
}

/// Shows a grant
///
/// The id of an access token, as decisions and the audit trail tell it, leads to the grant that it belongs to.
#[utoipa::path(get, path = "/admin/v1/grants/{id}", operation_id = "showGrant", tag = "grants",
    params(("id" = String, Path, description = "The id of the grant, or of an access token"), IfNoneMatch),
    responses((status = 200, description = "The grant", body = GrantShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| {
        let id = grant_id(&id)?;
        let held = engine.grant(id)?.ok_or(Refusal::NoSuchGrant { id })?;
        Entity::of(&GrantShown::from(&held))
    });
    Ok(found.await?.found(&call))
}

/// Revokes a grant
///
/// For ever, with all its refresh and access tokens. When the answer is there, no check passes with any of them any more. To revoke
/// it again changes nothing.
#[utoipa::path(post, path = "/admin/v1/grants/{id}/revoke", operation_id = "revokeGrant", tag = "grants",
    params(("id" = String, Path, description = "The id of the grant, or of an access token")),
    request_body = Option<Nothing>,
    responses((status = 200, description = "The grant as it is from now on", body = GrantShown)))]
pub(super) async fn revoke(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let revoked: HeldGrant = api
        .run(move |engine| {
            let by = engine.by(call.caller().author());
            Ok(by.execute(RevokeGrant { id: grant_id(&id)? })?)
        })
        .await?;
    shown(&GrantShown::from(&revoked))
}

/// Revokes all that clients were granted for a user
///
/// Logins that clients go on with, access tokens, and codes that nobody has redeemed yet. When the answer is there, no check passes
/// with any of them any more. What the user has agreed to stays, and so do authtokens and personal access tokens.
#[utoipa::path(post, path = "/admin/v1/users/{name}/grants/revoke", operation_id = "revokeGrantsOfUser", tag = "grants",
    params(("name" = String, Path, description = "The user's name")),
    request_body = Option<UserRevocation>,
    responses((status = 200, description = "How much was revoked", body = RevokedGrantsShown)))]
pub(super) async fn revoke_of_user(
    State(api): State<Api>,
    call: Call,
    Segment(name): Segment,
    MaybeSent(Sent { value, .. }): MaybeSent<UserRevocation>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let UserRevocation { client_id, logins } = value;
    let revoked = api.run(move |engine| {
        let (user, by) = (named(&name)?, engine.by(call.caller().author()));
        let client = client_id
            .map(|id| clients::named(&id))
            .transpose()
            .map_err(about_body)?;
        if let Some(client) = &client
            && engine.client(client)?.is_none()
        {
            return Err(about_body(Client::none()));
        }
        let of = match client {
            Some(client) => GrantsOf::Both(user.clone(), client),
            None => GrantsOf::User(user.clone()),
        };
        let ended = logins.then(|| by.end_sessions(&user)).transpose()?;
        Ok(RevokedGrantsShown::of(by.revoke_grants(&of)?, ended))
    });
    shown(&revoked.await?)
}

/// Revokes all that a client was granted
///
/// As for one user, for all users.
#[utoipa::path(post, path = "/admin/v1/clients/{client_id}/grants/revoke", operation_id = "revokeGrantsOfClient",
    tag = "grants", params(("client_id" = String, Path, description = "The client's name")),
    request_body = Option<Nothing>,
    responses((status = 200, description = "How much was revoked", body = RevokedGrantsShown)))]
pub(super) async fn revoke_of_client(
    State(api): State<Api>,
    call: Call,
    Segment(id): Segment,
    MaybeSent(Sent { value: Nothing {}, .. }): MaybeSent<Nothing>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let revoked = api.run(move |engine| {
        let of = GrantsOf::Client(clients::named(&id)?);
        let revoked = engine.by(call.caller().author()).revoke_grants(&of)?;
        Ok(RevokedGrantsShown::of(revoked, None))
    });
    shown(&revoked.await?)
}

/// The answer that shows what was done.
pub(super) fn shown<T: Serialize>(shown: &T) -> Result<Response, Problem> {
    Ok(json(written(shown)?))
}

/// An id in a path. One that is no number is no grant's.
fn grant_id(segment: &str) -> Result<GrantId, Problem> {
    let id = number(segment).map_err(|_| Problem::from(Refusal::NoSuchGrant { id: GrantId(0) }));
    id.map(|id| GrantId(id.0))
}
