//! Every verb through the real binary, once on the store itself and once through the socket of a server that holds it.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::both_ways::in_both_ways;
use support::lists::{column, keys};

#[test]
fn users_are_added_shown_changed_and_removed() {
    in_both_ways(|folder| {
        assert_eq!(folder.json(&["user", "list"]), json!([]));
        let printed = folder.done(&["user", "add", "alice", "--json"]);
        assert_eq!(
            keys(&printed),
            [
                "id",
                "name",
                "active",
                "operations",
                "per_hour",
                "concurrent",
                "created_at",
                "display_name",
                "email",
                "roles",
                "has_password"
            ]
        );
        let alice: Value = serde_json::from_str(&printed).unwrap();
        assert!(
            alice["id"].is_string() && alice["created_at"].as_str().unwrap().ends_with('Z'),
            "{alice}"
        );
        assert_eq!(
            alice["operations"],
            json!(["GET", "POST", "PUT", "DELETE"]),
            "all four at first"
        );
        assert_eq!(
            (&alice["per_hour"], &alice["active"]),
            (&json!("inherit"), &json!(true))
        );

        let bob = [
            "user",
            "add",
            "bob",
            "--operations",
            "delete,get",
            "--per-hour",
            "100",
            "--concurrent",
            "unlimited",
        ];
        let bob = folder.json(&[&bob[..], &["--inactive"]].concat());
        assert_eq!(bob["operations"], json!(["GET", "DELETE"]));
        assert_eq!(
            (&bob["per_hour"], &bob["concurrent"]),
            (&json!(100), &json!("unlimited"))
        );
        assert_eq!(bob["active"], json!(false));
        assert_eq!(column(&folder.json(&["user", "list"]), "name"), ["alice", "bob"]);

        let set = folder.json(&["user", "set", "bob", "--active", "--per-hour", "inherit"]);
        assert_eq!(
            (&set["active"], &set["per_hour"], &set["id"]),
            (&json!(true), &json!("inherit"), &bob["id"])
        );
        assert_eq!(set["concurrent"], json!("unlimited"), "what is not named stays");
        assert_eq!(
            folder.json(&["user", "set", "bob", "--inactive"])["active"],
            json!(false)
        );

        folder.done(&["network", "trust", "10.0.0.0/8", "--user", "bob"]);
        folder.done(&["authtoken", "issue", "bob"]);
        let shown = folder.json(&["user", "show", "bob"]);
        assert_eq!((&shown["id"], &shown["name"]), (&bob["id"], &json!("bob")));
        assert_eq!(column(&shown["networks"], "rule"), ["10.0.0.0/8"]);
        assert_eq!(column(&shown["authtokens"], "user"), ["bob"]);

        let removed = folder.json(&["user", "remove", "bob"]);
        assert_eq!(removed, json!({ "id": bob["id"], "removed": "bob" }));
        assert_eq!(column(&folder.json(&["user", "list"]), "name"), ["alice"]);
        for arguments in [
            &["user", "show", "bob"][..],
            &["user", "remove", "bob"],
            &["user", "set", "bob", "--active"],
        ] {
            assert_eq!(
                folder.refused(arguments),
                (1, "no_such_user".to_owned()),
                "{arguments:?}"
            );
        }
        assert_eq!(folder.refused(&["user", "add", "alice"]), (1, "user_exists".to_owned()));
        assert_eq!(folder.refused(&["user", "set", "alice"]), (2, "usage".to_owned()));
    });
}

