//! What survives when the power goes or the disk fails.
//!
//! A store that answers "done" has made a promise: the token that was revoked stays revoked, the user who was added is
//! there, whatever happens to the machine in the next microsecond. These tests run an engine on a simulated disk
//! ([`crash::disk`]) which remembers what no sync has confirmed, and then take the power away: before **every** write,
//! change of length and sync of 500 commands, with un-synced operations lost, kept, torn at sectors and bytes, and
//! reordered. What is left is opened by a fresh engine. It must be at the revision R that was acknowledged last, or at the
//! one that was under way, with exactly the state of a model of plain maps. Then they take the power away again while
//! that engine recovers; and they let the disk fail instead, with EIO, ENOSPC, short writes and failed syncs, at every
//! operation.
//!
//! A disk that lies, confirming a sync it did not do, is out of scope: nothing written on it can be promised. It serves here
//! as the first of two planted defects by which the tests are seen to catch what they are for; the other is a caller who
//! is answered before the commit.
//!
//! `TOLLGATE_CRASH_ROUNDS=N` repeats everything with N seeds and with N times as many images left to chance. A failure
//! names its seed, operation and loss, and comes again with them.

#[cfg(test)]
mod crash {
    pub(crate) mod random;
    pub(crate) mod image;
    pub(crate) mod journal;
    pub(crate) mod fault;
    pub(crate) mod locks;
    pub(crate) mod disk;
    mod plain_redb;

    pub(crate) mod order;
    pub(crate) mod model;
    pub(crate) mod workload;
    mod kinds;
    pub(crate) mod clock;
    pub(crate) mod station;
    pub(crate) mod recording;
    pub(crate) mod survivor;
    pub(crate) mod watch;

    pub(crate) mod freeze;
    pub(crate) mod recovery;
    pub(crate) mod counters;
    pub(crate) mod failing_disk;
    pub(crate) mod opening;
    pub(crate) mod unreadable;
    pub(crate) mod grants;
}

use std::collections::BTreeSet;
use std::sync::Arc;

use tollgate::DenyReason;

use crash::disk::SimDisk;
use crash::failing_disk::WAYS;
use crash::freeze::Effort;
use crash::image::Image;
use crash::model::{Facts, LOOPBACK as LOOPBACK_RULE};
use crash::opening::Tries;
use crash::order::{Answer, Order};
use crash::recording::{Flaw, Recording};
use crash::station::{Memory, Station};
use crash::survivor::LOOPBACK;
use crash::workload::{BEGIN, Workload};
use crash::{counters, failing_disk, freeze, grants, opening, recovery, unreadable, watch};

