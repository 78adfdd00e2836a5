//! Who asks: exactly one administrator's token, in one place. From outside all tokens that are no good look alike; the log
//! tells them apart, by number and address alone.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tollgate::{Admin, AdminDenial, Author, Role};

use super::api::Api;
use super::problem::Problem;
use super::stranger::{self, Guarded, turned_away};
use crate::bearer::{NoBearer, bearer};
use crate::forwarded;

/// An administrator, and where they are.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    admin: Admin,
    client: Option<IpAddr>,
}

impl Caller {
    /// As the audit trail names them.
    pub(super) fn author(&self) -> Author {
        let actor = format!("admin token {} ({})", self.admin.token().0, self.admin.name());
        let origin = self
            .client
            .map_or_else(|| "unknown".to_owned(), |client| client.to_string());
        Author::new(&actor, &origin)
    }

    /// The id of their token.
    pub(super) fn token(&self) -> u64 {
        self.admin.token().0
    }
}

const GUARDED: Guarded = Guarded {
    whom: "administrator",
    required: "An administrator's token is required",
    challenge: "Bearer realm=\"tollgate administration\"",
    invalid: "Bearer realm=\"tollgate administration\", error=\"invalid_token\"",
    detail: "Send a valid administrator's token, once, as `Authorization: Bearer TOKEN`; `tollgate admin-token issue` \
             makes one.",
};

/// Why nobody is admitted.
#[derive(Clone, Copy)]
enum Stranger {
    NoBearer(NoBearer),
    Denied(AdminDenial),
}

impl Stranger {
    fn label(self) -> &'static str {
        match self {
            Self::NoBearer(why) => why.label(),
            Self::Denied(AdminDenial::Revoked) => "revoked",
            Self::Denied(AdminDenial::Expired) => "expired",
            Self::Denied(AdminDenial::Stale) => "stale",
            Self::Denied(_) => "unknown",
        }
    }
}

/// Lets administrators through, and readers to what is only looked at.
pub(super) async fn authenticate(State(api): State<Api>, mut request: Request<Body>, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|peer| peer.0.ip());
    let proxies = api.host().engine().trusted_proxies();
    let client = peer.and_then(|peer| forwarded::client(request.headers(), peer, &proxies));
    let admin = match admitted(&api, request.headers()) {
        Ok(admin) => admin,
        Err(stranger) => return refused(&api, stranger, client, peer).into_response(),
    };
    let only_looks = matches!(*request.method(), Method::GET | Method::HEAD);
    if admin.role() != Role::Administrator && !only_looks {
        tracing::info!(token = admin.token().0, "a reader would change something");
        return role_refused().into_response();
    }
    request.extensions_mut().insert(Caller { admin, client });
    next.run(request).await
}

fn admitted(api: &Api, headers: &HeaderMap) -> Result<Admin, Stranger> {
    let token = bearer(headers).map_err(Stranger::NoBearer)?;
    let engine = api.host().engine();
    engine.admit(token, engine.now()).map_err(Stranger::Denied)
}

fn refused(api: &Api, stranger: Stranger, client: Option<IpAddr>, peer: Option<IpAddr>) -> Problem {
    if let Stranger::Denied(AdminDenial::Stale) = stranger {
        let detail = "No administrator is known before the server is started again: a commit failed, or the engine is closed. \
                      Nothing was changed.";
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Nobody can be admitted just now",
            detail,
        );
    }
    let stranger = stranger::Stranger {
        is_without: matches!(stranger, Stranger::NoBearer(NoBearer::Missing)),
        label: stranger.label(),
        client,
        counted: client.or(peer),
    };
    turned_away(&GUARDED, stranger, api.throttle(), api.host().engine().now())
}

fn role_refused() -> Problem {
    let detail = "expected the token of an administrator, but this is a reader's, which is good for GET alone: use another token";
    Problem::new(StatusCode::FORBIDDEN, "role-refused", "A reader may only look", detail).with(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"tollgate administration\", error=\"insufficient_scope\""),
    )
}
