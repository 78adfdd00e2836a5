//! An axum route behind a tollgate. `cargo run --example axum_middleware -- tollgate.redb`, then
//! `curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/`.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header::WWW_AUTHENTICATE};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing::get};
use http_body_util::BodyExt as _;
use tollgate::{Engine, Field, RequestParts, Verdict};

type Peer = ConnectInfo<SocketAddr>;

async fn gate(State(engine): State<Engine>, peer: Peer, request: Request, next: Next) -> Response {
    let permit = {
        let lines = |name| Field::collect(request.headers().get_all(name).iter().map(|line| line.as_bytes()));
        let parts = RequestParts {
            method: request.method().as_str().as_bytes(),
            path: request.uri().path().as_bytes(),
            query: request.uri().query().map(str::as_bytes),
            peer: Some(peer.0.ip()),
            authorization: lines("authorization"),
            authtoken: lines("x-cdata-authtoken"),
            ..RequestParts::default()
        };
        match engine.check(&parts, engine.now()) {
            Verdict::Permit(permit) => engine.hold(permit),
            Verdict::Denial(denial) => {
                let row = denial.reason.row();
                let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::FORBIDDEN);
                let error = row.bearer_error.map(|error| format!(" error=\"{error}\""));
                let challenge = format!("Bearer{}", error.unwrap_or_default());
                return (status, [(WWW_AUTHENTICATE, challenge)], row.title).into_response();
            }
        }
    };
    let response = next.run(request).await;
    // The body owns the permit: the user's place is free when all of it was sent, or the client has gone.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &permit;
            frame
        }))
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("expected the path of a store, which `tollgate init` makes")?;
    let engine = Engine::open(path)?;
    let route = Router::new()
        .route("/", get(async || "through"))
        .layer(from_fn_with_state(engine, gate));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, route.into_make_service_with_connect_info::<SocketAddr>()).await?)
}
