//! What users have agreed that clients may do.

use axum::extract::State;
use axum::response::Response;
use tollgate::WithdrawConsent;

use super::api::Api;
use super::call::{Call, Segment, Segments};
use super::clients;
use super::entity::gone;
use super::issued::Secretive as _;
use super::listing::{Listed, whole};
use super::problem::Problem;
use super::query::no_query;
use super::users::named;
use crate::control::ConsentShown;

/// Lists what a user has agreed to
#[utoipa::path(get, path = "/admin/v1/users/{name}/consents", operation_id = "listConsents", tag = "people",
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 200, description = "All consents", body = Listed<ConsentShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call, Segment(name): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| Ok(whole::<_, ConsentShown>(&engine.consents(&named(&name)?)?)));
    found.await?.answer(&call.uri)
}

/// Takes a consent back
///
/// What rests on it can be refreshed no more; access tokens end by themselves. To take back what was never given changes nothing.
#[utoipa::path(delete, path = "/admin/v1/users/{name}/consents/{client_id}", operation_id = "withdrawConsent",
    tag = "people", params(("name" = String, Path, description = "The user's name"),
        ("client_id" = String, Path, description = "The client's name")),
    responses((status = 204, description = "The consent is gone")))]
pub(super) async fn withdraw(
    State(api): State<Api>,
    call: Call,
    Segments(name, client): Segments,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let user = named(&name)?;
        let client = engine.client(&clients::named(&client)?)?;
        let client_number = client.ok_or_else(tollgate::Client::none)?.number;
        let by = engine.by(call.caller().author());
        by.execute(WithdrawConsent { user, client_number })?;
        Ok(gone())
    })
    .await
}
