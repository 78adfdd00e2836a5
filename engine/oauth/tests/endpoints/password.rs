//! The password grant, in both profiles.

use std::collections::BTreeSet;

use tollgate::{AccessForm, ClientChanges, SetClient, SetPassword, SetUser, UserChanges};
use tollgate_oauth::Profile;

use crate::scene::{Known, PASSWORD, Scene, header, json, outcome, payload, post, refused, text};

const ASK: [(&str, &str); 4] = [
    ("grant_type", "password"),
    ("username", "admin"),
    ("password", PASSWORD),
    ("scope", "js_api"),
];

fn with(name: &str, password: &str) -> [(&'static str, String); 3] {
    [
        ("grant_type", "password".to_owned()),
        ("username", name.to_owned()),
        ("password", password.to_owned()),
    ]
}

fn ask(scene: &Scene, profile: Profile, known: &Known, name: &str, password: &str) -> (u16, String) {
    let pairs = with(name, password);
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    outcome(&scene.token(profile, known, &pairs))
}

#[test]
fn cinchys_answer_and_token_are_as_its_manual_prints_them() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |add| add.access = AccessForm::Rs256);
    let answer = scene.token(Profile::Cinchy, &known, &ASK);
    let token = text(&answer, "access_token");
    let body = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(
        body,
        format!("{{\"access_token\":\"{token}\",\"expires_in\":3600,\"token_type\":\"Bearer\"}}")
    );
    assert_eq!(
        answer.fields,
        [
            ("Content-Type", "application/json".to_owned()),
            ("Cache-Control", "no-store".to_owned()),
            ("Pragma", "no-cache".to_owned()),
        ]
    );
    assert_eq!(
        (
            answer.activity.client.as_deref(),
            answer.activity.asked,
            answer.activity.outcome
        ),
        (Some("abc"), "password", "granted")
    );

    let head = header(&token);
    assert_eq!(
        (head["alg"].as_str(), head["typ"].as_str()),
        (Some("RS256"), Some("JWT"))
    );
    let kid = head["kid"].as_str().unwrap();
    assert!(
        kid.len() == 40
            && kid
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()),
        "{kid}"
    );
    assert_eq!(head["x5t"].as_str().map(str::len), Some(27));
    assert_eq!(
        payload(&token),
        concat!(
            r#"{"nbf":1800000000,"exp":1800003600,"iss":"https://auth.example/identity","#,
            r#""aud":["https://auth.example/identity/resources","js_api"],"client_id":"abc","sub":"1","auth_time":1800000000,"#,
            r#""idp":"local","profile":"Administrator","email":"admin@cinchy.co","role":"Cinchy User Account","id":"admin","#,
            r#""scope":["js_api"],"amr":["custom"]}"#
        )
    );
    assert_eq!(scene.verified(&token).text("id"), Ok("admin"));

    assert_eq!(scene.denial(&token), None);
    scene.pass_s(3_600);
    assert!(scene.denial(&token).is_some(), "it ends when it says");
}

#[test]
fn tokens_of_one_second_are_several() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |_| {});
    let tokens: BTreeSet<String> = (0..3)
        .map(|_| text(&scene.token(Profile::Cinchy, &known, &ASK), "access_token"))
        .collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| scene.denial(token).is_none()));
    assert_eq!(
        tokens.iter().filter(|token| !payload(token).contains("jti")).count(),
        1,
        "the first is as Cinchy's"
    );
}

/// Cinchy's manual spells the parameters in two ways.
#[test]
fn cinchys_parameters_are_read_in_any_spelling() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |_| {});
    let body = known
        .form(&ASK)
        .replace("client_id", "Client_id")
        .replace("grant_type", "Grant_Type");
    assert_eq!(
        scene.server.token(Profile::Cinchy, &post(&body), scene.now()).status,
        200
    );
    assert_eq!(
        scene.server.token(Profile::Standard, &post(&body), scene.now()).status,
        401
    );
    let twice = format!("{body}&client_id=abc");
    assert_eq!(
        outcome(&scene.server.token(Profile::Cinchy, &post(&twice), scene.now())),
        refused(400, "invalid_request")
    );
}

