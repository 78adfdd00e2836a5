//! What the authorization server of a real `tollgate serve` knows and gives out, at the proxy: passwords, signed tokens, and the
//! routes that take them; and the tokens of issuers that it trusts.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::{Value, json};
use tollgate_core::DenyReason;
use tollgate_tests::envoy::Envoy;
use tollgate_tests::http::{Connection, Request, Response, exchange};
use tollgate_tests::key_server::KeyServer;
use tollgate_tests::signed::{SigningKey, authenticated, key_set, unsigned};
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{self, PATIENCE, now_s};

use super::answers::assert_refused;
use super::scene::{PLUGIN, WORKERS, configuration, filter, setup, wait_until_ready};
use super::upstream::Upstream;

/// `alice:correct horse` and `alice:battery staple`.
const FIRST: &str = "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==";
const SECOND: &str = "Basic YWxpY2U6YmF0dGVyeSBzdGFwbGU=";

/// A server with a user who has a password, and a proxy before an upstream.
struct Scene {
    store: Store,
    server: Server,
    envoy: Envoy,
    upstream: Upstream,
    client_secret: String,
}

/// Runs a command that reads a password.
fn with_password(store: &Store, arguments: &[&str], password: &str) {
    let mut command = store.command();
    command.args(arguments).arg("--password-stdin").stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{arguments:?}");
}

fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {value}"))
        .to_owned()
}

impl Scene {
    fn start() -> Self {
        Self::start_after(|_| ())
    }

    /// A scene with more in its store.
    fn start_after(prepare: impl FnOnce(&Store)) -> Self {
        let store = Store::init();
        store.run(&["network", "trust", "127.0.0.1"]);
        with_password(&store, &["user", "add", "alice"], "correct horse");
        for route in [
            &["/BasicAuthAPI/**", "--scheme", "password"][..],
            &["/API/**", "--scheme", "bearer", "--scope", "orders.read"],
            &["/API/admin/**", "--scheme", "bearer", "--scope", "orders.write"],
            &["/health", "--anonymous"],
        ] {
            store.run(&[&["route", "add"], route].concat());
        }
        let client = [
            "client",
            "add",
            "reports",
            "--name",
            "Reports",
            "--grant",
            "password",
            "--scope",
            "orders.read",
        ];
        let client_secret = text(&store.run(&client), "client_secret");
        prepare(&store);
        let feed_token = text(&store.run(&["feed-token", "issue", "proxy"]), "token");
        let (server, upstream) = (store.serve(), Upstream::start());
        let envoy = proxy(&feed_token, server.address(), &upstream);
        Self {
            store,
            server,
            envoy,
            upstream,
            client_secret,
        }
    }

