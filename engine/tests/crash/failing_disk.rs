//! The disk fails under a running engine, at every operation and in every way.

use std::collections::BTreeSet;
use std::sync::Arc;

use tollgate::Unavailable;

use super::disk::SimDisk;
use super::fault::{Fault, Kind};
use super::image::Image;
use super::journal::Loss;
use super::order::{Answer, Order};
use super::random::Random;
use super::recording::{Flaw, Known, Recording};
use super::station::Station;
use super::survivor::{Depth, LOOPBACK, revision_of};
use super::workload::{BEGIN, NETWORKS, Step, Workload, address, rule};

/// How runs ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Endings {
    /// Operations at each of which the disk failed.
    pub(crate) operations: u64,
    /// The fault was met, and nobody but redb noticed.
    pub(crate) unnoticed: u64,
    /// Commands answered that nothing was done.
    pub(crate) not_done: u64,
    /// Commands answered that nobody knows.
    pub(crate) in_doubt: u64,
    /// … and it had been done all the same.
    pub(crate) done_all_the_same: u64,
    /// Passes of checks that were withdrawn, because a command in doubt may have taken them away.
    pub(crate) withdrawn: u64,
}

impl Endings {
    /// Failures that never left a command in doubt, or never left one done all the same, or (where pages are written
    /// before the commit) never left one undone, have not been looked at.
    pub(crate) fn check_seen(self, not_done: bool) {
        println!("{self:?}");
        assert!(self.in_doubt > 0 && self.done_all_the_same > 0, "{self:?}");
        assert_eq!(self.not_done > 0, not_done, "{self:?}");
    }
}

impl std::ops::AddAssign for Endings {
    fn add_assign(&mut self, other: Self) {
        self.unnoticed += other.unnoticed;
        self.not_done += other.not_done;
        self.in_doubt += other.in_doubt;
        self.done_all_the_same += other.done_all_the_same;
        self.withdrawn += other.withdrawn;
    }
}

/// Where a run stood when its engine stopped writing.
struct Stop {
    /// The last revision that was acknowledged.
    revision: u64,
    /// What the engine said of the step after it; none where all steps were done.
    said: Option<Unavailable>,
    withdrawn: u64,
}

/// Every way to fail that is tried at every operation.
pub(crate) const WAYS: [(Kind, bool); 10] = [
    (Kind::PowerLoss, true),
    (Kind::Io, false),
    (Kind::Io, true),
    (Kind::NoSpace, false),
    (Kind::NoSpace, true),
    (Kind::Full, true),
    (Kind::ShortWrite, false),
    (Kind::FailedSync(Loss::Everything), false),
    (Kind::FailedSync(Loss::Nothing), false),
    (Kind::FailedSync(Loss::Some), true),
];

/// Runs the workload on a disk that fails, and looks at everything that is left. `from` counts from the first operation
/// after the store was made.
pub(crate) fn run(recording: &Recording, kind: Kind, lasts: bool, from: u64) -> Result<Endings, String> {
    let disk = SimDisk::new(Image::default());
    let station = Station::create(&disk, recording.workload.seed, BEGIN, recording.workload.memory)
        .map_err(|error| error.to_string())?;
    let from = recording.made_at + from;
    disk.set_fault(Some(if lasts {
        Fault::lasting(kind, from)
    } else {
        Fault::once(kind, from)
    }));
    let stop = run_steps(recording, &station)?;
    drop(station);
    let mut endings = Endings {
        withdrawn: stop.withdrawn,
        ..Endings::default()
    };
    match &stop.said {
        None => endings.unnoticed = u64::from(disk.struck()),
        Some(Unavailable::InDoubt { .. }) => endings.in_doubt = 1,
        Some(_) => endings.not_done = 1,
    }
    endings.done_all_the_same = look_at_what_is_left(recording, &disk, &stop, from)?;
    Ok(endings)
}

fn run_steps(recording: &Recording, station: &Station) -> Result<Stop, String> {
    for (at, step) in recording.workload.steps.iter().enumerate() {
        let revision = station.engine.revision().0;
        let (step, answers) = match answers(station, step) {
            Ok(answers) => (step, answers),
            // The sweep before the batch failed, so the batch was not even begun.
            Err(said) => (&Step::Sweep { now: step.now() }, vec![Answer::Unavailable(said)]),
        };
        if let Some(said) = unavailable(&answers)? {
            let changed = station.engine.revision().0 != revision;
            if changed {
                return Err(format!("{said:?}, but the revision went on"));
            }
            let withdrawn = checks_go_on(recording, station, revision, step, &said)?;
            nothing_is_written_any_more(recording, station, at)?;
            return Ok(Stop {
                revision,
                said: Some(said),
                withdrawn,
            });
        }
    }
    Ok(Stop {
        revision: station.engine.revision().0,
        said: None,
        withdrawn: 0,
    })
}

