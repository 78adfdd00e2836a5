//! How many bytes does a token take, and how many a user?
//!
//! `allocation-counter` counts what the writer's thread has asked for and not given back; what the allocator adds to that
//! shows in the resident size, which is printed beside it.

use allocation_counter::measure;
use tollgate_benches::{KEY, Plan, Scatter, Table, server_record, token_record, user_record};
use tollgate_core::{DigestKey, LiveView, LiveWriter, TokenDigest};

const GOAL: f64 = 100.0;

fn main() {
    let mut table = Table::new(&["", "bytes each", "most while growing", "resident"]);
    let (_, mut writer) = LiveView::new(DigestKey::new(KEY));
    writer.set_server(&server_record()).unwrap();
    let users = users(&mut writer, 1_000_000);
    table.row([
        "1,000,000 users with rules of their own".to_owned(),
        users.0,
        String::new(),
        users.1,
    ]);

    let mut worst = 0_f64;
    for tokens in [1_000_000, 3_000_000, 10_000_000] {
        let (each, most, resident) = growth(tokens);
        worst = worst.max(most);
        table.row([
            format!("{tokens} tokens"),
            format!("{each:.1}"),
            format!("{most:.1}"),
            format!("{resident:.1}"),
        ]);
    }
    let word = if worst <= GOAL { "met" } else { "missed" };
    println!("{table}\nbytes per token ≤ {GOAL:.0}: {worst:.1}, {word}");
}

/// Bytes of one user, as asked for and as resident.
fn users(writer: &mut LiveWriter, count: u64) -> (String, String) {
    let before = resident();
    let counted = measure(|| {
        for id in 1..=count {
            writer.put_user(&user_record(id, true)).unwrap();
        }
    });
    let each = |bytes: i64| format!("{:.1}", bytes as f64 / count as f64);
    (each(counted.bytes_current), each(resident() - before))
}

/// Bytes of one token of `tokens`; the most that one took at any size from a million on, looked at every thousand; and
/// what one takes of the resident size.
fn growth(tokens: u64) -> (f64, f64, f64) {
    let plan = Plan::one_each(1_000);
    let (view, mut writer) = LiveView::new(DigestKey::new(KEY));
    for id in 1..=plan.users {
        writer.put_user(&user_record(id, false)).unwrap();
    }
    let (mut scatter, mut bytes, mut most, before) = (Scatter::new(5), 0, 0_f64, resident());
    for from in (0..tokens).step_by(1_000) {
        let counted = measure(|| {
            for id in from..from + 1_000 {
                let digest = TokenDigest::from_bytes(scatter.bytes());
                writer
                    .put_token(&token_record(id + 1, digest, 1 + id % plan.users))
                    .unwrap();
            }
        });
        bytes += counted.bytes_current;
        if from + 1_000 >= 1_000_000 {
            most = most.max(bytes as f64 / (from + 1_000) as f64);
        }
    }
    let each = |bytes: i64| bytes as f64 / tokens as f64;
    let figures = (each(bytes), most, each(resident() - before));
    drop((view, writer));
    figures
}

/// Resident bytes of this process.
fn resident() -> i64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * 4_096
}
