//! `DELETE /v1/permits/{id}`.

use std::net::SocketAddr;

use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tollgate::problem_type;

use super::asker::admit;
use super::decision::Problem;
use crate::answer::problem_document;
use crate::host::Host;
use crate::permits::PermitId;

/// Releases a permit: the request that it was held for is over.
#[utoipa::path(
    delete,
    path = "/v1/permits/{id}",
    tag = "checks",
    params(("id" = String, Path, description = "The permit, as `POST /v1/check` named it")),
    responses(
        (status = 204, description = "The permit was held, and its place is free"),
        (status = 403, description = "The asker is neither a trusted proxy nor an administrator", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such permit is held; perhaps its time is over", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn release(
    State(host): State<Host>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = admit(host.engine(), caller.ip(), &headers) {
        return refused;
    }
    let id = id.ok().and_then(|Path(id)| id.parse::<PermitId>().ok());
    if id.is_some_and(|id| host.permits().release(&id)) {
        return StatusCode::NO_CONTENT.into_response();
    }
    problem_document(
        StatusCode::NOT_FOUND,
        &problem_type("unknown-permit"),
        "No such permit is held",
        "It was released before, its time is over, or the server has been started anew since. There is nothing to do.",
    )
}
