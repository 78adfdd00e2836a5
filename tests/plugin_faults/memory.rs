//! Views that do not fit.

use std::time::Duration;

use tollgate_core::feed::FeedRecord;
use tollgate_core::{TokenDigest, TokenId, TokenKind, TokenRecord, TokenStatus, UserId, Validity};
use tollgate_wasm::{Process, Settings, Status};

use super::world::{feed, worker_with};
use crate::plugin::program;
use crate::plugin::worker::{BEGINNING, Worker, configuration};

const MIB: usize = 1024 * 1024;

fn tokens(from: u64, count: u64) -> impl Iterator<Item = FeedRecord> {
    (from..from + count).map(|id| {
        let mut digest = [0xa5; 32];
        digest[..8].copy_from_slice(&id.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        FeedRecord::PutToken(TokenRecord {
            id: TokenId(id),
            kind: TokenKind::Authtoken,
            digest: TokenDigest::from_bytes(digest),
            user: UserId(1),
            status: TokenStatus::Active,
            validity: Validity::default(),
            authority: None,
        })
    })
}

fn started(memory_most: usize, more: &str) -> Worker {
    let settings = Settings {
        memory_most,
        ..Settings::default()
    };
    let process = Process::new(BEGINNING);
    Worker::in_process(program(), &process, feed().0, &configuration(more), settings)
}

#[test]
fn a_view_that_the_proxy_has_no_room_for_lets_nobody_pass() {
    let mut worker = started(6 * MIB, "");
    worker.feed.state(tokens(1_000, 60_000));
    let mut reloads = 0;
    for _ in 0..100 {
        assert!(!worker.passes_nobody_else());
        worker.run(Duration::from_millis(100));
        if worker.vm.failure().is_some() && reloads < 2 {
            assert!(worker.vm.reload().unwrap());
            reloads += 1;
        }
    }
    assert!(worker.vm.memory_size() <= 6 * MIB);
    let mut roomy = started(64 * MIB, "");
    roomy.feed.state(tokens(1_000, 60_000));
    assert!(roomy.recovers(Duration::from_secs(4)).is_some());
    roomy.assert_sound(&"room enough");
}

#[test]
fn a_view_beyond_the_bound_of_the_configuration_ends_in_no_trap() {
    let mut worker = started(64 * MIB, r#", "memory_most_mib": 6"#);
    worker.feed.state(tokens(1_000, 120_000));
    worker.run(Duration::from_secs(5));
    assert!(!worker.passes_nobody_else());
    assert!(worker.says("memory_most_mib"), "{:?}", worker.vm.lines());
    assert!(worker.vm.memory_size() < 16 * MIB, "{}", worker.vm.memory_size());
    worker.assert_sound(&"beyond the bound");
}

#[test]
fn a_view_that_grows_beyond_the_bound_serves_until_it_is_too_old() {
    let mut worker = started(64 * MIB, r#", "memory_most_mib": 6"#);
    worker.follow().unwrap();
    worker.feed.commit(tokens(1_000, 120_000).collect());
    worker.run(Duration::from_secs(3));
    assert!(worker.passes_nobody_else());
    worker.run(Duration::from_secs(10));
    assert!(!worker.passes_nobody_else());
    worker.assert_sound(&"grown");
}

/// What the old view gives back is room for the new one, though a module's memory never becomes smaller.
#[test]
fn a_view_that_makes_room_for_the_next_serves_again() {
    let mut worker = started(64 * MIB, r#", "memory_most_mib": 8"#);
    worker.feed.state(tokens(1_000, 60_000));
    assert!(worker.recovers(Duration::from_secs(10)).is_some());
    for identity in 10..14 {
        worker.feed.rename([identity; 16]);
        worker.run(Duration::from_secs(3));
        assert!(worker.recovers(Duration::from_secs(10)).is_some(), "{identity}");
    }
    assert!(worker.vm.memory_size() < 16 * MIB, "{}", worker.vm.memory_size());
    worker.assert_sound(&"room that was given back");
}

#[test]
fn an_allocation_in_the_middle_of_a_call_that_is_refused_is_a_refusal() {
    let refused = tollgate_wasm::Fault::Status(Status::InvalidMemoryAccess);
    let mut worker = worker_with(program(), |_| {});
    worker.follow().unwrap();
    worker
        .vm
        .faults()
        .always(tollgate_wasm::HostCall::HeaderMapPairs, refused);
    assert!(!worker.passes_nobody_else());
    worker.vm.faults().clear();
    assert!(worker.passes_nobody_else());
    worker.assert_sound(&"no room for the head");
}
