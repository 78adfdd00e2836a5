//! Every kind of command once, among users whose tokens pass: what it takes away and what it grants can be told.

use super::order::Order;
use super::station::Memory;
use super::workload::{BEGIN, Step, Workload, loopback, rule};

impl Workload {
    /// Everything that takes a permission away or grants one, a step for each, after a step that makes what it needs.
    pub(crate) fn of_each_kind(seed: u64, memory: Memory) -> Self {
        let mut steps = vec![populated()];
        for (at, order) in takings().into_iter().chain(grants()).enumerate() {
            let now = BEGIN + 2_000 * (at as u64 + 1);
            steps.push(Step::Batch {
                now,
                orders: vec![order],
            });
        }
        let now = BEGIN + 100_000;
        steps.push(Step::Sweep { now });
        steps.push(Step::Batch {
            now,
            orders: takings_together(),
        });
        Self { seed, steps, memory }
    }
}

fn user_named(name: &str) -> String {
    name.to_owned()
}

/// Users `a` to `j` with two tokens each: 1 and 11 are `a`'s, and so on. All may call from networks 1 and 2, `a` from 3
/// and `j` from 4.
fn populated() -> Step {
    let trusted = |number, user| Order::AddNetwork {
        rule: rule(number),
        trusted: true,
        user,
    };
    let mut orders = vec![loopback(), trusted(1, None), trusted(2, None)];
    let names = || ('a'..='j').map(|letter| user_named(&letter.to_string()));
    orders.extend(names().map(|name| Order::AddUser {
        name,
        operations: 15,
        per_hour: "inherit".into(),
        active: true,
    }));
    let issue = |user| Order::Issue {
        user,
        not_before: None,
        expires_at: None,
    };
    orders.extend(names().chain(names()).map(issue));
    // Personal access tokens 21 and 22.
    orders.extend(["a", "b"].map(|user| Order::IssuePersonal {
        user: user_named(user),
        expires_at: BEGIN + 3_600_000,
    }));
    orders.extend([trusted(3, Some(user_named("a"))), trusted(4, Some(user_named("j")))]);
    Step::Batch { now: BEGIN, orders }
}

fn set(name: &str, operations: Option<u8>, active: Option<bool>) -> Order {
    Order::SetUser {
        name: user_named(name),
        operations,
        per_hour: None,
        active,
    }
}

fn takings() -> Vec<Order> {
    let banned = |number, user| Order::AddNetwork {
        rule: rule(number),
        trusted: false,
        user,
    };
    vec![
        Order::Revoke { id: 1 },
        Order::Expire { id: 2, at: BEGIN },
        set("c", None, Some(false)),
        set("d", Some(0b1110), None),
        Order::RemoveUser { name: user_named("e") },
        Order::RevokePersonal { id: 21 },
        banned(4, None),
        banned(1, Some(user_named("f"))),
        Order::RemoveNetwork {
            rule: rule(2),
            user: None,
        },
        Order::RemoveNetwork {
            rule: rule(3),
            user: Some(user_named("a")),
        },
    ]
}

fn grants() -> Vec<Order> {
    vec![
        Order::IssuePersonal {
            user: user_named("g"),
            expires_at: BEGIN + 3_600_000,
        },
        Order::SetPassword {
            user: user_named("h"),
            set: true,
        },
        Order::Issue {
            user: user_named("g"),
            not_before: None,
            expires_at: None,
        },
        Order::AddUser {
            name: user_named("k"),
            operations: 15,
            per_hour: "inherit".into(),
            active: true,
        },
        set("c", None, Some(true)),
        set("d", Some(0b1111), None),
        Order::AddNetwork {
            rule: rule(5),
            trusted: true,
            user: None,
        },
        Order::AddNetwork {
            rule: rule(6),
            trusted: true,
            user: Some(user_named("g")),
        },
        Order::RemoveNetwork {
            rule: rule(4),
            user: None,
        },
    ]
}

fn takings_together() -> Vec<Order> {
    vec![
        Order::Revoke { id: 7 },
        Order::Issue {
            user: user_named("g"),
            not_before: None,
            expires_at: None,
        },
        set("h", None, Some(false)),
        Order::RemoveUser { name: user_named("i") },
        Order::RemoveNetwork {
            rule: rule(1),
            user: None,
        },
    ]
}
