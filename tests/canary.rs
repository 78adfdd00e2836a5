//! Secrets go through every door of a running server, valid and invalid, in every place in which a client might put them. None of
//! them is found afterwards: not in the log at its loudest, not in an answer, among the counts, in the trail, in an export, or in
//! the bytes of the store.

use std::net::SocketAddr;

use serde_json::json;
use tollgate_tests::http::{Request, Response, exchange};
use tollgate_tests::ports::free_address;
use tollgate_tests::process::Process;
use tollgate_tests::tollgate::Store;
use tollgate_tests::wait::{self, PATIENCE};

/// What nobody issued, well formed for none of the places.
const GARBAGE: &str = "canary-Zq7xT0kEn-4f1e8d2c6b9a";

/// A token of another system, which is imported while the server runs.
const IMPORTED: &str = "canary-Im9PoRt3d-0a7c5e31f842";

/// The password of a user, which came through standard input.
const PASSWORD: &str = "canary-Pa55w0rd-7b2e9d40c81f";

/// Every door, with a body where it takes one. A path is no place for a secret, and is logged, but for that of a permit.
const DOORS: [(&str, &str, &str); 47] = [
    ("GET", "/check/orders", ""),
    ("POST", "/check/orders", "a=b"),
    ("GET", "/check/%2e%2e//x;y", ""),
    ("BREW", "/check", ""),
    (
        "POST",
        "/v1/check",
        r#"{"method":"GET","path":"/","ip":"127.0.0.1","authorization":"Bearer SECRET","hold":true}"#,
    ),
    (
        "POST",
        "/v1/check",
        r#"{"checks":[{"method":"GET","path":"/?@authtoken=SECRET","ip":"127.0.0.1"}]}"#,
    ),
    (
        "POST",
        "/v1/check",
        r#"{"method":"GET","path":"/","ip":"127.0.0.1","authtoken":"SECRET","oops":"SECRET"}"#,
    ),
    ("POST", "/v1/check", r#"{"authorization":"SECRET"#),
    ("DELETE", "/v1/permits/SECRET", ""),
    ("GET", "/admin/v1/users", ""),
    ("GET", "/admin/v1/users?cursor=SECRET", ""),
    ("POST", "/admin/v1/users", r#"{"name":"a:b","SECRET":"SECRET"}"#),
    ("POST", "/admin/v1/users", r#"{"name":"bob","per_hour":"SECRET"#),
    ("PATCH", "/admin/v1/users/alice", r#"{"active":"SECRET"}"#),
    ("POST", "/admin/v1/users/alice/authtokens", r#"{"token":"SECRET"}"#),
    ("GET", "/admin/v1/authtokens/1", ""),
    (
        "POST",
        "/admin/v1/feed-tokens",
        r#"{"name":"SECRET:","SECRET":"SECRET"}"#,
    ),
    ("GET", "/admin/v1/feed-tokens?cursor=SECRET", ""),
    (
        "POST",
        "/admin/v1/clients",
        r#"{"client_id":"a:b","grants":["SECRET"],"client_secret":"SECRET"}"#,
    ),
    (
        "POST",
        "/admin/v1/clients",
        r#"{"client_id":"odd","grants":["password"],"login_urls":["SECRET"]}"#,
    ),
    ("PATCH", "/admin/v1/clients/shop", r#"{"scopes":["SECRET",7]}"#),
    ("POST", "/admin/v1/clients/shop/rotate", r#"{"overlap_s":"SECRET"}"#),
    (
        "POST",
        "/admin/v1/users/alice/client-credentials",
        r#"{"access":"SECRET"}"#,
    ),
    (
        "POST",
        "/admin/v1/users/alice/personal-tokens",
        r#"{"token":"SECRET","name":7}"#,
    ),
    ("PUT", "/admin/v1/users/alice/password", r#"{"password":["SECRET"]}"#),
    ("PUT", "/admin/v1/users/alice/profile", r#"{"email":"SECRET"}"#),
    ("PUT", "/admin/v1/routes", r#"{"pattern":"SECRET"}"#),
    (
        "PUT",
        "/admin/v1/issuers",
        r#"{"issuer":"x","audiences":["x"],"client_id":"x","jwks":{"keys":["SECRET"]}}"#,
    ),
    ("GET", "/admin/v1/signing-keys", ""),
    ("GET", "/admin/v1/clients", ""),
    ("GET", "/admin/v1/personal-tokens", ""),
    (
        "POST",
        "/identity/connect/token",
        "grant_type=password&username=alice&password=SECRET&client_id=shop&client_secret=SECRET",
    ),
    (
        "POST",
        "/oauth2/token",
        "grant_type=client_credentials&client_id=shop&client_secret=SECRET",
    ),
    (
        "POST",
        "/oauth2/token",
        "grant_type=refresh_token&refresh_token=SECRET&client_id=shop",
    ),
    ("POST", "/oauth2/introspect", "token=SECRET"),
    ("POST", "/oauth2/revoke", "token=SECRET"),
    ("GET", "/oauth2/userinfo", ""),
    ("POST", "/account/login", "username=alice&password=SECRET"),
    ("PUT", "/admin/v1/settings/per_hour", r#"{"value":"SECRET"}"#),
    ("GET", "/admin/v1/audit", ""),
    ("GET", "/admin/v1/openapi.json", ""),
    ("GET", "/admin/v1/nowhere", ""),
    ("GET", "/healthz", ""),
    ("GET", "/readyz", ""),
    ("GET", "/metrics", ""),
    ("GET", "/nowhere", ""),
    ("POST", "/envoy.service.auth.v3.Authorization/Check", "SECRET"),
];

/// The fields by which a secret is sent along.
fn places(secret: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Authorization", format!("Bearer {secret}")),
        ("Authorization", format!("Basic {secret}")),
        ("Authorization", format!("Negotiate {secret}")),
        ("X-Cdata-Authtoken", secret.to_owned()),
        ("Cookie", format!("session={secret}")),
        ("Idempotency-Key", secret.to_owned()),
        ("X-Request-Id", format!("\u{7f}{secret}")),
        ("If-Match", format!("\"{secret}\"")),
        ("X-Forwarded-Uri", format!("/?@authtoken={secret}")),
        ("User-Agent", secret.to_owned()),
    ]
}

/// A server that logs all that it has to say.
fn serve(store: &Store) -> (Process, SocketAddr) {
    let address = free_address();
    let mut command = store.command();
    command.args([
        "serve",
        "--log",
        "json",
        "--log-level",
        "trace",
        "--listen",
        &address.to_string(),
    ]);
    let server = Process::start("tollgate serve", &mut command);
    wait::until("the server listens", PATIENCE, || {
        server.stdout().contains("listening").then_some(())
    });
    (server, address)
}

/// Sends a secret through every door by every place, and answers all that came back.
fn send(address: SocketAddr, secret: &str, admin: &str) -> Vec<(String, Response)> {
    let mut answers = Vec::new();
    for (method, path, body) in DOORS {
        for (field, value) in places(secret) {
            // The body and the path hold the secret of this round in clear; their answers must not.
            let target = path.replace("SECRET", secret);
            let mut request = Request::new(method, &target).field(field, &value);
            if field != "Authorization" && path.starts_with("/admin") {
                request = request.bearer(admin);
            }
            if !body.is_empty() {
                let kind = if body.starts_with('{') {
                    "application/json"
                } else {
                    "application/x-www-form-urlencoded"
                };
                request = request
                    .field("Content-Type", kind)
                    .body(&body.replace("SECRET", secret));
            }
            answers.push((format!("{method} {path} with {field}"), exchange(address, &request)));
        }
    }
    answers
}

#[test]
fn no_secret_is_found_anywhere() {
    let store = Store::init();
    store.run(&["network", "trust", "127.0.0.1"]);
    store.run(&["user", "add", "alice"]);
    let (_, authtoken) = store.issue("alice", &[]);
    let admin = store.run(&["admin-token", "issue", "console"]);
    let admin = admin["token"].as_str().unwrap().to_owned();
    let feed = store.run(&["feed-token", "issue", "edge"]);
    let feed = feed["token"].as_str().unwrap().to_owned();
    let client = store.run(&["client", "add", "shop", "--grant", "password"]);
    let client = client["client_secret"].as_str().unwrap().to_owned();
    let personal = store.run(&["pat", "issue", "alice", "--name", "laptop"]);
    let personal = personal["token"].as_str().unwrap().to_owned();
    set_password(&store);
    let (mut server, address) = serve(&store);
    let lines = store.path().with_file_name("in.jsonl");
    std::fs::write(&lines, json!({ "user": "moved", "token": IMPORTED }).to_string()).unwrap();
    store.run(&["import", lines.to_str().unwrap()]);
    std::fs::remove_file(&lines).unwrap();
    let passes = exchange(address, &Request::get("/check").bearer(IMPORTED));
    assert_eq!(passes.status, 200, "the twin: what is imported passes");

    let secrets = [
        GARBAGE,
        IMPORTED,
        PASSWORD,
        authtoken.as_str(),
        admin.as_str(),
        feed.as_str(),
        client.as_str(),
        personal.as_str(),
    ];
    let mut found = Vec::new();
    for secret in secrets {
        for (door, answer) in send(address, secret, &admin) {
            let all = format!("{:?} {}", answer.fields, text(&answer));
            found.extend(all.contains(secret).then(|| format!("{door}: {all}")));
        }
        store.run_in_vain(&["check", "--header", &format!("Authorization: Bearer {GARBAGE}")], 1);
    }
    assert_eq!(found, [""; 0], "in answers");

    let metrics = exchange(address, &Request::get("/metrics"));
    let audit = exchange(address, &Request::get("/admin/v1/audit?limit=1000").bearer(&admin));
    let (trail, export) = (
        printed(&store, &["audit", "export", "-"]),
        printed(&store, &["export", "-"]),
    );
    server.terminate();
    assert!(server.wait(PATIENCE).success());
    let log = server.output();
    let bytes = std::fs::read(store.path()).unwrap();
    let file = String::from_utf8_lossy(&bytes);
    let readers = [
        ("the log", log.as_str(), "check denied"),
        ("the counts", &text(&metrics), "tollgate_checks"),
        ("the trail over HTTP", &text(&audit), "admin_token.issue"),
        ("the trail in a file", trail.as_str(), "feed_token.issue"),
        ("the export", export.as_str(), "alice"),
        ("the store", &file, "alice"),
    ];
    for (place, text, known) in readers {
        assert!(text.contains(known), "{place} can be read: {text}");
        for secret in secrets {
            let lines: Vec<&str> = text.lines().filter(|line| line.contains(secret)).take(3).collect();
            assert_eq!(lines, [""; 0], "{secret} is in {place}");
        }
    }
}

fn set_password(store: &Store) {
    let file = store.path().with_file_name("password.txt");
    std::fs::write(&file, PASSWORD).unwrap();
    let arguments = ["user", "set", "alice", "--password-stdin"];
    let mut command = store.command();
    let status = command
        .args(arguments)
        .stdin(std::fs::File::open(&file).unwrap())
        .status();
    assert!(status.unwrap().success());
    std::fs::remove_file(&file).unwrap();
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// What a command prints.
fn printed(store: &Store, arguments: &[&str]) -> String {
    let output = store.command().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
