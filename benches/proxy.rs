//! What does a check in Envoy's own workers cost, beside the ways that Envoy has itself?
//!
//! `plugins/proxy/build simd && cargo build --release -p tollgate-cli && cargo bench -p tollgate-benches --bench proxy [costs]
//! [filters] [revocation] [loading]`; about six minutes for all. `TOLLGATE_BIN` and `TOLLGATE_PLUGIN` name another server and module.
//!
//! Every variant is some Envoys of its own with one worker on the first processor; all run side by side and take turns in short
//! rounds, so that what else the machine does falls on all alike. The load comes from the last processor.

mod proxy {
    pub(crate) mod processors;
    pub(crate) mod client;
    pub(crate) mod variant;
    pub(crate) mod rounds;
    pub(crate) mod modules;
    pub(crate) mod engine;
    pub(crate) mod following;
    pub(crate) mod nginx;
    pub(crate) mod jwt;
    pub(crate) mod envoys_own;
    pub(crate) mod filters;
    pub(crate) mod costs;
    pub(crate) mod revocation;
    pub(crate) mod loading;
}

use proxy::{costs, filters, loading, processors, revocation};

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
    println!("{}\n", processors::described());
    if wanted("costs") {
        costs::run();
    }
    if wanted("filters") {
        filters::run();
    }
    if wanted("revocation") {
        revocation::run();
    }
    if wanted("loading") {
        loading::run();
    }
    println!("{}", processors::described());
}
