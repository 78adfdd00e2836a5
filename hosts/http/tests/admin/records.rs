//! Each resource: what is made, shown, changed and removed, and what is refused.

use serde_json::{Value, json};

use super::console::Console;

pub(crate) fn ids(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

#[test]
fn users_are_added_changed_listed_and_removed() {
    let console = Console::start();
    let body = r#"{"name":"bob","operations":["GET"],"per_hour":50,"concurrent":"unlimited","active":false}"#;
    let added = console.call("POST /users").json(body).done(201);
    assert_eq!(added.the("location"), "/admin/v1/users/bob");
    let shown = console.call("GET /users/bob").done(200);
    assert_eq!((shown.json(), shown.the("etag")), (added.json(), added.the("etag")));
    let bob = shown.json();
    assert_eq!(
        (&bob["operations"], &bob["per_hour"], &bob["concurrent"], &bob["active"]),
        (&json!(["GET"]), &json!(50), &json!("unlimited"), &json!(false))
    );
    let changed = console.call("PATCH /users/bob").json(r#"{"active":true}"#).done(200);
    assert_ne!(changed.the("etag"), shown.the("etag"));
    let mut expected = bob;
    expected["active"] = json!(true);
    assert_eq!(changed.json(), expected, "the other fields stay");
    assert_eq!(console.look("/users")["items"][1], expected);
    let gone = console.call("DELETE /users/bob").done(204);
    assert_eq!(gone.text, "");

    console.call("GET /users/bob").refused(404, "no-such-user");
    console.call("DELETE /users/bob").refused(404, "no-such-user");
    console.call("PATCH /users/bob").json("{}").refused(404, "no-such-user");
    console
        .call("POST /users")
        .json(r#"{"name":"alice"}"#)
        .refused(409, "user-exists");
    console
        .call("POST /users")
        .json(r#"{"name":"a:b"}"#)
        .refused(422, "unexpected-json");
}

#[test]
fn odd_names_stand_in_paths() {
    let console = Console::start();
    let added = console.call("POST /users").json(r#"{"name":"ä b/c?d%#@e"}"#).done(201);
    let location = added.the("location").to_owned();
    let path = location.strip_prefix("/admin/v1").unwrap();
    assert_eq!(console.look(path), added.json());
    console.call(&format!("GET {path}x")).refused(404, "no-such-user");
    console.call("GET /users/%ff").refused(400, "malformed-path");
}

#[test]
fn authtokens_are_issued_shown_ended_and_revoked() {
    let console = Console::start();
    let issued = console
        .call("POST /users/alice/authtokens")
        .json(r#"{"expires_in_s":3600}"#)
        .done(201);
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("tg_at_"));
    let id = issued.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/authtokens/{id}");
    assert_eq!(issued.the("location"), format!("/admin/v1{path}"));
    let shown = console.call(&format!("GET {path}")).done(200);
    assert_eq!(shown.the("etag"), issued.the("etag"));
    assert!(!shown.text.contains(&token) && shown.json().get("token").is_none());
    assert_eq!(shown.json()["expires_at"], "2027-01-15T09:00:00Z");
    assert_eq!(console.look("/authtokens"), console.look("/users/alice/authtokens"));

    let expire = |body: &str| console.call(&format!("POST {path}/expire")).json(body);
    let ended = expire(r#"{"at":"2027-01-15T08:30:00Z"}"#).done(200);
    assert_eq!(ended.json()["expires_at"], "2027-01-15T08:30:00Z");
    expire(r#"{"at":"2027-01-15T08:45:00Z"}"#).refused(409, "would-lengthen");
    expire(r#"{"at":"tomorrow"}"#).refused(422, "unexpected-json");
    let at_once = console.call(&format!("POST {path}/expire")).done(200);
    assert_eq!(at_once.json()["expires_at"], "2027-01-15T08:00:00Z");
    let revoke = || console.call(&format!("POST {path}/revoke"));
    let revoked = revoke().done(200);
    assert_eq!(revoked.json()["revoked_at"], "2027-01-15T08:00:00Z");
    assert_eq!(
        revoke().json("{}").done(200).json(),
        revoked.json(),
        "once more changes nothing"
    );
    expire("{}").refused(409, "token-revoked");

    console.call("POST /users/alice/authtokens").done(201);
    console.call("POST /users/bob/authtokens").refused(404, "no-such-user");
    console.call("GET /users/bob/authtokens").refused(404, "no-such-user");
    let both = r#"{"expires_in_s":1,"expires_at":"2028-01-01T00:00:00Z"}"#;
    console
        .call("POST /users/alice/authtokens")
        .json(both)
        .refused(422, "unexpected-json");
    let past = r#"{"expires_at":"2020-01-01T00:00:00Z"}"#;
    console
        .call("POST /users/alice/authtokens")
        .json(past)
        .refused(422, "never-valid");
    for id in ["999", "01", "+1", "x", "1%20"] {
        console
            .call(&format!("GET /authtokens/{id}"))
            .refused(404, "no-such-token");
        console
            .call(&format!("POST /authtokens/{id}/revoke"))
            .refused(404, "no-such-token");
    }
}

#[test]
fn networks_are_added_shown_and_removed_by_their_ids() {
    let console = Console::start();
    for (body, path) in [
        (r#"{"rule":"10.0.0.0/8","standing":"banned"}"#, "/networks/10.0.0.0_8"),
        (
            r#"{"rule":"10.0.0.0/8","standing":"trusted","user":"alice"}"#,
            "/networks/10.0.0.0_8@alice",
        ),
        (
            r#"{"rule":"2001:db8::/32","standing":"trusted","user":null}"#,
            "/networks/2001:db8::_32",
        ),
        (
            r#"{"rule":"203.0.114.*","standing":"trusted"}"#,
            "/networks/203.0.114.*",
        ),
    ] {
        let added = console.call("POST /networks").json(body).done(201);
        assert_eq!(added.the("location"), format!("/admin/v1{path}"));
        let shown = console.call(&format!("GET {path}")).done(200);
        assert_eq!((shown.json(), shown.the("etag")), (added.json(), added.the("etag")));
        assert!(ids(&console.look("/networks")).contains(&added.json()["id"].as_str().unwrap()));
        console.call("POST /networks").json(body).refused(409, "network-exists");
        console.call(&format!("DELETE {path}")).done(204);
        console.call(&format!("GET {path}")).refused(404, "no-such-network");
        console.call(&format!("DELETE {path}")).refused(404, "no-such-network");
    }
    let add = |body: &str| console.call("POST /networks").json(body);
    add(r#"{"rule":"10.0.0.0/8","standing":"trusted","user":"bob"}"#).refused(422, "no-such-user");
    add(r#"{"rule":"10.0.0.0/33","standing":"trusted"}"#).refused(422, "unexpected-json");
    add(r#"{"rule":"10.0.0.0/8","standing":"liked"}"#).refused(422, "unexpected-json");
    console.call("GET /networks/nonsense").refused(404, "no-such-network");
}

#[test]
fn settings_are_shown_and_set_in_the_type_they_have() {
    let console = Console::start();
    assert_eq!(ids(&console.look("/settings")), tollgate::Setting::KEYS);
    for (key, value) in [
        ("per_hour", json!(500)),
        ("concurrent", json!("unlimited")),
        ("per_hour", json!("inherit")),
        ("allow_preflight", json!(true)),
        ("allow_authtoken_in_url", json!(false)),
        ("trusted_proxies", json!(["127.0.0.0/8", "10.0.0.1"])),
        ("trusted_proxies", json!([])),
        ("foreign_tokens", json!(["clear", "sha256"])),
        ("foreign_tokens", json!([])),
    ] {
        let path = format!("/settings/{key}");
        let set = console
            .call(&format!("PUT {path}"))
            .json(&json!({ "value": value }).to_string())
            .done(200);
        assert_eq!(set.json()["value"], value, "{key}");
        assert_eq!(console.look(&path), set.json());
    }
    for (key, value) in [
        ("per_hour", json!(0)),
        ("per_hour", json!(true)),
        ("per_hour", json!([])),
        ("per_hour", json!(["5"])),
        ("per_hour", json!("5")),
        ("per_hour", json!(null)),
        ("per_hour", json!(1.5)),
        ("allow_preflight", json!("true")),
        ("allow_preflight", json!(["true"])),
        ("allow_preflight", json!([])),
        ("allow_preflight", json!(1)),
        ("trusted_proxies", json!("10.0.0.1")),
        ("trusted_proxies", json!(["10.0.0.1,10.0.0.2"])),
        ("trusted_proxies", json!([" "])),
        ("trusted_proxies", json!([7])),
        ("trusted_proxies", json!(true)),
        ("trusted_proxies", json!({})),
        ("foreign_tokens", json!(["md5"])),
        ("foreign_tokens", json!(5)),
    ] {
        let body = json!({ "value": value }).to_string();
        console
            .call(&format!("PUT /settings/{key}"))
            .json(&body)
            .refused(422, "unexpected-json");
    }
    console.call("GET /settings/nothing").refused(404, "no-such-setting");
    console
        .call("PUT /settings/nothing")
        .json(r#"{"value":1}"#)
        .refused(404, "no-such-setting");
}

#[test]
fn admin_tokens_are_issued_used_and_revoked() {
    let console = Console::start();
    let issue = |body: &str| console.call("POST /admin-tokens").json(body);
    let issued = issue(r#"{"name":"second","role":"administrator","expires_at":"2030-01-01T00:00:00Z"}"#).done(201);
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    let id = issued.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin-tokens/{id}");
    let with = |line: &str| console.bare(line).field("authorization", &format!("Bearer {token}"));
    let shown = with(&format!("GET {path}")).done(200);
    assert_eq!(shown.the("etag"), issued.the("etag"));
    assert!(!shown.text.contains(&token));
    assert_eq!(console.look("/admin-tokens")["items"][2], shown.json());
    let by = with("POST /users").json(r#"{"name":"carol"}"#).done(201);
    drop(by);
    let newest = &console.look("/audit?limit=1")["items"][0];
    assert_eq!(
        (
            &newest["actor"],
            &newest["origin"],
            &newest["action"],
            &newest["subject"]
        ),
        (
            &json!(format!("admin token {id} (second)")),
            &json!("127.0.0.1"),
            &json!("user.add"),
            &json!("carol")
        )
    );
    let revoked = with(&format!("POST {path}/revoke")).done(200);
    assert_eq!(revoked.json()["revoked_at"], "2027-01-15T08:00:00Z");
    with("GET /users").refused(401, "invalid-token");

    issue(r#"{"name":"x","role":"root"}"#).refused(422, "unexpected-json");
    issue(r#"{"name":"x"}"#).refused(422, "unexpected-json");
    console.call("GET /admin-tokens/999").refused(404, "no-such-token");
    let alice = console.world.alice.record.id.0;
    console
        .call(&format!("GET /admin-tokens/{alice}"))
        .refused(404, "no-such-token");
}

#[test]
fn lists_come_in_pages_that_lead_on() {
    let console = Console::start();
    for user in ["bob", "carol", "dave"] {
        console
            .call("POST /users")
            .json(&json!({ "name": user }).to_string())
            .done(201);
    }
    for name in ["edge", "canary"] {
        console
            .call("POST /feed-tokens")
            .json(&json!({ "name": name }).to_string())
            .done(201);
    }
    for (path, whole) in [
        ("/users", 4),
        ("/authtokens", 1),
        ("/networks", 1),
        ("/admin-tokens", 2),
        ("/feed-tokens", 2),
        ("/audit", 10),
        ("/audit?order=oldest", 10),
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut next = Some(format!("{path}{joint}limit=1"));
        let mut found = Vec::new();
        while let Some(path) = next {
            let page = console.call(&format!("GET {path}")).done(200);
            found.extend(page.json()["items"].as_array().unwrap().clone());
            next = page.json()["next"].as_str().map(|_| {
                let link = page.the("link").strip_prefix("</admin/v1").unwrap();
                link.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
            });
            assert_eq!(next.is_none(), page.field("link").is_empty());
        }
        assert_eq!(Value::from(found.clone()), console.look(path)["items"], "{path}");
        assert_eq!(found.len(), whole, "{path}");
    }
    let cursor = console.look("/users?limit=1")["next"].as_str().unwrap().to_owned();
    let flipped: String = cursor
        .chars()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at, digit) {
            (0, '0') => '1',
            (0, _) => '0',
            (_, digit) => digit,
        })
        .collect();
    let flipped: String = flipped.chars().rev().collect();
    console.call(&format!("GET /users?cursor={cursor}")).done(200);
    for cursor in [flipped.as_str(), "", "x", "00"] {
        console
            .call(&format!("GET /users?cursor={cursor}"))
            .refused(400, "unknown-cursor");
    }
    console
        .call(&format!("GET /authtokens?cursor={cursor}"))
        .refused(400, "unknown-cursor");
}

#[test]
fn the_trail_is_whole_and_the_status_is_told() {
    let console = Console::start();
    let oldest = console.look("/audit?order=oldest");
    let newest = console.look("/audit?order=newest");
    assert_eq!(newest, console.look("/audit"));
    let mut reversed = newest["items"].as_array().unwrap().clone();
    reversed.reverse();
    assert_eq!(oldest["items"], Value::from(reversed));
    let verdict = console.look("/audit/verify");
    assert_eq!(
        (&verdict["whole"], &verdict["entries"], &verdict["fault"]),
        (&json!(true), &json!(5), &json!(null))
    );
    assert_eq!(verdict["head"], newest["items"][0]["digest"]);
    console.call("GET /audit?order=random").refused(400, "unexpected-query");
    let status = console.look("/status");
    assert_eq!(
        (&status["users"], &status["tokens"], &status["writing"]),
        (&json!(1), &json!(1), &json!(true))
    );
}
