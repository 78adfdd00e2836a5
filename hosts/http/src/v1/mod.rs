//! `/v1`: the decision of `/check` as a question and an answer in JSON, one or many at once, and permits for requests that
//! are under way elsewhere.
//!
//! The facts of a request are its asker's word, so not everybody is asked about: see [`asker`]. A question says where the
//! request came from and which fields it had; from there on it is read as `/check` reads one. What is asked is answered
//! with 200 whatever the decision is; other statuses say that there was no question.
//!
//! A follower of the feed asks with its feed token, and for proofs alone: see [`prove`].
//!
//! With `hold`, a permit stays held after the answer, and counts as a request under way until
//! `DELETE /v1/permits/{id}`, until its time is over, or until the server stops.

mod asker;
mod question;
mod decision;
mod prove;
mod check;
mod release;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::host::Host;

pub(crate) fn routes(host: Host) -> Router {
    documented().with_state(host).into()
}

/// The routes with their documents, for whoever publishes those.
pub(crate) fn documented() -> OpenApiRouter<Host> {
    OpenApiRouter::new()
        .routes(routes!(check::check))
        .routes(routes!(release::release))
}
