//! Trailers behind a body. A proxy lets a request that stands still at its headers go on with them, unless it is stopped again.

use std::time::Duration;

use tollgate_core::feed::FeedRecord;
use tollgate_wasm::{ContextId, Outcome, Request};

use super::world::{GOOD, UNKNOWN, feed, is_alice, refusal, request};
use crate::plugin::program;
use crate::plugin::worker::{Worker, configuration};

/// A worker that reads forms and has heard nothing yet.
fn reads_forms() -> Worker {
    let mut worker = Worker::new(program(), feed().0, &configuration(r#", "read_forms": true"#));
    worker.feed.state([FeedRecord::AuthtokenInUrl(true)]);
    worker
}

/// A form in two parts with trailers behind it, without another credential.
fn send(worker: &mut Worker, form: &str) -> ContextId {
    let head = Request::new("POST", "/orders")
        .field("content-type", "application/x-www-form-urlencoded")
        .field("x-tollgate-user", "mallory")
        .from_peer("192.0.2.10:1".parse().unwrap())
        .body("");
    let id = worker.vm.begin(worker.root, head);
    let (first, second) = form.split_at(form.len() / 2);
    for part in [first, second] {
        worker.vm.body(id, part.as_bytes(), false);
        assert_eq!(*worker.vm.outcome(id), Outcome::Waiting);
    }
    worker.vm.trailers(id, 1);
    id
}

fn with_token(secret: &str) -> String {
    format!("a=b&@authtoken={secret}")
}

fn status(outcome: &Outcome) -> Option<u32> {
    refusal(outcome).map(|(status, _)| status)
}

#[test]
fn a_form_is_decided_where_its_trailers_begin() {
    let mut worker = reads_forms();
    worker.follow().unwrap();
    let good = send(&mut worker, &with_token(GOOD.0));
    assert!(is_alice(worker.vm.outcome(good), GOOD.1));
    for (form, expected) in [("a=b", 401), ("", 401), (&*with_token(UNKNOWN), 401)] {
        let id = send(&mut worker, form);
        assert_eq!(status(worker.vm.outcome(id)), Some(expected), "{form}");
    }
    worker.assert_sound(&"trailers");
}

#[test]
fn trailers_let_nobody_go_on_who_waits_for_a_view() {
    let mut worker = reads_forms();
    let good = send(&mut worker, &with_token(GOOD.0));
    let bare = send(&mut worker, "a=b");
    let plain = worker.vm.begin(worker.root, request(GOOD.0).body(""));
    worker.vm.trailers(plain, 1);
    for id in [good, bare, plain] {
        assert_eq!(*worker.vm.outcome(id), Outcome::Waiting);
    }
    worker.follow().unwrap();
    worker.run(Duration::from_millis(100));
    for id in [good, plain] {
        assert!(is_alice(worker.vm.outcome(id), GOOD.1), "{:?}", worker.vm.outcome(id));
    }
    assert_eq!(status(worker.vm.outcome(bare)), Some(401));
    worker.assert_sound(&"trailers while waiting");
}
