//! Orders by the hundred, all of them following from a seed: users, tokens, revocations, networks, settings, with some
//! that are refused and some that change nothing, in batches that share a transaction.

use super::model::{LOOPBACK, Model};
use super::order::Order;
use super::random::Random;
use super::station::Memory;

/// The moment at which every workload begins, in milliseconds.
pub(crate) const BEGIN: u64 = 1_800_000_000_000;

/// Networks that rules are about are numbered below this.
pub(crate) const NETWORKS: usize = 24;

/// The rule about network `number`.
pub(crate) fn rule(number: usize) -> String {
    format!("10.{number}.0.0/16")
}

/// An address that no rule but `rule(number)` is about.
pub(crate) fn address(number: usize) -> std::net::IpAddr {
    format!("10.{number}.3.7").parse().unwrap()
}

/// One transaction, or none where nothing changes.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Orders that reach the engine together, at one moment.
    Batch { now: u64, orders: Vec<Order> },
    /// The engine is told to sweep.
    Sweep { now: u64 },
}

impl Step {
    /// When it happens.
    pub(crate) fn now(&self) -> u64 {
        match self {
            Self::Batch { now, .. } | Self::Sweep { now } => *now,
        }
    }

    /// What is ordered.
    pub(crate) fn orders(&self) -> &[Order] {
        match self {
            Self::Batch { orders, .. } => orders,
            Self::Sweep { .. } => &[],
        }
    }
}

/// What one run does, and with how much memory.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    /// The orders follow from it, and the tokens.
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) memory: Memory,
}

impl Workload {
    /// The workload of `orders` orders that follows from `seed`.
    pub(crate) fn new(seed: u64, orders: usize, memory: Memory) -> Self {
        Self {
            seed,
            steps: steps(seed, orders),
            memory,
        }
    }
}

/// Steps with `most` orders in all. Before a batch of more than one, whatever can be swept is.
fn steps(seed: u64, most: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    let mut model = Model::new();
    let mut steps = Vec::new();
    let mut now = BEGIN;
    model.fold(&loopback(), now);
    steps.push(Step::Batch {
        now,
        orders: vec![loopback()],
    });
    let mut made = 1;
    while made < most {
        now += 1_700;
        let len = if random.one_in(3) { 1 } else { 2 + random.below(12) };
        if len > 1 && model.departures {
            model.sweep();
            steps.push(Step::Sweep { now });
        }
        let mut orders = Vec::new();
        for _ in 0..len.min(most - made) {
            let mut order = any(&mut random, &model, now);
            // Checks need not know of clients, so they have no revision of their own; a state is known by its revision.
            if len == 1 && order.is_about_clients() {
                order = proxies();
            }
            model.fold(&order, now);
            orders.push(order);
        }
        if orders.iter().any(Order::is_about_clients) {
            model.fold(&proxies(), now);
            orders.push(proxies());
        }
        made += orders.len();
        steps.push(Step::Batch { now, orders });
    }
    steps
}

/// Changes the revision whatever was so before.
fn proxies() -> Order {
    Order::SetSetting {
        key: "trusted_proxies",
        value: "127.0.0.0/8".to_owned(),
    }
}

/// Without this nobody passes at all.
pub(crate) fn loopback() -> Order {
    Order::AddNetwork {
        rule: LOOPBACK.to_owned(),
        trusted: true,
        user: None,
    }
}

