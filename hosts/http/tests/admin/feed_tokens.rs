//! Feed tokens: what is made, shown and revoked, and that none is taken for another sort.

use serde_json::json;
use tollgate::FollowerDenial;

use super::console::Console;
use super::records::ids;

#[test]
fn feed_tokens_are_issued_used_and_revoked() {
    let console = Console::start();
    let issue = |body: &str| console.call("POST /feed-tokens").json(body);
    let issued = issue(r#"{"name":"edge","expires_at":"2030-01-01T00:00:00Z"}"#).done(201);
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    let id = issued.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/feed-tokens/{id}");
    assert_eq!(issued.the("location"), format!("/admin/v1{path}"));
    let shown = console.call(&format!("GET {path}")).done(200);
    assert_eq!(shown.the("etag"), issued.the("etag"));
    assert!(!shown.text.contains(&token));
    let expected = json!({
        "id": id, "name": "edge", "issued_at": "2027-01-15T08:00:00Z", "expires_at": "2030-01-01T00:00:00Z", "revoked_at": null,
    });
    assert_eq!(shown.json(), expected);
    assert_eq!(console.look("/feed-tokens")["items"], json!([expected]));

    let engine = &console.world.engine;
    let admitted = || {
        engine
            .admit_follower(token.as_bytes(), engine.now())
            .map(|follower| follower.token().0.to_string())
    };
    assert_eq!(admitted().as_ref(), Ok(&id));
    let revoked = console.call(&format!("POST {path}/revoke")).done(200);
    assert_eq!(revoked.json()["revoked_at"], "2027-01-15T08:00:00Z");
    assert_eq!(admitted(), Err(FollowerDenial::Revoked));
    let newest = &console.look("/audit?limit=1")["items"][0];
    assert_eq!(
        (&newest["action"], &newest["subject"]),
        (&json!("feed_token.revoke"), &json!(id))
    );

    issue(r#"{"name":"x","role":"reader"}"#).refused(422, "unexpected-json");
    issue("{}").refused(422, "unexpected-json");
    issue(r#"{"name":"x","expires_in_s":0}"#).refused(422, "never-valid");
}

#[test]
fn feed_tokens_and_admin_tokens_are_not_taken_for_each_other() {
    let console = Console::start();
    let issue = |path: &str, body: &str| {
        let issued = console.call(&format!("POST {path}")).json(body).done(201).json();
        let text = |key: &str| issued[key].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    };
    let (feed, secret) = issue("/feed-tokens", r#"{"name":"edge"}"#);
    let (admin, _) = issue("/admin-tokens", r#"{"name":"x","role":"reader"}"#);
    for (path, other) in [
        ("/feed-tokens", &admin),
        ("/admin-tokens", &feed),
        ("/authtokens", &feed),
    ] {
        for call in [format!("GET {path}/{other}"), format!("POST {path}/{other}/revoke")] {
            console.call(&call).refused(404, "no-such-token");
        }
    }
    let (feeds, admins) = (console.look("/feed-tokens"), console.look("/admin-tokens"));
    assert_eq!(ids(&feeds), [feed.as_str()]);
    assert_eq!(ids(&admins).last(), Some(&admin.as_str()));
    assert!(!ids(&admins).contains(&feed.as_str()), "{admins}");
    console
        .call("POST /admin-tokens")
        .json(r#"{"name":"x","role":"feed"}"#)
        .refused(422, "unexpected-json");
    let with = |token: &str| {
        console
            .bare("GET /users")
            .field("authorization", &format!("Bearer {token}"))
    };
    with(&secret).refused(401, "invalid-token");
    with(&console.reader).done(200);
    for (path, id) in [("/feed-tokens", &feed), ("/admin-tokens", &admin)] {
        let revoked = console.call(&format!("POST {path}/{id}/revoke")).done(200);
        assert!(revoked.json()["revoked_at"].is_string(), "the twin");
    }
}
