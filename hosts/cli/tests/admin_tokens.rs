//! Admin tokens through the real binary, once on the store itself and once through a server.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::both_ways::in_both_ways;
use support::lists::{column, keys};

#[test]
fn admin_tokens_are_issued_listed_and_revoked() {
    in_both_ways(|folder| {
        let none = folder.done(&["admin-token", "list"]);
        assert!(none.contains("tollgate admin-token issue"), "{none}");
        assert_eq!(folder.json(&["admin-token", "list"]), json!([]));

        let printed = folder.done(&["admin-token", "issue", "deploy", "--json"]);
        assert_eq!(keys(&printed), ["id", "token", "name", "role", "expires_at"]);
        let deploy: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(
            (&deploy["name"], &deploy["role"]),
            (&json!("deploy"), &json!("administrator"))
        );
        let secret = deploy["token"].as_str().unwrap();
        assert!(secret.starts_with("tg_adm_"), "{deploy}");

        let reader = [
            "admin-token",
            "issue",
            "the dashboard",
            "--role",
            "reader",
            "--expires-in",
            "30d",
        ];
        let reader = folder.json(&reader);
        assert!(
            reader["role"] == "reader" && reader["expires_at"].is_string(),
            "{reader}"
        );
        let text = folder.done(&["admin-token", "issue", "deploy", "--expires-at", "2100-01-01T00:00:00Z"]);
        assert!(text.contains("tg_adm_") && text.contains("not shown again"), "{text}");

        let list = folder.json(&["admin-token", "list"]);
        assert_eq!(
            column(&list, "name"),
            ["deploy", "the dashboard", "deploy"],
            "names need not be unique"
        );
        assert!(!list.to_string().contains("tg_adm_"), "{list}");
        let id = deploy["id"].as_str().unwrap();
        let revoked = folder.json(&["admin-token", "revoke", id]);
        assert!(revoked["revoked_at"].is_string(), "{revoked}");
        assert_eq!(
            folder.json(&["admin-token", "revoke", id]),
            revoked,
            "again changes nothing"
        );
        assert_eq!(folder.json(&["admin-token", "list"])[0], revoked);

        assert_eq!(
            folder.refused(&["admin-token", "revoke", "4711"]),
            (1, "no_such_token".to_owned())
        );
        let words = folder.run(&["admin-token", "revoke", "4711"]).stderr;
        assert!(words.contains("tollgate admin-token list"), "{words}");
        assert_eq!(
            folder.refused(&["admin-token", "issue", "x", "--role", "king"]),
            (2, "usage".to_owned())
        );
        let past = ["admin-token", "issue", "x", "--expires-at", "2020-01-01T00:00:00Z"];
        assert_eq!(folder.refused(&past), (1, "never_valid".to_owned()));

        let trail = folder.json(&["audit", "list", "--action", "admin_token"]);
        assert_eq!(trail.as_array().unwrap().len(), 4, "{trail}");
        assert!(!trail.to_string().contains(secret), "the trail holds a secret");
    });
}
