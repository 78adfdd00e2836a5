//! Twice and ten times what the server can carry.
//!
//! The peak is what a pool of connections gets through when each sends the next request as soon as the last is answered.
//! Unloaded is a tenth of that. The same pool is then offered more than the peak at a set rate, and after that a tenth of
//! it again, until latencies are what they were. All of it is done in short rounds, and medians over the rounds are told:
//! what else the machine does meanwhile falls on all alike.

use std::time::Duration;

use tollgate_benches::{Table, ratio};

use super::pool::{Outcome, Pace, Pool};
use super::served::Served;

/// Connections of the pool; nginx's own example of `keepalive` has so many.
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 15;
const TIME: Duration = Duration::from_millis(600);
/// How much more than the peak is offered, and the part of the peak that is to pass.
const OVERLOADS: [(f64, f64); 2] = [(2.0, 0.90), (10.0, 0.80)];
/// How long latencies are looked at to see whether they are what they were, and how often at most.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS: usize = 20;

/// What one round of one load came to.
struct Round {
    passed: f64,
    /// Of the peak that was measured just before.
    goodput: f64,
    p50: f64,
    p99: f64,
    /// Looks until latencies were what they were.
    looks: f64,
}

pub(crate) fn run() {
    let served = Served::start(&["--log-level", "warn"]);
    let mut pool = Pool::open(&served, CONNECTIONS);
    pool.run(Pace::Closed, 4 * TIME);
    let before = served.resident();
    let (mut unloaded, mut loaded) = (Vec::new(), [Vec::new(), Vec::new()]);
    let mut odd = [0; 3];
    for _ in 0..ROUNDS {
        let quiet = pool.run(Pace::Closed, TIME).goodput();
        let rest = pool.run(Pace::Open(quiet / 10.0), TIME);
        unloaded.push(round(&rest, quiet, 0));
        for (rounds, (times, _)) in loaded.iter_mut().zip(OVERLOADS) {
            let peak = pool.run(Pace::Closed, TIME).goodput();
            let outcome = pool.run(Pace::Open(peak * times), TIME);
            odd = [
                odd[0] + outcome.refused,
                odd[1] + outcome.broken,
                odd[2] + outcome.given_up,
            ];
            let looks = recovery(&mut pool, peak, rest.micros(0.99));
            rounds.push(round(&outcome, peak, looks));
        }
    }
    let after = served.resident();
    let mut table = Table::new(&[
        "offered",
        "passed a second",
        "/ peak",
        "p50 µs",
        "p99 µs",
        "p99 / unloaded",
        "recovered s",
        "",
    ]);
    let p99 = median(&unloaded, |round| round.p99);
    table.row(row("a tenth of the peak", &unloaded, p99, ""));
    for (rounds, (times, goal)) in loaded.iter().zip(OVERLOADS) {
        let met = median(rounds, |round| round.goodput) >= goal
            && median(rounds, |round| round.p99) <= 5.0 * p99
            && rounds.iter().all(|round| round.looks <= LOOKS as f64);
        let judged = if met { "met" } else { "missed" };
        table.row(row(&format!("{times} × the peak"), rounds, p99, judged));
    }
    let [refused, broken, given_up] = odd;
    println!(
        "{CONNECTIONS} connections, medians of {ROUNDS} rounds; {refused} refused, {broken} connections broken, {given_up} given up \
         for want of a free connection; {:.1} MiB before, {:.1} after\n\n{table}",
        before as f64 / 1_024.0,
        after as f64 / 1_024.0
    );
}

fn round(outcome: &Outcome, peak: f64, looks: usize) -> Round {
    Round {
        passed: outcome.goodput(),
        goodput: outcome.goodput() / peak,
        p50: outcome.micros(0.5),
        p99: outcome.micros(0.99),
        looks: looks as f64,
    }
}

/// After how many looks at a tenth of the peak its p99 is at most twice what it was; more than there may be where it never
/// is.
fn recovery(pool: &mut Pool, peak: f64, unloaded_p99: f64) -> usize {
    let mut looks = 1..=LOOKS;
    let found = looks.find(|_| pool.run(Pace::Open(peak / 10.0), LOOK).micros(0.99) <= 2.0 * unloaded_p99);
    found.unwrap_or(LOOKS + 1)
}

fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn row(offered: &str, rounds: &[Round], unloaded_p99: f64, judged: &str) -> [String; 8] {
    let worst = rounds.iter().map(|round| round.looks).fold(0.0, f64::max) * LOOK.as_secs_f64();
    [
        offered.to_owned(),
        format!("{:.0}", median(rounds, |round| round.passed)),
        ratio(median(rounds, |round| round.goodput), 1.0),
        format!("{:.0}", median(rounds, |round| round.p50)),
        format!("{:.0}", median(rounds, |round| round.p99)),
        ratio(median(rounds, |round| round.p99), unloaded_p99),
        format!("{worst:.2}"),
        judged.to_owned(),
    ]
}