    /// Asks each worker, all of which must answer with this status.
    fn each(&self, what: &str, request: &Request, status: u16) -> Vec<Response> {
        let connections = self.envoy.connections().unwrap().into_iter();
        let answers = connections.map(|mut connection| connection.send(request).unwrap());
        let answers: Vec<Response> = answers.collect();
        for answer in &answers {
            let document = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, status, "{what}: {document}\n{}", self.server.log());
        }
        answers
    }

    fn wait_until_each(&self, what: &str, request: &Request, status: u16) {
        for mut connection in self.envoy.connections().unwrap() {
            wait::until(what, PATIENCE, || {
                (connection.send(request).unwrap().status == status).then_some(())
            });
        }
        self.upstream.take();
    }

    /// How often the engine was asked about a credential, once the proxy was told.
    fn asked(&self, expected: u64) {
        self.envoy.admin().wait_for("the questions are counted", |stats| {
            stats.value("wasmcustom.tollgate.questions.asked") == expected
        });
    }

    fn post(&self, path: &str, form: &str) -> Value {
        let request = Request::new("POST", path)
            .field("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = exchange(self.server.address(), &request);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }
}

fn proxy(feed_token: &str, engine: SocketAddr, upstream: &Upstream) -> Envoy {
    let filter = filter(PLUGIN, &configuration(feed_token, &json!({})));
    let envoy = Envoy::start(setup(&filter, upstream.address(), engine));
    wait_until_ready(&envoy);
    envoy
}

fn basic(path: &str, authorization: &str) -> Request {
    Request::get(path).field("authorization", authorization)
}

#[test]
fn a_password_is_asked_about_once_in_each_worker_and_a_new_one_counts_at_once() {
    let scene = Scene::start();
    let request = basic("/BasicAuthAPI/orders", FIRST);
    for round in 0..5 {
        scene.each("the password passes", &request, 200);
        let arrivals = scene.upstream.take();
        assert_eq!(arrivals.len(), WORKERS, "{round}");
        for arrival in arrivals {
            let ours = ["user", "token-id", "client", "scope"].map(|name| arrival.one(&format!("x-tollgate-{name}")));
            assert_eq!(ours, ["alice", "", "", ""]);
        }
    }
    scene.asked(WORKERS as u64);
    let wrong = basic("/BasicAuthAPI/orders", SECOND);
    for answer in scene.each("another password", &wrong, 401) {
        assert_eq!(answer.all("www-authenticate"), ["Basic realm=\"tollgate\""]);
    }
    scene.asked(2 * WORKERS as u64);
    scene.each("where no password is taken", &basic("/API/orders", FIRST), 401);
    scene.asked(2 * WORKERS as u64);
    assert_eq!(scene.upstream.take().len(), 0);

    // The command returns once the engine decides by it; the workers are a round trip behind.
    with_password(&scene.store, &["user", "set", "alice"], "battery staple");
    scene.wait_until_each("the old password is refused", &request, 401);
    scene.wait_until_each("the new password passes", &wrong, 200);
    scene.each("the old password", &request, 401);
    scene.store.run(&["user", "set", "alice", "--inactive"]);
    scene.wait_until_each("a suspended user is refused", &wrong, 401);
    for log in [scene.server.log(), scene.envoy.log()] {
        for secret in ["YWxpY2U6", "battery", "horse"] {
            assert!(!log.contains(secret), "a secret in a log:\n{log}");
        }
    }
}

/// The engine counts guesses for all workers, and says how long the next has to wait.
#[test]
fn whoever_guesses_is_told_to_come_back() {
    let scene = Scene::start();
    let (wrong, right) = (
        basic("/BasicAuthAPI/orders", SECOND),
        basic("/BasicAuthAPI/orders", FIRST),
    );
    let mut connection = scene.envoy.connections().unwrap().remove(0);
    for guess in 0..5 {
        assert_eq!(connection.send(&wrong).unwrap().status, 401, "{guess}");
    }
    let refused = connection.send(&wrong).unwrap();
    assert_eq!(refused.status, 429);
    let retry_after: u64 = refused.all("retry-after")[0].parse().unwrap();
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    let document = String::from_utf8_lossy(&refused.body);
    assert!(document.contains("Too many passwords"), "{document}");
    wait::until("the right password passes", PATIENCE, || {
        (connection.send(&right).unwrap().status == 200).then_some(())
    });
}

#[test]
fn without_an_engine_no_password_passes_that_is_not_remembered() {
    let mut scene = Scene::start();
    let request = basic("/BasicAuthAPI/orders", FIRST);
    let mut connections: Vec<Connection> = scene.envoy.connections().unwrap();
    assert_eq!(connections[0].send(&request).unwrap().status, 200);
    scene.server.kill();
    assert_eq!(connections[0].send(&request).unwrap().status, 200, "remembered here");
    let answer = connections[1].send(&request).unwrap();
    assert_refused("and not there", &answer, DenyReason::StaleView);
    assert_eq!(scene.upstream.take().len(), 2);
}

#[test]
fn a_signed_token_passes_where_its_scopes_let_it_and_until_it_is_revoked() {
    let scene = Scene::start();
    let client = format!("client_id=reports&client_secret={}", scene.client_secret);
    let form = format!("grant_type=password&username=alice&password=correct+horse&scope=orders.read&{client}");
    let token = text(&scene.post("/identity/connect/token", &form), "access_token");
    assert!(token.starts_with("eyJ"), "a JWT");
    let good = Request::get("/API/orders").bearer(&token);
    scene.wait_until_each("the token passes", &good, 200);
    scene.each("the token passes", &good, 200);
    for arrival in scene.upstream.take() {
        let ours = ["user", "client", "scope"].map(|name| arrival.one(&format!("x-tollgate-{name}")));
        assert_eq!(ours, ["alice", "reports", "orders.read"]);
        assert_ne!(arrival.one("x-tollgate-token-id"), "");
    }
    let admin = Request::get("/API/admin/orders").bearer(&token);
    for answer in scene.each("a scope that it lacks", &admin, 403) {
        let challenge = "Bearer realm=\"tollgate\", error=\"insufficient_scope\", scope=\"orders.write\"";
        assert_eq!(answer.all("www-authenticate"), [challenge]);
    }
    for path in ["/API/a%2Fb", "/api/orders", "/API/%2e%2e%2fhealth"] {
        scene.each(
            "a path that can be read in two ways",
            &Request::get(path).bearer(&token),
            400,
        );
    }
    assert_eq!(scene.upstream.take().len(), 0);
    for answer in scene.each("without a credential", &Request::get("/API/orders"), 401) {
        assert_eq!(answer.all("www-authenticate"), ["Bearer realm=\"tollgate\""]);
    }
    scene.each("a route for everybody", &Request::get("/health"), 200);
    for arrival in scene.upstream.take() {
        assert_eq!(arrival.one("x-tollgate-user"), "");
    }
    scene.each("a bad token at it", &Request::get("/health").bearer("eyJ0.e30.AA"), 401);

    let revoked = format!("token={token}&{client}");
    scene.post("/identity/connect/revocation", &revoked);
    scene.wait_until_each("the revoked token is refused", &good, 401);
    scene.each("the revoked token", &good, 401);
    assert_eq!(scene.upstream.take().len(), 0);
    scene.asked(0);
}

#[test]
fn another_issuers_token_is_asked_about_once_in_each_worker_and_then_remembered() {
    let (key, unheard_of) = (SigningKey::rs256("one"), SigningKey::rs256("two"));
    let published = KeyServer::start(key_set(&[&key]));
    let scene = Scene::start_after(|store| {
        let add = [
            "issuer",
            "add",
            "https://them.example",
            "--jwks-url",
            published.url(),
            "--audience",
            "orders",
        ];
        store.run(&[&add[..], &["--client", "reports", "--scope", "orders.read"]].concat());
    });
    let until = now_s() + 600;
    let claims = |audience: &str| json!({"iss": "https://them.example", "sub": "alice", "aud": audience, "exp": until});
    let good = Request::get("/API/orders").bearer(&key.sign(&claims("orders")));
    for round in 0..5 {
        scene.each("the token passes", &good, 200);
        for arrival in scene.upstream.take() {
            let ours = ["user", "client", "scope"].map(|name| arrival.one(&format!("x-tollgate-{name}")));
            assert_eq!(ours, ["alice", "reports", "orders.read"], "{round}");
        }
    }
    scene.asked(WORKERS as u64);
    assert_eq!(published.asked(), 1);
    let header = |algorithm: &str| json!({"alg": algorithm, "kid": "one"});
    let modulus = key.public()["n"].as_str().unwrap().to_owned();
    for (what, token) in [
        ("another audience", key.sign(&claims("elsewhere"))),
        ("a key that nobody has", unheard_of.sign(&claims("orders"))),
        (
            "a key under the name of another",
            unheard_of.sign_under(&header("RS256"), &claims("orders")),
        ),
        (
            "HS256 under a public key",
            authenticated(&header("HS256"), &claims("orders"), modulus.as_bytes()),
        ),
        ("no signature", unsigned(&header("none"), &claims("orders"))),
    ] {
        scene.each(what, &Request::get("/API/orders").bearer(&token), 401);
    }
    assert_eq!((scene.upstream.take().len(), published.asked()), (0, 1));
    let admin = Request::get("/API/admin/orders").bearer(&key.sign(&claims("orders")));
    scene.each("a scope that the issuer's tokens do not have", &admin, 403);
    scene.store.run(&["issuer", "remove", "https://them.example"]);
    scene.wait_until_each("nobody trusts the issuer any more", &good, 401);
}
