//! Codes, refresh tokens and the assertions of clients are good once: over HTTP, for many who present each at the same time, with `kill -9` in between.
//!
//! `TOLLGATE_REDEEMED` says how many of each: 2,000 take some minutes. They come in rounds, each with a kill of its own, because a code
//! lives no longer than a minute.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tollgate_tests::basic::basic;
use tollgate_tests::browser::{Browser, Place, form_encoded};
use tollgate_tests::http::{Connection, Request, exchange};
use tollgate_tests::signed::{SigningKey, key_set};
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{self, PATIENCE, now_s};

/// Who present each secret.
const REDEEMERS: usize = 64;
/// As many as are presented in one round.
const ROUND: usize = 96;
const REDIRECT: &str = "https://app.example/back";
const PASSWORD: &str = "correct horse battery staple";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// How many are presented, round by round.
fn rounds() -> impl Iterator<Item = usize> {
    let said = std::env::var("TOLLGATE_REDEEMED").ok();
    let count = said.map_or(ROUND, |number| number.parse().expect("TOLLGATE_REDEEMED is a number"));
    (0..count).step_by(ROUND).map(move |done| ROUND.min(count - done))
}

struct World {
    store: Store,
    server: Server,
    client: String,
    /// Of the client `robot`.
    key: SigningKey,
}

impl World {
    fn new() -> Self {
        let store = Store::init();
        store.run_with_input(&["user", "add", "alice", "--password-stdin"], PASSWORD);
        let added = store.run(&[
            "client",
            "add",
            "app",
            "--name",
            "App",
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--scope",
            "reports",
            "--login-url",
            REDIRECT,
            "--no-consent",
        ]);
        let client = basic("app", added["client_secret"].as_str().unwrap());
        let key = SigningKey::es256("one");
        std::fs::write(store.path().with_file_name("keys.json"), key_set(&[&key])).unwrap();
        let robot = [
            "client",
            "add",
            "robot",
            "--grant",
            "client_credentials",
            "--user",
            "alice",
        ];
        store.run(&[&robot[..], &["--scope", "reports", "--jwks", "keys.json"]].concat());
        let server = store.serve();
        Self {
            store,
            server,
            client,
            key,
        }
    }

