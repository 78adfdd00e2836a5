//! What clients can hold on to, and for how long.

use std::time::Duration;

/// The bounds of a server. Each is a promise to everybody else who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at a time. For the next one, those that have let the server wait longest are ended, be they idle or
    /// slow; where none has for a quarter of a second, it waits.
    pub connections_most: usize,
    /// How long the head of a request may take to arrive, and how long an idle connection is kept. A TLS handshake has
    /// as much time.
    pub head_within: Duration,
    /// Header fields of a request; more are answered with 431.
    pub fields_most: usize,
    /// Bytes of the head of a request, at least 8,192; more are answered with 431.
    pub head_len_max: usize,
    /// How long the body of a request may take to arrive whole; a later one is answered with 408.
    pub body_within: Duration,
    /// Bytes of the body of a request; more are answered with 413. A form at `/check` has a lower bound of its own.
    pub body_len_max: usize,
    /// Requests at a time on one HTTP/2 connection; more are refused, to be tried again.
    pub streams_most: u32,
    /// Permits that are held at a time for requests elsewhere; a check that wants one more is denied.
    pub permits_most: usize,
    /// Followers that wait for changes at a time, and never more than half as many as there may be connections; one more is
    /// answered with 503.
    pub polls_most: usize,
    /// How long requests under way may take to end once the server stops.
    pub stop_within: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections_most: 4_096,
            head_within: Duration::from_secs(15),
            fields_most: 128,
            head_len_max: 64 * 1024,
            body_within: Duration::from_secs(30),
            body_len_max: 2 * 1024 * 1024,
            streams_most: 128,
            permits_most: 65_536,
            polls_most: 1_024,
            stop_within: Duration::from_secs(10),
        }
    }
}
