//! One request on its way through a filter.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;

use crate::headers::Headers;

/// A request as a proxy hands it to a plugin.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Its fields, those of HTTP/2 (`:method`, `:path`, `:authority`, `:scheme`) among them.
    pub headers: Headers,
    /// Its body; none where it ends with the headers.
    pub body: Option<Vec<u8>>,
    /// Who asks, as `source.address` tells; none where the proxy does not say.
    pub peer: Option<SocketAddr>,
    /// Other properties, by their path with dots.
    pub properties: BTreeMap<String, Vec<u8>>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Self {
        let headers = Headers::new()
            .with(":authority", "api.example")
            .with(":path", path)
            .with(":method", method)
            .with(":scheme", "http");
        Self {
            headers,
            ..Self::default()
        }
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// From this address.
    #[must_use]
    pub fn from_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// What a property says, by its path.
    pub(crate) fn property(&self, path: &str) -> Option<Vec<u8>> {
        if let Some(value) = self.properties.get(path) {
            return Some(value.clone());
        }
        match path {
            "source.address" => Some(self.peer?.to_string().into_bytes()),
            "source.port" => Some(i64::from(self.peer?.port()).to_le_bytes().to_vec()),
            _ => None,
        }
    }
}

/// What a plugin answers itself.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalResponse {
    /// The HTTP status.
    pub status: u32,
    /// What the proxy's log is told.
    pub details: Vec<u8>,
    /// The fields, without those that a proxy adds.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for LocalResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        f.debug_struct("LocalResponse")
            .field("status", &self.status)
            .field("details", &text(&self.details))
            .field("headers", &self.headers)
            .field("body", &text(&self.body))
            .finish()
    }
}

/// What has become of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The plugin has not decided yet.
    Waiting,
    /// It goes on to the upstream with these fields.
    Passed(Headers),
    /// The plugin has answered it.
    Answered(LocalResponse),
    /// The VM is no more, so the proxy answered 503.
    Failed,
}

/// A stream inside the host.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) root: u32,
    pub(crate) request: Request,
    /// What of the body has come and was not shown to the guest, each part with whether it is the last.
    pub(crate) arrived: VecDeque<(Vec<u8>, bool)>,
    /// What was shown and has not gone on.
    pub(crate) buffered: Vec<u8>,
    pub(crate) outcome: Outcome,
    /// Whether the guest may read and change the request: until it continues.
    pub(crate) open: bool,
    /// Whether the body is called for.
    pub(crate) reads_body: bool,
}

impl Stream {
    pub(crate) fn new(root: u32, request: Request) -> Self {
        Self {
            root,
            request,
            arrived: VecDeque::new(),
            buffered: Vec::new(),
            outcome: Outcome::Waiting,
            open: true,
            reads_body: false,
        }
    }

    /// The request goes on as it now stands.
    pub(crate) fn pass(&mut self) {
        self.open = false;
        self.outcome = Outcome::Passed(self.request.headers.clone());
    }
}
