//! The disk answers no read any more, or fails to answer one, under a running engine.

use std::sync::Arc;

use tollgate::{Revision, Unavailable, UserName};

use super::disk::SimDisk;
use super::fault::{Fault, Kind};
use super::order::{Answer, Order};
use super::recording::Recording;
use super::station::{Memory, Station};
use super::survivor::{same_facts, same_verdicts};
use super::watch::within_reason;

/// What a run met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcomes {
    /// Runs.
    pub(crate) runs: u64,
    /// Runs in which a list, a look at the feed or a whole reading said that it failed.
    pub(crate) lists_failed: u64,
    /// Runs in which a command did.
    pub(crate) commands_failed: u64,
}

/// Fails each read of a run in turn, alone and with all that follow.
pub(crate) fn fail_everywhere(recording: &Arc<Recording>) -> Result<Outcomes, String> {
    let mut outcomes = Outcomes::default();
    for lasts in [false, true] {
        for from in 0.. {
            let recording = Arc::clone(recording);
            let kind = if lasts { Fault::lasting } else { Fault::once };
            let met = within_reason(move || run(&recording, |before| kind(Kind::Io, before + from)))
                .map_err(|wrong| format!("read {from}, lasting: {lasts}: {wrong}"))?;
            let Some((lists, commands)) = met else { break };
            outcomes.runs += 1;
            outcomes.lists_failed += u64::from(lists);
            outcomes.commands_failed += u64::from(commands);
        }
    }
    Ok(outcomes)
}

/// Reads and writes in every way; answers whether reading failed and whether writing did, or none where the fault lies
/// behind the last read.
fn run(recording: &Recording, fault: impl FnOnce(u64) -> Fault) -> Result<Option<(bool, bool)>, String> {
    let newest = recording.newest();
    let known = recording.known(newest).ok_or("nothing was recorded")?;
    let disk = SimDisk::new(recording.closed.clone());
    let station = Station::open(&disk, known.now, Memory::None).map_err(|error| error.to_string())?;
    disk.set_read_fault(Some(fault(disk.reads())));

    let lists_failed = !lists(&station, known.model.facts.users.keys().next().ok_or("nobody is left")?);
    let late = Order::AddUser {
        name: "late".into(),
        operations: 1,
        per_hour: "5".into(),
        active: true,
    };
    let answer = late.execute(&station.engine);
    let (written, doubted) = match &answer {
        Answer::Done(None) => (1, 0),
        Answer::Unavailable(Unavailable::NotDone { .. }) => (0, 0),
        Answer::Unavailable(Unavailable::InDoubt { .. }) => (0, 1),
        other => return Err(format!("a command is answered {other:?}")),
    };
    if station.engine.revision().0 != newest + written {
        return Err(format!("{answer:?}, at revision {}", station.engine.revision().0));
    }
    same_verdicts(&station, recording, known)?;
    let met = disk.struck();
    drop(station);

    disk.set_read_fault(None);
    let again =
        Station::open(&disk, known.now, Memory::Usual).map_err(|error| format!("again it does not open: {error}"))?;
    let left = again.engine.revision().0;
    if !(newest + written..=newest + written + doubted).contains(&left) {
        return Err(format!("{answer:?}, but {left} is left"));
    }
    if left == newest {
        same_facts(&again, known)?;
    }
    Ok(met.then_some((lists_failed, written == 0)))
}

/// Reads in every way there is; whether all of it could be read.
fn lists(station: &Station, user: &str) -> bool {
    let engine = &station.engine;
    let user: UserName = user.parse().unwrap();
    let read = [
        engine.tokens(Some(&user)).is_ok(),
        engine.users().is_ok(),
        engine.networks().is_ok(),
        engine.settings().is_ok(),
        engine.snapshot().is_ok(),
        engine
            .subscribe(engine.feed_identity().at(Revision(0)))
            .and_then(|mut cursor| cursor.next(std::time::Duration::ZERO))
            .is_ok(),
        engine.verify().is_ok(),
    ];
    read.iter().all(|read| *read)
}