#[test]
fn the_lifetime_is_the_clients() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |add| add.lifetime_s = 60);
    let answer = scene.token(Profile::Cinchy, &known, &ASK);
    assert_eq!(json(&answer)["expires_in"], 60);
    assert_eq!(
        scene
            .verified(&text(&answer, "access_token"))
            .moment("exp")
            .map(|end| end.as_seconds()),
        Ok(1_800_000_060)
    );
}

#[test]
fn the_standard_profile_says_the_scope_and_refreshes() {
    let scene = Scene::new();
    let known = scene.client("abc", "password refresh_token", |_| {});
    let answer = scene.token(Profile::Standard, &known, &ASK);
    let body = json(&answer);
    assert_eq!(
        (body["scope"].as_str(), body["token_type"].as_str()),
        (Some("js_api"), Some("Bearer"))
    );
    assert!(text(&answer, "access_token").starts_with("tg_ac_"));
    assert!(text(&answer, "refresh_token").starts_with("tg_rt_"));
    let cinchy = scene.token(Profile::Cinchy, &known, &ASK);
    assert_eq!(
        json(&cinchy).as_object().unwrap().len(),
        3,
        "Cinchy's has three members"
    );
}

#[test]
fn who_and_what_is_wrong_is_not_told() {
    let scene = Scene::new();
    scene.user("idle");
    scene.user("plain");
    let idle = SetUser {
        name: "idle".parse().unwrap(),
        changes: UserChanges {
            active: Some(false),
            ..UserChanges::default()
        },
    };
    scene.engine.execute(idle).unwrap();
    scene
        .engine
        .execute(SetPassword {
            user: "plain".parse().unwrap(),
            password: None,
        })
        .unwrap();
    let known = scene.client("abc", "password", |_| {});
    let expected = r#"{"error":"invalid_grant","error_description":"Invalid username or password"}"#;
    for (name, password) in [
        ("admin", "wrong"),
        ("nobody", PASSWORD),
        ("idle", PASSWORD),
        ("plain", PASSWORD),
        ("a\tb", PASSWORD),
        ("Admin", PASSWORD),
    ] {
        for profile in [Profile::Cinchy, Profile::Standard] {
            let pairs = with(name, password);
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = scene.token(profile, &known, &pairs);
            assert_eq!(
                (answer.status, String::from_utf8_lossy(&answer.body).as_ref()),
                (400, expected),
                "{name}"
            );
        }
    }
    assert_eq!(
        ask(&scene, Profile::Cinchy, &known, "admin", PASSWORD),
        (200, "granted".to_owned())
    );
}

#[test]
fn a_client_that_is_not_allowed_it_gets_nothing() {
    let scene = Scene::new();
    let other = scene.client("other", "client_credentials", |_| {});
    assert_eq!(
        ask(&scene, Profile::Cinchy, &other, "admin", PASSWORD),
        refused(400, "unauthorized_client")
    );
    let known = scene.client("abc", "password", |_| {});
    assert_eq!(ask(&scene, Profile::Cinchy, &known, "admin", PASSWORD).0, 200);
    let changes = ClientChanges {
        enabled: Some(false),
        ..ClientChanges::default()
    };
    scene
        .engine
        .execute(SetClient {
            name: known.client.name.clone(),
            changes,
        })
        .unwrap();
    assert_eq!(
        ask(&scene, Profile::Cinchy, &known, "admin", PASSWORD),
        refused(400, "invalid_client")
    );
    assert_eq!(
        ask(&scene, Profile::Standard, &known, "admin", PASSWORD),
        refused(401, "invalid_client")
    );
}

