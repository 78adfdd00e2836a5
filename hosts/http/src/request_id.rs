//! The name of a request, by which its log lines and its answer are found again.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tollgate::{Entropy as _, SystemEntropy};

use crate::sync::{AtomicU64, Ordering};

/// The field that a trusted proxy names a request in, and that every answer has.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that a proxy may give.
const LEN_MAX: usize = 128;

/// What a request is called: visible ASCII, and so a header field and a word in a log line as it is.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The name that a proxy gave: one line of 1 to 128 visible ASCII characters.
    pub(crate) fn given(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(REQUEST_ID).iter();
        let (line, None) = (lines.next()?, lines.next()) else {
            return None;
        };
        let bytes = line.as_bytes();
        let fits = (1..=LEN_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        fits.then(|| Self(line.clone()))
    }

    pub(crate) fn field(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The name in letters.
    pub(crate) fn as_str(&self) -> &str {
        // Invariant: every name is visible ASCII.
        self.0.to_str().unwrap_or_default()
    }
}

/// Draws names that do not repeat, and that differ between processes.
pub(crate) struct Names {
    drawn: AtomicU64,
    seed: [u64; 2],
}

impl Names {
    pub(crate) fn new() -> Self {
        let mut seed = [0; 16];
        if let Err(error) = SystemEntropy.fill(&mut seed) {
            // A name is no secret: within this process the count alone tells names apart.
            tracing::warn!(%error, "the ids of requests are those of every process");
        }
        let [first, second] = [0, 64].map(|shift| (u128::from_le_bytes(seed) >> shift) as u64);
        Self {
            drawn: AtomicU64::new(0),
            seed: [first, second],
        }
    }

    pub(crate) fn draw(&self) -> RequestId {
        // Ordering: Relaxed, because a name has only to differ from all others.
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; 32];
        for (half, seed) in text.chunks_mut(16).zip(self.seed) {
            let mut word = mixed(seed.wrapping_add(count));
            for digit in half {
                *digit = match word >> 60 {
                    low @ ..10 => b'0' + low as u8,
                    high => b'a' + (high as u8 - 10),
                };
                word <<= 4;
            }
        }
        // Invariant: these are digits, so the other arm is never taken.
        RequestId(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("-")))
    }
}

/// Spreads a count over all 64 bits, no two alike (the finalizer of SplitMix64).
fn mixed(count: u64) -> u64 {
    let mut word = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn given(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(REQUEST_ID, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        RequestId::given(&headers).map(|id| id.as_str().to_owned())
    }

    #[test]
    fn a_name_that_was_given_is_short_visible_and_alone() {
        let longest = "x".repeat(LEN_MAX);
        for name in ["a", "0b3a-7e:1/2=!~", longest.as_str()] {
            assert_eq!(given(&[name]).as_deref(), Some(name));
        }
        let too_long = "x".repeat(LEN_MAX + 1);
        for lines in [
            [].as_slice(),
            &[""],
            &["a b"],
            &["a\tb"],
            &["\u{e4}"],
            &["a", "a"],
            &[too_long.as_str()],
        ] {
            assert_eq!(given(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn names_that_are_drawn_differ() {
        let (names, others) = (Names::new(), Names::new());
        let drawn: HashSet<String> = (0..1_000)
            .flat_map(|_| [names.draw(), others.draw()])
            .map(|id| id.as_str().to_owned())
            .collect();
        assert_eq!(drawn.len(), 2_000);
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(drawn.iter().all(|name| name.len() == 32 && name.bytes().all(is_digit)));
    }
}