fn answers(station: &Station, step: &Step) -> Result<Vec<Answer>, Unavailable> {
    station.clock.set(step.now());
    match step {
        Step::Batch { orders, .. } => station.batch(orders),
        Step::Sweep { .. } => station.engine.sweep().map(|_| vec![Answer::Done(None)]),
    }
}

/// What a whole batch was told, if it was not carried out: all of it shares one transaction.
fn unavailable(answers: &[Answer]) -> Result<Option<Unavailable>, String> {
    let told = answers.iter().filter_map(|answer| match answer {
        Answer::Unavailable(unavailable) => Some(unavailable.clone()),
        Answer::Done(_) | Answer::Refused(_) => None,
    });
    let told: Vec<Unavailable> = told.collect();
    match told.first() {
        None => Ok(None),
        Some(first) if told.len() == answers.len() && told.iter().all(|other| other == first) => {
            Ok(Some(first.clone()))
        }
        Some(_) => Err(format!("one batch was answered in different ways: {answers:?}")),
    }
}

/// A failed step denies what it touches if nobody knows its outcome, and touches nothing else. Answers how many passes
/// were withdrawn because they may have been taken away.
fn checks_go_on(
    recording: &Recording,
    station: &Station,
    revision: u64,
    step: &Step,
    said: &Unavailable,
) -> Result<u64, String> {
    let before = known(recording, revision)?;
    let after = known(recording, revision + 1).unwrap_or(before);
    let touched = match said {
        Unavailable::NotDone { .. } => Touched::default(),
        Unavailable::InDoubt { .. } => Touched::by(step.orders(), before),
        other => return Err(format!("the first failure is answered {other:?}")),
    };
    let mut withdrawn = 0;
    for (id, secret) in &recording.secrets {
        for network in std::iter::once(None).chain((0..NETWORKS).map(Some)) {
            let found = station.refusal(secret, network.map_or(LOOPBACK, address), step.now());
            let passed = passes(before, *id, network, step.now());
            let would_pass = passes(after, *id, network, step.now());
            let sound = if touched.contains(*id, network, before) {
                // Whatever the restart will show, it must not turn out that this one ought to have been denied.
                found.is_some() || (passed && would_pass)
            } else {
                found.is_none() == passed
            };
            if !sound {
                return Err(format!(
                    "{said}: a check of token {id} from {network:?} says {found:?}; passes before: {passed}, after: {would_pass}"
                ));
            }
            withdrawn += u64::from(found.is_some() && passed && !would_pass);
        }
    }
    Ok(withdrawn)
}

/// Whether token `id` passes, from a numbered network or from loopback.
fn passes(known: &Known, id: u64, network: Option<usize>, now: u64) -> bool {
    match network {
        None => known.model.refusal_from_loopback(id, now).is_none(),
        Some(number) => known.model.passes_from(&rule(number), id, now),
    }
}

/// What orders are about.
#[derive(Default)]
struct Touched {
    tokens: BTreeSet<u64>,
    users: BTreeSet<String>,
    rules: BTreeSet<String>,
    /// Tokens from this one on may have been issued.
    next_token: Option<u64>,
}

impl Touched {
    fn by(orders: &[Order], before: &Known) -> Self {
        let mut touched = Self {
            next_token: Some(before.model.next_token),
            ..Self::default()
        };
        for order in orders {
            match order {
                Order::SetUser { name, .. }
                | Order::RemoveUser { name }
                | Order::AddUser { name, .. }
                | Order::SetPassword { user: name, .. } => {
                    touched.users.insert(name.clone());
                }
                Order::AddNetwork { user: Some(user), .. } | Order::RemoveNetwork { user: Some(user), .. } => {
                    touched.users.insert(user.clone());
                }
                Order::AddNetwork { rule, user: None, .. } | Order::RemoveNetwork { rule, user: None } => {
                    touched.rules.insert(rule.clone());
                }
                Order::Revoke { id } | Order::Expire { id, .. } | Order::RevokePersonal { id } => {
                    touched.tokens.insert(*id);
                }
                Order::Issue { .. }
                | Order::SetSetting { .. }
                | Order::IssuePersonal { .. }
                | Order::AddClient { .. }
                | Order::SetClient { .. }
                | Order::Rotate { .. }
                | Order::RemoveClient { .. } => {}
            }
        }
        touched
    }

