//! Signing keys: the schedule, and what is published.

use tollgate::{AccessForm, Author};
use tollgate_oauth::Profile;
use tollgate_oauth::signing_keys::{AHEAD_S, Rotation, SIGNS_S};

use crate::scene::{Known, PASSWORD, Scene, header, json, text};

fn published(scene: &Scene) -> Vec<String> {
    let set = json(&scene.server.jwks(scene.now()));
    let kids = set["keys"].as_array().unwrap().iter();
    kids.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn signed(scene: &Scene, known: &Known) -> String {
    let pairs = [
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", PASSWORD),
    ];
    text(&scene.token(Profile::Cinchy, known, &pairs), "access_token")
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

fn client(scene: &Scene) -> Known {
    scene.client("abc", "password", |add| {
        add.access = AccessForm::Rs256;
        add.lifetime_s = 7_200;
    })
}

#[test]
fn keys_are_made_when_they_are_needed_and_kept() {
    let scene = Scene::new();
    assert_eq!(scene.server.ensure_keys(scene.now()).unwrap().len(), 2);
    assert_eq!(scene.server.ensure_keys(scene.now()).unwrap(), []);
    let before = published(&scene);
    let answer = scene.server.jwks(scene.now());
    assert!(
        answer
            .fields
            .contains(&("Cache-Control", "public, max-age=3600".to_owned()))
    );
    let set = json(&answer);
    let rsa = &set["keys"][0];
    assert_eq!(
        (rsa["kty"].as_str(), rsa["alg"].as_str(), rsa["use"].as_str()),
        (Some("RSA"), Some("RS256"), Some("sig"))
    );
    assert!(
        rsa["x5c"][0].as_str().is_some_and(|text| text.len() > 400) && rsa["x5t"].is_string() && rsa.get("d").is_none()
    );
    assert_eq!(set["keys"][1]["crv"], "P-256");
    let scene = scene.reopen();
    assert_eq!(published(&scene), before);
}

#[test]
fn a_successor_is_published_before_it_signs_and_the_old_one_until_its_last_token_ends() {
    let scene = Scene::new();
    let known = client(&scene);
    let old = kid(&signed(&scene, &known));
    scene.pass_s(SIGNS_S - AHEAD_S - 61);
    assert_eq!(published(&scene).len(), 2);
    scene.pass_s(61);
    assert_eq!(published(&scene).len(), 4, "a day ahead");
    scene.pass_s(AHEAD_S - 61);
    let last = signed(&scene, &known);
    assert_eq!(kid(&last), old);
    scene.pass_s(61);
    let next = signed(&scene, &known);
    assert_ne!(kid(&next), old);
    scene.pass_s(7_100);
    assert!(published(&scene).contains(&old));
    assert_eq!(scene.verified(&last).text("id"), Ok("admin"));
    scene.pass_s(200);
    assert!(!published(&scene).contains(&old), "no token under it lives");
    assert_eq!(published(&scene).len(), 2);
}

#[test]
fn a_planned_rotation_waits_an_hour() {
    let scene = Scene::new();
    let known = client(&scene);
    let old = kid(&signed(&scene, &known));
    assert_eq!(
        scene
            .server
            .rotate_keys(Author::application(), Rotation::Planned, scene.now())
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        (published(&scene).len(), kid(&signed(&scene, &known))),
        (4, old.clone())
    );
    scene.pass_s(3_600);
    assert_ne!(kid(&signed(&scene, &known)), old);
    assert!(published(&scene).contains(&old));
}

#[test]
fn a_key_that_somebody_knows_is_gone_at_once() {
    let scene = Scene::new();
    let known = client(&scene);
    let token = signed(&scene, &known);
    scene
        .server
        .rotate_keys(Author::application(), Rotation::Compromised, scene.now())
        .unwrap();
    assert!(!published(&scene).contains(&kid(&token)));
    assert_ne!(kid(&signed(&scene, &known)), kid(&token));
    assert_eq!(scene.denial(&token), None, "what we have issued we know by its digest");
    assert_eq!(published(&scene).len(), 2);
}