#[test]
fn authtokens_are_issued_listed_expired_and_revoked() {
    in_both_ways(|folder| {
        folder.done(&["user", "add", "alice"]);
        folder.done(&["user", "add", "bob"]);
        let printed = folder.done(&["authtoken", "issue", "alice", "--json"]);
        assert_eq!(keys(&printed), ["id", "token", "user", "not_before", "expires_at"]);
        let first: Value = serde_json::from_str(&printed).unwrap();
        let id = first["id"].as_str().unwrap();
        assert!(first["token"].as_str().unwrap().starts_with("tg_at_"), "{first}");

        let moments = [
            "--not-before",
            "2027-01-01T00:00:00Z",
            "--expires-at",
            "2100-01-01T00:00:00Z",
        ];
        let second = folder.json(&[&["authtoken", "issue", "bob"][..], &moments].concat());
        assert_eq!(second["not_before"], json!("2027-01-01T00:00:00Z"));
        assert_eq!(second["expires_at"], json!("2100-01-01T00:00:00Z"));
        assert!(folder.json(&["authtoken", "issue", "bob", "--expires-in", "30d"])["expires_at"].is_string());

        let all = folder.json(&["authtoken", "list"]);
        assert_eq!(column(&all, "user"), ["alice", "bob", "bob"]);
        assert_eq!(column(&folder.json(&["authtoken", "list", "alice"]), "id"), [id]);
        for secret in [&first["token"], &second["token"]] {
            assert!(
                !all.to_string().contains(secret.as_str().unwrap()),
                "a secret is listed"
            );
        }

        let revoked = folder.json(&["authtoken", "revoke", id]);
        assert!(revoked["revoked_at"].is_string(), "{revoked}");
        assert_eq!(
            folder.json(&["authtoken", "revoke", id]),
            revoked,
            "again changes nothing"
        );
        let earlier = folder.json(&[
            "authtoken",
            "expire",
            second["id"].as_str().unwrap(),
            "--at",
            "2099-01-01T00:00:00Z",
        ]);
        assert_eq!(earlier["expires_at"], json!("2099-01-01T00:00:00Z"));
        let later = [
            "authtoken",
            "expire",
            second["id"].as_str().unwrap(),
            "--at",
            "2100-01-01T00:00:00Z",
        ];
        assert_eq!(folder.refused(&later), (1, "would_lengthen".to_owned()));
        assert_eq!(
            folder.refused(&["authtoken", "revoke", "4711"]),
            (1, "no_such_token".to_owned())
        );
        assert_eq!(
            folder.refused(&["authtoken", "issue", "carol"]),
            (1, "no_such_user".to_owned())
        );
        assert_eq!(
            folder.refused(&["authtoken", "list", "carol"]),
            (1, "no_such_user".to_owned())
        );
        let past = ["authtoken", "issue", "bob", "--expires-at", "2020-01-01T00:00:00Z"];
        assert_eq!(folder.refused(&past), (1, "never_valid".to_owned()));
    });
}

#[test]
fn the_secret_is_printed_once_and_the_reader_is_told() {
    in_both_ways(|folder| {
        folder.done(&["user", "add", "alice"]);
        let printed = folder.done(&["authtoken", "issue", "alice"]);
        let token = printed
            .split_whitespace()
            .find(|word| word.starts_with("tg_at_"))
            .unwrap();
        assert!(printed.contains("not shown again"), "{printed}");
        let id = folder.json(&["authtoken", "list"])[0]["id"].clone();
        for arguments in [
            &["authtoken", "list"][..],
            &["user", "show", "alice"],
            &["verify"],
            &["authtoken", "revoke", id.as_str().unwrap()],
        ] {
            assert!(
                !folder.done(arguments).contains(token),
                "{arguments:?} shows the secret"
            );
        }
        let stored = std::fs::read(folder.path("tollgate.redb")).unwrap();
        assert!(
            !stored.windows(token.len()).any(|bytes| bytes == token.as_bytes()),
            "the store holds the secret"
        );
    });
}

