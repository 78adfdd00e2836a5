//! The edge around a route that reads its body whole.

use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, HttpBody, to_bytes};
use axum::routing::post;
use hyper::body::Frame;
use tollgate::{Engine, OpenOptions, PepperKey};
use tower::ServiceExt as _;

use super::*;
use crate::bounds::Bounds;
use crate::host::HostOptions;

/// A body of which one byte has come, and nothing more will.
struct Unfinished(bool);

impl HttpBody for Unfinished {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Pending
        } else {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }
}

/// Status, `Connection` and text of the answer to a POST.
fn answer(path: &str, body: Body) -> (u16, bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::new().create(true).key(PepperKey::from_bytes([1; 32]));
    let engine: Engine = options.open(folder.path().join("tollgate.redb")).unwrap();
    let bounds = Bounds {
        body_len_max: 8,
        body_within: Duration::from_millis(50),
        ..Bounds::default()
    };
    let options = HostOptions {
        bounds,
        ..HostOptions::default()
    };
    let host = Host::new(engine, options);
    let route = post(|body: Bytes| async move { body.len().to_string() });
    let router = Router::new()
        .route("/v1/len", route.clone())
        .route("/check", route)
        .layer(Edge::of(host));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let request = Request::post(path).body(body).unwrap();
        let (head, body) = router.oneshot(request).await.unwrap().into_parts();
        assert!(head.headers.contains_key(REQUEST_ID));
        let text = String::from_utf8(to_bytes(body, 1_000).await.unwrap().to_vec()).unwrap();
        let closes = head
            .headers
            .get(header::CONNECTION)
            .is_some_and(|field| field == "close");
        (head.status.as_u16(), closes, text)
    })
}

#[test]
fn a_body_within_the_bounds_passes_and_a_longer_one_is_answered_with_its_bound() {
    assert_eq!(answer("/v1/len", Body::empty()), (200, false, "0".to_owned()));
    assert_eq!(answer("/v1/len", Body::from("12345678")), (200, false, "8".to_owned()));
    let (status, closes, text) = answer("/v1/len", Body::from("123456789"));
    assert_eq!((status, closes), (413, true));
    assert!(text.contains("at most 8 bytes"), "{text}");
}

#[test]
fn a_body_that_does_not_end_is_given_up_in_time() {
    let (status, closes, text) = answer("/v1/len", Body::new(Unfinished(false)));
    assert_eq!((status, closes), (408, true));
    assert!(text.contains("within 0.05 seconds"), "{text}");
}

/// It answers by its own table, in which each status means a decision.
#[test]
fn the_answers_of_checks_are_left_alone() {
    let (status, _, text) = answer("/check", Body::from("123456789"));
    assert!(status >= 400 && !text.contains("at most 8 bytes"), "{status} {text}");
    assert_ne!(answer("/check", Body::new(Unfinished(false))).0, 408);
}
