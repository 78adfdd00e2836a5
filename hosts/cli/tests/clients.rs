//! Clients, personal access tokens, passwords, routes and issuers through the real binary, once on the store itself and once through a
//! server.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::Folder;
use support::both_ways::in_both_ways;
use support::lists::{column, keys};

const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// A certificate with a key on P-256.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBjDCCATGgAwIBAgIUBmsCoT32U65vzeUXmYxJoX/eihQwCgYIKoZIzj0EAwIw\n\
GjEYMBYGA1UEAwwPaWRwLmV4YW1wbGUuY29tMCAXDTI2MTEyMTIyNDgxNFoYDzIx\n\
MjYxMDI4MjI0ODE0WjAaMRgwFgYDVQQDDA9pZHAuZXhhbXBsZS5jb20wWTATBgcq\n\
hkjOPQIBBggqhkjOPQMBBwNCAAR3idYLhmogN4Fu03rEkoWU4ChJf8a7ArHmSMBZ\n\
Fx2IHKRFQb1JHN8jES05YBVm5RXt45O5X6uGAKBeih2iVnd8o1MwUTAdBgNVHQ4E\n\
FgQU90fWz2lPdKthQj6O95M9WXjaaWcwHwYDVR0jBBgwFoAU90fWz2lPdKthQj6O\n\
95M9WXjaaWcwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAlMvy\n\
o4HLstCTCc5vv2JycFjYb90eEbO4GaOGyUkPTEkCIQD13u/sNfr2IAW9F/j0DIy5\n\
wMbDeivsyVWBpaUB3NRw1w==\n\
-----END CERTIFICATE-----\n\
";

fn refusal(code: &str) -> (i32, String) {
    (1, code.to_owned())
}

fn usage() -> (i32, String) {
    (2, "usage".to_owned())
}

#[test]
fn clients_are_added_changed_given_secrets_and_removed() {
    in_both_ways(|folder| {
        let none = folder.done(&["client", "list"]);
        assert!(none.contains("tollgate client add"), "{none}");
        let shop = [
            "client",
            "add",
            "shop",
            "--name",
            "The shop",
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--scope",
            "orders.read orders.write",
            "--scope",
            "orders.read",
            "--login-url",
            "https://shop.example/callback",
            "--lifetime",
            "15m",
        ];
        let printed = folder.done(&[&shop[..], &["--json"]].concat());
        let begin: Vec<&str> = keys(&printed).into_iter().take(5).collect();
        assert_eq!(begin, ["client_id", "client_secret", "access_url", "name", "enabled"]);
        let added: Value = serde_json::from_str(&printed).unwrap();
        let secret = added["client_secret"].as_str().unwrap();
        assert!(secret.starts_with("tg_cs_"), "{added}");
        assert_eq!(added["scopes"], json!(["orders.read", "orders.write"]));
        assert_eq!(
            (&added["lifetime_s"], &added["refresh_lifetime_s"]),
            (&json!(900), &json!(2_592_000))
        );
        assert_eq!(
            (&added["consent"], &added["show_login"], &added["enabled"]),
            (&json!(true), &json!(true), &json!(true))
        );
        assert_eq!(folder.refused(&shop), refusal("client_exists"));

        let list = folder.json(&["client", "list"]);
        assert_eq!(column(&list, "id"), ["shop"]);
        assert!(!list.to_string().contains(secret), "a secret is listed");
        let set = [
            "client",
            "set",
            "shop",
            "--no-consent",
            "--lifetime",
            "60",
            "--name",
            "Shop",
        ];
        let set = folder.json(&set);
        assert_eq!(
            (&set["consent"], &set["lifetime_s"], &set["name"]),
            (&json!(false), &json!(60), &json!("Shop"))
        );
        assert_eq!(set["scopes"], added["scopes"], "what is not named stays");
        assert_eq!(folder.json(&["client", "show", "shop"]), set);
        assert_eq!(
            folder.json(&["client", "set", "shop", "--disabled"])["enabled"],
            json!(false)
        );
        assert_eq!(
            folder.json(&["client", "set", "shop", "--enabled", "--no-scopes"])["scopes"],
            json!([])
        );
        assert_eq!(folder.refused(&["client", "set", "shop"]), usage());
        assert_eq!(
            folder.refused(&["client", "set", "shop", "--enabled", "--disabled"]),
            usage()
        );

        let rotated = folder.json(&["client", "rotate", "shop", "--overlap", "7d"]);
        assert!(rotated["client_secret"].is_string() && rotated["client_secret"] != added["client_secret"]);
        let secrets = rotated["secrets"].as_array().unwrap();
        assert!(
            secrets.len() == 2 && secrets[0]["expires_at"].is_string() && secrets[1]["expires_at"].is_null(),
            "{rotated}"
        );
        let at_once = folder.json(&["client", "rotate", "shop"]);
        assert_eq!(at_once["client_id"], json!("shop"));
        let text = folder.done(&["client", "show", "shop"]);
        assert!(
            text.contains("https://shop.example/callback") && !text.contains("tg_cs_"),
            "{text}"
        );

        assert_eq!(
            folder.json(&["client", "remove", "shop"]),
            json!({ "id": "shop", "removed": "shop" })
        );
        for verb in ["show", "remove", "rotate"] {
            assert_eq!(
                folder.refused(&["client", verb, "shop"]),
                refusal("no_such_client"),
                "{verb}"
            );
        }
        let trail = folder.json(&["audit", "list", "--action", "client"]);
        let mut actions = column(&trail, "action");
        actions.dedup();
        assert_eq!(actions, ["client.remove", "client.rotate", "client.set", "client.add"]);
        assert!(!trail.to_string().contains("tg_cs_"), "the trail holds a secret");
        let words = folder.done(&["audit", "list", "--action", "client.set"]);
        assert!(words.contains("consent: true → false"), "{words}");
    });
}

