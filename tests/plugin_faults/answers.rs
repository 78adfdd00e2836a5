//! Answers to callouts that are late, lost, odd, cut, forged or somebody else's.

use std::time::Duration;

use tollgate_wasm::{Callout, Feed, Headers, Outcome, Response};

use super::world::{DIGEST_KEY, GOOD, feed, ready, refusal, request, worker};
use crate::plugin::worker::{MAX_STALENESS, Worker, feed_token};
use crate::support::facts::from_hex;

const MOMENT: Duration = Duration::from_millis(50);

/// The one callout that is under way; lets time pass until there is one.
fn callout(worker: &mut Worker) -> Callout {
    for _ in 0..200 {
        if let Some(callout) = worker.vm.callouts().pop() {
            return callout;
        }
        worker.wait(MOMENT);
    }
    panic!("the plugin asks for nothing: {:?}", worker.vm.lines());
}

/// What the feed would answer, at once.
fn right(worker: &mut Worker, callout: &Callout) -> Response {
    let now = worker.vm.process().monotonic();
    worker.feed.answer(callout, now).unwrap_or_else(|| {
        worker
            .feed
            .answer(callout, callout.sent_at + Duration::from_secs(30))
            .unwrap()
    })
}

/// Gives answers that are none to every question of a plugin that has no view yet, and of one that has. Nobody passes without a
/// view; and with one nobody passes once it is too old. The right answer mends both.
fn never_believed(what: &str, mut bend: impl FnMut(&mut Worker, &Callout, Response) -> Response) {
    for mut worker in [worker(), ready()] {
        let begun_ready = worker.passes();
        let until = worker.vm.process().monotonic() + MAX_STALENESS + Duration::from_secs(1);
        for _ in 0..300 {
            let asked = callout(&mut worker);
            let answer = right(&mut worker, &asked);
            let bent = bend(&mut worker, &asked, answer);
            assert!(worker.vm.answer(asked.token, bent), "{what}");
            if begun_ready {
                assert!(
                    worker.passes_nobody_else() || worker.vm.process().monotonic() > until - MOMENT * 20,
                    "{what}"
                );
            } else {
                assert!(!worker.passes_nobody_else(), "{what}");
            }
            worker.wait(MOMENT);
            if worker.vm.process().monotonic() > until {
                break;
            }
        }
        worker.wait(until.saturating_sub(worker.vm.process().monotonic()));
        assert!(!worker.passes_nobody_else(), "{what}: an old view is believed");
        worker.assert_sound(&what);
        assert!(
            worker.recovers(Duration::from_secs(4)).is_some(),
            "{what}: {:?}",
            worker.vm.lines()
        );
        worker.assert_sound(&what);
    }
}

#[test]
fn what_is_no_frame_is_no_answer() {
    let constant = |response: Response| move |_: &mut Worker, _: &Callout, _: Response| response.clone();
    never_believed("nothing", constant(Response::new(200, "")));
    never_believed("no fields", constant(Response::default()));
    never_believed("text", constant(Response::new(200, "<html>captive portal</html>")));
    never_believed("zeros", constant(Response::new(200, vec![0; 300])));
    never_believed("a refusal", constant(Response::new(401, "{}")));
    never_believed("an odd status", constant(Response::new(999, "TGFEED02")));
    let odd = Response {
        headers: Headers::new().with(":status", [0xff, 0xfe, 0]),
        ..Response::new(200, "TGFEED02")
    };
    never_believed("a status of no text", constant(odd));
    let many = (0..2_000).fold(Response::new(502, "x"), |response, at| {
        response.field(format!("f{at}"), "v")
    });
    never_believed("two thousand fields", constant(many));
    never_believed("a long body", constant(Response::new(200, vec![b'T'; 256 * 1024 + 1])));
    never_believed("a body of 40 MB", constant(Response::new(200, vec![b'T'; 40_000_000])));
}

#[test]
fn a_frame_that_was_cut_or_changed_anywhere_is_no_answer() {
    let mut at = 0;
    never_believed("cut", move |_, _, mut answer| {
        at += 7;
        answer.body.truncate(at % answer.body.len());
        answer
    });
    let mut at = 0;
    never_believed("changed", move |_, _, mut answer| {
        at += 5;
        let place = at % answer.body.len();
        answer.body[place] ^= 1 << (at % 8);
        answer
    });
    never_believed("longer", |_, _, mut answer| {
        answer.body.push(0);
        answer
    });
}

