//! What a plugin asks of other servers.

use std::time::Duration;

use crate::headers::Headers;

/// A request that the plugin has sent and that nobody has answered yet.
#[derive(Clone, Debug)]
pub struct Callout {
    /// The number by which its answer comes.
    pub token: u32,
    /// The root context that gets the answer.
    pub root: u32,
    /// Whom it is for: the proxy's name of a group of servers.
    pub cluster: String,
    /// Its fields, `:method`, `:path` and `:authority` among them.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// After how long the proxy gives up; none is never.
    pub timeout: Option<Duration>,
    /// When it was sent, by the monotonic clock.
    pub sent_at: Duration,
}

impl Callout {
    /// Its path and query, where it is text.
    pub fn path(&self) -> &str {
        str::from_utf8(self.headers.first(":path").unwrap_or_default()).unwrap_or_default()
    }
}

/// An answer to a callout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Its fields, `:status` among them where the answer is a sane one.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Its trailers.
    pub trailers: Headers,
}

impl Response {
    /// An answer of this status.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            headers: Headers::new().with(":status", status.to_string()),
            body: body.into(),
            trailers: Headers::new(),
        }
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }
}
