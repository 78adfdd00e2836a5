//! What the busiest users are known by, and what is forgotten.

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// User, checks and denials of the busiest.
fn told(busiest: &Busiest<()>, most: usize, now: Timestamp) -> Vec<(u64, u64, u64)> {
    let (all, _) = busiest.most(most, now);
    all.iter().map(|busy| (busy.user, busy.checks, busy.denied)).collect()
}

#[test]
fn few_users_are_counted_exactly_and_the_busiest_come_first() {
    let busiest = Busiest::new();
    for user in 1..=5_u64 {
        for n in 0..user * 10 {
            busiest.count(user, (), n % 10 == 0, at(1_000));
        }
    }
    assert_eq!(told(&busiest, 3, at(1_000)), [(5, 50, 5), (4, 40, 4), (3, 30, 3)]);
    assert_eq!(told(&busiest, 9, at(1_000)).len(), 5);
}

#[test]
fn who_asks_most_stands_out_among_a_crowd() {
    let busiest = Busiest::new();
    let mut crowd = 1_000_u64;
    for round in 0..20_000_u64 {
        crowd += 1;
        busiest.count(crowd, (), false, at(1_000));
        if round % 4 == 0 {
            busiest.count(7, (), false, at(1_000));
        }
    }
    let (all, _) = busiest.most(1, at(1_000));
    let first = all.first().unwrap();
    assert_eq!(first.user, 7);
    // At most one in ROOM of what its shard counted is inherited.
    let surplus = (20_000 / SHARDS as u64 + 5_000) / sketch::ROOM as u64;
    assert!((5_000..=5_000 + surplus).contains(&first.checks), "{first:?}");
}

#[test]
fn what_is_past_is_forgotten_with_its_window() {
    let busiest = Busiest::new();
    busiest.count(1, (), false, at(1_000));
    busiest.count(1, (), true, at(1_009));
    assert_eq!(told(&busiest, 9, at(1_009)), [(1, 2, 1)]);
    busiest.count(1, (), false, at(1_010));
    assert_eq!(told(&busiest, 9, at(1_019)), [(1, 3, 1)], "two windows count");
    assert_eq!(busiest.most(9, at(1_019)).1, 19_000);
    assert_eq!(told(&busiest, 9, at(1_020)), [(1, 1, 0)]);
    assert_eq!(told(&busiest, 9, at(1_030)), [], "and no third");
    busiest.count(1, (), false, at(1_030));
    assert_eq!(
        told(&busiest, 9, at(500)),
        [],
        "a clock that stepped back tells nothing"
    );
}