    fn contains(&self, id: u64, network: Option<usize>, before: &Known) -> bool {
        let token = before.model.facts.tokens.get(&id);
        self.tokens.contains(&id)
            || token.is_some_and(|token| self.users.contains(&token.user))
            || network.is_some_and(|number| self.rules.contains(&rule(number)))
            || self.next_token.is_some_and(|next| id >= next)
    }
}

/// Every later step is refused for the same reason, even where the disk works again.
fn nothing_is_written_any_more(recording: &Recording, station: &Station, failed: usize) -> Result<(), String> {
    for step in recording.workload.steps.iter().skip(failed + 1).take(3) {
        let answers = answers(station, step).unwrap_or_else(|said| vec![Answer::Unavailable(said)]);
        match unavailable(&answers)? {
            Some(Unavailable::Poisoned { .. }) => {}
            other => return Err(format!("after a failure, {step:?} is answered {other:?}")),
        }
    }
    match station.engine.checkpoint() {
        Ok(()) | Err(Unavailable::Poisoned { .. }) => Ok(()),
        Err(other) => Err(format!("a checkpoint after a failure is answered {other:?}")),
    }
}

/// The process starts again, on a machine that went on or that lost its power; answers whether the step in doubt was done.
fn look_at_what_is_left(recording: &Recording, disk: &SimDisk, stop: &Stop, seed: u64) -> Result<u64, String> {
    let mut random = Random::numbered(recording.workload.seed, seed);
    let mut done_all_the_same = 0;
    let loss = *random.pick(&[Loss::CHANCY.as_slice(), &[Loss::Everything, Loss::Nothing]].concat());
    let power_lost = SimDisk::new(disk.image(loss, &mut random));
    let kept = left(recording, &power_lost, stop).map_err(|wrong| format!("after loss {loss:?} of power: {wrong}"))?;
    done_all_the_same |= u64::from(kept > stop.revision);
    // What a restart on the same machine has shown, a loss of power after it must not take back.
    disk.set_fault(None);
    let shown = left(recording, disk, stop).map_err(|wrong| format!("after a restart: {wrong}"))?;
    done_all_the_same |= u64::from(shown > stop.revision);
    let power_lost = SimDisk::new(disk.image(Loss::Everything, &mut random));
    let left =
        left(recording, &power_lost, stop).map_err(|wrong| format!("after a restart and loss of power: {wrong}"))?;
    if left == shown {
        Ok(done_all_the_same)
    } else {
        Err(format!(
            "a restart showed {shown}, then the power went, and {left} is left"
        ))
    }
}

fn left(recording: &Recording, disk: &SimDisk, stop: &Stop) -> Result<u64, String> {
    let revision = revision_of(disk, recording, stop.revision, Depth::State)?;
    match &stop.said {
        Some(Unavailable::InDoubt { .. }) => Ok(revision),
        _ if revision == stop.revision => Ok(revision),
        said => Err(format!(
            "revision {revision}, where {} was the last and the engine said {said:?}",
            stop.revision
        )),
    }
}

fn known(recording: &Recording, revision: u64) -> Result<&Known, String> {
    recording
        .known(revision)
        .ok_or_else(|| format!("revision {revision} is nobody's"))
}

/// Fails at every operation of the workload since the store was made, each time in so many of the ways, which take turns.
/// Panics where anything is lost or anybody gets through.
pub(crate) fn fail_everywhere(workload: Workload, ways: usize) -> Endings {
    let recording = Arc::new(Recording::make(workload, Flaw::Sound));
    let operations = recording.closed_at - recording.made_at;
    let endings = super::freeze::in_parallel(|worker, workers| {
        let mut endings = Endings::default();
        for from in (0..operations).filter(|from| from % workers == worker) {
            for (kind, lasts) in WAYS.into_iter().cycle().skip(from as usize * ways).take(ways) {
                let recording = Arc::clone(&recording);
                endings += super::watch::within_reason(move || run(&recording, kind, lasts, from))
                    .map_err(|wrong| format!("{kind:?} at operation {from}, lasting: {lasts}: {wrong}"))?;
            }
        }
        Ok(endings)
    });
    let mut endings = endings.unwrap();
    endings.operations = operations;
    endings
}
