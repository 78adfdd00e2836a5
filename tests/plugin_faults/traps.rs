//! A module that ends in the middle of something.

use std::time::Duration;

use tollgate_wasm::{Fault, HostCall, Outcome, Process, Settings};

use super::world::{GOOD, feed, ready, request, worker, worker_with};
use crate::plugin::program;
use crate::plugin::worker::{BEGINNING, Worker, configuration};

#[test]
fn after_a_trap_nothing_passes_until_another_module_has_a_view_of_its_own() {
    for call in [
        HostCall::HeaderMapPairs,
        HostCall::CurrentTime,
        HostCall::RemoveHeaderMapValue,
        HostCall::AddHeaderMapValue,
        HostCall::Property,
    ] {
        let mut worker = ready();
        assert!(worker.passes(), "{call:?}");
        worker.vm.faults().plan(call, 1, Fault::Trap);
        assert_eq!(worker.outcome(request(GOOD.0)), Outcome::Failed, "{call:?}");
        assert_eq!(worker.outcome(request(GOOD.0)), Outcome::Failed, "{call:?}");
        assert!(worker.vm.reload().unwrap(), "{call:?}");
        // Another module begins with nothing.
        assert_eq!(worker.outcome(request(GOOD.0)), Outcome::Waiting, "{call:?}");
        worker.follow().unwrap();
        assert!(worker.passes_nobody_else(), "{call:?}");
        worker.assert_sound(&call);
    }
}

#[test]
fn a_trap_while_others_wait_lets_none_of_them_through() {
    for call in [
        HostCall::ContinueStream,
        HostCall::SetEffectiveContext,
        HostCall::RecordMetric,
        HostCall::Random,
    ] {
        let mut worker = worker();
        let waiting: Vec<_> = (0..3)
            .map(|_| worker.vm.request(worker.root, request(GOOD.0)))
            .collect();
        worker.vm.faults().plan(call, 1, Fault::Trap);
        worker.run(Duration::from_millis(500));
        assert!(worker.vm.failure().is_some(), "{call:?}");
        for id in waiting {
            assert_eq!(*worker.vm.outcome(id), Outcome::Failed, "{call:?}");
        }
    }
}

/// A start that traps on a worker is what would take the filter away; a host that refuses the start is no fault of ours.
#[test]
fn a_trap_at_the_start_is_no_start() {
    let mut worker = worker_with(program(), |faults| faults.plan(HostCall::DefineMetric, 1, Fault::Trap));
    assert!(worker.vm.failure().is_some());
    assert_eq!(worker.outcome(request(GOOD.0)), Outcome::Failed);
}

#[test]
fn workers_are_each_their_own_and_count_together() {
    let process = Process::new(BEGINNING);
    let new = || Worker::in_process(program(), &process, feed().0, &configuration(""), Settings::default());
    let (mut first, mut second) = (new(), new());
    first.follow().unwrap();
    assert!(first.passes());
    assert_eq!(second.outcome(request(GOOD.0)), Outcome::Waiting);
    second.follow().unwrap();
    first.vm.tick(first.root);
    assert_eq!(process.metric("tollgate.workers_ready"), Some(2));
    first.vm.faults().plan(HostCall::HeaderMapPairs, 1, Fault::Trap);
    assert_eq!(first.outcome(request(GOOD.0)), Outcome::Failed);
    assert!(second.passes_nobody_else());
    first.vm.reload().unwrap();
    first.follow().unwrap();
    assert!(first.passes_nobody_else() && second.passes_nobody_else());
    first.vm.tick(first.root);
    second.vm.tick(second.root);
    // Before the trap one, the one who waited, then one and one with the last two.
    assert_eq!(process.metric("tollgate.checks.permitted"), Some(5));
    second.assert_sound(&"two workers");
}
