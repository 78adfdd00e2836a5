//! Requests that no honest client sends.

use std::time::Duration;

use tollgate_wasm::{Fault, HostCall, Outcome, Request, Status};

use super::world::{GOOD, feed, is_alice, ready, refusal, request, server};
use crate::plugin::program;
use crate::plugin::worker::{Worker, configuration};
use crate::support::facts::{Change, Server};

#[test]
fn fields_of_any_bytes_decide_nothing_and_trap_nothing() {
    let mut worker = ready();
    let every: Vec<u8> = (0..=255).collect();
    for value in [vec![0xff; 10], every, vec![b'a'; 1_000_000], Vec::new()] {
        let outcome = worker.outcome(request(GOOD.0).field("x-any", &value));
        assert!(is_alice(&outcome, GOOD.1));
        for name in ["authorization", "x-cdata-authtoken"] {
            let doubled = worker.outcome(request(GOOD.0).field(name, &value));
            assert_eq!(refusal(&doubled).map(|(status, _)| status), Some(400), "{name}");
            let bare = Request::new("GET", "/").from_peer("192.0.2.10:1".parse().unwrap());
            let alone = worker.outcome(bare.field(name, &value));
            assert!(matches!(alone, Outcome::Answered(_)), "{name}: {alone:?}");
        }
    }
    worker.assert_sound(&"odd bytes");
}

#[test]
fn thousands_of_fields_are_read_to_the_last() {
    let mut worker = ready();
    let many = |request: Request| (0..3_000).fold(request, |request, at| request.field(format!("f{at}"), "v"));
    assert!(is_alice(&worker.outcome(many(request(GOOD.0))), GOOD.1));
    let hidden = many(request(GOOD.0)).field("authorization", "Bearer other");
    assert_eq!(refusal(&worker.outcome(hidden)).map(|(status, _)| status), Some(400));
    let spoofed = (0..1_500).fold(request(GOOD.0), |request, at| {
        request.field(format!("x-tollgate-{at}"), "v")
    });
    assert!(is_alice(&worker.outcome(spoofed), GOOD.1));
    worker.assert_sound(&"many fields");
}

/// An identity that could not be taken off or put on is no identity.
#[test]
fn a_field_that_the_proxy_does_not_set_is_a_refusal() {
    for call in [HostCall::RemoveHeaderMapValue, HostCall::AddHeaderMapValue] {
        for nth in 1..=4 {
            for status in Status::REFUSALS {
                let mut worker = ready();
                worker.vm.faults().plan(call, nth, Fault::Status(status));
                let made = worker.vm.faults().count(call);
                let outcome = worker.outcome(request(GOOD.0));
                let met = worker.vm.faults().count(call) - made >= nth;
                assert_eq!(
                    refusal(&outcome).is_some(),
                    met,
                    "{call:?} {nth} {status:?}: {outcome:?}"
                );
                assert_eq!(is_alice(&outcome, GOOD.1), !met, "{call:?} {nth} {status:?}");
                worker.vm.faults().clear();
                assert!(worker.passes());
                worker.assert_sound(&(call, nth, status));
            }
        }
    }
}

#[test]
fn a_body_that_nobody_asked_for_goes_where_its_head_went() {
    let mut worker = ready();
    let with_body = |secret| {
        request(secret)
            .field("content-type", "application/x-www-form-urlencoded")
            .body("a=b")
    };
    assert!(is_alice(&worker.outcome(with_body(GOOD.0)), GOOD.1));
    let refused = worker.outcome(with_body(super::world::UNKNOWN));
    assert_eq!(refusal(&refused).map(|(status, _)| status), Some(401));
    worker.assert_sound(&"bodies");
}

#[test]
fn no_path_and_no_method_are_no_credential_problem_and_no_trap() {
    let mut worker = ready();
    let mut bare = request(GOOD.0);
    for name in [":path", ":method", ":authority", ":scheme"] {
        bare.headers.remove(name);
    }
    assert!(matches!(worker.outcome(bare), Outcome::Answered(_)));
    let empty = Request {
        headers: tollgate_wasm::Headers::new(),
        ..Request::default()
    };
    assert!(matches!(worker.outcome(empty), Outcome::Answered(_)));
    worker.assert_sound(&"no head at all");
}

/// A worker that reads forms, for users who may present their tokens in them.
fn reader_of_forms() -> Worker {
    let (mut feed, mut facts) = feed();
    let server = Server {
        authtoken_in_url: true,
        ..server()
    };
    feed.state(facts.records(&Change::SetServer(server)).unwrap());
    let mut worker = Worker::new(program(), feed, &configuration(r#", "read_forms": true"#));
    worker.follow().unwrap();
    worker
}

fn form() -> Request {
    Request::new("POST", "/")
        .field("content-type", "application/x-www-form-urlencoded")
        .from_peer("192.0.2.10:1".parse().unwrap())
        .body("")
}

#[test]
fn a_form_decides_once_it_is_whole_and_one_that_never_is_is_given_up() {
    let mut worker = reader_of_forms();
    let (first, rest) = GOOD.0.split_at(10);
    let id = worker.vm.begin(worker.root, form());
    worker.vm.body(id, format!("a=b&@authtoken={first}").as_bytes(), false);
    worker.run(Duration::from_secs(9));
    assert_eq!(*worker.vm.outcome(id), Outcome::Waiting);
    worker.vm.body(id, rest.as_bytes(), true);
    assert!(is_alice(worker.vm.outcome(id), GOOD.1));

    let id = worker.vm.begin(worker.root, form());
    worker.vm.body(id, format!("@authtoken={}", GOOD.0).as_bytes(), false);
    worker.run(Duration::from_secs(11));
    assert_eq!(refusal(worker.vm.outcome(id)).map(|(status, _)| status), Some(400));
    worker.vm.body(id, b"", true);
    worker.vm.end(id);

    let id = worker.vm.begin(worker.root, form());
    worker.vm.body(id, format!("@authtoken={}", GOOD.0).as_bytes(), false);
    worker.vm.trailers(id, 1);
    assert!(is_alice(worker.vm.outcome(id), GOOD.1), "trailers end a form too");

    let id = worker.vm.begin(worker.root, form());
    worker.vm.body(id, &vec![b'a'; 70_000], false);
    assert_eq!(refusal(worker.vm.outcome(id)).map(|(status, _)| status), Some(400));
    worker.assert_sound(&"forms");
}

#[test]
fn a_form_that_comes_before_the_first_view_is_read_when_there_is_one() {
    let mut worker = reader_of_forms();
    let (feed, configuration) = (feed().0, configuration(r#", "read_forms": true"#));
    let before = std::mem::replace(&mut worker, Worker::new(program(), feed, &configuration));
    worker.feed = before.feed;
    let whole = worker
        .vm
        .request(worker.root, form().body(format!("@authtoken={}", GOOD.0)));
    let half = worker.vm.begin(worker.root, form());
    let gone = worker.vm.begin(worker.root, form());
    worker.vm.body(half, b"@authtoken=", false);
    worker.vm.end(gone);
    worker.follow().unwrap();
    worker.run(Duration::from_millis(100));
    assert!(is_alice(worker.vm.outcome(whole), GOOD.1));
    assert_eq!(*worker.vm.outcome(half), Outcome::Waiting);
    worker.vm.body(half, GOOD.0.as_bytes(), true);
    assert!(is_alice(worker.vm.outcome(half), GOOD.1));
    worker.assert_sound(&"early forms");
}
