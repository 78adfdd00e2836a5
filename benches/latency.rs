//! How long do single checks take, at rest and while a writer changes 20,000 tokens a second?

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tollgate_benches::{Plan, Population, Scatter, Table, singly, timer_alone, token_record};
use tollgate_core::{LiveWriter, TokenDigest, TokenRecord, TokenStatus};

const CHECKS: usize = 4_000_000;
const CHANGES_A_SECOND: u32 = 20_000;
const CHANGES_A_TURN: u32 = 21;

fn main() {
    let title = "ns, clock included";
    let mut table = Table::new(&[title, "p50", "p90", "p99", "p99.9", "p99.99", "max", "over 1 µs"]);
    row(&mut table, "two readings of the clock", &timer_alone(CHECKS));
    for (size, plan) in [
        ("1,000 tokens", Plan::one_each(1_000)),
        ("1,000,000 tokens", Plan::one_each(1_000_000)),
    ] {
        let Population { view, writer, bearers } = Population::new(plan);
        singly(&view, &bearers, CHECKS / 10);
        row(
            &mut table,
            &format!("{size}, at rest"),
            &singly(&view, &bearers, CHECKS),
        );

        let (stop, stopped) = channel();
        let (times, changes) = std::thread::scope(|scope| {
            let changing = scope.spawn(move || change_until(&stopped, writer, plan.users));
            let start = Instant::now();
            let times = singly(&view, &bearers, CHECKS);
            let took = start.elapsed();
            drop(stop);
            (times, f64::from(changing.join().unwrap()) / took.as_secs_f64())
        });
        row(&mut table, &format!("{size}, {changes:.0} changes a second"), &times);
    }
    println!("{table}");
}

fn row(table: &mut Table, name: &str, times: &Histogram<u64>) {
    let over = times.count_between(1_000, u64::MAX) as f64 / times.len() as f64;
    let quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999].map(|quantile| times.value_at_quantile(quantile).to_string());
    let ends = [times.max().to_string(), format!("{:.3} %", over * 100.0)];
    table.row([name.to_owned()].into_iter().chain(quantiles).chain(ends));
}

/// Tokens issued but not yet taken out; the later half of them is not yet revoked either.
const LIVING: usize = 2_000;

/// Issues a token, revokes the one issued a thousand tokens ago, takes out the one issued two thousand tokens ago, and so
/// on; answers how many changes were made.
fn change_until(stopped: &Receiver<()>, mut writer: LiveWriter, users: u64) -> u32 {
    let (mut scatter, mut made, mut living) = (Scatter::new(4), 0, VecDeque::<TokenRecord>::new());
    let turn = Duration::from_secs(1) * CHANGES_A_TURN / CHANGES_A_SECOND;
    let mut next = Instant::now();
    loop {
        for _ in 0..CHANGES_A_TURN / 3 {
            let id = 100_000_000 + u64::from(made);
            let digest = TokenDigest::from_bytes(scatter.bytes());
            living.push_back(token_record(id, digest, 1 + id % users));
            writer.put_token(&living[living.len() - 1]).unwrap();
            if let Some(token) = living.len().checked_sub(LIVING / 2).and_then(|at| living.get_mut(at)) {
                token.status = TokenStatus::Revoked;
                writer.put_token(token).unwrap();
            }
            if living.len() > LIVING {
                writer.remove_token(&living[0].digest);
                living.pop_front();
            }
            made += 3;
        }
        next += turn;
        match stopped.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return made,
        }
    }
}
