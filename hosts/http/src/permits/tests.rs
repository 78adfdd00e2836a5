//! The table of permits by its own clock.

use std::net::IpAddr;

use tollgate::{
    AddNetwork, AddUser, Engine, Field, IssueAuthtoken, OpenOptions, PepperKey, RequestParts, Standing, UserChanges,
    Verdict,
};

use super::*;

/// An engine whose one user may have `most` requests under way, and how to ask for one.
struct World {
    engine: Engine,
    bearer: String,
    _folder: tempfile::TempDir,
}

const PEER: &str = "192.0.2.1";

impl World {
    fn new(most: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions::new().create(true).key(PepperKey::from_bytes([1; 32]));
        let engine = options.open(folder.path().join("tollgate.redb")).unwrap();
        let rule = PEER.parse().unwrap();
        let standing = Standing::Trusted;
        let user = None;
        engine.execute(AddNetwork { rule, standing, user }).unwrap();
        let alice = engine.execute(AddUser::named("alice".parse().unwrap())).unwrap();
        let changes = UserChanges {
            concurrent: most.to_string().parse().ok(),
            ..UserChanges::default()
        };
        let name = alice.name.clone();
        engine.execute(tollgate::SetUser { name, changes }).unwrap();
        let issue = IssueAuthtoken {
            user: alice.name,
            expires_at: None,
            not_before: None,
        };
        let bearer = format!("Bearer {}", engine.execute(issue).unwrap().token.expose());
        Self {
            engine,
            bearer,
            _folder: folder,
        }
    }

    fn permit(&self) -> Option<HeldPermit> {
        let parts = RequestParts {
            method: b"GET",
            peer: PEER.parse::<IpAddr>().ok(),
            authorization: Field::Once(self.bearer.as_bytes()),
            ..RequestParts::default()
        };
        match self.engine.check(&parts, self.engine.now()) {
            Verdict::Permit(permit) => Some(permit.hold()),
            Verdict::Denial(_) => None,
        }
    }
}

fn permits(most: usize) -> Permits {
    Permits::new(most, Gauge::default())
}

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn there_is_room_for_so_many_and_room_that_is_not_used_comes_back() {
    let (world, permits) = (World::new(10), permits(2));
    let (one, two) = (permits.room().unwrap(), permits.room().unwrap());
    assert!(permits.room().is_none());
    drop(one);
    let three = permits.room().unwrap();
    let two = two.keep(world.permit().unwrap(), second(60));
    let three = three.keep(world.permit().unwrap(), second(60));
    assert!(permits.room().is_none());
    assert!(permits.release(&two));
    assert!(!permits.release(&two), "it was held once");
    assert!(permits.room().is_some());
    assert!(permits.release(&three));
}

#[test]
fn a_closed_table_frees_what_it_held_and_holds_nothing_any_more() {
    let (world, permits) = (World::new(1), permits(2));
    let late = permits.room().unwrap();
    let held = permits.room().unwrap().keep(world.permit().unwrap(), second(60));
    assert!(world.permit().is_none());
    permits.close();
    assert!(world.permit().is_some());
    assert!(!permits.release(&held) && permits.room().is_none());
    late.keep(world.permit().unwrap(), second(60));
    assert!(world.permit().is_some(), "what comes after the end is not held");
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_freed_when_its_time_is_over_and_not_before() {
    let (world, permits) = (World::new(2), permits(10));
    let hold = |seconds| permits.room().unwrap().keep(world.permit().unwrap(), second(seconds));
    let (long, short) = (hold(60), hold(2));
    tokio::time::advance(second(2) - Duration::from_millis(1)).await;
    tokio::task::yield_now().await;
    assert!(world.permit().is_none());
    tokio::time::advance(TURN).await;
    tokio::task::yield_now().await;
    assert!(world.permit().is_some(), "one of two is freed");
    assert!(!permits.release(&short));
    assert!(permits.release(&long));
    assert_eq!(permits.0.gauge.get(), 0);
    // The task that frees has nothing to do any more; a later permit begins it again.
    tokio::time::advance(TURN).await;
    tokio::task::yield_now().await;
    assert!(!permits.0.table.lock().turning);
    hold(1);
    tokio::time::advance(second(1) + TURN).await;
    tokio::task::yield_now().await;
    assert!(permits.0.table.lock().held.is_empty());
}

#[test]
fn a_runtime_that_ends_leaves_the_table_working() {
    let (world, permits) = (World::new(1), permits(10));
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let id = runtime.block_on(async { permits.room().unwrap().keep(world.permit().unwrap(), second(60)) });
        assert!(permits.0.table.lock().turning);
        drop(runtime);
        assert!(!permits.0.table.lock().turning);
        assert!(permits.release(&id));
    }
}
