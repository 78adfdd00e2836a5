//! How old a view may be, and how long a request waits for the first.

use std::time::Duration;

use tollgate_wasm::{Fault, HostCall, Outcome, Status};

use super::world::{GOOD, feed, ready, refusal, request, token, user, worker};
use crate::plugin::program;
use crate::plugin::worker::{MAX_STALENESS, Worker, configuration};
use crate::support::facts::Change;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_view_is_believed_up_to_its_bound_and_not_beyond_and_again_when_it_was_confirmed() {
    let mut worker = ready();
    let age =
        Duration::from_millis(u64::try_from(worker.vm.process().metric("tollgate.view_age_ms").unwrap()).unwrap());
    worker.silence(MAX_STALENESS - age);
    assert!(worker.passes_nobody_else());
    worker.silence(MILLISECOND);
    assert_eq!(
        refusal(&worker.outcome(request(GOOD.0))),
        Some((503, Some("1".to_owned())))
    );
    assert!(!worker.passes_nobody_else());
    // Questions that were lost are asked again by and by.
    assert!(worker.recovers(Duration::from_secs(10)).is_some());
    assert!(worker.passes_nobody_else());
    worker.assert_sound(&"silence");
}

/// A worker may be busy for long, and then requests come before the tick.
#[test]
fn a_view_ages_between_ticks_too() {
    let mut worker = ready();
    let process = worker.vm.process().clone();
    process.advance(MAX_STALENESS - Duration::from_millis(100));
    assert!(worker.passes());
    process.advance(Duration::from_millis(101));
    assert!(!worker.passes_nobody_else());
    worker.assert_sound(&"no tick");
}

/// Each frame is young, and each leads no further than one change: what is lacking grows old all the same.
#[test]
fn a_view_that_lags_behind_is_as_old_as_what_it_lacks() {
    let (feed, mut facts) = feed();
    let mut worker = Worker::new(program(), feed, &configuration(""));
    worker.follow().unwrap();
    worker.feed.records_most = Some(1);
    for _ in 0..100 {
        let again = facts.records(&Change::PutUser(user(2, false))).unwrap();
        worker.feed.commit(again);
    }
    let revoked = facts.records(&Change::PutToken(token(GOOD, 1, true))).unwrap();
    worker.feed.commit(revoked);
    let committed = worker.vm.process().monotonic();
    assert!(worker.passes());
    for _ in 0..16 {
        worker.wait(MILLISECOND * 500);
        worker.feed.serve(&mut worker.vm);
        let late = worker.vm.process().monotonic() - committed > MAX_STALENESS;
        assert!(
            !(worker.passes_nobody_else() && late),
            "what was revoked long ago passes"
        );
    }
    worker.feed.records_most = None;
    worker.run(Duration::from_secs(3));
    assert_eq!(
        refusal(&worker.outcome(request(GOOD.0))).map(|(status, _)| status),
        Some(401)
    );
    worker.assert_sound(&"far behind");
}

#[test]
fn an_answer_that_was_long_under_way_makes_no_view_young() {
    let mut worker = ready();
    let asked = worker.vm.callouts().pop().unwrap();
    worker.wait(MILLISECOND * 1_000);
    // Answered a second after it was asked, and then four seconds under way.
    let answer = worker
        .feed
        .answer(&asked, asked.sent_at + MAX_STALENESS * 2 / 5)
        .unwrap();
    let answered = asked.sent_at + MAX_STALENESS * 2 / 5;
    worker.wait(Duration::from_secs(5));
    assert!(worker.vm.answer(asked.token, answer));
    let age = worker.vm.process().monotonic() - answered;
    worker.silence(MAX_STALENESS - age);
    assert!(worker.passes());
    worker.silence(MILLISECOND);
    assert!(!worker.passes());
    worker.assert_sound(&"a slow network");
}

/// Who holds a view that may still be believed waits for news; one that is too old is to be confirmed at once.
#[test]
fn a_view_that_is_too_old_is_not_kept_waiting_for_news() {
    let mut worker = ready();
    let waits = |worker: &Worker| worker.vm.callouts().pop().unwrap().path().contains("&wait=2.000&");
    assert!(waits(&worker));
    let asked = worker.vm.callouts().pop().unwrap();
    worker.silence(MAX_STALENESS + MILLISECOND);
    assert!(worker.vm.refuse(asked.token));
    worker.wait(MILLISECOND * 200);
    assert!(!waits(&worker));
    assert!(worker.recovers(MILLISECOND * 200).is_some());
    assert!(waits(&worker));
    worker.assert_sound(&"too old");
}

