//! A follower of the feed asks whose a credential is that its view cannot decide about.

use serde_json::{Value, json};
use tollgate::feed_wire::FrameKey;
use tollgate::{IssueFeedToken, IssuedFeedToken, RevokeFeedToken};

use super::scene::{PASSWORD, Scene, json as document};
use crate::support::json::send;
use crate::support::judged::basic;
use crate::support::{Answer, BEGIN, CLIENT};

const NONCE: [u8; 16] = [0x5a; 16];

/// Asks under this token.
fn ask(scene: &Scene, token: &str, question: &Value) -> Answer {
    let lines = format!("content-type: application/json\r\nauthorization: Bearer {token}\r\n");
    send(&scene.server, "POST /v1/check", &lines, question.to_string().as_bytes())
}

fn question(authorization: &str) -> Value {
    json!({"prove": true, "nonce": "5a".repeat(16), "ip": CLIENT, "authorization": authorization})
}

/// What is answered to whoever holds this feed token, under the seal of the question.
fn proof(scene: &Scene, token: &str, authorization: &str) -> Value {
    let answer = ask(scene, token, &question(authorization));
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.field("cache-control"), ["no-store"]);
    let seal = FrameKey::of_token(token.as_bytes()).seal(&NONCE, &answer.body);
    let seal: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(answer.field("x-tollgate-seal"), [seal]);
    document(&answer)
}

fn follower(scene: &Scene) -> (IssuedFeedToken, String) {
    let name = "edge".parse().unwrap();
    let issued = scene.world.run(IssueFeedToken { name, expires_at: None });
    let token = issued.token.expose().to_owned();
    (issued, token)
}

#[test]
fn a_follower_learns_whose_a_password_is_and_nothing_is_charged() {
    let scene = Scene::new();
    let (_, token) = follower(&scene);
    let right = basic("alice", PASSWORD);
    let proven = proof(&scene, &token, &right);
    assert_eq!(
        (&proven["proven"], &proven["sort"], &proven["seconds"]),
        (&json!(true), &json!("password"), &json!(60))
    );
    assert!(
        proven["user_id"].is_u64() && proven["password_epoch"] != json!(0),
        "{proven}"
    );
    // What is remembered is told again for what is left of it, and proven again after that.
    scene.world.clock.set(BEGIN.plus_millis(45_000));
    assert_eq!(proof(&scene, &token, &right)["seconds"], json!(15));
    scene.world.clock.set(BEGIN.plus_millis(60_500));
    assert_eq!(proof(&scene, &token, &right)["seconds"], json!(60));
    for wrong in [
        basic("alice", "wrong"),
        basic("nobody", PASSWORD),
        "Bearer eyJ0.e30.AA".to_owned(),
        "Basic".to_owned(),
    ] {
        assert_eq!(proof(&scene, &token, &wrong), json!({"proven": false}), "{wrong}");
    }
    let own = format!("Bearer {}", scene.world.token());
    assert_eq!(
        proof(&scene, &token, &own),
        json!({"proven": false}),
        "a token of ours needs no proof"
    );
    let counts = String::from_utf8(scene.get("/metrics").body).unwrap();
    assert!(
        counts.contains("tollgate_checks_total{outcome=\"permitted\"} 0"),
        "{counts}"
    );
}

#[test]
fn who_guesses_too_often_is_told_when_to_come_back() {
    let scene = Scene::new();
    let (_, token) = follower(&scene);
    let wrong = basic("alice", "wrong");
    let later = (0..40)
        .map(|_| proof(&scene, &token, &wrong))
        .find(|said| said.get("retry_after").is_some());
    let later = later.unwrap();
    assert_eq!(later["proven"], json!(false));
    assert!(later["retry_after"].as_u64().unwrap() > 0);
    assert_eq!(later["throttled"], json!(true), "so that the proxy answers 429");
}

#[test]
fn a_feed_token_asks_for_proofs_alone_and_nobody_else_does() {
    let scene = Scene::new();
    let (issued, token) = follower(&scene);
    let good = question(&basic("alice", PASSWORD));
    let check =
        json!({"method": "GET", "path": "/", "ip": CLIENT, "authorization": format!("Bearer {}", scene.world.token())});
    assert_eq!(
        ask(&scene, &token, &check).status,
        422,
        "no decision, which would be charged"
    );
    assert_eq!(ask(&scene, &token, &json!({"checks": [check]})).status, 422);
    for (key, value) in [
        ("prove", json!(false)),
        ("nonce", json!("5a")),
        ("nonce", json!("+a".repeat(16))),
        ("method", json!("GET")),
        ("authorization", json!(1)),
    ] {
        let mut odd = good.clone();
        odd[key] = value;
        let answer = ask(&scene, &token, &odd);
        assert_eq!(answer.status, 422, "{odd}");
        assert!(answer.field("x-tollgate-seal").is_empty());
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("YWxp"),
            "nothing that was sent is repeated"
        );
    }
    assert_eq!(ask(&scene, &token, &good).status, 200);
    // Whoever else may ask there asks for decisions: to them this is no question.
    let lines = "content-type: application/json\r\n";
    let trusted = send(&scene.server, "POST /v1/check", lines, good.to_string().as_bytes());
    assert_eq!(trusted.status, 422);
    scene.world.run(RevokeFeedToken { id: issued.record.id });
    let refused = ask(&scene, &token, &good);
    assert_ne!(refused.status, 200);
    assert!(refused.field("x-tollgate-seal").is_empty());
}
