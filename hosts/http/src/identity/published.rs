//! What the authorization server publishes of itself: metadata by RFC 8414 and OpenID Connect Discovery, and its public keys.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use tollgate_oauth::{AuthorizationServer, Profile};

use super::Desk;
use super::answered::{answered, fault, overloaded};

/// RFC 8414 puts these words between the host and the path of an issuer, whatever kind of metadata they name; OpenID Connect
/// Discovery puts them behind.
const METADATA: [&str; 2] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
];

pub(super) fn routes(server: &AuthorizationServer) -> Router<Desk> {
    let base = server
        .configuration()
        .public_url
        .path()
        .trim_end_matches('/')
        .to_owned();
    let mut routes = Router::new();
    for words in METADATA {
        let base = base.clone();
        let of_issuer = move |desk, path| metadata_of_issuer(desk, path, base);
        routes = routes
            .route(words, metadata(Profile::Standard))
            .route(&format!("{words}/{{*path}}"), get(of_issuer));
    }
    routes
        .route("/identity/.well-known/openid-configuration", metadata(Profile::Cinchy))
        .route(
            "/identity/.well-known/oauth-authorization-server",
            metadata(Profile::Cinchy),
        )
        .route("/identity/.well-known/openid-configuration/jwks", get(keys))
        .route("/oauth2/jwks", get(keys))
}

fn metadata(profile: Profile) -> MethodRouter<Desk> {
    get(async move |State(desk): State<Desk>| document(desk, profile).await)
}

/// The metadata of the issuer with this path, where it is one of the two.
async fn metadata_of_issuer(State(desk): State<Desk>, Path(path): Path<String>, base: String) -> Response {
    let profile = match format!("/{path}").strip_prefix(&base) {
        Some("") => Profile::Standard,
        Some("/identity") => Profile::Cinchy,
        Some(_) | None => {
            let detail = "this server is no issuer with that path";
            return fault(StatusCode::NOT_FOUND, "invalid_request", detail);
        }
    };
    document(desk, profile).await
}

async fn document(desk: Desk, profile: Profile) -> Response {
    let server = desk.server.clone();
    match desk.host.lane().run(move || server.metadata(profile)).await {
        Ok(answer) => answered(&desk.host, answer),
        Err(_) => overloaded(),
    }
}

async fn keys(State(desk): State<Desk>) -> Response {
    let (server, now) = (desk.server.clone(), desk.host.engine().now());
    match desk.host.lane().run(move || server.jwks(now)).await {
        Ok(answer) => answered(&desk.host, answer),
        Err(_) => overloaded(),
    }
}
