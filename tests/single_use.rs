//! Codes and refresh tokens are good once: over HTTP, for many who present each at the same time, with `kill -9` in between.
//!
//! `TOLLGATE_REDEEMED` says how many of each: 2,000 take some minutes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde_json::Value;
use tollgate_tests::basic::basic;
use tollgate_tests::browser::{Browser, Place, form_encoded};
use tollgate_tests::http::{Connection, Request};
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{self, PATIENCE};

/// Who present each secret.
const REDEEMERS: usize = 64;
const DEFAULT: usize = 96;
const REDIRECT: &str = "https://app.example/back";
const PASSWORD: &str = "correct horse battery staple";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn count() -> usize {
    let said = std::env::var("TOLLGATE_REDEEMED").ok();
    said.map_or(DEFAULT, |number| number.parse().expect("TOLLGATE_REDEEMED is a number"))
}

struct World {
    store: Store,
    server: Server,
    client: String,
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
        let server = store.serve();
        Self { store, server, client }
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
            let patience = PATIENCE * u32::try_from(1 + secrets.len() / 50).unwrap();
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
        };
        Request::new("POST", "/oauth2/token")
            .field("content-type", "application/x-www-form-urlencoded")
            .field("authorization", client)
            .body(&body)
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
            200 => given
                .lock()
                .push(document["refresh_token"].as_str().unwrap().to_owned()),
            400 => assert_eq!(document["error"], "invalid_grant", "{document}"),
            status => panic!("{status}: {document}"),
        }
    }
}

#[test]
fn a_code_is_granted_once_however_many_present_it_and_whatever_is_killed() {
    let mut world = World::new();
    let codes = world.codes(count());
    let given = world.presented_by_all(Sort::Code, &codes);
    let most = given.iter().map(Vec::len).max();
    assert_eq!(most, Some(1), "a code was granted more than once");
    // Whoever waited for an answer when the server was killed may have lost it.
    let lost = given.iter().filter(|given| given.is_empty()).count();
    assert!(lost <= REDEEMERS, "{lost} of {} codes gave nothing", codes.len());
}

#[test]
fn a_refresh_token_has_one_successor_however_many_present_it_and_whatever_is_killed() {
    let mut world = World::new();
    let refreshes = world.refreshes(count());
    let given = world.presented_by_all(Sort::Refresh, &refreshes);
    for given in &given {
        let successors: BTreeSet<&String> = given.iter().collect();
        assert!(successors.len() <= 1, "{} successors of one token", successors.len());
    }
    let lost = given.iter().filter(|given| given.is_empty()).count();
    assert!(lost <= REDEEMERS, "{lost} of {} tokens gave nothing", refreshes.len());
}
