//! Guests of a few lines, and what the host does for them and to them.

#[cfg(test)]
mod written;

use std::time::Duration;

use tollgate_wasm::{Fault, Headers, HostCall, Outcome, Request, Response, Settings, Status, Vm};
use written::{answering, guest, started, started_with};

const SECOND: Duration = Duration::from_secs(1);

fn request() -> Request {
    Request::new("GET", "/a").field("X-Odd", [0xff, 0xfe])
}

/// The statuses that a guest has logged, one byte each.
fn logged(vm: &mut Vm) -> Vec<u8> {
    vm.take_lines().iter().flat_map(|line| line.text.bytes()).collect()
}

#[test]
fn headers_are_handed_over_through_the_allocator_of_the_guest() {
    // Logs the pairs as they came, and adds a field.
    let (mut vm, root) = started(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $note (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))
             (drop (call $log (i32.const 2) (i32.add (i32.load (i32.const 0)) (i32.const 60)) (i32.const 10)))
             (call $note (call $add (i32.const 0) (i32.const 100) (i32.const 6) (i32.const 106) (i32.const 1)))
             (i32.const 0))
           (data (i32.const 100) "X-Seen1")"#,
    );
    let id = vm.request(root, request());
    let Outcome::Passed(headers) = vm.outcome(id) else {
        panic!("{:?}", vm.outcome(id))
    };
    let expected = request().headers.with("x-seen", "1");
    assert_eq!(*headers, expected);
    let wire = request().headers.to_wire();
    let lines = vm.take_lines();
    assert_eq!(lines[0].text, "\0");
    assert_eq!(lines[1].text, String::from_utf8_lossy(&wire[60..70]));
    assert_eq!(lines[2].text, "\0");
    assert_eq!(vm.violations(), [""; 0]);
}

#[test]
fn every_planned_status_reaches_the_guest_at_its_call_and_no_other() {
    let (mut vm, root) = started(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $note (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))
             (i32.const 0))"#,
    );
    for status in Status::REFUSALS {
        vm.faults().plan(HostCall::HeaderMapPairs, 2, Fault::Status(status));
        for _ in 0..3 {
            vm.request(root, request());
        }
        assert_eq!(logged(&mut vm), [0, status.number() as u8, 0]);
    }
    vm.faults().plan(HostCall::HeaderMapPairs, 1, Fault::Trap);
    let id = vm.request(root, request());
    assert_eq!(*vm.outcome(id), Outcome::Failed);
    assert!(
        vm.failure().unwrap().contains("trapped as planned"),
        "{:?}",
        vm.failure()
    );
}

const PAUSE_THEN_TICK_CONTINUES: &str = r#"
    (global $last (mut i32) (i32.const 0))
    (func (export "proxy_on_request_headers") (param $id i32) (param i32 i32) (result i32)
      (global.set $last (local.get $id))
      (if (i32.eq (local.get 1) (i32.const 6)) (then unreachable))
      (i32.const 1))
    (func (export "proxy_on_tick") (param i32)
      (call $note (call $effective (global.get $last)))
      (call $note (call $continue (i32.const 0)))
      (call $note (call $pairs (i32.const 0) (i32.const 0) (i32.const 4))))"#;

#[test]
fn a_stream_goes_on_after_the_callback_and_is_closed_to_the_guest_from_then_on() {
    let (mut vm, root) = started(PAUSE_THEN_TICK_CONTINUES);
    let id = vm.request(root, request());
    assert_eq!(*vm.outcome(id), Outcome::Waiting);
    vm.tick(root);
    assert_eq!(*vm.outcome(id), Outcome::Passed(request().headers));
    assert_eq!(logged(&mut vm), [0, 0, Status::BadArgument.number() as u8]);
    let violation = format!("proxy_get_header_map_pairs: the request of stream {id} has gone on");
    assert_eq!(vm.violations(), [violation]);
    vm.end(id);
    vm.tick(root);
    assert_eq!(vm.violations()[1], format!("{id} is no context"));
}

