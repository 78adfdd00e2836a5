//! A code from a browser, and tokens for it.

use super::scene::{Browser, CALLBACK, CHALLENGE, PASSWORD, Scene, VERIFIER, is_page, json, text};
use crate::support::Answer;

fn request(endpoint: &str, more: &str) -> String {
    let callback = "https%3A%2F%2Fapp.example%2Fcallback%3Ffrom%3Dtollgate";
    format!(
        "{endpoint}?response_type=code&client_id=app&redirect_uri={callback}&scope=openid%20js_api&state=s%26t\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", text(answer));
    assert_eq!(answer.field("cache-control"), ["no-store"]);
    answer.field("location")[0].to_owned()
}

/// A parameter of the URL that a browser is sent to.
fn parameter(url: &str, name: &str) -> Option<String> {
    let url: url::Url = url.parse().unwrap();
    url.query_pairs()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

fn log_in(browser: &mut Browser<'_>, page: &str) -> String {
    let answer = browser.submit(page, "/account/login", &[("username", "alice"), ("password", PASSWORD)]);
    location(&answer)
}

#[test]
fn somebody_logs_in_allows_the_client_and_its_code_is_good_once() {
    let scene = Scene::new();
    for (endpoint, token, issuer) in [
        ("/oauth2/authorize", "/oauth2/token", "http://127.0.0.1:8480"),
        (
            "/identity/connect/authorize",
            "/identity/connect/token",
            "http://127.0.0.1:8480/identity",
        ),
    ] {
        let mut browser = scene.browser();
        let page = browser.get(&request(endpoint, "&prompt=consent"));
        is_page(&page);
        assert_eq!(page.status, 200);
        let policy = page.field("content-security-policy")[0].to_owned();
        assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
        assert!(
            text(&page).contains("The &#60;b&#62;App&#60;/b&#62; &#38; more"),
            "{}",
            text(&page)
        );

        let back = log_in(&mut browser, &text(&page));
        assert!(back.starts_with(&format!("{endpoint}?")), "{back}");
        let question = browser.get(&back);
        is_page(&question);
        assert!(question.field("content-security-policy")[0].contains("form-action 'self' https://app.example;"));
        let words = text(&question);
        assert!(
            words.contains("Know who you are") && words.contains("<code>js_api</code>"),
            "{words}"
        );
        assert!(words.contains("for <strong>30 days</strong>"), "{words}");

        let sent = location(&browser.submit(&words, "/account/consent", &[("decision", "allow")]));
        assert!(sent.starts_with(CALLBACK), "{sent}");
        assert_eq!(parameter(&sent, "state").as_deref(), Some("s&t"));
        assert_eq!(parameter(&sent, "iss").as_deref(), Some(issuer));
        let code = parameter(&sent, "code").unwrap();
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let granted = json(&scene.token(token, &redeem));
        let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
        let passed = scene.check("/", &bearer);
        assert_eq!((passed.status, passed.field("x-tollgate-user")), (200, vec!["alice"]));
        assert!(granted["id_token"].is_string(), "{granted}");

        let again = scene.token(token, &redeem);
        assert_eq!(
            (again.status, json(&again)["error"].as_str()),
            (400, Some("invalid_grant"))
        );
        assert_eq!(
            scene.check("/", &bearer).status,
            401,
            "a code that came twice takes its tokens along"
        );
    }
}

/// A code with what redeems it, of a browser that is logged in.
fn code_of(browser: &mut Browser<'_>, request: &str) -> String {
    let question = text(&browser.get(request));
    let sent = location(&browser.submit(&question, "/account/consent", &[("decision", "allow")]));
    parameter(&sent, "code").unwrap()
}

#[test]
fn a_code_and_what_comes_of_it_belong_to_one_issuer() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let code = code_of(&mut browser, &request("/identity/connect/authorize", "&prompt=consent"));
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let elsewhere = scene.token("/oauth2/token", &redeem);
    assert_eq!(json(&elsewhere)["error"], "invalid_grant");
    let granted = json(&scene.token("/identity/connect/token", &redeem));
    let token = granted["refresh_token"].as_str().unwrap().to_owned();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    assert_eq!(json(&scene.token("/oauth2/token", &refresh))["error"], "invalid_grant");
    let refreshed = json(&scene.token("/identity/connect/token", &refresh));
    assert!(refreshed["access_token"].is_string(), "{refreshed}");
}