#[test]
fn a_clock_on_the_wall_that_jumps_makes_no_view_younger() {
    for jump in [-3_600_i64, -60, 60, 3_600, 1_000_000] {
        let mut worker = ready();
        let process = worker.vm.process().clone();
        let wall = process.wall().as_secs().saturating_add_signed(jump);
        process.set_wall(Duration::from_secs(wall));
        worker.silence(MAX_STALENESS - Duration::from_secs(1));
        // Forwards, so much time may have passed while the machine slept, and the other clock with it.
        assert_eq!(worker.passes(), jump < 0, "{jump}");
        worker.silence(MILLISECOND * 1_500);
        assert!(!worker.passes_nobody_else(), "{jump}");
        assert!(worker.recovers(Duration::from_secs(10)).is_some(), "{jump}");
        worker.assert_sound(&jump);
    }
}

/// A clock that could not be read when the question was sent says nothing of how old its answer is.
#[test]
fn a_clock_that_fails_for_a_moment_makes_no_view_younger() {
    let calls = [HostCall::Clock, HostCall::CurrentTime];
    for (call, nth) in calls.into_iter().flat_map(|call| (1..=40).map(move |nth| (call, nth))) {
        let mut worker = ready();
        worker.feed.hurries = true;
        // The answer to the question under way lets the next be asked, while the clock fails now and then.
        worker
            .vm
            .faults()
            .plan(call, nth, Fault::Status(Status::InternalFailure));
        worker.feed.serve(&mut worker.vm);
        worker.wait(MILLISECOND * 50);
        let Some(asked) = worker.vm.callouts().pop() else {
            continue;
        };
        let answered = worker.vm.process().monotonic();
        let answer = worker.feed.answer(&asked, answered).unwrap();
        // As long under way as the proxy allows.
        worker.silence(Duration::from_secs(4));
        worker.vm.answer(asked.token, answer);
        worker.vm.tick(worker.root);
        worker.silence(answered + MAX_STALENESS + MILLISECOND - worker.vm.process().monotonic());
        assert!(!worker.passes_nobody_else(), "{call:?} {nth}");
        worker.assert_sound(&(call, nth));
    }
}

#[test]
fn requests_wait_for_the_first_view_within_bounds() {
    let mut worker = Worker::new(program(), feed().0, &configuration(r#", "requests_waiting_most": 3"#));
    let waiting: Vec<_> = (0..3)
        .map(|_| worker.vm.request(worker.root, request(GOOD.0)))
        .collect();
    // One more than may wait is refused at once.
    assert_eq!(
        refusal(&worker.outcome(request(GOOD.0))),
        Some((503, Some("1".to_owned())))
    );
    // One that went away makes room.
    assert_eq!(worker.vm.end(waiting[1]), Outcome::Waiting);
    let instead = worker.vm.request(worker.root, request(super::world::UNKNOWN));
    worker.follow().unwrap();
    worker.run(MILLISECOND * 100);
    for id in [waiting[0], waiting[2]] {
        assert!(super::world::is_alice(worker.vm.outcome(id), GOOD.1));
    }
    assert_eq!(refusal(worker.vm.outcome(instead)).map(|(status, _)| status), Some(401));
    assert_eq!(worker.vm.process().metric("tollgate.waited"), Some(4));
    worker.assert_sound(&"waiting");
}

#[test]
fn who_has_waited_long_enough_is_refused() {
    let mut worker = worker();
    let id = worker.vm.request(worker.root, request(GOOD.0));
    worker.wait(MILLISECOND * 1_900);
    assert_eq!(*worker.vm.outcome(id), Outcome::Waiting);
    worker.wait(MILLISECOND * 200);
    assert_eq!(refusal(worker.vm.outcome(id)), Some((503, Some("1".to_owned()))));
    let mut impatient = Worker::new(program(), feed().0, &configuration(r#", "wait_for_snapshot_ms": 0"#));
    assert_eq!(
        refusal(&impatient.outcome(request(GOOD.0))),
        Some((503, Some("1".to_owned())))
    );
    worker.assert_sound(&"waiting in vain");
}
