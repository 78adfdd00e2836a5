//! Opening what a crash left behind, and comparing it with what was acknowledged.

use std::net::IpAddr;

use super::disk::SimDisk;
use super::model::Facts;
use super::order::{Answer, Order};
use super::random::Random;
use super::recording::{Known, Recording};
use super::station::Station;
use super::workload::{NETWORKS, address, rule};

/// The machine itself.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// How much of a recovered engine is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Its revision, all lists, and a check with every token ever issued.
    State,
    /// Also its own opinion of its rows, the whole feed, and whether it can be written to.
    Everything,
}

/// Opens the store on `disk` and answers its revision, or what is wrong: the revision must be `acknowledged` or the next
/// one, and the state the one that the model has there.
pub(crate) fn revision_of(
    disk: &SimDisk,
    recording: &Recording,
    acknowledged: u64,
    depth: Depth,
) -> Result<u64, String> {
    let now = recording
        .known(acknowledged)
        .ok_or("nothing like this was recorded")?
        .now;
    let station =
        Station::open(disk, now, recording.workload.memory).map_err(|error| format!("it does not open: {error}"))?;
    let revision = station.engine.revision().0;
    if revision != acknowledged && revision != acknowledged + 1 {
        return Err(format!(
            "revision {acknowledged} was acknowledged, but {revision} is found"
        ));
    }
    let known = recording
        .known(revision)
        .ok_or_else(|| format!("revision {revision} is nobody's"))?;
    same_facts(&station, known)?;
    same_verdicts(&station, recording, known)?;
    if depth == Depth::Everything {
        same_opinion(&station)?;
        same_feed(&station, recording)?;
        still_writes(&station)?;
    }
    Ok(revision)
}

/// The lists show what the model has.
pub(crate) fn same_facts(station: &Station, known: &Known) -> Result<(), String> {
    let found = Facts::of(&station.engine).map_err(|error| format!("a list cannot be read: {error}"))?;
    let expected = &known.model.facts;
    if found == *expected {
        return Ok(());
    }
    let Facts {
        users,
        tokens,
        clients,
        passwords,
        networks,
        settings,
    } = found;
    let tables = [
        ("users", users == expected.users),
        ("tokens", tokens == expected.tokens),
        ("clients", clients == expected.clients),
        ("passwords", passwords == expected.passwords),
        ("networks", networks == expected.networks),
        ("settings", settings == expected.settings),
    ];
    let wrong: Vec<&str> = tables
        .iter()
        .filter(|(_, same)| !same)
        .map(|(table, _)| *table)
        .collect();
    Err(format!("other {} than the model has", wrong.join(" and ")))
}

/// Every check decides as the model does, with every token that was ever issued.
pub(crate) fn same_verdicts(station: &Station, recording: &Recording, known: &Known) -> Result<(), String> {
    let Known { model, now } = known;
    let mut random = Random::new(*now);
    for (id, secret) in &recording.secrets {
        let (found, expected) = (
            station.refusal(secret, LOOPBACK, *now),
            model.refusal_from_loopback(*id, *now),
        );
        if found != expected {
            return Err(format!("a check of token {id} says {found:?} instead of {expected:?}"));
        }
        let number = random.below(NETWORKS);
        let passes = station.refusal(secret, address(number), *now).is_none();
        if passes != model.passes_from(&rule(number), *id, *now) {
            return Err(format!("whether token {id} passes from {}: {passes}", rule(number)));
        }
    }
    Ok(())
}

/// The engine finds nothing wrong with its rows, nor with what checks see of them.
fn same_opinion(station: &Station) -> Result<(), String> {
    let report = station.engine.verify().map_err(|error| error.to_string())?;
    if report.findings.is_empty() {
        Ok(())
    } else {
        Err(format!("verify finds {:?}", report.findings))
    }
}

/// All change sets there ever were add up to the snapshot of now.
fn same_feed(station: &Station, recording: &Recording) -> Result<(), String> {
    let engine = &station.engine;
    let mut cursor = engine
        .subscribe(engine.feed_identity().at(tollgate::Revision(0)))
        .map_err(|lagged| lagged.to_string())?;
    let mut folded = recording.empty.clone();
    while folded.revision < engine.revision() {
        let set = cursor
            .next(std::time::Duration::ZERO)
            .map_err(|lagged| lagged.to_string())?;
        let set = set.ok_or("the feed ends before the newest revision")?;
        if !folded.apply(&set) {
            return Err(format!("the feed has {} after {}", set.revision.0, folded.revision.0));
        }
    }
    let snapshot = engine.snapshot().map_err(|error| error.to_string())?;
    if folded == snapshot {
        Ok(())
    } else {
        Err("the feed adds up to another state than the snapshot".to_owned())
    }
}

fn still_writes(station: &Station) -> Result<(), String> {
    let order = Order::AddUser {
        name: "afterwards".into(),
        operations: 1,
        per_hour: "5".into(),
        active: true,
    };
    match order.execute(&station.engine) {
        Answer::Done(None) => Ok(()),
        other => Err(format!("a command after recovery is answered {other:?}")),
    }
}
