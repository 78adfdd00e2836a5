//! Requests that no honest client sends.

use tollgate_wasm::{Fault, HostCall, Outcome, Request, Status};

use super::world::{GOOD, is_alice, ready, refusal, request};

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
