//! Credentials that no view can decide about: the engine is asked, and whatever becomes of the question, nobody passes on a word
//! that was not said, was said of somebody else, or no longer holds.

use std::time::Duration;

use serde_json::json;
use tollgate_core::feed::FeedRecord;
use tollgate_core::{REMEMBERED_S, Route, SchemeSet, ScopeSet, UserId, UserRecord};
use tollgate_wasm::{Callout, ContextId, Fault, HostCall, Outcome, Request, Response, Status, Vm};

use super::world::{feed, refusal, user};
use crate::plugin::program;
use crate::plugin::worker::{Worker, configuration};
use crate::support::native;

const PEER: &str = "192.0.2.10:40001";
/// `alice` with the password `hunter2`, and with another.
const RIGHT: &str = "Basic YWxpY2U6aHVudGVyMg==";
const WRONG: &str = "Basic YWxpY2U6aHVudGVyMw==";
/// No JWT of ours.
const JWT: &str = "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
const EPOCH: u32 = 3;
const ISSUERS: u32 = 5;
const WAIT: Duration = Duration::from_millis(5_000);

fn alice(password_epoch: u32) -> UserRecord {
    UserRecord {
        password_epoch,
        ..native::user_record(&user(1, true))
    }
}

fn route(pattern: &str, schemes: &str) -> FeedRecord {
    FeedRecord::PutRoute(Route {
        pattern: pattern.parse().unwrap(),
        schemes: schemes.parse::<SchemeSet>().unwrap(),
        scopes: ScopeSet::NONE,
        audience: None,
        anonymous: false,
    })
}

fn proven(epoch: u32) -> String {
    json!({
        "proven": true, "sort": "password", "user_id": 1, "password_epoch": epoch, "authority": null,
        "external_issuers": ISSUERS, "seconds": REMEMBERED_S,
    })
    .to_string()
}

fn proven_elsewhere() -> String {
    json!({
        "proven": true, "sort": "external", "user_id": 1, "password_epoch": 0, "authority": null,
        "external_issuers": ISSUERS, "seconds": REMEMBERED_S,
    })
    .to_string()
}

/// A worker with a whole view, whose engine knows Alice's password and one token of another issuer's.
fn ready_with(more: &str) -> Worker {
    let (mut feed, _) = feed();
    feed.state([
        FeedRecord::PutUser(alice(EPOCH)),
        FeedRecord::ExternalIssuers(ISSUERS),
        route("/basic/**", "password"),
    ]);
    feed.settle(RIGHT, proven(EPOCH));
    feed.settle(JWT, proven_elsewhere());
    let mut worker = Worker::new(program(), feed, &configuration(more));
    worker.follow().unwrap();
    worker
}

fn ready() -> Worker {
    ready_with("")
}

fn request(authorization: &str) -> Request {
    let path = if authorization == JWT {
        "/orders"
    } else {
        "/basic/orders"
    };
    Request::new("GET", path)
        .field("authorization", authorization)
        .field("x-tollgate-user", "mallory")
        .from_peer(PEER.parse().unwrap())
}

/// What the engine is asked about credentials just now.
fn questions(vm: &Vm) -> Vec<Callout> {
    let asked = vm.callouts().into_iter();
    asked.filter(|callout| callout.path() == "/v1/check").collect()
}

fn asked(worker: &Worker) -> i128 {
    worker.vm.process().metric("tollgate.questions.asked").unwrap()
}

fn ask(worker: &mut Worker, authorization: &str) -> ContextId {
    worker.vm.request(worker.root, request(authorization))
}

/// Lets the feed answer until the request was decided.
fn decided(worker: &mut Worker, id: ContextId) -> Outcome {
    for _ in 0..200 {
        if *worker.vm.outcome(id) != Outcome::Waiting {
            return worker.vm.end(id);
        }
        worker.run(Duration::from_millis(50));
    }
    panic!("never decided: {:?}", worker.vm.lines());
}

fn outcome(worker: &mut Worker, authorization: &str) -> Outcome {
    let id = ask(worker, authorization);
    decided(worker, id)
}

