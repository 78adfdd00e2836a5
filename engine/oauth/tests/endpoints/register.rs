//! Clients that register themselves.

use tollgate_oauth::{Answer, AuthorizationStep, Call, EndSessionCall, EndSessionStep, Profile, form};

use crate::scene::{
    CALLBACK, CHALLENGE, PASSWORD, Scene, get, json, outcome, parameter, post, redirected, refused, text,
};

fn register(scene: &Scene, body: &str) -> Answer {
    let call = Call {
        content_type: Some(b"application/json"),
        ..post(body)
    };
    scene.server.register(&call, scene.now())
}

fn open() -> Scene {
    Scene::with(|configuration| {
        configuration.registration = true;
        configuration.registration_scopes = "openid".parse().unwrap();
    })
}

#[test]
fn it_is_off_where_nobody_switches_it_on() {
    let body = format!("{{\"redirect_uris\":[\"{CALLBACK}\"]}}");
    assert_eq!(outcome(&register(&Scene::new(), &body)), refused(404, "not_found"));
    assert_eq!(register(&open(), &body).status, 201);
}

#[test]
fn who_registers_gets_codes_and_people_are_asked() {
    let scene = open();
    let body = format!(
        r#"{{"redirect_uris":["{CALLBACK}"],"client_name":"App","scope":"openid js_api","grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none"}}"#
    );
    let answer = register(&scene, &body);
    assert_eq!(answer.status, 201);
    let told = json(&answer);
    assert!(
        told.get("client_secret").is_none()
            && told["scope"] == "openid"
            && told["token_endpoint_auth_method"] == "none"
    );
    let name = text(&answer, "client_id");
    let pairs = [
        ("response_type", "code"),
        ("client_id", name.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let step = scene.authorize(&pairs, Some(&scene.session()), None);
    assert!(
        matches!(&step, AuthorizationStep::Consent { client, .. } if client.title == "App"),
        "{step:?}"
    );
    let grab = form::write([
        ("client_id", name.as_str()),
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", PASSWORD),
    ]);
    assert_eq!(
        outcome(&scene.server.token(Profile::Standard, &post(&grab), scene.now())),
        refused(400, "unauthorized_client")
    );
}

/// Whoever registers a client must not get an address of ours that leads wherever they like.
#[test]
fn nobody_who_is_not_logged_in_is_sent_to_a_stranger() {
    let scene = open();
    let body = format!(r#"{{"redirect_uris":["{CALLBACK}"],"token_endpoint_auth_method":"none"}}"#);
    let name = text(&register(&scene, &body), "client_id");
    let session = scene.session();
    let wrong = |name: &str, session: Option<&str>| {
        let pairs = [
            ("response_type", "bogus"),
            ("client_id", name),
            ("redirect_uri", CALLBACK),
        ];
        scene.authorize(&pairs, session, None)
    };
    let refused = wrong(&name, None);
    assert!(
        matches!(&refused, AuthorizationStep::Refused(fault) if fault.code == "unsupported_response_type"),
        "{refused:?}"
    );
    assert!(matches!(
        wrong(&name, Some("tg_ses_none")),
        AuthorizationStep::Refused(_)
    ));
    let known = scene.client("known", "authorization_code", |_| {});
    for step in [wrong(&name, Some(&session)), wrong(known.client.name.as_str(), None)] {
        let url = redirected(step);
        assert_eq!(parameter(&url, "error").as_deref(), Some("unsupported_response_type"));
    }
}

/// The same at the log-out.
#[test]
fn nobody_who_is_not_logged_in_is_led_out_to_a_stranger() {
    let scene = open();
    const OUT: &str = "https://app.example/out";
    let body = format!(
        r#"{{"redirect_uris":["{CALLBACK}"],"post_logout_redirect_uris":["{OUT}"],"token_endpoint_auth_method":"none"}}"#
    );
    let name = text(&register(&scene, &body), "client_id");
    scene.client("known", "authorization_code", |add| {
        add.logout_urls = vec![OUT.to_owned()]
    });
    let end = |name: &str| {
        let query = form::write([("client_id", name), ("post_logout_redirect_uri", OUT)]);
        let call = EndSessionCall {
            call: get(&query),
            session: None,
            confirmed: false,
        };
        scene.server.end_session(Profile::Standard, &call, scene.now())
    };
    assert!(matches!(end(&name), EndSessionStep::Ended { redirect: None }));
    assert!(matches!(end("known"), EndSessionStep::Ended { redirect: Some(url) } if url == OUT));
}

#[test]
fn a_secret_is_shown_once_and_works() {
    let scene = open();
    let answer = register(&scene, &format!("{{\"redirect_uris\":[\"{CALLBACK}\"]}}"));
    let (name, secret) = (text(&answer, "client_id"), text(&answer, "client_secret"));
    assert_eq!(json(&answer)["client_secret_expires_at"], 0);
    let body = form::write([
        ("client_id", name.as_str()),
        ("client_secret", secret.as_str()),
        ("token", "x"),
    ]);
    assert_eq!(
        scene
            .server
            .introspect(Profile::Standard, &post(&body), scene.now())
            .status,
        200
    );
    assert_eq!(outcome(&register(&scene, "{}")), refused(400, "invalid_redirect_uri"));
    assert_eq!(
        outcome(&register(&scene, "[]")),
        refused(400, "invalid_client_metadata")
    );
}

#[test]
fn an_address_registers_only_so_many() {
    let scene = open();
    let body = format!("{{\"redirect_uris\":[\"{CALLBACK}\"]}}");
    for _ in 0..30 {
        assert_eq!(register(&scene, &body).status, 201);
    }
    assert_eq!(
        outcome(&register(&scene, &body)),
        refused(503, "temporarily_unavailable")
    );
    scene.pass_s(1);
    assert_eq!(register(&scene, &body).status, 201);
}
