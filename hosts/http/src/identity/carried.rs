//! A request as the authorization server is handed it: head and body whole, and owned, so that another thread may have it.

use std::net::IpAddr;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::Response;
use tollgate::Field;
use tollgate_oauth::Call;

use super::admitted::Peer;
use super::answered::fault;

/// What is kept of a request. It has no `Debug`, because it holds credentials.
pub(crate) struct Carried {
    method: Method,
    authorization: Vec<HeaderValue>,
    content_type: Option<HeaderValue>,
    query: Option<String>,
    body: Bytes,
    pub(crate) peer: Option<IpAddr>,
}

impl Carried {
    /// Reads a request to its end.
    ///
    /// # Errors
    ///
    /// The answer to one that is longer than any that is read, or breaks off.
    pub(crate) async fn read(request: Request<Body>) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, Call::BODY_MOST).await else {
            // The edge says so in words of its own where the body was late, or too long for anybody.
            let detail = format!(
                "expected a body of at most {} bytes that arrives whole",
                Call::BODY_MOST
            );
            return Err(fault(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", &detail));
        };
        let lines = head.headers.get_all(header::AUTHORIZATION).iter();
        Ok(Self {
            method: head.method,
            authorization: lines.take(2).cloned().collect(),
            content_type: content_type(&head.headers),
            query: head.uri.query().map(str::to_owned),
            body,
            peer: head.extensions.get::<Peer>().and_then(|peer| peer.0),
        })
    }

    /// A request as if a browser asked for it by GET with this query.
    pub(crate) fn asking(query: String, peer: Option<IpAddr>) -> Self {
        Self {
            method: Method::GET,
            authorization: Vec::new(),
            content_type: None,
            query: (!query.is_empty()).then_some(query),
            body: Bytes::new(),
            peer,
        }
    }

    /// The same, as it is handed on.
    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            method: self.method.as_str().as_bytes(),
            authorization: Field::collect(self.authorization.iter().map(HeaderValue::as_bytes)),
            content_type: self.content_type.as_ref().map(HeaderValue::as_bytes),
            query: self.query.as_deref(),
            body: &self.body,
            peer: self.peer,
        }
    }
}

/// The one content type. Two of them are none that anybody reads.
fn content_type(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let line = lines.next()?;
    match lines.next() {
        None => Some(line.clone()),
        Some(_) => Some(HeaderValue::from_static("")),
    }
}
