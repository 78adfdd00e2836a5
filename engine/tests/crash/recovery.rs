//! The power goes again while a store is opened after a crash, or closed, or made.

use super::disk::SimDisk;
use super::freeze::{Effort, Tally, for_each_freeze, in_parallel, losses};
use super::image::Image;
use super::journal::{Journal, Loss};
use super::random::Random;
use super::recording::Recording;
use super::station::Station;
use super::survivor::{Depth, revision_of};
use super::workload::BEGIN;

/// At one freeze in `one_in`, opens what is left and closes it again, and freezes before every operation of that. What an
/// opening that succeeded has shown, a second crash must not take back.
pub(crate) fn freeze_recoveries(recording: &Recording, seed: u64, one_in: usize) -> Result<Tally, String> {
    in_parallel(|worker, workers| {
        let mut tally = Tally::default();
        for_each_freeze(recording, |at, journal| {
            let mut random = Random::numbered(seed, at);
            if at % workers != worker || !random.one_in(one_in) {
                return Ok(());
            }
            let effort = Effort {
                chancy: 1,
                everything_one_in: 1,
            };
            let loss = *random.pick(&losses(effort, journal.unsynced(), &mut random.clone()));
            let image = journal.image(loss, &mut random);
            freeze_recovery(
                recording,
                image,
                recording.acknowledged_before(at),
                &mut random,
                &mut tally,
            )
            .map_err(|wrong| format!("seed {seed}, frozen before operation {at} with loss {loss:?}: {wrong}"))
        })?;
        Ok(tally)
    })
}

fn freeze_recovery(
    recording: &Recording,
    image: Image,
    acknowledged: u64,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), String> {
    let disk = SimDisk::new(image.clone());
    let station =
        Station::open(&disk, BEGIN, recording.workload.memory).map_err(|error| format!("it does not open: {error}"))?;
    let (opened_at, shown) = (disk.operations(), station.engine.revision().0);
    drop(station);
    let history = disk.history();
    let mut journal = Journal::new(image);
    for at in 0..=history.len() as u64 {
        tally.points += 1;
        let shown = (at >= opened_at).then_some(shown);
        for loss in losses(
            Effort {
                chancy: 1,
                everything_one_in: 1,
            },
            journal.unsynced(),
            random,
        ) {
            let disk = SimDisk::new(journal.image(loss, random));
            let place = |wrong| {
                format!(
                    "again before operation {at} of {} with loss {loss:?}: {wrong}",
                    history.len()
                )
            };
            let revision = revision_of(&disk, recording, acknowledged, Depth::State).map_err(place)?;
            if shown.is_some_and(|shown| revision != shown) {
                return Err(place(format!("revision {shown:?} was shown, but {revision} is left")));
            }
            tally.images += 1;
            tally.at_acknowledged += u64::from(revision == acknowledged);
            tally.at_next += u64::from(revision != acknowledged);
        }
        if let Some(operation) = history.get(at as usize) {
            journal.note(operation.clone());
        }
    }
    Ok(())
}

/// What opening says of a store whose making was cut short.
#[derive(Debug, Default)]
pub(crate) struct Unmade {
    /// Images that were not a store yet, and were refused in words.
    pub(crate) refused: Vec<String>,
    /// Images that were a whole, empty store.
    pub(crate) whole: u64,
}

/// Freezes before every operation of making a store. Each image is a store without anything in it, or is refused; once
/// it has been made for its caller, it is the former.
pub(crate) fn freeze_creation(recording: &Recording, seed: u64) -> Result<Unmade, String> {
    let mut unmade = Unmade::default();
    let mut journal = Journal::default();
    for at in 0..=recording.made_at {
        for round in 0..8 {
            let mut random = Random::numbered(seed, at * 8 + round);
            let loss = *random.pick(&[Loss::CHANCY.as_slice(), &[Loss::Everything, Loss::Nothing]].concat());
            match Station::open(
                &SimDisk::new(journal.image(loss, &mut random)),
                BEGIN,
                recording.workload.memory,
            ) {
                Ok(station) if station.engine.revision().0 == 0 => unmade.whole += 1,
                Ok(station) => return Err(format!("revision {} before {at}", station.engine.revision().0)),
                Err(error) if at < recording.made_at => unmade.refused.push(error.to_string()),
                Err(error) => return Err(format!("it was made, but with loss {loss:?} it does not open: {error}")),
            }
        }
        if let Some(operation) = recording.history.get(at as usize) {
            journal.note(operation.clone());
        }
    }
    Ok(unmade)
}
