//! The server: a loop that accepts connections, and drives each within its bounds.
//!
//! Every connection has a place among a fixed number, a time within which the head of a request must arrive (which is
//! also how long an idle connection is kept), and bounds on the size of a head. HTTP/1.1 and HTTP/2 are told apart by
//! the first bytes.

mod listeners;
mod progress;
mod streams;
mod connection;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::host::Host;
use crate::router::router;
use crate::tls::{Tls, follow};
use connection::Connections;
use listeners::Listeners;

pub use listeners::BindError;

/// How long the loop waits before it accepts again after the system refused, unless a connection ends before.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// A listening server.
pub struct Server {
    listeners: Listeners,
    tls: Option<Arc<Tls>>,
}

impl Server {
    /// Takes the addresses; port 0 takes one that is free. Connections wait from here on, and are served by
    /// [`Server::run`].
    ///
    /// # Errors
    ///
    /// [`BindError`] with the first address that cannot be had; none is taken then.
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        Ok(Self {
            listeners: Listeners::bind(addresses).await?,
            tls: None,
        })
    }

    /// Speaks TLS on every address. While the server runs, the files of `tls` are looked at every few seconds.
    pub fn tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The addresses that were taken, in the order in which they were asked for.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.addresses()
    }

    /// Serves until `stop` is ready, then accepts no more, lets requests under way end within their bound, and returns
    /// when every connection has let go of the engine.
    pub async fn run(self, host: impl Into<Host>, stop: impl Future<Output = ()>) {
        let Self { mut listeners, tls } = self;
        let host = host.into();
        let bounds = *host.bounds();
        let connections = Connections::new(router(host.clone()), &bounds);
        let mut running = JoinSet::new();
        // Dropped, it ends what runs in it.
        let mut following = JoinSet::new();
        if let Some(tls) = &tls {
            following.spawn(follow(Arc::clone(tls)));
        }
        let mut retry = tokio::time::interval(ACCEPT_PAUSE);
        let mut paused = false;
        let mut stop = std::pin::pin!(stop);
        loop {
            host.metrics().note_connections(running.len());
            tokio::select! {
                () = &mut stop => break,
                accepted = listeners.accept(), if !paused && running.len() < bounds.connections_most => match accepted {
                    Ok((stream, peer)) => {
                        // An answer is one small packet; waiting for more to send with it would only delay it.
                        if let Err(error) = stream.set_nodelay(true) {
                            tracing::debug!(%error, "a connection keeps its delay");
                        }
                        let tls = tls.as_ref().map(|tls| tls.acceptor());
                        running.spawn(connections.drive(stream, peer, tls));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection could be accepted");
                        paused = true;
                        retry.reset();
                    }
                },
                _ = retry.tick(), if paused => paused = false,
                Some(_) = running.join_next(), if !running.is_empty() => paused = false,
            }
        }
        drop((listeners, following));
        let ended = async {
            connections.stop();
            while running.join_next().await.is_some() {}
        };
        if tokio::time::timeout(bounds.stop_within, ended).await.is_err() {
            tracing::warn!("connections that would not end were closed");
        }
        running.shutdown().await;
        host.metrics().note_connections(0);
        connections.cut().await;
        host.permits().close();
    }
}
