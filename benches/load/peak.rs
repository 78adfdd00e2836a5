//! What the server can carry.

use std::time::Duration;

use tollgate_benches::Table;

use super::pool::{Pace, Pool};
use super::served::Served;

const CONNECTIONS: [usize; 4] = [1, 8, 32, 128];
const TIME: Duration = Duration::from_secs(4);

pub(crate) fn run() {
    let mut table = Table::new(&[
        "connections, each with one request at a time",
        "checks a second",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
    ]);
    for (label, arguments) in [
        ("", ["--log-level", "warn"]),
        (", a line logged for each", ["--log-level", "info"]),
    ] {
        let served = Served::start(&arguments);
        for connections in CONNECTIONS {
            let mut pool = Pool::open(&served, connections);
            pool.run(Pace::Closed, TIME / 8);
            let outcome = pool.run(Pace::Closed, TIME);
            assert_eq!(outcome.refused, 0);
            table.row([
                format!("{connections}{label}"),
                format!("{:.0}", outcome.goodput()),
                format!("{:.0}", outcome.micros(0.5)),
                format!("{:.0}", outcome.micros(0.99)),
                format!("{:.0}", outcome.micros(0.999)),
            ]);
        }
    }
    println!("{table}");
}
