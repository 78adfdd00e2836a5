//! From an HTTP request to the parts that the core decides by.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tollgate::{Field, RequestParts, announces_form};

use crate::forwarded::Target;

/// The longest form that is looked through for a credential.
pub(crate) const FORM_LEN_MAX: usize = 64 * 1024;

/// How long a form may take to arrive.
const FORM_WITHIN: Duration = Duration::from_secs(10);

/// A body that was announced as a form and cannot be looked through, so that it may hide a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadableForm;

impl fmt::Display for UnreadableForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The form is longer than {FORM_LEN_MAX} bytes or did not arrive whole within {} seconds.",
            FORM_WITHIN.as_secs()
        )
    }
}

/// The facts of a request about `target` that `client` sent with `headers`.
pub(crate) fn request_parts<'a>(
    target: Target<'a>,
    headers: &'a HeaderMap,
    client: Option<IpAddr>,
    form: Option<&'a [u8]>,
) -> RequestParts<'a> {
    let preflight = target.method == b"OPTIONS"
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    RequestParts {
        method: target.method,
        path: target.path,
        query: target.query,
        form,
        peer: client,
        authorization: lines(headers, "authorization"),
        authtoken: lines(headers, "x-cdata-authtoken"),
        preflight,
        scopes: &[],
    }
}

/// Parts that the core refuses as malformed at the gate where credentials are read, and no earlier: the network rules
/// are asked first even for a request that contradicts itself.
pub(crate) fn unreadable_parts(client: Option<IpAddr>) -> RequestParts<'static> {
    RequestParts {
        peer: client,
        authorization: Field::Repeated,
        ..RequestParts::default()
    }
}

/// The fields that [`request_parts`] reads of a request; [`read_form`] reads its content type.
static READ: [HeaderName; 4] = [
    header::AUTHORIZATION,
    HeaderName::from_static("x-cdata-authtoken"),
    header::ORIGIN,
    header::ACCESS_CONTROL_REQUEST_METHOD,
];

/// Adds a field line that somebody tells of, where a decision may depend on it; names are compared without case. A value
/// that no field can hold counts as repeated, so that what it stands for is refused and not overlooked.
pub(crate) fn hear(headers: &mut HeaderMap, name: &str, value: &[u8]) {
    let Some(name) = READ.iter().find(|read| name.eq_ignore_ascii_case(read.as_str())) else {
        return;
    };
    if headers.get_all(name).iter().nth(1).is_some() {
        // Repeated is repeated, however often.
        return;
    }
    match HeaderValue::from_bytes(value) {
        Ok(value) => {
            headers.append(name, value);
        }
        Err(_) => {
            headers.append(name, HeaderValue::from_static(""));
            headers.append(name, HeaderValue::from_static(""));
        }
    }
}

/// Every line of one field, so that the core can tell repetition apart.
fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Field<'a> {
    Field::collect(headers.get_all(name).iter().map(HeaderValue::as_bytes))
}

/// The body, where it is a form; an absent body is an empty form.
///
/// # Errors
///
/// [`UnreadableForm`] where it is longer than 64 KiB, breaks off, or takes longer than ten seconds.
pub(crate) async fn read_form(headers: &HeaderMap, body: Body) -> Result<Option<Bytes>, UnreadableForm> {
    if !is_form(headers) {
        return Ok(None);
    }
    match tokio::time::timeout(FORM_WITHIN, to_bytes(body, FORM_LEN_MAX)).await {
        Ok(Ok(form)) => Ok(Some(form)),
        Ok(Err(_)) | Err(_) => Err(UnreadableForm),
    }
}

/// Whether the body is announced as a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    lines.any(|line| announces_form(line.as_bytes()))
}
