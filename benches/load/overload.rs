//! Twice and ten times what the server can carry.
//!
//! The peak is what a pool of connections gets through when each sends the next request as soon as the last is answered.
//! Unloaded is a tenth of that. The same pool is then offered more than the peak at a set rate, and after that a tenth of
//! it again, second by second, until latencies are what they were.

use std::time::Duration;

use tollgate_benches::{Table, ratio};

use super::pool::{Outcome, Pace, Pool};
use super::served::Served;

/// Connections of the pool; nginx's own example of `keepalive` has so many.
const CONNECTIONS: usize = 32;
const TIME: Duration = Duration::from_secs(8);
const OVERLOADS: [(f64, f64); 2] = [(2.0, 0.90), (10.0, 0.80)];
/// Seconds within which latencies are to be what they were.
const RECOVERY_S: usize = 5;

pub(crate) fn run() {
    let served = Served::start(&["--log-level", "warn"]);
    let mut pool = Pool::open(&served, CONNECTIONS);
    pool.run(Pace::Closed, TIME / 4);
    let peak = pool.run(Pace::Closed, TIME).goodput();
    let unloaded = pool.run(Pace::Open(peak / 10.0), TIME);
    let mut table = Table::new(&[
        "offered",
        "passed a second",
        "/ peak",
        "p50 µs",
        "p99 µs",
        "p99 / unloaded",
        "recovered after s",
        "MiB before",
        "MiB after",
    ]);
    let row = |offered: String, outcome: &Outcome, rest: [String; 3]| {
        let p99 = ratio(outcome.micros(0.99), unloaded.micros(0.99));
        let [recovered, before, after] = rest;
        [
            offered,
            format!("{:.0}", outcome.goodput()),
            ratio(outcome.goodput(), peak),
            format!("{:.0}", outcome.micros(0.5)),
            format!("{:.0}", outcome.micros(0.99)),
            p99,
            recovered,
            before,
            after,
        ]
    };
    table.row(row(
        "a tenth of the peak".to_owned(),
        &unloaded,
        [const { String::new() }; 3],
    ));
    for (times, goal) in OVERLOADS {
        let before = served.resident();
        let outcome = pool.run(Pace::Open(peak * times), TIME);
        let recovered = recovery(&mut pool, peak, &unloaded);
        let after = served.resident();
        let mebibytes = |kibibytes: u64| format!("{:.1}", kibibytes as f64 / 1_024.0);
        let recovered_s = recovered.map_or_else(|| "not".to_owned(), |seconds| seconds.to_string());
        table.row(row(
            format!("{times} × the peak"),
            &outcome,
            [recovered_s, mebibytes(before), mebibytes(after)],
        ));
        let met = outcome.goodput() >= peak * goal && outcome.micros(0.99) <= 5.0 * unloaded.micros(0.99);
        println!(
            "{times} ×: {} passed, {} given up for want of a connection, {} refused, {} connections broken: {}",
            outcome.passed.len(),
            outcome.given_up,
            outcome.refused,
            outcome.broken,
            if met && recovered.is_some() { "met" } else { "missed" }
        );
    }
    println!("peak of {CONNECTIONS} connections: {peak:.0} a second\n\n{table}");
}

/// After how many seconds of a tenth of the peak its p99 is at most twice what it was.
fn recovery(pool: &mut Pool, peak: f64, unloaded: &Outcome) -> Option<usize> {
    (1..=RECOVERY_S).find(|_| {
        let second = pool.run(Pace::Open(peak / 10.0), Duration::from_secs(1));
        second.micros(0.99) <= 2.0 * unloaded.micros(0.99)
    })
}