fn any(random: &mut Random, model: &Model, now: u64) -> Order {
    match random.below(125) {
        0..14 => Order::AddUser {
            name: if random.one_in(10) {
                user(random, model)
            } else {
                format!("user-{}", model.next_user)
            },
            operations: if random.one_in(6) { 0b1110 } else { 0b1111 },
            per_hour: random.pick(&["inherit", "unlimited", "5", "100000"]).to_string(),
            active: !random.one_in(8),
        },
        14..23 => Order::SetUser {
            name: user(random, model),
            operations: random.one_in(3).then(|| random.below(16) as u8),
            per_hour: random
                .one_in(3)
                .then(|| random.pick(&["inherit", "7", "unlimited"]).to_string()),
            active: random.one_in(2).then(|| !random.one_in(3)),
        },
        23..26 => Order::RemoveUser {
            name: user(random, model),
        },
        26..56 => Order::Issue {
            user: user(random, model),
            not_before: random.one_in(6).then(|| now + random.word() % 60_000),
            expires_at: random.one_in(3).then(|| now + random.word() % 600_000),
        },
        56..72 => Order::Revoke {
            id: token(random, model),
        },
        72..79 => Order::Expire {
            id: token(random, model),
            at: now + random.word() % 300_000,
        },
        79..88 => Order::AddNetwork {
            rule: rule(random.below(NETWORKS)),
            trusted: !random.one_in(3),
            user: random.one_in(2).then(|| user(random, model)),
        },
        88..94 => match model
            .facts
            .networks
            .keys()
            .nth(random.below(model.facts.networks.len() + 1))
        {
            Some((user, rule)) if rule != LOOPBACK => Order::RemoveNetwork {
                rule: rule.clone(),
                user: user.clone(),
            },
            Some(_) | None => Order::RemoveNetwork {
                rule: "192.0.2.0/24".to_owned(),
                user: None,
            },
        },
        94..100 => setting(random),
        100..106 => Order::IssuePersonal {
            user: user(random, model),
            expires_at: now + random.word() % 600_000,
        },
        106..110 => Order::RevokePersonal {
            id: token(random, model),
        },
        110..114 => Order::AddClient { name: client(random) },
        114..117 => Order::SetClient {
            name: client(random),
            enabled: random.one_in(2),
        },
        117..119 => Order::Rotate { name: client(random) },
        119..121 => Order::RemoveClient { name: client(random) },
        _ => Order::SetPassword {
            user: user(random, model),
            set: !random.one_in(3),
        },
    }
}

/// One of few names, so that clients come back.
fn client(random: &mut Random) -> String {
    format!("client-{}", random.below(6))
}

fn setting(random: &mut Random) -> Order {
    let (key, values) = *random.pick(&[
        ("per_hour", ["inherit", "250000", "unlimited"]),
        ("concurrent", ["inherit", "64", "unlimited"]),
        ("allow_authtoken_in_url", ["true", "false", "true"]),
        ("allow_preflight", ["true", "false", "true"]),
        ("trusted_proxies", ["127.0.0.0/8", "127.0.0.0/8,::1", "192.0.2.7"]),
    ]);
    Order::SetSetting {
        key,
        value: random.pick(&values).to_string(),
    }
}

/// A user's name: most often of one who is there, sometimes of one who is gone or never was.
fn user(random: &mut Random, model: &Model) -> String {
    let users = &model.facts.users;
    match users.keys().nth(random.below(users.len() + 1)) {
        Some(name) if !random.one_in(12) => name.clone(),
        Some(_) | None => format!("user-{}", 1 + random.below(model.next_user as usize + 1)),
    }
}

/// A token's id: of one that was issued, and now and then of one that never was.
fn token(random: &mut Random, model: &Model) -> u64 {
    let never_issued = usize::from(random.one_in(12));
    1 + random.below(model.next_token as usize + never_issued) as u64
}

#[test]
fn a_workload_has_everything_in_it() {
    let steps = steps(1, 2_000);
    assert!(steps.iter().map(|step| step.orders().len()).sum::<usize>() >= 2_000);
    use super::model::Effect;
    let mut model = Model::new();
    let mut seen = std::collections::BTreeMap::new();
    for step in &steps {
        for order in step.orders() {
            let kind = format!("{order:?}");
            let kind = kind.split([' ', '{']).next().unwrap().to_owned();
            *seen.entry((kind, model.fold(order, step.now()))).or_insert(0) += 1;
        }
    }
    for kind in [
        "AddUser",
        "SetUser",
        "RemoveUser",
        "Issue",
        "Revoke",
        "Expire",
        "AddNetwork",
        "RemoveNetwork",
        "IssuePersonal",
        "RevokePersonal",
        "AddClient",
        "SetClient",
        "Rotate",
        "RemoveClient",
        "SetPassword",
    ] {
        for effect in [Effect::Changed, Effect::Refused] {
            assert!(
                seen.contains_key(&(kind.to_owned(), effect)),
                "no {kind} is {effect:?}: {seen:?}"
            );
        }
    }
    for kind in ["SetUser", "Revoke", "SetSetting"] {
        assert!(
            seen.contains_key(&(kind.to_owned(), Effect::Unchanged)),
            "no {kind} is without effect: {seen:?}"
        );
    }
    assert!(
        model.facts.users.len() > 10 && model.facts.tokens.len() > 40,
        "little is left"
    );
    assert!(steps.iter().any(|step| step.orders().len() > 8), "no batch is large");
    assert!(
        steps.iter().any(|step| matches!(step, Step::Sweep { .. })),
        "nothing is ever swept"
    );
}
