//! What an operator says about the plugin, as JSON.

use serde::Deserialize;
use tollgate_core::{TokenKind, WellFormed};

/// No configuration is longer.
pub(crate) const LEN_MAX: usize = 64 * 1024;

/// A configuration that can be worked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) source: Source,
    /// How old the view may be that requests are decided by, in milliseconds.
    pub(crate) max_staleness_ms: u64,
    /// How long a request waits for the first snapshot, in milliseconds.
    pub(crate) wait_for_snapshot_ms: u64,
    /// How long a request waits for the engine to settle its credential, in milliseconds.
    pub(crate) wait_for_proof_ms: u32,
    /// How many credentials the engine is asked about at a time; none at all where it is zero.
    pub(crate) questions_most: usize,
    /// How many wait at a time, for whichever.
    pub(crate) requests_waiting_most: usize,
    /// How large this module's memory may become, in bytes.
    pub(crate) memory_most: u64,
    /// Whether the bodies of forms are read for a credential.
    pub(crate) read_forms: bool,
    /// A path at which this worker says whether it is ready; none for no such path.
    pub(crate) readiness_path: Option<String>,
}

/// Where the feed is, and under which token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) cluster: String,
    pub(crate) authority: String,
    pub(crate) feed_token: String,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    cluster: String,
    authority: String,
    #[serde(default)]
    feed_token: Option<String>,
    /// A variable of the module's environment that holds the token, because proxies show their configuration to whoever may ask
    /// them for it.
    #[serde(default)]
    feed_token_env: Option<String>,
    #[serde(default = "max_staleness_ms")]
    max_staleness_ms: u64,
    #[serde(default = "wait_for_snapshot_ms")]
    wait_for_snapshot_ms: u64,
    #[serde(default = "requests_waiting_most")]
    requests_waiting_most: usize,
    #[serde(default = "wait_for_proof_ms")]
    wait_for_proof_ms: u64,
    #[serde(default = "questions_most")]
    questions_most: u64,
    #[serde(default = "memory_most_mib")]
    memory_most_mib: u64,
    #[serde(default)]
    read_forms: bool,
    #[serde(default)]
    readiness_path: Option<String>,
}

fn max_staleness_ms() -> u64 {
    5_000
}

fn wait_for_snapshot_ms() -> u64 {
    2_000
}

fn requests_waiting_most() -> usize {
    1_024
}

fn wait_for_proof_ms() -> u64 {
    5_000
}

fn questions_most() -> u64 {
    16
}

fn memory_most_mib() -> u64 {
    768
}

/// Envoy ends a module at 1,024; what lies between is for a frame, its records, and room that is lost in pieces.
const MEMORY_MIB_MOST: u64 = 896;
/// Below this no long poll would ever end in time.
const STALENESS_MS_LEAST: u64 = 100;
const STALENESS_MS_MOST: u64 = 24 * 3_600 * 1_000;
const WAIT_MS_MOST: u64 = 60_000;
const WAITING_MOST: usize = 65_536;
const QUESTIONS_MOST: u64 = 256;

impl Configuration {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// What was expected, for the log; never the token.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(json).map_err(|error| fault(&error))?;
        let within = |key: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                Ok(value)
            } else {
                Err(format!(
                    "expected `{key}` between {least} and {most}, but found {value}"
                ))
            }
        };
        let filled = |key: &str, value: String| {
            if value.is_empty() || value.bytes().any(|byte| byte.is_ascii_control()) {
                Err(format!("expected a name under `{key}`"))
            } else {
                Ok(value)
            }
        };
        let feed_token = match (raw.feed_token, raw.feed_token_env) {
            (Some(token), None) => token,
            (None, Some(name)) => std::env::var(&name)
                .map_err(|_| format!("expected a feed token in the environment variable `{name}` of this module"))?,
            (Some(_), Some(_)) | (None, None) => {
                return Err("expected either `feed_token` or `feed_token_env`, and not both".to_owned());
            }
        };
        let token = WellFormed::parse(feed_token.as_bytes()).map(|token| token.kind());
        if token != Ok(TokenKind::Feed) {
            return Err(
                "expected a feed token under `feed_token` (or in the variable that `feed_token_env` names): `tollgate feed-token issue NAME` makes one".to_owned(),
            );
        }
        if raw.requests_waiting_most > WAITING_MOST {
            return Err(format!("expected `requests_waiting_most` up to {WAITING_MOST}"));
        }
        if raw.readiness_path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err("expected `readiness_path` to begin with a slash".to_owned());
        }
        Ok(Self {
            source: Source {
                cluster: filled("cluster", raw.cluster)?,
                authority: filled("authority", raw.authority)?,
                feed_token,
            },
            max_staleness_ms: within(
                "max_staleness_ms",
                raw.max_staleness_ms,
                STALENESS_MS_LEAST,
                STALENESS_MS_MOST,
            )?,
            wait_for_snapshot_ms: within("wait_for_snapshot_ms", raw.wait_for_snapshot_ms, 0, WAIT_MS_MOST)?,
            wait_for_proof_ms: short(within("wait_for_proof_ms", raw.wait_for_proof_ms, 1, WAIT_MS_MOST)?),
            questions_most: short(within("questions_most", raw.questions_most, 0, QUESTIONS_MOST)?) as usize,
            requests_waiting_most: raw.requests_waiting_most,
            memory_most: within("memory_most_mib", raw.memory_most_mib, 1, MEMORY_MIB_MOST)? * 1024 * 1024,
            read_forms: raw.read_forms,
            readiness_path: raw.readiness_path,
        })
    }

    /// How long the engine may hold a question for changes. Two of them fit into the time that a view may be old, so that one
    /// answer that is lost does no harm.
    pub(crate) fn poll_ms(&self) -> u32 {
        u32::try_from((self.max_staleness_ms * 2 / 5).min(20_000)).unwrap_or(20_000)
    }

    /// How long an answer may take beyond the time that the engine holds the question.
    pub(crate) fn answer_within_ms(&self) -> u32 {
        u32::try_from(self.max_staleness_ms.clamp(1_000, 5_000)).unwrap_or(5_000)
    }
}

