//! Clients that hold on to connections: each does the least that keeps its connection, and comes back when it is closed.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Between two bytes of one client.
const TRICKLE: Duration = Duration::from_secs(2);
/// New connections in a second, over all clients.
const CONNECTS_A_SECOND: u64 = 2_000;

/// How a client holds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A head that arrives byte by byte.
    Head,
    /// A form that arrives byte by byte.
    Body,
    /// A few requests at once, and the answers are read byte by byte. They fit into the buffers of the system, as answers of
    /// `/check` do: more requests would be a flood, which is another question.
    Answer,
    /// One request, and then nothing.
    Idle,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [Self::Head, Self::Body, Self::Answer, Self::Idle];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Head => "slow head",
            Self::Body => "slow body",
            Self::Answer => "slow reading",
            Self::Idle => "idle",
        }
    }

    fn opening(self) -> Vec<u8> {
        match self {
            Self::Head => b"GET /check HTTP/1.1\r\nhost: x\r\nx-slow: ".to_vec(),
            Self::Body => b"POST /check HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                content-length: 1000\r\n\r\n"
                .to_vec(),
            Self::Answer => b"GET /check HTTP/1.1\r\nhost: x\r\n\r\n".repeat(4),
            Self::Idle => b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        }
    }
}

/// Slow clients on a thread of their own, until this is dropped.
pub(crate) struct Slow {
    stop: Arc<AtomicBool>,
    open: Arc<AtomicU64>,
    made: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Slow {
    pub(crate) fn start(address: SocketAddr, mode: Mode, clients: usize) -> Self {
        let (stop, open, made) = (
            Arc::<AtomicBool>::default(),
            Arc::<AtomicU64>::default(),
            Arc::<AtomicU64>::default(),
        );
        let crowd = Crowd {
            address,
            mode,
            poll: Poll::new().unwrap(),
            clients: (0..clients).map(|_| None).collect(),
            closed: (0..clients).collect(),
            turns: VecDeque::new(),
            open: Arc::clone(&open),
            made: Arc::clone(&made),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || crowd.hold_on(&stopped));
        Self {
            stop,
            open,
            made,
            thread: Some(thread),
        }
    }

    /// Connections that are open as these clients see it, and how many were made so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        // Ordering: Relaxed, because these are figures for a reader.
        (self.open.load(Ordering::Relaxed), self.made.load(Ordering::Relaxed))
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        // Ordering: Relaxed, because nothing else is told by it.
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

struct Crowd {
    address: SocketAddr,
    mode: Mode,
    poll: Poll,
    clients: Vec<Option<TcpStream>>,
    closed: VecDeque<usize>,
    /// Whose turn it is to send or read a byte, and when.
    turns: VecDeque<(Instant, usize)>,
    open: Arc<AtomicU64>,
    made: Arc<AtomicU64>,
}

impl Crowd {
    fn hold_on(mut self, stop: &AtomicBool) {
        let begin = Instant::now();
        let mut events = Events::with_capacity(1_024);
        let mut made = 0;
        // Ordering: Relaxed, as above.
        while !stop.load(Ordering::Relaxed) {
            let may = (begin.elapsed().as_secs_f64() * CONNECTS_A_SECOND as f64) as u64;
            let mut burst = 0;
            while made < may && burst < 64 {
                made += 1;
                burst += 1;
                let Some(at) = self.closed.pop_front() else { continue };
                self.connect(at);
            }
            self.trickle();
            self.poll.poll(&mut events, Some(Duration::from_millis(2))).unwrap();
            for event in events.iter() {
                self.hear(event.token().0, event.is_writable(), event.is_readable());
            }
        }
    }

    fn connect(&mut self, at: usize) {
        let Ok(mut stream) = TcpStream::connect(self.address) else {
            self.closed.push_back(at);
            return;
        };
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(at), both).unwrap();
        self.clients[at] = Some(stream);
        // Ordering: Relaxed, as above.
        self.made.fetch_add(1, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    fn hear(&mut self, at: usize, connected: bool, readable: bool) {
        let Some(stream) = &mut self.clients[at] else { return };
        if connected {
            if stream.write(&self.mode.opening()).is_err() {
                return self.close(at);
            }
            self.poll
                .registry()
                .reregister(stream, Token(at), Interest::READABLE)
                .unwrap();
            self.turns.push_back((Instant::now() + TRICKLE, at));
        } else if readable && self.mode != Mode::Answer {
            // Whatever is answered is thrown away; the end is what matters.
            self.read(at, 4_096);
        }
    }

    fn trickle(&mut self) {
        let now = Instant::now();
        while let Some((due, at)) = self.turns.front().copied()
            && due <= now
        {
            self.turns.pop_front();
            let Some(stream) = &mut self.clients[at] else { continue };
            let alive = match self.mode {
                Mode::Head | Mode::Body => stream.write(b"a").is_ok(),
                Mode::Answer => self.read(at, 1),
                Mode::Idle => true,
            };
            match alive {
                true => self.turns.push_back((now + TRICKLE, at)),
                false if self.clients[at].is_some() => self.close(at),
                false => {}
            }
        }
    }

    /// Reads at most `most` bytes; answers whether the connection is still there.
    fn read(&mut self, at: usize, most: usize) -> bool {
        let Some(stream) = &mut self.clients[at] else {
            return false;
        };
        match stream.read(&mut [0; 4_096][..most]) {
            Ok(0) => {
                self.close(at);
                false
            }
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => true,
            Err(_) => {
                self.close(at);
                false
            }
        }
    }

    fn close(&mut self, at: usize) {
        self.clients[at] = None;
        self.closed.push_back(at);
        // Ordering: Relaxed, as above.
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