#[test]
fn clients_show_in_their_own_ways_that_they_are_themselves() {
    in_both_ways(|folder| {
        folder.done(&["user", "add", "alice"]);
        let file = folder.path("keys.json");
        std::fs::write(&file, KEYS).unwrap();
        let robot = [
            "client",
            "add",
            "robot",
            "--grant",
            "client_credentials",
            "--user",
            "alice",
            "--jwks",
        ];
        let added = folder.json(&[&robot[..], &["keys.json"]].concat());
        assert_eq!(
            (&added["client_secret"], &added["authentication"], &added["user"]),
            (&json!(null), &json!("private_key_jwt"), &json!("alice"))
        );
        assert_eq!(added["jwks"], serde_json::from_str::<Value>(KEYS).unwrap());
        std::fs::write(&file, KEYS.replace("\"crv\"", "\"d\":\"AQAB\",\"crv\"")).unwrap();
        let private = [
            "client",
            "add",
            "careless",
            "--grant",
            "client_credentials",
            "--user",
            "alice",
            "--jwks",
            "keys.json",
        ];
        assert_eq!(folder.refused(&private), refusal("unexpected_client"));
        assert_eq!(folder.refused(&[&robot[..], &["nowhere.json"]].concat()), usage());

        let phone = [
            "client",
            "add",
            "phone",
            "--public",
            "--grant",
            "authorization_code",
            "--login-url",
        ];
        let url = "org.example.phone:/callback";
        let added = folder.json(&[&phone[..], &[url]].concat());
        assert_eq!(
            (&added["client_secret"], &added["authentication"]),
            (&json!(null), &json!("none"))
        );
        assert_eq!(
            folder.refused(&["client", "rotate", "phone"]),
            refusal("no_secret_wanted")
        );
        let confidential = ["client", "set", "phone", "--secret"];
        assert_eq!(
            folder.refused(&confidential),
            refusal("unexpected_client"),
            "the URL is one of public clients"
        );
        let confidential = [&confidential[..], &["--login-url", "https://phone.example/callback"]].concat();
        assert_eq!(folder.json(&confidential)["authentication"], json!("client_secret"));
        assert!(folder.json(&["client", "rotate", "phone"])["client_secret"].is_string());

        for (arguments, code) in [
            (&["--grant", "client_credentials"][..], "unexpected_client"),
            (&["--grant", "authorization_code"], "unexpected_client"),
            (
                &["--grant", "password", "--login-url", "http://shop.example/"],
                "unexpected_client",
            ),
            (&["--grant", "client_credentials", "--user", "nobody"], "no_such_user"),
            (&["--grant", "password", "--lifetime", "59"], "unexpected_client"),
        ] {
            assert_eq!(
                folder.refused(&[&["client", "add", "odd"], arguments].concat()),
                refusal(code),
                "{arguments:?}"
            );
        }
        for arguments in [
            &["odd"][..],
            &["odd", "--grant", "implicit"],
            &["o:d", "--grant", "password"],
            &["odd", "--grant", "password", "--scope", "a\"b"],
            &["odd", "--grant", "password", "--access", "hs256"],
            &[
                "odd",
                "--public",
                "--jwks",
                "keys.json",
                "--grant",
                "authorization_code",
            ],
        ] {
            assert_eq!(
                folder.refused(&[&["client", "add"], arguments].concat()),
                usage(),
                "{arguments:?}"
            );
        }
        let nightly = folder.json(&[
            "client",
            "add",
            "nightly",
            "--grant",
            "client_credentials",
            "--user",
            "alice",
        ]);
        assert_eq!(nightly["authentication"], json!("client_secret"), "the twin");
    });
}

