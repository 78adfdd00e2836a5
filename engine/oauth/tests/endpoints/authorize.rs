//! The authorization endpoint.

use tollgate::{ClientAuthentication, SetPassword};
use tollgate_oauth::{AuthorizationStep, Decision, Login};

use crate::scene::{CALLBACK, Known, PASSWORD, Scene, outcome, parameter, redirected, text};

fn app(scene: &Scene) -> Known {
    scene.client("app", "authorization_code", |_| {})
}

fn replaced<'a>(known: &'a Known, name: &str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let pairs = known
        .request()
        .into_iter()
        .map(|(own, had)| (own, if own == name { value } else { Some(had) }));
    pairs.filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The error that the client is told.
fn told(step: AuthorizationStep) -> String {
    let url = redirected(step);
    assert!(url.starts_with(CALLBACK), "{url}");
    assert_eq!(parameter(&url, "iss").as_deref(), Some("https://auth.example"));
    assert_eq!(parameter(&url, "state").as_deref(), Some("s&1"));
    assert_eq!(parameter(&url, "code"), None);
    parameter(&url, "error").unwrap()
}

/// What a page says instead.
fn on_page(step: AuthorizationStep) -> (u16, &'static str) {
    match step {
        AuthorizationStep::Refused(page) => (page.status, page.code),
        other => panic!("expected a page, but got {other:?}"),
    }
}

#[test]
fn an_answer_has_the_state_and_says_who_answers() {
    let scene = Scene::new();
    let known = app(&scene);
    let url = redirected(scene.authorize(&known.request(), Some(&scene.session()), None));
    assert!(url.starts_with("https://app.example/callback?code=tg_code_"), "{url}");
    assert_eq!(parameter(&url, "state").as_deref(), Some("s&1"));
    assert_eq!(parameter(&url, "iss").as_deref(), Some("https://auth.example"));
    let bare = replaced(&known, "state", None);
    assert_eq!(
        parameter(
            &redirected(scene.authorize(&bare, Some(&scene.session()), None)),
            "state"
        ),
        None
    );
}

#[test]
fn who_is_not_known_is_sent_nowhere() {
    let scene = Scene::new();
    let known = app(&scene);
    let session = scene.session();
    for (name, value) in [
        ("client_id", Some("unknown")),
        ("client_id", None),
        ("redirect_uri", Some("https://evil.example/callback")),
        ("redirect_uri", Some("https://app.example/callback/../x")),
        ("redirect_uri", Some("https://app.example/callback#x")),
        ("redirect_uri", Some("https://app.example\\@evil.example/callback")),
        ("redirect_uri", Some("//app.example/callback")),
    ] {
        let step = scene.authorize(&replaced(&known, name, value), Some(&session), None);
        assert_eq!(on_page(step), (400, "invalid_request"), "{name} {value:?}");
    }
    let mut twice = known.request();
    twice.push(("state", "other"));
    assert_eq!(
        on_page(scene.authorize(&twice, Some(&session), None)),
        (400, "invalid_request")
    );
    let two = scene.client("two", "authorization_code", |add| {
        add.login_urls.push("https://app.example/other".to_owned())
    });
    assert_eq!(
        on_page(scene.authorize(&replaced(&two, "redirect_uri", None), Some(&session), None)),
        (400, "invalid_request")
    );
    assert!(
        redirected(scene.authorize(&replaced(&known, "redirect_uri", None), Some(&session), None)).contains("code="),
        "the only one need not be named"
    );
}

#[test]
fn who_is_known_is_told_what_is_wrong() {
    let scene = Scene::new();
    let known = app(&scene);
    let session = scene.session();
    let ask = |pairs: &[(&str, &str)]| told(scene.authorize(pairs, Some(&session), None));
    assert_eq!(
        ask(&replaced(&known, "response_type", Some("token"))),
        "unsupported_response_type"
    );
    assert_eq!(ask(&replaced(&known, "response_type", None)), "invalid_request");
    assert_eq!(
        ask(&replaced(&known, "code_challenge_method", Some("plain"))),
        "invalid_request"
    );
    assert_eq!(ask(&replaced(&known, "code_challenge_method", None)), "invalid_request");
    let mut more = known.request();
    more.push(("scope", "js_api admin"));
    assert_eq!(ask(&more), "invalid_scope");
    more[6] = ("resource", "https://api.example");
    assert_eq!(ask(&more), "invalid_target");
    more[6] = ("request", "x.y.z");
    assert_eq!(ask(&more), "request_not_supported");
    let other = scene.client("other", "password", |add| add.login_urls = vec![CALLBACK.to_owned()]);
    assert_eq!(ask(&other.request()), "unauthorized_client");
}

