//! Tokens that were made a moment ago, kept until their page has shown them once.
//!
//! A form is answered with a redirect, so that loading its page again makes no second token; the secret waits here for the page
//! that follows. It is in memory alone, for a minute, and bound to the session that made it.

use parking_lot::Mutex;
use tollgate::{Timestamp, TokenId};
use zeroize::Zeroizing;

/// For so long a secret waits.
const KEPT_MS: u64 = 60_000;

/// Secrets that wait at a time; one more takes the place of the oldest.
const MOST: usize = 1_024;

/// A token with its secret. It has no `Debug`.
pub(super) struct Fresh {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) token: Zeroizing<String>,
}

/// The tokens of all sessions, oldest first.
#[derive(Default)]
pub(super) struct Made(Mutex<Vec<Waiting>>);

struct Waiting {
    session: blake3::Hash,
    since: Timestamp,
    fresh: Fresh,
}

impl Made {
    /// Keeps what `session` has made.
    pub(super) fn keep(&self, session: &[u8], id: TokenId, name: String, token: &str, now: Timestamp) {
        let mut all = self.0.lock();
        all.retain(|waiting| !waiting.is_over(now));
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push(Waiting {
            session: named(session),
            since: now,
            fresh: Fresh {
                id: id.0,
                name,
                token: Zeroizing::new(token.to_owned()),
            },
        });
    }

    /// Hands out what `session` has made, once.
    pub(super) fn take(&self, session: &[u8], now: Timestamp) -> Vec<Fresh> {
        let mut all = self.0.lock();
        all.retain(|waiting| !waiting.is_over(now));
        let session = named(session);
        let (taken, left) = all.drain(..).partition(|waiting| waiting.session == session);
        *all = left;
        let taken: Vec<Waiting> = taken;
        taken.into_iter().map(|waiting| waiting.fresh).collect()
    }
}

impl Waiting {
    fn is_over(&self, now: Timestamp) -> bool {
        let (since, now) = (self.since.as_millis(), now.as_millis());
        !(since..since.saturating_add(KEPT_MS)).contains(&now)
    }
}

/// A session as it stands here, without its secret.
fn named(session: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key("tollgate 2026 sessions with new tokens, version 1");
    hasher.update(session);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Timestamp = Timestamp::from_seconds(1_000);

    fn taken(made: &Made, session: &[u8], now: Timestamp) -> Vec<(u64, String)> {
        let fresh = made.take(session, now).into_iter();
        fresh.map(|fresh| (fresh.id, fresh.token.to_string())).collect()
    }

    #[test]
    fn a_secret_is_handed_out_once_to_its_session_and_not_after_its_minute() {
        let made = Made::default();
        made.keep(b"one", TokenId(1), "a".to_owned(), "x", BEGIN);
        made.keep(b"two", TokenId(2), "b".to_owned(), "y", BEGIN);
        assert_eq!(taken(&made, b"three", BEGIN), []);
        assert_eq!(taken(&made, b"one", BEGIN), [(1, "x".to_owned())]);
        assert_eq!(taken(&made, b"one", BEGIN), []);
        assert_eq!(taken(&made, b"two", BEGIN.plus_millis(KEPT_MS)), []);
    }

    #[test]
    fn beyond_the_bound_the_oldest_goes() {
        let made = Made::default();
        for number in 0..=MOST as u64 {
            made.keep(b"one", TokenId(number), "a".to_owned(), "x", BEGIN);
        }
        let left = taken(&made, b"one", BEGIN);
        assert_eq!((left.len(), left[0].0), (MOST, 1));
    }
}
