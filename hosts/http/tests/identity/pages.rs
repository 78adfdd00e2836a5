//! The login page, its cookies, and forms that come from elsewhere.

use super::scene::{PASSWORD, Scene, hidden, is_page, text};

const LOGIN: &str = "/account/login";

#[test]
fn a_login_is_a_new_session_with_a_cookie_for_this_host_alone() {
    for (public_url, name, secure) in [
        ("http://127.0.0.1:8480", "tollgate", false),
        ("https://auth.example.org", "__Host-tollgate", true),
    ] {
        let scene = Scene::at(public_url);
        let mut browser = scene.browser();
        let page = browser.get(LOGIN);
        is_page(&page);
        assert_eq!(page.status, 200);
        let planted = "tg_ses_planted".to_owned();
        browser.cookies.insert(name.to_owned(), planted.clone());
        let answer = browser.submit(&text(&page), LOGIN, &[("username", "alice"), ("password", PASSWORD)]);
        assert_eq!(
            (answer.status, answer.field("location")),
            (303, vec!["/account/tokens"])
        );
        let cookie = answer.field("set-cookie")[0].to_owned();
        assert!(cookie.starts_with(&format!("{name}=tg_ses_")), "{cookie}");
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=28800"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_ne!(browser.cookies[name], planted);
        assert_eq!(browser.get("/account/tokens").status, 200);
    }
}

#[test]
fn the_shortest_address_leads_to_the_tokens() {
    let scene = Scene::new();
    for path in ["/account", "/account/"] {
        let answer = scene.get(path);
        assert_eq!(
            (answer.status, answer.field("location")),
            (303, vec!["/account/tokens"])
        );
    }
}

#[test]
fn another_login_ends_the_session_before() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let before = browser.cookies.clone();
    let page = browser.get("/oauth2/authorize?client_id=app&response_type=code&scope=openid&prompt=login&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%3Ffrom%3Dtollgate&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
    let answer = browser.submit(&text(&page), LOGIN, &[("username", "alice"), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303, "{}", text(&answer));
    assert_eq!(browser.get("/account/tokens").status, 200);
    browser.cookies = before;
    assert_eq!(browser.get("/account/tokens").status, 303);
}

#[test]
fn a_wrong_password_is_said_on_the_page_with_the_name_kept_and_inert() {
    let scene = Scene::new();
    let mut browser = scene.browser();
    let mut page = text(&browser.get(LOGIN));
    for name in ["alice", "nobody", "\"><script>alert(1)</script>"] {
        let answer = browser.submit(&page, LOGIN, &[("username", name), ("password", "wrong")]);
        assert_eq!(answer.status, 403);
        is_page(&answer);
        assert!(answer.field("set-cookie").is_empty());
        page = text(&answer);
        assert!(
            page.contains("role=\"alert\">User name or password is wrong."),
            "{page}"
        );
        assert!(!page.contains("value=\"wrong\""), "{page}");
    }
    assert!(page.contains("value=\"&#34;&#62;&#60;script&#62;"), "{page}");
    let answer = browser.submit(&page, LOGIN, &[("username", "alice"), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303);
}

#[test]
fn too_many_wrong_passwords_have_to_wait_and_are_told_how_long() {
    let scene = Scene::new();
    let mut browser = scene.browser();
    let page = text(&browser.get(LOGIN));
    let tries = (0..40).map(|_| browser.submit(&page, LOGIN, &[("username", "alice"), ("password", "wrong")]));
    let refused = tries.into_iter().find(|answer| answer.status == 429).unwrap();
    is_page(&refused);
    let seconds: u64 = refused.field("retry-after")[0].parse().unwrap();
    assert!(
        (1..=60).contains(&seconds) && text(&refused).contains("Too many tries"),
        "{}",
        text(&refused)
    );
    let early = browser.submit(&page, LOGIN, &[("username", "alice"), ("password", PASSWORD)]);
    assert_eq!(early.status, 429, "a right one tells nothing either");
    scene
        .world
        .clock
        .set(scene.world.engine.now().plus_millis(seconds * 1_000 + 1));
    let answer = browser.submit(&page, LOGIN, &[("username", "alice"), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303);
}

#[test]
fn a_login_form_from_elsewhere_logs_nobody_in() {
    let scene = Scene::new();
    let mut browser = scene.browser();
    let page = text(&browser.get(LOGIN));
    let token = hidden(&page, LOGIN)[0].1.clone();
    let right = [("username", "alice"), ("password", PASSWORD)];
    let mut other = scene.browser();
    let of_another = hidden(&text(&other.get(LOGIN)), LOGIN)[0].1.clone();
    for form_token in ["", "0", of_another.as_str()] {
        let mut fields = vec![("form_token", form_token)];
        fields.extend(right);
        let answer = browser.post(LOGIN, &fields);
        assert_eq!(answer.status, 403);
        assert!(text(&answer).contains("out of date"), "{}", text(&answer));
    }
    let mut fields = vec![("form_token", token.as_str())];
    fields.extend(right);
    let without_cookie = scene.post(LOGIN, &fields);
    assert_eq!(without_cookie.status, 403);
    let twice = browser.post(LOGIN, &[fields.as_slice(), &[("username", "bob")]].concat());
    assert_eq!(twice.status, 400);
    assert_eq!(browser.post(LOGIN, &fields).status, 303, "the twin");
}

#[test]
fn whoever_is_logged_in_goes_on_to_a_place_of_ours_alone() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    for (to, location) in [
        ("", "/account/tokens"),
        (
            "?return=%2Foauth2%2Fauthorize%3Fclient_id%3Dapp",
            "/oauth2/authorize?client_id=app",
        ),
        ("?return=https%3A%2F%2Fevil.example", "/account/tokens"),
        ("?return=%2F%2Fevil.example", "/account/tokens"),
        ("?return=%2Foauth2%2Fauthorize%3Fa%0D%0Ab", "/account/tokens"),
    ] {
        let answer = browser.get(&format!("{LOGIN}{to}"));
        assert_eq!((answer.status, answer.field("location")), (303, vec![location]), "{to}");
    }
}

#[test]
fn below_a_path_all_links_and_forms_lead_there() {
    let scene = Scene::at("https://example.org/sso/");
    let mut browser = scene.browser();
    let page = text(&browser.get(LOGIN));
    assert!(
        page.contains("href=\"/sso/account/style.css\"") && page.contains("action=\"/sso/account/login\""),
        "{page}"
    );
    let fields = hidden(&page, "/sso/account/login");
    let token = fields[0].1.as_str();
    let answer = browser.post(
        LOGIN,
        &[("form_token", token), ("username", "alice"), ("password", PASSWORD)],
    );
    assert_eq!(
        (answer.status, answer.field("location")),
        (303, vec!["/sso/account/tokens"])
    );
    for (path, issuer) in [
        ("/.well-known/oauth-authorization-server/sso", "https://example.org/sso"),
        (
            "/.well-known/oauth-authorization-server/sso/identity",
            "https://example.org/sso/identity",
        ),
    ] {
        assert_eq!(super::scene::json(&scene.get(path))["issuer"], issuer, "{path}");
    }
}

#[test]
fn the_style_sheet_is_one_that_browsers_take() {
    let scene = Scene::new();
    let answer = scene.get("/account/style.css");
    assert_eq!(
        (answer.status, answer.field("content-type")),
        (200, vec!["text/css; charset=utf-8"])
    );
    assert_eq!(answer.field("x-content-type-options"), ["nosniff"]);
    let other = scene.post("/account/style.css", &[]);
    assert_eq!((other.status, other.field("allow")), (405, vec!["GET,HEAD"]));
}
