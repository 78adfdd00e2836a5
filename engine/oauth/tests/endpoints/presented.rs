//! Introspection, revocation and userinfo.

use tollgate::{Audience, ClientAuthentication, Field, SetUser, UserChanges};
use tollgate_oauth::{Answer, Call, Profile};

use crate::scene::{Known, PASSWORD, Scene, get, json, outcome, post, refused, text};

fn client(scene: &Scene, name: &str) -> Known {
    scene.client(name, "password authorization_code refresh_token", |_| {})
}

fn granted(scene: &Scene, known: &Known) -> Answer {
    scene.token(
        Profile::Standard,
        known,
        &[
            ("grant_type", "password"),
            ("username", "admin"),
            ("password", PASSWORD),
        ],
    )
}

fn introspect(scene: &Scene, known: &Known, token: &str) -> Answer {
    scene
        .server
        .introspect(Profile::Standard, &post(&known.form(&[("token", token)])), scene.now())
}

fn revoke(scene: &Scene, known: &Known, token: &str) -> Answer {
    let form = known.form(&[("token", token), ("token_type_hint", "nonsense")]);
    scene.server.revoke(Profile::Standard, &post(&form), scene.now())
}

const INACTIVE: &[u8] = b"{\"active\":false}";

#[test]
fn a_client_is_told_of_its_own_tokens() {
    let scene = Scene::new();
    let (known, other) = (client(&scene, "app"), client(&scene, "other"));
    let answer = granted(&scene, &known);
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    let told = json(&introspect(&scene, &known, &access));
    assert_eq!(
        (
            told["active"].as_bool(),
            told["client_id"].as_str(),
            told["username"].as_str(),
            told["sub"].as_str()
        ),
        (Some(true), Some("app"), Some("admin"), Some("1"))
    );
    assert_eq!(
        (told["exp"].as_u64(), told["token_type"].as_str()),
        (Some(1_800_003_600), Some("Bearer"))
    );
    assert_eq!(json(&introspect(&scene, &known, &refresh))["active"], true);
    for token in [&access, &refresh] {
        let hidden = introspect(&scene, &other, token);
        assert_eq!(
            (hidden.status, hidden.body.as_slice()),
            (200, INACTIVE),
            "another client's token is nothing"
        );
    }
    for token in ["x", "tg_ac_x", &access.replace("tg_ac_", "tg_rt_")] {
        assert_eq!(introspect(&scene, &known, token).body, INACTIVE);
    }
    let idle = UserChanges {
        active: Some(false),
        ..UserChanges::default()
    };
    scene
        .engine
        .execute(SetUser {
            name: "admin".parse().unwrap(),
            changes: idle,
        })
        .unwrap();
    assert_eq!(introspect(&scene, &known, &access).body, INACTIVE);
}

#[test]
fn a_resource_is_told_of_tokens_that_are_meant_for_it() {
    let scene = Scene::new();
    let known = scene.client("app", "password", |add| {
        add.audiences = vec!["api".parse::<Audience>().unwrap()]
    });
    let (api, other) = (client(&scene, "api"), client(&scene, "other"));
    let access = text(&granted(&scene, &known), "access_token");
    assert_eq!(
        json(&introspect(&scene, &api, &access))["aud"],
        serde_json::json!(["api"])
    );
    assert_eq!(introspect(&scene, &other, &access).body, INACTIVE);
}

#[test]
fn strangers_are_told_nothing() {
    let scene = Scene::new();
    let public = scene.client("spa", "authorization_code", |add| {
        add.authentication = ClientAuthentication::Public
    });
    assert_eq!(
        outcome(&introspect(&scene, &public, "x")),
        refused(401, "invalid_client")
    );
    let call = post("token=x");
    assert_eq!(
        outcome(&scene.server.introspect(Profile::Standard, &call, scene.now())),
        refused(401, "invalid_client")
    );
    assert_eq!(
        outcome(&scene.server.revoke(Profile::Standard, &call, scene.now())),
        refused(401, "invalid_client")
    );
    let known = client(&scene, "app");
    let body = known.form(&[]);
    assert_eq!(
        outcome(&scene.server.introspect(Profile::Standard, &post(&body), scene.now())),
        refused(400, "invalid_request")
    );
    assert_eq!(
        outcome(&scene.server.revoke(Profile::Standard, &post(&body), scene.now())),
        refused(400, "invalid_request")
    );
}

