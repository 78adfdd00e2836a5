//! Which pages of other origins a browser lets ask (CORS). Off unless it is set, and for the JSON interfaces alone.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// How long a browser may keep the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Methods of the JSON interfaces.
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Fields that a page may send.
const ASKED: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-request-id"),
];

/// Fields that a page may read.
const ANSWERED: [HeaderName; 7] = [
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("x-request-id"),
];

/// The origins that may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossOrigin {
    /// None for every origin.
    origins: Option<Vec<HeaderValue>>,
    credentials: bool,
}

/// Origins that cannot be allowed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossOriginError {
    /// A text that is no origin.
    #[error(
        "expected origins as browsers send them, such as https://app.example or http://localhost:3000 (in small letters, no path, no slash at the end), or `*` alone; number {number} is none"
    )]
    NoOrigin {
        /// Its place in the list, counted from 1.
        number: usize,
    },
    /// Every origin may ask, with the caller's cookies.
    #[error(
        "expected origins by name beside credentials, but found `*`: any page could then act for whoever looks at it; name the origins, or leave credentials off"
    )]
    Everybody,
}

impl CrossOrigin {
    /// Lets pages of `origins` ask, or of every origin where that is `*` alone; `credentials` says whether browsers may
    /// send cookies and client certificates along.
    pub fn new(origins: &[impl AsRef<str>], credentials: bool) -> Result<Self, CrossOriginError> {
        if let [one] = origins
            && one.as_ref() == "*"
        {
            return match credentials {
                true => Err(CrossOriginError::Everybody),
                false => Ok(Self {
                    origins: None,
                    credentials,
                }),
            };
        }
        let named = origins
            .iter()
            .enumerate()
            .map(|(at, origin)| serialized(origin.as_ref()).ok_or(CrossOriginError::NoOrigin { number: at + 1 }));
        Ok(Self {
            origins: Some(named.collect::<Result<_, _>>()?),
            credentials,
        })
    }

    pub(crate) fn layer(&self) -> CorsLayer {
        let layer = CorsLayer::new()
            .allow_methods(METHODS)
            .allow_headers(ASKED)
            .expose_headers(ANSWERED)
            .max_age(MAX_AGE);
        match &self.origins {
            None => layer.allow_origin(Any),
            Some(origins) => layer
                .allow_origin(AllowOrigin::list(origins.iter().cloned()))
                .allow_credentials(self.credentials),
        }
    }
}

/// An origin as browsers write it (RFC 6454 section 6.2), and so as it must be to be found equal.
fn serialized(origin: &str) -> Option<HeaderValue> {
    let (scheme, host) = origin.split_once("://")?;
    let uri: Uri = origin.parse().ok()?;
    let authority = uri.authority()?;
    let default_port = matches!(
        (scheme, authority.port_u16()),
        ("http", Some(80)) | ("https", Some(443))
    );
    let plain = matches!(scheme, "http" | "https")
        && authority.as_str() == host
        && !host.contains(['@', '*'])
        && !host.bytes().any(|byte| byte.is_ascii_uppercase())
        && !default_port;
    plain.then(|| HeaderValue::from_str(origin).ok()).flatten()
}

#[cfg(test)]
mod tests;
