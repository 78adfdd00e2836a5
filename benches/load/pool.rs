//! A proxy's pool of connections to the server, and the load on it.
//!
//! Each connection has one request under way at a time. Under a set rate a request that is due goes out on a connection
//! that is free; where none is, it is given up at once, as a proxy does whose pool is at its bound.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use tollgate_benches::answer;

use super::served::Served;
use super::wire::check;

/// What the load on a pool came to.
pub(crate) struct Outcome {
    /// Nanoseconds until the answers that let a request pass.
    pub(crate) passed: Histogram<u64>,
    /// Answers of any other status.
    pub(crate) refused: u64,
    /// Requests for which no connection was free.
    pub(crate) given_up: u64,
    /// Connections that ended and were made anew.
    pub(crate) broken: u64,
    pub(crate) took: Duration,
}

impl Outcome {
    /// Requests that passed, each second.
    pub(crate) fn goodput(&self) -> f64 {
        self.passed.len() as f64 / self.took.as_secs_f64()
    }

    /// Microseconds within which this share of the answers came.
    pub(crate) fn micros(&self, share: f64) -> f64 {
        self.passed.value_at_quantile(share) as f64 / 1_000.0
    }
}

/// When requests are sent.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// The next when the last was answered, on every connection.
    Closed,
    /// So many each second, whatever becomes of them.
    Open(f64),
}

struct Connection {
    stream: TcpStream,
    /// When the request that is under way was due.
    due: Option<Instant>,
    buffer: Vec<u8>,
    filled: usize,
    request: Vec<u8>,
}

/// Connections that are kept open.
pub(crate) struct Pool {
    address: SocketAddr,
    poll: Poll,
    connections: Vec<Connection>,
    idle: Vec<usize>,
}

impl Pool {
    pub(crate) fn open(served: &Served, count: usize) -> Self {
        let mut pool = Self {
            address: served.address,
            poll: Poll::new().unwrap(),
            connections: Vec::new(),
            idle: (0..count).collect(),
        };
        for at in 0..count {
            let stream = pool.connect(at);
            pool.connections.push(Connection {
                stream,
                due: None,
                buffer: vec![0; 4_096],
                filled: 0,
                request: check(&served.tokens[at % served.tokens.len()]),
            });
        }
        pool
    }

    /// A connection that is there before it is used: how long connecting takes is another question.
    fn connect(&self, at: usize) -> TcpStream {
        let stream = std::net::TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(stream);
        let registry = self.poll.registry();
        registry.register(&mut stream, Token(at), Interest::READABLE).unwrap();
        stream
    }

    /// Puts the pool under load for a time.
    pub(crate) fn run(&mut self, pace: Pace, time: Duration) -> Outcome {
        let mut outcome = Outcome {
            passed: Histogram::new(3).unwrap(),
            refused: 0,
            given_up: 0,
            broken: 0,
            took: Duration::ZERO,
        };
        let (begin, mut sent) = (Instant::now(), 0_u64);
        let mut events = Events::with_capacity(1_024);
        while begin.elapsed() < time {
            match pace {
                Pace::Closed => {
                    while let Some(at) = self.idle.pop() {
                        self.send(at, Instant::now());
                    }
                }
                Pace::Open(rate) => sent = self.send_due(begin, rate, sent, &mut outcome),
            }
            self.turn(&mut events, &mut outcome);
        }
        outcome.took = begin.elapsed();
        self.settle(&mut events);
        outcome
    }

    /// Sends or gives up what is due by now, and answers how many requests were due so far.
    fn send_due(&mut self, begin: Instant, rate: f64, sent: u64, outcome: &mut Outcome) -> u64 {
        let due = (begin.elapsed().as_secs_f64() * rate) as u64;
        for number in sent..due {
            let Some(at) = self.idle.pop() else {
                outcome.given_up += due - number;
                break;
            };
            self.send(at, begin + Duration::from_secs_f64((number + 1) as f64 / rate));
        }
        due
    }

    fn send(&mut self, at: usize, due: Instant) {
        let connection = &mut self.connections[at];
        connection.due = Some(due);
        // A request is far smaller than the buffer of a socket that holds nothing. One that is closed is noticed when it
        // is read.
        let _ = connection.stream.write(&connection.request);
    }

    fn turn(&mut self, events: &mut Events, outcome: &mut Outcome) {
        self.poll.poll(events, Some(Duration::ZERO)).unwrap();
        for event in events.iter() {
            self.hear(event.token().0, outcome);
        }
    }

    fn hear(&mut self, at: usize, outcome: &mut Outcome) {
        let connection = &mut self.connections[at];
        loop {
            match connection.stream.read(&mut connection.buffer[connection.filled..]) {
                Ok(0) => return self.again(at, outcome),
                Ok(len) => connection.filled += len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.again(at, outcome),
            }
            if let Some((status, len)) = answer(&connection.buffer[..connection.filled]) {
                assert_eq!(len, connection.filled, "one answer for one request");
                connection.filled = 0;
                let due = connection.due.take().unwrap();
                match status {
                    200 => outcome.passed.record(due.elapsed().as_nanos() as u64).unwrap(),
                    _ => outcome.refused += 1,
                }
                self.idle.push(at);
            }
        }
    }

    /// Makes a connection anew that the server has ended. What was under way on it is lost.
    fn again(&mut self, at: usize, outcome: &mut Outcome) {
        outcome.broken += 1;
        let stream = self.connect(at);
        let connection = &mut self.connections[at];
        connection.stream = stream;
        connection.filled = 0;
        if connection.due.take().is_some() {
            self.idle.push(at);
        }
    }

    /// Waits for the answers that are still to come.
    fn settle(&mut self, events: &mut Events) {
        let mut late = Outcome {
            passed: Histogram::new(3).unwrap(),
            refused: 0,
            given_up: 0,
            broken: 0,
            took: Duration::ZERO,
        };
        let begin = Instant::now();
        while self.idle.len() < self.connections.len() && begin.elapsed() < Duration::from_secs(5) {
            self.turn(events, &mut late);
        }
    }
}