#[test]
fn personal_access_tokens_are_issued_listed_and_revoked() {
    in_both_ways(|folder| {
        folder.done(&["user", "add", "alice"]);
        folder.done(&["user", "add", "bob"]);
        let issue = [
            "pat",
            "issue",
            "alice",
            "--name",
            "laptop",
            "--description",
            "on the desk",
        ];
        let printed = folder.done(&[&issue[..], &["--json"]].concat());
        assert_eq!(
            keys(&printed),
            ["id", "token", "user", "name", "description", "expires_at"]
        );
        let laptop: Value = serde_json::from_str(&printed).unwrap();
        let (id, secret) = (laptop["id"].as_str().unwrap(), laptop["token"].as_str().unwrap());
        assert!(secret.starts_with("tg_pat_"), "{laptop}");
        folder.json(&["pat", "issue", "bob", "--name", "ci", "--days", "366"]);
        assert_eq!(
            folder.refused(&["pat", "issue", "bob", "--name", "ci", "--days", "367"]),
            usage()
        );
        let beyond = [
            "pat",
            "issue",
            "bob",
            "--name",
            "ci",
            "--expires-at",
            "2100-01-01T00:00:00Z",
        ];
        assert_eq!(folder.refused(&beyond), refusal("lasts_too_long"));

        let all = folder.json(&["pat", "list"]);
        assert_eq!(column(&all, "user"), ["alice", "bob"]);
        assert!(!all.to_string().contains(secret), "a secret is listed");
        let own = folder.json(&["pat", "list", "alice"]);
        assert_eq!((&own[0]["id"], &own[0]["last_used_at"]), (&json!(id), &json!(null)));
        assert_eq!(folder.json(&["authtoken", "list"]), json!([]), "it is no authtoken");
        for noun in ["authtoken", "feed-token", "admin-token"] {
            assert_eq!(
                folder.refused(&[noun, "revoke", id]),
                refusal("no_such_token"),
                "{noun}"
            );
        }
        folder.done(&["network", "trust", "127.0.0.1"]);
        let check = ["check", "--header", &format!("Authorization: Bearer {secret}")];
        assert_eq!(folder.run(&check).code, 0);
        let revoked = folder.json(&["pat", "revoke", id]);
        assert!(revoked["revoked_at"].is_string(), "{revoked}");
        assert_eq!(folder.json(&["pat", "revoke", id]), revoked, "again changes nothing");
        assert_eq!(folder.run(&check).code, 1);

        for _ in 0..5 {
            folder.done(&issue);
        }
        assert_eq!(folder.refused(&issue), refusal("too_many_personal_tokens"));
        assert_eq!(folder.refused(&["pat", "revoke", "4711"]), refusal("no_such_token"));
        assert_eq!(folder.refused(&["pat", "list", "nobody"]), refusal("no_such_user"));
        let trail = folder.json(&["audit", "list", "--action", "pat"]);
        assert!(
            trail.as_array().unwrap().len() >= 7 && !trail.to_string().contains(secret),
            "{trail}"
        );
    });
}

