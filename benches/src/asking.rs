//! Requests with a token in any of its places.

use std::net::IpAddr;

use base64ct::{Base64, Encoding as _};
use tollgate_core::{Field, RequestParts};

use crate::population::PEER;

/// How a request carries its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// `x-cdata-authtoken`.
    Header,
    /// `@authtoken` in the query, without escapes.
    Query,
    /// `@authtoken` in a form body, with an escape.
    EscapedForm,
    /// Both of the headers.
    Twice,
    /// `Authorization: Bearer`, with a slip of the pen in the last digit.
    Garbled,
    /// Not at all.
    Nowhere,
}

/// One request, owned; [`Asking::request`] borrows it.
pub struct Asking {
    authorization: Option<Vec<u8>>,
    authtoken: Option<Vec<u8>>,
    query: Option<Vec<u8>>,
    form: Option<Vec<u8>>,
    peer: IpAddr,
    path: &'static [u8],
    method: &'static [u8],
    scopes: &'static [&'static str],
}

impl Asking {
    /// A GET from [`PEER`].
    pub fn new(carrier: Carrier, token: &str, user: &str) -> Self {
        let pair = || Base64::encode_string(format!("{user}:{token}").as_bytes());
        let slipped = || {
            let last = if token.ends_with('0') { "1" } else { "0" };
            format!("{}{last}", &token[..token.len() - 1])
        };
        let authorization = match carrier {
            Carrier::Bearer | Carrier::Twice => Some(format!("Bearer {token}")),
            Carrier::Basic => Some(format!("Basic {}", pair())),
            Carrier::Garbled => Some(format!("Bearer {}", slipped())),
            Carrier::Header | Carrier::Query | Carrier::EscapedForm | Carrier::Nowhere => None,
        };
        let authtoken = matches!(carrier, Carrier::Header | Carrier::Twice).then(|| token.to_owned());
        let query = (carrier == Carrier::Query).then(|| format!("page=2&@authtoken={token}"));
        let escaped = token.replacen('_', "%5F", 1);
        let form = (carrier == Carrier::EscapedForm).then(|| format!("page=2&%40authtoken={escaped}"));
        Self {
            authorization: authorization.map(String::into_bytes),
            authtoken: authtoken.map(String::into_bytes),
            query: query.map(String::into_bytes),
            form: form.map(String::into_bytes),
            peer: PEER,
            path: b"/api/orders",
            method: b"GET",
            scopes: &[],
        }
    }

    /// The same request from another address.
    #[must_use]
    pub fn from(self, peer: IpAddr) -> Self {
        Self { peer, ..self }
    }

    /// The same request for another path.
    #[must_use]
    pub fn at(self, path: &'static [u8]) -> Self {
        Self { path, ..self }
    }

    /// The same request to a route by another method and with other scopes wanted.
    #[must_use]
    pub fn to(self, method: &'static [u8], scopes: &'static [&'static str]) -> Self {
        Self { method, scopes, ..self }
    }

    /// The parts that a host would hand in.
    pub fn request(&self) -> RequestParts<'_> {
        RequestParts {
            method: self.method,
            path: self.path,
            query: self.query.as_deref(),
            form: self.form.as_deref(),
            peer: Some(self.peer),
            authorization: self.authorization.as_deref().map_or(Field::Absent, Field::Once),
            authtoken: self.authtoken.as_deref().map_or(Field::Absent, Field::Once),
            preflight: false,
            scopes: self.scopes,
        }
    }
}
