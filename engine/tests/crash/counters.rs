//! Hourly counters through a crash: they come back as one of the last two checkpoints said, and never in between.

use std::collections::BTreeMap;

use tollgate::{Field, RequestParts, Timestamp, Verdict};

use super::disk::SimDisk;
use super::freeze::Tally;
use super::image::Image;
use super::journal::{Journal, Loss, Operation};
use super::order::{Answer, Order};
use super::random::Random;
use super::station::{Memory, Station};
use super::survivor::LOOPBACK;
use super::workload::BEGIN;

const LIMIT: u64 = 100_000;
const USERS: usize = 4;

/// How often each user was let through.
type Counts = BTreeMap<String, u64>;

/// A run in which counters grow and are written.
pub(crate) struct Spending {
    history: Vec<Operation>,
    /// The number of operations before each checkpoint was acknowledged, and what it wrote.
    checkpoints: Vec<(u64, Counts)>,
    secrets: BTreeMap<String, String>,
}

/// Spends and checkpoints `rounds` times.
pub(crate) fn spend(rounds: usize, seed: u64) -> Spending {
    let disk = SimDisk::new(Image::default());
    let station = Station::create(&disk, seed, BEGIN, Memory::Usual).unwrap();
    let loopback = Order::AddNetwork {
        rule: "127.0.0.0/8".into(),
        trusted: true,
        user: None,
    };
    assert_eq!(loopback.execute(&station.engine), Answer::Done(None));
    let mut secrets = BTreeMap::new();
    for number in 0..USERS {
        let user = format!("user-{number}");
        let added = Order::AddUser {
            name: user.clone(),
            operations: 15,
            per_hour: LIMIT.to_string(),
            active: true,
        };
        assert_eq!(added.execute(&station.engine), Answer::Done(None));
        let issued = Order::Issue {
            user: user.clone(),
            not_before: None,
            expires_at: None,
        };
        let Answer::Done(Some((_, secret))) = issued.execute(&station.engine) else {
            panic!("it is issued")
        };
        secrets.insert(user, secret);
    }
    let mut random = Random::new(seed);
    let mut counts: Counts = secrets.keys().map(|user| (user.clone(), 0)).collect();
    let mut checkpoints = vec![(disk.operations(), counts.clone())];
    for _ in 0..rounds {
        for _ in 0..random.below(60) {
            let user = format!("user-{}", random.below(USERS));
            used(&station, &secrets[&user], true);
            *counts.get_mut(&user).unwrap() += 1;
        }
        assert_eq!(station.engine.checkpoint(), Ok(()));
        checkpoints.push((disk.operations(), counts.clone()));
    }
    Spending {
        history: disk.history(),
        checkpoints,
        secrets,
    }
}

/// How many requests were counted before this one, which is counted too if it is to stay.
fn used(station: &Station, secret: &str, stays: bool) -> u64 {
    let bearer = format!("Bearer {secret}");
    let request = RequestParts {
        method: b"GET",
        path: b"/",
        peer: Some(LOOPBACK),
        authorization: Field::Once(bearer.as_bytes()),
        ..RequestParts::default()
    };
    let Verdict::Permit(permit) = station.engine.check(&request, Timestamp::from_millis(BEGIN)) else {
        panic!("nobody comes near the limit")
    };
    let remaining = u64::from(permit.quota().unwrap().remaining);
    if !stays {
        permit.cancel();
    }
    LIMIT - 1 - remaining
}

/// Freezes before every operation after the first checkpoint.
pub(crate) fn freeze_everywhere(spending: &Spending, seed: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let mut journal = Journal::default();
    let begin = spending.checkpoints[0].0;
    for (at, operation) in (0..).zip(&spending.history) {
        let mut random = Random::numbered(seed, at);
        for loss in [Loss::Everything, Loss::Nothing, *random.pick(&Loss::CHANCY)] {
            if at < begin {
                continue;
            }
            let behind = spending
                .checkpoints
                .partition_point(|(operations, _)| *operations <= at);
            let station = Station::open(&SimDisk::new(journal.image(loss, &mut random)), BEGIN, Memory::Usual)
                .map_err(|error| format!("before {at} with loss {loss:?} it does not open: {error}"))?;
            let counts: Counts = spending
                .secrets
                .iter()
                .map(|(user, secret)| (user.clone(), used(&station, secret, false)))
                .collect();
            let possible = &spending.checkpoints[behind - 1..spending.checkpoints.len().min(behind + 1)];
            match possible.iter().position(|(_, checkpoint)| *checkpoint == counts) {
                Some(0) => tally.at_acknowledged += 1,
                Some(_) => tally.at_next += 1,
                None => {
                    return Err(format!(
                        "before {at} with loss {loss:?}: {counts:?} is none of {possible:?}"
                    ));
                }
            }
            tally.images += 1;
        }
        tally.points += 1;
        journal.note(operation.clone());
    }
    Ok(tally)
}
