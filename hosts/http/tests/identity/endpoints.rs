//! The endpoints for programs: methods, statuses, cache fields, both profiles.

use tollgate::{AddNetwork, RemoveNetwork, Standing};

use super::scene::{CALLBACK, PASSWORD, Scene, json, not_stored, text};
use crate::support::json::send;
use crate::support::{CLIENT, World};

const POSTED: [&str; 7] = [
    "/identity/connect/token",
    "/identity/connect/introspect",
    "/identity/connect/revocation",
    "/oauth2/token",
    "/oauth2/introspect",
    "/oauth2/revoke",
    "/oauth2/register",
];

const PUBLISHED: [&str; 8] = [
    "/identity/.well-known/openid-configuration",
    "/identity/.well-known/openid-configuration/jwks",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/identity",
    "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/identity",
    "/oauth2/jwks",
    "/identity/.well-known/oauth-authorization-server",
];

fn password_grant(password: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", password),
        ("scope", "js_api"),
    ]
}

#[test]
fn endpoints_answer_their_methods_and_name_them_for_all_others() {
    let scene = Scene::new();
    for path in POSTED {
        for method in ["GET", "PUT", "HEAD", "DELETE"] {
            let answer = send(&scene.server, &format!("{method} {path}"), "", b"");
            assert_eq!(
                (answer.status, answer.field("allow")),
                (405, vec!["POST"]),
                "{method} {path}"
            );
            not_stored(&answer);
        }
        let answer = scene.post(path, &[("client_id", "app")]);
        assert!(
            ![404, 405, 500].contains(&answer.status) || path.ends_with("register"),
            "{path} {}",
            answer.status
        );
        not_stored(&answer);
    }
    for path in PUBLISHED {
        let answer = scene.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(json(&answer).is_object(), "{path}");
        let answer = scene.post(path, &[]);
        assert_eq!(
            (answer.status, answer.field("allow")),
            (405, vec!["GET,HEAD"]),
            "{path}"
        );
    }
    for path in [
        "/oauth2",
        "/oauth2/",
        "/oauth2/TOKEN",
        "/identity/connect",
        "/.well-known/oauth-authorization-server/other",
        "/.well-known/openid-configuration/other",
        "/accounts",
    ] {
        assert_eq!(scene.get(path).status, 404, "{path}");
    }
    for path in ["/identity/connect/userinfo", "/oauth2/userinfo"] {
        for answer in [scene.get(path), scene.post(path, &[])] {
            assert_eq!(answer.status, 401, "{path}");
            assert!(answer.field("www-authenticate")[0].starts_with("Bearer"), "{path}");
        }
    }
}

