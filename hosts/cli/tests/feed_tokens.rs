//! Feed tokens through the real binary, once on the store itself and once through a server.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::both_ways::in_both_ways;
use support::lists::{column, keys};

#[test]
fn feed_tokens_are_issued_listed_and_revoked() {
    in_both_ways(|folder| {
        let none = folder.done(&["feed-token", "list"]);
        assert!(none.contains("tollgate feed-token issue"), "{none}");
        assert_eq!(folder.json(&["feed-token", "list"]), json!([]));

        let printed = folder.done(&["feed-token", "issue", "edge", "--json"]);
        assert_eq!(keys(&printed), ["id", "token", "name", "expires_at"]);
        let edge: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((&edge["name"], &edge["expires_at"]), (&json!("edge"), &json!(null)));
        let secret = edge["token"].as_str().unwrap();
        assert!(secret.starts_with("tg_fd_"), "{edge}");

        let short = folder.json(&["feed-token", "issue", "the canary", "--expires-in", "30d"]);
        assert!(short["expires_at"].is_string(), "{short}");
        let text = folder.done(&["feed-token", "issue", "edge", "--expires-at", "2100-01-01T00:00:00Z"]);
        for words in ["tg_fd_", "not shown again", "try guesses", "until 2100-01-01T00:00:00Z"] {
            assert!(text.contains(words), "{text}");
        }

        let list = folder.json(&["feed-token", "list"]);
        assert_eq!(
            column(&list, "name"),
            ["edge", "the canary", "edge"],
            "names need not be unique"
        );
        assert!(!list.to_string().contains("tg_fd_"), "{list}");
        let id = edge["id"].as_str().unwrap();
        let revoked = folder.json(&["feed-token", "revoke", id]);
        assert!(revoked["revoked_at"].is_string(), "{revoked}");
        assert_eq!(
            folder.json(&["feed-token", "revoke", id]),
            revoked,
            "again changes nothing"
        );
        assert_eq!(folder.json(&["feed-token", "list"])[0], revoked);
        let table = folder.done(&["feed-token", "list"]);
        assert!(table.contains("the canary") && table.contains("REVOKED"), "{table}");

        let no_such_token = (1, "no_such_token".to_owned());
        assert_eq!(folder.refused(&["feed-token", "revoke", "4711"]), no_such_token);
        let words = folder.run(&["feed-token", "revoke", "4711"]).stderr;
        assert!(words.contains("tollgate feed-token list"), "{words}");
        let past = ["feed-token", "issue", "x", "--expires-at", "2020-01-01T00:00:00Z"];
        assert_eq!(folder.refused(&past), (1, "never_valid".to_owned()));

        let trail = folder.json(&["audit", "list", "--action", "feed_token"]);
        assert_eq!(trail.as_array().unwrap().len(), 4, "{trail}");
        assert!(!trail.to_string().contains(secret), "the trail holds a secret");
    });
}

#[test]
fn feed_tokens_and_admin_tokens_are_not_taken_for_each_other() {
    in_both_ways(|folder| {
        let (feed, admin) = (["feed-token", "issue", "edge"], ["admin-token", "issue", "deploy"]);
        let [feed, admin] = [feed, admin].map(|issue| folder.json(&issue)["id"].as_str().unwrap().to_owned());
        assert_eq!(column(&folder.json(&["feed-token", "list"]), "id"), [feed.as_str()]);
        assert_eq!(column(&folder.json(&["admin-token", "list"]), "id"), [admin.as_str()]);
        let no_such_token = (1, "no_such_token".to_owned());
        assert_eq!(folder.refused(&["feed-token", "revoke", &admin]), no_such_token);
        for noun in ["admin-token", "authtoken"] {
            assert_eq!(folder.refused(&[noun, "revoke", &feed]), no_such_token, "{noun}");
        }
        for (noun, id) in [("feed-token", &feed), ("admin-token", &admin)] {
            assert_eq!(folder.json(&[noun, "list"])[0]["revoked_at"], json!(null));
            folder.done(&[noun, "revoke", id]);
        }
        let usage = (2, "usage".to_owned());
        let with_role = ["feed-token", "issue", "x", "--role", "reader"];
        assert_eq!(folder.refused(&with_role), usage, "it has no role");
        let of_feed = ["admin-token", "issue", "x", "--role", "feed"];
        assert_eq!(folder.refused(&of_feed), usage);
    });
}
