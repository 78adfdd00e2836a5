//! One request, as operations see it.

use axum::extract::{FromRequestParts, Path};
use axum::http::{HeaderMap, HeaderName, Uri, header, request};

use super::caller::Caller;
use super::problem::Problem;
use super::secrets::KeyDigest;
use super::tags::Tags;

/// The field that names a request for good.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest such name.
const KEY_LEN_MAX: usize = 255;

/// Who asks, for what, on which condition.
#[derive(Clone)]
pub(super) struct Call {
    caller: Caller,
    pub(super) uri: Uri,
    pub(super) if_match: Option<Tags>,
    pub(super) if_none_match: Option<Tags>,
    key: Option<KeyDigest>,
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Problem> {
        // Invariant: whoever comes here was admitted.
        let caller = parts
            .extensions
            .get::<Caller>()
            .cloned()
            .ok_or_else(Problem::unexpected)?;
        let key = key(&parts.headers)?.map(|key| named(&caller, parts.uri.path(), key));
        Ok(Self {
            caller,
            if_match: Tags::of(&parts.headers, &header::IF_MATCH)?,
            if_none_match: Tags::of(&parts.headers, &header::IF_NONE_MATCH)?,
            uri: parts.uri.clone(),
            key,
        })
    }
}

impl Call {
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Names this request among all of all callers, where its caller has named it.
    pub(super) fn key(&self) -> Option<KeyDigest> {
        self.key
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let bytes = line.as_bytes();
    let fits = (1..=KEY_LEN_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    if fits && lines.next().is_none() {
        return Ok(Some(bytes));
    }
    let detail =
        format!("expected one idempotency key of 1 to {KEY_LEN_MAX} visible ASCII characters: draw a random one");
    Err(Problem::malformed("malformed-idempotency-key", detail))
}

/// A key is good for one token and one path, so that no caller can meet another's.
fn named(caller: &Caller, path: &str, key: &[u8]) -> KeyDigest {
    let mut hasher = blake3::Hasher::new_derive_key("tollgate 2026 idempotency key of the admin API, version 1");
    hasher.update(&caller.token().to_be_bytes());
    hasher.update(&(path.len() as u64).to_be_bytes());
    hasher.update(path.as_bytes());
    hasher.update(key);
    *hasher.finalize().as_bytes()
}

/// The one variable segment of a path.
pub(super) struct Segment(pub(super) String);

/// The two variable segments of a path.
pub(super) struct Segments(pub(super) String, pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(segment)) => Ok(Self(segment)),
            Err(_) => Err(malformed_path()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((first, second))) => Ok(Self(first, second)),
            Err(_) => Err(malformed_path()),
        }
    }
}

fn malformed_path() -> Problem {
    let detail = "expected a path in UTF-8, but some percent escapes are not";
    Problem::malformed("malformed-path", detail)
}
