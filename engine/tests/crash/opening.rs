//! The disk fails while a store is made or opened: an answer in words, no panic, and nothing lost for the next try.

use super::disk::SimDisk;
use super::failing_disk::WAYS;
use super::fault::{Fault, Kind};
use super::freeze::for_each_freeze;
use super::image::Image;
use super::journal::Loss;
use super::random::Random;
use super::recording::Recording;
use super::station::{Memory, Station};
use super::survivor::{Depth, revision_of};
use super::watch::within_reason;
use super::workload::BEGIN;

/// A store on a disk, and the revision that was acknowledged last.
#[derive(Clone)]
pub(crate) struct Left {
    pub(crate) image: Image,
    pub(crate) acknowledged: u64,
}

/// How tries to open ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tries {
    /// The store opened all the same.
    pub(crate) opened: u64,
    /// It did not, for these reasons.
    pub(crate) refused: Vec<String>,
}

/// Stores as crashes leave them, one for about every `one_in` freezes, and last the one that was closed.
pub(crate) fn left_by_crashes(recording: &Recording, seed: u64, one_in: usize) -> Vec<Left> {
    let mut left = Vec::new();
    let mut random = Random::new(seed);
    let found = for_each_freeze(recording, |at, journal| {
        if journal.unsynced() > 0 && random.one_in(one_in) {
            let loss = *random.pick(&Loss::CHANCY);
            let acknowledged = recording.acknowledged_before(at);
            left.push(Left {
                image: journal.image(loss, &mut random),
                acknowledged,
            });
        }
        Ok(())
    });
    assert_eq!(found, Ok(()));
    left.push(Left {
        image: recording.closed.clone(),
        acknowledged: recording.newest(),
    });
    left
}

/// Opens `left` on a disk that fails at each operation and at each read of the opening in turn.
pub(crate) fn fail_everywhere(recording: &std::sync::Arc<Recording>, left: &Left) -> Result<Tries, String> {
    let disk = SimDisk::new(left.image.clone());
    let station = Station::open(&disk, BEGIN, recording.workload.memory)
        .map_err(|error| format!("sound, it does not open: {error}"))?;
    let (operations, reads) = (disk.operations(), disk.reads());
    drop(station);
    let mut faults = Vec::new();
    for from in 0..operations {
        let fault = |(kind, lasts): (Kind, bool)| {
            if lasts {
                Fault::lasting(kind, from)
            } else {
                Fault::once(kind, from)
            }
        };
        faults.extend(WAYS.map(|way| (Some(fault(way)), None)));
    }
    for from in 0..reads {
        faults.push((None, Some(Fault::once(Kind::Io, from))));
        faults.push((None, Some(Fault::lasting(Kind::Io, from))));
    }
    let mut tries = Tries::default();
    for (fault, read_fault) in faults {
        let (recording, left) = (std::sync::Arc::clone(recording), left.clone());
        let refused = within_reason(move || try_to_open(&recording, &left, fault, read_fault))
            .map_err(|wrong| format!("{fault:?}, reads {read_fault:?}: {wrong}"))?;
        match refused {
            Some(words) => tries.refused.push(words),
            None => tries.opened += 1,
        }
    }
    Ok(tries)
}

/// Why the store did not open; none where it did.
fn try_to_open(
    recording: &Recording,
    left: &Left,
    fault: Option<Fault>,
    read_fault: Option<Fault>,
) -> Result<Option<String>, String> {
    let disk = SimDisk::new(left.image.clone());
    disk.set_fault(fault);
    disk.set_read_fault(read_fault);
    let refused = match Station::open(&disk, BEGIN, recording.workload.memory) {
        Ok(station) => {
            let revision = station.engine.revision().0;
            let sound = [left.acknowledged, left.acknowledged + 1].contains(&revision);
            drop(station);
            if sound {
                None
            } else {
                return Err(format!("it opens at {revision}, not {}", left.acknowledged));
            }
        }
        Err(error) => Some(error.to_string()),
    };
    disk.set_fault(None);
    disk.set_read_fault(None);
    let power_lost = SimDisk::new(disk.image(Loss::Some, &mut Random::new(1)));
    for (what, disk) in [("again", disk), ("after loss of power", power_lost)] {
        revision_of(&disk, recording, left.acknowledged, Depth::State).map_err(|wrong| format!("{what}: {wrong}"))?;
    }
    Ok(refused)
}

/// Makes a store on a disk that fails at each operation in turn.
pub(crate) fn fail_to_create(operations: u64) -> Result<Tries, String> {
    let mut tries = Tries::default();
    for from in 0..operations {
        for (kind, lasts) in WAYS {
            let made = within_reason(move || {
                let disk = SimDisk::new(Image::default());
                disk.set_fault(Some(if lasts {
                    Fault::lasting(kind, from)
                } else {
                    Fault::once(kind, from)
                }));
                Ok(Station::create(&disk, 1, BEGIN, Memory::Usual)
                    .map(drop)
                    .map_err(|error| error.to_string()))
            });
            match made.map_err(|wrong| format!("{kind:?} at operation {from}: {wrong}"))? {
                Ok(()) => tries.opened += 1,
                Err(words) => tries.refused.push(words),
            }
        }
    }
    Ok(tries)
}