#[test]
fn a_client_gives_its_own_tokens_back() {
    let scene = Scene::new();
    let (known, other) = (client(&scene, "app"), client(&scene, "other"));
    let answer = granted(&scene, &known);
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    for token in [access.as_str(), refresh.as_str(), "unknown"] {
        assert_eq!(revoke(&scene, &other, token).status, 200);
    }
    assert_eq!(scene.denial(&access), None, "another client revokes nothing");
    assert_eq!(outcome(&scene.refresh(&known, &refresh)).0, 200);

    let answer = granted(&scene, &known);
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    assert_eq!(revoke(&scene, &known, &access).status, 200);
    assert!(scene.denial(&access).is_some());
    let renewed = text(&scene.refresh(&known, &refresh), "access_token");
    assert_eq!(scene.denial(&renewed), None);
    assert_eq!(revoke(&scene, &known, &refresh).status, 200);
    assert!(
        scene.denial(&renewed).is_some(),
        "a refresh token takes its family along"
    );
    assert_eq!(revoke(&scene, &known, &refresh).status, 200);
}

#[test]
fn a_public_client_gives_its_tokens_back_by_its_name() {
    let scene = Scene::new();
    let known = scene.client("spa", "authorization_code refresh_token", |add| {
        add.authentication = ClientAuthentication::Public
    });
    let answer = scene.redeem(&known, &scene.code(&known, &[]));
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    assert_eq!(revoke(&scene, &known, &refresh).status, 200);
    assert!(scene.denial(&access).is_some());
}

#[test]
fn userinfo_tells_what_the_scopes_say() {
    let scene = Scene::new();
    let known = client(&scene, "app");
    let token = |scope: &str| {
        let code = scene.code(&known, &[("scope", scope)]);
        text(&scene.redeem(&known, &code), "access_token")
    };
    let ask = |profile, line: &str| {
        let call = Call {
            authorization: Field::Once(line.as_bytes()),
            ..get("")
        };
        scene.server.userinfo(profile, &call, scene.now())
    };
    let all = format!("Bearer {}", token("openid profile email roles"));
    let told = r#"{"sub":"1","name":"Administrator","preferred_username":"admin","email":"admin@cinchy.co","roles":["Cinchy User Account"]}"#;
    assert_eq!(String::from_utf8(ask(Profile::Standard, &all).body).unwrap(), told);
    assert_eq!(json(&ask(Profile::Cinchy, &all))["id"], "admin");
    assert_eq!(
        ask(Profile::Standard, &format!("bearer {}", token("openid"))).body,
        br#"{"sub":"1"}"#
    );

    let narrow = ask(Profile::Standard, &format!("Bearer {}", token("js_api")));
    assert_eq!(outcome(&narrow), refused(403, "insufficient_scope"));
    let challenge = |answer: &Answer| {
        answer
            .fields
            .iter()
            .find(|(name, _)| *name == "WWW-Authenticate")
            .map(|(_, value)| value.clone())
            .unwrap()
    };
    let unknown = ask(Profile::Standard, "Bearer tg_ac_x");
    assert_eq!(outcome(&unknown), refused(401, "invalid_token"));
    assert!(challenge(&unknown).contains("error=\"invalid_token\""));
    let bare = scene.server.userinfo(Profile::Standard, &get(""), scene.now());
    assert_eq!(
        (bare.status, challenge(&bare).as_str()),
        (401, "Bearer realm=\"tollgate\"")
    );
    let query = get("access_token=tg_ac_x");
    assert_eq!(
        scene.server.userinfo(Profile::Standard, &query, scene.now()).status,
        401,
        "never in the query"
    );
    let refresh = text(&granted(&scene, &known), "refresh_token");
    assert_eq!(
        outcome(&ask(Profile::Standard, &format!("Bearer {refresh}"))),
        refused(401, "invalid_token")
    );
}
