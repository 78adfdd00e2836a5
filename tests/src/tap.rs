//! A listener on the line between a proxy and Tollgate: it hands every byte on and keeps what the proxy said.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use crate::listener::listen;

/// A relay in front of a server.
pub struct Tap {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// Listens on a port of its own and hands on to `server`.
    pub fn before(server: SocketAddr) -> Self {
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let address = {
            let heard = Arc::clone(&heard);
            listen(move |client| join(client, server, &heard))
        };
        Self { address, heard }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was said to the server since the last call. Whoever has been answered has been heard.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.heard.lock())
    }
}

fn join(mut client: TcpStream, server: SocketAddr, heard: &Mutex<Vec<u8>>) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (mut answers, mut asker) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let done = io::copy(&mut answers, &mut asker);
        // The other half ends with this one, whichever way it ended.
        let _ = asker.shutdown(Shutdown::Both);
        done
    });
    let mut bytes = [0; 16 * 1024];
    loop {
        let len = client.read(&mut bytes)?;
        if len == 0 {
            return server.shutdown(Shutdown::Write);
        }
        heard.lock().extend_from_slice(&bytes[..len]);
        server.write_all(&bytes[..len])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, exchange};
    use crate::upstream::Upstream;

    #[test]
    fn what_is_said_is_heard_and_arrives() {
        let upstream = Upstream::start();
        let tap = Tap::before(upstream.address());
        assert_eq!(exchange(tap.address(), &Request::get("/a//b")).body, b"upstream");
        assert_eq!(upstream.take()[0].target, "/a//b");
        assert!(tap.take().starts_with(b"GET /a//b HTTP/1.1\r\n"));
        assert_eq!(tap.take(), b"");
    }
}
