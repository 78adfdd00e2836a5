//! The page of personal access tokens.

use tollgate_tests::wait::{self, PATIENCE};

use super::facts::Document;
use super::scene::Scene;
use super::window::{Scripts, Window};

/// A window on alice's tokens.
fn on_the_page(scene: &Scene) -> Window {
    let mut window = Window::open(Scripts::Off);
    window.visit(&scene.address("/account/tokens"));
    let page = scene.log_in(&mut window);
    assert_eq!(page.headings, ["Personal access tokens"]);
    window
}

/// Fills the form in and sends it.
fn make(window: &mut Window, name: &str, days: &str) -> Document {
    window.step_to("Name");
    window.type_in(name);
    window.step_to("Expires in days");
    window.press("Control+A");
    window.type_in(days);
    window.go("Enter")
}

#[test]
fn a_token_is_made_shown_once_used_and_taken_back() {
    let scene = Scene::new();
    // An end that has come by the time the page is looked at.
    let soon = scene.store.run(&[
        "pat",
        "issue",
        "alice",
        "--name",
        "last year's laptop",
        "--expires-at",
        &soon(),
    ]);
    let ending = soon["token"].as_str().unwrap();
    let mut window = on_the_page(&scene);
    assert_eq!(
        window.steps()[..6],
        [
            "Applications",
            "Log out",
            "Name",
            "Description (may be empty)",
            "Expires in days",
            "Make a token"
        ]
    );
    wait::until("the token has expired", PATIENCE, || {
        (!scene.passes(ending)).then_some(())
    });
    let made = make(&mut window, "nightly build", "30");
    assert!(made.text.contains("last year's laptop expired"), "{}", made.text);
    window.look("tokens-made");
    let shown = window.step_to("Token");
    let token = shown.value.unwrap();
    assert!(token.starts_with("tg_pat_") && scene.passes(&token));
    let later = window.visit(&scene.address("/account/tokens"));
    assert!(!later.text.contains("tg_pat_") && !later.fields.iter().any(|field| field.kind == "textarea"));
    window.look("tokens-listed");
    window.step_to("Revoke nightly build");
    let revoked = window.go("Enter");
    assert!(revoked.text.contains("nightly build revoked"), "{}", revoked.text);
    assert!(!scene.passes(&token));
    scene.close(window);
}

#[test]
fn what_is_wrong_with_a_field_is_told_beside_it() {
    let scene = Scene::new();
    let mut window = on_the_page(&scene);
    let page = window.look("tokens-none");
    assert_eq!(page.field("name").autocomplete, "off");
    let refused = make(&mut window, "   ", "30");
    assert_eq!(refused.status, 422);
    let page = window.look("tokens-wrong");
    assert!(page.title.starts_with("Error: "), "{}", page.title);
    let name = window.focus();
    assert_eq!((name.name.as_str(), name.invalid.as_deref()), ("Name", Some("true")));
    assert!(
        name.description.starts_with(&page.alerts[0]),
        "{name:?}: {:?}",
        page.alerts
    );
    // The browser itself knows what cannot be, and says so where it stands.
    window.press("Control+A");
    window.type_in("kept");
    window.step_to("Expires in days");
    window.press("Control+A");
    window.type_in("367");
    window.press("Enter");
    let days = window.focus();
    assert_eq!(
        (days.name.as_str(), days.invalid.as_deref()),
        ("Expires in days", Some("true"))
    );
    for number in 1..=5 {
        window.visit(&scene.address("/account/tokens"));
        assert_eq!(make(&mut window, &format!("token {number}"), "1").status, 200);
    }
    let full = window.look("tokens-full");
    assert!(full.text.contains("may have no more") && full.fields.iter().all(|field| field.name != "name"));
    scene.close(window);
}

/// A moment within the next seconds, as a verb takes it.
fn soon() -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", "+4 seconds", "+%Y-%m-%dT%H:%M:%SZ"])
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}
