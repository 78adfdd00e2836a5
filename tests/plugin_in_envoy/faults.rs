//! Faults of the module, of its configuration and of the feed: whatever happens, nobody passes who may not.

use serde_json::{Value, json};
use tollgate_core::DenyReason;
use tollgate_tests::envoy::{Envoy, Stats, WasmFilter};
use tollgate_tests::http::{Connection, Request};
use tollgate_tests::wait::{self, PATIENCE};

use super::answers::assert_refused;
use super::feed::{Feed, Manner};
use super::scene::{
    ALICE, BOB, FOLLOWERS, PLUGIN, READY, Scene, TRAP, WORKERS, configuration, filter, people, setup, token_of,
    wait_until_ready,
};
use super::upstream::Upstream;
use super::world::World;

pub(crate) fn of(name: &str) -> Request {
    Request::get("/").bearer(&token_of(name))
}

/// Asks until the worker of `connection` lets `alice` through. Nobody else may pass meanwhile, and she may only be told to wait.
pub(crate) fn recovers(connection: &mut Connection) {
    wait::until("the worker lets the right ones pass again", PATIENCE, || {
        let bad = connection.send(&of("nobody")).unwrap().status;
        assert!(matches!(bad, 401 | 503), "{bad}");
        let good = connection.send(&of(ALICE)).unwrap().status;
        assert!(matches!(good, 200 | 503), "{good}");
        (good == 200 && bad == 401).then_some(())
    });
}

#[test]
fn a_module_that_traps_refuses_until_there_is_a_new_one() {
    let scene = Scene::begin(people(), TRAP, &json!({}), Manner::Truthful);
    scene.wait_until_ready();
    for worker in 0..WORKERS {
        let mut connection = scene.connect_to(worker);
        recovers(&mut connection);
        scene.upstream.take();
        let trapped = scene.refused(&mut connection, &of(ALICE).field("x-tollgate-test-trap", "1"));
        assert_eq!(trapped.status, 503);
        recovers(&mut connection);
        let users: Vec<_> = scene
            .upstream
            .take()
            .iter()
            .map(|arrival| arrival.one("x-tollgate-user"))
            .collect();
        assert!(users.iter().all(|user| user == ALICE), "{users:?}");
    }
    let stats = scene.envoy.admin().stats();
    let reloads = stats.containing("vm_reload_success").values().sum::<u64>();
    assert!(reloads >= WORKERS as u64, "{:?}", stats.containing("vm_reload"));
}

/// A new module has no view yet: whoever comes waits.
#[test]
fn a_module_that_was_made_anew_decides_nothing_before_it_has_a_view() {
    let scene = Scene::begin(
        people(),
        TRAP,
        &json!({ "wait_for_snapshot_ms": 60_000 }),
        Manner::Truthful,
    );
    scene.wait_until_ready();
    let mut connection = scene.connect_to(0);
    scene.feed.behave(Manner::Silent);
    let trapped = scene.refused(&mut connection, &of(ALICE).field("x-tollgate-test-trap", "1"));
    assert_eq!(trapped.status, 503);
    let mut waiting = wait::until("the module was made anew, and requests wait", PATIENCE, || {
        let mut asker = scene.connect_to(0);
        asker.write(&of(ALICE).bytes()).unwrap();
        wait::until("the request is refused or waits", PATIENCE, || {
            let waits = scene.envoy.admin().stat("wasmcustom.tollgate.waited") > 0;
            (waits || !asker.is_silent()).then_some(waits)
        })
        .then_some(asker)
    });
    let mut bad = scene.connect_to(0);
    bad.write(&of("nobody").bytes()).unwrap();
    scene
        .envoy
        .admin()
        .wait_for("both wait", |stats| stats.value("wasmcustom.tollgate.waited") == 2);
    assert!(waiting.is_silent() && bad.is_silent());
    assert_eq!(scene.upstream.take().len(), 0);
    scene.feed.behave(Manner::Truthful);
    assert_eq!(waiting.read(false).unwrap().status, 200);
    assert_refused("no token", &bad.read(false).unwrap(), DenyReason::UnknownToken);
    assert_eq!(scene.upstream.take().len(), 1);
}

/// An Envoy with this filter before a feed of [`people`]; its upstream; the token's feed.
fn started(module: &str, change: impl FnOnce(&mut WasmFilter, Value)) -> (Envoy, Upstream, Feed) {
    let (feed, upstream) = (Feed::start(people()), Upstream::start());
    let configured = configuration(feed.token(), &json!({ "wait_for_snapshot_ms": 100 }));
    let mut filter = filter(module, &configured);
    change(&mut filter, configured);
    let envoy = Envoy::start(setup(&filter, upstream.address(), feed.address()));
    (envoy, upstream, feed)
}

