//! A server on real sockets, and a client that counts bytes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tollgate_http::{Bounds, Host, HostOptions, Server, Tls};

use super::World;

/// Long enough for a busy machine; nothing waits this long unless it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a thread of its own; dropping it stops it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(world: &World, bounds: Bounds) -> Self {
        Self::serve(world, bounds, None)
    }

    pub(crate) fn with_tls(world: &World, bounds: Bounds, tls: Arc<Tls>) -> Self {
        Self::serve(world, bounds, Some(tls))
    }

    fn serve(world: &World, bounds: Bounds, tls: Option<Arc<Tls>>) -> Self {
        let options = HostOptions {
            bounds,
            ..HostOptions::default()
        };
        Self::with_options(world, options, tls)
    }

    pub(crate) fn with_options(world: &World, options: HostOptions, tls: Option<Arc<Tls>>) -> Self {
        let host = Host::new(world.engine.clone(), options);
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let server = Server::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
                let server = match tls {
                    Some(tls) => server.tls(tls),
                    None => server,
                };
                tell.send(server.addresses().unwrap()[0]).unwrap();
                server.run(host, async { stopped.await.unwrap_or_default() }).await;
            });
        });
        Self {
            address: told.recv_timeout(PATIENCE).unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(crate) fn tell_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) fn wait(&mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Reads up to the end of the answer to `GET /healthz`.
pub(crate) fn is_healthy(stream: &mut TcpStream) -> bool {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\nok") && stream.read(&mut byte).unwrap() == 1 {
        answer.push(byte[0]);
    }
    answer.starts_with(b"HTTP/1.1 200")
}

/// Everything until the server closes.
pub(crate) fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest);
    assert!(end.is_ok(), "the server closes within its bound: {end:?}");
    String::from_utf8_lossy(&rest).into_owned()
}

/// Whether `holds` comes to hold while one can be patient.
pub(crate) fn until(holds: impl Fn() -> bool) -> bool {
    let (_alarm, ticks) = std::sync::mpsc::channel::<()>();
    let tries = PATIENCE.as_millis() / 20;
    (0..tries).any(|_| holds() || ticks.recv_timeout(Duration::from_millis(20)).is_ok())
}
