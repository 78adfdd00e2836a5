//! Requests at a time: a place is taken while the upstream works, and free however that ends.

use serde_json::json;
use tollgate_core::DenyReason;
use tollgate_tests::http::Request;
use tollgate_tests::wait::{self, PATIENCE};

use super::super::support::facts::{Server, User};
use super::answers::assert_refused;
use super::scene::{ALICE, BOB, Scene, WORKERS, token_of, world_of};
use super::upstream::HOLD;

fn one_at_a_time() -> Scene {
    let one = User {
        concurrent: "1".to_owned(),
        ..User::default()
    };
    Scene::start(world_of(&Server::default(), &[one, User::default()]), &json!({}))
}

fn held(label: &str) -> Request {
    Request::get("/slow").bearer(&token_of(ALICE)).field(HOLD, label)
}

#[test]
fn a_place_is_free_after_the_answer_after_the_client_has_gone_and_after_the_upstream_has() {
    let scene = one_at_a_time();
    for worker in 0..WORKERS {
        let mut other = scene.connect_to(worker);
        let request = Request::get("/").bearer(&token_of(ALICE));
        for end in ["answered", "client gone", "upstream gone"] {
            let label = format!("{end}-{worker}");
            let mut slow = scene.connect_to(worker);
            slow.write(&held(&label).bytes()).unwrap();
            assert!(scene.upstream.is_held(&label, &mut slow), "{label}");
            scene.upstream.take();
            for _ in 0..2 {
                assert_refused(
                    end,
                    &scene.refused(&mut other, &request),
                    DenyReason::ConcurrencyExceeded,
                );
            }
            let bob = Request::get("/").bearer(&token_of(BOB));
            assert_eq!(other.send(&bob).unwrap().status, 200, "places are each user's own");
            match end {
                "answered" => {
                    scene.upstream.release(&label);
                    assert_eq!(slow.read(false).unwrap().status, 200);
                }
                "client gone" => drop(slow),
                _ => {
                    scene.upstream.reset(&label);
                    assert_eq!(slow.read(false).unwrap().status, 503);
                }
            }
            wait::until("the place is free", PATIENCE, || {
                (other.send(&request).unwrap().status == 200).then_some(())
            });
            for _ in 0..3 {
                assert_eq!(other.send(&request).unwrap().status, 200, "one at a time, {end}");
            }
        }
    }
}

/// Each worker keeps its own count, as the documentation says.
#[test]
fn the_places_of_one_worker_are_not_those_of_the_other() {
    let scene = one_at_a_time();
    let mut slow: Vec<_> = (0..WORKERS).map(|worker| scene.connect_to(worker)).collect();
    for (worker, connection) in slow.iter_mut().enumerate() {
        let label = worker.to_string();
        connection.write(&held(&label).bytes()).unwrap();
        assert!(scene.upstream.is_held(&label, connection), "{worker}");
    }
    scene.upstream.take();
    for worker in 0..WORKERS {
        let request = Request::get("/").bearer(&token_of(ALICE));
        let answer = scene.refused(&mut scene.connect_to(worker), &request);
        assert_refused("the second on a worker", &answer, DenyReason::ConcurrencyExceeded);
    }
}
