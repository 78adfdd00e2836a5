//! Checks that settle what they leave open: passwords on routes that take them, and tokens of other issuers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::json;
use tollgate::{Issuer, JwksSource, PutIssuer, PutRoute, Route};
use tollgate_oauth::jose::{Algorithm, SigningPair};
use tollgate_oauth::jwk;

use super::scene::{PASSWORD, Scene, give_password, json as document};
use crate::support::json::ask;
use crate::support::judged::basic;
use crate::support::{BEGIN, CLIENT};

/// `PASSWORD` under another salt: another password as far as anybody remembers one.
const OTHER_PHC: &str = "$argon2id$v=19$m=8,t=1,p=1$ZmVkY2JhOTg3NjU0MzIxMA$M7jw0GQI4Kfcxf+xPldfNRYttP89scc9XVAYAcaZ0U0";

fn route_for_passwords(scene: &Scene) {
    let route = Route {
        pattern: "/BasicAuthAPI/**".parse().unwrap(),
        schemes: "password".parse().unwrap(),
        scopes: "".parse().unwrap(),
        audience: None,
        anonymous: false,
    };
    scene.world.run(PutRoute { route });
}

#[test]
fn a_password_opens_the_routes_that_take_one_and_no_others() {
    let scene = Scene::new();
    route_for_passwords(&scene);
    let right = basic("alice", PASSWORD);
    for _ in 0..2 {
        let passed = scene.check("/BasicAuthAPI/Domain/Query", &right);
        assert_eq!(passed.status, 200);
        assert_eq!(passed.field("x-tollgate-user"), ["alice"]);
        assert_eq!(passed.field("x-tollgate-token-id"), [""], "a password is no token");
        assert_eq!(passed.field("x-tollgate-client"), [""]);
    }
    assert_eq!(
        scene
            .check("/BasicAuthAPI/Domain/Query", &basic("alice", "wrong"))
            .status,
        401
    );
    assert_eq!(
        scene
            .check("/BasicAuthAPI/Domain/Query", &basic("nobody", PASSWORD))
            .status,
        401
    );
    assert_eq!(scene.check("/API/Domain/Query", &right).status, 401);
    let bearer = format!("Bearer {}", scene.world.token());
    assert_eq!(scene.check("/API/Domain/Query", &bearer).status, 200);
    assert_eq!(scene.check("/BasicAuthAPI/Domain/Query", &bearer).status, 401);
}

/// A proxy that says no path, or that is not believed, must not take the routes away.
#[test]
fn where_there_are_routes_a_path_that_nobody_has_said_takes_none() {
    let scene = Scene::new();
    let bearer = format!("Bearer {}", scene.world.token());
    assert_eq!(
        scene.check("", &bearer).status,
        200,
        "without routes a path decides nothing"
    );
    route_for_passwords(&scene);
    let refused = scene.check("", &bearer);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.problem(), "ambiguous-path");
    assert_eq!(scene.check("/", &bearer).status, 200, "the twin: a path that was said");
}

#[test]
fn what_was_proven_is_forgotten_with_the_password() {
    let scene = Scene::new();
    route_for_passwords(&scene);
    let right = basic("alice", PASSWORD);
    assert_eq!(scene.check("/BasicAuthAPI/x", &right).status, 200);
    give_password(&scene.world, "alice", OTHER_PHC);
    assert_eq!(scene.check("/BasicAuthAPI/x", &right).status, 401);
}

#[test]
fn only_the_outcome_of_a_check_is_counted() {
    let scene = Scene::new();
    route_for_passwords(&scene);
    scene.check("/BasicAuthAPI/x", &basic("alice", PASSWORD));
    let counts = String::from_utf8(scene.get("/metrics").body).unwrap();
    assert!(
        counts.contains("tollgate_checks_total{outcome=\"permitted\"} 1"),
        "{counts}"
    );
    assert!(
        counts.contains("tollgate_checks_total{outcome=\"unknown_token\"} 0"),
        "{counts}"
    );
}

#[test]
fn many_wrong_passwords_are_told_to_come_back_and_a_token_passes_all_the_same() {
    let scene = Scene::new();
    route_for_passwords(&scene);
    let wrong = basic("alice", "wrong");
    let refused = (0..40)
        .map(|_| scene.check("/BasicAuthAPI/x", &wrong))
        .find(|answer| answer.status == 429);
    let refused = refused.unwrap();
    assert_eq!(refused.field("retry-after").len(), 1);
    assert!(refused.detail().contains("Too many passwords"), "{}", refused.detail());
    let bearer = format!("Bearer {}", scene.world.token());
    assert_eq!(scene.check("/API/x", &bearer).status, 200);
}