#[test]
fn passwords_and_profiles_are_set_and_taken_away() {
    in_both_ways(|folder| {
        let secret = "correct horse";
        let add = [
            "user",
            "add",
            "alice",
            "--password-stdin",
            "--display-name",
            "Alice B.",
            "--role",
            "auditor",
        ];
        let added = folder.fed(&add, &format!("{secret}\nsecond line"));
        assert_eq!(added.code, 0, "{added:?}");
        let alice = added.json();
        assert_eq!(
            (
                &alice["has_password"],
                &alice["display_name"],
                &alice["email"],
                &alice["roles"]
            ),
            (&json!(true), &json!("Alice B."), &json!(null), &json!(["auditor"]))
        );
        let set = ["user", "set", "alice", "--email", "alice@example.com", "--no-roles"];
        let set = folder.json(&set);
        assert_eq!(
            (&set["email"], &set["roles"], &set["display_name"]),
            (&json!("alice@example.com"), &json!([]), &json!("Alice B."))
        );
        let shown = folder.json(&["user", "show", "alice"]);
        assert_eq!((&shown["email"], &shown["has_password"]), (&set["email"], &json!(true)));
        assert_eq!(
            folder.json(&["user", "set", "alice", "--display-name", ""])["display_name"],
            json!(null)
        );
        assert_eq!(
            folder.json(&["user", "set", "alice", "--no-password"])["has_password"],
            json!(false)
        );
        let again = folder.fed(&["user", "set", "alice", "--password-stdin"], "another one\r\n");
        assert_eq!(again.json()["has_password"], json!(true));

        for (arguments, input) in [
            (&["user", "add", "bob", "--password-stdin"][..], "short\n"),
            (&["user", "add", "bob", "--password-stdin"], "\n"),
            (&["user", "add", "bob", "--password-stdin"], ""),
            (
                &["user", "add", "bob", "--password-stdin", "--email", "nowhere"],
                secret,
            ),
            (&["user", "set", "alice", "--password-stdin", "--no-password"], secret),
        ] {
            let run = folder.fed(arguments, input);
            assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
            assert!(input.len() < 2 || !run.stderr.contains(input.trim()), "{run:?}");
        }
        assert_eq!(
            column(&folder.json(&["user", "list"]), "name"),
            ["alice"],
            "nobody is half added"
        );
        let trail = folder.json(&["audit", "list", "--last", "all"]);
        let actions = column(&trail, "action");
        for action in ["user.password", "user.profile"] {
            assert!(actions.iter().any(|one| *one == action), "{actions:?}");
        }
        assert!(
            !trail.to_string().contains("argon2") && !trail.to_string().contains(secret),
            "{trail}"
        );
    });
}