#[test]
fn networks_are_trusted_banned_listed_and_removed() {
    in_both_ways(|folder| {
        folder.done(&["user", "add", "alice"]);
        let trusted = folder.json(&["network", "trust", "203.0.113.*"]);
        assert_eq!(
            (&trusted["id"], &trusted["standing"]),
            (&json!("203.0.113.*"), &json!("trusted"))
        );
        assert_eq!(trusted["user"], Value::Null);
        let banned = folder.json(&["network", "ban", "203.0.113.7", "--user", "alice"]);
        assert_eq!(
            (&banned["id"], &banned["standing"]),
            (&json!("203.0.113.7@alice"), &json!("banned"))
        );
        folder.done(&["network", "trust", "2001:db8::/32"]);
        assert_eq!(
            column(&folder.json(&["network", "list"]), "user"),
            [&Value::Null, &Value::Null, &json!("alice")]
        );
        assert_eq!(
            column(&folder.json(&["network", "list", "--user", "alice"]), "rule"),
            ["203.0.113.7"]
        );

        assert_eq!(
            folder.refused(&["network", "ban", "203.0.113.0/24"]),
            (1, "network_exists".to_owned())
        );
        assert_eq!(
            folder.refused(&["network", "remove", "203.0.113.7"]),
            (1, "no_such_network".to_owned())
        );
        assert_eq!(
            folder.refused(&["network", "list", "--user", "bob"]),
            (1, "no_such_user".to_owned())
        );
        let removed = folder.json(&["network", "remove", "203.0.113.0/24"]);
        assert_eq!(removed["id"], json!("203.0.113.0_24"));
        folder.done(&["network", "remove", "203.0.113.7", "--user", "alice"]);
        assert_eq!(column(&folder.json(&["network", "list"]), "rule"), ["2001:db8::/32"]);
    });
}

#[test]
fn settings_are_listed_and_changed() {
    in_both_ways(|folder| {
        let keys = [
            "per_hour",
            "concurrent",
            "allow_authtoken_in_url",
            "allow_preflight",
            "trusted_proxies",
            "foreign_tokens",
        ];
        let list = folder.json(&["settings", "list"]);
        assert_eq!(column(&list, "id"), keys);
        assert_eq!(column(&list, "key"), keys);
        assert_eq!(column(&list, "value")[4], &json!(["127.0.0.0/8", "::1"]));
        for (key, typed, value) in [
            ("per_hour", "1000", json!(1000)),
            ("concurrent", "unlimited", json!("unlimited")),
            ("allow_authtoken_in_url", "true", json!(true)),
            ("allow_preflight", "true", json!(true)),
            ("trusted_proxies", "10.0.0.1, ::1", json!(["10.0.0.1", "::1"])),
            ("foreign_tokens", "sha256, clear", json!(["clear", "sha256"])),
        ] {
            let set = folder.json(&["settings", "set", key, typed]);
            assert_eq!(set, json!({ "id": key, "key": key, "value": value }));
            assert!(
                folder.json(&["settings", "list"]).as_array().unwrap().contains(&set),
                "{key} is kept"
            );
        }
        for (key, value) in [
            ("per_hours", "5"),
            ("per_hour", "0"),
            ("per_hour", "-1"),
            ("allow_preflight", "yes"),
            ("trusted_proxies", "proxy"),
            ("foreign_tokens", "md5"),
        ] {
            assert_eq!(
                folder.refused(&["settings", "set", key, value]),
                (2, "usage".to_owned()),
                "{key} {value}"
            );
        }
    });
}

#[test]
fn the_store_is_verified_and_copied() {
    in_both_ways(|folder| {
        let (_, token) = folder.user("alice", &[]);
        folder.done(&["network", "trust", "127.0.0.1"]);
        let verified = folder.json(&["verify"]);
        assert_eq!(
            (&verified["sound"], &verified["users"], &verified["tokens"]),
            (&json!(true), &json!(1), &json!(1))
        );
        let copied = folder.json(&["backup", "copy.redb"]);
        assert_eq!(
            copied["path"],
            json!(folder.path("copy.redb")),
            "in the folder of the caller"
        );
        assert_eq!(copied["revision"], verified["revision"]);
        assert_eq!(folder.refused(&["backup", "copy.redb"]), (1, "file_exists".to_owned()));

        std::fs::copy(folder.path("tollgate.key"), folder.path("copy.key")).unwrap();
        let header = format!("Authorization: Bearer {token}");
        let explained = folder.json(&["check", "--header", &header, "--data", "copy.redb"]);
        assert_eq!(explained["permitted"], json!(true), "the copy knows the token");
    });
}