/// Whether it went on as Alice's, under no token.
fn is_alice(outcome: &Outcome) -> bool {
    let Outcome::Passed(headers) = outcome else {
        return false;
    };
    let is = |name: &str, value: &str| headers.all(name.as_bytes()).eq([value.as_bytes()]);
    assert!(
        is("x-tollgate-user", "alice") && is("x-tollgate-token-id", "") && is("x-tollgate-client", ""),
        "somebody passes under a wrong name: {headers:?}"
    );
    true
}

fn status(outcome: &Outcome) -> Option<u32> {
    refusal(outcome).map(|(status, _)| status)
}

fn assert_sound(worker: &Worker, what: &dyn std::fmt::Debug) {
    worker.assert_sound(what);
    for line in worker.vm.lines() {
        for secret in ["hunter", "YWxpY2U6", "eyJ"] {
            assert!(!line.text.contains(secret), "{what:?}: a secret in the log: {line:?}");
        }
    }
}

#[test]
fn a_password_is_asked_about_once_and_then_remembered_for_a_minute() {
    let mut worker = ready();
    let id = ask(&mut worker, RIGHT);
    assert_eq!(*worker.vm.outcome(id), Outcome::Waiting);
    let [question] = &questions(&worker.vm)[..] else {
        panic!("one question, {:?}", worker.vm.lines())
    };
    let field = |name: &str| String::from_utf8(question.headers.first(name).unwrap().to_vec()).unwrap();
    assert_eq!((field(":method"), &*question.cluster), ("POST".to_owned(), "tollgate"));
    assert_eq!(
        question.root, worker.root,
        "the answer comes to whoever is there for certain"
    );
    assert!(field("authorization").starts_with("Bearer tg_fd_"));
    let body: serde_json::Value = serde_json::from_slice(&question.body).unwrap();
    assert_eq!(
        (&body["authorization"], &body["ip"]),
        (&json!(RIGHT), &json!("192.0.2.10"))
    );
    assert!(is_alice(&decided(&mut worker, id)));
    worker.run(Duration::from_secs(REMEMBERED_S - 1));
    assert!(is_alice(&outcome(&mut worker, RIGHT)));
    assert_eq!(asked(&worker), 1);
    worker.run(Duration::from_secs(2));
    assert!(is_alice(&outcome(&mut worker, RIGHT)));
    assert_eq!(asked(&worker), 2);
    assert_sound(&worker, &"a password");
}

#[test]
fn a_wrong_password_is_refused_and_not_remembered() {
    let mut worker = ready();
    for round in 1..=3 {
        assert_eq!(status(&outcome(&mut worker, WRONG)), Some(401));
        worker.run(Duration::from_millis(100));
        assert_eq!(asked(&worker), round);
    }
    // Not where no password is taken, and not without a name or a password.
    let elsewhere = request(RIGHT);
    let mut elsewhere = Request {
        headers: elsewhere.headers,
        ..elsewhere
    };
    elsewhere.headers.remove(":path");
    elsewhere.headers.add(":path", "/orders");
    assert_eq!(status(&worker.outcome(elsewhere)), Some(401));
    for odd in ["Basic OmEK", "Basic YWxpY2U6", "Basic Og=="] {
        let id = ask(&mut worker, odd);
        assert!(status(worker.vm.outcome(id)).is_some(), "{odd}");
        worker.vm.end(id);
    }
    assert_eq!(asked(&worker), 3);
    assert!(is_alice(&outcome(&mut worker, RIGHT)));
    assert_sound(&worker, &"a wrong password");
}

#[test]
fn an_address_that_nobody_trusts_has_nothing_asked() {
    let mut worker = ready();
    for authorization in [RIGHT, WRONG, JWT] {
        let stranger = request(authorization).from_peer("198.51.100.1:1".parse().unwrap());
        assert_eq!(status(&worker.outcome(stranger)), Some(403));
    }
    assert!(questions(&worker.vm).is_empty());
    assert_sound(&worker, &"strangers");
}

