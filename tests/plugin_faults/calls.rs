//! Host calls that answer what they should not.

use std::time::Duration;

use tollgate_wasm::{Fault, HostCall, Status};

use super::world::worker_with;
use crate::plugin::program;

/// What the module calls when it starts, follows and decides.
const CALLS: [HostCall; 15] = [
    HostCall::Log,
    HostCall::CurrentTime,
    HostCall::SetTickPeriod,
    HostCall::BufferBytes,
    HostCall::HeaderMapPairs,
    HostCall::AddHeaderMapValue,
    HostCall::RemoveHeaderMapValue,
    HostCall::Property,
    HostCall::SendLocalResponse,
    HostCall::HttpCall,
    HostCall::DefineMetric,
    HostCall::IncrementMetric,
    HostCall::RecordMetric,
    HostCall::Random,
    HostCall::Clock,
];

fn faults() -> impl Iterator<Item = Fault> {
    let statuses = Status::REFUSALS.into_iter().map(Fault::Status);
    statuses.chain([Fault::Number(13), Fault::Number(u32::MAX)])
}

/// Starts, follows and decides under a fault; answers whether the good token passed at some time.
fn live_under(fault: Fault, call: HostCall, nth: Option<u64>) -> bool {
    let what = (call, fault, nth);
    let mut worker = worker_with(program(), |faults| match nth {
        Some(nth) => faults.plan(call, nth, fault),
        None => faults.always(call, fault),
    });
    let mut passed = false;
    for _ in 0..4 {
        passed |= worker.passes_nobody_else();
        worker.run(Duration::from_millis(100));
    }
    worker.assert_sound(&what);
    // The configuration is read once: who was not told it denies until told another.
    if nth.is_some() && call == HostCall::BufferBytes && worker.says("configuration is wrong") {
        return passed;
    }
    worker.vm.faults().clear();
    if nth.is_some() {
        // No tick was ever asked for, so nobody looks until an answer comes.
        worker.vm.tick(worker.root);
        let recovered = worker.recovers(Duration::from_secs(4));
        assert!(recovered.is_some(), "{what:?}: {:?}", worker.vm.lines());
    }
    passed
}

#[test]
fn whichever_call_fails_once_nobody_passes_who_may_not_and_it_recovers() {
    let mut passed = 0;
    for call in CALLS {
        for (at, fault) in faults().enumerate() {
            // Statuses are hardly told apart, so that they take turns where calls are many.
            for nth in 1..=12 {
                if nth < 3 || (at as u64 + nth).is_multiple_of(5) {
                    passed += usize::from(live_under(fault, call, Some(nth)));
                }
            }
        }
    }
    assert!(passed > 200, "{passed} passed: the faults hide what is to be seen");
}

#[test]
fn whichever_call_always_fails_nobody_passes_who_may_not() {
    let without = |call| {
        matches!(
            call,
            HostCall::Log | HostCall::DefineMetric | HostCall::IncrementMetric | HostCall::RecordMetric
        )
    };
    for call in CALLS {
        for fault in faults() {
            let passed = live_under(fault, call, None);
            // What is only told to people decides nothing.
            assert!(passed || !without(call), "{call:?} {fault:?}");
        }
    }
}
