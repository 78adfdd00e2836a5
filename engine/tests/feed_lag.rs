//! A reader of the feed gets every change set in order, or is told that it cannot; it never misses one silently.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::time::Duration;

use support::{World, options};
use tollgate::{AddUser, Engine, Lagged, Revision, RevokeToken, SetUser, UserChanges};

fn toggle(engine: &Engine, times: u64) {
    let name: tollgate::UserName = "flip".parse().unwrap();
    for turn in 0..times {
        let changes = UserChanges {
            active: Some(turn % 2 == 1),
            ..UserChanges::default()
        };
        engine
            .execute(SetUser {
                name: name.clone(),
                changes,
            })
            .unwrap();
    }
}

/// A world whose ring holds 4 sets and whose tail holds 20 changes.
fn narrow() -> World {
    let world = World::new();
    let path = world.path();
    let World { engine, clock, folder } = world;
    engine.close();
    let engine = options(&clock).feed_bounds(4, 20).open(path).unwrap();
    engine.execute(AddUser::named("flip".parse().unwrap())).unwrap();
    World { engine, clock, folder }
}

#[test]
fn a_reader_within_the_tail_gets_every_set_and_one_behind_it_is_told() {
    let world = narrow();
    let early = world.engine.revision();
    let mut cursor = world.engine.subscribe(world.engine.feed_identity().at(early)).unwrap();
    toggle(&world.engine, 10);
    let seen: Vec<u64> = std::iter::from_fn(|| cursor.next(Duration::ZERO).unwrap())
        .map(|set| set.revision.0)
        .collect();
    assert_eq!(
        seen,
        (early.0 + 1..=early.0 + 10).collect::<Vec<_>>(),
        "ring and tail join without a gap"
    );

    let mut slow = world.engine.subscribe(world.engine.feed_identity().at(early)).unwrap();
    toggle(&world.engine, 30);
    assert_eq!(slow.next(Duration::ZERO), Err(Lagged::Behind { after: early }));
    assert_eq!(
        slow.next(Duration::ZERO),
        Err(Lagged::Behind { after: early }),
        "a gap stays a gap"
    );
    assert_eq!(
        world.engine.subscribe(world.engine.feed_identity().at(early)).err(),
        Some(Lagged::Behind { after: early })
    );

    let snapshot = world.engine.snapshot().unwrap();
    let mut again = world.engine.subscribe(snapshot.position()).unwrap();
    toggle(&world.engine, 1);
    assert_eq!(
        again.next(Duration::ZERO).unwrap().map(|set| set.revision.0),
        Some(snapshot.revision.0 + 1)
    );
}

#[test]
fn the_tail_outlives_the_process() {
    let world = narrow();
    let early = world.engine.revision();
    toggle(&world.engine, 6);
    let world = world.reopen();
    let mut cursor = world.engine.subscribe(world.engine.feed_identity().at(early)).unwrap();
    let seen = std::iter::from_fn(|| cursor.next(Duration::ZERO).unwrap()).count();
    assert_eq!(seen, 6);
}

#[test]
fn a_reader_from_the_future_is_told() {
    let world = World::new();
    let newest = world.engine.revision();
    let after = Revision(newest.0 + 1);
    assert_eq!(
        world.engine.subscribe(world.engine.feed_identity().at(after)).err(),
        Some(Lagged::Ahead { after, newest })
    );
    assert!(world.engine.subscribe(world.engine.position()).is_ok(), "the twin");
}

/// A replica went on by the sets of a restored backup, and arrived at its revision without knowing of a revocation.
#[test]
fn a_reader_of_another_feed_is_told() {
    let world = World::new();
    let token = world.token(&world.user("ann"));
    let path = world.folder.path().join("copy.redb");
    world.engine.backup(&path).unwrap();
    world.user("ben");
    let mut replica = world.engine.snapshot().unwrap();
    let copy = options(&world.clock).open(&path).unwrap();
    copy.execute(RevokeToken { id: token.record.id }).unwrap();
    copy.execute(AddUser::named("cid".parse().unwrap())).unwrap();
    let lagged = Lagged::AnotherFeed {
        found: replica.feed,
        expected: copy.feed_identity(),
    };
    assert_eq!(copy.subscribe(replica.position()).err(), Some(lagged));
    let mut cursor = copy.subscribe(copy.feed_identity().at(replica.revision)).unwrap();
    let set = cursor.next(Duration::ZERO).unwrap().unwrap();
    assert_eq!(set.revision.0, replica.revision.0 + 1);
    assert!(!replica.apply(&set), "it is of another feed");

    let mut cursor = world.engine.subscribe(replica.position()).unwrap();
    world.user("dee");
    let set = cursor.next(Duration::ZERO).unwrap().unwrap();
    assert!(replica.apply(&set), "the twin");
    assert_eq!(cursor.position(), replica.position());
}

#[test]
fn waiting_ends_with_the_next_set_or_with_the_engine() {
    let world = World::new();
    let mut cursor = world.engine.subscribe(world.engine.position()).unwrap();
    assert_eq!(cursor.next(Duration::ZERO), Ok(None));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let set = cursor.next(Duration::from_secs(60)).unwrap().unwrap();
            (set.revision, cursor.next(Duration::from_secs(60)))
        });
        world.engine.execute(AddUser::named("dora".parse().unwrap())).unwrap();
        let revision = world.engine.revision();
        world.engine.clone().close();
        assert_eq!(waiting.join().unwrap(), (revision, Err(Lagged::Closed)));
    });
}

/// A tail shorter than one transaction lost the transaction that it was cut after, and the store looked damaged.
#[test]
fn the_newest_set_stays_however_short_the_tail() {
    for tail in [0, 1, 2] {
        let world = World::new();
        world.user("flip");
        let (path, before) = (world.path(), world.engine.position());
        let World { engine, clock, folder } = world;
        engine.close();
        let engine = options(&clock).feed_bounds(0, tail).open(path).unwrap();
        drop(engine.subscribe(before).unwrap());
        let last = engine.position();
        toggle(&engine, 1);
        let mut cursor = engine.subscribe(last).unwrap();
        assert!(cursor.next(Duration::ZERO).unwrap().is_some());
        toggle(&engine, 4);
        let report = engine.verify().unwrap();
        assert_eq!((report.changes, report.findings), (tail.max(1), vec![]), "{tail}");
        engine.backup(folder.path().join("copy.redb")).unwrap();
    }
}
