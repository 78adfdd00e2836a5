//! A backup is one moment of the store, opens like a store, and never takes the place of a file.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use support::{World, issue, options, refused};
use tollgate::{BackupError, Engine, RevokeToken};

fn open(world: &World, name: &str) -> Engine {
    options(&world.clock).open(world.folder.path().join(name)).unwrap()
}

#[test]
fn a_backup_made_under_load_holds_every_command_up_to_its_revision() {
    let world = World::new();
    let user = world.user("ann");
    let stop = AtomicBool::new(false);
    let path = world.folder.path().join("copy.redb");
    let (report, issued) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut issued = Vec::new();
            // Ordering: Relaxed; the flag only ends the load.
            while !stop.load(Ordering::Relaxed) {
                let token = issue(&world.engine, &user);
                issued.push((world.engine.revision(), token));
            }
            issued
        });
        let report = world.engine.backup(&path).unwrap();
        // Ordering: Relaxed, as above.
        stop.store(true, Ordering::Relaxed);
        (report, writer.join().unwrap())
    });
    let copy = open(&world, "copy.redb");
    assert_eq!(copy.revision(), report.revision);
    for (revision, token) in &issued {
        let passes = refused(&copy, token.token.expose()).is_none();
        assert_eq!(
            passes,
            *revision <= report.revision,
            "{} in a backup of {}",
            revision.0,
            report.revision.0
        );
    }
    assert!(copy.verify().unwrap().findings.is_empty());
    assert!(!path.with_extension("redb.partial").exists());
}

#[test]
fn a_backup_goes_its_own_way() {
    let world = World::new();
    let user = world.user("ann");
    let token = world.token(&user);
    let path = world.folder.path().join("copy.redb");
    world.engine.backup(&path).unwrap();
    world.engine.execute(RevokeToken { id: token.record.id }).unwrap();
    let copy = open(&world, "copy.redb");
    assert_eq!(
        refused(&copy, token.token.expose()),
        None,
        "the moment before the revocation"
    );
    assert_ne!(
        copy.feed_identity(),
        world.engine.feed_identity(),
        "a replica must not mistake one for the other"
    );
    let (again, other) = (issue(&copy, &user).record.id, issue(&world.engine, &user).record.id);
    assert_eq!(again, other, "ids go on where they were");
}

#[test]
fn no_file_is_overwritten() {
    let world = World::new();
    let path = world.folder.path().join("copy.redb");
    std::fs::write(&path, "precious").unwrap();
    assert_eq!(
        world.engine.backup(&path),
        Err(BackupError::Exists { path: path.clone() })
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    let partial = world.folder.path().join("other.redb.partial");
    std::fs::write(&partial, "under way").unwrap();
    let other = world.folder.path().join("other.redb");
    assert_eq!(
        world.engine.backup(&other),
        Err(BackupError::Exists { path: partial.clone() })
    );
    assert_eq!(std::fs::read(&partial).unwrap(), b"under way");
    std::fs::remove_file(&partial).unwrap();
    assert_eq!(world.engine.backup(&other).unwrap().rows, 15, "the twin");
}