/// Every way in which what was proven stops to hold, twice: after it was remembered, and while the question is under way.
#[test]
fn what_was_proven_holds_no_longer_than_what_it_was_proven_against() {
    type Change = (&'static str, FeedRecord, &'static str, Option<u32>);
    let changes = || -> Vec<Change> {
        let inactive = UserRecord {
            active: false,
            ..alice(EPOCH)
        };
        let banned = "192.0.2.10".parse::<tollgate_core::NetworkRule>().unwrap().range();
        let rule = tollgate_core::feed::Rule {
            banned: true,
            range: banned,
        };
        vec![
            (
                "the password changed",
                FeedRecord::PutUser(alice(EPOCH + 1)),
                RIGHT,
                Some(401),
            ),
            (
                "the password was taken away",
                FeedRecord::PutUser(alice(0)),
                RIGHT,
                Some(401),
            ),
            ("the user went", FeedRecord::RemoveUser(UserId(1)), RIGHT, Some(401)),
            (
                "the user was suspended",
                FeedRecord::PutUser(inactive.clone()),
                RIGHT,
                Some(401),
            ),
            ("the address was banned", FeedRecord::AddRule(rule), RIGHT, Some(403)),
            (
                "the route takes no password",
                route("/basic/**", "bearer"),
                RIGHT,
                Some(401),
            ),
            (
                "the issuers changed",
                FeedRecord::ExternalIssuers(ISSUERS + 1),
                JWT,
                Some(401),
            ),
            ("no issuer is trusted", FeedRecord::ExternalIssuers(0), JWT, Some(401)),
            (
                "the user of a signed token was suspended",
                FeedRecord::PutUser(inactive),
                JWT,
                Some(401),
            ),
            ("nothing of it", FeedRecord::AuthtokenInUrl(true), RIGHT, None),
            (
                "nothing of it, for a signed token",
                FeedRecord::PutUser(alice(EPOCH + 1)),
                JWT,
                None,
            ),
        ]
    };
    for (what, change, authorization, expected) in changes() {
        let mut worker = ready();
        assert!(is_alice(&outcome(&mut worker, authorization)), "{what}");
        worker.feed.commit(vec![change]);
        // The engine has heard as well.
        worker.feed.settle(authorization, r#"{"proven":false}"#);
        worker.follow().unwrap();
        assert_eq!(status(&outcome(&mut worker, authorization)), expected, "{what}");
        assert_sound(&worker, &what);
    }
    for (what, change, authorization, expected) in changes() {
        let mut worker = ready();
        let id = ask(&mut worker, authorization);
        let [question] = &questions(&worker.vm)[..] else {
            panic!("{what}")
        };
        let now = worker.vm.process().monotonic();
        let answer = worker.feed.answer(question, now).unwrap();
        worker.feed.settle(authorization, r#"{"proven":false}"#);
        worker.feed.commit(vec![change]);
        // The change comes first, and then the answer that was given before it.
        worker.feed.keeps_proofs = true;
        worker.follow().unwrap();
        assert!(worker.vm.answer(question.token, answer));
        worker.feed.keeps_proofs = false;
        assert_eq!(
            status(&decided(&mut worker, id)),
            expected,
            "{what}, while it was asked"
        );
        assert_sound(&worker, &what);
    }
}

/// A password that was changed a moment ago is known to the engine before it is known here.
#[test]
fn a_proof_that_is_newer_than_the_view_waits_for_it() {
    let mut worker = ready();
    worker.feed.settle(RIGHT, proven(EPOCH + 1));
    worker.feed.keeps_proofs = true;
    let id = ask(&mut worker, RIGHT);
    let question = questions(&worker.vm).remove(0);
    worker.feed.keeps_proofs = false;
    let answer = worker.feed.answer(&question, Duration::ZERO).unwrap();
    assert!(worker.vm.answer(question.token, answer));
    worker.wait(Duration::from_millis(200));
    assert_eq!(*worker.vm.outcome(id), Outcome::Waiting);
    worker.feed.commit(vec![FeedRecord::PutUser(alice(EPOCH + 1))]);
    assert!(is_alice(&decided(&mut worker, id)));
    assert_eq!(asked(&worker), 1);
    // And where no news ever come, it is given up.
    worker.feed.settle(WRONG, proven(EPOCH + 2));
    let begun = worker.vm.process().monotonic();
    assert_eq!(status(&outcome(&mut worker, WRONG)), Some(503));
    let waited = worker.vm.process().monotonic() - begun;
    assert!(
        waited >= WAIT && waited < WAIT + Duration::from_millis(200),
        "{waited:?}"
    );
    assert_sound(&worker, &"a newer proof");
}

#[test]
fn many_wait_for_one_question_and_each_pays_for_itself() {
    let mut worker = ready();
    let limited = UserRecord {
        per_hour: tollgate_core::Limit::AtMost(std::num::NonZeroU32::new(30).unwrap()),
        ..alice(EPOCH)
    };
    worker.feed.commit(vec![FeedRecord::PutUser(limited)]);
    worker.follow().unwrap();
    let waiting: Vec<_> = (0..100).map(|_| ask(&mut worker, RIGHT)).collect();
    assert_eq!(
        (questions(&worker.vm).len(), asked(&worker)),
        (1, 0),
        "counted at the next tick"
    );
    worker.run(Duration::from_millis(50));
    let outcomes: Vec<_> = waiting.into_iter().map(|id| worker.vm.end(id)).collect();
    let passed = outcomes.iter().filter(|outcome| is_alice(outcome)).count();
    let refused = outcomes.iter().filter(|outcome| status(outcome) == Some(429)).count();
    assert_eq!((passed, refused), (30, 70));
    worker.run(Duration::from_millis(200));
    assert_eq!(asked(&worker), 1);
    let counted = |name: &str| worker.vm.process().metric(name);
    assert_eq!(counted("tollgate.checks.permitted"), Some(30));
    assert_eq!(counted("tollgate.checks.denied.rate_exceeded"), Some(70));
    assert_eq!(counted("tollgate.checks.denied.unknown_token"), Some(0));
    assert_sound(&worker, &"many");
}

fn guess(number: u32) -> String {
    // `alice` with passwords of six digits, in base64.
    const DIGITS: [&str; 10] = ["MA", "MQ", "Mg", "Mw", "NA", "NQ", "Ng", "Nw", "OA", "OQ"];
    format!(
        "Basic YWxpY2U6{}{}==",
        "aHVu".repeat(1 + number as usize / 10),
        DIGITS[number as usize % 10]
    )
}

#[test]
fn a_flood_of_guesses_stands_in_line_and_the_line_has_an_end() {
    let mut worker = ready_with(r#", "questions_most": 2, "requests_waiting_most": 5"#);
    worker.feed.keeps_proofs = true;
    let guesses: Vec<_> = (0..5).map(|number| ask(&mut worker, &guess(number))).collect();
    assert_eq!(questions(&worker.vm).len(), 2, "two at a time");
    assert!(guesses.iter().all(|id| *worker.vm.outcome(*id) == Outcome::Waiting));
    let begun = worker.vm.process().monotonic();
    let over = outcome(&mut worker, RIGHT);
    assert_eq!(refusal(&over), Some((503, Some("1".to_owned()))), "the line is full");
    assert_eq!(begun, worker.vm.process().monotonic(), "and says so at once");
    // Tokens of ours stand in no line.
    assert!(worker.passes());
    worker.feed.keeps_proofs = false;
    for id in guesses {
        assert_eq!(status(&decided(&mut worker, id)), Some(401));
    }
    assert!(is_alice(&outcome(&mut worker, RIGHT)));
    worker.run(Duration::from_millis(200));
    assert_eq!(asked(&worker), 6);
    assert_sound(&worker, &"a flood");
}

#[test]
fn whoever_stands_in_line_too_long_is_refused_as_if_asked() {
    let mut worker = ready_with(r#", "questions_most": 1, "wait_for_proof_ms": 1000"#);
    worker.feed.keeps_proofs = true;
    let waiting = [RIGHT, WRONG, WRONG, RIGHT].map(|authorization| ask(&mut worker, authorization));
    assert_eq!(questions(&worker.vm).len(), 1);
    worker.run(Duration::from_millis(1_200));
    for id in waiting {
        assert_eq!(status(&worker.vm.end(id)), Some(503));
    }
    worker.feed.keeps_proofs = false;
    assert!(is_alice(&outcome(&mut worker, RIGHT)));
    assert_sound(&worker, &"a line");
}

#[test]
fn nothing_is_asked_where_no_question_is_allowed() {
    let mut worker = ready_with(r#", "questions_most": 0"#);
    for authorization in [RIGHT, WRONG, JWT] {
        assert_eq!(status(&worker.outcome(request(authorization))), Some(401));
    }
    assert!(questions(&worker.vm).is_empty());
    assert_sound(&worker, &"no questions");
}

/// An engine that is silent, that cannot be reached, and a proxy that forgets the question altogether.
#[test]
fn without_an_answer_nobody_passes() {
    for refuses in [Some(true), Some(false), None] {
        let mut worker = ready();
        worker.feed.keeps_proofs = true;
        let ids = [ask(&mut worker, RIGHT), ask(&mut worker, JWT)];
        for question in questions(&worker.vm) {
            match refuses {
                Some(true) => assert!(worker.vm.refuse(question.token)),
                // The proxy's own time is up after a while.
                Some(false) => {}
                None => assert!(worker.vm.lose(question.token)),
            }
        }
        worker.run(WAIT + Duration::from_millis(200));
        for id in ids {
            let outcome = worker.vm.end(id);
            assert_eq!(refusal(&outcome), Some((503, Some("1".to_owned()))), "{refuses:?}");
        }
        worker.feed.keeps_proofs = false;
        // What was forgotten is under way for all we know, and given up later.
        worker.run(Duration::from_secs(11));
        for authorization in [RIGHT, JWT] {
            assert!(is_alice(&outcome(&mut worker, authorization)), "{refuses:?}");
        }
        assert_sound(&worker, &refuses);
    }
}

/// An answer that comes after whoever waited for it has gone (T60) is of use to the next.
#[test]
fn an_answer_to_who_has_gone_is_kept_for_the_next() {
    for ends in [true, false] {
        let mut worker = ready();
        let id = ask(&mut worker, RIGHT);
        let other = (!ends).then(|| ask(&mut worker, RIGHT));
        worker.vm.end(id);
        let question = questions(&worker.vm).remove(0);
        let answer = worker.feed.answer(&question, Duration::ZERO).unwrap();
        assert!(worker.vm.answer(question.token, answer.clone()));
        assert!(!worker.vm.answer(question.token, answer));
        if let Some(other) = other {
            assert!(is_alice(&worker.vm.end(other)));
        }
        assert!(is_alice(&worker.outcome(request(RIGHT))), "nobody is asked again");
        assert_sound(&worker, &ends);
    }
}

#[test]
fn what_is_no_answer_lets_nobody_pass() {
    type Bend = fn(Response) -> Response;
    let bend: &[(&str, Bend)] = &[
        ("nothing", |_| Response::default()),
        ("an empty one", |_| Response::new(200, "")),
        ("text", |_| Response::new(200, "<html>captive portal</html>")),
        ("without a seal", |answer| Response::new(200, answer.body)),
        ("with another seal", |mut answer| {
            answer.headers.remove("x-tollgate-seal");
            answer.field("x-tollgate-seal", "0".repeat(64))
        }),
        ("with two seals", |answer| {
            let seal = answer.headers.first("x-tollgate-seal").unwrap().to_vec();
            answer.field("x-tollgate-seal", seal)
        }),
        ("another text under the seal", |mut answer| {
            answer.body = proven(EPOCH + 1).into_bytes();
            answer
        }),
        ("cut", |mut answer| {
            answer.body.pop();
            answer
        }),
        ("longer", |mut answer| {
            answer.body.push(b' ');
            answer
        }),
        ("far too long", |mut answer| {
            answer.body.resize(5_000_000, b' ');
            answer
        }),
        ("a refusal", |answer| Response {
            headers: Response::new(403, "").headers,
            ..answer
        }),
        ("an error with the right body", |mut answer| {
            answer.headers.remove(":status");
            answer.field(":status", "500")
        }),
        ("two statuses", |answer| answer.field(":status", "200")),
        ("a status of no text", |mut answer| {
            answer.headers.remove(":status");
            answer.field(":status", [0xff, 0])
        }),
        ("too many fields", |answer| {
            (0..2_000).fold(answer, |answer, at| answer.field(format!("f{at}"), "v"))
        }),
    ];
    for (what, bend) in bend {
        for authorization in [RIGHT, JWT] {
            let mut worker = ready();
            let ids = [ask(&mut worker, authorization), ask(&mut worker, authorization)];
            let question = questions(&worker.vm).remove(0);
            let answer = worker.feed.answer(&question, Duration::ZERO).unwrap();
            assert!(worker.vm.answer(question.token, bend(answer)));
            let passes = *what == "too many fields";
            for id in ids {
                let outcome = worker.vm.end(id);
                assert_eq!(
                    (is_alice(&outcome), status(&outcome)),
                    (passes, (!passes).then_some(503)),
                    "{what}"
                );
            }
            assert!(is_alice(&outcome(&mut worker, authorization)), "{what}: not mended");
            assert_sound(&worker, what);
        }
    }
}

/// Sealed rightly, and yet of no use: an engine that says odd things, or the answer to an earlier question.
#[test]
fn a_sealed_answer_counts_for_its_question_and_for_what_can_be() {
    for odd in [
        json!({}),
        json!({"proven": true}),
        json!({"proven": false, "retry_after": 1}),
        json!({"proven": true, "sort": "external", "user_id": 1, "seconds": 60, "external_issuers": ISSUERS}),
        json!({"proven": true, "sort": "password", "user_id": -1, "seconds": 60, "password_epoch": EPOCH}),
        // A user who is not here, one who is somebody else, a number that is no password's, an authority that is not here, no time.
        json!({"proven": true, "sort": "password", "user_id": 99, "seconds": 60, "password_epoch": EPOCH}),
        json!({"proven": true, "sort": "password", "user_id": 2, "seconds": 60, "password_epoch": 0}),
        json!({"proven": true, "sort": "password", "user_id": 1, "seconds": 60, "password_epoch": 0}),
        json!({"proven": true, "sort": "password", "user_id": 1, "seconds": 60, "password_epoch": EPOCH, "authority": 7}),
        json!({"proven": true, "sort": "password", "user_id": 1, "seconds": 0, "password_epoch": EPOCH}),
    ] {
        let mut worker = ready();
        worker.feed.settle(RIGHT, odd.to_string());
        let id = ask(&mut worker, RIGHT);
        assert_eq!(status(&decided(&mut worker, id)), Some(503), "{odd}");
        assert_sound(&worker, &odd);
    }
    let mut worker = ready();
    let first = ask(&mut worker, RIGHT);
    let question = questions(&worker.vm).remove(0);
    let answer = worker.feed.answer(&question, Duration::ZERO).unwrap();
    assert!(worker.vm.refuse(question.token));
    assert_eq!(status(&worker.vm.end(first)), Some(503));
    let second = ask(&mut worker, WRONG);
    let question = questions(&worker.vm).remove(0);
    assert!(worker.vm.answer(question.token, answer));
    assert_eq!(
        status(&worker.vm.end(second)),
        Some(503),
        "the answer to another question"
    );
    assert_sound(&worker, &"an old answer");
}

#[test]
fn a_trap_between_question_and_answer_fails_who_waits_and_is_over_then() {
    for at_the_answer in [true, false] {
        let mut worker = ready();
        let ids = [ask(&mut worker, RIGHT), ask(&mut worker, JWT)];
        let question = questions(&worker.vm).remove(0);
        let answer = worker.feed.answer(&question, Duration::ZERO).unwrap();
        worker.vm.faults().plan(HostCall::HeaderMapPairs, 1, Fault::Trap);
        if at_the_answer {
            worker.vm.answer(question.token, answer);
        } else {
            worker.outcome(request(WRONG));
        }
        assert!(worker.vm.failure().is_some());
        for id in ids {
            assert_eq!(worker.vm.end(id), Outcome::Failed);
        }
        worker.vm.reload().unwrap();
        worker.follow().unwrap();
        assert!(is_alice(&outcome(&mut worker, RIGHT)));
        assert_sound(&worker, &at_the_answer);
    }
}

/// Every host call that a question needs goes wrong in every way; nobody passes under a wrong name, and once it is over all is well.
#[test]
fn a_question_that_the_proxy_does_not_help_with_passes_nobody() {
    let calls = [
        HostCall::HttpCall,
        HostCall::SetEffectiveContext,
        HostCall::Property,
        HostCall::HeaderMapPairs,
        HostCall::BufferBytes,
        HostCall::ContinueStream,
        HostCall::SendLocalResponse,
        HostCall::AddHeaderMapValue,
        HostCall::Clock,
        HostCall::CurrentTime,
        HostCall::Random,
    ];
    for call in calls {
        for nth in 1..=6 {
            for status in Status::REFUSALS {
                let mut worker = ready();
                worker.vm.faults().plan(call, nth, Fault::Status(status));
                let ids = [ask(&mut worker, RIGHT), ask(&mut worker, WRONG)];
                worker.run(Duration::from_millis(100));
                worker.run(WAIT + Duration::from_secs(1));
                let [right, wrong] = ids.map(|id| worker.vm.end(id));
                let what = (call, nth, status);
                assert!(!matches!(wrong, Outcome::Passed(_)), "{what:?}");
                let _ = is_alice(&right);
                worker.vm.faults().clear();
                worker.run(Duration::from_secs(2));
                assert!(
                    is_alice(&outcome(&mut worker, RIGHT)),
                    "{what:?}: {:?}",
                    worker.vm.lines()
                );
                assert_sound(&worker, &what);
            }
        }
    }
}

#[test]
fn a_body_and_trailers_wait_with_their_head() {
    let mut worker = ready();
    worker.feed.keeps_proofs = true;
    let send = |worker: &mut Worker, authorization: &str| {
        let id = worker.vm.begin(worker.root, request(authorization).body(""));
        worker.vm.body(id, b"a=b", false);
        worker.vm.body(id, b"&c=d", false);
        worker.vm.trailers(id, 1);
        id
    };
    let ids = [RIGHT, WRONG].map(|authorization| send(&mut worker, authorization));
    let whole = worker.vm.request(worker.root, request(RIGHT).body("x=y"));
    worker.run(Duration::from_millis(200));
    assert!(
        ids.iter()
            .chain([&whole])
            .all(|id| *worker.vm.outcome(*id) == Outcome::Waiting)
    );
    worker.feed.keeps_proofs = false;
    let [right, wrong] = ids.map(|id| decided(&mut worker, id));
    assert!(is_alice(&right) && status(&wrong) == Some(401));
    assert!(is_alice(&decided(&mut worker, whole)));
    assert_sound(&worker, &"bodies");
}

/// A form that is looked through for a token is read before anything is asked, and again afterwards.
#[test]
fn a_form_beside_a_password_is_a_second_credential() {
    let mut worker = ready_with(r#", "read_forms": true"#);
    worker.feed.commit(vec![FeedRecord::AuthtokenInUrl(true)]);
    worker.follow().unwrap();
    let send = |worker: &mut Worker, form: &str| {
        let head = request(RIGHT)
            .field("content-type", "application/x-www-form-urlencoded")
            .body("");
        let id = worker.vm.begin(worker.root, head);
        worker.vm.body(id, form.as_bytes(), true);
        id
    };
    let plain = send(&mut worker, "a=b");
    let double = send(&mut worker, &format!("@authtoken={}", super::world::GOOD.0));
    assert!(is_alice(&decided(&mut worker, plain)));
    assert_eq!(status(&decided(&mut worker, double)), Some(400));
    worker.run(Duration::from_millis(200));
    assert_eq!(asked(&worker), 1);
    assert_sound(&worker, &"forms");
}

/// Two configurations of one source ask once; and when the one in whose name it was asked goes, the other asks again.
#[test]
fn a_question_outlives_the_configuration_under_which_it_was_asked() {
    for ends in [false, true] {
        let mut worker = ready();
        let first = ask(&mut worker, RIGHT);
        let old = worker.root;
        let (new, taken) = worker.vm.start_root(configuration(r#", "wait_for_proof_ms": 4000"#));
        assert!(taken);
        let second = worker.vm.request(new, request(RIGHT));
        assert_eq!(questions(&worker.vm).len(), 1);
        if ends {
            let question = questions(&worker.vm).remove(0);
            assert!(worker.vm.lose(question.token));
            worker.vm.end(first);
            worker.vm.end_root(old);
            worker.root = new;
        } else {
            assert!(is_alice(&decided(&mut worker, first)));
        }
        assert!(is_alice(&decided(&mut worker, second)), "{ends}");
        assert_sound(&worker, &ends);
    }
}
