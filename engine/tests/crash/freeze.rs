//! The power goes at every single write, change of length and sync of a workload, and what comes back is compared.

use super::disk::SimDisk;
use super::journal::{Journal, Loss};
use super::random::Random;
use super::recording::Recording;
use super::survivor::{Depth, revision_of};

/// Which images are made of each freeze.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Images whose loss is left to chance, at every freeze.
    pub(crate) chancy: usize,
    /// One image in so many is looked at in every respect.
    pub(crate) everything_one_in: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Freezes.
    pub(crate) points: u64,
    /// Images that were opened.
    pub(crate) images: u64,
    /// Images whose revision was the acknowledged one.
    pub(crate) at_acknowledged: u64,
    /// Images that already had the next.
    pub(crate) at_next: u64,
}

impl Tally {
    /// A tally that never saw the transaction under way survive, or never saw it lost, has not looked.
    pub(crate) fn check_both_outcomes(self, what: &str) {
        println!("{what}: {self:?}");
        assert!(self.at_acknowledged > 0 && self.at_next > 0, "{what}: {self:?}");
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.points += other.points;
        self.images += other.images;
        self.at_acknowledged += other.at_acknowledged;
        self.at_next += other.at_next;
    }
}

/// The losses that one freeze is tried with.
pub(crate) fn losses(effort: Effort, unsynced: usize, random: &mut Random) -> Vec<Loss> {
    // With nothing to lose, all losses are the same.
    if unsynced == 0 {
        return vec![Loss::Everything];
    }
    let mut losses = vec![Loss::Everything, Loss::Nothing];
    for _ in 0..effort.chancy {
        let prefix = Loss::After(random.below(unsynced + 1));
        losses.push(*random.pick(&[Loss::CHANCY.as_slice(), &[prefix]].concat()));
    }
    losses
}

/// Freezes before every operation of `recording` since the store was made, and behind the last.
pub(crate) fn freeze_everywhere(recording: &Recording, seed: u64, effort: Effort) -> Result<Tally, String> {
    in_parallel(|worker, workers| {
        let mut tally = Tally::default();
        for_each_freeze(recording, |at, journal| {
            if at % workers == worker {
                freeze_at(recording, at, journal, seed, effort, &mut tally)
            } else {
                Ok(())
            }
        })?;
        Ok(tally)
    })
}

/// Calls `f` with the number of every freeze and the disk as it is then.
pub(crate) fn for_each_freeze(
    recording: &Recording,
    mut f: impl FnMut(u64, &Journal) -> Result<(), String>,
) -> Result<(), String> {
    let mut journal = Journal::default();
    for (at, operation) in (0..).zip(&recording.history) {
        if at >= recording.made_at {
            f(at, &journal)?;
        }
        journal.note_unless_lying(operation.clone(), recording.sync_lies && at >= recording.made_at);
    }
    f(recording.history.len() as u64, &journal)
}

fn freeze_at(
    recording: &Recording,
    at: u64,
    journal: &Journal,
    seed: u64,
    effort: Effort,
    tally: &mut Tally,
) -> Result<(), String> {
    let acknowledged = recording.acknowledged_before(at);
    let mut random = Random::numbered(seed, at);
    tally.points += 1;
    for loss in losses(effort, journal.unsynced(), &mut random) {
        let depth = if random.one_in(effort.everything_one_in) {
            Depth::Everything
        } else {
            Depth::State
        };
        let disk = SimDisk::new(journal.image(loss, &mut random));
        let revision = revision_of(&disk, recording, acknowledged, depth)
            .map_err(|wrong| format!("seed {seed}, frozen before operation {at} with loss {loss:?}: {wrong}"))?;
        tally.images += 1;
        tally.at_acknowledged += u64::from(revision == acknowledged);
        tally.at_next += u64::from(revision != acknowledged);
    }
    Ok(())
}

/// Runs `work` on every processor, with its number and how many there are, and adds up what it finds.
pub(crate) fn in_parallel<T>(work: impl Fn(u64, u64) -> Result<T, String> + Sync) -> Result<T, String>
where
    T: Default + std::ops::AddAssign + Send,
{
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || work(worker, workers)))
            .collect();
        let mut total = T::default();
        for thread in threads {
            total += thread.join().map_err(|_| "a worker panicked".to_owned())??;
        }
        Ok(total)
    })
}
