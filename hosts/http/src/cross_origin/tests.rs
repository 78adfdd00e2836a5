//! What a browser is told, and which origins can be named.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::routing::post;
use tower::ServiceExt as _;

use super::*;

const APP: &str = "https://app.example";

/// The answer to a request for a route that takes POST, behind the layer where there is one.
fn answer(allowed: Option<&CrossOrigin>, method: &str, origin: &str) -> Response<Body> {
    let router = Router::new().route("/v1/check", post(|| async { "done" }));
    let router = match allowed {
        Some(allowed) => router.layer(allowed.layer()),
        None => router,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = Request::builder()
        .method(method)
        .uri("/v1/check")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization");
    runtime.block_on(async { router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap() })
}

fn field<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn a_page_of_a_named_origin_may_ask_and_others_may_not() {
    let allowed = CrossOrigin::new(&["http://localhost:3000", APP], true).unwrap();
    let preflight = answer(Some(&allowed), "OPTIONS", APP);
    assert_eq!(preflight.status(), 200);
    assert_eq!(field(&preflight, "access-control-allow-origin"), Some(APP));
    assert_eq!(field(&preflight, "access-control-allow-credentials"), Some("true"));
    assert!(field(&preflight, "access-control-allow-methods").is_some_and(|all| all.contains("POST")));
    assert!(field(&preflight, "access-control-allow-headers").is_some_and(|all| all.contains("authorization")));
    assert!(
        field(&preflight, "vary").is_some_and(|vary| vary.contains("origin")),
        "caches tell origins apart"
    );
    let asked = answer(Some(&allowed), "POST", APP);
    assert_eq!(
        (asked.status().as_u16(), field(&asked, "access-control-allow-origin")),
        (200, Some(APP))
    );
    for stranger in [
        "https://app.example.evil",
        "http://app.example",
        "https://app.example:8443",
        "null",
    ] {
        for method in ["OPTIONS", "POST"] {
            let answer = answer(Some(&allowed), method, stranger);
            assert_eq!(
                field(&answer, "access-control-allow-origin"),
                None,
                "{method} {stranger}"
            );
        }
    }
}

#[test]
fn every_origin_may_ask_only_without_credentials() {
    let allowed = CrossOrigin::new(&["*"], false).unwrap();
    let preflight = answer(Some(&allowed), "OPTIONS", APP);
    assert_eq!(field(&preflight, "access-control-allow-origin"), Some("*"));
    assert_eq!(field(&preflight, "access-control-allow-credentials"), None);
    let refused = CrossOrigin::new(&["*"], true).unwrap_err();
    assert!(refused.to_string().contains("name the origins"), "{refused}");
}

#[test]
fn where_it_is_off_nothing_is_said() {
    let preflight = answer(None, "OPTIONS", APP);
    assert_eq!(preflight.status(), 405);
    assert_eq!(field(&preflight, "access-control-allow-origin"), None);
}

#[test]
fn only_what_browsers_send_is_an_origin() {
    for origin in [
        APP,
        "http://localhost:3000",
        "https://[::1]:8443",
        "https://xn--bcher-kva.example",
    ] {
        assert!(
            CrossOrigin::new(&[origin], true).is_ok_and(|allowed| allowed.origins.is_some()),
            "{origin}"
        );
    }
    for origin in [
        "null",
        "app.example",
        "https://app.example/",
        "https://app.example/path",
        "https://App.example",
        "https://user@app.example",
        "https://app.example:443",
        "http://app.example:80",
        "ftp://app.example",
        "https://*.app.example",
        "https://",
        "",
        "*, https://app.example",
    ] {
        let named = CrossOrigin::new(&[APP, origin], false);
        assert_eq!(named, Err(CrossOriginError::NoOrigin { number: 2 }), "{origin}");
    }
    assert_eq!(
        CrossOrigin::new(&["*", APP], false),
        Err(CrossOriginError::NoOrigin { number: 1 })
    );
}
