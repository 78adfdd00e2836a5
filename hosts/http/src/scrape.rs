//! `/metrics`: what was counted, for a scraper.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::answer::problem_document;
use crate::forwarded::client;
use crate::host::Host;

/// The text format of OpenMetrics, which Prometheus reads too.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes(host: Host) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(host)
}

async fn metrics(
    State(host): State<Host>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let client = client(&headers, caller.ip(), &host.engine().trusted_proxies());
    if !client.is_some_and(|client| host.may_scrape(client)) {
        let detail =
            "Ask from an address that may read the counts: it is named in the configuration, under metrics.from.";
        let title = "This address may not read the counts";
        return problem_document(StatusCode::FORBIDDEN, "about:blank", title, detail);
    }
    let fields = [
        (header::CONTENT_TYPE, OPEN_METRICS),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let condition = host.engine().condition();
    host.metrics().note_followers(condition.revision, host.followers());
    (fields, host.metrics().text(&condition)).into_response()
}
