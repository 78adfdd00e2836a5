//! Connections that each send the next request as soon as the last one is answered.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use tollgate_benches::answer;

struct Connection {
    stream: TcpStream,
    sent: Instant,
    buffer: Vec<u8>,
    filled: usize,
}

/// Connections to one Envoy, and the requests that they send in turn.
pub(crate) struct Client {
    poll: Poll,
    connections: Vec<Connection>,
    requests: Vec<Vec<u8>>,
    expected: u16,
    next: usize,
}

/// What a turn came to.
pub(crate) struct Turn {
    pub(crate) answers: u64,
    pub(crate) took: Duration,
    /// Nanoseconds until the answer, the median.
    pub(crate) median: u64,
}

impl Client {
    pub(crate) fn open(address: SocketAddr, connections: usize, requests: &[Vec<u8>], expected: u16) -> Self {
        let poll = Poll::new().unwrap();
        let connect = |at: usize| {
            let stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_nonblocking(true).unwrap();
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(at), Interest::READABLE)
                .unwrap();
            Connection {
                stream,
                sent: Instant::now(),
                buffer: vec![0; 4_096],
                filled: 0,
            }
        };
        let connections = (0..connections).map(connect).collect();
        Self {
            poll,
            connections,
            requests: requests.to_vec(),
            expected,
            next: 0,
        }
    }

    /// Sends for so long, and then waits for the answers that are still to come.
    pub(crate) fn run(&mut self, time: Duration) -> Turn {
        let (begin, mut waits) = (Instant::now(), Vec::new());
        let mut events = Events::with_capacity(self.connections.len());
        let mut under_way = self.connections.len();
        for at in 0..under_way {
            self.send(at);
        }
        while under_way > 0 {
            // Nothing is spun for: whoever shares the processor with this thread gets it.
            self.poll.poll(&mut events, Some(Duration::from_secs(20))).unwrap();
            assert!(!events.is_empty(), "no answer for 20 s");
            for at in events.iter().map(|event| event.token().0) {
                if let Some(waited) = self.hear(at) {
                    waits.push(waited);
                    if begin.elapsed() < time {
                        self.send(at);
                    } else {
                        under_way -= 1;
                    }
                }
            }
        }
        let took = begin.elapsed();
        let answers = waits.len() as u64;
        let middle = waits.len() / 2;
        let (_, median, _) = waits.select_nth_unstable(middle);
        Turn {
            answers,
            took,
            median: *median,
        }
    }

    fn send(&mut self, at: usize) {
        let request = &self.requests[self.next];
        self.next = (self.next + 1) % self.requests.len();
        let connection = &mut self.connections[at];
        connection.sent = Instant::now();
        // A request is far smaller than the buffer of a socket that holds nothing.
        let sent = connection.stream.write(request).unwrap();
        assert_eq!(sent, request.len());
    }

    /// How long the answer took that has come; none while it is not whole.
    fn hear(&mut self, at: usize) -> Option<u64> {
        let connection = &mut self.connections[at];
        match connection.stream.read(&mut connection.buffer[connection.filled..]) {
            Ok(0) => panic!("a connection was closed after {:?}", text(connection)),
            Ok(len) => connection.filled += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => panic!("{error}"),
        }
        let (status, len) = answer(&connection.buffer[..connection.filled])?;
        assert_eq!(status, self.expected, "{}", text(connection));
        assert_eq!(len, connection.filled, "one answer for one request");
        connection.filled = 0;
        Some(connection.sent.elapsed().as_nanos() as u64)
    }
}

fn text(connection: &Connection) -> String {
    String::from_utf8_lossy(&connection.buffer[..connection.filled]).into_owned()
}
