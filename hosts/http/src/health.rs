//! `/healthz`: whether the process answers at all.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::host::Host;

pub(crate) fn routes(host: Host) -> Router {
    Router::new().route("/healthz", get(healthz)).with_state(host)
}

async fn healthz() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok").into_response()
}