#[test]
fn routes_say_what_paths_take() {
    in_both_ways(|folder| {
        assert_eq!(folder.json(&["route", "list"]), json!([]));
        let api = [
            "route",
            "add",
            "/API/**",
            "--scheme",
            "bearer,header",
            "--scope",
            "orders.read",
            "--audience",
            "orders",
        ];
        let api = folder.json(&api);
        assert_eq!(
            (
                &api["pattern"],
                &api["schemes"],
                &api["scopes"],
                &api["audience"],
                &api["anonymous"]
            ),
            (
                &json!("/API/**"),
                &json!(["bearer", "header"]),
                &json!(["orders.read"]),
                &json!("orders"),
                &json!(false)
            )
        );
        folder.done(&["route", "add", "/BasicAuthAPI/**", "--scheme", "password"]);
        let health = folder.json(&["route", "add", "/health", "--anonymous"]);
        assert_eq!(
            (&health["schemes"], &health["anonymous"]),
            (&json!(["bearer", "basic", "header", "parameter"]), &json!(true))
        );
        let list = folder.json(&["route", "list"]);
        assert_eq!(column(&list, "pattern"), ["/API/**", "/BasicAuthAPI/**", "/health"]);
        let again = folder.json(&["route", "add", "/API/**", "--scheme", "bearer"]);
        assert_eq!(
            (&again["id"], &again["scopes"]),
            (&api["id"], &json!([])),
            "it is replaced"
        );
        for pattern in ["API", "/a*", "/a/../b", "/a//b"] {
            assert_eq!(folder.refused(&["route", "add", pattern]), usage(), "{pattern}");
        }
        assert_eq!(folder.refused(&["route", "add", "/x", "--scheme", "digest"]), usage());
        assert_eq!(
            folder.json(&["route", "remove", "/health"])["removed"],
            json!("/health")
        );
        assert_eq!(
            folder.refused(&["route", "remove", "/health"]),
            refusal("no_such_route")
        );
    });
}

#[test]
fn issuers_elsewhere_are_trusted_and_trusted_no_more() {
    in_both_ways(|folder| {
        folder.done(&[
            "client",
            "add",
            "partners",
            "--grant",
            "password",
            "--scope",
            "orders.read",
        ]);
        let url = "https://login.example.com/";
        let add = [
            "issuer",
            "add",
            url,
            "--audience",
            "orders",
            "--client",
            "partners",
            "--scope",
            "orders.read",
        ];
        let by_url = [
            &add[..],
            &["--jwks-url", "https://login.example.com/keys", "--algorithm", "RS256"],
        ]
        .concat();
        let added = folder.json(&by_url);
        assert_eq!(
            (
                &added["issuer"],
                &added["algorithms"],
                &added["user_claim"],
                &added["client_id"]
            ),
            (&json!(url), &json!(["RS256"]), &json!("sub"), &json!("partners"))
        );
        std::fs::write(folder.path("keys.json"), KEYS).unwrap();
        let by_file = [&add[..], &["--jwks", "keys.json"]].concat();
        assert_eq!(folder.json(&by_file)["jwks_url"], json!(null), "it is replaced");
        assert_eq!(column(&folder.json(&["issuer", "list"]), "issuer"), [url]);
        assert_eq!(folder.refused(&add), usage(), "keys must come from somewhere");
        std::fs::write(folder.path("keys.json"), "{}").unwrap();
        assert_eq!(folder.refused(&by_file), refusal("unexpected_client"));
        let nobody = [
            "issuer",
            "add",
            url,
            "--audience",
            "orders",
            "--client",
            "nobody",
            "--jwks-url",
            "https://login.example.com/keys",
        ];
        assert_eq!(folder.refused(&nobody), refusal("no_such_client"));
        assert_eq!(folder.json(&["issuer", "remove", url])["removed"], json!(url));
        assert_eq!(folder.refused(&["issuer", "remove", url]), refusal("no_such_issuer"));
    });
}

