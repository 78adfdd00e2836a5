//! How long the plugin takes to have all tokens, and what they take in the VM.

use std::time::{Duration, Instant};

use tollgate_benches::Table;
use tollgate_tests::envoy::Envoy;

use super::engine::Served;
use super::following::{own, wait_until_loaded};
use super::processors;

/// One worker, and the main thread, each with a VM.
const VMS: f64 = 2.0;

struct Loaded {
    tokens: usize,
    took: Duration,
    /// KiB that Envoy had then.
    resident: u64,
    /// Bytes of the VM as the plugin counts them.
    memory: u64,
}

pub(crate) fn run() {
    let sizes = [1_000, 100_000, 1_000_000];
    let loaded: Vec<Loaded> = sizes.into_iter().map(load).collect();
    let mut table = Table::new(&[
        "tokens",
        "until all VMs have them, s",
        "Envoy's memory, MiB",
        "a VM's memory, MiB",
        "bytes of it for a token more than the row before",
    ]);
    for (at, row) in loaded.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &loaded[at]);
        let each = |before: &Loaded| (row.memory as f64 - before.memory as f64) / (row.tokens - before.tokens) as f64;
        let mib = |bytes: f64| format!("{:.1}", bytes / f64::from(1 << 20));
        table.row([
            row.tokens.to_string(),
            format!("{:.2}", row.took.as_secs_f64()),
            mib(row.resident as f64 * 1_024.0),
            mib(row.memory as f64),
            before.map_or_else(String::new, |before| format!("{:.1}", each(before))),
        ]);
    }
    println!("{VMS} VMs load at the same time\n\n{table}");
}

fn load(tokens: usize) -> Loaded {
    let served = Served::start(tokens, &["127.0.0.0/8"]);
    let begin = Instant::now();
    let envoy = Envoy::start(served.setup("loading"));
    wait_until_loaded(&envoy, 1, tokens);
    Loaded {
        tokens,
        took: begin.elapsed(),
        resident: processors::resident(envoy.id()),
        memory: own(&envoy.admin().stats(), "memory_bytes"),
    }
}
