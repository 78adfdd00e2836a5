//! Requests that are under way in a module while it traps.

use serde_json::json;
use tollgate_tests::http::Connection;
use tollgate_tests::wait::{self, PATIENCE};

use super::super::support::facts::{Server, User};
use super::faults::{of, recovers};
use super::feed::Manner;
use super::scene::{ALICE, Scene, TRAP, WORKERS, token_of, world_of};
use super::world::World;

fn world() -> World {
    let server = Server {
        authtoken_in_url: true,
        ..Server::default()
    };
    world_of(&server, &[User::default(), User::default()])
}

const HEAD: &str = "POST / HTTP/1.1\r\nHost: upstream.example\r\nTransfer-Encoding: chunked\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn begun(scene: &Scene, worker: usize, head: &str) -> Connection {
    let mut connection = scene.connect_to(worker);
    connection.write(head.as_bytes()).unwrap();
    connection
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// The rest of a form that was awaited comes to a module that is no more.
#[test]
fn a_form_that_was_awaited_by_a_module_that_trapped_goes_nowhere() {
    let more = json!({ "read_forms": true });
    let scene = Scene::begin(world(), TRAP, &more, Manner::Truthful);
    scene.wait_until_ready();
    let form = format!("@authtoken={}", token_of(ALICE));
    let rests = [
        format!("{}0\r\n\r\n", chunk(&form)),
        format!("{}0\r\nX-Trailer: 1\r\n\r\n", chunk(&form)),
        "0\r\nX-Trailer: 1\r\n\r\n".to_owned(),
    ];
    for worker in 0..WORKERS {
        let mut asker = scene.connect_to(worker);
        recovers(&mut asker);
        scene.upstream.take();
        let active = "http.ingress.downstream_rq_active";
        scene
            .envoy
            .admin()
            .wait_for("nothing is under way", |stats| stats.value(active) == 0);
        let mut awaited: Vec<_> = rests
            .iter()
            .map(|_| begun(&scene, worker, &format!("{HEAD}{FORM}\r\n")))
            .collect();
        scene
            .envoy
            .admin()
            .wait_for("the forms are awaited", |stats| stats.value(active) == 3);
        let trapped = scene.refused(&mut asker, &of(ALICE).field("x-tollgate-test-trap", "1"));
        assert_eq!(trapped.status, 503);
        for (connection, rest) in awaited.iter_mut().zip(&rests) {
            // It may have been told already.
            let answer = connection.write(rest.as_bytes()).and_then(|()| connection.read(false));
            assert!(
                answer.as_ref().map_or(true, |answer| answer.status == 503),
                "{rest:?}: {answer:?}"
            );
            assert_eq!(scene.upstream.take().len(), 0, "{rest:?}");
        }
        recovers(&mut asker);
        assert!(
            scene
                .upstream
                .take()
                .iter()
                .all(|arrival| arrival.line.starts_with("GET "))
        );
    }
}

/// Requests that wait for the first snapshot while the module traps over one of them.
#[test]
fn what_waits_in_a_module_that_traps_goes_nowhere() {
    let more = json!({ "read_forms": true, "wait_for_snapshot_ms": 60_000 });
    let scene = Scene::begin(world(), TRAP, &more, Manner::Silent);
    let good = format!("Authorization: Bearer {}\r\n", token_of(ALICE));
    let trap = format!("{HEAD}{good}x-tollgate-test-trap: 1\r\n\r\n0\r\n\r\n");
    let mut waiting = vec![begun(&scene, 0, &trap)];
    for head in [good.as_str(), "", FORM] {
        for rest in ["", "0\r\n\r\n", "0\r\nX-Trailer: 1\r\n\r\n"] {
            waiting.push(begun(&scene, 0, &format!("{HEAD}{head}\r\n{}{rest}", chunk("a=b"))));
        }
    }
    let all = waiting.len() as u64;
    scene
        .envoy
        .admin()
        .wait_for("all wait", |stats| stats.value("wasmcustom.tollgate.waited") == all);
    scene.feed.behave(Manner::Truthful);
    wait::until("the module has trapped", PATIENCE, || {
        scene.envoy.log().contains("Function: proxy_on_").then_some(())
    });
    // What is still to come finds nobody.
    for connection in &mut waiting {
        let _ = connection.write(b"0\r\nX-Trailer: 1\r\n\r\n");
    }
    let mut asker = scene.connect_to(0);
    recovers(&mut asker);
    let arrived: Vec<_> = scene.upstream.take().into_iter().map(|arrival| arrival.line).collect();
    assert!(arrived.iter().all(|line| line.starts_with("GET ")), "{arrived:?}");
    drop(waiting);
    recovers(&mut asker);
}
