//! A commit whose outcome nobody knows: followers are told to believe nothing, those who wait at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use tollgate::feed_wire::{Follower, FrameKey, FrameKind, Heard};
use tollgate::{ExecuteError, StorageBackend, Unavailable};
use tollgate_http::Bounds;

use super::asking::{changes, empty, over_socket, page, token};
use super::polls::polled;
use crate::support::running::Running;
use crate::support::{World, issue};

/// A disk in memory, whose syncs can be made to fail.
#[derive(Clone, Debug, Default)]
struct Disk {
    bytes: Arc<RwLock<Vec<u8>>>,
    fails: Arc<AtomicBool>,
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.bytes.read().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let begin = offset as usize;
        out.copy_from_slice(&self.bytes.read()[begin..begin + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.bytes.write().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        // Ordering: SeqCst, because a test has no need for less.
        if self.fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is broken"));
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), io::Error> {
        let begin = offset as usize;
        self.bytes.write()[begin..begin + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

#[test]
fn after_a_commit_of_unknown_outcome_every_question_is_answered_with_doubt() {
    let disk = Disk::default();
    let world = World::made_with(|options| options.backend(disk.clone()));
    let issued = token(&world);
    let server = Running::start(&world, Bounds::default());
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let twin = over_socket(&server, secret, &changes(at.feed, at.revision, 0, "0"));
    assert_eq!(empty(twin, secret).kind, FrameKind::Changes);
    let path = changes(at.feed, at.revision, 0, "30");
    let told = polled(&server, secret, &path, || {
        // Ordering: SeqCst, as above.
        disk.fails.store(true, Ordering::SeqCst);
        let failed = world.engine.execute(issue("alice"));
        assert!(
            matches!(failed, Err(ExecuteError::Unavailable(Unavailable::InDoubt { .. }))),
            "{failed:?}"
        );
    });
    let head = empty(told, secret);
    assert_eq!(
        (head.kind, head.feed, head.from),
        (FrameKind::Doubt, at.feed.0, at.revision)
    );
    assert!(head.held_ms < 20_000, "who waits is told at once: {}", head.held_ms);
    let behind = tollgate::Revision(at.revision.0 - 1);
    for path in [path, changes(at.feed, behind, 0, "0"), page(None)] {
        assert_eq!(
            empty(over_socket(&server, secret, &path), secret).kind,
            FrameKind::Doubt,
            "{path}"
        );
    }
    // The follower of the proxies understands it, whatever it has asked.
    let mut follower = Follower::new(FrameKey::of_token(secret.as_bytes()));
    let asked = follower.ask([1; 16], 0, 1_000).unwrap();
    let answer = over_socket(&server, secret, &asked);
    assert_eq!(answer.status, 503);
    assert_eq!(follower.hear(answer.body, 1_001), Ok(Heard::Doubt));
}
