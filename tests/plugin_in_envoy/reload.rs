//! Other configurations and other modules, while clients go on asking.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::json;
use tollgate_core::DenyReason;
use tollgate_tests::http::{Broken, Connection, Request};
use tollgate_tests::wait::{self, PATIENCE};

use super::answers::assert_refused;
use super::scene::{ALICE, BOB, PLUGIN, Scene, configuration, filter, people, token_of};

/// Clients that ask without a pause, each on a connection of its own.
struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn of(count: usize, address: SocketAddr) -> Self {
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let client = |_| {
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            thread::spawn(move || ask(address, &stop, &asked))
        };
        let clients = (0..count).map(client).collect();
        Self { stop, asked, clients }
    }

    /// Waits until so many more requests were answered.
    fn goes_on(&self, count: u64) {
        // Ordering: a count alone.
        let before = self.asked.load(Ordering::Relaxed);
        wait::until("the clients have asked on", PATIENCE, || {
            (self.asked.load(Ordering::Relaxed) >= before + count).then_some(())
        });
    }

    /// Everything that went wrong.
    fn end(self) -> Vec<String> {
        // Ordering: nothing else is told by it.
        self.stop.store(true, Ordering::Relaxed);
        self.clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    }
}

fn ask(address: SocketAddr, stop: &AtomicBool, asked: &AtomicU64) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut connection = Connection::open(address).unwrap();
    // Ordering: a flag and a count, nothing else is told by them.
    while !stop.load(Ordering::Relaxed) {
        for (name, expected) in [(ALICE, 200), ("nobody", 401), (BOB, 200)] {
            let request = Request::get("/").bearer(&token_of(name));
            match connection.send(&request) {
                Ok(answer) => {
                    if answer.status != expected {
                        let body = String::from_utf8_lossy(&answer.body).into_owned();
                        wrong.push(format!("{name}: {} {body}", answer.status));
                    }
                    if answer.field("connection") == Some("close") {
                        connection = Connection::open(address).unwrap();
                    }
                }
                // An old listener may close between two requests.
                Err(Broken::Unanswered(_)) => connection = Connection::open(address).unwrap(),
                Err(broken) => wrong.push(format!("{name}: {broken}")),
            }
            // Ordering: a count alone.
            asked.fetch_add(1, Ordering::Relaxed);
        }
    }
    wrong
}

#[test]
fn nobody_notices_another_configuration_or_another_module() {
    let more = json!({ "wait_for_snapshot_ms": 60_000, "max_staleness_ms": 30_000 });
    let mut scene = Scene::start(people(), &more);
    let load = Load::of(4, scene.envoy.address());
    load.goes_on(200);
    let token = scene.feed.token().to_owned();
    let configured = |staleness: u64| {
        let mut configured = configuration(&token, &more);
        configured["max_staleness_ms"] = staleness.into();
        filter(PLUGIN, &configured)
    };
    for (at, staleness) in [(1, 20_000), (2, 25_000), (3, 25_000), (4, 30_000)] {
        let mut filter = configured(staleness);
        if at > 2 {
            filter.vm_id = format!("tollgate-{at}");
        }
        scene.envoy.reload(&[filter.entry()]).unwrap();
        load.goes_on(200);
        scene.envoy.wait_until_drained();
        load.goes_on(200);
    }
    let wrong = load.end();
    assert!(
        wrong.is_empty(),
        "{} of many: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    assert!(!scene.envoy.log().contains("Function: proxy_"), "{}", scene.envoy.log());
    scene.envoy.wait_until_drained();
}

/// A token that goes while configurations come is gone in all of them.
#[test]
fn a_token_that_is_taken_away_between_two_configurations_stays_away() {
    let more = json!({ "wait_for_snapshot_ms": 60_000 });
    let mut scene = Scene::start(people(), &more);
    let configured = configuration(scene.feed.token(), &more);
    let request = Request::get("/").bearer(&token_of(ALICE));
    let mut first = scene.envoy.connections().unwrap();
    assert!(
        first
            .iter_mut()
            .all(|connection| connection.send(&request).unwrap().status == 200)
    );
    let mut other = configured.clone();
    other["max_staleness_ms"] = 6_000.into();
    scene.envoy.reload(&[filter(PLUGIN, &other).entry()]).unwrap();
    let mut world = people();
    world.remove_user(1);
    scene.feed.lead_to(world);
    for mut connection in first.into_iter().chain(scene.envoy.connections().unwrap()) {
        wait::until("the token is refused", PATIENCE, || match connection.send(&request) {
            Ok(answer) => (answer.status == 401).then_some(()),
            // The old listener has gone.
            Err(_) => Some(()),
        });
    }
    scene.upstream.take();
    scene.envoy.wait_until_drained();
    for mut connection in scene.envoy.connections().unwrap() {
        scene.refused(&mut connection, &request);
        let bob = Request::get("/").bearer(&token_of(BOB));
        assert_eq!(connection.send(&bob).unwrap().status, 200);
        scene.upstream.take();
    }
}

/// One that cannot be worked with takes the place of one that can, and goes again.
#[test]
fn a_configuration_that_goes_wrong_while_it_runs_refuses_everybody() {
    let more = json!({ "wait_for_snapshot_ms": 60_000 });
    let mut scene = Scene::start(people(), &more);
    let right = filter(PLUGIN, &configuration(scene.feed.token(), &more));
    let request = Request::get("/").bearer(&token_of(ALICE));
    for wrong in ["", "{}", "{\"cluster\": \"tollgate\"}"] {
        let mut broken = right.clone();
        broken.configuration = wrong.to_owned();
        scene.envoy.reload(&[broken.entry()]).unwrap();
        scene.envoy.wait_until_drained();
        for mut connection in scene.envoy.connections().unwrap() {
            scene.upstream.take();
            let answer = scene.refused(&mut connection, &request);
            assert_refused(wrong, &answer, DenyReason::StaleView);
        }
        scene.envoy.reload(&[right.entry()]).unwrap();
        scene.envoy.wait_until_drained();
        for mut connection in scene.envoy.connections().unwrap() {
            assert_eq!(connection.send(&request).unwrap().status, 200, "after {wrong:?}");
        }
    }
}