    /// New codes, of one login.
    fn codes(&self, count: usize) -> Vec<String> {
        let mut browser = Browser::new(self.server.address());
        let asked = form_encoded(&[
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let target = format!("/oauth2/authorize?{asked}");
        let code = |browser: &mut Browser| {
            let address = match browser.visit(&target) {
                Place::Elsewhere(address) => address,
                Place::Page(page) => {
                    let form = page.form("name=\"password\"");
                    browser
                        .send(&form.fill("username", "alice").fill("password", PASSWORD))
                        .elsewhere()
                }
            };
            let (_, behind) = address
                .split_once("code=")
                .unwrap_or_else(|| panic!("no code in {address}"));
            behind.split('&').next().unwrap().to_owned()
        };
        (0..count).map(|_| code(&mut browser)).collect()
    }

    /// A refresh token for each code.
    fn refreshes(&self, count: usize) -> Vec<String> {
        let mut connection = Connection::open(self.server.address()).unwrap();
        let redeem = |code: String| {
            let answer = connection.send(&Sort::Code.request(&self.client, &code)).unwrap();
            let document: Value = serde_json::from_slice(&answer.body).unwrap();
            document["refresh_token"]
                .as_str()
                .unwrap_or_else(|| panic!("{document}"))
                .to_owned()
        };
        self.codes(count).into_iter().map(redeem).collect()
    }

    /// Assertions of the client `robot`, each with a `jti` of its own.
    fn assertions(&self, numbers: Range<usize>) -> Vec<String> {
        let metadata = exchange(
            self.server.address(),
            &Request::get("/.well-known/oauth-authorization-server"),
        );
        let metadata: Value = serde_json::from_slice(&metadata.body).unwrap();
        let until = now_s() + 3_000;
        let assertion = |number: usize| {
            let claims = json!({
                "iss": "robot", "sub": "robot", "aud": metadata["token_endpoint"],
                "iat": until - 3_000, "exp": until, "jti": format!("jti {number}"),
            });
            self.key.sign(&claims)
        };
        numbers.map(assertion).collect()
    }

    /// Everybody presents everything, twice, and in the middle of the first time the server is killed. Answers what each secret
    /// gave: the tokens of all who got some.
    fn presented_by_all(&mut self, sort: Sort, secrets: &[String]) -> Vec<Vec<String>> {
        let given: Vec<_> = secrets.iter().map(|_| Mutex::new(Vec::new())).collect();
        let answered = AtomicUsize::new(0);
        let address = self.server.address();
        std::thread::scope(|scope| {
            let (client, given, answered) = (&self.client, &given, &answered);
            for _ in 0..REDEEMERS {
                scope.spawn(move || present(address, client, sort, secrets, given, answered));
            }
            let half = secrets.len() * REDEEMERS / 2;
            // A round is thousands of requests.
            let patience = 4 * PATIENCE;
            wait::until("half of all requests are answered", patience, || {
                // Ordering: Relaxed, since it is a count that only says when to kill.
                (answered.load(Ordering::Relaxed) >= half).then_some(())
            });
            self.server.kill();
        });
        self.server = self.store.serve_at(address);
        std::thread::scope(|scope| {
            for _ in 0..REDEEMERS {
                scope.spawn(|| present(address, &self.client, sort, secrets, &given, &answered));
            }
        });
        given.into_iter().map(Mutex::into_inner).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Code,
    Refresh,
    Assertion,
}

impl Sort {
    fn request(self, client: &str, secret: &str) -> Request {
        let body = match self {
            Self::Code => form_encoded(&[
                ("grant_type", "authorization_code"),
                ("code", secret),
                ("redirect_uri", REDIRECT),
                ("code_verifier", VERIFIER),
            ]),
            Self::Refresh => form_encoded(&[("grant_type", "refresh_token"), ("refresh_token", secret)]),
            Self::Assertion => form_encoded(&[
                ("grant_type", "client_credentials"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", secret),
            ]),
        };
        let request = Request::new("POST", "/oauth2/token").field("content-type", "application/x-www-form-urlencoded");
        let request = match self {
            Self::Code | Self::Refresh => request.field("authorization", client),
            Self::Assertion => request,
        };
        request.body(&body)
    }

    /// What is answered to a request that was granted.
    fn granted(self) -> &'static str {
        match self {
            Self::Code | Self::Refresh => "refresh_token",
            Self::Assertion => "access_token",
        }
    }

    /// What is answered to one that came too late.
    fn refused(self) -> (u16, &'static str) {
        match self {
            Self::Code | Self::Refresh => (400, "invalid_grant"),
            Self::Assertion => (401, "invalid_client"),
        }
    }
}

/// One of those who present everything, in order, until nobody answers any more.
fn present(
    to: SocketAddr,
    client: &str,
    sort: Sort,
    secrets: &[String],
    given: &[Mutex<Vec<String>>],
    answered: &AtomicUsize,
) {
    let Ok(mut connection) = Connection::open(to) else {
        return;
    };
    for (secret, given) in secrets.iter().zip(given) {
        let Ok(answer) = connection.send(&sort.request(client, secret)) else {
            return;
        };
        // Ordering: Relaxed, since it is a count that only says when to kill.
        answered.fetch_add(1, Ordering::Relaxed);
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        match answer.status {
            200 => given.lock().push(document[sort.granted()].as_str().unwrap().to_owned()),
            status => {
                let error = document["error"].as_str().unwrap_or_default();
                assert_eq!((status, error), sort.refused(), "{document}");
            }
        }
    }
}

#[test]
fn a_code_is_granted_once_however_many_present_it_and_whatever_is_killed() {
    let mut world = World::new();
    for count in rounds() {
        let codes = world.codes(count);
        let given = world.presented_by_all(Sort::Code, &codes);
        let most = given.iter().map(Vec::len).max();
        assert_eq!(most, Some(1), "a code was granted more than once");
        assert_few_are_lost(&given);
    }
}

#[test]
fn a_refresh_token_has_one_successor_however_many_present_it_and_whatever_is_killed() {
    let mut world = World::new();
    for count in rounds() {
        let refreshes = world.refreshes(count);
        let given = world.presented_by_all(Sort::Refresh, &refreshes);
        for given in &given {
            let successors: BTreeSet<&String> = given.iter().collect();
            assert!(successors.len() <= 1, "{} successors of one token", successors.len());
        }
        assert_few_are_lost(&given);
    }
}

#[test]
fn an_assertion_is_taken_once_however_many_present_it_and_whatever_is_killed() {
    let mut world = World::new();
    let mut made = 0;
    for count in rounds() {
        let assertions = world.assertions(made..made + count);
        made += count;
        let given = world.presented_by_all(Sort::Assertion, &assertions);
        let most = given.iter().map(Vec::len).max();
        assert_eq!(most, Some(1), "an assertion was taken more than once");
        assert_few_are_lost(&given);
    }
}

/// Whoever waited for an answer when the server was killed may have lost it.
#[track_caller]
fn assert_few_are_lost(given: &[Vec<String>]) {
    let lost = given.iter().filter(|given| given.is_empty()).count();
    assert!(lost <= REDEEMERS, "{lost} of {} gave nothing", given.len());
}
