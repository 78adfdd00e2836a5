//! How long after the acknowledgement of a revocation a worker still lets the token pass, and how long after that of an issue
//! it does not yet.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tollgate_benches::Table;
use tollgate_tests::envoy::Envoy;
use tollgate_tests::http::{Connection, Request};

use super::engine::{Served, issue, revoke};
use super::following::wait_until_loaded;

const TOKENS: usize = 1_000;
const WORKERS: u32 = 2;
const TIMES: usize = 200;
/// Requests on each worker after the first that was answered as it should be: none may be answered otherwise.
const AFTERWARDS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run() {
    let served = Served::start(TOKENS, &["127.0.0.0/8"]);
    let envoy = Envoy::start(served.setup("revocation").with_workers(WORKERS));
    wait_until_loaded(&envoy, WORKERS.into(), TOKENS);
    let mut workers = envoy.connections().unwrap();
    let mut control = served.control();
    let times = || Histogram::<u64>::new(3).unwrap();
    let (mut passes, mut refuses) = (times(), times());
    for _ in 0..TIMES {
        let (id, token) = issue(&mut control);
        let request = Request::get("/orders").bearer(&token);
        passes.record(until_all(&mut workers, &request, 200)).unwrap();
        revoke(&mut control, &id);
        refuses.record(until_all(&mut workers, &request, 401)).unwrap();
    }
    let mut table = Table::new(&["ms after the acknowledgement, both workers", "p50", "p99", "max"]);
    for (what, times) in [
        ("an issued token passes", passes),
        ("a revoked token is refused", refuses),
    ] {
        let millis = |nanos: u64| format!("{:.2}", nanos as f64 / 1e6);
        table.row([
            what.to_owned(),
            millis(times.value_at_quantile(0.5)),
            millis(times.value_at_quantile(0.99)),
            millis(times.max()),
        ]);
    }
    println!("{TIMES} times, {WORKERS} workers asked in turn\n\n{table}");
}

/// Nanoseconds until every worker answers with `status`. No worker goes back on its answer.
fn until_all(workers: &mut [Connection], request: &Request, status: u16) -> u64 {
    let begin = Instant::now();
    let mut waiting: Vec<usize> = (0..workers.len()).collect();
    while !waiting.is_empty() {
        waiting.retain(|at| workers[*at].send(request).unwrap().status != status);
        assert!(
            begin.elapsed() < PATIENCE,
            "no {status} from all workers within {PATIENCE:?}"
        );
    }
    let took = begin.elapsed();
    for _ in 0..AFTERWARDS {
        for worker in &mut *workers {
            assert_eq!(worker.send(request).unwrap().status, status);
        }
    }
    took.as_nanos() as u64
}
