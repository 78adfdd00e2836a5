//! Pages as they are sent: nothing in them runs, nothing frames them, nothing keeps them.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::place::Place;

/// Loads a style sheet of ours and nothing else; forms go to us, and to where an answer of ours may send them on.
fn policy(landing: Option<&str>) -> String {
    let landing = landing.map(|source| format!(" {source}")).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{landing}; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// A page with this status. `landing` is the source of the redirect in which its form may end.
pub(super) fn page(status: StatusCode, template: &impl Template, landing: Option<&str>) -> Response {
    let Ok(text) = template.render() else {
        // Writing to a string does not fail.
        tracing::error!("a page cannot be written");
        return bare(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut answer = bare(status);
    *answer.body_mut() = Body::from(text);
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    // Invariant: a source is visible ASCII. Without it a form would end nowhere, and nothing is let in.
    let policy = HeaderValue::from_str(&policy(landing));
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Sends the browser on, by GET whatever it came with.
pub(super) fn see_other(url: &str) -> Response {
    let mut answer = bare(StatusCode::SEE_OTHER);
    let Ok(location) = HeaderValue::from_str(url) else {
        tracing::error!("a redirect cannot be carried");
        return bare(StatusCode::INTERNAL_SERVER_ERROR);
    };
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

/// An answer that sets cookies, too.
pub(super) fn with_cookies(mut answer: Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    for cookie in cookies.into_iter().flatten() {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// An answer that asks to be tried again.
pub(super) fn retry_after(mut answer: Response, seconds: u32) -> Response {
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

fn bare(status: StatusCode) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// A page that says something, and where to go on.
#[derive(Template)]
#[template(path = "said.html")]
pub(super) struct Said<'a> {
    place: &'a Place,
    title: &'a str,
    text: &'a str,
    code: Option<&'a str>,
    is_fault: bool,
    /// An address of ours, and what it is called.
    next: Option<(String, &'static str)>,
}

impl<'a> Said<'a> {
    /// Something went wrong.
    pub(super) fn fault(place: &'a Place, title: &'a str, text: &'a str) -> Self {
        Self {
            place,
            title,
            text,
            code: None,
            is_fault: true,
            next: None,
        }
    }

    /// Something is done.
    pub(super) fn done(place: &'a Place, title: &'a str, text: &'a str) -> Self {
        Self {
            is_fault: false,
            ..Self::fault(place, title, text)
        }
    }

    /// With the error code that others may ask about.
    pub(super) fn code(self, code: &'a str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// With a link to a path of ours.
    pub(super) fn next(self, path: &str, words: &'static str) -> Self {
        Self {
            next: Some((self.place.path(path), words)),
            ..self
        }
    }

    pub(super) fn page(&self, status: StatusCode) -> Response {
        page(status, self, None)
    }
}
