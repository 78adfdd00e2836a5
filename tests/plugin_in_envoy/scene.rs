//! A real Envoy with the plugin in its workers, between a test's client, a test's upstream and a test's feed.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_tests::envoy::{Envoy, Setup, WasmFilter, built};
use tollgate_tests::http::{Connection, Request, Response};
use tollgate_tests::wait::{self, Deadline, PATIENCE};

use super::super::support::facts::{Server, Token, User};
use super::feed::{Feed, Manner};
use super::upstream::Upstream;
use super::world::World;

/// Envoy's worker threads.
pub(crate) const WORKERS: usize = 2;
/// Who follows a feed: the workers, and the main thread, whose module never gets a request.
pub(crate) const FOLLOWERS: usize = WORKERS + 1;
/// The path under which each worker says whether it is ready.
pub(crate) const READY: &str = "/is-this-worker-ready";
/// The module as it is shipped, and the one that has faults on request.
pub(crate) const PLUGIN: &str = "tollgate_proxy.wasm";
pub(crate) const TRAP: &str = "tollgate_proxy_trap.wasm";

/// The key of the digests in worlds that a test makes up.
const DIGEST_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// A token of [`ALICE`], one of [`BOB`], and one that nobody was given.
pub(crate) const ALICE: &str = "alice";
pub(crate) const BOB: &str = "bob";

/// A configuration of the plugin for the feed under `token`, with `more` keys.
pub(crate) fn configuration(token: &str, more: &Value) -> Value {
    let mut configuration = json!({
        "cluster": "tollgate",
        "authority": "tollgate.test",
        "feed_token": token,
        "readiness_path": READY,
    });
    for (key, value) in more.as_object().unwrap() {
        configuration[key] = value.clone();
    }
    configuration
}

/// The plugin as a filter, as its documentation has it.
pub(crate) fn filter(name: &str, configuration: &Value) -> WasmFilter {
    WasmFilter {
        allow_on_headers_stop_iteration: true,
        ..WasmFilter::new(&built(name), "tollgate")
    }
    .configured(configuration)
}

/// The answer to `bytes`, which are whole requests or the rest of one.
pub(crate) fn answered(connection: &mut Connection, bytes: &[u8]) -> Response {
    connection.write(bytes).unwrap();
    connection
        .read(false)
        .unwrap_or_else(|broken| panic!("{broken}, to {}", String::from_utf8_lossy(bytes)))
}

/// What an Envoy runs in front of `upstream`, with the feed at `feed`.
pub(crate) fn setup(filter: &WasmFilter, upstream: SocketAddr, feed: SocketAddr) -> Setup {
    let mut setup = Setup::of(vec![filter.entry()])
        .with_workers(u32::try_from(WORKERS).unwrap())
        .before(upstream)
        .with_cluster("tollgate", feed);
    setup.http = json!({
        "xff_num_trusted_hops": 1,
        // What the plugin does not take away reaches the upstream.
        "common_http_protocol_options": { "headers_with_underscores_action": "ALLOW", "max_headers_count": 2000 },
        "http_protocol_options": { "enable_trailers": true },
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
    });
    setup
}

/// The token of a user of [`people`], or of nobody.
pub(crate) fn token_of(name: &str) -> String {
    let mut entropy = [0; 32];
    entropy[..name.len()].copy_from_slice(name.as_bytes());
    tollgate_core::TokenText::from_entropy(tollgate_core::TokenKind::Authtoken, &entropy)
        .expose()
        .to_owned()
}

/// A world where every address is trusted, with a token for each of [`ALICE`] and [`BOB`].
pub(crate) fn people() -> World {
    world_of(&Server::default(), &[User::default(), User::default()])
}

/// The same with other settings, and other settings of the two.
pub(crate) fn world_of(server: &Server, users: &[User; 2]) -> World {
    let mut world = World::empty(DIGEST_KEY);
    world.set_server(&Server {
        trusted: vec!["0.0.0.0/0".to_owned()],
        ..server.clone()
    });
    for ((id, name), user) in (1..).zip([ALICE, BOB]).zip(users) {
        world.put_user(&User {
            id,
            name: name.to_owned(),
            ..user.clone()
        });
        world.put_token(&token(100 + id, id, name));
    }
    world
}

