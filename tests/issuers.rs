//! Tokens of trusted issuers elsewhere, at a real server: whose pass, and which are refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate_tests::http::{Request, Response, exchange};
use tollgate_tests::key_server::KeyServer;
use tollgate_tests::signed::{SigningKey, authenticated, key_set, unsigned};
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{self, PATIENCE, now_s};

const THEM: &str = "https://them.example";
/// Keys are fetched anew after so long at the earliest.
const BETWEEN_FETCHES_S: u32 = 60;

/// A store with a user, and a client in whose name tokens from elsewhere act.
fn store() -> Store {
    let store = Store::init();
    store.run(&["network", "trust", "127.0.0.0/8"]);
    store.run(&["user", "add", "alice"]);
    store.run(&["user", "add", "client-of-them"]);
    let client = [
        "client",
        "add",
        "partners",
        "--grant",
        "client_credentials",
        "--user",
        "client-of-them",
    ];
    store.run(&[&client[..], &["--scope", "orders.read", "--scope", "orders.write"]].concat());
    store
}

/// Trusts the issuer, whose keys are `--jwks FILE` or `--jwks-url URL`.
fn trust(store: &Store, issuer: &str, keys: [&str; 2]) {
    let add = [
        "issuer",
        "add",
        issuer,
        "--audience",
        "orders",
        "--client",
        "partners",
        "--scope",
        "orders.read",
    ];
    store.run(&[&add[..], &keys].concat());
}

fn claims(issuer: &str) -> Value {
    let now = now_s();
    json!({
        "iss": issuer, "sub": "alice", "aud": ["elsewhere", "orders"], "scope": "orders.read orders.delete",
        "iat": now, "nbf": now, "exp": now + 600,
    })
}

/// The same claims but for one, which is another or, with null, is not there.
fn but(name: &str, value: Value) -> Value {
    let mut claims = claims(THEM);
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn check(server: &Server, token: &str) -> Response {
    exchange(server.address(), &Request::get("/check").bearer(token))
}

#[track_caller]
fn assert_passes(what: &str, server: &Server, token: &str) {
    let answer = check(server, token);
    let said = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{what}: {said}\n{}", server.log());
    let ours = ["user", "client", "scope"].map(|name| answer.field(&format!("x-tollgate-{name}")));
    assert_eq!(ours, [Some("alice"), Some("partners"), Some("orders.read")], "{what}");
}

#[track_caller]
fn assert_unknown(what: &str, server: &Server, token: &str) {
    let answer = check(server, token);
    assert_eq!(answer.status, 401, "{what}: {}", String::from_utf8_lossy(&answer.body));
    let challenges = answer.all("www-authenticate").join(", ");
    assert!(challenges.contains("error=\"invalid_token\""), "{what}: {challenges}");
}

#[test]
fn tokens_pass_by_keys_of_a_file_and_of_a_url_in_every_algorithm() {
    let keys = [SigningKey::rs256("r"), SigningKey::es256("e"), SigningKey::ed_dsa("d")];
    let set = key_set(&keys.each_ref());
    let published = KeyServer::start(set.clone());
    let store = store();
    std::fs::write(store.path().with_file_name("keys.json"), set).unwrap();
    trust(&store, THEM, ["--jwks-url", published.url()]);
    trust(&store, "https://filed.example", ["--jwks", "keys.json"]);
    let server = store.serve();
    for issuer in [THEM, "https://filed.example"] {
        for key in &keys {
            let token = key.sign(&claims(issuer));
            for round in 0..3 {
                assert_passes(&format!("{} of {issuer}, {round}", key.algorithm()), &server, &token);
            }
        }
    }
    assert_eq!(published.asked(), 1, "one question brings all keys");
    // What was believed once is remembered, until nobody trusts the issuer any more.
    let remembered = keys[0].sign(&claims(THEM));
    assert_passes("a token that will be remembered", &server, &remembered);
    published.publish(key_set(&[]));
    assert_passes("a remembered token", &server, &remembered);
    store.run(&["issuer", "remove", THEM]);
    assert_unknown("nobody trusts them any more", &server, &remembered);
    assert_eq!(published.asked(), 1);
}

/// What differs in one thing from a token that passes.
fn forgeries(own: &SigningKey, other: &SigningKey) -> BTreeMap<&'static str, String> {
    let now = now_s();
    let good = claims(THEM);
    let header = |name: &str, value: Value| {
        let mut header = json!({"alg": "RS256", "kid": own.kid(), "typ": "JWT"});
        header[name] = value;
        header
    };
    let public = own.public();
    let whole = key_set(&[own]);
    let under = |secret: &[u8]| authenticated(&header("alg", json!("HS256")), &good, secret);
    let mut bent = own.sign(&good);
    let at = bent.rfind('.').unwrap() + 20;
    bent.replace_range(at..=at, if &bent[at..=at] == "A" { "B" } else { "A" });
    let embedded = json!({"alg": "RS256", "kid": own.kid(), "jwk": other.public()});
    BTreeMap::from([
        ("another audience", own.sign(&but("aud", json!("elsewhere")))),
        ("no audience", own.sign(&but("aud", Value::Null))),
        (
            "an issuer whom nobody trusts",
            own.sign(&but("iss", json!("https://them.example/"))),
        ),
        ("no issuer", own.sign(&but("iss", Value::Null))),
        ("an end that has passed", own.sign(&but("exp", json!(now - 120)))),
        ("no end", own.sign(&but("exp", Value::Null))),
        ("a beginning to come", own.sign(&but("nbf", json!(now + 300)))),
        ("a user who is none here", own.sign(&but("sub", json!("bob")))),
        ("no user", own.sign(&but("sub", Value::Null))),
        ("alg none", unsigned(&header("alg", json!("none")), &good)),
        ("alg None", unsigned(&header("alg", json!("None")), &good)),
        (
            "HS256 under the modulus",
            under(public["n"].as_str().unwrap().as_bytes()),
        ),
        ("HS256 under the key set", under(whole.as_bytes())),
        ("HS256 under the key", under(public.to_string().as_bytes())),
        ("HS256 under nothing", under(b"")),
        (
            "another key under the same name",
            other.sign_under(&header("alg", json!("RS256")), &good),
        ),
        ("a key of its own in the header", other.sign_under(&embedded, &good)),
        (
            "another algorithm of the same key",
            own.sign_under(&header("alg", json!("RS512")), &good),
        ),
        (
            "the name of another sort of key",
            own.sign_under(&header("alg", json!("ES256")), &good),
        ),
        (
            "a header that must be understood",
            own.sign_under(&header("crit", json!(["exp"])), &good),
        ),
        ("a signature that was bent", bent),
    ])
}

