//! Entity tags, and creation under idempotency keys.

use serde_json::{Value, json};

use super::console::{Console, Told};

#[test]
fn every_record_has_a_tag_by_which_looks_are_saved_and_changes_are_bound() {
    let console = Console::start();
    let token = console.world.alice.record.id.0;
    let feed = console.call("POST /feed-tokens").json(r#"{"name":"edge"}"#).done(201);
    let feed = feed.the("location").strip_prefix("/admin/v1").unwrap().to_owned();
    for (path, change, body) in [
        (
            "/users/alice".to_owned(),
            "PATCH /users/alice".to_owned(),
            r#"{"active":false}"#,
        ),
        (
            "/settings/per_hour".into(),
            "PUT /settings/per_hour".into(),
            r#"{"value":7}"#,
        ),
        (
            format!("/authtokens/{token}"),
            format!("POST /authtokens/{token}/expire"),
            r#"{"at":"2029-01-01T00:00:00Z"}"#,
        ),
        (
            format!("/authtokens/{token}"),
            format!("POST /authtokens/{token}/revoke"),
            "",
        ),
        ("/admin-tokens/3".into(), "POST /admin-tokens/3/revoke".into(), ""),
        (feed.clone(), format!("POST {feed}/revoke"), ""),
        (
            "/networks/203.0.113.7".into(),
            "DELETE /networks/203.0.113.7".into(),
            "",
        ),
        ("/users/alice".into(), "DELETE /users/alice".into(), ""),
    ] {
        let look = || console.call(&format!("GET {path}"));
        let shown = look().done(200);
        let tag = shown.the("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() == 34, "{tag} is strong");
        for same in [tag.clone(), "*".into(), format!("\"x\", W/{tag}")] {
            let saved = look().field("if-none-match", &same).done(304);
            assert_eq!((saved.text.as_str(), saved.the("etag")), ("", tag.as_str()));
        }
        look().field("if-none-match", "\"x\"").done(200);
        look().field("if-none-match", "x").refused(400, "malformed-condition");

        let act = |tags: &str| console.call(&change).field("if-match", tags).json(body);
        for other in ["\"x\"".to_owned(), format!("W/{tag}")] {
            act(&other).refused(412, "changed");
        }
        act("nonsense").refused(400, "malformed-condition");
        assert_eq!(look().done(200).text, shown.text, "nothing has changed");
        let changed = act(&format!("\"x\", {tag}")).send();
        assert!((200..=204).contains(&changed.status), "{}", changed.text);
        if changed.status == 200 {
            assert_ne!(changed.the("etag"), tag);
            act(&tag).refused(412, "changed");
            act("*").done(200);
        } else {
            assert_eq!(act(&tag).send().status, 404);
        }
    }
}

#[test]
fn without_a_condition_the_last_change_wins() {
    let console = Console::start();
    let first = console.call("PATCH /users/alice").json(r#"{"per_hour":1}"#).done(200);
    let second = console.call("PATCH /users/alice").json(r#"{"per_hour":2}"#).done(200);
    assert_ne!(first.the("etag"), second.the("etag"));
    let back = console.call("PATCH /users/alice").json(r#"{"per_hour":1}"#).done(200);
    assert_eq!(first.the("etag"), back.the("etag"), "the same record, the same tag");
}

/// Of many who saw the same state only one goes through.
#[test]
fn changes_bound_to_one_state_do_not_overwrite_each_other() {
    let console = Console::start();
    let tag = console.call("GET /users/alice").done(200).the("etag").to_owned();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let console = &console;
        let threads: Vec<_> = (1..=8)
            .map(|limit| {
                let call = console.call("PATCH /users/alice").field("if-match", &tag);
                let call = call.json(&json!({ "per_hour": limit }).to_string());
                scope.spawn(move || call.send().status)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let through = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!((through, statuses.len()), (1, 8), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 412].contains(status)),
        "{statuses:?}"
    );
}

fn without_secret(told: &Told) -> Value {
    let mut json = told.json();
    let record = json.as_object_mut().unwrap();
    record.remove("token");
    record.remove("note");
    json
}

#[test]
fn a_creation_under_a_key_happens_once_across_restarts() {
    let mut console = Console::start();
    for (line, body, other) in [
        ("POST /users", r#"{"name":"bob"}"#, r#"{"name":"bob","active":false}"#),
        (
            "POST /networks",
            r#"{"rule":"10.0.0.0/8","standing":"banned"}"#,
            r#"{"rule":"10.0.0.1","standing":"banned"}"#,
        ),
        (
            "POST /users/alice/authtokens",
            r#"{"expires_in_s":60}"#,
            r#"{"expires_in_s":61}"#,
        ),
        (
            "POST /admin-tokens",
            r#"{"name":"x","role":"reader"}"#,
            r#"{"name":"x","role":"administrator"}"#,
        ),
        ("POST /feed-tokens", r#"{"name":"x"}"#, r#"{"name":"y"}"#),
    ] {
        let first = console.call(line).field("idempotency-key", "k-1").json(body).done(201);
        assert_eq!(first.field("idempotent-replayed").len(), 0);
        let entries = console.look("/audit?limit=1")["items"].clone();
        let spaced = body.replace(',', " ,\n");
        for body in [body, &spaced] {
            let again = console.call(line).field("idempotency-key", "k-1").json(body).done(201);
            assert_eq!(again.the("idempotent-replayed"), "true");
            assert_eq!(
                (again.json(), again.the("etag")),
                (first.json(), first.the("etag")),
                "the secret too"
            );
            assert_eq!(again.the("location"), first.the("location"));
        }
        console
            .call(line)
            .field("idempotency-key", "k-1")
            .json(other)
            .refused(422, "key-reused");

        console = console.restarted();
        let later = console.call(line).field("idempotency-key", "k-1").json(body).done(201);
        assert_eq!(later.the("idempotent-replayed"), "true");
        assert_eq!(without_secret(&later), without_secret(&first));
        if first.json().get("token").is_some() {
            assert!(first.json()["token"].is_string() && first.json().get("note").is_none());
            assert_eq!(later.json()["token"], Value::Null);
            assert!(later.json()["note"].as_str().unwrap().contains("not remembered"));
        }
        assert_eq!(
            console.look("/audit?limit=1")["items"],
            entries,
            "nothing was created again"
        );
    }
}

#[test]
fn a_key_belongs_to_one_token_and_one_path() {
    let console = Console::start();
    let second = console
        .call("POST /admin-tokens")
        .json(r#"{"name":"b","role":"administrator"}"#)
        .done(201);
    let second = format!("Bearer {}", second.json()["token"].as_str().unwrap());
    let key = "the-same-key";
    let issue = |user: &str| {
        console
            .call(&format!("POST /users/{user}/authtokens"))
            .field("idempotency-key", key)
    };
    console
        .call("POST /users")
        .field("idempotency-key", key)
        .json(r#"{"name":"bob"}"#)
        .done(201);
    let mine = issue("alice").done(201);
    assert_ne!(issue("bob").done(201).json()["id"], mine.json()["id"]);
    let theirs = console
        .bare("POST /users/alice/authtokens")
        .field("authorization", &second);
    assert_ne!(
        theirs.field("idempotency-key", key).done(201).json()["id"],
        mine.json()["id"]
    );
    assert_eq!(issue("alice").done(201).json(), mine.json());

    console.call("DELETE /users/bob").done(204);
    console
        .call("POST /users")
        .field("idempotency-key", key)
        .json(r#"{"name":"bob"}"#)
        .refused(410, "gone");
    let longest = "k".repeat(255);
    console
        .call("POST /users")
        .field("idempotency-key", &longest)
        .json(r#"{"name":"c"}"#)
        .done(201);
    for key in ["", "a b", "ä", &"k".repeat(256)] {
        let call = console
            .call("POST /users")
            .field("idempotency-key", key)
            .json(r#"{"name":"d"}"#);
        call.refused(400, "malformed-idempotency-key");
    }
    let twice = console
        .call("POST /users")
        .field("idempotency-key", "a")
        .field("idempotency-key", "a");
    twice.json(r#"{"name":"d"}"#).refused(400, "malformed-idempotency-key");
    console.call("GET /users/d").refused(404, "no-such-user");
}

#[test]
fn many_at_once_under_one_key_get_one_record_and_its_secret() {
    let console = Console::start();
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let console = &console;
        let ask = || {
            console
                .call("POST /users/alice/authtokens")
                .field("idempotency-key", "at-once")
                .done(201)
                .json()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers[0]["token"].is_string());
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(console.look("/authtokens")["items"].as_array().unwrap().len(), 2);
}