/// RFC 6749 section 4.1.3: it must be repeated where it was named, and only there.
#[test]
fn a_redirect_url_that_was_left_out_need_not_be_repeated() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let (bare, named) = (
        "/oauth2/authorize?response_type=code&client_id=app&scope=js_api&prompt=consent",
        "&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%3Ffrom%3Dtollgate",
    );
    let redeem = |code: &str| {
        let answer = scene.token("/oauth2/token", &[("grant_type", "authorization_code"), ("code", code)]);
        (answer.status, json(&answer)["error"].as_str().map(str::to_owned))
    };
    let code = code_of(&mut browser, bare);
    assert_eq!(redeem(&code), (200, None));
    let code = code_of(&mut browser, &format!("{bare}{named}"));
    assert_eq!(redeem(&code), (400, Some("invalid_grant".to_owned())));
}

#[test]
fn what_was_allowed_is_remembered_for_this_client_and_never_for_a_public_one() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let question = browser.get(&request("/oauth2/authorize", ""));
    location(&browser.submit(&text(&question), "/account/consent", &[("decision", "allow")]));
    let sent = location(&browser.get(&request("/oauth2/authorize", "")));
    assert!(parameter(&sent, "code").is_some(), "{sent}");
    let asked = browser.get(&request("/oauth2/authorize", "&prompt=consent"));
    assert_eq!(asked.status, 200, "the client may have it asked again");

    let public = format!(
        "/oauth2/authorize?response_type=code&client_id=spa&redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcb&scope=js_api\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    for _ in 0..2 {
        let question = browser.get(&public);
        assert_eq!(question.status, 200);
        assert!(question.field("content-security-policy")[0].contains("form-action 'self' http://127.0.0.1:4711;"));
        let sent = location(&browser.submit(&text(&question), "/account/consent", &[("decision", "allow")]));
        assert!(
            sent.starts_with("http://127.0.0.1:4711/cb?") && parameter(&sent, "code").is_some(),
            "{sent}"
        );
    }
}

#[test]
fn somebody_who_refuses_is_sent_back_without_a_code() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let question = text(&browser.get(&request("/oauth2/authorize", "")));
    let sent = location(&browser.submit(&question, "/account/consent", &[("decision", "refuse")]));
    assert_eq!(parameter(&sent, "error").as_deref(), Some("access_denied"));
    assert!(
        parameter(&sent, "code").is_none() && parameter(&sent, "iss").is_some(),
        "{sent}"
    );
}

#[test]
fn a_decision_from_elsewhere_decides_nothing() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let question = text(&browser.get(&request("/oauth2/authorize", "")));
    let back = super::scene::hidden(&question, "/account/consent");
    let back = back.iter().find(|(name, _)| name == "return").unwrap().1.clone();
    let other = text(&scene.logged_in().get(&request("/oauth2/authorize", "")));
    let of_another = super::scene::hidden(&other, "/account/consent")[0].1.clone();
    for token in ["", "0", &of_another] {
        let answer = browser.post(
            "/account/consent",
            &[("form_token", token), ("return", &back), ("decision", "allow")],
        );
        assert_eq!(answer.status, 403);
        is_page(&answer);
    }
    let answer = browser.submit(&question, "/account/consent", &[("decision", "perhaps")]);
    assert_eq!(answer.status, 403);
    location(&browser.submit(&question, "/account/consent", &[("decision", "allow")]));
}

#[test]
fn prompt_says_whether_somebody_is_asked() {
    let scene = Scene::new();
    let mut browser = scene.browser();
    let sent = location(&browser.get(&request("/oauth2/authorize", "&prompt=none")));
    assert_eq!(parameter(&sent, "error").as_deref(), Some("login_required"));
    let mut browser = scene.logged_in();
    let sent = location(&browser.get(&request("/oauth2/authorize", "&prompt=none")));
    assert_eq!(parameter(&sent, "error").as_deref(), Some("consent_required"));
    let before = browser.cookies.clone();
    let page = browser.get(&request("/oauth2/authorize", "&prompt=login"));
    assert!(text(&page).contains("name=\"password\""), "{}", text(&page));
    let back = log_in(&mut browser, &text(&page));
    assert_ne!(browser.cookies, before, "a login is a new session");
    let question = browser.get(&back);
    assert!(
        text(&question).contains("value=\"allow\""),
        "logging in once is enough: {}",
        text(&question)
    );
}

#[test]
fn a_client_that_shows_no_login_screen_gets_whom_is_logged_in_or_an_error() {
    let scene = Scene::new();
    let changes = tollgate::ClientChanges {
        show_login: Some(false),
        ..tollgate::ClientChanges::default()
    };
    scene.world.run(tollgate::SetClient {
        name: "app".parse().unwrap(),
        changes,
    });
    let sent = location(&scene.browser().get(&request("/oauth2/authorize", "")));
    assert_eq!(parameter(&sent, "error").as_deref(), Some("login_required"));
    let question = scene.logged_in().get(&request("/oauth2/authorize", ""));
    assert!(text(&question).contains("value=\"allow\""));
}

