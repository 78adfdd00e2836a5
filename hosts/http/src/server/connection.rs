//! One connection, from its first byte to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::progress::{Arriving, Progress};
use super::streams::{Cut, Streams, streams};
use crate::bounds::Bounds;

/// How long a connection may take to say goodbye once it was told that it is idle.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How often a silent HTTP/2 client with requests under way is asked whether it is there, and how long it may take to
/// say so.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The shortest head that the library can be bounded to.
const HEAD_LEN_LEAST: usize = 8_192;

/// Bytes of bodies that an HTTP/2 client may send before somebody reads them: on one stream, and on all of a connection.
/// What a client can make the server remember is the second of these and a head for each stream.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// All connections of a server.
pub(super) struct Connections {
    shared: Arc<Shared>,
    stopping: watch::Sender<bool>,
    cut: Cut,
}

struct Shared {
    router: Router,
    protocols: Builder<Streams>,
    head_within: Duration,
}

impl Connections {
    pub(super) fn new(router: Router, bounds: &Bounds) -> Self {
        let (streams, cut) = streams();
        let shared = Shared {
            router,
            protocols: protocols(streams, bounds),
            head_within: bounds.head_within,
        };
        Self {
            shared: Arc::new(shared),
            stopping: watch::Sender::new(false),
            cut,
        }
    }

    /// Tells every connection to end once its requests have.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends what is still under way on HTTP/2 connections, and waits for that. The connections themselves must be gone.
    pub(super) async fn cut(self) {
        let Self { shared, cut, .. } = self;
        drop(shared);
        cut.all().await;
    }

    /// Drives one connection to its end, from its handshake on where it has one, and notes in `progress` what it does.
    pub(super) fn drive(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<TlsAcceptor>,
        progress: Progress,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (shared, mut stopping) = (Arc::clone(&self.shared), self.stopping.subscribe());
        async move {
            let Some(tls) = tls else {
                return shared.serve(stream, peer, stopping, progress).await;
            };
            // A handshake has as long as a head; nothing was asked yet, so a stop need not wait for it.
            let shaken = tokio::select! {
                () = told(&mut stopping) => return,
                () = progress.asked_to_leave() => return,
                shaken = tokio::time::timeout(shared.head_within, tls.accept(stream)) => shaken,
            };
            match shaken {
                Ok(Ok(stream)) => shared.serve(stream, peer, stopping, progress).await,
                Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            }
        }
    }
}

impl Shared {
    async fn serve<I>(&self, stream: I, peer: SocketAddr, mut stopping: watch::Receiver<bool>, progress: Progress)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (router, at_work) = (self.router.clone(), progress.clone());
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let under_way = at_work.begin();
            let mut request = request.map(|body| Body::new(Arriving::new(body, &at_work)));
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.clone().call(request);
            async move {
                let answer = answer.await;
                drop(under_way);
                answer
            }
        });
        let connection = self.protocols.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            // A stop comes first: what is answered from then on says that it is the last answer.
            biased;
            () = told(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
            // How it ended is the client's affair.
            _ = connection.as_mut() => {}
            () = progress.asked_to_leave() => {
                connection.as_mut().graceful_shutdown();
                // A request may have come just before. Otherwise there is nothing to wait for.
                if progress.is_at_work() {
                    let _ = connection.await;
                }
            }
            () = idle(&progress, self.head_within) => {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(CLOSE_WITHIN, connection).await;
            }
        }
    }
}

/// Returns when the server stops.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // The other end is gone only when every connection is.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Returns when no request was under way, and none has ended, for at least `within` and at most twice that. This covers
/// what the protocols have no timer for: a client that never says which of them it speaks, an HTTP/2 connection
/// without requests, and one that does not take its answers.
async fn idle(progress: &Progress, within: Duration) {
    let mut look = tokio::time::interval(within.max(Duration::from_millis(1)));
    look.tick().await;
    let mut last = Some(0);
    loop {
        look.tick().await;
        let at_rest = progress.at_rest();
        if at_rest.is_some() && at_rest == last {
            return;
        }
        last = at_rest;
    }
}

fn protocols(streams: Streams, bounds: &Bounds) -> Builder<Streams> {
    let mut protocols = Builder::new(streams);
    protocols
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_within)
        .max_headers(bounds.fields_most)
        .max_buf_size(bounds.head_len_max.max(HEAD_LEN_LEAST));
    protocols
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.streams_most)
        .max_header_list_size(u32::try_from(bounds.head_len_max).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    protocols
}
