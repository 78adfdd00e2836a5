//! What entering the VM and each host call cost in this Envoy.

use std::time::Duration;

use tollgate_benches::Table;
use tollgate_tests::envoy::{Setup, WasmFilter, assembled};

use super::filters::bearing;
use super::modules::PARTS;
use super::rounds::{Rounds, Turns, added, taken, told, whole};
use super::variant::Variant;

const ROUNDS: Rounds = Rounds {
    warming: 1,
    count: 15,
    turn: Duration::from_millis(120),
};

/// The same filter so many times in a row, so that what one costs stands out of what each process has to itself.
const STACKED: usize = 8;

pub(crate) fn run() {
    let requests = bearing(&["tg_at_0123456789012345678901234567890123456789012345678".to_owned()]);
    let mut variants = vec![Variant::start(1, &Setup::of(Vec::new()), &requests, 200)];
    for (number, part) in PARTS.iter().enumerate() {
        let id = format!("part_{number}");
        let filter = WasmFilter::new(&assembled(&id, &part.text()), &id).entry();
        variants.push(Variant::start(
            1,
            &Setup::of(vec![filter; STACKED]),
            &requests,
            part.expected,
        ));
    }
    let turns = taken(&mut variants, ROUNDS, &[]);
    let mut table = Table::new(&["", "latency, one connection", "worker, one connection", "worker, many"]);
    let (nothing, empty) = (&turns[0], &turns[1]);
    table.row(row("the empty filter, against none", STACKED, empty, nothing));
    for (part, own) in PARTS.iter().zip(&turns[1..]).skip(1) {
        table.row(row(part.name, STACKED * part.times, own, empty));
    }
    println!(
        "µs of one, where {STACKED} filters with up to 8 calls each were run, against as many empty ones; a request that no filter \
         sees: latency {}, worker {}, worker with many {}\n\n{table}",
        told(whole(&nothing.alone, |cost| cost.latency), 1),
        told(whole(&nothing.alone, |cost| cost.worked), 1),
        told(whole(&nothing.saturated, |cost| cost.worked), 1),
    );
}

fn row(name: &str, times: usize, own: &Turns, less: &Turns) -> [String; 4] {
    [
        name.to_owned(),
        told(added(&own.alone, &less.alone, |cost| cost.latency), times),
        told(added(&own.alone, &less.alone, |cost| cost.worked), times),
        told(added(&own.saturated, &less.saturated, |cost| cost.worked), times),
    ]
}
