//! Logins by SAML assertions through the real binary: an identity provider is added on the command line, what it has signed is
//! exchanged for tokens at both endpoints, and nothing is taken twice, with `kill -9` in between.

use std::fs;

use serde_json::{Value, json};
use tollgate_tests::browser::form_encoded;
use tollgate_tests::foreign::{self, Interpreter};
use tollgate_tests::http::{Request, Response, exchange};
use tollgate_tests::tollgate::{Server, Store};
use tollgate_tests::wait::{self, PATIENCE};

const ISSUER: &str = "https://idp.example/metadata";
const AUDIENCE: &str = "https://us.example";
const CINCHY: &str = "/identity/connect/token";
const STANDARD: &str = "/oauth2/token";

struct World {
    store: Store,
    server: Server,
    secret: String,
}

impl World {
    fn new() -> Self {
        let store = Store::init();
        store.run(&["network", "trust", "127.0.0.0/8"]);
        store.run(&["user", "add", "alice"]);
        let added = store.run(&[
            "client", "add", "reports", "--name", "Reports", "--grant", "saml2", "--scope", "js_api",
        ]);
        let secret = added["client_secret"].as_str().unwrap().to_owned();
        store.run(&["client", "add", "other", "--name", "Other", "--grant", "password"]);
        let server = store.serve();
        Self { store, server, secret }
    }

    /// What the provider tells, with an assertion for each user and path.
    fn provider(&self, assertions: &[(&str, &str)]) -> (Value, Vec<String>) {
        let orders = assertions.iter().enumerate().map(|(number, (user, path))| {
            let recipient = format!("http://{}{path}", self.server.address());
            json!({"id": format!("_{number}"), "user": user, "recipient": recipient})
        });
        let settings = json!({"issuer": ISSUER, "audience": AUDIENCE, "assertions": orders.collect::<Vec<_>>()});
        let heard = foreign::run(
            &Interpreter::Python,
            "identity_provider.py",
            &settings,
            |_| unreachable!(),
        );
        let signed = heard.step("signed")["assertions"].as_array().unwrap().iter();
        let signed = signed.map(|text| text.as_str().unwrap().to_owned());
        (heard.step("provider").clone(), signed.collect())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.store.path().with_file_name(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Presents an assertion as the path wants it.
    fn present(&self, path: &str, assertion: &str) -> Response {
        let standard = base64(assertion);
        let url = standard.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let (grant, name, text) = match path {
            CINCHY => ("saml2", "token", &standard),
            _ => ("urn:ietf:params:oauth:grant-type:saml2-bearer", "assertion", &url),
        };
        let body = form_encoded(&[
            ("grant_type", grant),
            (name, text.as_str()),
            ("scope", "js_api"),
            ("client_id", "reports"),
            ("client_secret", &self.secret),
        ]);
        let request = Request::new("POST", path).field("content-type", "application/x-www-form-urlencoded");
        exchange(self.server.address(), &request.body(&body))
    }

    #[track_caller]
    fn refused(&self, path: &str, assertion: &str, error: &str) {
        let answer = self.present(path, assertion);
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (answer.status, document["error"].as_str()),
            (400, Some(error)),
            "{document}"
        );
        assert_eq!(answer.field("cache-control"), Some("no-store"));
    }

    #[track_caller]
    fn granted(&self, path: &str, assertion: &str) -> String {
        let answer = self.present(path, assertion);
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{document}");
        document["access_token"].as_str().unwrap().to_owned()
    }

    /// Waits until the log says so: it is read as it comes, which may be after the answer.
    fn logged(&self, reason: &str) {
        wait::until(&format!("the log says {reason}"), PATIENCE, || {
            self.server.log().contains(reason).then_some(())
        });
    }

    /// Whom a check lets through with a token.
    fn passes_as(&self, token: &str) -> Option<String> {
        let answer = exchange(self.server.address(), &Request::get("/check").bearer(token));
        answer
            .field("x-tollgate-user")
            .map(str::to_owned)
            .filter(|_| answer.status == 200)
    }

    fn supported(&self, path: &str) -> bool {
        let answer = exchange(self.server.address(), &Request::get(path));
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        document["grant_types_supported"].to_string().contains("saml2")
    }
}

/// Standard base64.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = text.as_bytes().chunks(3).flat_map(|chunk| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..4).map(move |at| match at <= chunk.len() {
            true => char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]),
            false => '=',
        })
    });
    letters.collect()
}

/// The arguments that add a provider.
fn add<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["idp", "add"][..], more, &["--audience", AUDIENCE]].concat()
}

#[test]
fn assertions_of_a_provider_are_tokens_once() {
    let mut world = World::new();
    let users = [
        ("alice", CINCHY),
        ("alice", STANDARD),
        ("alice", STANDARD),
        ("bob", STANDARD),
        ("alice", CINCHY),
    ];
    let (provider, signed) = world.provider(&users);
    world.refused(CINCHY, &signed[0], "unsupported_grant_type");
    assert!(!world.supported("/identity/.well-known/openid-configuration"));

    let empty = world.file("empty.pem", "");
    world.store.run_in_vain(&add(&[ISSUER, "--certificate", &empty]), 1);
    let metadata = world.file("idp.xml", provider["metadata"].as_str().unwrap());
    let added = world.store.run(&add(&["--metadata", &metadata]));
    assert_eq!(
        (added["issuer"].as_str(), added["subject"].as_str()),
        (Some(ISSUER), Some("nameid"))
    );
    assert_eq!(added["certificates"].as_array().map(Vec::len), Some(1));
    assert_eq!(added["certificates"][0]["subject"], "CN=idp.example");
    assert!(world.supported("/identity/.well-known/openid-configuration"));
    assert!(world.supported("/.well-known/oauth-authorization-server"));

    let token = world.granted(CINCHY, &signed[0]);
    assert!(token.starts_with("eyJ"));
    assert_eq!(world.passes_as(&token).as_deref(), Some("alice"));
    let token = world.granted(STANDARD, &signed[1]);
    assert_eq!(world.passes_as(&token).as_deref(), Some("alice"));
    for (path, assertion) in [(CINCHY, &signed[0]), (STANDARD, &signed[1])] {
        world.refused(path, assertion, "invalid_grant");
    }
    // The endpoint of the other profile is another recipient, and a forged name breaks the signature.
    world.refused(CINCHY, &signed[2], "invalid_grant");
    world.refused(STANDARD, &signed[2].replace(">alice<", ">admin<"), "invalid_grant");
    world.refused(STANDARD, &signed[3], "invalid_grant");
    for reason in [
        "was used before",
        "expected the Recipient",
        "its digest differs",
        "names a user who is not there",
    ] {
        world.logged(reason);
    }

    let address = world.server.address();
    world.server.kill();
    world.server = world.store.serve_at(address);
    world.refused(CINCHY, &signed[0], "invalid_grant");
    world.refused(STANDARD, &signed[1], "invalid_grant");
    world.logged("was used before");
    world.granted(STANDARD, &signed[2]);

    let certificate = world.file("idp.pem", provider["certificate"].as_str().unwrap());
    world
        .store
        .run(&add(&[ISSUER, "--certificate", &certificate, "--create-users"]));
    let token = world.granted(STANDARD, &signed[3]);
    assert_eq!(
        world.passes_as(&token).as_deref(),
        Some("bob"),
        "who was not there was added"
    );

    world.store.run(&["idp", "remove", ISSUER]);
    world.refused(CINCHY, &signed[4], "unsupported_grant_type");
    assert_eq!(
        world.passes_as(&token).as_deref(),
        Some("bob"),
        "what was given goes on"
    );
}
