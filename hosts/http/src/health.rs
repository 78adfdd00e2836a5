//! `/healthz`: whether the process answers at all. `/readyz`: whether it should be asked.
//!
//! A server that is alive and not ready is not to be killed and not to be sent requests: it denies them. So the first
//! looks at nothing, and the second at the engine.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tollgate::Condition;

use crate::answer::problem_document;
use crate::host::Host;

pub(crate) fn routes(host: Host) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(host)
}

async fn healthz() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok").into_response()
}

/// Ready is a server whose checks can pass and whose commands are carried out.
async fn readyz(State(host): State<Host>) -> Response {
    match trouble(&host.engine().condition()) {
        None => ([(header::CACHE_CONTROL, "no-store")], "ready").into_response(),
        Some(words) => problem_document(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:tollgate:problem:not-ready",
            "This server is not ready",
            &words,
        ),
    }
}

/// Why a server of such an engine is not ready.
pub(crate) fn trouble(condition: &Condition) -> Option<String> {
    let checks = (!condition.checks).then(|| "Every check is denied.".to_owned());
    let writes = condition
        .writes
        .as_ref()
        .err()
        .map(|reason| format!("No command is carried out before a restart: {reason}."));
    match (checks, writes) {
        (Some(checks), Some(writes)) => Some(format!("{checks} {writes}")),
        (checks, writes) => checks.or(writes),
    }
}
