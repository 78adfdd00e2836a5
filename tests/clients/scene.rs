//! A server with a user, a robot and a client of each sort, and a browser in which the user says yes to everything.

use std::cell::RefCell;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tollgate_tests::browser::{Browser, Place};
use tollgate_tests::foreign::{self, Heard, Interpreter};
use tollgate_tests::http::{Request, exchange};
use tollgate_tests::tollgate::{Server, Store};

/// Where clients are called back. Nobody listens there.
pub const REDIRECT: &str = "http://127.0.0.1:9/back";
/// Where the browser goes after a logout.
pub const AFTER_LOGOUT: &str = "http://127.0.0.1:9/left";
const PASSWORD: &str = "correct horse battery staple";

/// What a client is called, and its secret.
fn known(added: &Value) -> Value {
    json!({"id": added["client_id"], "secret": added["client_secret"]})
}

pub struct Scene {
    _store: Store,
    server: Server,
    browser: RefCell<Browser>,
    settings: Value,
}

impl Scene {
    pub fn new() -> Self {
        let store = Store::init();
        store.run(&["network", "trust", "127.0.0.0/8"]);
        store.run_with_input(&["user", "add", "alice", "--password-stdin"], PASSWORD);
        store.run(&[
            "user",
            "set",
            "alice",
            "--display-name",
            "Alice",
            "--email",
            "alice@example.com",
        ]);
        store.run(&["user", "add", "robot"]);
        let add = |id: &str, more: &[&str]| known(&store.run(&[&["client", "add", id, "--name", id], more].concat()));
        let password = add("password_client", &["--grant", "password", "--scope", "js_api"]);
        let machine = add(
            "machine_client",
            &["--grant", "client_credentials", "--scope", "reports", "--user", "robot"],
        );
        let web = [
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--scope",
            "openid",
            "--scope",
            "profile",
            "--scope",
            "email",
            "--scope",
            "offline_access",
            "--login-url",
            REDIRECT,
            "--logout-url",
            AFTER_LOGOUT,
        ];
        let public = add("public_client", &[&web[..], &["--public"]].concat());
        let web = add("web_client", &web);
        let key = signing_key("key_client", &store);
        let server = store.serve();
        let url = format!("http://{}", server.address());
        let metadata = exchange(
            server.address(),
            &Request::get("/.well-known/oauth-authorization-server"),
        );
        let metadata: Value = serde_json::from_slice(&metadata.body).unwrap_or_else(|error| {
            panic!(
                "{error}: {} {}",
                metadata.status,
                String::from_utf8_lossy(&metadata.body)
            )
        });
        let settings = json!({
            "metadata": metadata,
            "issuers": {"standard": url, "cinchy": format!("{url}/identity")},
            "cinchy_token": format!("{url}/identity/connect/token"),
            "username": "alice", "password": PASSWORD,
            "redirect": REDIRECT, "after_logout": AFTER_LOGOUT,
            "password_client": password, "machine_client": machine, "web_client": web, "public_client": public,
            "key_client": key,
        });
        let browser = RefCell::new(Browser::new(server.address()));
        Self {
            _store: store,
            server,
            browser,
            settings,
        }
    }

    pub fn python(&self, script: &'static str) -> Heard {
        foreign::run(&Interpreter::Python, script, &self.settings, |address| {
            self.visit(address)
        })
    }

    pub fn node(&self, script: &'static str) -> Heard {
        foreign::run(&Interpreter::Node, script, &self.settings, |address| {
            self.visit(address)
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A text among the settings.
    pub fn text(&self, of: &str, name: &str) -> String {
        let text = self.settings[of][name].as_str();
        text.unwrap_or_else(|| panic!("no {name} of {of}: {}", self.settings))
            .to_owned()
    }

    /// Does what a person does who wants what they are asked for: logs in, agrees, and answers where they are sent.
    pub fn visit(&self, address: &str) -> String {
        let mut browser = self.browser.borrow_mut();
        let mut place = browser.visit(address);
        loop {
            let page = match place {
                Place::Elsewhere(address) => return address,
                Place::Page(page) => page,
            };
            assert_eq!(page.status, 200, "{}: {}", page.target, page.body);
            place = if page.body.contains("name=\"password\"") {
                let form = page.form("name=\"password\"");
                browser.send(&form.fill("username", "alice").fill("password", PASSWORD))
            } else if page.body.contains("value=\"allow\"") {
                browser.send(&page.form("value=\"allow\"").press("decision", "allow"))
            } else {
                browser.send(&page.form("method=\"post\""))
            };
        }
    }

    /// A check lets the token through, as this user, client and scope.
    #[track_caller]
    pub fn passes_as(&self, token: &str, user: &str, client: &str, scope: &str) {
        let answer = exchange(self.server.address(), &Request::get("/check").bearer(token));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        for (field, expected) in [
            ("x-tollgate-user", user),
            ("x-tollgate-client", client),
            ("x-tollgate-scope", scope),
        ] {
            assert_eq!(answer.field(field), Some(expected), "{field}");
        }
    }

    /// A check refuses the token.
    #[track_caller]
    pub fn is_refused(&self, token: &str) {
        let answer = exchange(self.server.address(), &Request::get("/check").bearer(token));
        assert_eq!(answer.status, 401);
    }
}

/// A client that proves itself by a key: its id and the key, which only this test has.
fn signing_key(id: &str, store: &Store) -> Value {
    // From RFC 7517, appendix A.2.
    let public = json!({
        "kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    let mut private = public.clone();
    private["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    for member in ["use", "alg"] {
        private.as_object_mut().unwrap().remove(member);
    }
    let file = store.path().with_file_name("keys.json");
    std::fs::write(&file, json!({ "keys": [public] }).to_string()).unwrap();
    let keys = file.to_str().unwrap();
    let add = [
        "client",
        "add",
        id,
        "--name",
        id,
        "--grant",
        "client_credentials",
        "--scope",
        "reports",
        "--user",
        "robot",
    ];
    let added = store.run(&[&add[..], &["--jwks", keys]].concat());
    json!({"id": added["client_id"], "jwk": private})
}
