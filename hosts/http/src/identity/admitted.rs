//! Who may come near the authorization server at all: everybody but those whom the global network rules ban.
//!
//! An address that no rule trusts is served. Who comes for a token shows who they are first, and whether the token may be used
//! from where it is presented is decided at each check, by the rules for everybody and those of its user.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tollgate::{DenyReason, problem_type};

use crate::answer::problem_document;
use crate::forwarded;
use crate::host::Host;

/// The client behind all proxies, for those who count its failures and name it in the trail. None where it cannot be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

/// Lets a request through with its [`Peer`], unless that is banned.
pub(crate) async fn admit(State(host): State<Host>, mut request: Request<Body>, next: Next) -> Response {
    let caller = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let caller = caller.map(|caller| caller.0.ip());
    let proxies = host.engine().trusted_proxies();
    let peer = caller.and_then(|caller| forwarded::client(request.headers(), caller, &proxies));
    if peer.is_some_and(|peer| host.engine().bans(peer)) {
        tracing::info!(
            client = peer.map(tracing::field::display),
            "a banned address was refused"
        );
        return refused();
    }
    request.extensions_mut().insert(Peer(peer));
    next.run(request).await
}

fn refused() -> Response {
    let row = DenyReason::NetworkRefused.row();
    let detail = "Ask whoever runs this server to let this address in.";
    problem_document(StatusCode::FORBIDDEN, &problem_type(row.problem), row.title, detail)
}
