//! The routes of a host.
//!
//! Each area is a module with a function `routes(host: Host) -> Router` of its own, merged here. What holds for every
//! request (bounds, counts, logs) is in [`edge`](crate::edge), so that an area is about its subject alone. Whatever
//! decides a request asks `Host::check`, which counts.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer::problem_document;
use crate::edge::Edge;
use crate::host::Host;
use crate::{account, admin, check, ext_authz, feed, health, identity, scrape, v1};

/// The routes of a host. Requests must carry a [`ConnectInfo`](axum::extract::ConnectInfo) with the address of their peer.
pub fn router(host: impl Into<Host>) -> Router {
    let host = host.into();
    // Scripts in browsers talk to these, so these alone may answer pages of other origins; where people are asked, at the
    // authorization endpoint and below /account, none may.
    let json = Router::new()
        .merge(admin::routes(host.clone()))
        .merge(v1::routes(host.clone()))
        .merge(identity::routes(host.clone()));
    let json = match host.cross_origin() {
        Some(allowed) => json.layer(allowed.layer()),
        None => json,
    };
    Router::new()
        .merge(json)
        .merge(check::routes(host.clone()))
        .merge(ext_authz::routes(host.clone()))
        .merge(feed::routes(host.clone()))
        .merge(account::routes(host.clone()))
        .merge(health::routes(host.clone()))
        .merge(scrape::routes(host.clone()))
        .fallback(not_found)
        // The edge bounds every body, and says so in words.
        .layer(DefaultBodyLimit::disable())
        .layer(Edge::of(host))
}

async fn not_found() -> Response {
    let detail = "Ask at /check or below it, at /v1/check, or at /admin/v1/openapi.json what there is to administer.";
    problem_document(StatusCode::NOT_FOUND, "about:blank", "There is nothing here", detail)
}
