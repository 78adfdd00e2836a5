//! From the attributes of a request to what `/check` goes by.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tollgate::{NetworkRule, is_spelt_like_ours};

use super::messages::{Attributes, HttpRequest};
use crate::forwarded::{self, Contradiction, Target, method_token, origin_form};
use crate::parts::{FORM_LEN_MAX, UnreadableForm, is_form};

/// The fields that a decision may depend on; no other is copied.
static READ: [HeaderName; 6] = [
    header::AUTHORIZATION,
    HeaderName::from_static("x-cdata-authtoken"),
    header::ORIGIN,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::CONTENT_TYPE,
    forwarded::ADDRESSES,
];

/// Envoy's note that it sends the beginning of a body and not all of it.
const PARTIAL_BODY: &str = "x-envoy-auth-partial-body";

/// The address of the client: the peer of Envoy's connection, and where that is one of `proxies`, whom it speaks for. None
/// where it came through a pipe.
pub(super) fn client(attributes: &Attributes, headers: &HeaderMap, proxies: &[NetworkRule]) -> Option<IpAddr> {
    let address = attributes.source.as_ref()?.address.as_ref()?.socket_address.as_ref()?;
    let peer: IpAddr = address.address.parse().ok()?;
    forwarded::client(headers, peer, proxies)
}

/// Name and value of every field line, from whichever of the two lists Envoy was told to fill. Where both are there, both
/// are heard, so that a credential in each is one too many.
fn lines(http: &HttpRequest) -> impl Iterator<Item = (&str, &[u8])> {
    let raw = http.header_map.iter().flat_map(|map| &map.headers);
    http.headers.iter().chain(raw).map(|line| {
        let value = if line.raw_value.is_empty() {
            line.value.as_bytes()
        } else {
            line.raw_value.as_slice()
        };
        (line.key.as_str(), value)
    })
}

/// The fields that `/check` reads. A value that no field can hold counts as repeated, so that what it stands for is
/// refused and not overlooked.
pub(super) fn headers(http: &HttpRequest) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines(http) {
        let Some(name) = READ.iter().find(|read| name.eq_ignore_ascii_case(read.as_str())) else {
            continue;
        };
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
    headers
}

/// The method and URI, of which pseudo header fields, where they are sent, must say the same.
pub(super) fn target(http: &HttpRequest) -> Result<Target<'_>, Contradiction> {
    for (name, value) in lines(http) {
        match name {
            ":method" if value != http.method.as_bytes() => return Err(Contradiction::Disagree("method")),
            ":path" if value != http.path.as_bytes() => return Err(Contradiction::Disagree("URI")),
            _ => {}
        }
    }
    Ok(Target {
        method: method_token(http.method.as_bytes())?,
        ..origin_form(http.path.as_bytes())?
    })
}

/// The body, where it is a form and Envoy was told to send bodies.
///
/// # Errors
///
/// [`UnreadableForm`] where it is longer than any that is looked through, or Envoy has cut it off.
pub(super) fn form(http: &HttpRequest, headers: &HeaderMap) -> Result<Option<Bytes>, UnreadableForm> {
    if !is_form(headers) {
        return Ok(None);
    }
    let body = if http.raw_body.is_empty() {
        http.body.as_bytes()
    } else {
        http.raw_body.as_slice()
    };
    let partial = lines(http).any(|(name, value)| name == PARTIAL_BODY && value != b"false");
    if partial || body.len() > FORM_LEN_MAX {
        return Err(UnreadableForm);
    }
    Ok(Some(Bytes::copy_from_slice(body)))
}

/// The names of all fields that some upstream may read as one of Tollgate's, whether they are spelt so or not.
pub(super) fn spellings(http: &HttpRequest) -> Vec<String> {
    let names = lines(http).map(|(name, _)| name.to_ascii_lowercase());
    names.filter(|name| is_spelt_like_ours(name.as_bytes())).collect()
}