#[test]
fn a_trap_fails_the_vm_and_everything_in_it_until_it_is_reloaded() {
    let (mut vm, root) = started(PAUSE_THEN_TICK_CONTINUES);
    let waiting = vm.request(root, request());
    assert_eq!(*vm.outcome(waiting), Outcome::Waiting);
    let trapped = vm.request(root, request().field("a", "b"));
    assert_eq!(*vm.outcome(trapped), Outcome::Failed);
    assert_eq!(*vm.outcome(waiting), Outcome::Failed);
    vm.tick(root);
    let later = vm.request(root, request());
    assert_eq!(vm.end(later), Outcome::Failed);
    assert!(vm.reload().unwrap());
    assert_eq!(vm.failure(), None);
    let id = vm.request(root, request());
    vm.tick(root);
    assert_eq!(*vm.outcome(id), Outcome::Passed(request().headers));
}

#[test]
fn a_local_response_stops_its_stream_whatever_the_callback_answers() {
    // Answers 403 with one field, then says that all may go on; with a second answer where the path is longer.
    let (mut vm, root) = started(
        r#"(func $answer (result i32)
             (call $respond (i32.const 403) (i32.const 200) (i32.const 3) (i32.const 203) (i32.const 4)
                            (i32.const 208) (i32.const 16) (i32.const -1)))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $note (call $answer))
             (if (i32.eq (local.get 1) (i32.const 6)) (then (call $note (call $answer))))
             (i32.const 0))
           (data (i32.const 200) "whybody.\01\00\00\00\01\00\00\00\01\00\00\00a\00b\00")"#,
    );
    let id = vm.request(root, request());
    let Outcome::Answered(answer) = vm.outcome(id) else {
        panic!("{:?}", vm.outcome(id))
    };
    assert_eq!(
        (answer.status, answer.details.as_slice(), answer.body.as_slice()),
        (403, b"why".as_slice(), b"body".as_slice())
    );
    assert_eq!(answer.headers, Headers::new().with("a", "b"));
    assert_eq!(vm.violations(), [""; 0]);
    let id = vm.request(root, request().field("a", "b"));
    assert_eq!(
        vm.violations(),
        [format!("stream {id} had its answer already, and got another")]
    );
}

#[test]
fn a_callout_is_answered_refused_or_given_up() {
    let (mut vm, root) = answering();
    vm.tick(root);
    let [callout] = vm.callouts().try_into().unwrap();
    assert_eq!(
        (callout.cluster.as_str(), callout.path(), callout.timeout),
        ("tollgate", "/p", Some(SECOND))
    );
    // The guest logs the token and the three lengths, the start of the body, and the status of reading the fields.
    let response = Response::new(200, "abc").field("b", "c");
    assert!(vm.answer(callout.token, response));
    assert!(!vm.answer(callout.token, Response::default()));
    assert_eq!(logged(&mut vm), [0, callout.token as u8, 2, 3, 0, b'a', 0]);
    vm.tick(root);
    assert!(vm.refuse(vm.callouts()[0].token));
    assert_eq!(logged(&mut vm), [0, 2, 0, 0, 0, 1, Status::BadArgument.number() as u8]);
    vm.tick(root);
    vm.process().clone().advance(SECOND - Duration::from_millis(1));
    vm.run_due();
    assert_eq!(vm.callouts().len(), 1);
    vm.process().clone().advance(Duration::from_millis(1));
    vm.run_due();
    assert_eq!(vm.callouts().len(), 0);
    assert_eq!(logged(&mut vm), [0, 3, 0, 0, 0, 1, Status::BadArgument.number() as u8]);
}

#[test]
fn a_cluster_that_the_proxy_does_not_know_is_refused_at_once() {
    let (mut vm, root) = started_with(
        written::CALLS_OUT,
        Settings {
            clusters: vec!["other".to_owned()],
            ..Settings::default()
        },
    );
    vm.tick(root);
    assert_eq!(logged(&mut vm), [Status::BadArgument.number() as u8]);
    assert_eq!(vm.callouts().len(), 0);
}

