//! Neither a restart nor any command refunds an hourly quota; a crash forgets at most what no checkpoint has written.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::num::NonZeroU32;

use support::{BEGIN, World, options};
use tollgate::{DenyReason, Limit, SetSetting, SetUser, Setting, UserChanges, UserName};

fn limit(world: &World, user: &UserName, most: u32) {
    let per_hour = Some(Limit::AtMost(NonZeroU32::new(most).unwrap()));
    let changes = UserChanges {
        per_hour,
        ..UserChanges::default()
    };
    world
        .engine
        .execute(SetUser {
            name: user.clone(),
            changes,
        })
        .unwrap();
}

fn passes(world: &World, token: &str) -> u32 {
    (0..100)
        .take_while(|_| world.refused(token).is_none())
        .count()
        .try_into()
        .unwrap()
}

#[test]
fn a_clean_restart_keeps_every_charge() {
    let world = World::new();
    let user = world.user("ann");
    limit(&world, &user, 5);
    let token = world.token(&user).token;
    for _ in 0..3 {
        assert_eq!(world.refused(token.expose()), None);
    }
    let world = world.reopen();
    assert_eq!(passes(&world, token.expose()), 2);
    assert_eq!(world.refused(token.expose()), Some(DenyReason::RateExceeded));
    let world = world.reopen();
    assert_eq!(passes(&world, token.expose()), 0);
    world.clock.set(BEGIN.plus_millis(3_600_000));
    assert_eq!(passes(&world, token.expose()), 5, "the twin: a new hour");
}

#[test]
fn no_command_refunds() {
    let world = World::new();
    let user = world.user("ben");
    limit(&world, &user, 4);
    let token = world.token(&user).token;
    assert_eq!(passes(&world, token.expose()), 4);
    limit(&world, &user, 5);
    assert_eq!(passes(&world, token.expose()), 1, "a higher limit gives its difference");
    let other = world.token(&user).token;
    assert_eq!(passes(&world, other.expose()), 0, "a new token is not a new quota");
    let per_hour = Limit::AtMost(NonZeroU32::new(9).unwrap());
    world
        .engine
        .execute(SetSetting {
            setting: Setting::PerHour(per_hour),
        })
        .unwrap();
    assert_eq!(passes(&world, token.expose()), 0, "the user's own limit stands");
}

/// A copy of the file while the engine runs is what a crash leaves.
#[test]
fn a_crash_forgets_only_what_came_after_the_last_checkpoint() {
    let world = World::new();
    let user = world.user("cid");
    limit(&world, &user, 10);
    let token = world.token(&user).token;
    for _ in 0..3 {
        assert_eq!(world.refused(token.expose()), None);
    }
    world.engine.checkpoint().unwrap();
    for _ in 0..2 {
        assert_eq!(world.refused(token.expose()), None);
    }
    let crashed = world.folder.path().join("crashed.redb");
    std::fs::copy(world.path(), &crashed).unwrap();
    let World { engine, clock, folder } = world;
    let after = World {
        engine: options(&clock).open(crashed).unwrap(),
        clock: clock.clone(),
        folder,
    };
    assert_eq!(
        passes(&after, token.expose()),
        7,
        "the two charges after the checkpoint are the bound"
    );
    drop(engine);
}

#[test]
fn counters_whose_hour_is_over_are_let_go_of() {
    let world = World::new();
    let user = world.user("dee");
    limit(&world, &user, 2);
    let token = world.token(&user).token;
    assert_eq!(passes(&world, token.expose()), 2);
    world.engine.checkpoint().unwrap();
    assert_eq!(world.engine.verify().unwrap().counters, 1);
    world.clock.set(BEGIN.plus_millis(3 * 3_600_000));
    // The clock has jumped, so the first call only looks.
    world.engine.sweep().unwrap();
    world.engine.sweep().unwrap();
    world.engine.checkpoint().unwrap();
    assert_eq!(world.engine.verify().unwrap().counters, 0);
    assert_eq!(passes(&world, token.expose()), 2);
}
