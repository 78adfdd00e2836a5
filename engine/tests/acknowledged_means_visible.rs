//! A command that has returned is seen by every check that begins afterwards.
//!
//! Others answer a revocation from a queue and let the token pass until a cache runs out. Here many threads check while
//! one revokes; each takes the moment of the acknowledgement from a shared word, and a check that began after it must not
//! pass.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use support::{World, refused};
use tollgate::{
    AddNetwork, DenyReason, ExecuteError, ExpireToken, Refusal, RemoveNetwork, RemoveUser, RevokeToken, SetUser,
    Standing, UserChanges,
};

#[test]
fn revoke_returns_and_no_check_passes_on_any_thread() {
    let world = World::new();
    let user = world.user("alice");
    for round in 0..20 {
        let issued = world.token(&user);
        let (token, id) = (issued.token.expose().to_owned(), issued.record.id);
        let (revoked, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (passed, late) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // Ordering: SeqCst throughout; this test is about real order, not about cost.
                    while !stop.load(Ordering::SeqCst) {
                        let began_after = revoked.load(Ordering::SeqCst);
                        let passes = refused(&world.engine, &token).is_none();
                        let count = if began_after { &late } else { &passed };
                        // Ordering: SeqCst, as above.
                        count.fetch_add(u64::from(passes), Ordering::SeqCst);
                    }
                });
            }
            // Ordering: SeqCst, as above. Revoking waits until somebody has passed, so that there is something to stop.
            while passed.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            world.engine.execute(RevokeToken { id }).unwrap();
            // Ordering: SeqCst, as above.
            revoked.store(true, Ordering::SeqCst);
            assert_eq!(world.refused(&token), Some(DenyReason::Revoked));
            // Ordering: SeqCst, as above.
            stop.store(true, Ordering::SeqCst);
        });
        // Ordering: SeqCst, as above.
        assert_eq!(late.load(Ordering::SeqCst), 0, "round {round}");
    }
}

#[test]
fn every_command_is_seen_by_the_next_check() {
    let world = World::new();
    let user = world.user("bob");
    let token = world.token(&user);
    let text = token.token.expose();
    assert_eq!(world.refused(text), None);

    let set = |active| {
        let changes = UserChanges {
            active: Some(active),
            ..UserChanges::default()
        };
        world
            .engine
            .execute(SetUser {
                name: user.clone(),
                changes,
            })
            .unwrap()
    };
    set(false);
    assert_eq!(world.refused(text), Some(DenyReason::Suspended));
    set(true);
    assert_eq!(world.refused(text), None);

    let rule: tollgate::NetworkRule = "127.0.0.1".parse().unwrap();
    let ban = AddNetwork {
        rule: rule.clone(),
        standing: Standing::Banned,
        user: Some(user.clone()),
    };
    world.engine.execute(ban).unwrap();
    assert_eq!(world.refused(text), Some(DenyReason::NetworkRefused));
    world
        .engine
        .execute(RemoveNetwork {
            rule,
            user: Some(user.clone()),
        })
        .unwrap();
    assert_eq!(world.refused(text), None);

    world
        .engine
        .execute(ExpireToken {
            id: token.record.id,
            at: world.engine.now(),
        })
        .unwrap();
    assert_eq!(world.refused(text), Some(DenyReason::Expired));

    let other = world.token(&user);
    assert_eq!(world.refused(other.token.expose()), None);
    world.engine.execute(RemoveUser { name: user.clone() }).unwrap();
    assert_eq!(world.refused(other.token.expose()), Some(DenyReason::UnknownToken));
    let gone = world.engine.execute(RevokeToken { id: other.record.id }).unwrap_err();
    assert_eq!(
        gone,
        ExecuteError::Refused(Refusal::NoSuchToken { id: other.record.id })
    );
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    let world = World::new();
    let user = world.user("carol");
    let (kept, revoked) = (world.token(&user), world.token(&user));
    world.engine.execute(RevokeToken { id: revoked.record.id }).unwrap();
    let (revision, identity) = (world.engine.revision(), world.engine.feed_identity());
    let world = world.reopen();
    assert_eq!(world.refused(kept.token.expose()), None);
    assert_eq!(world.refused(revoked.token.expose()), Some(DenyReason::Revoked));
    assert_eq!(
        (world.engine.revision(), world.engine.feed_identity()),
        (revision, identity)
    );
    let ids: Vec<_> = world
        .engine
        .tokens(Some(&user))
        .unwrap()
        .into_iter()
        .map(|token| token.id)
        .collect();
    assert_eq!(ids, [kept.record.id, revoked.record.id]);
}
