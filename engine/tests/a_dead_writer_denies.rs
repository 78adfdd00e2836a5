//! When nobody learns of changes any more, no check passes any more.
//!
//! A peer's background worker died, and its index went on answering for days: every token that was revoked meanwhile still
//! passed. Here the writer dies by a clock that panics where nothing catches it, and by being closed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use support::{BEGIN, World, options, request};
use tollgate::{
    AddUser, Clock, DenyReason, Engine, ExecuteError, Lagged, Limit, ReadError, SetUser, Timestamp, Unavailable,
    UserChanges, Verdict,
};

/// Says [`BEGIN`], until it is told to panic.
#[derive(Default)]
struct Fuse(AtomicBool);

impl Clock for Fuse {
    fn now(&self) -> Timestamp {
        // Ordering: SeqCst; the test's own order is all that counts.
        assert!(!self.0.load(Ordering::SeqCst), "the clock broke, as planned");
        BEGIN
    }
}

fn refused(engine: &Engine, token: &str) -> Option<DenyReason> {
    let bearer = format!("Bearer {token}");
    match engine.check(&request(bearer.as_bytes()), BEGIN) {
        Verdict::Permit(_) => None,
        Verdict::Denial(denial) => Some(denial.reason),
    }
}

#[test]
fn a_writer_that_panics_takes_all_checks_along() {
    let world = World::new();
    let user = world.user("ann");
    let token = world.token(&user).token;
    world.engine.clone().close();
    let fuse = Arc::new(Fuse::default());
    let engine = options(&world.clock)
        .clock(Arc::clone(&fuse) as _)
        .open(world.path())
        .unwrap();
    let mut cursor = engine.subscribe(engine.position()).unwrap();
    let per_hour = NonZeroU32::new(1_000).map(Limit::AtMost);
    let changes = UserChanges {
        per_hour,
        ..UserChanges::default()
    };
    engine.execute(SetUser { name: user, changes }).unwrap();
    assert_eq!(
        refused(&engine, token.expose()),
        None,
        "the twin, and a counter to write"
    );
    assert!(cursor.next(Duration::ZERO).unwrap().is_some());

    // Ordering: SeqCst, as above.
    fuse.0.store(true, Ordering::SeqCst);
    let died = engine.checkpoint().unwrap_err();
    assert!(matches!(died, Unavailable::InDoubt { .. }), "{died}");
    assert_eq!(
        cursor.next(Duration::from_secs(60)),
        Err(Lagged::Closed),
        "which waits until the thread has gone"
    );
    assert_eq!(refused(&engine, token.expose()), Some(DenyReason::StaleView));
    let refusal = engine.execute(AddUser::named("ben".parse().unwrap())).unwrap_err();
    assert!(matches!(refusal, ExecuteError::Unavailable(_)), "{refusal}");
    assert_eq!(engine.users().unwrap().len(), 1, "lists are still read from the store");
}

#[test]
fn a_command_that_panics_ends_writing_but_not_checks() {
    let world = World::new();
    let user = world.user("ann");
    let token = world.token(&user).token;
    world.engine.clone().close();
    let fuse = Arc::new(Fuse::default());
    let engine = options(&world.clock)
        .clock(Arc::clone(&fuse) as _)
        .open(world.path())
        .unwrap();
    // Ordering: SeqCst, as above.
    fuse.0.store(true, Ordering::SeqCst);
    let first = engine.execute(AddUser::named("ben".parse().unwrap())).unwrap_err();
    assert!(
        matches!(&first, ExecuteError::Unavailable(Unavailable::NotDone { .. })),
        "{first}"
    );
    // Ordering: SeqCst, as above.
    fuse.0.store(false, Ordering::SeqCst);
    let second = engine.execute(AddUser::named("ben".parse().unwrap())).unwrap_err();
    assert!(
        matches!(&second, ExecuteError::Unavailable(Unavailable::Poisoned { .. })),
        "{second}"
    );
    assert_eq!(refused(&engine, token.expose()), None);
}

#[test]
fn a_closed_engine_denies_on_every_clone() {
    let world = World::new();
    let user = world.user("ann");
    let token = world.token(&user).token;
    let clone = world.engine.clone();
    assert_eq!(refused(&clone, token.expose()), None);
    world.engine.clone().close();
    assert_eq!(refused(&clone, token.expose()), Some(DenyReason::StaleView));
    assert_eq!(clone.users(), Err(ReadError::Closed));
    let refusal = clone.execute(AddUser::named("ben".parse().unwrap())).unwrap_err();
    assert_eq!(refusal, ExecuteError::Unavailable(Unavailable::Closed));
}
