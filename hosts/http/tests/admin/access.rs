//! Who may administer, and how strangers are told nothing.

use tollgate::{IssueAdminToken, RevokeAdminToken, Role};

use super::console::{Call, Console};
use crate::support::judged::basic;
use crate::support::{PROXY, name};

#[test]
fn one_bearer_token_in_one_place_is_admitted_and_all_others_look_alike() {
    let console = Console::start();
    let issue = |who: &str| {
        console.world.run(IssueAdminToken {
            name: name(who),
            role: Role::Administrator,
            expires_at: Some(console.world.engine.now().plus_millis(60_000)),
        })
    };
    let (revoked, expired) = (issue("revoked"), issue("expired"));
    let as_bearer = |token: &str| format!("Bearer {token}");
    let send = |credentials: &str| console.bare("GET /users").field("authorization", credentials);
    for credentials in [revoked.token.expose(), expired.token.expose(), &console.token] {
        send(&as_bearer(credentials)).done(200);
    }
    send(&format!("bearer  {}", console.token)).done(200);
    console.world.run(RevokeAdminToken { id: revoked.record.id });
    console.world.clock.set(console.world.engine.now().plus_millis(60_000));

    let unknown = console.token.replace("tg_adm_", "tg_at_");
    let twice = send(&as_bearer(&console.token)).field("authorization", &as_bearer(&console.token));
    let bad: Vec<Call<'_>> = vec![
        send(&as_bearer(revoked.token.expose())),
        send(&as_bearer(expired.token.expose())),
        send(&as_bearer(console.world.token())),
        send(&as_bearer(&unknown)),
        send(&as_bearer("garbage")),
        send("Bearer "),
        send(&console.token),
        send(&basic("deploy", &console.token)),
        send(&basic("alice", console.world.token())),
        twice,
    ];
    let mut told: Vec<_> = bad
        .into_iter()
        .map(|call| {
            let told = call.refused(401, "invalid-token");
            let challenge = "Bearer realm=\"tollgate administration\", error=\"invalid_token\"";
            assert_eq!(told.the("www-authenticate"), challenge);
            told.text
        })
        .collect();
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");

    let missing = console.bare("GET /users").refused(401, "missing-credential");
    assert_eq!(
        missing.the("www-authenticate"),
        "Bearer realm=\"tollgate administration\""
    );
    let token = console.token.as_str();
    console
        .bare("GET /users")
        .field("x-cdata-authtoken", token)
        .refused(401, "missing-credential");
    console
        .bare(&format!("GET /users?access_token={token}"))
        .refused(401, "missing-credential");
    for path in ["/", "/nothing", "/users/alice/nothing"] {
        console.bare(&format!("GET {path}")).refused(401, "missing-credential");
        console.call(&format!("GET {path}")).refused(404, "not-found");
    }
}

#[test]
fn a_reader_looks_and_changes_nothing() {
    let console = Console::start();
    let read = |line: &str| {
        console
            .bare(line)
            .field("authorization", &format!("Bearer {}", console.reader))
    };
    for path in [
        "/users",
        "/users/alice",
        "/authtokens",
        "/networks",
        "/settings",
        "/admin-tokens",
        "/feed-tokens",
        "/audit",
        "/status",
    ] {
        read(&format!("GET {path}")).done(200);
        let head = read(&format!("HEAD {path}")).done(200);
        assert_eq!(head.text, "");
    }
    for (line, body) in [
        ("POST /users", r#"{"name":"bob"}"#),
        ("PATCH /users/alice", "{}"),
        ("DELETE /users/alice", ""),
        ("POST /users/alice/authtokens", "{}"),
        ("POST /authtokens/1/revoke", "{}"),
        ("POST /authtokens/1/expire", "{}"),
        ("POST /networks", r#"{"rule":"10.0.0.1","standing":"trusted"}"#),
        ("DELETE /networks/10.0.0.1", ""),
        ("PUT /settings/per_hour", r#"{"value":5}"#),
        ("POST /admin-tokens", r#"{"name":"x","role":"reader"}"#),
        ("POST /admin-tokens/1/revoke", "{}"),
        ("POST /feed-tokens", r#"{"name":"x"}"#),
        ("POST /feed-tokens/1/revoke", "{}"),
    ] {
        read(line).json(body).refused(403, "role-refused");
    }
    assert_eq!(
        console.look("/audit?limit=1")["items"][0]["action"],
        "admin_token.issue"
    );
    console.call("POST /users").json(r#"{"name":"bob"}"#).done(201);
}

#[test]
fn failures_are_throttled_by_address_and_valid_tokens_are_not() {
    let console = Console::start();
    let fail = |client: &str| {
        console
            .bare("GET /users")
            .field("x-forwarded-for", client)
            .field("authorization", "Bearer x")
    };
    for _ in 0..20 {
        fail("203.0.113.9").refused(401, "invalid-token");
    }
    let told = fail("203.0.113.9").refused(429, "too-many-failures");
    assert_eq!(told.the("retry-after"), "60");
    fail("203.0.113.10").refused(401, "invalid-token");
    console
        .bare("GET /users")
        .field("x-forwarded-for", "203.0.113.9")
        .refused(401, "missing-credential");
    console
        .call("GET /users")
        .field("x-forwarded-for", "203.0.113.9")
        .done(200);
    console.world.clock.set(console.world.engine.now().plus_millis(60_000));
    fail("203.0.113.9").refused(401, "invalid-token");
}

#[test]
fn the_origin_in_the_trail_is_the_client_that_a_trusted_proxy_names() {
    let console = Console::start();
    let origin = |line: &str, chain: &str| {
        let call = console.call("POST /users").json(line).field("x-forwarded-for", chain);
        call.done(201);
        console.look("/audit?limit=1")["items"][0]["origin"].clone()
    };
    assert_eq!(origin(r#"{"name":"a"}"#, "198.51.100.1, 203.0.113.9"), "203.0.113.9");
    assert_eq!(origin(r#"{"name":"b"}"#, "nonsense"), "unknown");
    console.world.set("trusted_proxies", "");
    assert_eq!(
        origin(r#"{"name":"c"}"#, "203.0.113.9"),
        PROXY,
        "a stranger's word is not heard"
    );
}

#[test]
fn a_revoked_token_ends_at_once_and_a_closed_engine_admits_nobody() {
    let console = Console::start();
    let own = &console.look("/admin-tokens")["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    console.call(&format!("POST /admin-tokens/{own}/revoke")).done(200);
    console.call("GET /users").refused(401, "invalid-token");

    let console = Console::start();
    console.call("GET /users").done(200);
    console.world.engine.clone().close();
    console.call("GET /users").refused(503, "unavailable");
    console
        .call("POST /users")
        .json(r#"{"name":"bob"}"#)
        .refused(503, "unavailable");
    console
        .bare("GET /users")
        .field("authorization", "Bearer x")
        .refused(401, "invalid-token");
}
