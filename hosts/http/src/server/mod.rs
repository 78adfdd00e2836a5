//! The server: a loop that accepts connections, and drives each within its bounds.
//!
//! Every connection has a place among a fixed number (see [`places`] for who gives one up when all are taken), a time within which the head of a request must arrive (which is
//! also how long an idle connection is kept), and bounds on the size of a head. HTTP/1.1 and HTTP/2 are told apart by
//! the first bytes.

mod listeners;
mod progress;
mod places;
mod streams;
mod connection;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::host::Host;
use crate::router::router;
use crate::tls::{Tls, follow};
use connection::Connections;
use listeners::Listeners;
use places::Places;
use progress::Progress;

pub use listeners::BindError;

/// How long the loop waits before it accepts again after the system refused, unless a connection ends before.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// How often somebody is looked for who can leave, while a connection waits for a place.
const LOOK_EVERY: Duration = Duration::from_millis(50);

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
        let mut places = Places::new(bounds.connections_most);
        let mut newcomer = None;
        let mut retry = tokio::time::interval(ACCEPT_PAUSE);
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut paused = false;
        let mut stop = std::pin::pin!(stop);
        loop {
            if let Some((stream, peer)) = newcomer.take_if(|_| !places.are_full()) {
                let (progress, tls) = (Progress::new(), tls.as_ref().map(|tls| tls.acceptor()));
                let task = running.spawn(connections.drive(stream, peer, tls, progress.clone()));
                places.take(task.id(), progress);
            }
            host.metrics().note_connections(places.len());
            tokio::select! {
                () = &mut stop => break,
                accepted = listeners.accept(), if !paused && newcomer.is_none() => match accepted {
                    Ok((stream, peer)) => {
                        // An answer is one small packet; waiting for more to send with it would only delay it.
                        if let Err(error) = stream.set_nodelay(true) {
                            tracing::debug!(%error, "a connection keeps its delay");
                        }
                        newcomer = Some((stream, peer));
                        if places.are_full() {
                            places.make_room();
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection could be accepted");
                        // The system may have set a lower bound than ours, on open files for one.
                        places.make_room();
                        paused = true;
                        retry.reset();
                    }
                },
                _ = retry.tick(), if paused => paused = false,
                _ = look.tick(), if newcomer.is_some() => places.make_room(),
                Some(ended) = running.join_next_with_id(), if !running.is_empty() => {
                    places.give_back(ended.map_or_else(|error| error.id(), |(id, ())| id));
                    paused = false;
                }
            }
        }
        drop((listeners, following, newcomer));
        let ended = async {
            connections.stop();
            // Behind that, so that no follower asks again on a connection that is about to end.
            host.end_polls();
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
