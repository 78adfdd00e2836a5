//! What is read strictly, and how it is refused.

use std::time::Duration;

use tollgate_http::Bounds;

use super::console::Console;
use crate::support::World;

#[test]
fn unknown_and_repeated_parameters_are_refused() {
    let console = Console::start();
    for path in [
        "/users",
        "/authtokens",
        "/users/alice/authtokens",
        "/networks",
        "/admin-tokens",
        "/feed-tokens",
        "/audit",
    ] {
        console.call(&format!("GET {path}?limit=1000")).done(200);
        for query in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "limit=",
            "limit=-1",
            "limit=5&limit=5",
            "offset=1",
            "limit=%ff",
            "limit=1+",
        ] {
            console
                .call(&format!("GET {path}?{query}"))
                .refused(400, "unexpected-query");
        }
    }
    for path in [
        "/users/alice",
        "/settings",
        "/settings/per_hour",
        "/networks/203.0.113.7",
        "/authtokens/1",
        "/admin-tokens/2",
        "/status",
        "/audit/verify",
    ] {
        console.call(&format!("GET {path}?")).done(200);
        console
            .call(&format!("GET {path}?limit=5"))
            .refused(400, "unexpected-query");
    }
    console
        .call("POST /users?dry_run=true")
        .json(r#"{"name":"bob"}"#)
        .refused(400, "unexpected-query");
    console
        .call("DELETE /users/alice?force")
        .refused(400, "unexpected-query");
    console.call("GET /users/alice").done(200);
}

#[test]
fn bodies_are_json_of_known_fields() {
    let console = Console::start();
    let post = || console.call("POST /users");
    post().json(r#"{"name":"b1"}"#).done(201);
    let named = |kind: &str| post().field("content-type", kind).body(r#"{"name":"b2"}"#);
    named("application/json; charset=utf-8").done(201);
    for kind in [
        "text/plain",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let told = named(kind).refused(415, "json-expected");
        assert_eq!(told.the("accept"), "application/json");
    }
    post().body(r#"{"name":"b3"}"#).refused(415, "json-expected");
    post()
        .field("content-encoding", "gzip")
        .json(r#"{"name":"b3"}"#)
        .refused(415, "json-expected");

    let malformed = post().json("{\n  \"name\": b3\n}").refused(400, "malformed-json");
    assert_eq!(malformed.json()["line"], 2);
    post().json(r#"{"name":"b3"} {}"#).refused(400, "malformed-json");
    post().json(&"[".repeat(1_000)).refused(400, "malformed-json");
    for (body, field) in [
        (r#"{"name":"b3","per_hour":0}"#, Some("per_hour")),
        (r#"{"name":"b3","per_hour":null}"#, Some("per_hour")),
        (r#"{"name":"b3","per_hour":268435456}"#, Some("per_hour")),
        (r#"{"name":"b3","operations":["GET","FETCH"]}"#, Some("operations[1]")),
        (r#"{"name":"b3","operations":"GET"}"#, Some("operations")),
        (r#"{"name":"b3","active":"yes"}"#, Some("active")),
        (r#"{"name":7}"#, Some("name")),
        (r#"{"name":"b3","name":"b4"}"#, None),
        (r#"{"name":"b3","color":"red"}"#, None),
        ("{}", None),
        ("[]", None),
        (r#"["b3"]"#, None),
        ("7", None),
        ("null", None),
    ] {
        let told = post().json(body).refused(422, "unexpected-json");
        if let Some(field) = field {
            assert_eq!(told.json()["field"], field, "{body}");
        }
    }
    console
        .call("POST /authtokens/1/revoke")
        .json(r#"{"at":1}"#)
        .refused(422, "unexpected-json");
    console
        .call("PATCH /users/alice")
        .json(r#"{"name":"bob"}"#)
        .refused(422, "unexpected-json");
    assert_eq!(console.look("/users")["items"].as_array().unwrap().len(), 3);
}

#[test]
fn paths_and_methods_that_are_not_there_are_told() {
    let console = Console::start();
    for path in [
        "",
        "/",
        "/nothing",
        "/users/",
        "/users/alice/",
        "/authtokens/1/renew",
        "/USERS",
    ] {
        console.call(&format!("GET {path}")).refused(404, "not-found");
    }
    for (line, allow) in [
        ("PUT /users", ["GET", "HEAD", "POST"].as_slice()),
        ("DELETE /settings", &["GET", "HEAD"]),
        ("POST /audit", &["GET", "HEAD"]),
        ("PATCH /authtokens/1", &["GET", "HEAD"]),
        ("GET /authtokens/1/revoke", &["POST"]),
        ("BREW /users/alice", &["GET", "HEAD", "PATCH", "DELETE"]),
        ("POST /openapi.json", &["GET", "HEAD"]),
    ] {
        let told = console.call(line).refused(405, "method-not-allowed");
        let mut allowed: Vec<_> = told.the("allow").split(',').map(str::trim).collect();
        let mut expected = allow.to_vec();
        allowed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{line}");
    }
}

#[test]
fn bodies_are_bounded_in_length_and_time() {
    let bounds = Bounds {
        body_len_max: 64,
        body_within: Duration::from_millis(200),
        ..Bounds::default()
    };
    let console = Console::of(World::new(), bounds);
    let long = format!(r#"{{"name":"{}"}}"#, "b".repeat(64));
    let told = console.call("POST /users").json(&long).send();
    assert_eq!((told.status, told.json()["status"].as_u64()), (413, Some(413)));
    console.call("POST /users").json(r#"{"name":"bob"}"#).done(201);
    let late = console
        .call("POST /users")
        .field("content-type", "application/json")
        .field("content-length", "20")
        .send();
    assert_eq!((late.status, late.json()["status"].as_u64()), (408, Some(408)));
}
