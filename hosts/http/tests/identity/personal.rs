//! The page of personal access tokens.

use tollgate::{AddUser, IssuePersonalToken};

use super::scene::{Browser, Scene, hidden, is_page, text};
use crate::support::{BEGIN, name};

const PAGE: &str = "/account/tokens";
const REVOKE: &str = "/account/tokens/revoke";

fn make(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> crate::support::Answer {
    let page = text(&browser.get(PAGE));
    browser.submit(&page, PAGE, fields)
}

/// The token that a page shows.
fn shown(page: &str) -> Option<&str> {
    let at = page.find(">tg_pat_")? + 1;
    page[at..].split('<').next()
}

#[test]
fn a_token_is_shown_once_works_wherever_a_bearer_does_and_ends_when_it_is_taken_back() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let answer = make(
        &mut browser,
        &[
            ("name", "deploy <x>"),
            ("description", "from the pipeline"),
            ("days", "30"),
        ],
    );
    assert_eq!(
        (answer.status, answer.field("location")),
        (303, vec![PAGE]),
        "{}",
        text(&answer)
    );
    let head = crate::support::json::send(&scene.server, &format!("HEAD {PAGE}"), "", b"");
    assert_eq!(head.status, 303);
    let page = browser.get(PAGE);
    is_page(&page);
    let page = text(&page);
    let token = shown(&page).unwrap().to_owned();
    assert!(
        page.contains("deploy &#60;x&#62;") && page.contains("from the pipeline"),
        "{page}"
    );
    let again = text(&browser.get(PAGE));
    assert_eq!(shown(&again), None, "it is shown once");
    assert!(!again.contains(&token), "{again}");

    let bearer = format!("Bearer {token}");
    let passed = scene.check("/", &bearer);
    assert_eq!((passed.status, passed.field("x-tollgate-user")), (200, vec!["alice"]));
    let answer = browser.submit(&again, REVOKE, &[]);
    assert_eq!(
        (answer.status, answer.field("location")),
        (303, vec![PAGE]),
        "{}",
        text(&answer)
    );
    assert_eq!(scene.check("/", &bearer).status, 401);
    assert!(text(&browser.get(PAGE)).contains("<span class=\"state revoked\">"));
}

#[test]
fn expired_tokens_stay_listed_and_a_sixth_is_refused_in_words() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    for number in 0..IssuePersonalToken::ACTIVE_MOST {
        let name = format!("t{number}");
        assert_eq!(
            make(&mut browser, &[("name", &name), ("description", ""), ("days", "1")]).status,
            303
        );
    }
    let full = text(&browser.get(PAGE));
    assert!(
        full.contains("may have no more") && !full.contains("name=\"days\""),
        "{full}"
    );
    let form_token = hidden(&full, REVOKE)[0].1.clone();
    let sixth = browser.post(
        PAGE,
        &[
            ("form_token", &form_token),
            ("name", "x"),
            ("description", ""),
            ("days", "1"),
        ],
    );
    assert_eq!(sixth.status, 422);
    is_page(&sixth);
    scene.world.clock.set(BEGIN.plus_millis(25 * 3_600 * 1_000));
    let mut browser = scene.logged_in();
    let later = text(&browser.get(PAGE));
    assert_eq!(
        later.matches("<span class=\"state expired\">").count(),
        IssuePersonalToken::ACTIVE_MOST
    );
    assert_eq!(
        make(&mut browser, &[("name", "new"), ("description", ""), ("days", "366")]).status,
        303
    );
}

#[test]
fn what_cannot_be_made_is_said_and_what_was_typed_stays() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    for (name, days) in [
        ("kept", "0"),
        ("kept", "367"),
        ("kept", "ten"),
        ("kept", ""),
        ("", "30"),
    ] {
        let answer = make(
            &mut browser,
            &[("name", name), ("description", "words"), ("days", days)],
        );
        assert_eq!(answer.status, 422, "{name} {days}");
        is_page(&answer);
        let page = text(&answer);
        assert!(
            page.contains("role=\"alert\"") && page.contains("value=\"words\""),
            "{page}"
        );
        assert_eq!(shown(&page), None);
    }
    assert!(text(&browser.get(PAGE)).contains("You have none yet"));
    assert_eq!(
        make(&mut browser, &[("name", "kept"), ("description", ""), ("days", "366")]).status,
        303
    );
}

#[test]
fn forms_of_others_do_nothing_and_nobody_takes_back_what_is_not_theirs() {
    let scene = Scene::new();
    scene.world.run(AddUser::named(name("bob")));
    let of_bob = scene.world.run(IssuePersonalToken {
        user: name("bob"),
        name: "his".to_owned(),
        description: String::new(),
        expires_at: BEGIN.plus_millis(1_000_000),
    });
    let mut browser = scene.logged_in();
    let page = text(&browser.get(PAGE));
    let form_token = hidden(&page, PAGE)[0].1.clone();
    let other = hidden(&text(&scene.logged_in().get(PAGE)), PAGE)[0].1.clone();
    let fields = [("name", "x"), ("description", ""), ("days", "1")];
    for token in ["", "0", &other] {
        let forged = browser.post(PAGE, &[&[("form_token", token)], fields.as_slice()].concat());
        assert_eq!(forged.status, 403);
    }
    let id = of_bob.record.id.0.to_string();
    let stolen = browser.post(REVOKE, &[("form_token", &form_token), ("id", &id)]);
    assert_eq!(stolen.status, 422);
    let bearer = format!("Bearer {}", of_bob.token.expose());
    assert_eq!(scene.check("/", &bearer).status, 200, "it is still his");
    let nobody = scene.browser().post(PAGE, &fields);
    assert_eq!((nobody.status, nobody.field("location")), (303, vec!["/account/login"]));
    let nobody = scene.browser().get(PAGE);
    assert_eq!((nobody.status, nobody.field("location")), (303, vec!["/account/login"]));
    let twin = browser.post(
        PAGE,
        &[&[("form_token", form_token.as_str())], fields.as_slice()].concat(),
    );
    assert_eq!(twin.status, 303);
}