#[test]
fn a_host_without_an_authorization_server_has_none_of_this() {
    let world = World::new();
    let host = world.host();
    for path in POSTED
        .iter()
        .chain(&PUBLISHED)
        .chain(&["/account/login", "/oauth2/authorize"])
    {
        let answer = world.send_to(&host, crate::support::ask(&format!("GET {path}")));
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[test]
fn the_password_grant_answers_as_the_pages_of_cinchy_print_it() {
    let scene = Scene::new();
    let answer = scene.token("/identity/connect/token", &password_grant(PASSWORD));
    assert_eq!(answer.status, 200, "{}", text(&answer));
    assert_eq!(answer.field("pragma"), ["no-cache"]);
    not_stored(&answer);
    let body = json(&answer);
    assert_eq!(
        (&body["expires_in"], &body["token_type"]),
        (&3_600.into(), &"Bearer".into())
    );
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let passed = scene.check("/", &bearer);
    assert_eq!(passed.status, 200);
    assert_eq!(passed.field("x-tollgate-user"), ["alice"]);
    assert_eq!(passed.field("x-tollgate-client"), ["app"]);
    assert_eq!(passed.field("x-tollgate-scope"), ["js_api"]);

    let wrong = scene.token("/identity/connect/token", &password_grant("wrong"));
    assert_eq!(wrong.status, 400);
    assert_eq!(
        json(&wrong),
        serde_json::json!({ "error": "invalid_grant", "error_description": "Invalid username or password" })
    );
    not_stored(&wrong);
}

#[test]
fn a_client_that_is_none_is_400_in_one_profile_and_401_in_the_other() {
    let scene = Scene::new();
    let form = [("grant_type", "client_credentials")];
    let basic = |secret: &str| {
        let pair = crate::support::judged::basic("app", secret);
        format!("authorization: {pair}\r\n")
    };
    for (path, status) in [("/identity/connect/token", 400), ("/oauth2/token", 401)] {
        let good = scene.post_with(path, &basic(&scene.secret), &form);
        assert_eq!(good.status, 200, "{path} {}", text(&good));
        let bad = scene.post_with(path, &basic("tg_cs_wrong"), &form);
        assert_eq!(
            (bad.status, json(&bad)["error"].as_str()),
            (status, Some("invalid_client")),
            "{path}"
        );
        not_stored(&bad);
        let challenges = bad.field("www-authenticate");
        assert_eq!(challenges.len(), usize::from(status == 401), "{path}");
        assert!(
            challenges.iter().all(|line| line.starts_with("Basic")),
            "{challenges:?}"
        );
    }
}

#[test]
fn repeated_parameters_and_bodies_that_are_no_forms_are_refused() {
    let scene = Scene::new();
    let body = format!(
        "grant_type=client_credentials&client_id=app&client_secret={}",
        scene.secret
    );
    assert_eq!(scene.post_raw("/oauth2/token", "", &body).status, 200);
    for repeated in [
        "&grant_type=client_credentials",
        "&client_id=app",
        "&scope=js_api&scope=js_api",
    ] {
        let answer = scene.post_raw("/oauth2/token", "", &format!("{body}{repeated}"));
        assert_eq!(
            (answer.status, json(&answer)["error"].as_str()),
            (400, Some("invalid_request")),
            "{repeated}"
        );
        not_stored(&answer);
    }
    let answer = send(
        &scene.server,
        "POST /oauth2/token",
        "content-type: application/json\r\n",
        body.as_bytes(),
    );
    assert_eq!(
        (answer.status, json(&answer)["error"].as_str()),
        (400, Some("invalid_request"))
    );
}

#[test]
fn a_body_longer_than_any_is_refused_before_it_is_read_whole() {
    let scene = Scene::new();
    let body = format!(
        "grant_type=client_credentials&client_id=app&client_secret={}&x=",
        scene.secret
    );
    let most = 128 * 1_024;
    let fits = format!("{body}{}", "x".repeat(most - body.len()));
    assert_eq!(scene.post_raw("/oauth2/token", "", &fits).status, 200);
    let answer = scene.post_raw("/oauth2/token", "", &format!("{fits}x"));
    assert_eq!(
        (answer.status, json(&answer)["error"].as_str()),
        (413, Some("invalid_request"))
    );
}

#[test]
fn a_banned_address_sees_nothing_and_one_that_nobody_trusts_is_served() {
    let scene = Scene::new();
    let from = |address: &str| format!("x-forwarded-for: {address}\r\n");
    let paths = [
        "/oauth2/jwks",
        "/account/login",
        "/account/style.css",
        "/.well-known/openid-configuration",
    ];
    let ban = AddNetwork {
        rule: "198.51.100.7".parse().unwrap(),
        standing: Standing::Banned,
        user: None,
    };
    scene.world.run(ban);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", scene.secret.as_str()),
    ];
    for (address, expected) in [("198.51.100.7", 403), ("198.51.100.8", 200), (CLIENT, 200)] {
        for path in paths {
            let answer = send(&scene.server, &format!("GET {path}"), &from(address), b"");
            assert_eq!(answer.status, expected, "{address} {path}");
        }
        let answer = scene.post_with("/oauth2/token", &from(address), &form);
        assert_eq!(answer.status, expected, "{address}");
        if expected == 403 {
            assert_eq!(answer.problem(), "network-refused");
        }
    }
    scene.world.run(RemoveNetwork {
        rule: "198.51.100.7".parse().unwrap(),
        user: None,
    });
    let answer = scene.post_with("/oauth2/token", &from("198.51.100.7"), &form);
    assert_eq!(answer.status, 200);
    // A token from an address that nobody trusts is good where somebody does.
    let bearer = format!("Bearer {}", json(&answer)["access_token"].as_str().unwrap());
    assert_eq!(scene.check("/", &bearer).status, 200);
}

#[test]
fn pages_of_origins_that_may_ask_may_have_tokens_and_nobody_may_ask_people() {
    let scene = Scene::new();
    let asks = |path: &str, origin: &str| {
        let lines = format!("origin: {origin}\r\naccess-control-request-method: POST\r\n");
        let answer = send(&scene.server, &format!("OPTIONS {path}"), &lines, b"");
        !answer.field("access-control-allow-origin").is_empty()
    };
    for path in [
        "/oauth2/token",
        "/identity/connect/token",
        "/oauth2/userinfo",
        "/oauth2/revoke",
        "/oauth2/jwks",
    ] {
        assert!(asks(path, "https://spa.example"), "{path}");
        assert!(!asks(path, "https://other.example"), "{path}");
    }
    for path in [
        "/oauth2/authorize",
        "/identity/connect/authorize",
        "/account/login",
        "/account/tokens",
    ] {
        assert!(!asks(path, "https://spa.example"), "{path}");
    }
}

#[test]
fn tokens_are_looked_into_and_taken_back_by_their_client() {
    let scene = Scene::new();
    for (token, introspect, revoke) in [
        ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"),
        (
            "/identity/connect/token",
            "/identity/connect/introspect",
            "/identity/connect/revocation",
        ),
    ] {
        let issued = json(&scene.token(token, &[("grant_type", "client_credentials")]));
        let access = issued["access_token"].as_str().unwrap();
        let looked = json(&scene.token(introspect, &[("token", access)]));
        assert_eq!((&looked["active"], &looked["client_id"]), (&true.into(), &"app".into()));
        let bearer = format!("Bearer {access}");
        assert_eq!(scene.check("/", &bearer).status, 200);
        assert_eq!(scene.token(revoke, &[("token", access)]).status, 200);
        assert_eq!(scene.check("/", &bearer).status, 401);
        let looked = scene.token(introspect, &[("token", access)]);
        assert_eq!(json(&looked), serde_json::json!({ "active": false }));
        assert_eq!(scene.token(revoke, &[("token", "tg_ac_unknown")]).status, 200);
    }
}

#[test]
fn requests_are_counted_by_client_grant_and_outcome_and_strangers_make_no_series() {
    let scene = Scene::new();
    scene.token("/identity/connect/token", &password_grant(PASSWORD));
    scene.token("/identity/connect/token", &password_grant("wrong"));
    scene.token("/oauth2/token", &[("grant_type", "client_credentials")]);
    let stranger = [
        ("grant_type", "client_credentials"),
        ("client_id", "nobody-knows-me"),
        ("client_secret", "x"),
    ];
    scene.post("/oauth2/token", &stranger);
    scene.get(&format!(
        "/oauth2/authorize?client_id=nobody-knows-me&redirect_uri={CALLBACK}"
    ));
    let counts = text(&scene.get("/metrics"));
    let count = |labels: &str| counts.contains(&format!("tollgate_authorization_requests_total{{{labels}}} 1"));
    assert!(count(r#"client="app",asked="password",outcome="granted""#), "{counts}");
    assert!(
        count(r#"client="app",asked="password",outcome="invalid_grant""#),
        "{counts}"
    );
    assert!(
        count(r#"client="app",asked="client_credentials",outcome="granted""#),
        "{counts}"
    );
    assert!(counts.contains(r#"client="",asked="#), "{counts}");
    assert!(
        !counts.contains("nobody-knows-me") && !counts.contains("tg_"),
        "{counts}"
    );
    assert!(
        counts.contains(r#"http_requests_total{area="identity",status="2xx"}"#),
        "{counts}"
    );
}
