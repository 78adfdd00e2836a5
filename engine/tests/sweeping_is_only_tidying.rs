//! Expiry never waits for the sweeper, and the sweeper never takes what may still be used.
//!
//! A peer enforced expiry by deleting rows every five minutes: until then an expired token passed. Here the moment itself
//! decides, with the sweeper off; and the sweeper, run by hand, changes no decision but the reason of a refusal.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use support::{BEGIN, World};
use tollgate::{AddUser, DenyReason, IssueAuthtoken, Issued, RemoveUser, RevokeToken, Timestamp, UserName};

fn expiring(world: &World, user: &UserName, seconds: u64) -> Issued {
    let expires_at = Some(BEGIN.plus_millis(seconds * 1_000));
    let command = IssueAuthtoken {
        user: user.clone(),
        expires_at,
        not_before: None,
    };
    world.engine.execute(command).unwrap()
}

#[test]
fn the_moment_of_expiry_decides_without_a_sweeper() {
    let world = World::new();
    let user = world.user("ann");
    let token = expiring(&world, &user, 100).token;
    for (millis, refused) in [
        (99_999, None),
        (100_000, Some(DenyReason::Expired)),
        (100_001, Some(DenyReason::Expired)),
    ] {
        world.clock.set(BEGIN.plus_millis(millis));
        assert_eq!(world.refused(token.expose()), refused, "{millis}");
    }
}

#[test]
fn what_ended_long_ago_is_taken_away_and_nothing_else() {
    let world = World::short_lived(1_000);
    let user = world.user("ann");
    let (forever, soon, later) = (
        world.token(&user),
        expiring(&world, &user, 100),
        expiring(&world, &user, 5_000),
    );
    let revoked = world.token(&user);
    world.engine.execute(RevokeToken { id: revoked.record.id }).unwrap();

    world.clock.set(BEGIN.plus_millis(1_099_000));
    assert_eq!(world.engine.sweep().unwrap().tokens, 1, "the revoked one");
    assert_eq!(world.refused(revoked.token.expose()), Some(DenyReason::UnknownToken));
    assert_eq!(world.refused(soon.token.expose()), Some(DenyReason::Expired));

    world.clock.set(BEGIN.plus_millis(1_101_000));
    assert_eq!(world.engine.sweep().unwrap().tokens, 1, "the expired one");
    assert_eq!(world.refused(soon.token.expose()), Some(DenyReason::UnknownToken));
    assert_eq!(world.engine.sweep().unwrap().tokens, 0);
    for kept in [&forever, &later] {
        assert_eq!(world.refused(kept.token.expose()), None);
    }
    let ids: Vec<_> = world
        .engine
        .tokens(None)
        .unwrap()
        .iter()
        .map(|token| token.id)
        .collect();
    assert_eq!(ids, [forever.record.id, later.record.id]);
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

/// How many tokens each sweep takes away until there is no more to do.
fn sweeps(world: &World) -> Vec<usize> {
    let mut tokens = Vec::new();
    loop {
        let swept = world.engine.sweep().unwrap();
        tokens.push(swept.tokens);
        assert!(tokens.len() < 100, "sweeping never ends");
        if !swept.more {
            return tokens;
        }
    }
}

/// Users who had gone without a token held up those behind them, because the first sweep took no token away.
#[test]
fn departed_users_without_tokens_hold_nothing_up() {
    let world = World::new();
    let names: Vec<UserName> = (0..600).map(|at| format!("u{at}").parse().unwrap()).collect();
    let add = |name: &UserName| world.engine.submit(AddUser::named(name.clone())).unwrap();
    let added: Vec<_> = names.iter().map(add).collect();
    for added in added {
        added.wait().unwrap();
    }
    world.token(&names[599]);
    let remove = |name: &UserName| world.engine.submit(RemoveUser { name: name.clone() }).unwrap();
    let removed: Vec<_> = names.iter().map(remove).collect();
    for removed in removed {
        removed.wait().unwrap();
    }
    assert_eq!(sweeps(&world), [0, 1]);
    assert_eq!(world.engine.verify().unwrap().tokens, 0);
}

#[test]
fn tokens_of_a_removed_user_go_in_bounded_batches_and_the_name_is_free_at_once() {
    let world = World::new();
    let (gone, other) = (world.user("ann"), world.user("ben"));
    let tokens: Vec<Issued> = std::thread::scope(|scope| {
        let spawn = |_| scope.spawn(|| (0..40).map(|_| world.token(&gone)).collect::<Vec<_>>());
        let threads: Vec<_> = (0..20).map(spawn).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let kept = world.token(&other);
    world.engine.execute(RemoveUser { name: gone.clone() }).unwrap();
    let again = world.token(&world.user("ann"));
    assert_eq!(sweeps(&world), [512, 288]);
    for token in &tokens {
        assert_eq!(world.refused(token.token.expose()), Some(DenyReason::UnknownToken));
    }
    for kept in [&kept, &again] {
        assert_eq!(world.refused(kept.token.expose()), None);
    }
    let report = world.engine.verify().unwrap();
    assert_eq!((report.tokens, report.findings), (2, vec![]));
}

/// What was deleted by a clock that was wrong for a moment stayed deleted.
#[test]
fn a_moment_of_a_wrong_clock_takes_nothing_away() {
    let world = World::short_lived(1_000);
    let user = world.user("ann");
    let token = expiring(&world, &user, 3_000);
    for wrong in [Timestamp::MAX, BEGIN.plus_millis(10 * 365 * 86_400_000)] {
        world.clock.set(wrong);
        assert_eq!(world.engine.sweep().unwrap().tokens, 0, "{wrong}");
        world.clock.set(BEGIN);
        assert_eq!(world.engine.sweep().unwrap().tokens, 0, "{wrong}");
        assert_eq!(world.refused(token.token.expose()), None, "{wrong}");
    }
    world.clock.set(BEGIN.plus_millis(5_000_000));
    assert_eq!(world.engine.sweep().unwrap().tokens, 0, "a look");
    assert_eq!(world.engine.sweep().unwrap().tokens, 1, "and another that bears it out");
}
