//! What goes out to a third party and what comes back, as values.

use tollgate_oauth::form;
use url::Url;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The most bytes of an answer that are read, unless a request wants fewer.
pub const ANSWER_BYTES_MOST: usize = 65_536;

/// The two methods that are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are HTTP's")]
pub enum Method {
    Get,
    Post,
}

/// One request. It holds secrets, so there is no `Debug`.
pub struct OutboundRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) accept: &'static str,
    pub(crate) authorization: Option<Secret>,
    pub(crate) form: Option<Zeroizing<String>>,
    pub(crate) near_hosts: Vec<String>,
    pub(crate) answer_bytes_most: usize,
}

impl OutboundRequest {
    /// A GET of `url`.
    pub fn fetch(url: Url, accept: &'static str) -> Self {
        Self {
            method: Method::Get,
            url,
            accept,
            authorization: None,
            form: None,
            near_hosts: Vec::new(),
            answer_bytes_most: ANSWER_BYTES_MOST,
        }
    }

    /// A POST of a form.
    pub fn submit<'a>(url: Url, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            method: Method::Post,
            form: Some(Zeroizing::new(form::write(pairs))),
            ..Self::fetch(url, "application/json")
        }
    }

    /// With this in `Authorization`.
    #[must_use]
    pub fn authorized(mut self, authorization: Secret) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// With hosts that may have an address of the house, as their URLs spell them.
    #[must_use]
    pub fn near(mut self, hosts: &[String]) -> Self {
        self.near_hosts = hosts.to_vec();
        self
    }

    /// With at most `bytes` of an answer.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.answer_bytes_most = bytes;
        self
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// What a third party said, whatever its status. It may hold secrets, so there is no `Debug`.
pub struct OutboundAnswer {
    /// The status. Redirects are not followed, so 3xx come here too.
    pub status: u16,
    /// The field `Content-Type`, where it is text.
    pub content_type: Option<String>,
    /// The field `Retry-After`, where it is text.
    pub retry_after: Option<String>,
    /// All of the body.
    pub body: Zeroizing<Vec<u8>>,
}