#[test]
fn a_public_client_needs_a_challenge_and_is_never_taken_for_granted() {
    let scene = Scene::new();
    let known = scene.client("native", "authorization_code", |add| {
        add.authentication = ClientAuthentication::Public;
        add.login_urls = vec!["http://127.0.0.1/cb".to_owned(), CALLBACK.to_owned()];
    });
    let session = scene.session();
    let bare: Vec<(&str, &str)> = known
        .request()
        .into_iter()
        .filter(|(name, _)| !name.starts_with("code_"))
        .collect();
    assert_eq!(told(scene.authorize(&bare, Some(&session), None)), "invalid_request");
    let local = replaced(&known, "redirect_uri", Some("http://127.0.0.1:49152/cb"));
    for _ in 0..2 {
        let step = scene.authorize(&local, Some(&session), None);
        assert!(matches!(step, AuthorizationStep::Consent { .. }), "{step:?}");
        let url = redirected(scene.authorize(&local, Some(&session), Some(Decision::Allowed)));
        assert!(url.starts_with("http://127.0.0.1:49152/cb?code="), "{url}");
    }
    assert!(redirected(scene.authorize(&known.request(), Some(&session), None)).contains("code="));
}

#[test]
fn nobody_gets_a_code_without_a_login() {
    let scene = Scene::new();
    let known = app(&scene);
    let mut pairs = known.request();
    pairs.extend([("login_hint", "admin"), ("prompt", "login"), ("max_age", "0")]);
    let AuthorizationStep::Login {
        request,
        client,
        hint,
        redirect,
        ..
    } = scene.authorize(&pairs, Some(&scene.session()), None)
    else {
        panic!("expected a login");
    };
    assert_eq!(
        (client.name.as_str(), hint.as_deref(), redirect.as_str()),
        ("app", Some("admin"), CALLBACK)
    );
    assert!(
        !request.contains("prompt") && !request.contains("max_age") && request.contains("state=s%261"),
        "{request}"
    );
    for session in [None, Some("garbage"), Some("tg_ses_x")] {
        let step = scene.authorize(&known.request(), session, None);
        assert!(matches!(step, AuthorizationStep::Login { .. }), "{step:?}");
        let silent: Vec<(&str, &str)> = known.request().into_iter().chain([("prompt", "none")]).collect();
        assert_eq!(
            told(scene.authorize(&silent, session, Some(Decision::Allowed))),
            "login_required"
        );
    }
    let silent_client = scene.client("sso", "authorization_code", |add| add.show_login = false);
    assert_eq!(
        told(scene.authorize(&silent_client.request(), None, None)),
        "login_required"
    );
}

#[test]
fn a_session_ends_and_old_logins_are_not_enough() {
    let scene = Scene::new();
    let known = app(&scene);
    let session = scene.session();
    scene.pass_s(100);
    let with =
        |age: &'static str| -> Vec<(&str, &str)> { known.request().into_iter().chain([("max_age", age)]).collect() };
    assert!(matches!(
        scene.authorize(&with("99"), Some(&session), None),
        AuthorizationStep::Login { .. }
    ));
    assert!(redirected(scene.authorize(&with("100"), Some(&session), None)).contains("code="));
    scene
        .engine
        .execute(SetPassword {
            user: "admin".parse().unwrap(),
            password: None,
        })
        .unwrap();
    assert!(
        matches!(
            scene.authorize(&known.request(), Some(&session), None),
            AuthorizationStep::Login { .. }
        ),
        "a password that is gone ends sessions"
    );
}

#[test]
fn who_is_expected_is_who_must_log_in() {
    let scene = Scene::new();
    let known = app(&scene);
    scene.user("other");
    let id_token = text(
        &scene.redeem(&known, &scene.code(&known, &[("scope", "openid")])),
        "id_token",
    );
    let with = |prompt: &'static str| -> Vec<(&str, &str)> {
        let more = [("id_token_hint", id_token.as_str()), ("prompt", prompt)];
        known.request().into_iter().chain(more).collect()
    };
    assert!(redirected(scene.authorize(&with("none"), Some(&scene.session()), None)).contains("code="));
    let other = match scene.server.log_in(b"other", PASSWORD.as_bytes(), None, scene.now()) {
        Login::Begun { session, .. } => session.expose().to_owned(),
        login => panic!("expected a session, but got {login:?}"),
    };
    assert_eq!(
        told(scene.authorize(&with(""), Some(&other), None)),
        "login_required",
        "they have just logged in"
    );
    scene.pass_s(60);
    assert!(matches!(
        scene.authorize(&with(""), Some(&other), None),
        AuthorizationStep::Login { .. }
    ));
    assert_eq!(
        told(scene.authorize(&with("none"), Some(&other), None)),
        "login_required"
    );
}

