//! What somebody is told who presents no valid token: the same for every reason, and no more than so often a minute.

use std::net::IpAddr;

use axum::http::{HeaderValue, StatusCode, header};
use tollgate::Timestamp;

use super::problem::Problem;
use crate::throttle::Throttle;

/// What is guarded, in the words that differ.
pub(crate) struct Guarded {
    /// Who would be let in, for the log.
    pub(crate) whom: &'static str,
    /// The title where there is no token.
    pub(crate) required: &'static str,
    /// The challenge without an error.
    pub(crate) challenge: &'static str,
    /// The challenge where the token was no good.
    pub(crate) invalid: &'static str,
    /// What to send.
    pub(crate) detail: &'static str,
}

/// A request that lets nobody in.
#[derive(Clone, Copy)]
pub(crate) struct Stranger {
    /// Whether there is no token at all: without one nobody guesses, and nothing is counted.
    pub(crate) is_without: bool,
    /// Why, for the log.
    pub(crate) label: &'static str,
    /// Where it came from, for the log.
    pub(crate) client: Option<IpAddr>,
    /// The address that the failure is counted for; none where it is not to be counted.
    pub(crate) counted: Option<IpAddr>,
}

/// The answer to a stranger at `now`.
pub(crate) fn turned_away(guarded: &Guarded, stranger: Stranger, throttle: &Throttle, now: Timestamp) -> Problem {
    let counted = stranger.counted.filter(|_| !stranger.is_without);
    if let Err(seconds) = counted.map_or(Ok(()), |address| throttle.note(address, now)) {
        let detail =
            format!("Too many tokens from your address were no good. Send a valid one, or wait {seconds} seconds.");
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Problem::new(status, "too-many-failures", "Too many failures", detail)
            .with(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let client = stranger.client.map(tracing::field::display);
    tracing::warn!(reason = stranger.label, client, "no {} was admitted", guarded.whom);
    let (kind, title, challenge) = if stranger.is_without {
        ("missing-credential", guarded.required, guarded.challenge)
    } else {
        ("invalid-token", "The token is not valid", guarded.invalid)
    };
    Problem::new(StatusCode::UNAUTHORIZED, kind, title, guarded.detail)
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