fn nobody_passes(what: &str, envoy: &Envoy, upstream: &Upstream, complaint: &str) {
    for mut connection in envoy.connections().unwrap() {
        for name in [ALICE, BOB, "nobody"] {
            let answer = connection.send(&of(name)).unwrap();
            assert_refused(what, &answer, DenyReason::StaleView);
            assert_eq!(answer.field("retry-after"), Some("1"), "{what}");
        }
        let without = connection.send(&Request::get("/")).unwrap();
        assert_refused(what, &without, DenyReason::StaleView);
    }
    assert_eq!(upstream.take().len(), 0, "{what}");
    wait::until("the log says why", PATIENCE, || {
        envoy.log().contains(complaint).then_some(())
    });
}

#[test]
fn a_start_that_fails_on_workers_alone_lets_nobody_through() {
    for (authority, fails) in [("fails-on-workers.test", true), ("works-on-workers.test", false)] {
        let (envoy, upstream, _feed) = started(TRAP, |filter, mut configured| {
            configured["authority"] = authority.into();
            filter.configuration = configured.to_string();
        });
        if fails {
            nobody_passes(authority, &envoy, &upstream, "this worker was asked to fail");
        } else {
            wait_until_ready(&envoy);
            for mut connection in envoy.connections().unwrap() {
                assert_eq!(connection.send(&of(ALICE)).unwrap().status, 200);
            }
        }
    }
}

#[test]
fn a_configuration_that_cannot_be_worked_with_refuses_everybody_and_says_why() {
    let wrong = "every request is refused, because the configuration is wrong";
    for garbage in ["", "{", "null", "[]", "{}", "\u{1}", "{\"cluster\": 1}"] {
        let (envoy, upstream, _feed) = started(PLUGIN, |filter, _| filter.configuration = garbage.to_owned());
        nobody_passes(garbage, &envoy, &upstream, wrong);
        assert!(!envoy.quit().contains("tg_fd_"));
    }
    for (key, value) in [
        ("feed_token", json!(token_of(ALICE))),
        ("max_staleness_ms", json!(-1)),
        ("max_stalenes_ms", json!(1_000)),
        ("authority", json!("")),
    ] {
        let (envoy, upstream, _feed) = started(PLUGIN, |filter, mut configured| {
            configured[key] = value;
            filter.configuration = configured.to_string();
        });
        nobody_passes(key, &envoy, &upstream, wrong);
        let log = envoy.quit();
        assert!(log.contains(key) && !log.contains("tg_"), "{key}: {log}");
    }
}

#[test]
fn a_filter_without_any_configuration_refuses_everybody() {
    let (feed, upstream) = (Feed::start(people()), Upstream::start());
    let filter = filter(PLUGIN, &json!({}));
    let mut setup = setup(&filter, upstream.address(), feed.address());
    let plugin = setup.filters[0]["typed_config"]["config"].as_object_mut().unwrap();
    plugin.remove("configuration").unwrap();
    let envoy = Envoy::start(setup);
    nobody_passes("none", &envoy, &upstream, "the configuration is wrong");
}

#[test]
fn a_cluster_that_is_not_there_refuses_everybody() {
    let (envoy, upstream, _feed) = started(PLUGIN, |filter, mut configured| {
        configured["cluster"] = "nowhere".into();
        filter.configuration = configured.to_string();
    });
    nobody_passes("no cluster", &envoy, &upstream, "the cluster `nowhere` cannot be asked");
}

fn manners() -> Vec<(&'static str, Manner)> {
    let html = b"<!doctype html><title>It works</title>".to_vec();
    vec![
        ("a page", Manner::Says(200, html)),
        ("nothing", Manner::Says(200, Vec::new())),
        ("a mebibyte", Manner::Says(200, vec![b'a'; 1024 * 1024])),
        ("a fault", Manner::Says(500, b"{}".to_vec())),
        ("a refusal", Manner::Says(401, b"{}".to_vec())),
        ("cut frames", Manner::Spoils(|frame| frame[..frame.len() - 1].to_vec())),
        ("frames and more", Manner::Spoils(|frame| [frame, vec![0]].concat())),
        (
            "forged frames",
            Manner::Spoils(|mut frame| {
                frame[72] ^= 1;
                frame
            }),
        ),
        ("old frames", Manner::Replays),
        ("frames under another token", Manner::Foreign),
        ("nobody", Manner::Absent),
        ("silence", Manner::Silent),
    ]
}

