//! Logging in for an application, allowing it, refusing it.

use super::scene::{Scene, TITLE, parameter};
use super::window::{Scripts, Window};

#[test]
fn a_wrong_password_is_told_where_it_stands_and_the_right_one_leads_on() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::Off);
    window.visit(&scene.authorize(&[]));
    let page = window.look("login");
    assert_eq!((page.status, &page.headings[..]), (200, &["Log in".to_owned()][..]));
    assert!(page.text.contains(TITLE), "{}", page.text);
    assert_eq!(
        ["username", "password"].map(|name| page.field(name).autocomplete.as_str()),
        ["username", "current-password"]
    );
    assert_eq!(window.steps(), ["User name", "Password", "Log in"]);
    assert_eq!(page.steps, 3, "a keyboard comes everywhere");

    window.visit(&scene.authorize(&[]));
    let name = window.focus();
    assert_eq!(
        (name.name.as_str(), name.invalid.as_deref()),
        ("User name", Some("false"))
    );
    window.type_in("alice");
    window.step_to("Password");
    window.type_in("a guess");
    assert_eq!(window.go("Enter").status, 403);
    let page = window.look("login-wrong");
    assert_eq!(page.alerts, ["User name or password is wrong."]);
    assert!(page.title.starts_with("Error: "), "{}", page.title);
    let password = window.focus();
    assert_eq!(
        (
            password.name.as_str(),
            password.description.as_str(),
            password.invalid.as_deref()
        ),
        ("Password", "User name or password is wrong.", Some("true"))
    );
    assert_eq!(password.value.as_deref(), Some(""));
    window.press("Shift+Tab");
    let name = window.focus();
    assert_eq!(
        (name.value.as_deref(), name.invalid.as_deref()),
        (Some("alice"), Some("true"))
    );
    window.step_to("Password");
    window.type_in(super::scene::PASSWORD);
    window.step_to("Log in");
    assert_eq!(window.go("Space").headings, [format!("Allow {TITLE} to act for you?")]);
    scene.close(window);
}

#[test]
fn a_client_is_refused_and_allowed_and_its_code_gives_a_token() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::Off);
    window.visit(&scene.authorize(&[]));
    scene.log_in(&mut window);
    let page = window.look("consent");
    for words in ["alice", "Know who you are", "urn:example:reports:read", "/back"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert_eq!(window.steps(), ["Allow", "Do not allow", "Log out"]);
    window.step_to("Do not allow");
    let refused = scene.arrived(&window.go("Space"), "/back");
    assert_eq!(parameter(&refused, "error"), "access_denied");
    assert_eq!(parameter(&refused, "state"), "kept as it is");

    window.visit(&scene.authorize(&[]));
    window.step_to("Allow");
    let allowed = scene.arrived(&window.go("Enter"), "/back");
    assert_eq!(parameter(&allowed, "state"), "kept as it is");
    assert_eq!(parameter(&allowed, "iss"), scene.address(""));
    let tokens = scene.redeemed(parameter(&allowed, "code"));
    assert!(scene.passes(tokens["access_token"].as_str().unwrap()));
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());

    // A public client may be anybody, and asks each time.
    let again = window.visit(&scene.authorize(&[]));
    assert_eq!(again.headings, [format!("Allow {TITLE} to act for you?")]);
    scene.close(window);
}

#[test]
fn scripts_that_could_run_change_nothing() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::On);
    window.visit(&scene.authorize(&[]));
    window.look("login");
    window.visit(&scene.authorize(&[]));
    scene.log_in(&mut window);
    window.step_to("Allow");
    let allowed = scene.arrived(&window.go("Enter"), "/back");
    let tokens = scene.redeemed(parameter(&allowed, "code"));
    assert!(scene.passes(tokens["access_token"].as_str().unwrap()));
    scene.close(window);
}
