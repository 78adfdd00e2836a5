//! One line in the log for each request.
//!
//! It has what is needed to find the request again and to see how it went: never a header field, never a body, and no
//! query, which may hold a credential. A poll of the feed that went well is told of at the level of debugging alone.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Request};

/// The longest part of a path that is logged.
const PATH_LEN_MAX: usize = 512;

/// Below this, paths name permits, and whoever knows one can release it.
const PERMITS: &str = "/v1/permits/";

/// Where followers ask for news.
const POLLS: &str = "/feed/v1/changes";

/// How every token of ours begins.
const TOKEN: &str = "tg_";

/// What is said of a request once its answer is there.
pub(super) struct Access {
    method: Method,
    path: String,
    client: Option<IpAddr>,
}

impl Access {
    /// Of a request from `client`; none where nobody would read it.
    pub(super) fn of<B>(request: &Request<B>, client: impl FnOnce(&HeaderMap) -> Option<IpAddr>) -> Option<Self> {
        tracing::enabled!(target: "tollgate::access", tracing::Level::INFO).then(|| Self {
            method: request.method().clone(),
            path: shown(request.uri().path()),
            client: client(request.headers()),
        })
    }

    pub(super) fn write(&self, status: u16, took: Duration) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "tollgate::access",
                    method = self.method.as_str(),
                    path = self.path.as_str(),
                    status,
                    took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                    client = self.client.map(tracing::field::display),
                    "answered"
                )
            };
        }
        // Every worker of every proxy asks every few seconds for as long as it lives; the metrics tell of those who do not.
        if self.path == POLLS && status == 200 {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// A path as it is logged. Whoever writes a token for an id has written it down in enough places.
fn shown(path: &str) -> String {
    if path.starts_with(PERMITS) {
        return format!("{PERMITS}…");
    }
    if path.contains(TOKEN) {
        let segments = path
            .split('/')
            .map(|segment| if segment.contains(TOKEN) { "…" } else { segment });
        return shown(&segments.collect::<Vec<_>>().join("/"));
    }
    let end = path.floor_char_boundary(PATH_LEN_MAX);
    match path.get(..end) {
        Some(begin) if begin.len() < path.len() => format!("{begin}…"),
        Some(_) | None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_are_cut_and_permits_are_not_named() {
        assert_eq!(shown("/check/a/b"), "/check/a/b");
        assert_eq!(shown("/v1/permits/tp_secret"), "/v1/permits/…");
        assert_eq!(shown("/v1/permits"), "/v1/permits");
        assert_eq!(
            shown("/admin/v1/authtokens/tg_at_secret/revoke"),
            "/admin/v1/authtokens/…/revoke"
        );
        let long = format!("/{}", "ä".repeat(PATH_LEN_MAX));
        let cut = shown(&long);
        assert!(cut.ends_with("ä…") && cut.len() <= PATH_LEN_MAX + "…".len(), "{cut}");
    }
}