#[test]
fn consent_is_asked_for_once_and_for_more() {
    let scene = Scene::new();
    let known = scene.client("app", "authorization_code refresh_token", |add| {
        add.consent = true;
        add.audiences = vec!["https://api.example".parse().unwrap()];
    });
    let session = scene.session();
    let with = |scope: &'static str, prompt: &'static str| -> Vec<(&str, &str)> {
        known
            .request()
            .into_iter()
            .chain([("scope", scope), ("prompt", prompt)])
            .collect()
    };
    assert_eq!(
        told(scene.authorize(&with("js_api", "none"), Some(&session), None)),
        "consent_required"
    );
    let AuthorizationStep::Consent {
        audiences,
        lasts_s,
        scopes,
        user,
        request,
        ..
    } = scene.authorize(&with("js_api", ""), Some(&session), None)
    else {
        panic!("expected to be asked");
    };
    assert_eq!((scopes, user.as_str()), (vec!["js_api".to_owned()], "admin"));
    assert_eq!(
        (audiences, lasts_s),
        (vec!["https://api.example".to_owned()], 30 * 86_400)
    );
    assert!(
        request.contains("scope=js_api") && !request.contains("prompt"),
        "{request}"
    );
    assert_eq!(
        told(scene.authorize(&with("js_api", ""), Some(&session), Some(Decision::Refused))),
        "access_denied"
    );
    assert!(
        matches!(
            scene.authorize(&with("js_api", ""), Some(&session), None),
            AuthorizationStep::Consent { .. }
        ),
        "a refusal is not kept"
    );
    assert!(
        redirected(scene.authorize(&with("js_api", ""), Some(&session), Some(Decision::Allowed))).contains("code=")
    );
    assert!(redirected(scene.authorize(&with("js_api", "none"), Some(&session), None)).contains("code="));
    assert!(matches!(
        scene.authorize(&with("js_api email", ""), Some(&session), None),
        AuthorizationStep::Consent { .. }
    ));
    assert!(matches!(
        scene.authorize(&with("js_api", "consent"), Some(&session), None),
        AuthorizationStep::Consent { .. }
    ));
}

#[test]
fn a_login_is_a_right_password_and_guesses_wait() {
    let scene = Scene::new();
    let log_in = |name: &str, password: &str| {
        scene
            .server
            .log_in(name.as_bytes(), password.as_bytes(), None, scene.now())
    };
    assert!(matches!(
        log_in("admin", PASSWORD),
        Login::Begun { lifetime_s: 28_800, .. }
    ));
    assert!(matches!(log_in("nobody", PASSWORD), Login::Wrong));
    for _ in 0..5 {
        assert!(matches!(log_in("admin", "wrong"), Login::Wrong));
    }
    assert!(matches!(
        log_in("admin", PASSWORD),
        Login::Throttled { retry_after_s: 1 }
    ));
    scene.pass_s(1);
    assert!(matches!(log_in("admin", PASSWORD), Login::Begun { .. }));
    let trail = scene
        .engine
        .audit(tollgate::AuditOrder::NewestFirst, None, 100)
        .unwrap();
    let told: Vec<String> = trail
        .items
        .iter()
        .filter(|entry| entry.action.starts_with("login."))
        .map(|entry| format!("{} {}", entry.action, entry.subject))
        .collect();
    assert!(
        told.contains(&"login.success admin".to_owned())
            && told.contains(&"login.failure admin".to_owned())
            && told.contains(&"login.failure unknown user".to_owned()),
        "{told:?}"
    );
    assert!(
        !format!("{:?}", trail.items).contains("nobody"),
        "what was typed is not written down"
    );
}

#[test]
fn a_password_that_was_stored_at_a_lower_price_is_stored_at_todays_and_stays_the_same() {
    const CHEAP: &str = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$M7jw0GQI4Kfcxf+xPldfNRYttP89scc9XVAYAcaZ0U0";
    let scene = Scene::new();
    let user: tollgate::UserName = "admin".parse().unwrap();
    let set = SetPassword {
        user: user.clone(),
        password: Some(tollgate::PasswordPhc::parse(CHEAP).unwrap()),
    };
    scene.engine.execute(set).unwrap();
    let stored = || {
        let person = scene.engine.person(&user).unwrap().unwrap();
        (person.password.unwrap().expose().to_owned(), person.password_epoch)
    };
    let log_in = |password: &str| scene.server.log_in(b"admin", password.as_bytes(), None, scene.now());
    assert!(matches!(log_in("wrong"), Login::Wrong));
    assert_eq!(stored().0, CHEAP, "not by a guess");
    let (_, epoch) = stored();
    let session = scene.session();
    // What was submitted before is done before what is executed after.
    assert!(matches!(log_in(PASSWORD), Login::Begun { .. }));
    let (anew, same) = stored();
    assert!(anew.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{anew}");
    assert_eq!(same, epoch);
    assert!(scene.engine.session(session.as_bytes(), scene.now()).unwrap().is_some());
    assert!(matches!(log_in(PASSWORD), Login::Begun { .. }));
    assert_eq!(stored().0, anew, "once");
}

#[test]
fn codes_of_the_page_are_redeemed() {
    let scene = Scene::new();
    let known = app(&scene);
    assert_eq!(outcome(&scene.redeem(&known, &scene.code(&known, &[]))).0, 200);
}
