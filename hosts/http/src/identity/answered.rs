//! From an answer of the authorization server to one of HTTP.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use tollgate_oauth::{Activity, Answer};

use crate::host::Host;
use crate::lane::Overloaded;

/// The answer as it is sent; counted, and told of in the log.
pub(super) fn answered(host: &Host, answer: Answer) -> Response {
    note(host, &answer.activity);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    for (name, value) in answer.fields {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) else {
            // Invariant: its fields are visible ASCII. An answer without one of them is not what was meant.
            tracing::error!(field = name, "an answer cannot be carried");
            return fault(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "the answer cannot be carried",
            );
        };
        response.headers_mut().insert(name, value);
    }
    response
}

/// Counts what was asked for, and tells the log: names of ours and of clients that exist, nothing else that a caller wrote.
pub(crate) fn note(host: &Host, activity: &Activity) {
    let Activity {
        client,
        asked,
        outcome,
        reason,
    } = activity;
    host.metrics().count_activity(client.as_deref(), asked, outcome);
    tracing::info!(
        client_id = client.as_deref(),
        asked,
        outcome,
        reason,
        "the authorization server was asked"
    );
}

/// What a caller is told when there is too much to do.
pub(super) fn overloaded() -> Response {
    let mut answer = fault(
        StatusCode::SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        "there is too much to do at the moment: try again in a second",
    );
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(Overloaded::RETRY_AFTER_S));
    answer
}

/// An error in the form of RFC 6749 section 5.2, for what goes wrong before the authorization server has heard of it.
pub(super) fn fault(status: StatusCode, code: &str, description: &str) -> Response {
    let text = serde_json::json!({ "error": code, "error_description": description }).to_string();
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}