#[test]
fn memory_grows_up_to_the_cap() {
    let grows = r#"(func (export "proxy_on_tick") (param i32)
        (call $note (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))"#;
    let settings = Settings {
        memory_most: 4 * 65_536,
        ..Settings::default()
    };
    let (mut vm, root) = started_with(grows, settings);
    for _ in 0..4 {
        vm.tick(root);
    }
    assert_eq!(logged(&mut vm), [1, 1, 0, 0]);
    assert_eq!(vm.memory_size(), 4 * 65_536);
    assert_eq!(vm.failure(), None);
}

#[test]
fn an_endless_loop_ends_as_a_trap() {
    let settings = Settings {
        callback_most: Some(Duration::from_millis(50)),
        ..Settings::default()
    };
    let loops = r#"(func (export "proxy_on_tick") (param i32) (loop $again (br $again)))"#;
    let (mut vm, root) = started_with(loops, settings);
    vm.tick(root);
    assert!(vm.failure().unwrap().contains("interrupt"), "{:?}", vm.failure());
}

const READS_BODY: &str = r#"
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_request_body") (param $id i32) (param $size i32) (param $ends i32) (result i32)
      (drop (call $buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
      (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
      (i32.eqz (local.get $ends)))"#;

#[test]
fn a_body_comes_to_who_stops_at_the_headers_only_where_the_proxy_lets_it() {
    let (mut vm, root) = started(READS_BODY);
    let id = vm.request(root, request().body("abc"));
    assert_eq!(*vm.outcome(id), Outcome::Waiting);
    assert_eq!(logged(&mut vm), b"");
    let settings = Settings {
        stop_at_headers: true,
        ..Settings::default()
    };
    let (mut vm, root) = started_with(READS_BODY, settings);
    let id = vm.begin(root, request().body(""));
    vm.body(id, b"ab", false);
    assert_eq!(*vm.outcome(id), Outcome::Waiting);
    vm.body(id, b"c", true);
    assert_eq!(*vm.outcome(id), Outcome::Passed(request().headers));
    assert_eq!(logged(&mut vm), b"ababc");
}

#[test]
fn a_root_context_that_is_refused_says_so_and_two_may_stand_side_by_side() {
    let (mut vm, first) = started(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
             (call $note (call $tick (i32.add (local.get 0) (i32.const 9))))
             (i32.ne (local.get 1) (i32.const 3)))
           (func (export "proxy_on_tick") (param i32) (call $note (local.get 0)))"#,
    );
    let (second, taken) = vm.start_root("two");
    assert!(!taken);
    let (third, taken) = vm.start_root("three");
    assert!(taken);
    assert_eq!(vm.tick_period(third), Some(Duration::from_millis(12)));
    logged(&mut vm);
    let process = vm.process().clone();
    process.advance(Duration::from_millis(10));
    vm.run_due();
    assert_eq!(logged(&mut vm), [first as u8]);
    process.advance(Duration::from_millis(2));
    vm.run_due();
    assert_eq!(logged(&mut vm), [second as u8, third as u8]);
    vm.end_root(second);
    process.advance(SECOND);
    vm.run_due();
    assert_eq!(logged(&mut vm), [first as u8, third as u8]);
}

#[test]
fn a_guest_that_wants_more_than_there_is_does_not_run() {
    let module = wat::parse_str(r#"(module (import "env" "proxy_grpc_call" (func)))"#).unwrap();
    let Err(refused) = tollgate_wasm::Program::compile(&module) else {
        panic!("it was taken")
    };
    assert!(refused.to_string().contains("proxy_grpc_call"), "{refused}");
    assert!(tollgate_wasm::Program::compile(&guest("")).is_ok_and(|program| program.imports().len() > 10));
}
