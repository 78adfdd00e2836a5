//! Pages that say why something is not done.

use tollgate_tests::http::{Request, exchange};

use super::scene::Scene;
use super::window::{Scripts, Window};

#[test]
fn a_request_that_leads_nowhere_is_told_on_a_page() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::Off);
    let page = window.visit(&scene.address("/oauth2/authorize?response_type=code&client_id=nobody"));
    assert_eq!(page.status, 400);
    let page = window.look("refused");
    assert_eq!(page.alerts.len(), 1, "{:?}", page.alerts);
    // A form that was made for another login decides nothing.
    window.visit(&scene.authorize(&[]));
    scene.log_in(&mut window);
    scene.close(window);
}

#[test]
fn of_an_application_that_registered_itself_people_are_warned() {
    let scene = Scene::with("[oauth]\nregistration = true\nregistration_scopes = [\"openid\"]\n");
    let asked = r#"{"client_name": "Tollgate Administration", "redirect_uris": ["https://elsewhere.example/back"], "token_endpoint_auth_method": "none"}"#;
    let request = Request::new("POST", "/oauth2/register")
        .field("content-type", "application/json")
        .body(asked);
    let answer = exchange(scene.server.address(), &request);
    let words = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 201, "{words}");
    let registered: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let id = registered["client_id"].as_str().unwrap();
    let mut window = Window::open(Scripts::Off);
    let challenge = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    window.visit(&scene.address(&format!(
        "/oauth2/authorize?response_type=code&client_id={id}&{challenge}"
    )));
    scene.log_in(&mut window);
    let page = window.look("consent-stranger");
    assert!(page.text.contains("nobody here has looked at it"), "{}", page.text);
    scene.close(window);
}

#[test]
fn who_guesses_too_often_is_told_how_long_to_wait() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::Off);
    window.visit(&scene.address("/account/login"));
    window.type_in("alice");
    window.step_to("Password");
    let refused = (0..60).any(|_| {
        window.type_in("a guess");
        window.go("Enter").status == 429
    });
    assert!(refused, "nobody has to wait");
    let page = window.look("login-wait");
    assert!(page.alerts[0].contains("Wait "), "{:?}", page.alerts);
    scene.close(window);
}
