//! Ten thousand clients that hold on, and what everybody else notices of them.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use tollgate_benches::{Table, ratio};

use super::pool::{Outcome, Pace, Pool};
use super::served::Served;
use super::slow::{Mode, Slow};

const CLIENTS: usize = 10_000;
/// A proxy's pool, and what it asks in a second.
const CONNECTIONS: usize = 8;
const RATE: f64 = 2_000.0;
const TIME: Duration = Duration::from_secs(10);
/// Until every client had a chance to connect.
const GATHER: Duration = Duration::from_secs(5);
/// A new client is to be served within this.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run() {
    let mut table = Table::new(&[
        "10,000 clients",
        "normal p50 µs",
        "p99 µs",
        "p99 / without",
        "failed",
        "new connection ms",
        "open",
        "made",
        "MiB",
    ]);
    for mode in Mode::ALL {
        let served = Served::start(&["--log-level", "error"]);
        let mut pool = Pool::open(&served, CONNECTIONS);
        pool.run(Pace::Open(RATE), TIME / 5);
        let without = pool.run(Pace::Open(RATE), TIME);
        let fresh = newcomer(&served);
        table.row(row(
            format!("before: {}", mode.words()),
            &without,
            &without,
            fresh,
            (0, 0),
            served.resident(),
        ));
        let slow = Slow::start(served.address, mode, CLIENTS);
        // The pool goes on while they come.
        pool.run(Pace::Open(RATE), GATHER);
        let with = pool.run(Pace::Open(RATE), TIME);
        let fresh = newcomer(&served);
        table.row(row(
            mode.words().to_owned(),
            &with,
            &without,
            fresh,
            slow.counts(),
            served.resident(),
        ));
    }
    println!("{table}");
}

fn row(
    words: String,
    outcome: &Outcome,
    without: &Outcome,
    fresh: Option<Duration>,
    slow: (u64, u64),
    kibibytes: u64,
) -> [String; 9] {
    [
        words,
        format!("{:.0}", outcome.micros(0.5)),
        format!("{:.0}", outcome.micros(0.99)),
        ratio(outcome.micros(0.99), without.micros(0.99)),
        format!("{}", outcome.given_up + outcome.broken + outcome.refused),
        fresh.map_or_else(
            || "none".to_owned(),
            |took| format!("{:.1}", took.as_secs_f64() * 1_000.0),
        ),
        slow.0.to_string(),
        slow.1.to_string(),
        format!("{:.0}", kibibytes as f64 / 1_024.0),
    ]
}

/// How long a client waits that connects for one request, at worst of twenty.
fn newcomer(served: &Served) -> Option<Duration> {
    use std::io::{Read as _, Write as _};
    let mut worst = Duration::ZERO;
    for _ in 0..20 {
        let begin = Instant::now();
        let mut stream = TcpStream::connect_timeout(&served.address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).ok()?;
        worst = worst.max(begin.elapsed());
    }
    Some(worst)
}
