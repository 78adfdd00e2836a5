//! Configurations that nothing can be done with: the plugin starts all the same, denies everything, and says why.

use std::time::Duration;

use tollgate_core::{TokenKind, TokenText};
use tollgate_wasm::{Level, Process, Settings, Vm};

use super::world::{GOOD, feed, ready, refusal, request, worker};
use crate::plugin::program;
use crate::plugin::worker::{BEGINNING, Worker, configuration, feed_token};

/// Starts under a configuration, whatever it is.
fn started(configuration: &[u8]) -> Worker {
    let mut vm = Vm::new(program(), &Process::new(BEGINNING), Settings::default()).unwrap();
    let (root, taken) = vm.start_root(configuration);
    assert!(taken, "a start that is refused lets everything pass: {configuration:?}");
    let feed = feed().0;
    Worker { vm, root, feed }
}

#[test]
fn a_wrong_configuration_denies_everything_and_the_log_says_why() {
    let good = configuration("");
    let other = TokenText::from_entropy(TokenKind::Authtoken, &[9; 32]);
    let cases: [Vec<u8>; 14] = [
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"[1, 2]".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"{}".to_vec(),
        good.replace("tollgate", "").into_bytes(),
        good.replace(&feed_token(), "tg_fd_short").into_bytes(),
        good.replace(&feed_token(), other.expose()).into_bytes(),
        configuration(r#", "max_staleness_ms": 5000"#).into_bytes(),
        configuration(r#", "unknown": 1"#).into_bytes(),
        configuration(r#", "memory_most_mib": -1"#).into_bytes(),
        format!("{}{good}", " ".repeat(70_000)).into_bytes(),
        "[".repeat(50_000).into_bytes(),
    ];
    for wrong in cases {
        let what = String::from_utf8_lossy(&wrong[..wrong.len().min(80)]).into_owned();
        let mut worker = started(&wrong);
        for _ in 0..3 {
            let outcome = worker.outcome(request(GOOD.0));
            assert!(matches!(refusal(&outcome), Some((503, Some(_)))), "{what}: {outcome:?}");
            worker.run(Duration::from_millis(500));
        }
        let errors = worker.vm.lines().iter().filter(|line| line.level == Level::Error);
        assert!(
            errors.count() == 1 && worker.says("configuration"),
            "{what}: {:?}",
            worker.vm.lines()
        );
        assert_eq!(worker.vm.process().metric("tollgate.misconfigured"), Some(1), "{what}");
        worker.assert_sound(&what);
    }
    // The twin of all these.
    let mut worker = started(good.as_bytes());
    assert!(worker.recovers(Duration::from_secs(2)).is_some());
}

#[test]
fn a_new_configuration_takes_over_the_view_and_the_old_one_serves_until_it_ends() {
    let mut worker = ready();
    let old = worker.root;
    let (new, taken) = worker.vm.start_root(configuration(r#", "wait_for_snapshot_ms": 1"#));
    assert!(taken);
    for root in [new, old, new] {
        worker.root = root;
        assert!(worker.passes_nobody_else(), "{root}");
    }
    worker.vm.end_root(old);
    worker.root = new;
    assert!(worker.passes(), "the view was the old configuration's alone");
    worker.run(Duration::from_secs(20));
    assert!(worker.passes_nobody_else());
    worker.assert_sound(&"a new configuration");
}

#[test]
fn a_new_configuration_that_is_wrong_denies_and_the_old_one_goes_on() {
    let mut worker = ready();
    let old = worker.root;
    let (new, taken) = worker.vm.start_root("{}");
    assert!(taken);
    worker.root = new;
    assert_eq!(
        refusal(&worker.outcome(request(GOOD.0))).map(|(status, _)| status),
        Some(503)
    );
    worker.root = old;
    assert!(worker.passes());
    worker.vm.end_root(old);
    worker.root = new;
    assert!(!worker.passes());
    worker.assert_sound(&"a wrong configuration beside a right one");
}

#[test]
fn another_source_begins_with_nothing() {
    let mut worker = ready();
    let old = worker.root;
    let (new, taken) = worker
        .vm
        .start_root(configuration("").replace("engine.example", "other.example"));
    assert!(taken);
    worker.root = new;
    assert_eq!(worker.outcome(request(GOOD.0)), tollgate_wasm::Outcome::Waiting);
    worker.root = old;
    assert!(worker.passes());
    worker.root = new;
    assert!(worker.recovers(Duration::from_secs(2)).is_some());
    worker.assert_sound(&"two sources");
}

/// A request that stands still when a second configuration comes stays under the first, even where that ends before it: no proxy
/// does so, and the second may be another's.
#[test]
fn who_waits_is_never_judged_by_another_configuration() {
    let mut worker = worker();
    let waits = worker.vm.request(worker.root, request(GOOD.0));
    let begun_by_first = worker.root;
    let other = configuration("").replace("engine.example", "other.example");
    let (second, taken) = worker.vm.start_root(other);
    assert!(taken);
    worker.vm.end_root(begun_by_first);
    worker.root = second;
    worker.follow().unwrap();
    worker.run(Duration::from_millis(100));
    assert_eq!(refusal(worker.vm.outcome(waits)).map(|(status, _)| status), Some(503));
    assert!(worker.passes_nobody_else());
    worker.assert_sound(&"two configurations");
}
