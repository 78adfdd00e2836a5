//! How does the server behave under more load than it can carry, and under clients that hold on?
//!
//! `cargo build --release -p tollgate-cli && cargo bench -p tollgate-benches --bench load [peak] [overload] [slow] [batch]`;
//! about three minutes for all. Runs `target/release/tollgate serve` (or `TOLLGATE_BIN`) on the first processor and the load
//! on the last, both on 127.0.0.1, and ends by itself.
//!
//! Latencies under a set rate are counted from the moment at which a request was due, so that a request that had to wait
//! for its turn is not told as a fast one.

mod load {
    pub(crate) mod machine;
    pub(crate) mod served;
    pub(crate) mod wire;
    pub(crate) mod pool;
    pub(crate) mod slow;
    pub(crate) mod batch;
    pub(crate) mod peak;
    pub(crate) mod overload;
    pub(crate) mod holding;
}

use load::{batch, holding, machine, overload, peak};

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
    machine::prepare();
    println!("{}\n", machine::described());
    if wanted("peak") {
        peak::run();
    }
    if wanted("overload") {
        overload::run();
    }
    if wanted("slow") {
        holding::run();
    }
    if wanted("batch") {
        batch::run();
    }
    println!("{}", machine::described());
}
