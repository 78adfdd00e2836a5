//! The authorization server's endpoints for programs, in two profiles: below `/identity` as Cinchy has them, below `/oauth2` as
//! the RFCs do.
//!
//! Nothing is decided here. A request is read within bounds and carried to a thread that may wait; the answer is carried
//! back, and counted by client, grant and outcome.

pub(crate) mod admitted;
pub(crate) mod carried;
pub(crate) mod answered;
mod published;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tollgate::Timestamp;
use tollgate_oauth::Profile::{Cinchy, Standard};
use tollgate_oauth::{Answer, AuthorizationServer, Call};

use crate::host::Host;
use admitted::admit;
use answered::{answered, fault, overloaded};
use carried::Carried;

/// A host that has an authorization server.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) host: Host,
    pub(crate) server: AuthorizationServer,
}

impl Desk {
    /// Where there is a server to carry to.
    pub(crate) fn of(host: &Host) -> Option<Self> {
        let server = host.authorization()?.clone();
        let host = host.clone();
        Some(Self { host, server })
    }
}

/// What an endpoint does with a request.
type Ask = fn(&AuthorizationServer, &Call<'_>, Timestamp) -> Answer;

pub(crate) fn routes(host: Host) -> Router {
    let Some(desk) = Desk::of(&host) else {
        return Router::new();
    };
    Router::new()
        .route(
            "/identity/connect/token",
            sent(|to, call, now| to.token(Cinchy, call, now)),
        )
        .route(
            "/identity/connect/introspect",
            sent(|to, call, now| to.introspect(Cinchy, call, now)),
        )
        .route(
            "/identity/connect/revocation",
            sent(|to, call, now| to.revoke(Cinchy, call, now)),
        )
        .route(
            "/identity/connect/userinfo",
            asked(|to, call, now| to.userinfo(Cinchy, call, now)),
        )
        .route("/oauth2/token", sent(|to, call, now| to.token(Standard, call, now)))
        .route(
            "/oauth2/introspect",
            sent(|to, call, now| to.introspect(Standard, call, now)),
        )
        .route("/oauth2/revoke", sent(|to, call, now| to.revoke(Standard, call, now)))
        .route(
            "/oauth2/userinfo",
            asked(|to, call, now| to.userinfo(Standard, call, now)),
        )
        .route("/oauth2/register", sent(|to, call, now| to.register(call, now)))
        .merge(published::routes(&desk.server))
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(host, admit))
        .with_state(desk)
}

/// An endpoint for forms and documents, by POST alone.
fn sent(ask: Ask) -> MethodRouter<Desk> {
    post(move |desk, request| carry(desk, request, ask))
}

/// An endpoint that may be asked by GET and by POST.
fn asked(ask: Ask) -> MethodRouter<Desk> {
    get(move |desk, request| carry(desk, request, ask)).post(move |desk, request| carry(desk, request, ask))
}

async fn carry(State(desk): State<Desk>, request: Request<Body>, ask: Ask) -> Response {
    let carried = match Carried::read(request).await {
        Ok(carried) => carried,
        Err(refused) => return refused,
    };
    let server = desk.server.clone();
    let now = desk.host.engine().now();
    match desk.host.lane().run(move || ask(&server, &carried.call(), now)).await {
        Ok(answer) => answered(&desk.host, answer),
        Err(_) => overloaded(),
    }
}

async fn other_method(method: Method) -> Response {
    let is_head = method == Method::HEAD;
    let mut answer = fault(
        StatusCode::METHOD_NOT_ALLOWED,
        "invalid_request",
        "expected one of the methods in the field Allow",
    );
    if is_head {
        *answer.body_mut() = Body::empty();
    }
    answer
}
