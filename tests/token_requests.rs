//! Malformed and refused token requests, put to Tollgate and to another authorization server, which must answer alike: status,
//! error code, cache fields, challenge. Where they differ, the difference stands here with its reason, and nowhere else.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tollgate_tests::basic::basic;
use tollgate_tests::foreign::{Foreign, Interpreter};
use tollgate_tests::http::{Request, exchange};
use tollgate_tests::tollgate::Store;

const REDIRECT: &str = "https://app.example/back";

/// What a client goes by of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answered {
    status: u16,
    error: Option<String>,
    is_stored: bool,
    challenge: bool,
}

impl Answered {
    fn of(to: SocketAddr, path: &str, case: &Case) -> Self {
        let mut request = Request::new(case.method, path);
        for (name, value) in &case.fields {
            request = request.field(name, value);
        }
        if let Some(body) = &case.body {
            request = request.body(body);
        }
        let answer = exchange(to, &request);
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let caching = answer.field("cache-control").unwrap_or_default();
        Self {
            status: answer.status,
            error: document["error"].as_str().map(str::to_owned),
            is_stored: !caching.contains("no-store"),
            challenge: answer
                .field("www-authenticate")
                .is_some_and(|line| line.starts_with("Basic ")),
        }
    }
}

struct Case {
    name: &'static str,
    method: &'static str,
    fields: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Case {
    /// A form.
    fn form(name: &'static str, body: impl Into<String>) -> Self {
        let form = "application/x-www-form-urlencoded".to_owned();
        Self {
            name,
            method: "POST",
            fields: vec![("content-type", form)],
            body: Some(body.into()),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.retain(|(own, _)| *own != name);
        self.fields.push((name, value.into()));
        self
    }

    fn by(self, client: &Known) -> Self {
        self.with("authorization", client.basic())
    }
}

struct Known {
    id: String,
    secret: String,
}

impl Known {
    fn basic(&self) -> String {
        basic(&self.id, &self.secret)
    }

    fn body(&self) -> String {
        format!("client_id={}&client_secret={}", self.id, self.secret)
    }
}

fn cases(web: &Known, machine: &Known) -> Vec<Case> {
    const MACHINE: &str = "grant_type=client_credentials";
    let code = |more: &str| format!("grant_type=authorization_code&{more}");
    let redirect = "redirect_uri=https%3A%2F%2Fapp.example%2Fback";
    let verifier = format!("code_verifier={}", "v".repeat(43));
    let wrong = Known {
        id: machine.id.clone(),
        secret: "not-it".to_owned(),
    };
    let nobody = Known {
        id: "nobody".to_owned(),
        secret: "secret".to_owned(),
    };
    let mut cases = vec![
        Case::form("granted to Basic", MACHINE).by(machine),
        Case::form("granted to the body", format!("{MACHINE}&{}", machine.body())),
        Case::form("granted a scope", format!("{MACHINE}&scope=reports")).by(machine),
        Case::form("a parameter nobody knows", format!("{MACHINE}&nobody=knows")).by(machine),
        Case::form("an empty scope is none", format!("{MACHINE}&scope=")).by(machine),
        Case::form("nothing at all", ""),
        Case::form("no client", MACHINE),
        Case::form("no grant type", "scope=reports").by(machine),
        Case::form("an empty grant type", "grant_type=").by(machine),
        Case::form("a grant nobody knows", "grant_type=urn%3Aexample%3Agrant").by(machine),
        Case::form("a grant in capitals", "grant_type=CLIENT_CREDENTIALS").by(machine),
        Case::form("the implicit grant", "grant_type=implicit").by(machine),
        Case::form("a wrong secret in Basic", MACHINE).by(&wrong),
        Case::form("a wrong secret in the body", format!("{MACHINE}&{}", wrong.body())),
        Case::form("an unknown client in Basic", MACHINE).by(&nobody),
        Case::form("an unknown client in the body", format!("{MACHINE}&{}", nobody.body())),
        Case::form("an id without a secret", format!("{MACHINE}&client_id={}", machine.id)),
        Case::form(
            "an empty secret",
            format!("{MACHINE}&client_id={}&client_secret=", machine.id),
        ),
        Case::form("two proofs", format!("{MACHINE}&{}", machine.body())).by(machine),
        Case::form("an id beside Basic", format!("{MACHINE}&client_id={}", machine.id)).by(machine),
        Case::form("another id beside Basic", format!("{MACHINE}&client_id={}", web.id)).by(machine),
        Case::form("Basic that is not base64", MACHINE).with("authorization", "Basic ***"),
        Case::form("Basic without a colon", MACHINE).with("authorization", "Basic bm9jb2xvbg=="),
        Case::form("Basic with a broken escape", MACHINE).with("authorization", basic("a%zz", "b")),
        Case::form("an empty Basic", MACHINE).with("authorization", basic("", "")),
        Case::form("a repeated grant type", format!("{MACHINE}&{MACHINE}")).by(machine),
        Case::form("a repeated scope", format!("{MACHINE}&scope=reports&scope=reports")).by(machine),
        Case::form(
            "a repeated secret",
            format!("{MACHINE}&{}&client_secret=x", machine.body()),
        ),
        Case::form("a scope beyond", format!("{MACHINE}&scope=everything")).by(machine),
        Case::form("a scope partly beyond", format!("{MACHINE}&scope=reports+everything")).by(machine),
        Case::form("JSON", json!({"grant_type": "client_credentials"}).to_string())
            .by(machine)
            .with("content-type", "application/json"),
        Case::form("plain text", MACHINE)
            .by(machine)
            .with("content-type", "text/plain"),
        Case::form("a form with a charset", MACHINE)
            .by(machine)
            .with("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        Case::form(
            "a grant that the client may not use",
            code(&format!("code=x&{redirect}&{verifier}")),
        )
        .by(machine),
        Case::form("no code", code(&format!("{redirect}&{verifier}"))).by(web),
        Case::form("an unknown code", code(&format!("code=unknown&{redirect}&{verifier}"))).by(web),
        Case::form(
            "an unknown code without a verifier",
            code(&format!("code=unknown&{redirect}")),
        )
        .by(web),
        Case::form("a repeated code", code(&format!("code=a&code=b&{redirect}&{verifier}"))).by(web),
        Case::form("no redirect", code(&format!("code=unknown&{verifier}"))).by(web),
        Case::form(
            "a short verifier",
            code(&format!("code=unknown&{redirect}&code_verifier=short")),
        )
        .by(web),
        Case::form("no refresh token", "grant_type=refresh_token").by(web),
        Case::form(
            "an unknown refresh token",
            "grant_type=refresh_token&refresh_token=unknown",
        )
        .by(web),
        Case::form(
            "a repeated refresh token",
            "grant_type=refresh_token&refresh_token=a&refresh_token=b",
        )
        .by(web),
        Case::form(
            "a refresh for a client without it",
            "grant_type=refresh_token&refresh_token=a",
        )
        .by(machine),
        Case::form("a password", "grant_type=password&username=alice&password=secret").by(web),
        Case::form("bytes that are not UTF-8", "grant_type=client_credentials&scope=%ff").by(machine),
        Case::form(
            "an assertion that is none",
            format!(
                "{MACHINE}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c"
            ),
        ),
        Case::form(
            "an assertion of a type nobody knows",
            format!("{MACHINE}&client_assertion_type=x&client_assertion=a.b.c"),
        ),
    ];
    cases.push(Case {
        name: "GET",
        method: "GET",
        fields: vec![("authorization", machine.basic())],
        body: None,
    });
    cases.push(Case {
        name: "no type",
        method: "POST",
        fields: vec![("authorization", machine.basic())],
        body: Some(MACHINE.to_owned()),
    });
    cases
}

/// Where the two differ, and why Tollgate is as it is.
const DIFFERENCES: &[(&str, &str)] = &[
    ("GET", "405 with Allow says what to do; the other knows no such page"),
    ("a grant that the client may not use", UNAUTHORIZED),
    ("a refresh for a client without it", UNAUTHORIZED),
    ("a password", "the grant is known here, and this client may not use it"),
    ("a scope beyond", NARROWED),
    ("a scope partly beyond", NARROWED),
    ("nothing at all", NO_CLIENT),
    ("no client", NO_CLIENT),
    ("Basic that is not base64", ATTEMPTED),
    ("Basic without a colon", ATTEMPTED),
    ("Basic with a broken escape", ATTEMPTED),
    ("an empty Basic", ATTEMPTED),
    (
        "an assertion that is none",
        "it is a proof that failed, like a wrong secret",
    ),
    ("a wrong secret in the body", CHALLENGED),
    ("an unknown client in the body", CHALLENGED),
    ("an id without a secret", CHALLENGED),
    ("an empty secret", CHALLENGED),
    (
        "bytes that are not UTF-8",
        "the form cannot be read, so nothing is said about one of its parameters",
    ),
];

/// RFC 6749 section 5.2 has a code of its own for it.
const UNAUTHORIZED: &str = "unauthorized_client: the client is known and may not use this grant";
/// The other leaves out what it will not give, and a client that does not look at the answer believes it has it.
const NARROWED: &str = "invalid_scope: a client that asks for too much learns it at once";
/// RFC 6749 section 5.2: `invalid_client` where no authentication is included.
const NO_CLIENT: &str = "invalid_client: no authentication is included";
/// RFC 6749 section 5.2: 401 where a client has attempted to authenticate by `Authorization`.
const ATTEMPTED: &str = "401: authentication by Authorization was attempted and failed";
/// RFC 9110 section 15.5.2: every 401 has a challenge.
const CHALLENGED: &str = "a 401 without a challenge is none";

#[test]
fn refusals_are_those_of_another_server_but_for_a_few_with_reasons() {
    let store = Store::init();
    store.run(&["network", "trust", "127.0.0.0/8"]);
    store.run(&["user", "add", "robot"]);
    let add = |id: &str, more: &[&str]| {
        let added = store.run(&[&["client", "add", id, "--name", id], more].concat());
        let text = |key: &str| added[key].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        Known { id, secret }
    };
    let web = add(
        "web",
        &[
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--scope",
            "openid",
            "--scope",
            "offline_access",
            "--login-url",
            REDIRECT,
        ],
    );
    let machine = add(
        "machine",
        &["--grant", "client_credentials", "--scope", "reports", "--user", "robot"],
    );
    let server = store.serve();
    let settings = json!({
        "id": web.id, "secret": web.secret, "redirect": REDIRECT,
        "machine": {"id": machine.id, "secret": machine.secret},
    });
    let mut other = Foreign::start(&Interpreter::Node, "oidc_provider.mjs", &settings);
    let listening = other.listen().unwrap();
    let issuer = listening["issuer"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let other_address = issuer.parse().unwrap();

    let mut found = BTreeMap::new();
    for case in cases(&web, &machine) {
        let ours = Answered::of(server.address(), "/oauth2/token", &case);
        let theirs = Answered::of(other_address, "/token", &case);
        assert!(!ours.is_stored, "{}: {ours:?}", case.name);
        if ours != theirs {
            found.insert(case.name, (ours, theirs));
        }
    }
    let listed: BTreeMap<_, _> = DIFFERENCES.iter().copied().collect();
    let unlisted: Vec<_> = found.iter().filter(|(name, _)| !listed.contains_key(*name)).collect();
    assert!(
        unlisted.is_empty(),
        "differences without a reason, ours first: {unlisted:#?}"
    );
    let gone: Vec<_> = listed.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(gone.is_empty(), "no differences any more: {gone:?}");
}
