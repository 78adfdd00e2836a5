//! What clients were granted and where users are logged in, through the real binary: once on the store itself and once through a
//! server.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails here says where"
)]

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::Folder;
use support::lists;
use support::server::Server;
use tollgate::{
    AccessText, AddClient, BeginSession, Engine, Grant, GrantSet, GrantedTo, IssueAccess, IssuedAccess, OpenOptions,
};

/// A store in which two users have been granted something by two clients, and are logged in.
struct Held {
    folder: Folder,
    /// Of alice at the shop, of alice at the desk, of bob at the shop.
    tokens: [IssuedAccess; 3],
}

fn granted(engine: &Engine, user: &str, client: &tollgate::Client, refresh: Option<u32>) -> IssuedAccess {
    let command = IssueAccess {
        to: GrantedTo {
            client: client.name.clone(),
            client_number: client.number,
            user: user.parse().unwrap(),
            scopes: "read".parse().unwrap(),
            audiences: Vec::new(),
        },
        text: AccessText::Opaque,
        lifetime_s: 3_600,
        grant: Grant::Password,
        refresh,
    };
    engine.execute(command).unwrap()
}

impl Held {
    fn new() -> Self {
        let folder = Folder::with_store();
        folder.done(&["user", "add", "alice"]);
        folder.done(&["user", "add", "bob"]);
        folder.done(&["network", "trust", "127.0.0.1"]);
        let engine = OpenOptions::new().open(folder.path("tollgate.redb")).unwrap();
        let grants: GrantSet = [Grant::Password, Grant::RefreshToken].into_iter().collect();
        let add = |name: &str| {
            let client = AddClient {
                scopes: "read".parse().unwrap(),
                ..AddClient::named(name.parse().unwrap(), grants)
            };
            engine.execute(client).unwrap().client
        };
        let (shop, desk) = (add("shop"), add("desk"));
        let tokens = [
            granted(&engine, "alice", &shop, Some(7_200)),
            granted(&engine, "alice", &desk, None),
            granted(&engine, "bob", &shop, None),
        ];
        for user in ["alice", "alice", "bob"] {
            let command = BeginSession {
                user: user.parse().unwrap(),
                auth_time: engine.now(),
                lifetime_s: 3_600,
            };
            engine.execute(command).unwrap();
        }
        engine.close();
        Self { folder, tokens }
    }

    fn ids(&self) -> [String; 3] {
        let id = |token: &IssuedAccess| token.family.map_or(token.record.id.0, |family| family.0).to_string();
        [0, 1, 2].map(|at| id(&self.tokens[at]))
    }

    /// Which tokens pass a check.
    fn passing(&self) -> [bool; 3] {
        [0, 1, 2].map(|at| {
            let bearer = format!(
                "Authorization: Bearer {}",
                self.tokens[at].token.as_ref().unwrap().expose()
            );
            self.folder.run(&["check", "--header", &bearer]).code == 0
        })
    }
}

/// Runs a scenario on the store itself, and through a server of it.
fn in_both_ways(scenario: impl Fn(&Held)) {
    scenario(&Held::new());
    let held = Held::new();
    let server = Server::start(&held.folder, &[]);
    scenario(&held);
    drop(server);
}

#[test]
fn grants_are_listed_shown_and_revoked() {
    in_both_ways(|held| {
        let (folder, ids) = (&held.folder, held.ids());
        let [shop, desk, bobs] = [0, 1, 2].map(|at| ids[at].as_str());
        let listed = |arguments: &[&str]| texts(&folder.json(&[&["grant", "list"], arguments].concat()), "id");
        assert_eq!(listed(&[]), [shop, desk, bobs]);
        assert_eq!(listed(&["alice"]), [shop, desk]);
        assert_eq!(listed(&["--client", "shop"]), [shop, bobs]);
        assert_eq!(listed(&["alice", "--client", "desk"]), [desk]);
        assert_eq!(listed(&["bob", "--client", "desk"]), [""; 0]);
        assert_eq!(folder.refused(&["grant", "list", "nobody"]), refusal("no_such_user"));
        assert_eq!(
            folder.refused(&["grant", "list", "--client", "nothing"]),
            refusal("no_such_client")
        );
        let shown = folder.json(&["grant", "show", shop]);
        assert_eq!(
            (
                &shown["user"],
                &shown["client_id"],
                &shown["grant"],
                &shown["revoked_at"]
            ),
            (&json!("alice"), &json!("shop"), &json!("password"), &Value::Null)
        );
        let of_token = held.tokens[0].record.id.0.to_string();
        assert_eq!(folder.json(&["grant", "show", &of_token]), shown);
        let table = folder.done(&["grant", "list"]);
        assert!(table.contains("CLIENT_ID") && table.contains("desk"), "{table}");

        assert_eq!(held.passing(), [true; 3]);
        let revoked = folder.json(&["grant", "revoke", &of_token]);
        assert_eq!(revoked["id"], json!(shop));
        assert!(revoked["revoked_at"].is_string());
        assert_eq!(held.passing(), [false, true, true]);
        assert_eq!(folder.refused(&["grant", "revoke", "9999"]), refusal("no_such_grant"));
        assert_eq!(folder.refused(&["grant", "show", "9999"]), refusal("no_such_grant"));
        for arguments in [
            &["grant", "revoke"][..],
            &["grant", "revoke", "1", "--user", "alice"],
            &["grant", "revoke", "--client", "shop", "--logins"],
            &["grant", "revoke", "x"],
        ] {
            assert_eq!(folder.refused(arguments), (2, "usage".to_owned()), "{arguments:?}");
        }
        assert_eq!(held.passing(), [false, true, true]);
    });
}