/// The token of `name` as a fact.
pub(crate) fn token(id: u64, user: u64, name: &str) -> Token {
    Token {
        id,
        user,
        secret: token_of(name),
        digest: None,
        revoked: false,
        not_before_s: None,
        expires_at_s: None,
        authority: None,
    }
}

/// Everything that a test needs at once.
pub(crate) struct Scene {
    pub(crate) envoy: Envoy,
    pub(crate) feed: Feed,
    pub(crate) upstream: Upstream,
    max_staleness: Duration,
}

impl Scene {
    /// The plugin with `more` in its configuration, which has the whole world by now.
    pub(crate) fn start(world: World, more: &Value) -> Self {
        let scene = Self::begin(world, PLUGIN, more, Manner::Truthful);
        scene.wait_until_ready();
        scene
    }

    /// The module `name`, which need not have the world yet, before a feed of this manner.
    pub(crate) fn begin(world: World, name: &str, more: &Value, manner: Manner) -> Self {
        let feed = Feed::start(world);
        feed.behave(manner);
        let upstream = Upstream::start();
        let filter = filter(name, &configuration(feed.token(), more));
        let envoy = Envoy::start(setup(&filter, upstream.address(), feed.address()));
        let max_staleness = more["max_staleness_ms"].as_u64().unwrap_or(5_000);
        Self {
            envoy,
            feed,
            upstream,
            max_staleness: Duration::from_millis(max_staleness),
        }
    }

    /// The moment after which nobody may believe a view any more if the feed has just said its last true word. Until then, an answer that
    /// was given before and comes late may well make a view young once more.
    pub(crate) fn too_old(&self) -> Deadline {
        // The clock of the plugin counts whole milliseconds.
        Deadline::within(self.max_staleness + Duration::from_millis(2))
    }

    /// Waits until every module has all that the feed says.
    pub(crate) fn wait_until_followed(&self) {
        let follow = self.feed.followers(FOLLOWERS);
        if follow < FOLLOWERS {
            let stats = self.envoy.admin().stats();
            panic!(
                "{follow} of {FOLLOWERS} follow: {:#?}\n{}",
                stats.containing("wasmcustom"),
                self.envoy.log()
            );
        }
    }

    pub(crate) fn wait_until_ready(&self) {
        self.wait_until_followed();
        wait_until_ready(&self.envoy);
    }

    /// A connection, and the worker that it has come to. Nobody else may connect meanwhile.
    pub(crate) fn connect(&self) -> (usize, Connection) {
        let before = self.accepted();
        let connection = Connection::open(self.envoy.address()).unwrap();
        let worker = wait::until("a worker has accepted the connection", PATIENCE, || {
            let now = self.accepted();
            now.iter().zip(before).position(|(now, before)| *now > before)
        });
        (worker, connection)
    }

    /// A connection to this worker.
    pub(crate) fn connect_to(&self, worker: usize) -> Connection {
        // The next goes to the worker that has the fewest.
        let mut others = Vec::new();
        loop {
            let (found, connection) = self.connect();
            if found == worker {
                return connection;
            }
            others.push(connection);
            assert!(others.len() < 64, "no connection comes to worker {worker}");
        }
    }

    fn accepted(&self) -> [u64; WORKERS] {
        let stats = self.envoy.admin().stats();
        std::array::from_fn(|worker| stats.value(&format!("listener.127.0.0.1_0.worker_{worker}.downstream_cx_total")))
    }

    /// What `connection` is answered; the request must reach nobody.
    pub(crate) fn refused(&self, connection: &mut Connection, request: &Request) -> Response {
        let answer = connection
            .send(request)
            .unwrap_or_else(|broken| panic!("{broken}, to {request:?}"));
        let arrived = self.upstream.take().len();
        assert!(
            answer.status != 200 && arrived == 0,
            "{} to {request:?}, {arrived} arrived",
            answer.status
        );
        answer
    }
}

/// Waits until every module follows a feed and may believe what it holds.
pub(crate) fn wait_until_ready(envoy: &Envoy) {
    envoy.admin().wait_for("all modules are ready", |stats| {
        stats.value("wasmcustom.tollgate.workers_ready") == FOLLOWERS as u64
    });
}
