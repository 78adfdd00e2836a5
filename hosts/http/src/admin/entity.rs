//! Records in answers: their JSON, and the tag that says which state of them it is.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tollgate::{Command, Engine, IfUnchanged, Seen};

use super::call::Call;
use super::problem::Problem;

/// What a segment of a path is written without.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b':')
    .remove(b'*');

/// Says that an answer was made before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// One record as it is shown, and its tag without quotes. The tag is strong: it is the digest of the JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entity {
    json: Vec<u8>,
    tag: String,
}

impl Entity {
    pub(super) fn of<T: Serialize>(shown: &T) -> Result<Self, Problem> {
        let json = written(shown)?;
        let tag = blake3::hash(&json).to_hex().get(..32).unwrap_or_default().to_owned();
        Ok(Self { json, tag })
    }

    /// The answer to a look at it.
    pub(super) fn found(self, call: &Call) -> Response {
        let known = call
            .if_none_match
            .as_ref()
            .is_some_and(|tags| tags.match_weakly(&self.tag));
        if !known {
            return self.answer();
        }
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        self.put_tag(&mut answer);
        answer
    }

    /// The answer to a change of it.
    pub(super) fn answer(self) -> Response {
        let mut answer = json(self.json.clone());
        self.put_tag(&mut answer);
        answer
    }

    /// The answer to its creation at `path`. `shown` stands in for the record where it says more.
    pub(super) fn created<T: Serialize>(
        self,
        path: &[&str],
        shown: Option<&T>,
        is_replayed: bool,
    ) -> Result<Response, Problem> {
        let mut answer = match shown {
            Some(shown) => json(written(shown)?),
            None => json(self.json.clone()),
        };
        *answer.status_mut() = StatusCode::CREATED;
        self.put_tag(&mut answer);
        let mut location = String::from("/admin/v1");
        for segment in path {
            location.push('/');
            location.extend(utf8_percent_encode(segment, ESCAPED));
        }
        put(&mut answer, header::LOCATION, &location);
        if is_replayed {
            put(&mut answer, REPLAYED, "true");
        }
        Ok(answer)
    }

    fn put_tag(&self, answer: &mut Response) {
        put(answer, header::ETAG, &format!("\"{}\"", self.tag));
    }
}

/// Carries `command` out; where the caller names a state of the record, only on that state. `look` answers the record as it is,
/// and a problem where there is none.
pub(super) fn change<C: Command>(
    engine: &Engine,
    call: &Call,
    look: impl FnOnce(&Engine) -> Result<(Seen, Entity), Problem>,
    command: C,
) -> Result<<C as Command>::Outcome, Problem> {
    let engine_of_caller = engine.by(call.caller().author());
    let Some(tags) = &call.if_match else {
        return Ok(engine_of_caller.execute(command)?);
    };
    let (seen, entity) = look(engine)?;
    if !tags.match_strongly(&entity.tag) {
        return Err(Problem::changed());
    }
    Ok(engine_of_caller.execute(IfUnchanged { seen, command })?)
}

/// An answer of JSON.
pub(super) fn json(text: Vec<u8>) -> Response {
    let mut answer = Response::new(Body::from(text));
    put(&mut answer, header::CONTENT_TYPE, "application/json");
    answer
}

/// What is shown, as JSON.
pub(super) fn written<T: Serialize>(shown: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(shown).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::unexpected()
    })
}

/// Sets a field to a text of visible ASCII.
pub(super) fn put(answer: &mut Response, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        answer.headers_mut().insert(name, value);
    }
}

/// The answer to a removal.
pub(super) fn gone() -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}
