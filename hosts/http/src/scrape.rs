//! `/metrics`: what was counted, for a scraper.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::host::Host;

/// The text format of OpenMetrics, which Prometheus reads too.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes(host: Host) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(host)
}

async fn metrics(State(host): State<Host>) -> Response {
    let fields = [
        (header::CONTENT_TYPE, OPEN_METRICS),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (fields, host.metrics().text(&host.engine().condition())).into_response()
}
