//! Logging out.

use tollgate_oauth::{EndSessionCall, EndSessionStep, Profile, form};

use crate::scene::{Known, Scene, get, text};

const AFTER: &str = "https://app.example/after";

fn client(scene: &Scene, name: &str) -> Known {
    scene.client(name, "authorization_code", |add| {
        add.logout_urls = vec![AFTER.to_owned()]
    })
}

fn end(scene: &Scene, pairs: &[(&str, &str)], session: Option<&str>, confirmed: bool) -> EndSessionStep {
    let query = form::write(pairs.iter().copied());
    let call = EndSessionCall {
        call: get(&query),
        session: session.map(str::as_bytes),
        confirmed,
    };
    scene.server.end_session(Profile::Cinchy, &call, scene.now())
}

fn lives(scene: &Scene, session: &str) -> bool {
    scene.engine.session(session.as_bytes(), scene.now()).unwrap().is_some()
}

#[test]
fn who_brings_an_id_token_of_the_user_is_not_asked() {
    let scene = Scene::new();
    let known = client(&scene, "app");
    let id_token = text(
        &scene.redeem(&known, &scene.code(&known, &[("scope", "openid")])),
        "id_token",
    );
    scene.pass_s(4_000);
    let session = scene.session();
    let pairs = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", AFTER),
        ("state", "a b"),
    ];
    let step = end(&scene, &pairs, Some(&session), false);
    assert!(
        matches!(&step, EndSessionStep::Ended { redirect: Some(url) } if url == "https://app.example/after?state=a+b"),
        "{step:?}"
    );
    assert!(!lives(&scene, &session));
    let again = end(&scene, &pairs, Some(&session), false);
    assert!(
        matches!(again, EndSessionStep::Ended { redirect: Some(_) }),
        "{again:?}"
    );
}

#[test]
fn everybody_else_is_asked_first() {
    let scene = Scene::new();
    let known = client(&scene, "app");
    scene.user("other");
    let session = scene.session();
    let pairs = [
        ("client_id", known.client.name.as_str()),
        ("post_logout_redirect_uri", AFTER),
    ];
    let step = end(&scene, &pairs, Some(&session), false);
    assert!(
        matches!(&step, EndSessionStep::Confirm { client: Some(client), .. } if client.name == "app"),
        "{step:?}"
    );
    assert!(matches!(
        end(&scene, &[], Some(&session), false),
        EndSessionStep::Confirm { client: None, .. }
    ));
    assert!(lives(&scene, &session));
    let step = end(&scene, &pairs, Some(&session), true);
    assert!(
        matches!(&step, EndSessionStep::Ended { redirect: Some(url) } if url == AFTER),
        "{step:?}"
    );
    assert!(!lives(&scene, &session));
    assert!(matches!(
        end(&scene, &[], None, false),
        EndSessionStep::Ended { redirect: None }
    ));
}

#[test]
fn nobody_is_sent_where_no_client_has_said() {
    let scene = Scene::new();
    let known = client(&scene, "app");
    let other = client(&scene, "other");
    let answer = scene.redeem(&known, &scene.code(&known, &[("scope", "openid")]));
    let (id_token, access) = (text(&answer, "id_token"), text(&answer, "access_token"));
    let session = scene.session();
    for pairs in [
        vec![("post_logout_redirect_uri", AFTER)],
        vec![
            ("client_id", "app"),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
        vec![
            ("client_id", "app"),
            ("post_logout_redirect_uri", "https://app.example/callback"),
        ],
        vec![("client_id", "unknown"), ("post_logout_redirect_uri", AFTER)],
        vec![
            ("id_token_hint", id_token.as_str()),
            ("client_id", other.client.name.as_str()),
        ],
        vec![("id_token_hint", access.as_str())],
        vec![("id_token_hint", "x.y.z")],
    ] {
        let step = end(&scene, &pairs, Some(&session), true);
        assert!(
            matches!(&step, EndSessionStep::Refused(page) if page.status == 400),
            "{pairs:?} {step:?}"
        );
    }
    assert!(lives(&scene, &session));
}