#[test]
fn another_engines_answer_is_none_of_ours() {
    let key = from_hex(DIGEST_KEY).try_into().unwrap();
    never_believed("sealed under another token", move |_, asked, _| {
        let other = Feed::new("tg_fd_other", [3; 16], key);
        let mut asked = asked.clone();
        asked.headers.remove("authorization");
        asked.headers.add("authorization", "Bearer tg_fd_other");
        other.answer(&asked, asked.sent_at + Duration::from_secs(30)).unwrap()
    });
}

#[test]
fn an_answer_to_another_question_is_none() {
    let mut first = None;
    never_believed("the first answer again and again", move |_, _, answer| {
        let kept = first.get_or_insert_with(|| {
            // An answer to a question that this plugin never asked, sealed rightly.
            let mut odd = answer.clone();
            let feed = feed().0;
            let asked = Callout {
                token: 1,
                root: 1,
                cluster: String::new(),
                headers: Headers::new()
                    .with(":path", "/feed/v1/snapshot?nonce=00000000000000000000000000000001")
                    .with("authorization", format!("Bearer {}", feed_token())),
                body: Vec::new(),
                timeout: None,
                sent_at: Duration::ZERO,
            };
            odd.body = feed.answer(&asked, Duration::ZERO).unwrap().body;
            odd
        });
        kept.clone()
    });
}

#[test]
fn an_answer_that_comes_twice_or_too_late_changes_nothing() {
    let mut worker = worker();
    let asked = callout(&mut worker);
    let answer = right(&mut worker, &asked);
    assert!(worker.vm.refuse(asked.token));
    worker.wait(Duration::from_secs(1));
    let second = callout(&mut worker);
    assert_ne!(asked.path(), second.path(), "no nonce is used twice");
    // The answer to the question that was given up, as an answer to the one after it.
    assert!(worker.vm.answer(second.token, answer));
    assert!(!worker.passes_nobody_else());
    assert!(worker.recovers(Duration::from_secs(2)).is_some());
    worker.assert_sound(&"a late answer");
}

#[test]
fn an_engine_that_never_answers_or_cannot_be_reached_is_asked_again() {
    for refusing in [true, false] {
        let mut worker = worker();
        let mut asked = 0;
        for _ in 0..400 {
            for callout in worker.vm.callouts() {
                if refusing {
                    worker.vm.refuse(callout.token);
                }
                asked += 1;
            }
            worker.wait(MOMENT);
        }
        assert!(asked >= 3, "{asked}");
        // Twenty seconds of refusals: asked about every second, and not in a storm.
        assert!(!refusing || asked < 60, "{asked}");
        assert!(worker.vm.callouts().len() <= 1, "more than one question is under way");
        assert!(!worker.passes_nobody_else());
        assert!(worker.recovers(Duration::from_secs(12)).is_some());
        worker.assert_sound(&refusing);
    }
}

#[test]
fn a_doubt_denies_at_once_and_until_the_engine_knows_its_state() {
    let mut worker = ready();
    worker.run(Duration::from_secs(3));
    assert!(worker.passes_nobody_else());
    worker.feed.set_doubt(true);
    worker.feed.hurries = true;
    worker.run(Duration::from_secs(1));
    for _ in 0..3 {
        assert_eq!(
            refusal(&worker.outcome(request(GOOD.0))).map(|(status, _)| status),
            Some(503)
        );
        worker.run(Duration::from_secs(2));
    }
    worker.feed.set_doubt(false);
    assert!(worker.recovers(Duration::from_secs(3)).is_some());
    worker.assert_sound(&"doubt");
}

#[test]
fn a_reset_takes_a_snapshot_and_the_view_serves_meanwhile() {
    for rename in [false, true] {
        let mut worker = ready();
        let revoked = super::world::token(GOOD, 1, true);
        let (_, mut facts) = feed();
        let change = crate::support::facts::Change::PutToken(revoked);
        if rename {
            worker.feed.rename([5; 16]);
        }
        let records = facts.records(&change).unwrap();
        worker.feed.commit(records);
        worker.feed.forget();
        assert!(worker.passes_nobody_else());
        worker.run(Duration::from_secs(3));
        assert!(
            matches!(worker.outcome(request(GOOD.0)), Outcome::Answered(_)),
            "{rename}"
        );
        assert_eq!(worker.vm.process().metric("tollgate.snapshots"), Some(2));
        worker.assert_sound(&rename);
    }
}