/// Invariant: it is within bounds that are far smaller.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Says where and what, and nothing of what was found: it may be the token.
fn fault(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    // These name a key of ours or one that an operator wrote; all others may quote a value.
    let harmless = ["missing field", "unknown field", "duplicate field"];
    if harmless.iter().any(|begin| text.starts_with(begin)) {
        return format!(
            "{text}: expected `cluster`, `authority`, `feed_token` (or `feed_token_env`) and at most the other keys of the plugin"
        );
    }
    format!(
        "expected JSON with the texts `cluster`, `authority` and `feed_token` (and perhaps `max_staleness_ms`, \
         `wait_for_snapshot_ms`, …), but line {line}, column {column} is something else"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::TokenText;

    fn token(kind: TokenKind) -> String {
        TokenText::from_entropy(kind, &[9; 32]).expose().to_owned()
    }

    fn json(more: &str) -> String {
        let token = token(TokenKind::Feed);
        format!(r#"{{"cluster": "tollgate", "authority": "tollgate.internal", "feed_token": "{token}"{more}}}"#)
    }

    #[test]
    fn three_texts_are_enough() {
        let read = Configuration::read(json("").as_bytes()).unwrap();
        assert_eq!(
            (read.max_staleness_ms, read.wait_for_snapshot_ms, read.poll_ms()),
            (5_000, 2_000, 2_000)
        );
        assert!(!read.read_forms);
        assert!(!format!("{read:?}").contains("tg_fd_"), "no secret is printed");
        let read = Configuration::read(json(r#", "max_staleness_ms": 60000, "readiness_path": "/ready""#).as_bytes());
        assert_eq!(read.unwrap().poll_ms(), 20_000);
    }

    #[test]
    fn what_is_wrong_is_told_without_the_token() {
        let authtoken = json("").replace(&token(TokenKind::Feed), &token(TokenKind::Authtoken));
        let cases = [
            (String::new(), "expected JSON"),
            ("[]".to_owned(), "expected JSON"),
            (r#"{"cluster": "a"}"#.to_owned(), "missing field `authority`"),
            (json(r#", "max_stale_ms": 1"#), "unknown field `max_stale_ms`"),
            (json(r#", "max_staleness_ms": 99"#), "`max_staleness_ms` between 100"),
            (json(r#", "max_staleness_ms": "tg_fd_x""#), "expected JSON"),
            (
                json(r#", "memory_most_mib": 4096"#),
                "`memory_most_mib` between 1 and 896",
            ),
            (json(r#", "wait_for_proof_ms": 0"#), "`wait_for_proof_ms` between 1 and"),
            (json(r#", "questions_most": 257"#), "`questions_most` between 0 and 256"),
            (json(r#", "readiness_path": "ready""#), "begin with a slash"),
            (json(r#", "feed_token_env": "HOME""#), "and not both"),
            (
                r#"{"cluster": "a", "authority": "b"}"#.to_owned(),
                "either `feed_token` or",
            ),
            (
                r#"{"cluster": "a", "authority": "b", "feed_token_env": "TOLLGATE_NO_SUCH"}"#.to_owned(),
                "variable `TOLLGATE_NO_SUCH`",
            ),
            (json("").replace("tollgate.internal", ""), "a name under `authority`"),
            (authtoken, "a feed token under `feed_token`"),
        ];
        for (json, expected) in cases {
            let error = Configuration::read(json.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{json}: {error}");
            assert!(!error.contains("tg_fd_") && !error.contains("tg_at_"), "{error}");
        }
    }
}