#[test]
fn what_differs_in_one_thing_from_a_good_token_is_refused() {
    let (own, other) = (SigningKey::rs256("one"), SigningKey::rs256("one"));
    let store = store();
    std::fs::write(store.path().with_file_name("keys.json"), key_set(&[&own])).unwrap();
    trust(&store, THEM, ["--jwks", "keys.json"]);
    let server = store.serve();
    for (what, token) in forgeries(&own, &other) {
        assert_unknown(what, &server, &token);
        assert_unknown(what, &server, &token);
    }
    assert_passes("the twin", &server, &own.sign(&claims(THEM)));
    let narrow = ["--jwks", "keys.json", "--algorithm", "ES256"];
    store.run(
        &[
            &["issuer", "add", THEM, "--audience", "orders", "--client", "partners"],
            &narrow[..],
        ]
        .concat(),
    );
    assert_unknown(
        "an algorithm that is not on the list",
        &server,
        &own.sign(&claims(THEM)),
    );
}

#[test]
fn new_keys_are_asked_for_once_in_a_while_however_many_name_them() {
    let (old, new) = (SigningKey::es256("old"), SigningKey::es256("new"));
    let published = KeyServer::start(key_set(&[&old]));
    let store = store();
    trust(&store, THEM, ["--jwks-url", published.url()]);
    let server = store.serve();
    assert_passes("the old key", &server, &old.sign(&claims(THEM)));
    published.publish(key_set(&[&old, &new]));
    for number in 0..30 {
        assert_unknown(
            "a key that nobody has",
            &server,
            &SigningKey::es256(&format!("{number}")).sign(&claims(THEM)),
        );
    }
    assert_unknown("the new key comes too early", &server, &new.sign(&claims(THEM)));
    assert_eq!(published.asked(), 1, "nobody is asked again so soon");
    let token = new.sign(&claims(THEM));
    wait::until("the new key is known", PATIENCE * (BETWEEN_FETCHES_S / 15), || {
        (check(&server, &token).status == 200).then_some(())
    });
    assert_passes("the new key", &server, &token);
    assert_passes("the old key", &server, &old.sign(&claims(THEM)));
    for number in 0..30 {
        assert_unknown(
            "a key that nobody has",
            &server,
            &SigningKey::es256(&format!("{number}")).sign(&claims(THEM)),
        );
    }
    assert_eq!(published.asked(), 2);
}

#[test]
fn keys_come_over_tls_from_whom_the_system_trusts() {
    let key = SigningKey::es256("one");
    let (published, authority) = KeyServer::start_tls(key_set(&[&key]));
    let store = store();
    trust(&store, THEM, ["--jwks-url", published.url()]);
    let token = key.sign(&claims(THEM));
    let authorities = store.path().with_file_name("authorities.pem");
    let (_, strangers) = KeyServer::start_tls(String::new());
    for (authority, status) in [(strangers, 503), (authority, 200)] {
        std::fs::write(&authorities, authority).unwrap();
        let server = store.serve_in(&[("SSL_CERT_FILE", authorities.to_str().unwrap())]);
        let answer = check(&server, &token);
        assert_eq!(answer.status, status, "{}", server.log());
        assert_eq!(published.asked(), usize::from(status == 200));
        assert_eq!(answer.field("retry-after").is_some(), status == 503);
    }
}