#[test]
fn all_of_a_user_goes_at_once_and_nothing_of_others() {
    in_both_ways(|held| {
        let folder = &held.folder;
        assert_eq!(
            folder.refused(&["grant", "revoke", "--user", "nobody"]),
            refusal("no_such_user")
        );
        let told = folder.json(&["grant", "revoke", "--user", "alice"]);
        assert_eq!(told, json!({"grants": 2, "access_tokens": 2, "codes": 0}));
        assert_eq!(held.passing(), [false, false, true]);
        assert_eq!(folder.json(&["login", "list", "alice"]).as_array().unwrap().len(), 2);
        let told = folder.done(&["grant", "revoke", "--user", "alice", "--logins"]);
        assert!(told.contains("revoked: 0") && told.contains("ended: 2"), "{told}");
        assert_eq!(folder.json(&["login", "list", "alice"]), json!([]));
        let told = folder.json(&["grant", "revoke", "--client", "shop"]);
        assert_eq!(told["grants"], json!(1));
        assert_eq!(held.passing(), [false; 3]);
        let trail = folder.json(&["audit", "list", "--action", "grant.revoke"]);
        assert_eq!(texts(&trail, "subject"), ["shop", "alice"]);
        let actor = trail[0]["actor"].as_str().unwrap();
        assert!(!actor.is_empty() && actor != "application", "{trail}");
    });
}

#[test]
fn a_new_password_takes_back_what_was_granted_only_where_it_is_told_to() {
    in_both_ways(|held| {
        let folder = &held.folder;
        let set = |arguments: &[&str]| {
            let run = folder.fed(
                &[&["user", "set", "alice", "--password-stdin"], arguments].concat(),
                "correct horse\n",
            );
            assert_eq!(run.code, 0, "{run:?}");
        };
        set(&[]);
        assert_eq!(
            folder.json(&["login", "list", "alice"]),
            json!([]),
            "logins go with the password"
        );
        assert_eq!(held.passing(), [true; 3]);
        set(&["--revoke-grants"]);
        assert_eq!(held.passing(), [false, false, true]);
        assert_eq!(folder.json(&["login", "list"]).as_array().unwrap().len(), 1, "bob's");
    });
}

#[test]
fn logins_are_ended_one_by_one_or_all_of_a_user() {
    in_both_ways(|held| {
        let folder = &held.folder;
        let listed = folder.json(&["login", "list"]);
        let mut users = texts(&listed, "user");
        users.sort();
        assert_eq!(users, ["alice", "alice", "bob"]);
        let own = folder.json(&["login", "list", "alice"]);
        let id = own[0]["id"].as_str().unwrap();
        folder.done(&["login", "revoke", id]);
        assert_eq!(folder.refused(&["login", "revoke", id]), refusal("no_such_login"));
        assert_eq!(folder.refused(&["login", "revoke", "x"]), refusal("no_such_login"));
        assert_eq!(folder.refused(&["login", "revoke"]), (2, "usage".to_owned()));
        assert_eq!(
            folder.json(&["login", "revoke", "--user", "alice"]),
            json!({"logins": 1})
        );
        assert_eq!(texts(&folder.json(&["login", "list"]), "user"), ["bob"]);
        assert_eq!(
            folder.refused(&["login", "revoke", "--user", "nobody"]),
            refusal("no_such_user")
        );
    });
}

fn refusal(code: &str) -> (i32, String) {
    (1, code.to_owned())
}

/// One column of a list, as texts.
fn texts(list: &Value, key: &str) -> Vec<String> {
    let cells = lists::column(list, key).into_iter();
    cells.map(|cell| cell.as_str().unwrap().to_owned()).collect()
}