#[test]
fn where_a_redirect_is_not_registered_nobody_is_sent_anywhere_and_nothing_that_came_is_shown() {
    let scene = Scene::new();
    let canary = "%3C%2Fscript%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%A8%22'";
    for query in [
        "client_id=app&redirect_uri=https%3A%2F%2Fevil.example%2F".to_owned(),
        format!("client_id={canary}"),
        format!("client_id=app&redirect_uri={canary}&state={canary}"),
        format!("client_id=app&client_id={canary}"),
        canary.to_owned(),
    ] {
        let answer = scene.browser().get(&format!("/oauth2/authorize?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.field("location").is_empty());
        is_page(&answer);
        assert!(
            !text(&answer).contains("alert(1)") && !text(&answer).contains("evil"),
            "{}",
            text(&answer)
        );
    }
    let twin = scene.browser().get(&request("/oauth2/authorize", ""));
    assert_eq!(twin.status, 200);
}

#[test]
fn what_acts_for_somebody_is_listed_and_taken_away_at_once() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let question = browser.get(&request("/oauth2/authorize", ""));
    let sent = location(&browser.submit(&text(&question), "/account/consent", &[("decision", "allow")]));
    let code = parameter(&sent, "code").unwrap();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let granted = json(&scene.token("/oauth2/token", &redeem));
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let refresh = granted["refresh_token"].as_str().unwrap();
    let later = browser.get(&request("/oauth2/authorize", ""));
    let unredeemed = parameter(&location(&later), "code").unwrap();
    let page = browser.get("/account/applications");
    is_page(&page);
    let page = text(&page);
    assert!(
        page.contains("<code>app</code>") && page.contains("<code>openid js_api</code>"),
        "{page}"
    );
    let forged = browser.post("/account/applications", &[("form_token", "0"), ("application", "1")]);
    assert_eq!(forged.status, 403);
    assert_eq!(scene.check("/", &bearer).status, 200);
    assert_eq!(
        location(&browser.submit(&page, "/account/applications", &[])),
        "/account/applications"
    );
    assert_eq!(scene.check("/", &bearer).status, 401);
    let again = scene.token(
        "/oauth2/token",
        &[("grant_type", "refresh_token"), ("refresh_token", refresh)],
    );
    assert_eq!(
        (again.status, json(&again)["error"].as_str()),
        (400, Some("invalid_grant"))
    );
    let mut late = redeem;
    late[1].1 = &unredeemed;
    let late = scene.token("/oauth2/token", &late);
    assert_eq!(
        (late.status, json(&late)["error"].as_str()),
        (400, Some("invalid_grant"))
    );
    assert!(text(&browser.get("/account/applications")).contains("There are none"));
    let question = browser.get(&request("/oauth2/authorize", ""));
    assert_eq!(question.status, 200, "it has to ask again");
    assert_eq!(scene.browser().get("/account/applications").status, 303);
}

#[test]
fn logging_out_ends_the_session_and_leads_where_the_client_may_send_people() {
    let scene = Scene::new();
    let mut browser = scene.logged_in();
    let session = browser.cookies.clone();
    assert_eq!(browser.get("/account/tokens").status, 200);
    let bye = "client_id=app&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&state=x";
    let page = browser.get(&format!("/oauth2/endsession?{bye}"));
    is_page(&page);
    assert!(page.field("content-security-policy")[0].contains("form-action 'self' https://app.example;"));
    let forged = browser.post(
        "/account/logout",
        &[("form_token", "0"), ("return", "/oauth2/endsession")],
    );
    assert_eq!(forged.status, 403);
    assert_eq!(
        browser.get("/account/tokens").status,
        200,
        "a form from elsewhere logs nobody out"
    );
    let sent = location(&browser.submit(&text(&page), "/account/logout", &[]));
    assert_eq!(sent, "https://app.example/bye?state=x");
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    browser.cookies = session;
    assert_eq!(
        browser.get("/account/tokens").status,
        303,
        "the old cookie is of no use"
    );

    let mut browser = scene.logged_in();
    let page = text(&browser.get("/account/logout"));
    let done = browser.submit(&page, "/account/logout", &[]);
    is_page(&done);
    assert!(text(&done).contains("You are logged out"), "{}", text(&done));
    assert_eq!(browser.get("/account/tokens").status, 303);
    let elsewhere = "client_id=app&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F";
    let refused = scene.logged_in().get(&format!("/oauth2/endsession?{elsewhere}"));
    assert!(
        refused.field("location").is_empty() && !text(&refused).contains("evil.example\""),
        "{}",
        text(&refused)
    );
}
