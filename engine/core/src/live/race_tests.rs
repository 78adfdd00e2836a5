//! Checks while records change: what no state ever allowed must never pass.
//!
//! Longer runs of the same found the faults: a user's facts, rules and name were read one after the other, and the server's
//! facts before the user's without asking whether they had changed since. A short run meets such a fault now and then
//! only, so these hold the ground rather than prove it; the proof is that there is one read to race with.

use alloc::format;
use alloc::vec;
use std::thread;

use base64ct::{Base64, Encoding as _};

use super::*;
use crate::check::{Verdict, check};
use crate::foreign::{ForeignForm, ForeignForms};
use crate::network::NetworkRule;
use crate::operation::OperationSet;
use crate::record::{Limit, Networks, TokenId, TokenStatus, Validity};
use crate::request::{Field, RequestParts};
use crate::token::{TokenKind, TokenText};

/// Changes of the writer in one test, and the checks that must have raced with them.
const CHANGES: u64 = 100_000;
const CHECKS_LEAST: u64 = 1_000;

fn trusting(rule: &str) -> Networks {
    let rule: NetworkRule = rule.parse().unwrap();
    Networks {
        trusted: vec![rule.range()],
        banned: vec![],
    }
}

fn user(id: u64, name: &str, active: bool, networks: Networks) -> UserRecord {
    let (per_hour, concurrent) = (Limit::Inherit, Limit::Inherit);
    let name = name.parse().unwrap();
    UserRecord {
        id: UserId(id),
        name,
        active,
        operations: OperationSet::ALL,
        per_hour,
        concurrent,
        networks,
        password_epoch: 0,
    }
}

fn put_token(view: &LiveView, writer: &mut LiveWriter) -> TokenText {
    let text = TokenText::from_entropy(TokenKind::Authtoken, &[1; 32]);
    let digest = view.digest(text.well_formed().unwrap());
    let (kind, status, validity) = (TokenKind::Authtoken, TokenStatus::Active, Validity::ALWAYS);
    writer
        .put_token(&TokenRecord {
            id: TokenId(1),
            kind,
            digest,
            user: UserId(1),
            status,
            validity,
            authority: None,
        })
        .unwrap();
    text
}

/// Runs `change` over and over while checks from `peer` with `authorization` must all be denied.
fn never_passes(view: &LiveView, authorization: &str, peer: &str, mut change: impl FnMut()) {
    let (done, checks) = (AtomicU64::new(0), AtomicU64::new(0));
    let request = RequestParts {
        method: b"GET",
        peer: peer.parse().ok(),
        authorization: Field::Once(authorization.as_bytes()),
        ..RequestParts::default()
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            // Ordering: SeqCst; the test's own bookkeeping.
            while done.load(Ordering::SeqCst) == 0 {
                let verdict = check(view, &request, Timestamp::from_millis(1));
                assert!(
                    matches!(verdict, Verdict::Denial(_)),
                    "a state that never was let a request pass"
                );
                // Ordering: SeqCst; the test's own bookkeeping.
                checks.fetch_add(1, Ordering::SeqCst);
            }
        });
        for _ in 0..CHANGES {
            change();
        }
        // Ordering: SeqCst; the test's own bookkeeping.
        done.store(1, Ordering::SeqCst);
    });
    // Ordering: SeqCst; the test's own bookkeeping.
    let checks = checks.load(Ordering::SeqCst);
    assert!(checks >= CHECKS_LEAST, "only {checks} checks raced with the changes");
}

/// Active with foreign rules, or inactive with rules that would let the caller in: never both at once.
#[test]
fn a_users_state_and_rules_are_of_one_moment() {
    let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
    let states = [
        user(1, "alice", true, trusting("192.0.2.1")),
        user(1, "alice", false, trusting("10.0.0.1")),
    ];
    writer.put_user(&states[0]).unwrap();
    let text = put_token(&view, &mut writer);
    let mut turn = states.iter().cycle();
    never_passes(&view, &format!("Bearer {}", text.expose()), "10.0.0.1", || {
        writer.put_user(turn.next().unwrap()).unwrap()
    });
}

