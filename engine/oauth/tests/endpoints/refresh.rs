//! Refreshing.

use tollgate::{Audience, ClientChanges, RemoveClient, SetClient, SetUser, UserChanges};
use tollgate_oauth::Profile;

use crate::scene::{Known, Scene, json, outcome, payload, refused, text};

fn logged_in(scene: &Scene, known: &Known) -> (String, String) {
    let answer = scene.redeem(known, &scene.code(known, &[("scope", "openid js_api")]));
    (text(&answer, "access_token"), text(&answer, "refresh_token"))
}

fn client(scene: &Scene) -> Known {
    scene.client("app", "authorization_code refresh_token", |add| {
        add.audiences = ["https://a.example", "https://b.example"]
            .map(|text| text.parse::<Audience>().unwrap())
            .to_vec();
        add.refresh_lifetime_s = 7_200;
    })
}

#[test]
fn requests_that_cross_get_the_same_successor() {
    let scene = Scene::new();
    let known = client(&scene);
    let (_, first) = logged_in(&scene, &known);
    let one = scene.refresh(&known, &first);
    scene.pass_s(9);
    let other = scene.refresh(&known, &first);
    assert_eq!(text(&one, "refresh_token"), text(&other, "refresh_token"));
    assert_ne!(text(&one, "access_token"), text(&other, "access_token"));
    assert!(
        text(&one, "id_token") != text(&one, "access_token"),
        "an openid grant stays one"
    );
    let scene = scene.reopen();
    let third = scene.refresh(&known, &text(&one, "refresh_token"));
    assert_eq!(outcome(&third).0, 200);
    assert_eq!(scene.denial(&text(&third, "access_token")), None);
}

#[test]
fn who_comes_later_takes_everything_back_even_after_a_restart() {
    let scene = Scene::new();
    let known = client(&scene);
    let (access, first) = logged_in(&scene, &known);
    let second = text(&scene.refresh(&known, &first), "refresh_token");
    scene.pass_s(10);
    let scene = scene.reopen();
    assert_eq!(scene.denial(&access), None);
    assert_eq!(outcome(&scene.refresh(&known, &first)), refused(400, "invalid_grant"));
    assert!(scene.denial(&access).is_some());
    assert_eq!(outcome(&scene.refresh(&known, &second)), refused(400, "invalid_grant"));
}

#[test]
fn a_token_may_be_narrowed_and_never_widened() {
    let scene = Scene::new();
    let known = client(&scene);
    let code = scene.code_at(Profile::Cinchy, &known, &[("scope", "openid js_api")]);
    let token = text(&scene.redeem_at(Profile::Cinchy, &known, &code), "refresh_token");
    let ask = |more: &[(&str, &str)]| {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        pairs.extend_from_slice(more);
        scene.token(Profile::Cinchy, &known, &pairs)
    };
    assert_eq!(
        outcome(&ask(&[("scope", "js_api email")])),
        refused(400, "invalid_scope"),
        "email was not granted"
    );
    assert_eq!(
        outcome(&ask(&[("resource", "https://c.example")])),
        refused(400, "invalid_target")
    );
    let narrow = ask(&[("scope", "js_api"), ("resource", "https://a.example")]);
    let claims = scene.verified(&text(&narrow, "access_token"));
    assert!(claims.is_for(&["https://a.example"]).is_ok() && claims.is_for(&["https://b.example"]).is_err());
    assert!(!payload(&text(&narrow, "access_token")).contains("openid"));
    assert!(json(&narrow).get("id_token").is_none());
    let whole = ask(&[]);
    assert!(
        payload(&text(&whole, "access_token")).contains("openid"),
        "the family keeps what it has"
    );
}

#[test]
fn a_family_ends_with_its_login() {
    let scene = Scene::new();
    let known = client(&scene);
    let (_, token) = logged_in(&scene, &known);
    scene.pass_s(7_000);
    let answer = scene.refresh(&known, &token);
    assert_eq!(json(&answer)["expires_in"], 200);
    scene.pass_s(200);
    assert_eq!(
        outcome(&scene.refresh(&known, &text(&answer, "refresh_token"))),
        refused(400, "invalid_grant")
    );
}

#[test]
fn whoever_has_gone_takes_their_tokens_along() {
    let scene = Scene::new();
    let known = client(&scene);
    let (_, token) = logged_in(&scene, &known);
    let thief = scene.client("thief", "authorization_code refresh_token", |_| {});
    let (_, other) = logged_in(&scene, &known);
    assert_eq!(outcome(&scene.refresh(&thief, &other)), refused(400, "invalid_grant"));
    assert_eq!(
        outcome(&scene.refresh(&known, &other)),
        refused(400, "invalid_grant"),
        "one that was stolen is over"
    );

    let active = |active: bool| {
        let changes = UserChanges {
            active: Some(active),
            ..UserChanges::default()
        };
        scene
            .engine
            .execute(SetUser {
                name: "admin".parse().unwrap(),
                changes,
            })
            .unwrap();
    };
    active(false);
    assert_eq!(outcome(&scene.refresh(&known, &token)), refused(400, "invalid_grant"));
    active(true);
    let enabled = ClientChanges {
        enabled: Some(false),
        ..ClientChanges::default()
    };
    scene
        .engine
        .execute(SetClient {
            name: known.client.name.clone(),
            changes: enabled,
        })
        .unwrap();
    assert_eq!(outcome(&scene.refresh(&known, &token)), refused(401, "invalid_client"));
    scene
        .engine
        .execute(RemoveClient {
            name: known.client.name.clone(),
        })
        .unwrap();
    let again = client(&scene);
    assert_eq!(
        outcome(&scene.refresh(&again, &token)),
        refused(400, "invalid_grant"),
        "a client of the old name inherits nothing"
    );
}
