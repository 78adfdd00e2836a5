//! The addresses that a server listens on.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::net::{TcpListener, TcpStream};

/// An address that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("expected to listen on {address}, but: {reason}")]
pub struct BindError {
    /// Which.
    pub address: SocketAddr,
    /// What the system said.
    pub reason: io::Error,
}

/// Sockets that connections wait at.
pub(super) struct Listeners {
    all: Vec<TcpListener>,
    /// Who is asked first; it moves on with every connection, so that a busy address leaves the others their turn.
    first: usize,
}

impl Listeners {
    pub(super) async fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let mut all = Vec::new();
        for address in addresses {
            let listener = TcpListener::bind(address).await;
            all.push(listener.map_err(|reason| BindError {
                address: *address,
                reason,
            })?);
        }
        Ok(Self { all, first: 0 })
    }

    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.all.iter().map(TcpListener::local_addr).collect()
    }

    /// The next connection at any of them.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|context| self.poll_accept(context)).await
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let (before, after) = self.all.split_at(self.first.min(self.all.len()));
        for (at, listener) in after.iter().chain(before).enumerate() {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                self.first = (self.first + at + 1) % self.all.len();
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }
}
