//! Random commands and requests: the code under test and its twin give the same verdict at every step.
//!
//! Users, tokens, addresses and moments are few, so that they collide; headers are made of pieces that are nearly right.

mod support;
mod twin {
    pub(crate) mod story;
    pub(crate) mod people;
    pub(crate) mod requests;
    pub(crate) mod script;
    pub(crate) mod fault;
}

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm, TestError, TestRng, TestRunner};
use tollgate_core::DENY_REASONS;

use support::{native, reading};
use twin::fault::Fault;
use twin::people::{peers, rule_texts};
use twin::script::scripts;
use twin::story::tell;

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_check_and_its_twin_agree_at_every_step(script in scripts()) {
        let told = tell(&script, None, &mut BTreeMap::new());
        prop_assert!(told.is_ok(), "{:?}", told);
    }

    /// A text is a rule for both or for neither, and means the same addresses.
    #[test]
    fn rules_are_read_alike(rule in rule_texts(), peers in prop::collection::vec(peers(), 8)) {
        let range = native::range(&rule);
        prop_assert_eq!(range.is_some(), reading::range(&rule).is_some(), "{:?}", rule);
        for peer in peers.iter().flatten() {
            let covers = range.is_some_and(|range| range.contains(native::address(peer)));
            prop_assert_eq!(covers, reading::covers(&rule, peer), "{:?} and {}", rule, peer);
        }
    }
}

/// The same cases in every run.
fn repeatable(cases: u32) -> TestRunner {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// A property that never reaches a gate says nothing of it.
#[test]
fn the_scripts_reach_every_verdict() {
    let seen = RefCell::new(BTreeMap::new());
    let told = repeatable(512).run(&scripts(), |script| tell(&script, None, &mut seen.borrow_mut()));
    assert!(told.is_ok(), "{told:?}");
    let seen = seen.into_inner();
    let times = |is: &dyn Fn(&str) -> bool| {
        seen.iter()
            .filter(|(said, _)| is(said))
            .map(|(_, times)| *times)
            .sum::<u32>()
    };
    for row in &DENY_REASONS {
        let words = |said: &str| said.split(' ').any(|word| word == row.label);
        assert!(times(&words) >= 10, "{} is hardly ever said: {seen:#?}", row.label);
    }
    for open in ["unsettled password", "unsettled external", "wants read js_api"] {
        assert!(
            times(&|said| said.contains(open)) >= 10,
            "{open} is hardly ever said: {seen:#?}"
        );
    }
    for permit in [
        "permit",
        "permit bearer",
        "permit basic",
        "permit header",
        "permit query",
        "permit form",
        "permit upgrade bearer",
        "permit upgrade basic",
        "permit upgrade header",
        "permit basic by password",
        "permit bearer by external",
        "permit bearer as app",
        "permit bearer by external as app",
    ] {
        assert!(
            times(&|said| said.ends_with(permit)) >= 10,
            "{permit} is hardly ever said: {seen:#?}"
        );
    }
}

/// The same property, the same scripts, and a twin that is wrong: each fault must be noticed.
#[test]
fn every_planted_fault_is_noticed() {
    for fault in Fault::ALL {
        let told = repeatable(1_024).run(&scripts(), |script| tell(&script, Some(fault), &mut BTreeMap::new()));
        assert!(
            matches!(told, Err(TestError::Fail(..))),
            "{fault:?} went unnoticed: {told:?}"
        );
    }
}
