//! Taking access away from an application, and logging out.

use super::scene::{Scene, TITLE, parameter};
use super::window::{Scripts, Window};

#[test]
fn access_is_taken_away_from_an_application_and_has_to_be_asked_for_again() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::Off);
    window.visit(&scene.authorize(&[]));
    scene.log_in(&mut window);
    window.step_to("Allow");
    let allowed = scene.arrived(&window.go("Enter"), "/back");
    let tokens = scene.redeemed(parameter(&allowed, "code"));
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap());
    assert!(scene.passes(access));

    window.visit(&scene.address("/account/tokens"));
    window.step_to("Applications");
    window.go("Enter");
    window.look("applications");
    let take_away = format!("Take access away from {TITLE}");
    assert_eq!(window.steps(), ["Your tokens", "Log out", &take_away]);
    window.step_to(&take_away);
    assert!(window.go("Enter").text.contains("There are none."));
    window.look("applications-none");
    assert!(!scene.passes(access));
    let answer = scene.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    assert_eq!(answer.status, 400);
    let asked = window.visit(&scene.authorize(&[]));
    assert_eq!(asked.headings, [format!("Allow {TITLE} to act for you?")]);
    scene.close(window);
}

#[test]
fn logging_out_is_asked_for_and_leads_where_the_application_may_send_people() {
    let scene = Scene::new();
    let mut window = Window::open(Scripts::Off);
    window.visit(&scene.address("/account/tokens"));
    scene.log_in(&mut window);
    window.visit(&scene.end_session());
    let page = window.look("logout");
    assert!(page.text.contains(TITLE), "{}", page.text);
    assert_eq!(window.steps(), ["see which", "Log out"]);
    window.step_to("Log out");
    let left = scene.arrived(&window.go("Enter"), "/left");
    assert_eq!(parameter(&left, "state"), "gone");
    assert_eq!(window.visit(&scene.address("/account/tokens")).headings, ["Log in"]);

    scene.log_in(&mut window);
    window.step_to("Log out");
    assert_eq!(window.go("Enter").headings, ["You are logged out"]);
    window.look("logged-out");
    assert_eq!(window.steps(), ["Log in"]);
    assert_eq!(window.visit(&scene.address("/account/tokens")).headings, ["Log in"]);
    scene.close(window);
}
