//! `/signing-keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::api::Api;
use super::call::Call;
use super::listing::{Listed, shown_whole};
use super::problem::Problem;
use super::query::no_query;
use super::sent::MaybeSent;
use crate::control::{SigningKeyShown, rotate_keys, signing_keys};

/// Why keys are to be replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRotation {
    /// Whether somebody else may know the present keys: new ones then sign at once, and the present ones are published no more.
    #[serde(default)]
    compromised: bool,
}

/// Lists signing keys
///
/// In the order in which they were made, without what is secret of them.
#[utoipa::path(get, path = "/admin/v1/signing-keys", operation_id = "listSigningKeys", tag = "signing-keys",
    responses((status = 200, description = "All signing keys", body = Listed<SigningKeyShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(|engine| Ok(shown_whole(signing_keys(engine)?)));
    found.await?.answer(&call.uri)
}

/// Makes new signing keys
///
/// They are published at once, and sign an hour later; the present ones stay published until the last token under them has ended.
#[utoipa::path(post, path = "/admin/v1/signing-keys/rotate", operation_id = "rotateSigningKeys", tag = "signing-keys",
    request_body = Option<KeyRotation>,
    responses((status = 200, description = "All signing keys as they are from now on", body = Listed<SigningKeyShown>)))]
pub(super) async fn rotate(
    State(api): State<Api>,
    call: Call,
    MaybeSent(sent): MaybeSent<KeyRotation>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let server = api.host().authorization().cloned();
    let uri = call.uri.clone();
    let found = api.derive(move |engine| {
        let author = call.caller().author();
        rotate_keys(engine, server.as_ref(), author, sent.value.compromised).map_err(|error| {
            tracing::error!(%error, "no signing keys could be made");
            let title = "Nothing can be changed just now";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, error.to_string())
        })?;
        Ok(shown_whole(signing_keys(engine)?))
    });
    found.await?.answer(&uri)
}
