//! What do checks over HTTP suffer while strangers guess passwords as fast as they are let?
//!
//! `cargo build --release -p tollgate-cli && cargo bench --bench flood`; some ten seconds, with the real binary.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use hdrhistogram::Histogram;
use tollgate_benches::Table;
use tollgate_tests::browser::form_encoded;
use tollgate_tests::http::{Connection, Request};
use tollgate_tests::tollgate::Store;

/// Checks in each round, and rounds with and without a flood in turn.
const CHECKS: usize = 4_000;
const ROUNDS: usize = 5;
/// Who guesses, each from an address of their own.
const GUESSERS: u8 = 16;

fn main() {
    let store = Store::init();
    store.run(&["network", "trust", "127.0.0.0/8"]);
    store.run_with_input(
        &["user", "add", "alice", "--password-stdin"],
        "correct horse battery staple",
    );
    let client = store.run(&[
        "client", "add", "app", "--name", "app", "--grant", "password", "--scope", "js_api",
    ]);
    let (_, token) = store.issue("alice", &[]);
    let server = store.serve();
    let secret = client["client_secret"].as_str().unwrap();
    let (mut quiet, mut flooded) = (histogram(), histogram());
    let guesses = AtomicUsize::new(0);
    for round in 0..ROUNDS {
        checks(server.address(), &token, &mut quiet);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for own in 0..GUESSERS {
                let (over, guesses, to) = (&over, &guesses, server.address());
                scope.spawn(move || guess(to, own, round, secret, over, guesses));
            }
            checks(server.address(), &token, &mut flooded);
            // Ordering: Relaxed, since it only ends loops; the threads are joined behind it.
            over.store(true, Ordering::Relaxed);
        });
    }
    let mut table = Table::new(&["/check over HTTP, one connection", "p50 us", "p99 us"]);
    for (name, seen) in [("quiet", &quiet), ("while passwords are guessed", &flooded)] {
        let at = |quantile: f64| format!("{:.0}", seen.value_at_quantile(quantile) as f64 / 1_000.0);
        table.row([name.to_owned(), at(0.5), at(0.99)]);
    }
    let ratio = flooded.value_at_quantile(0.99) as f64 / quiet.value_at_quantile(0.99) as f64;
    let word = if ratio <= 2.0 { "met" } else { "missed" };
    // Ordering: Relaxed, since all who counted were joined.
    let guesses = guesses.load(Ordering::Relaxed);
    table.row([
        format!("p99 with {guesses} guesses / without, goal ≤ 2"),
        String::new(),
        format!("{ratio:.2}, {word}"),
    ]);
    println!("{table}");
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(100, 60_000_000_000, 3).unwrap()
}

fn checks(to: SocketAddr, token: &str, seen: &mut Histogram<u64>) {
    let mut connection = Connection::open(to).unwrap();
    let request = Request::get("/check").bearer(token);
    for _ in 0..CHECKS {
        let begin = Instant::now();
        let answer = connection.send(&request).unwrap();
        seen.record(u64::try_from(begin.elapsed().as_nanos()).unwrap()).unwrap();
        assert_eq!(answer.status, 200);
    }
}

/// Guesses under ever new names until it is over.
fn guess(to: SocketAddr, own: u8, round: usize, secret: &str, over: &AtomicBool, guesses: &AtomicUsize) {
    for turn in 0_usize.. {
        // Ordering: Relaxed, since a guess more is none too many.
        if over.load(Ordering::Relaxed) {
            return;
        }
        let source = Ipv4Addr::new(127, 1 + own, u8::try_from(turn % 200).unwrap(), 1);
        let name = format!("nobody-{own}-{round}-{turn}");
        let body = form_encoded(&[
            ("grant_type", "password"),
            ("client_id", "app"),
            ("client_secret", secret),
            ("username", &name),
            ("password", "not it"),
        ]);
        let request = Request::new("POST", "/identity/connect/token")
            .field("content-type", "application/x-www-form-urlencoded")
            .body(&body);
        if let Ok(mut connection) = Connection::open_from(IpAddr::V4(source), to)
            && connection.send(&request).is_ok()
        {
            // Ordering: Relaxed, since it is a count.
            guesses.fetch_add(1, Ordering::Relaxed);
        }
    }
}
