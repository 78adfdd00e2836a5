//! What a thousand checks in one question take.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tollgate_benches::{Table, answer};

use super::served::Served;

const ROUNDS: usize = 500;

pub(crate) fn run() {
    let served = Served::start(&["--log-level", "warn"]);
    let mut table = Table::new(&["checks in a question", "best ms", "median ms", "µs a check"]);
    for checks in [1, 10, 100, 1_000] {
        let mut times = asked(&served, checks);
        times.sort();
        let millis = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1_000.0);
        let median = times[times.len() / 2];
        table.row([
            checks.to_string(),
            millis(times[0]),
            millis(median),
            format!("{:.2}", median.as_secs_f64() * 1e6 / checks as f64),
        ]);
    }
    println!("{table}");
}

fn asked(served: &Served, checks: usize) -> Vec<Duration> {
    let check = |at: usize| {
        let token = &served.tokens[at % served.tokens.len()];
        format!(r#"{{"method":"GET","path":"/orders?page=2","ip":"127.0.0.1","authorization":"Bearer {token}"}}"#)
    };
    let body = format!(
        r#"{{"checks":[{}]}}"#,
        (0..checks).map(check).collect::<Vec<_>>().join(",")
    );
    let request = format!(
        "POST /v1/check HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 1 << 20];
    let rounds = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        let mut filled = 0;
        loop {
            filled += stream.read(&mut buffer[filled..]).unwrap();
            if let Some((status, _)) = answer(&buffer[..filled]) {
                assert_eq!(status, 200);
                return begin.elapsed();
            }
        }
    });
    rounds.collect()
}
