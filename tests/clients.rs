//! OAuth clients of other people, as their makers publish them, ask a real server for tokens, and use these.
//!
//! Each client is a script in `tests/clients`, run by the interpreter it was written for; the two of Rust are linked. None is
//! changed in any way, and none knows that this is a test but for the permission to talk without TLS on one machine.

#[path = "clients/scene.rs"]
mod scene;
#[path = "clients/rust.rs"]
mod rust;

use serde_json::Value;

use scene::Scene;
use tollgate_tests::foreign::Heard;

/// What every token answer must be.
#[track_caller]
fn token<'h>(heard: &'h Heard, step: &str) -> &'h str {
    let token = &heard.step(step)["token"];
    let kind = token["token_type"].as_str().unwrap_or_default();
    assert!(kind.eq_ignore_ascii_case("bearer"), "{step}: {token}");
    token["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{step}: no access token in {token}"))
}

#[track_caller]
fn refused(heard: &Heard, step: &str, error: &str) {
    assert_eq!(heard.step(step)["error"], error, "{step}: {}", heard.step(step));
}

/// A refresh gives other tokens, and only the newest refresh token is of use.
#[track_caller]
fn renewed(heard: &Heard, step: &str) {
    let told = heard.step(step);
    for member in ["access_token", "refresh_token"] {
        let (new, old) = (&told["token"][member], &told["before"][member]);
        assert!(
            new.is_string() && old.is_string() && new != old,
            "{step}: {member} in {told}"
        );
    }
}

#[test]
fn authlib_gets_tokens_and_uses_them() {
    let scene = Scene::new();
    let heard = scene.python("authlib_client.py");
    scene.passes_as(token(&heard, "password"), "alice", "password_client", "js_api");
    assert_eq!(heard.step("password")["token"]["expires_in"], 3600);
    refused(&heard, "wrong password", "invalid_grant");
    for method in ["client_secret_basic", "client_secret_post"] {
        scene.passes_as(token(&heard, method), "robot", "machine_client", "reports");
    }
    refused(&heard, "code again", "invalid_grant");
    scene.is_refused(token(&heard, "code"));
    assert_eq!(heard.step("userinfo")["claims"]["email"], "alice@example.com");
    assert_eq!(
        heard.step("userinfo")["claims"]["sub"],
        heard.step("id token")["claims"]["sub"]
    );
    renewed(&heard, "refresh");
    assert_eq!(heard.step("introspection")["answer"]["active"], true);
    assert_eq!(heard.step("introspection")["answer"]["client_id"], "web_client");
    assert_eq!(heard.step("revocation")["status"], 200);
    refused(&heard, "refresh after revocation", "invalid_grant");
}

#[test]
fn requests_oauthlib_gets_tokens_and_uses_them() {
    let scene = Scene::new();
    let heard = scene.python("requests_oauthlib_client.py");
    scene.passes_as(token(&heard, "password"), "alice", "password_client", "js_api");
    refused(&heard, "wrong password", "invalid_grant");
    scene.passes_as(
        token(&heard, "client credentials"),
        "robot",
        "machine_client",
        "reports",
    );
    scene.passes_as(token(&heard, "code"), "alice", "web_client", "openid profile");
    renewed(&heard, "refresh by itself");
    assert_eq!(heard.step("refresh by itself")["status"], 200);
}

#[test]
fn openid_client_discovers_both_profiles_logs_in_and_out() {
    let scene = Scene::new();
    let heard = scene.node("openid_client.mjs");
    for profile in ["standard", "cinchy"] {
        let step = |name: &str| format!("{name} {profile}");
        // The refresh token was revoked, and all that came of the login with it.
        scene.is_refused(token(&heard, &step("refresh")));
        assert_eq!(heard.step(&step("introspection"))["answer"]["active"], true);
        renewed(&heard, &step("refresh"));
        let arrived = heard.step(&step("end session"))["arrived"].as_str().unwrap().to_owned();
        assert_eq!(arrived, format!("{}?state=left", scene::AFTER_LOGOUT));
    }
    scene.passes_as(
        token(&heard, "client credentials"),
        "robot",
        "machine_client",
        "reports",
    );
    refused(&heard, "scope beyond", "invalid_scope");
    let scopes = "openid profile email offline_access";
    scene.passes_as(token(&heard, "code public"), "alice", "public_client", scopes);
}

#[test]
fn oauth4webapi_finds_every_answer_to_the_letter_of_the_standards() {
    let scene = Scene::new();
    let heard = scene.node("oauth4webapi_client.mjs");
    renewed(&heard, "refresh");
    refused(&heard, "code again", "invalid_grant");
    // The code came twice, so all that came of it is gone.
    scene.is_refused(token(&heard, "refresh"));
    scene.passes_as(token(&heard, "private_key_jwt"), "robot", "key_client", "reports");
}

#[test]
fn simple_oauth2_gets_tokens_and_uses_them() {
    let scene = Scene::new();
    let heard = scene.node("simple_oauth2_client.mjs");
    for method in ["header", "body"] {
        let step = format!("client credentials {method}");
        scene.passes_as(token(&heard, &step), "robot", "machine_client", "reports");
    }
    scene.passes_as(token(&heard, "password"), "alice", "password_client", "js_api");
    refused(&heard, "wrong password", "invalid_grant");
    assert_eq!(heard.step("code")["state"], "kept");
    renewed(&heard, "refresh");
    assert_ne!(heard.step("refresh after revocation")["error"], Value::Null);
}