/// Seeds to try, and by how much to multiply what is left to chance.
fn rounds() -> u64 {
    std::env::var("TOLLGATE_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(1)
}

fn recording(seed: u64, orders: usize, memory: Memory) -> Recording {
    Recording::make(Workload::new(seed, orders, memory), Flaw::Sound)
}

/// So many images of each freeze are left to chance, besides those where all is lost and nothing is.
fn effort(chancy: usize) -> Effort {
    Effort {
        chancy: chancy * rounds() as usize,
        everything_one_in: 16,
    }
}

#[test]
fn nothing_acknowledged_is_lost_wherever_the_power_goes() {
    for seed in 1..=rounds() {
        let recording = recording(seed, 500, Memory::Usual);
        let tally = freeze::freeze_everywhere(&recording, seed, effort(3)).unwrap();
        tally.check_both_outcomes("frozen everywhere");
        assert_eq!(tally.points, recording.history.len() as u64 - recording.made_at + 1);
    }
}

/// Without memory for pages, a transaction writes them long before it commits.
#[test]
fn nothing_acknowledged_is_lost_where_pages_are_written_early() {
    for seed in 1..=rounds() {
        let recording = recording(50 + seed, 120, Memory::None);
        let tally = freeze::freeze_everywhere(&recording, seed, effort(2)).unwrap();
        tally.check_both_outcomes("frozen everywhere, pages written early");
    }
}

#[test]
fn nothing_is_lost_when_the_power_goes_again_during_recovery() {
    for seed in 1..=rounds() {
        let recording = recording(100 + seed, 500, Memory::Usual);
        let tally = recovery::freeze_recoveries(&recording, seed, (16 / rounds()).max(1) as usize).unwrap();
        tally.check_both_outcomes("frozen again");
    }
}

/// `init` that was cut short leaves no half of a store: it is made, or it is refused in words.
#[test]
fn a_store_is_made_whole_or_not_at_all() {
    let recording = recording(1, 2, Memory::Usual);
    let unmade = recovery::freeze_creation(&recording, 1).unwrap();
    let reasons: BTreeSet<&String> = unmade.refused.iter().collect();
    println!("{} whole; refused: {reasons:#?}", unmade.whole);
    assert!(unmade.whole > 0 && !reasons.is_empty());
    assert!(
        reasons
            .iter()
            .all(|reason| reason.starts_with("expected simulated.redb to be a")),
        "{reasons:#?}"
    );
}

#[test]
fn counters_come_back_as_a_checkpoint_wrote_them() {
    for seed in 1..=rounds() {
        let tally = counters::freeze_everywhere(&counters::spend(10, seed), seed).unwrap();
        tally.check_both_outcomes("counters");
    }
}

/// Whatever the disk does, and when: nothing acknowledged is lost, nothing panics or hangs, checks go on, a failed
/// command says so, nothing is written after it, and what nobody knows is denied.
#[test]
fn a_failing_disk_loses_nothing_and_lets_nobody_through() {
    watch::note_panics();
    for seed in 1..=rounds() {
        let endings = failing_disk::fail_everywhere(Workload::new(200 + seed, 30, Memory::Usual), WAYS.len());
        endings.check_seen(false);
        let endings = failing_disk::fail_everywhere(Workload::new(200 + seed, 12, Memory::None), WAYS.len());
        endings.check_seen(true);
    }
    assert_eq!(watch::panics(), [""; 0]);
}

/// The same for each kind of command, with tokens that pass before it from loopback and from networks: what it takes away
/// is gone while nobody knows, and what it grants is not there yet.
#[test]
fn a_command_in_doubt_takes_away_and_grants_nothing() {
    watch::note_panics();
    for seed in 1..=rounds() {
        let endings = failing_disk::fail_everywhere(
            Workload::of_each_kind(seed, Memory::Usual),
            WAYS.len().min(2 * rounds() as usize),
        );
        endings.check_seen(false);
        assert!(endings.withdrawn > 100, "{endings:?}");
    }
    assert_eq!(watch::panics(), [""; 0]);
}

/// Reading fails while the engine runs: lists say so, checks do not notice, and no command is answered wrongly.
#[test]
fn unreadable_rows_stop_lists_and_commands_but_no_check() {
    watch::note_panics();
    let recording = Arc::new(recording(300, 150, Memory::Usual));
    let outcomes = unreadable::fail_everywhere(&recording).unwrap();
    println!("{outcomes:?}");
    assert!(
        outcomes.lists_failed > 0 && outcomes.commands_failed > 0,
        "{outcomes:?}"
    );
    assert_eq!(watch::panics(), [""; 0]);
}

/// A disk that hangs keeps commands waiting and nobody else: what is not durable is not visible, and checks decide by what
/// is.
#[test]
fn a_disk_that_hangs_holds_up_no_check() {
    let disk = SimDisk::new(Image::default());
    let station = Station::create(&disk, 1, BEGIN, Memory::Usual).unwrap();
    let orders = [
        Order::AddNetwork {
            rule: LOOPBACK_RULE.into(),
            trusted: true,
            user: None,
        },
        Order::AddUser {
            name: "alice".into(),
            operations: 1,
            per_hour: "inherit".into(),
            active: true,
        },
        Order::Issue {
            user: "alice".into(),
            not_before: None,
            expires_at: None,
        },
    ];
    let answers = station.batch(&orders).unwrap();
    let Some(Answer::Done(Some((id, secret)))) = answers.last() else {
        panic!("no token: {answers:?}")
    };
    let refusal = || station.refusal(secret, LOOPBACK, BEGIN);

    let held = disk.hold();
    let revoked = Order::Revoke { id: *id }.submit(&station.engine);
    held.wait_for_somebody();
    assert_eq!(
        (refusal(), station.engine.revision().0),
        (None, 1),
        "revoked, but nobody was told so yet"
    );
    assert_eq!(Facts::of(&station.engine).unwrap().tokens[id].revoked_at, None);
    drop(held);
    assert_eq!(revoked(), Answer::Done(None));
    assert_eq!((refusal(), station.engine.revision().0), (Some(DenyReason::Revoked), 2));
}

#[test]
fn a_disk_that_fails_at_opening_is_an_error_in_words() {
    watch::note_panics();
    for seed in 1..=rounds() {
        let recording = Arc::new(recording(400 + seed, 60, Memory::Usual));
        let mut total = Tries::default();
        for left in opening::left_by_crashes(&recording, seed, 8) {
            let Tries { opened, refused } = opening::fail_everywhere(&recording, &left).unwrap();
            total.opened += opened;
            total.refused.extend(refused);
        }
        total
            .refused
            .extend(opening::fail_to_create(recording.made_at).unwrap().refused);
        let reasons: BTreeSet<&String> = total.refused.iter().collect();
        println!("{} opened, {} refused: {reasons:#?}", total.opened, total.refused.len());
        for words in ["Input/output error", "No space left on device"] {
            assert!(
                reasons.iter().any(|reason| reason.contains(words)),
                "{words} is never said: {reasons:#?}"
            );
        }
    }
    assert_eq!(watch::panics(), [""; 0]);
}

/// The two promises that would be broken unnoticed if these tests were blind.
#[test]
fn early_acknowledgements_and_lying_syncs_are_caught() {
    let made = |flaw| Recording::make(Workload::new(1, 60, Memory::Usual), flaw);
    // What a lie leaves may not be a store at all; what it loses shows where all is lost.
    let effort = Effort {
        chancy: 0,
        everything_one_in: 1,
    };
    for flaw in [Flaw::AcknowledgesEarly, Flaw::SyncLies] {
        let caught = freeze::freeze_everywhere(&made(flaw), 1, effort).unwrap_err();
        assert!(
            caught.contains("was acknowledged, but 0 is found"),
            "{flaw:?}: {caught}"
        );
    }
    let sound = freeze::freeze_everywhere(&made(Flaw::Sound), 1, effort);
    assert!(sound.is_ok(), "the twin: {sound:?}");
}

/// Of codes, refresh tokens, sessions and identifiers, too, what was acknowledged is done, once, and what was not is done or not.
#[test]
fn what_was_used_up_stays_used_up_wherever_the_power_goes() {
    for seed in 1..=rounds() {
        let run = grants::Run::make(500 + seed, 40, Flaw::Sound);
        assert!(run.states() > 20, "most acts change something: {}", run.states());
        let tally = grants::freeze_everywhere(&run, effort(1)).unwrap();
        tally.check_both_outcomes("grants");
    }
}

/// A store that cannot write says so, and is before or after what it was asked for when it comes back.
#[test]
fn a_disk_that_fails_grants_nothing_and_locks_nobody_out() {
    watch::note_panics();
    for seed in 1..=rounds() {
        let run = grants::Run::make(600 + seed, 16, Flaw::Sound);
        let ended = grants::fail_everywhere(&run, 4).unwrap();
        println!("{ended:?}");
        assert!(ended.in_doubt > 0 && ended.done_all_the_same > 0, "{ended:?}");
    }
    assert_eq!(watch::panics(), [""; 0]);
}

/// The same two defects as below, seen by what codes and refresh tokens are good for, and a third: a code that is spent in one
/// transaction and redeemed in another.
#[test]
fn grants_that_are_lost_or_half_done_are_caught() {
    let effort = Effort {
        chancy: 0,
        everything_one_in: 1,
    };
    for flaw in [Flaw::AcknowledgesEarly, Flaw::SyncLies, Flaw::TwoCommits] {
        let caught = grants::freeze_everywhere(&grants::Run::make(1, 12, flaw), effort);
        assert!(caught.is_err(), "{flaw:?} is not noticed: {caught:?}");
    }
    let sound = grants::freeze_everywhere(&grants::Run::make(1, 12, Flaw::Sound), effort);
    assert!(sound.is_ok(), "the twin: {sound:?}");
}

/// A failure can only be looked into if its seed brings it back.
#[test]
fn a_seed_tells_the_disk_the_same_in_every_run() {
    assert_eq!(
        recording(7, 120, Memory::Usual).history,
        recording(7, 120, Memory::Usual).history
    );
    assert_ne!(
        recording(7, 120, Memory::Usual).history,
        recording(8, 120, Memory::Usual).history
    );
}