#[test]
fn what_is_no_answer_of_the_engine_makes_the_view_too_old_and_no_worse() {
    let scene = Scene::start(people(), &json!({ "max_staleness_ms": 1_000 }));
    let mut connections = scene.envoy.connections().unwrap();
    for (what, manner) in manners() {
        for connection in &mut connections {
            wait::until("the worker is ready", PATIENCE, || {
                (connection.send(&Request::get(READY)).unwrap().status == 200).then_some(())
            });
            assert_refused(what, &connection.send(&of("nobody")).unwrap(), DenyReason::UnknownToken);
        }
        let refused = |stats: &Stats| {
            let of = |name: &str| stats.value(&format!("wasmcustom.tollgate.feed.{name}"));
            of("refused") + of("failed")
        };
        let before = refused(&scene.envoy.admin().stats());
        scene.feed.behave(manner);
        let too_old = scene.too_old();
        scene
            .envoy
            .admin()
            .wait_for("what is no answer was heard again and again", |stats| {
                refused(stats) >= before + 2 * FOLLOWERS as u64
            });
        for connection in &mut connections {
            wait::until(&format!("the view is too old, given {what}"), PATIENCE, || {
                let bad = connection.send(&of("nobody")).unwrap().status;
                assert!(matches!(bad, 401 | 503), "{what}: {bad}");
                (connection.send(&of(ALICE)).unwrap().status == 503 && too_old.remaining().is_none()).then_some(())
            });
            scene.upstream.take();
            for name in [ALICE, BOB] {
                assert_refused(what, &scene.refused(connection, &of(name)), DenyReason::StaleView);
            }
        }
        scene.feed.behave(Manner::Truthful);
        connections.iter_mut().for_each(recovers);
    }
    let stats = scene.envoy.admin().stats();
    assert!(
        stats.value("wasmcustom.tollgate.feed.refused") > 20,
        "{:?}",
        stats.containing("tollgate.feed")
    );
}

#[test]
fn what_was_never_an_answer_of_the_engine_lets_nobody_through() {
    let more = json!({ "wait_for_snapshot_ms": 100 });
    let scene = Scene::begin(people(), PLUGIN, &more, Manner::Foreign);
    for (what, manner) in manners() {
        scene.feed.behave(manner);
        nobody_passes(what, &scene.envoy, &scene.upstream, "tollgate: ");
    }
    scene.feed.behave(Manner::Truthful);
    scene.envoy.connections().unwrap().iter_mut().for_each(recovers);
}

#[test]
fn another_store_in_the_place_of_the_first_is_believed_whole() {
    let scene = Scene::start(people(), &json!({}));
    let mut connections = scene.envoy.connections().unwrap();
    let mut other: World = people();
    other.remove_user(1);
    scene.feed.become_another(other);
    scene.wait_until_followed();
    for connection in &mut connections {
        assert_refused(
            "alice",
            &scene.refused(connection, &of(ALICE)),
            DenyReason::UnknownToken,
        );
        assert_eq!(connection.send(&of(BOB)).unwrap().status, 200);
        scene.upstream.take();
    }
}

#[test]
fn only_so_many_requests_wait_and_only_so_long() {
    let most = 3;
    let more = json!({ "wait_for_snapshot_ms": 60_000, "requests_waiting_most": most });
    let scene = Scene::begin(people(), PLUGIN, &more, Manner::Silent);
    let mut waiting = Vec::new();
    for worker in 0..WORKERS {
        for _ in 0..most {
            let mut connection = scene.connect_to(worker);
            connection.write(&of(ALICE).bytes()).unwrap();
            waiting.push(connection);
        }
    }
    let all = waiting.len() as u64;
    scene
        .envoy
        .admin()
        .wait_for("all wait", |stats| stats.value("wasmcustom.tollgate.waited") == all);
    for worker in 0..WORKERS {
        let answer = scene.refused(&mut scene.connect_to(worker), &of(ALICE));
        assert_refused("one more", &answer, DenyReason::StaleView);
        assert_eq!(answer.field("retry-after"), Some("1"));
    }
    assert!(waiting.iter_mut().all(Connection::is_silent));
    scene.feed.behave(Manner::Truthful);
    assert!(
        waiting
            .iter_mut()
            .all(|connection| connection.read(false).unwrap().status == 200)
    );
}
