//! The plugin before a real `tollgate serve`: what is changed there counts here, and what happens to it does no harm.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tollgate_core::DenyReason;
use tollgate_tests::envoy::Envoy;
use tollgate_tests::http::{Connection, Request};
use tollgate_tests::ports::free_address;
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{self, PATIENCE};

use super::answers::assert_refused;
use super::scene::{PLUGIN, configuration, filter, setup, wait_until_ready};
use super::upstream::Upstream;

/// A store with a user who may call from here, a token of theirs, and a feed token.
struct Engine {
    store: Store,
    token: String,
    feed_token: String,
    feed_token_id: String,
}

impl Engine {
    fn init() -> Self {
        let store = Store::init();
        store.run(&["network", "trust", "127.0.0.1"]);
        store.run(&["user", "add", "alice"]);
        let (_, token) = store.issue("alice", &[]);
        let issued = store.run(&["feed-token", "issue", "proxy"]);
        let text = |key: &str| match &issued[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Self {
            token,
            feed_token: text("token"),
            feed_token_id: text("id"),
            store,
        }
    }

    fn envoy(&self, at: SocketAddr, upstream: &Upstream, more: &Value) -> Envoy {
        let filter = filter(PLUGIN, &configuration(&self.feed_token, more));
        Envoy::start(setup(&filter, upstream.address(), at))
    }
}

fn status(connection: &mut Connection, token: &str) -> u16 {
    connection.send(&Request::get("/").bearer(token)).unwrap().status
}

fn wait_until_answered(what: &str, connections: &mut [Connection], token: &str, expected: u16) {
    for connection in connections {
        wait::until(what, PATIENCE, || (status(connection, token) == expected).then_some(()));
    }
}

/// Until nothing of it is young enough to be believed, nobody passes whom the engine would refuse.
fn grows_stale(what: &str, connections: &mut [Connection], token: &str) {
    for connection in connections {
        wait::until(what, PATIENCE, || {
            let answer = connection.send(&Request::get("/").bearer(token)).unwrap();
            (answer.status != 200).then(|| assert_refused(what, &answer, DenyReason::StaleView))
        });
    }
}

#[test]
fn what_is_changed_at_the_engine_counts_at_the_proxy() {
    let (engine, upstream) = (Engine::init(), Upstream::start());
    let server = engine.store.serve();
    let envoy = engine.envoy(server.address(), &upstream, &json!({}));
    wait_until_ready(&envoy);
    let mut connections = envoy.connections().unwrap();
    wait_until_answered("the first token passes", &mut connections, &engine.token, 200);
    assert_eq!(upstream.take().last().unwrap().one("x-tollgate-user"), "alice");
    for _ in 0..3 {
        let (id, token) = engine.store.issue("alice", &[]);
        wait_until_answered("a new token passes", &mut connections, &token, 200);
        assert_eq!(upstream.take().last().unwrap().one("x-tollgate-token-id"), id);
        engine.store.run(&["authtoken", "revoke", &id]);
        wait_until_answered("a revoked token is refused", &mut connections, &token, 401);
        upstream.take();
        assert!(
            connections
                .iter_mut()
                .all(|connection| status(connection, &token) == 401)
        );
        assert_eq!(upstream.take().len(), 0);
    }
    engine.store.run(&["user", "set", "alice", "--inactive"]);
    wait_until_answered("a suspended user is refused", &mut connections, &engine.token, 401);
    engine.store.run(&["user", "set", "alice", "--active"]);
    wait_until_answered("and passes again", &mut connections, &engine.token, 200);
    engine.store.run(&["network", "remove", "127.0.0.1"]);
    wait_until_answered(
        "an address that nobody trusts is refused",
        &mut connections,
        &engine.token,
        403,
    );
}

#[test]
fn while_the_engine_is_down_its_last_state_counts_and_not_for_long() {
    let (engine, upstream) = (Engine::init(), Upstream::start());
    let mut server = engine.store.serve();
    let address = server.address();
    let envoy = engine.envoy(address, &upstream, &json!({ "max_staleness_ms": 2_000 }));
    wait_until_ready(&envoy);
    let mut connections = envoy.connections().unwrap();
    for round in 0..2 {
        wait_until_answered("the token passes", &mut connections, &engine.token, 200);
        server.kill();
        assert!(
            connections
                .iter_mut()
                .all(|connection| status(connection, &engine.token) == 200),
            "the last state"
        );
        grows_stale("without an engine", &mut connections, &engine.token);
        let answer = connections[0].send(&Request::get("/").bearer(&engine.token)).unwrap();
        assert_eq!(answer.field("retry-after"), Some("1"), "{round}");
        let (id, token) = engine.store.issue("alice", &[]);
        server = engine.store.serve_at(address);
        wait_until_answered("the engine is back", &mut connections, &engine.token, 200);
        wait_until_answered("with what was changed meanwhile", &mut connections, &token, 200);
        engine.store.run(&["authtoken", "revoke", &id]);
        wait_until_answered("and what is changed now", &mut connections, &token, 401);
    }
}

fn restarted(server: &mut Server, store: &Store) -> Server {
    let address = server.address();
    server.kill();
    store.serve_at(address)
}

#[test]
fn another_store_is_another_engine() {
    let (engine, other, upstream) = (Engine::init(), Engine::init(), Upstream::start());
    let mut server = engine.store.serve();
    let more = json!({ "max_staleness_ms": 1_500, "wait_for_snapshot_ms": 60_000 });
    let mut envoy = engine.envoy(server.address(), &upstream, &more);
    wait_until_ready(&envoy);
    let mut connections = envoy.connections().unwrap();
    wait_until_answered("the token passes", &mut connections, &engine.token, 200);
    let _server = restarted(&mut server, &other.store);
    grows_stale(
        "another store knows no such feed token",
        &mut connections,
        &engine.token,
    );
    let answers = connections
        .iter_mut()
        .map(|connection| status(connection, &other.token));
    assert!(
        answers.into_iter().all(|status| status == 503),
        "nothing of the other is believed"
    );
    let filter = filter(PLUGIN, &configuration(&other.feed_token, &more));
    envoy.reload(&[filter.entry()]).unwrap();
    envoy.wait_until_drained();
    let mut connections = envoy.connections().unwrap();
    wait_until_answered("the other's token passes", &mut connections, &other.token, 200);
    wait_until_answered("the first one's does not", &mut connections, &engine.token, 401);
}

#[test]
fn a_feed_token_that_is_revoked_ends_what_is_believed() {
    let (engine, upstream) = (Engine::init(), Upstream::start());
    let server = engine.store.serve();
    let more = json!({ "max_staleness_ms": 1_500 });
    let envoy = engine.envoy(server.address(), &upstream, &more);
    wait_until_ready(&envoy);
    let mut connections = envoy.connections().unwrap();
    wait_until_answered("the token passes", &mut connections, &engine.token, 200);
    engine.store.run(&["feed-token", "revoke", &engine.feed_token_id]);
    grows_stale("without a feed token", &mut connections, &engine.token);
    wait::until("the log says why", PATIENCE, || {
        envoy.log().contains("HTTP status 401").then_some(())
    });
    assert!(!envoy.log().contains("tg_fd_") && !server.log().contains("tg_fd_"));
}

#[test]
fn requests_that_come_before_the_engine_wait_for_it() {
    let (engine, upstream) = (Engine::init(), Upstream::start());
    let address = free_address();
    let envoy = engine.envoy(address, &upstream, &json!({ "wait_for_snapshot_ms": 60_000 }));
    let mut connections = envoy.connections().unwrap();
    for connection in &mut connections {
        connection
            .write(&Request::get("/").bearer(&engine.token).bytes())
            .unwrap();
    }
    envoy
        .admin()
        .wait_for("both wait", |stats| stats.value("wasmcustom.tollgate.waited") == 2);
    let _server = engine.store.serve_at(address);
    for connection in &mut connections {
        assert_eq!(connection.read(false).unwrap().status, 200);
    }
    assert_eq!(upstream.take().len(), 2);
}

#[test]
fn requests_that_no_engine_comes_for_are_refused_in_time() {
    let (engine, upstream) = (Engine::init(), Upstream::start());
    let envoy = engine.envoy(free_address(), &upstream, &json!({ "wait_for_snapshot_ms": 300 }));
    for mut connection in envoy.connections().unwrap() {
        let answer = connection.send(&Request::get("/").bearer(&engine.token)).unwrap();
        assert_refused("no engine", &answer, DenyReason::StaleView);
        assert_eq!(answer.field("retry-after"), Some("1"));
    }
    assert_eq!(
        (envoy.admin().stat("wasmcustom.tollgate.waited"), upstream.take().len()),
        (2, 0)
    );
}
