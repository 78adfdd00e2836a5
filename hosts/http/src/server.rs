//! The server: routes, and a loop that bounds what a client can hold on to.
//!
//! Every connection has a place among a fixed number, a time within which the head of a request must arrive (which is
//! also how long an idle connection is kept), and bounds on the size of a head.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tollgate::Engine;
use tower_service::Service as _;

use crate::answer::problem_document;
use crate::check::check;

/// What clients can hold on to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at a time; the next one waits until one ends.
    pub connections_most: usize,
    /// How long the head of a request may take to arrive, and how long an idle connection is kept.
    pub head_within: Duration,
    /// Header fields of a request; more are answered with 431.
    pub fields_most: usize,
    /// Bytes of the head of a request; more are answered with 431.
    pub head_len_max: usize,
    /// How long requests under way may take to end once the server stops.
    pub stop_within: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections_most: 4_096,
            head_within: Duration::from_secs(15),
            fields_most: 128,
            head_len_max: 64 * 1024,
            stop_within: Duration::from_secs(10),
        }
    }
}

/// How long the loop waits before it accepts again after the system refused, unless a connection ends before.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// The routes of an engine. Requests must carry a [`ConnectInfo`] with the address of their peer.
pub fn router(engine: Engine) -> Router {
    Router::new()
        .route("/check", any(check))
        .route("/check/", any(check))
        .route("/check/{*path}", any(check))
        .with_state(engine)
        .route("/healthz", get(healthz))
        .fallback(not_found)
}

async fn healthz() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok").into_response()
}

async fn not_found() -> Response {
    let detail = "Ask for /check, or for a path below it.";
    problem_document(StatusCode::NOT_FOUND, "about:blank", "There is nothing here", detail)
}

/// A listening server.
pub struct Server {
    listener: TcpListener,
    bounds: Bounds,
}

impl Server {
    /// Takes the address; port 0 takes one that is free. Connections wait from here on, and are served by [`Server::run`].
    pub async fn bind(address: SocketAddr, bounds: Bounds) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            bounds,
        })
    }

    /// The address that was taken.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, then accepts no more, lets requests under way end within their bound, and returns
    /// when every connection has let go of the engine.
    pub async fn run(self, engine: Engine, stop: impl Future<Output = ()>) {
        let Self { listener, bounds } = self;
        let router = router(engine);
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut retry = tokio::time::interval(ACCEPT_PAUSE);
        let mut paused = false;
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept(), if !paused && connections.len() < bounds.connections_most => match accepted {
                    Ok((stream, peer)) => {
                        let connection = connection(stream, peer, router.clone(), &bounds);
                        connections.spawn(graceful.watch(connection));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection could be accepted");
                        paused = true;
                        retry.reset();
                    }
                },
                _ = retry.tick(), if paused => paused = false,
                Some(_) = connections.join_next(), if !connections.is_empty() => paused = false,
            }
        }
        drop(listener);
        if tokio::time::timeout(bounds.stop_within, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("connections that would not end were closed");
        }
        connections.shutdown().await;
    }
}

/// One connection, ready to be driven to its end.
fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: &Bounds,
) -> impl GracefulConnection<Error = hyper::Error> + use<> {
    // An answer is one small packet; waiting for more to send with it would only delay it.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_within)
        .max_headers(bounds.fields_most)
        .max_buf_size(bounds.head_len_max)
        .serve_connection(TokioIo::new(stream), service)
}