/// The token's user goes and another gets the slot; their name and rules are none of the token's.
#[test]
fn a_name_or_rule_of_whoever_got_the_slot_is_not_believed() {
    let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
    let (alice, bob) = (
        user(1, "alice", true, Networks::default()),
        user(2, "bob", true, trusting("10.0.0.1")),
    );
    writer.put_user(&alice).unwrap();
    let text = put_token(&view, &mut writer);
    let pair = format!("bob:{}", text.expose());
    let mut room = [0; 128];
    let basic = Base64::encode(pair.as_bytes(), &mut room).unwrap();
    never_passes(&view, &format!("Basic {basic}"), "10.0.0.1", || {
        writer.remove_user(UserId(1));
        writer.put_user(&bob).unwrap();
        writer.remove_user(UserId(2));
        writer.put_user(&alice).unwrap();
        let _ = put_token(&view, &mut writer);
    });
}

/// The caller is banned before alice is made active, and let in again only after she is inactive.
#[test]
fn what_the_server_says_is_no_older_than_what_is_said_of_a_user() {
    let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
    let server = |networks| ServerRecord {
        networks,
        ..ServerRecord::default()
    };
    let (open, shut) = (server(trusting("10.0.0.1")), server(trusting("192.0.2.1")));
    let state = |active| user(1, "alice", active, Networks::default());
    writer.set_server(&open).unwrap();
    writer.put_user(&state(false)).unwrap();
    let text = put_token(&view, &mut writer);
    never_passes(&view, &format!("Bearer {}", text.expose()), "10.0.0.1", || {
        writer.set_server(&shut).unwrap();
        writer.put_user(&state(true)).unwrap();
        writer.put_user(&state(false)).unwrap();
        writer.set_server(&open).unwrap();
    });
}

/// A record that goes from one digest to another stands under one of them at every moment, so its token always passes.
#[test]
fn a_token_that_is_upgraded_meanwhile_is_never_refused() {
    const UPGRADES: u64 = 1_000;
    let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
    let server = ServerRecord {
        networks: trusting("10.0.0.0/8"),
        foreign_tokens: ForeignForms::NONE.with(ForeignForm::Sha512),
        ..ServerRecord::default()
    };
    writer.set_server(&server).unwrap();
    writer.put_user(&user(1, "alice", true, Networks::default())).unwrap();
    let text = |number: u64| format!("made-elsewhere-{number:08}");
    let record = |number: u64, digest| TokenRecord {
        id: TokenId(number),
        kind: TokenKind::Authtoken,
        digest,
        user: UserId(1),
        status: TokenStatus::Active,
        validity: Validity::ALWAYS,
        authority: None,
    };
    let (present, checked, refused) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            // Ordering: SeqCst; the test's own bookkeeping.
            while checked.load(Ordering::SeqCst) != UPGRADES {
                // Ordering: SeqCst; the test's own bookkeeping.
                let number = present.load(Ordering::SeqCst);
                let bearer = format!("Bearer {}", text(number));
                let request = RequestParts {
                    method: b"GET",
                    peer: "10.0.0.1".parse().ok(),
                    authorization: Field::Once(bearer.as_bytes()),
                    ..RequestParts::default()
                };
                for _ in 0..4 {
                    let passes = matches!(check(&view, &request, Timestamp::from_millis(1)), Verdict::Permit(_));
                    // Ordering: SeqCst; the test's own bookkeeping.
                    refused.fetch_add(u64::from(number > 0 && !passes), Ordering::SeqCst);
                }
                // Ordering: SeqCst; the test's own bookkeeping.
                checked.store(number, Ordering::SeqCst);
            }
        });
        for number in 1..=UPGRADES {
            let text = text(number);
            let text = Foreign::parse(text.as_bytes()).ok().unwrap();
            let from = view.foreign_digest(&ForeignDigest::of(ForeignForm::Sha512, text).unwrap());
            let to = view.foreign(text);
            writer.put_token(&record(number, from)).unwrap();
            // Ordering: SeqCst; the test's own bookkeeping.
            present.store(number, Ordering::SeqCst);
            // Ordering: SeqCst; the test's own bookkeeping.
            while checked.load(Ordering::SeqCst) != number {
                thread::yield_now();
            }
            writer.put_token(&record(number, to)).unwrap();
            writer.remove_token(&from);
        }
    });
    // Ordering: SeqCst; the test's own bookkeeping.
    assert_eq!(refused.load(Ordering::SeqCst), 0, "refused while they moved");
    assert_eq!(writer.counts(), (1, UPGRADES));
}