#[test]
fn guesses_wait_and_nobody_is_locked_out() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |_| {});
    for _ in 0..5 {
        assert_eq!(
            ask(&scene, Profile::Cinchy, &known, "admin", "wrong"),
            refused(400, "invalid_grant")
        );
    }
    let waiting = scene.token(Profile::Standard, &known, &ASK);
    assert_eq!(
        outcome(&waiting),
        refused(429, "invalid_grant"),
        "the right one waits as well"
    );
    assert!(waiting.fields.contains(&("Retry-After", "1".to_owned())));
    assert_eq!(
        ask(&scene, Profile::Cinchy, &known, "admin", PASSWORD),
        refused(400, "invalid_grant")
    );
    scene.pass_s(1);
    assert_eq!(ask(&scene, Profile::Standard, &known, "admin", PASSWORD).0, 200);
}

#[test]
fn scopes_are_the_clients() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |_| {});
    let mut pairs = ASK.to_vec();
    pairs[3] = ("scope", "js_api admin");
    assert_eq!(
        outcome(&scene.token(Profile::Cinchy, &known, &pairs)),
        refused(400, "invalid_scope")
    );
    pairs[3] = ("resource", "https://api.example");
    assert_eq!(
        outcome(&scene.token(Profile::Cinchy, &known, &pairs)),
        refused(400, "invalid_target")
    );
}

#[test]
fn malformed_requests_are_refused_in_the_words_of_the_profile() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |_| {});
    let good = known.form(&ASK);
    for (body, cinchy, standard) in [
        (good.clone(), refused(200, "granted"), refused(200, "granted")),
        (
            format!("{good}&scope=js_api"),
            refused(400, "invalid_request"),
            refused(400, "invalid_request"),
        ),
        (
            good.replace("grant_type=password", "grant_type=saml2"),
            refused(400, "unsupported_grant_type"),
            refused(400, "unsupported_grant_type"),
        ),
        (
            good.replace("grant_type=password&", ""),
            refused(400, "invalid_request"),
            refused(400, "invalid_request"),
        ),
        (
            good.replace("username=admin&", ""),
            refused(400, "invalid_request"),
            refused(400, "invalid_request"),
        ),
        (
            good.replace("client_id=abc", "client_id=unknown"),
            refused(400, "invalid_client"),
            refused(401, "invalid_client"),
        ),
        (
            good.replace("tg_cs_", "tg_cx_"),
            refused(400, "invalid_client"),
            refused(401, "invalid_client"),
        ),
        (
            good.replace("client_secret", "secret"),
            refused(400, "invalid_client"),
            refused(401, "invalid_client"),
        ),
        (
            String::new(),
            refused(400, "invalid_client"),
            refused(401, "invalid_client"),
        ),
    ] {
        assert_eq!(
            outcome(&scene.server.token(Profile::Cinchy, &post(&body), scene.now())),
            cinchy,
            "{body}"
        );
        assert_eq!(
            outcome(&scene.server.token(Profile::Standard, &post(&body), scene.now())),
            standard,
            "{body}"
        );
    }
    for method in [&b"GET"[..], b"PUT", b"post"] {
        let call = tollgate_oauth::Call { method, ..post(&good) };
        assert_eq!(outcome(&scene.server.token(Profile::Cinchy, &call, scene.now())).0, 400);
        assert_eq!(
            outcome(&scene.server.token(Profile::Standard, &call, scene.now())).0,
            405
        );
    }
    let json = tollgate_oauth::Call {
        content_type: Some(b"application/json"),
        ..post(&good)
    };
    assert_eq!(
        outcome(&scene.server.token(Profile::Standard, &json, scene.now())),
        refused(400, "invalid_request")
    );
}

/// What is said of an answer never holds the secrets of the request or the answer.
#[test]
fn answers_print_no_secret() {
    let scene = Scene::new();
    let known = scene.client("abc", "password", |_| {});
    let answer = scene.token(Profile::Cinchy, &known, &ASK);
    let printed = format!("{answer:?} {:?}", scene.server);
    let token = text(&answer, "access_token");
    assert!(
        printed.contains("abc") && !printed.contains(&token) && !printed.contains(PASSWORD),
        "{printed}"
    );
}
