//! A workload that ran once, undisturbed: all that its disk was told, when which revision was acknowledged, and what the
//! model says of each revision.
//!
//! A freeze at operation `k` leaves what the first `k` operations of the history left, so one run serves for every freeze:
//! nothing that happens after the power is gone reaches the disk or a caller.

use std::collections::BTreeMap;

use tollgate::Snapshot;

use super::disk::SimDisk;
use super::image::Image;
use super::journal::Operation;
use super::model::{Effect, Model};
use super::order::{Answer, Order};
use super::station::Station;
use super::workload::{BEGIN, Step, Workload};

/// A defect that is planted in a run, so that the tests can be seen to catch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// None.
    Sound,
    /// Callers count as answered as soon as they have asked.
    AcknowledgesEarly,
    /// The disk confirms syncs that it did not do.
    SyncLies,
    /// What should be one transaction is two: a code is spent by one, and its tokens come by another.
    TwoCommits,
}

/// The state at one revision.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) model: Model,
    /// When it was made.
    pub(crate) now: u64,
}

/// What one run left.
pub(crate) struct Recording {
    /// What was run.
    pub(crate) workload: Workload,
    /// All that the disk was told, from the empty disk on.
    pub(crate) history: Vec<Operation>,
    /// How many operations there had been when the store was made.
    pub(crate) made_at: u64,
    /// How many operations there were when the engine had been closed; the history ends before that.
    pub(crate) closed_at: u64,
    /// The disk then.
    pub(crate) closed: Image,
    /// Revisions that were acknowledged, each with the number of operations before it was.
    acknowledged: Vec<(u64, u64)>,
    /// What is known of each revision.
    known: BTreeMap<u64, Known>,
    /// Every token that was ever issued.
    pub(crate) secrets: BTreeMap<u64, String>,
    /// Syncs did nothing.
    pub(crate) sync_lies: bool,
    /// The state of the new store, for folding the feed onto.
    pub(crate) empty: Snapshot,
}

impl Recording {
    /// Runs `workload` on a new store. Panics where the engine answers otherwise than the model.
    pub(crate) fn make(workload: Workload, flaw: Flaw) -> Self {
        let disk = SimDisk::new(Image::default());
        let station =
            Station::create(&disk, workload.seed, BEGIN, workload.memory).expect("the disk is empty and sound");
        let steps = workload.steps.clone();
        let mut recording = Self {
            workload,
            history: Vec::new(),
            made_at: disk.operations(),
            closed_at: 0,
            closed: Image::default(),
            acknowledged: vec![(disk.operations(), 0)],
            known: BTreeMap::from([(
                0,
                Known {
                    model: Model::new(),
                    now: BEGIN,
                },
            )]),
            secrets: BTreeMap::new(),
            sync_lies: flaw == Flaw::SyncLies,
            empty: station.engine.snapshot().expect("a new store can be read"),
        };
        if recording.sync_lies {
            disk.lie_about_syncs();
        }
        for step in &steps {
            let asked_at = disk.operations();
            let revision = recording.run(step, &station);
            let at = if flaw == Flaw::AcknowledgesEarly {
                asked_at
            } else {
                disk.operations()
            };
            recording.acknowledged.push((at, revision));
        }
        recording.history = disk.history();
        drop(station);
        (recording.closed_at, recording.closed) = (disk.operations(), disk.live());
        recording
    }

    /// Runs one step and answers the revision that it led to.
    fn run(&mut self, step: &Step, station: &Station) -> u64 {
        let (now, revision) = (step.now(), station.engine.revision().0);
        let mut model = self.known[&revision].model.clone();
        station.clock.set(now);
        let effects = match step {
            Step::Sweep { .. } => {
                let orphans = model.orphans.len();
                let effect = model.sweep();
                assert_eq!(station.engine.sweep().map(|swept| swept.tokens), Ok(orphans));
                vec![effect]
            }
            Step::Batch { orders, .. } => {
                let expected: Vec<Effect> = orders.iter().map(|order| model.fold(order, now)).collect();
                let answers = station.batch(orders).expect("the disk is sound");
                for ((order, expected), answer) in orders.iter().zip(&expected).zip(answers) {
                    self.hear(order, *expected, answer);
                }
                expected
            }
        };
        let next = revision + u64::from(effects.contains(&Effect::Changed));
        assert_eq!(station.engine.revision().0, next, "one transaction for {step:?}");
        self.known.insert(next, Known { model, now });
        next
    }

    fn hear(&mut self, order: &Order, expected: Effect, answer: Answer) {
        match (expected, answer) {
            (Effect::Changed | Effect::Unchanged, Answer::Done(secret)) => self.secrets.extend(secret),
            (Effect::Refused, Answer::Refused(_)) => {}
            (expected, answer) => panic!("{order:?} was to be {expected:?}, but the engine said {answer:?}"),
        }
    }

    /// The last revision that was acknowledged before operation `at`.
    pub(crate) fn acknowledged_before(&self, at: u64) -> u64 {
        let behind = self.acknowledged.partition_point(|(operations, _)| *operations <= at);
        self.acknowledged[..behind].last().map_or(0, |(_, revision)| *revision)
    }

    /// What is known of `revision`, if this run came to it.
    pub(crate) fn known(&self, revision: u64) -> Option<&Known> {
        self.known.get(&revision)
    }

    /// The revision that the run ended at.
    pub(crate) fn newest(&self) -> u64 {
        self.known.keys().next_back().copied().unwrap_or(0)
    }
}
