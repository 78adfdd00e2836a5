//! Redeeming codes.

use tollgate::ClientAuthentication;
use tollgate_oauth::Profile;

use crate::scene::{CALLBACK, Known, PASSWORD, Scene, VERIFIER, header, json, outcome, refused, text};

const GRANTS: &str = "authorization_code refresh_token";

fn public(scene: &Scene, name: &str) -> Known {
    scene.client(name, GRANTS, |add| add.authentication = ClientAuthentication::Public)
}

#[test]
fn a_code_becomes_tokens_once() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    let code = scene.code(&known, &[("scope", "openid js_api"), ("nonce", "n-0S6")]);
    let answer = scene.redeem(&known, &code);
    assert_eq!(outcome(&answer), refused(200, "granted"));
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    assert_eq!(json(&answer)["scope"], "openid js_api");
    assert_eq!(scene.denial(&access), None);

    let id_token = text(&answer, "id_token");
    assert_eq!(
        (header(&id_token)["alg"].as_str(), header(&id_token)["typ"].as_str()),
        (Some("RS256"), Some("JWT"))
    );
    let claims = scene.verified(&id_token);
    assert_eq!(
        (claims.text("nonce"), claims.text("aud"), claims.text("sub")),
        (Ok("n-0S6"), Ok("app"), Ok("1"))
    );
    assert_eq!(claims.moment("auth_time").map(|at| at.as_seconds()), Ok(1_800_000_000));
    assert_eq!(claims.text("iss"), Ok("https://auth.example"));

    scene.pass_s(30);
    assert_eq!(outcome(&scene.redeem(&known, &code)), refused(400, "invalid_grant"));
    assert!(scene.denial(&access).is_some(), "who comes twice takes everything back");
    assert_eq!(outcome(&scene.refresh(&known, &refresh)), refused(400, "invalid_grant"));
}

#[test]
fn a_public_client_redeems_by_its_verifier_alone() {
    let scene = Scene::new();
    let known = public(&scene, "spa");
    let code = scene.code(&known, &[]);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(outcome(&scene.token(Profile::Standard, &known, &pairs)).0, 200);
}

#[test]
fn a_code_that_comes_with_something_wrong_is_burnt() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    let wrong = "x".repeat(43);
    for (redirect, verifier) in [
        (CALLBACK, Some(wrong.as_str())),
        (CALLBACK, None),
        ("https://app.example/other", Some(VERIFIER)),
        ("https://app.example/callback/", Some(VERIFIER)),
    ] {
        let code = scene.code(&known, &[]);
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect),
        ];
        pairs.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        assert_eq!(
            outcome(&scene.token(Profile::Standard, &known, &pairs)),
            refused(400, "invalid_grant")
        );
        assert_eq!(
            outcome(&scene.redeem(&known, &code)),
            refused(400, "invalid_grant"),
            "{redirect} {verifier:?}"
        );
    }
    assert_eq!(outcome(&scene.redeem(&known, &scene.code(&known, &[]))).0, 200);
}

#[test]
fn a_verifier_without_a_challenge_is_refused() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    let ask = || {
        let pairs = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", CALLBACK),
        ];
        let url = crate::scene::redirected(scene.authorize(&pairs, Some(&scene.session()), None));
        crate::scene::parameter(&url, "code").unwrap()
    };
    assert_eq!(outcome(&scene.redeem(&known, &ask())), refused(400, "invalid_grant"));
    let code = ask();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    assert_eq!(outcome(&scene.token(Profile::Standard, &known, &pairs)).0, 200);
    let code = ask();
    assert_eq!(
        outcome(&scene.token(Profile::Standard, &known, &[pairs[0], ("code", code.as_str())])),
        refused(400, "invalid_grant"),
        "without a challenge the URL must be named"
    );
}

#[test]
fn another_clients_code_is_burnt_too() {
    let scene = Scene::new();
    let (known, other) = (
        scene.client("app", GRANTS, |_| {}),
        scene.client("thief", GRANTS, |_| {}),
    );
    let code = scene.code(&known, &[]);
    assert_eq!(outcome(&scene.redeem(&other, &code)), refused(400, "invalid_grant"));
    assert_eq!(outcome(&scene.redeem(&known, &code)), refused(400, "invalid_grant"));
}

#[test]
fn a_code_is_good_for_a_minute() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    let (first, second) = (scene.code(&known, &[]), scene.code(&known, &[]));
    scene.pass_s(59);
    assert_eq!(outcome(&scene.redeem(&known, &first)).0, 200);
    scene.pass_s(1);
    assert_eq!(outcome(&scene.redeem(&known, &second)), refused(400, "invalid_grant"));
    for garbage in ["", "x", "tg_code_", &first.replace("tg_code_", "tg_rt_")] {
        assert_eq!(outcome(&scene.redeem(&known, garbage)).0, 400, "{garbage}");
    }
}

#[test]
fn a_code_of_one_grant_is_no_other() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    let code = scene.code(&known, &[]);
    assert_eq!(outcome(&scene.refresh(&known, &code)), refused(400, "invalid_grant"));
    assert_eq!(scene.denial(&code), Some(tollgate::DenyReason::UnknownToken));
    let plain = scene.client("plain", "password", |_| {});
    assert_eq!(
        outcome(&scene.redeem(&plain, &code)),
        refused(400, "unauthorized_client")
    );
    assert_eq!(
        outcome(&scene.redeem(&known, &code)).0,
        200,
        "who may not use codes burns none"
    );
}

#[test]
fn of_many_who_redeem_at_once_one_is_granted() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    for _ in 0..20 {
        let code = scene.code(&known, &[]);
        let granted = std::thread::scope(|scope| {
            let redeem = || scene.redeem(&known, &code).status == 200;
            let redeemers: Vec<_> = (0..8).map(|_| scope.spawn(redeem)).collect();
            let outcomes = redeemers.into_iter().map(|redeemer| redeemer.join().unwrap());
            outcomes.filter(|granted| *granted).count()
        });
        assert_eq!(granted, 1);
    }
}

#[test]
fn cinchys_clients_get_signed_tokens_for_codes() {
    let scene = Scene::new();
    let known = scene.client("app", GRANTS, |_| {});
    let asked = [("scope", "openid js_api")];
    let elsewhere = scene.redeem_at(Profile::Cinchy, &known, &scene.code(&known, &asked));
    assert_eq!(
        outcome(&elsewhere),
        refused(400, "invalid_grant"),
        "a code is its issuer's own"
    );
    let answer = scene.redeem_at(Profile::Cinchy, &known, &scene.code_at(Profile::Cinchy, &known, &asked));
    assert_eq!(scene.verified(&text(&answer, "access_token")).text("id"), Ok("admin"));
    assert_eq!(
        scene.verified(&text(&answer, "id_token")).text("iss"),
        Ok("https://auth.example/identity")
    );
    assert!(json(&answer).get("scope").is_none());
    assert!(!String::from_utf8_lossy(&answer.body).contains(PASSWORD));
}