#[test]
fn identity_providers_are_trusted_and_trusted_no_more() {
    in_both_ways(|folder| {
        let none = folder.done(&["idp", "list"]);
        assert!(none.contains("tollgate idp add"), "{none}");
        std::fs::write(folder.path("idp.pem"), CERTIFICATE).unwrap();
        std::fs::write(folder.path("empty.pem"), "").unwrap();
        let url = "https://idp.example.com/metadata";
        let add = |more: &[&str]| {
            let given = ["idp", "add", url, "--audience", "https://us.example"];
            [&given[..], more]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let run = |more: &[&str]| {
            let arguments = add(more);
            folder.json(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let refused = |more: &[&str]| {
            let arguments = add(more);
            folder.refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let added = run(&["--certificate", "idp.pem"]);
        assert_eq!((&added["subject"], &added["skew_s"]), (&json!("nameid"), &json!(60)));
        assert_eq!(added["certificates"][0]["subject"], json!("CN=idp.example.com"));
        assert_eq!(added["certificates"][0]["sha256"].as_str().map(str::len), Some(64));
        let changed = run(&[
            "--certificate",
            "idp.pem",
            "--subject",
            "attribute:email",
            "--skew",
            "0",
            "--create-users",
        ]);
        assert_eq!(
            (&changed["subject"], &changed["creates_users"]),
            (&json!("attribute:email"), &json!(true))
        );
        assert_eq!(folder.json(&["idp", "show", url]), changed, "it is replaced");
        let shown = folder.done(&["idp", "show", url]);
        assert!(
            shown.contains("CN=idp.example.com") && shown.contains("attribute:email"),
            "{shown}"
        );
        assert_eq!(column(&folder.json(&["idp", "list"]), "issuer"), [url]);
        assert_eq!(refused(&[]), usage(), "certificates must come from somewhere");
        assert_eq!(refused(&["--certificate", "none.pem"]), usage());
        let unexpected = refusal("unexpected_identity_provider");
        assert_eq!(refused(&["--certificate", "empty.pem"]), unexpected);
        assert_eq!(refused(&["--metadata", "idp.pem"]), unexpected);
        assert_eq!(refused(&["--certificate", "idp.pem", "--skew", "301"]), unexpected);
        assert_eq!(folder.json(&["idp", "remove", url])["removed"], json!(url));
        let gone = refusal("no_such_identity_provider");
        assert_eq!(folder.refused(&["idp", "remove", url]), gone);
        assert_eq!(folder.refused(&["idp", "show", url]), gone);
    });
}

#[test]
fn what_nobody_agreed_to_is_listed_as_nothing() {
    in_both_ways(|folder| {
        folder.done(&["user", "add", "alice"]);
        folder.done(&["client", "add", "shop", "--grant", "password"]);
        assert_eq!(folder.json(&["consent", "list", "alice"]), json!([]));
        folder.done(&["consent", "withdraw", "alice", "shop"]);
        assert_eq!(folder.refused(&["consent", "list", "nobody"]), refusal("no_such_user"));
        assert_eq!(
            folder.refused(&["consent", "withdraw", "alice", "nothing"]),
            refusal("no_such_client")
        );
    });
}

/// The access URL is known where a server is, since only a server knows how others reach it.
#[test]
fn whoever_adds_a_client_is_told_where_it_asks() {
    let folder = Folder::with_store();
    folder.done(&["user", "add", "alice"]);
    let add = |name: &str, arguments: &[&str]| folder.json(&[&["client", "add", name], arguments].concat());
    let arc = ["--grant", "client_credentials", "--user", "alice"];
    assert_eq!(add("first", &arc)["access_url"], json!(null));
    let server = support::server::Server::start(&folder, &[]);
    let url = add("second", &arc)["access_url"].as_str().unwrap().to_owned();
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with("/oauth2/token"),
        "{url}"
    );
    let url = add("third", &["--grant", "password"])["access_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(url.ends_with("/identity/connect/token"), "{url}");
    drop(server);
}
