//! Why a request was not carried out, as a problem document (RFC 9457).
//!
//! A problem repeats nothing that its caller wrote: what stands in the wrong place may be a secret.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What comes before the name of a problem.
const KINDS: &str = "urn:tollgate:problem:";

/// A problem with the header fields that go with it.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    shown: ProblemShown,
    fields: Vec<(HeaderName, HeaderValue)>,
}

/// Why a request was not carried out (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemShown {
    /// Names the kind of problem; it stays what it is.
    #[schema(
        pattern = "^(urn:tollgate:problem:[a-z0-9-]+|about:blank)$",
        example = "urn:tollgate:problem:no-such-user"
    )]
    r#type: String,
    /// The kind in words.
    title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was expected, what came, and what to do next.
    detail: String,
    /// The field of the body that the problem is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
    /// The line of the body where it was found; the first is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    line: Option<usize>,
}

impl Problem {
    /// A problem of a kind, which is a word in kebab case.
    pub(crate) fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            shown: ProblemShown {
                r#type: format!("{KINDS}{kind}"),
                title: title.to_owned(),
                status: status.as_u16(),
                detail: detail.into(),
                field: None,
                line: None,
            },
            fields: Vec::new(),
        }))
    }

    /// There is nothing at a path.
    pub(crate) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here", detail)
    }

    /// A query, a field of the head or a path that cannot be read.
    pub(crate) fn malformed(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, "The request cannot be read", detail)
    }

    /// JSON that says something which cannot be.
    pub(crate) fn unprocessable(kind: &str, detail: impl Into<String>) -> Self {
        let title = "The request asks for what cannot be";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail)
    }

    /// A record that is not as its caller has seen it.
    pub(crate) fn changed() -> Self {
        let detail =
            "expected the record as it was when it was read, but it has changed since: read it again, then decide";
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "changed",
            "The record has changed",
            detail,
        )
    }

    /// A fault of ours.
    pub(crate) fn unexpected() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unexpected",
            "The server has failed",
            "The request met a fault of the server; whether a change was made is not known, so look before you repeat \
             it. The log tells more under the id of this request.",
        )
    }

    /// The same problem under another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self.0.shown.status = status.as_u16();
        self
    }

    /// With the place in the body that it is about.
    pub(crate) fn at(mut self, field: Option<String>, line: usize) -> Self {
        self.0.shown.field = field;
        self.0.shown.line = (line > 0).then_some(line);
        self
    }

    /// With a header field on its answer.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.fields.push((name, value));
        self
    }

    /// The status of its answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { status, shown, fields } = *self.0;
        // Texts and numbers always encode; an empty body would still be a refusal.
        let mut answer = Response::new(Body::from(serde_json::to_vec(&shown).unwrap_or_default()));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in fields {
            headers.append(name, value);
        }
        answer
    }
}
