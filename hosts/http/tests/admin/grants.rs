//! What clients were granted and where users are logged in: listed, and taken back.

use serde_json::{Value, json};
use tollgate::{
    AccessText, AddUser, BeginSession, DenyReason, Field, Grant, GrantedTo, IssueAccess, IssuedAccess, RequestParts,
    Verdict,
};

use super::console::Console;
use super::records::ids;
use crate::support::{CLIENT, name};

/// A console with two clients and a second user.
fn console() -> Console {
    let console = Console::start();
    for client in ["shop", "desk"] {
        let body =
            format!(r#"{{"client_id":"{client}","grants":["password","refresh_token"],"scopes":["orders.read"]}}"#);
        console.call("POST /clients").json(&body).done(201);
    }
    console.world.run(AddUser::named(name("dora")));
    console
}

fn granted(console: &Console, user: &str, client: &str, refresh: Option<u32>) -> IssuedAccess {
    let client = console.world.engine.client(&client.parse().unwrap()).unwrap().unwrap();
    console.world.run(IssueAccess {
        to: GrantedTo {
            client: client.name,
            client_number: client.number,
            user: name(user),
            scopes: "orders.read".parse().unwrap(),
            audiences: Vec::new(),
        },
        text: AccessText::Opaque,
        lifetime_s: 600,
        grant: Grant::Password,
        refresh,
    })
}

fn denied(console: &Console, issued: &IssuedAccess) -> Option<DenyReason> {
    let bearer = format!("Bearer {}", issued.token.as_ref().unwrap().expose());
    let request = RequestParts {
        method: b"GET",
        path: b"/",
        peer: Some(CLIENT.parse().unwrap()),
        authorization: Field::Once(bearer.as_bytes()),
        ..RequestParts::default()
    };
    match console.world.engine.check(&request, console.world.engine.now()) {
        Verdict::Permit(_) => None,
        Verdict::Denial(denial) => Some(denial.reason),
    }
}

fn logged_in(console: &Console, user: &str) {
    console.world.run(BeginSession {
        user: name(user),
        auth_time: console.world.engine.now(),
        lifetime_s: 3_600,
    });
}

#[test]
fn grants_are_listed_shown_and_revoked_one_by_one() {
    let console = console();
    let (login, alone) = (
        granted(&console, "alice", "shop", Some(7_200)),
        granted(&console, "alice", "desk", None),
    );
    let other = granted(&console, "dora", "shop", None);
    let (family, token) = (login.family.unwrap().0.to_string(), alone.record.id.0.to_string());
    let shown = json!({
        "id": family, "user": "alice", "client_id": "shop", "grant": "password", "scopes": ["orders.read"], "audiences": [],
        "begun_at": "2027-01-15T08:00:00Z", "refreshed_at": null, "expires_at": "2027-01-15T10:00:00Z", "revoked_at": null,
    });
    // The access token of a login leads to the login.
    for id in [&family, &login.record.id.0.to_string()] {
        assert_eq!(console.look(&format!("/grants/{id}")), shown);
    }
    let tag = console
        .call(&format!("GET /grants/{family}"))
        .done(200)
        .the("etag")
        .to_owned();
    let again = console
        .call(&format!("GET /grants/{family}"))
        .field("if-none-match", &tag)
        .send();
    assert_eq!(again.status, 304);
    let other_id = other.record.id.0.to_string();
    let listed = |path: &str| -> Vec<String> { ids(&console.look(path)).into_iter().map(str::to_owned).collect() };
    assert_eq!(listed("/users/alice/grants"), [family.clone(), token.clone()]);
    assert_eq!(listed("/clients/shop/grants"), [family.clone(), other_id.clone()]);
    assert_eq!(listed("/grants"), [family.clone(), token.clone(), other_id.clone()]);
    let first = console.look("/grants?limit=1");
    let second = console.look(&format!("/grants?limit=1&cursor={}", first["next"].as_str().unwrap()));
    assert_eq!(ids(&second), [token.as_str()]);

    for _ in 0..2 {
        let revoked = console.call(&format!("POST /grants/{family}/revoke")).done(200).json();
        assert_eq!(revoked["revoked_at"], "2027-01-15T08:00:00Z");
        assert_eq!(denied(&console, &login), Some(DenyReason::Revoked));
    }
    assert_eq!((denied(&console, &alone), denied(&console, &other)), (None, None));
    console
        .call(&format!("POST /grants/{token}/revoke"))
        .json("{}")
        .done(200);
    assert_eq!(denied(&console, &alone), Some(DenyReason::Revoked));
    for id in ["0", "999", "x", "+1"] {
        console.call(&format!("GET /grants/{id}")).refused(404, "no-such-grant");
        console
            .call(&format!("POST /grants/{id}/revoke"))
            .refused(404, "no-such-grant");
    }
    for (line, kind) in [
        ("GET /users/nobody/grants", "no-such-user"),
        ("GET /clients/nothing/grants", "no-such-client"),
        ("POST /users/nobody/grants/revoke", "no-such-user"),
        ("POST /clients/nothing/grants/revoke", "no-such-client"),
    ] {
        console.call(line).refused(404, kind);
    }
    let reader = format!("Bearer {}", console.reader);
    let refused = console
        .bare(&format!("POST /grants/{other_id}/revoke"))
        .field("authorization", &reader);
    refused.refused(403, "role-refused");
    assert_eq!(denied(&console, &other), None);
}

#[test]
fn all_of_a_user_or_of_a_client_is_revoked_at_once() {
    let console = console();
    let all = |user: &str| {
        [
            granted(&console, user, "shop", Some(7_200)),
            granted(&console, user, "desk", None),
        ]
    };
    let (alice, dora) = (all("alice"), all("dora"));
    for user in ["alice", "alice", "dora"] {
        logged_in(&console, user);
    }
    let denied = |of: &[IssuedAccess; 2]| [denied(&console, &of[0]), denied(&console, &of[1])];
    let gone = Some(DenyReason::Revoked);

    let revoke = |user: &str, body: &str| console.call(&format!("POST /users/{user}/grants/revoke")).json(body);
    revoke("dora", r#"{"client_id":"nothing"}"#).refused(422, "no-such-client");
    revoke("dora", r#"{"clients":"shop"}"#).refused(422, "unexpected-json");
    assert_eq!(denied(&dora), [None, None]);
    let told = revoke("dora", r#"{"client_id":"shop"}"#).done(200).json();
    assert_eq!(told, json!({"grants": 1, "access_tokens": 1, "codes": 0}));
    assert_eq!(denied(&dora), [gone, None]);

    let told = revoke("alice", r#"{"logins":true}"#).done(200).json();
    assert_eq!(told, json!({"grants": 2, "access_tokens": 2, "codes": 0, "logins": 2}));
    assert_eq!((denied(&alice), denied(&dora)), ([gone, gone], [gone, None]));
    assert_eq!(console.look("/users/alice/logins")["items"], json!([]));
    let told = console.call("POST /users/alice/grants/revoke").done(200).json();
    assert_eq!(told, json!({"grants": 0, "access_tokens": 0, "codes": 0}));

    let told = console.call("POST /clients/desk/grants/revoke").done(200).json();
    assert_eq!(told, json!({"grants": 1, "access_tokens": 1, "codes": 0}));
    assert_eq!(denied(&dora), [gone, gone]);

    let trail = console.look("/audit");
    let entries = trail["items"].as_array().unwrap().iter();
    let by: Vec<&Value> = entries
        .filter(|entry| entry["action"] == "grant.revoke")
        .map(|entry| &entry["actor"])
        .collect();
    assert_eq!(by.len(), 3);
    assert!(
        by.iter().all(|actor| actor.as_str().unwrap().contains("deploy")),
        "{trail}"
    );
}

#[test]
fn logins_are_listed_and_ended() {
    let console = console();
    for user in ["alice", "alice", "dora"] {
        logged_in(&console, user);
    }
    let listed = console.look("/users/alice/logins");
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let one = &listed["items"][0];
    let (id, begun) = (one["id"].as_str().unwrap(), one["begun_at"].as_str().unwrap());
    assert_eq!((one["user"].as_str(), begun), (Some("alice"), "2027-01-15T08:00:00Z"));
    console.call(&format!("DELETE /logins/{id}")).done(204);
    console
        .call(&format!("DELETE /logins/{id}"))
        .refused(404, "no-such-login");
    console
        .call("DELETE /logins/0123456789abcdef")
        .refused(404, "no-such-login");
    assert_eq!(console.look("/logins")["items"].as_array().unwrap().len(), 2);
    let ended = console.call("POST /users/alice/logins/revoke").done(200).json();
    assert_eq!(ended, json!({"logins": 1}));
    assert_eq!(console.look("/users/dora/logins")["items"].as_array().unwrap().len(), 1);
    console
        .call("POST /users/nobody/logins/revoke")
        .refused(404, "no-such-user");
    console.call("GET /users/nobody/logins").refused(404, "no-such-user");
}
