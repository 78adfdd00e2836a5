//! Secrets are sent through every operation and into every place where they do not belong. None of them is found in the log,
//! in a problem, among the counts or in the trail.

use std::io::{self, Read as _, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

use super::console::{Call, Console, Told};
use crate::support::judged::basic;

/// Everything that is logged, at every level, by every library.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Every operation with a body that it takes.
const OPERATIONS: [(&str, &str); 56] = [
    ("GET /users", ""),
    ("POST /users", r#"{"name":"bob"}"#),
    ("GET /users/alice", ""),
    ("PATCH /users/alice", r#"{"active":true}"#),
    ("GET /users/alice/authtokens", ""),
    ("POST /users/alice/authtokens", "{}"),
    ("GET /authtokens", ""),
    ("GET /authtokens/1", ""),
    ("POST /authtokens/4/expire", "{}"),
    ("POST /authtokens/4/revoke", "{}"),
    ("POST /users/alice/personal-tokens", r#"{"name":"x"}"#),
    ("GET /users/alice/personal-tokens", ""),
    ("GET /personal-tokens/6", ""),
    ("POST /personal-tokens/6/revoke", "{}"),
    ("GET /users/alice/profile", ""),
    ("PUT /users/alice/profile", r#"{"email":"a@b"}"#),
    ("PUT /users/alice/password", r#"{"password":"short"}"#),
    ("DELETE /users/alice/password", ""),
    ("GET /clients", ""),
    ("POST /clients", r#"{"client_id":"x","grants":["password"]}"#),
    ("GET /clients/x", ""),
    ("PATCH /clients/x", r#"{"consent":true}"#),
    ("POST /clients/x/rotate", "{}"),
    ("POST /users/alice/client-credentials", "{}"),
    ("GET /users/alice/client-credentials", ""),
    ("GET /users/alice/consents", ""),
    ("DELETE /users/alice/consents/x", ""),
    ("PUT /routes", r#"{"pattern":"/x"}"#),
    ("GET /routes", ""),
    ("GET /routes/0", ""),
    ("PUT /issuers", r#"{"issuer":"x","audiences":["x"],"client_id":"x"}"#),
    ("GET /issuers", ""),
    (
        "PUT /identity-providers",
        r#"{"issuer":"x","audiences":["x"],"certificates":["x"]}"#,
    ),
    ("GET /identity-providers", ""),
    ("GET /signing-keys", ""),
    ("POST /signing-keys/x", "{}"),
    ("GET /networks", ""),
    ("POST /networks", r#"{"rule":"10.0.0.1","standing":"trusted"}"#),
    ("GET /networks/10.0.0.1", ""),
    ("DELETE /networks/10.0.0.1", ""),
    ("GET /settings", ""),
    ("GET /settings/per_hour", ""),
    ("PUT /settings/per_hour", r#"{"value":1000}"#),
    ("GET /admin-tokens", ""),
    ("POST /admin-tokens", r#"{"name":"x","role":"reader"}"#),
    ("GET /admin-tokens/2", ""),
    ("POST /admin-tokens/3/revoke", "{}"),
    ("GET /feed-tokens", ""),
    ("POST /feed-tokens", r#"{"name":"x"}"#),
    ("GET /feed-tokens/5", ""),
    ("POST /feed-tokens/5/revoke", "{}"),
    ("GET /audit", ""),
    ("GET /audit/verify", ""),
    ("GET /status", ""),
    ("GET /openapi.json", ""),
    ("GET /nothing", ""),
];

struct Watch {
    secrets: Vec<String>,
    problems: usize,
}

impl Watch {
    fn look(&mut self, place: &str, told: &Told) {
        if told.status >= 400 {
            self.problems += 1;
            self.search(place, &format!("{told:?}"));
        }
    }

    fn search(&self, place: &str, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {place}: {text}");
        }
    }
}

/// The ways to send `secret` to an operation, in places where it belongs and where it does not.
fn sendings<'c>(console: &'c Console, line: &str, body: &str, secret: &str) -> Vec<Call<'c>> {
    let call = |line: &str| {
        let call = console.call(line);
        if body.is_empty() { call } else { call.json(body) }
    };
    let bare = |credentials: &str| console.bare(line).field("authorization", credentials).json(body);
    let joint = if line.contains('?') { '&' } else { '?' };
    let as_text = serde_json::to_string(secret).unwrap();
    let mut sendings = vec![
        bare(&format!("Bearer {secret}")),
        bare(secret),
        bare(&basic("alice", secret)),
        bare(&format!("Bearer {secret}")).field("authorization", &format!("Bearer {secret}")),
        console.bare(line).field("x-cdata-authtoken", secret),
        call(line).field("idempotency-key", secret),
        call(line).field("idempotency-key", &format!("{secret} {secret}")),
        call(line).field("if-match", secret),
        call(line).field("if-match", &format!("\"{secret}\"")),
        call(line).field("if-none-match", secret),
        call(line).field("x-forwarded-for", secret),
        call(line).field("cookie", secret),
        call(&format!("{line}{joint}access_token={secret}")),
        call(&format!("{line}{joint}@authtoken={secret}")),
        call(&format!("{line}{joint}{secret}")),
        call(&format!("{line}{joint}cursor={secret}")),
        call(&format!("{line}{joint}limit={secret}")),
        call(&format!("{line}{joint}order={secret}")),
        console.call(line).body(secret).field("content-type", secret),
        console.call(&line.replacen("GET", "BREW", 1)).body(secret),
    ];
    if secret.starts_with("tg_") {
        // Whatever else stands in a path is a name, and is logged as one.
        sendings.push(call(&format!("{line}/{secret}")));
        let (parent, _) = line.rsplit_once('/').unwrap();
        sendings.push(call(&format!("{parent}/{secret}")));
    }
    for wrong in [
        as_text.clone(),
        format!("[{as_text}]"),
        format!("{{{as_text}:1}}"),
        format!("{{\"name\":{{{as_text}:1}}}}"),
        format!("{{\"operations\":[{as_text}]}}"),
        format!("{{\"per_hour\":{as_text}}}"),
        format!("{{\"active\":{as_text}}}"),
        format!("{{\"expires_at\":{as_text}}}"),
        format!("{{\"at\":{as_text}}}"),
        format!("{{\"rule\":{as_text},\"standing\":\"trusted\"}}"),
        format!("{{\"name\":\"y\",\"role\":{as_text}}}"),
        format!("{{\"value\":{as_text}}}"),
        format!("{{\"password\":[{as_text}]}}"),
        format!("{{\"email\":{as_text}}}"),
        format!("{{\"client_id\":\"y\",\"grants\":[{as_text}]}}"),
        format!("{{\"client_id\":\"y\",\"grants\":[\"password\"],\"scopes\":[{as_text},7]}}"),
        format!("{{\"client_id\":\"y\",\"grants\":[\"password\"],\"login_urls\":[{as_text}]}}"),
        format!("{{\"client_id\":\"y\",\"grants\":[\"password\"],\"jwks\":{{\"keys\":[{as_text}]}}}}"),
        format!("{{\"pattern\":{as_text}}}"),
        format!("{{\"pattern\":\"/y\",\"schemes\":[{as_text}]}}"),
        format!("{{\"issuer\":\"y\",\"audiences\":[\"y\"],\"client_id\":\"y\",\"jwks_url\":{as_text}}}"),
        format!("{{\"issuer\":\"y\",\"audiences\":[\"y\"],\"metadata\":{as_text}}}"),
        format!("{{\"issuer\":\"y\",\"audiences\":[\"y\"],\"certificates\":[{as_text}]}}"),
        format!("{{\"value\":[{as_text}]}}"),
        format!("{{\"name\" {secret}"),
        format!("{{}} {secret}"),
    ] {
        sendings.push(console.call(line).json(&wrong));
    }
    sendings
}

fn scraped(console: &Console) -> String {
    let mut stream = console.server.connect();
    let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn no_secret_is_found_where_it_does_not_belong() {
    let log = Log::default();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone());
    everything.init();
    let console = Console::start();
    let issued = console
        .call("POST /users/alice/authtokens")
        .field("idempotency-key", "Canary-Key-5e1f")
        .done(201);
    let issued = issued.json()["token"].as_str().unwrap().to_owned();
    let made = |line: &str, body: &str, field: &str| {
        let told = console.call(line).json(body).done(201).json();
        told[field].as_str().unwrap().to_owned()
    };
    let client = made(
        "POST /clients",
        r#"{"client_id":"x","grants":["password"]}"#,
        "client_secret",
    );
    let personal = made("POST /users/alice/personal-tokens", r#"{"name":"x"}"#, "token");
    let password = "Canary-Password-88";
    let body = format!("{{\"password\":\"{password}\"}}");
    console.call("PUT /users/alice/password").json(&body).done(204);
    let mut unknown = console.token.clone();
    unknown.replace_range(10..14, "AAAA");
    let secrets = vec![
        console.token.clone(),
        console.reader.clone(),
        console.world.token().to_owned(),
        issued,
        client,
        personal,
        password.to_owned(),
        unknown,
        "Canary-Password-77".to_owned(),
        "Canary-Key-5e1f".to_owned(),
    ];
    let mut watch = Watch {
        secrets: secrets.clone(),
        problems: 0,
    };
    for (line, body) in OPERATIONS {
        for secret in &secrets {
            for (at, sending) in sendings(&console, line, body, secret).into_iter().enumerate() {
                let told = sending.send();
                watch.look(&format!("the answer {at} to {line}"), &told);
            }
        }
    }
    assert!(watch.problems > 3_000, "{}", watch.problems);
    watch.search("the counts", &scraped(&console));
    let mut next = Some("/audit?limit=1000".to_owned());
    while let Some(path) = next {
        let page = console.look(&path);
        watch.search("the trail", &page.to_string());
        next = page["next"]
            .as_str()
            .map(|cursor| format!("/audit?limit=1000&cursor={cursor}"));
    }
    let log = String::from_utf8(log.0.lock().clone()).unwrap();
    for expected in ["WARN", "answered", "no administrator was admitted", "/admin/v1/users"] {
        assert!(log.contains(expected), "the log is there, with {expected}");
    }
    for line in log.lines() {
        watch.search("the log", line);
    }
}