#[test]
fn questions_in_json_settle_alike_one_and_many() {
    let scene = Scene::new();
    route_for_passwords(&scene);
    let check = |password: &str, hold: bool| json!({ "method": "GET", "path": "/BasicAuthAPI/x", "ip": CLIENT, "authorization": basic("alice", password), "hold": hold });
    let wrong = document(&ask(&scene.server, &check("wrong", false)));
    assert_eq!((&wrong["permitted"], &wrong["status"]), (&false.into(), &401.into()));
    let one = document(&ask(&scene.server, &check(PASSWORD, true)));
    assert_eq!((&one["permitted"], &one["user"]), (&true.into(), &"alice".into()));
    assert!(one["permit"].is_string() && one["token_id"].is_null(), "{one}");
    let fresh = Scene::new();
    route_for_passwords(&fresh);
    let many = json!({ "checks": [check("wrong", false), check(PASSWORD, false), check(PASSWORD, true)] });
    let many = document(&ask(&fresh.server, &many));
    let permitted: Vec<bool> = (0..3)
        .map(|at| many["results"][at]["permitted"].as_bool().unwrap())
        .collect();
    assert_eq!(permitted, [false, true, true], "{many}");
}

/// An issuer elsewhere, with a key of its own.
struct Elsewhere(SigningPair);

impl Elsewhere {
    fn new(kid: &str) -> Self {
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        Self(SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, kid, None).unwrap())
    }

    fn keys(&self) -> String {
        let key = jwk::written(&self.0.public().unwrap(), self.0.kid(), None);
        format!("{{\"keys\":[{key}]}}")
    }

    fn token(&self, user: &str, ends_s: u64) -> String {
        let end = BEGIN.as_millis() / 1_000 + ends_s;
        let claims = json!({
            "iss": "https://them.example", "aud": "https://us.example", "exp": end, "email": user, "scope": "js_api"
        });
        format!("Bearer {}", self.0.sign("at+jwt", &claims.to_string()).unwrap())
    }
}

fn trust(scene: &Scene, jwks: JwksSource) {
    let issuer = Issuer {
        issuer: "https://them.example".to_owned(),
        jwks,
        audiences: vec!["https://us.example".parse().unwrap()],
        algorithms: "ES256".parse().unwrap(),
        user_claim: "email".to_owned(),
        client: "app".parse().unwrap(),
        scopes: "js_api openid".parse().unwrap(),
    };
    scene.world.run(PutIssuer { issuer });
}

#[test]
fn a_token_of_a_trusted_issuer_passes_until_it_ends() {
    let scene = Scene::new();
    let them = Elsewhere::new("k1");
    let token = them.token("alice", 30);
    assert_eq!(scene.check("/", &token).status, 401, "nobody trusts them yet");
    trust(&scene, JwksSource::Text(them.keys()));
    for _ in 0..2 {
        let passed = scene.check("/", &token);
        assert_eq!(passed.status, 200, "{}", String::from_utf8_lossy(&passed.body));
        assert_eq!(passed.field("x-tollgate-user"), ["alice"]);
        assert_eq!(passed.field("x-tollgate-client"), ["app"]);
        assert_eq!(passed.field("x-tollgate-scope"), ["js_api"]);
    }
    assert_eq!(scene.check("/", &them.token("nobody", 30)).status, 401);
    assert_eq!(
        scene.check("/", &Elsewhere::new("k1").token("alice", 30)).status,
        401,
        "another key"
    );
    scene.world.clock.set(BEGIN.plus_millis(30_001));
    assert_eq!(scene.check("/", &token).status, 401);
}

/// Answers so many requests for keys, each on a connection of its own; then counts them.
fn publish(keys: String, requests: usize) -> (String, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks?x=1", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut answered = 0;
        while answered < requests {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "GET /jwks?x=1 HTTP/1.1");
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: {}\r\n\r\n{keys}", keys.len()).unwrap();
            answered += 1;
        }
        answered
    });
    (url, thread)
}

#[test]
fn keys_are_fetched_by_one_for_all_who_wait() {
    let scene = Scene::new();
    let them = Elsewhere::new("k1");
    let (url, published) = publish(them.keys(), 1);
    trust(&scene, JwksSource::Url(url));
    let tokens: Vec<String> = (0..8).map(|number| them.token("alice", 40 + number)).collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asking: Vec<_> = tokens
            .iter()
            .map(|token| scope.spawn(|| scene.check("/", token).status))
            .collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 8]);
    assert_eq!(published.join().unwrap(), 1, "they were fetched once");
    assert_eq!(
        scene.check("/", &Elsewhere::new("k2").token("alice", 60)).status,
        401,
        "and not again so soon"
    );
}
