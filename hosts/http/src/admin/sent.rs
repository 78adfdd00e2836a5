//! Bodies: one JSON object of known fields.

use axum::body::{Body, to_bytes};
use axum::extract::FromRequest;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use super::problem::Problem;

/// The longest name of a field that an answer repeats.
const NAME_LEN_MAX: usize = 32;

/// What a body says.
pub(super) struct Sent<T> {
    pub(super) value: T,
    /// Tells whether another body says the same.
    pub(super) fingerprint: [u8; 32],
}

/// As [`Sent`]; no body at all is an empty object.
pub(super) struct MaybeSent<T>(pub(super) Sent<T>);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let bytes = read(body).await?;
        accept_kind(&head.headers)?;
        parsed(&bytes)
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for MaybeSent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Ok(Self(parsed(b"{}")?));
        }
        accept_kind(&head.headers)?;
        Ok(Self(parsed(&bytes)?))
    }
}

/// The whole body. It is bounded already, and whoever bounds it also answers where a bound was reached.
async fn read(body: Body) -> Result<axum::body::Bytes, Problem> {
    to_bytes(body, usize::MAX).await.map_err(|_| {
        let detail = "expected a whole body, but it broke off: send it again";
        Problem::malformed("broken-body", detail)
    })
}

fn accept_kind(headers: &HeaderMap) -> Result<(), Problem> {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (first, second) = (lines.next(), lines.next());
    let is_json = second.is_none() && first.is_some_and(|line| names_json(line.as_bytes()));
    if is_json && !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    let detail = "expected JSON, not compressed: send the body with `Content-Type: application/json`";
    let problem = Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "json-expected",
        "The body is not JSON",
        detail,
    );
    Err(problem.with(header::ACCEPT, HeaderValue::from_static("application/json")))
}

fn names_json(line: &[u8]) -> bool {
    let mut parts = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/json"));
    let is_utf8 =
        |part: &[u8]| part.eq_ignore_ascii_case(b"charset=utf-8") || part.eq_ignore_ascii_case(b"charset=\"utf-8\"");
    is_json && parts.all(|part| part.is_empty() || is_utf8(part))
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<Sent<T>, Problem> {
    let canonical: Value = serde_json::from_slice(bytes).map_err(|error| refused(&error, None))?;
    // Field by field a list would do as well, and nobody means that.
    if !canonical.is_object() {
        let detail = "expected one JSON object, but found another value";
        return Err(Problem::unprocessable("unexpected-json", detail).at(None, 1));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = plain(&error.path().to_string());
        refused(error.inner(), field)
    })?;
    // Neither blanks nor the order of fields make another body.
    let fingerprint = *blake3::hash(canonical.to_string().as_bytes()).as_bytes();
    Ok(Sent { value, fingerprint })
}

fn refused(error: &serde_json::Error, field: Option<String>) -> Problem {
    let line = error.line();
    if error.classify() != Category::Data {
        let detail = format!(
            "expected one JSON object, but line {line}, column {} is no JSON: correct it, and send it again",
            error.column()
        );
        return Problem::malformed("malformed-json", detail).at(None, line);
    }
    let words = error.to_string();
    // A field that nobody knows may be anything.
    let field = field.filter(|_| !words.starts_with("unknown field"));
    let expected = expected(&words);
    let place = field
        .as_ref()
        .map(|field| format!("at `{field}`: "))
        .unwrap_or_default();
    Problem::unprocessable("unexpected-json", format!("{place}{expected}")).at(field, line)
}

/// What was expected, in words that hold nothing of what was found.
fn expected(words: &str) -> String {
    let words = words.split(" at line ").next().unwrap_or_default();
    let ours = ["expected ", "missing field", "duplicate field"];
    if ours.iter().any(|begin| words.starts_with(begin)) {
        return words.to_owned();
    }
    // Whatever was found stands before the last of these words, which is ours.
    match words.rsplit_once(", expected ") {
        Some((_, expected)) if !words.ends_with("there are no fields") => {
            format!("expected {expected}, but found something else")
        }
        Some(_) | None => "expected an object of known fields, but found another field".to_owned(),
    }
}

/// A path of field names as an answer may repeat it; none where it is odd.
fn plain(path: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_[].".contains(&byte);
    let is_name = path.starts_with(|first: char| first.is_ascii_lowercase());
    (is_name && path.len() <= NAME_LEN_MAX && !path.starts_with("tg_") && path.bytes().all(is_plain))
        .then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only reading is tested")]
    struct Body {
        name: String,
        limit: Option<u8>,
    }

    fn refusal(body: &str) -> String {
        match parsed::<Body>(body.as_bytes()) {
            Ok(sent) => panic!("{:?}", sent.value),
            Err(problem) => format!("{} {problem:?}", problem.status().as_u16()),
        }
    }

    #[test]
    fn a_body_is_one_object_whatever_the_order_of_its_fields() {
        let fingerprint = |body: &str| parsed::<Body>(body.as_bytes()).ok().map(|sent| sent.fingerprint);
        let first = fingerprint(r#"{"name":"a","limit":5}"#);
        assert!(first.is_some());
        assert_eq!(first, fingerprint(" { \"limit\" : 5, \"name\" : \"\\u0061\" } \n"));
        assert_ne!(first, fingerprint(r#"{"name":"a","limit":6}"#));
    }

    #[test]
    fn refusals_say_where_and_never_what() {
        for (body, status, words) in [
            ("", "400", "line 1"),
            ("{", "400", "line 1"),
            ("{\n\"name\" secret", "400", "line 2"),
            (r#"{"name":"a"} secret"#, "400", "no JSON"),
            (r#"{"name":7}"#, "422", "at `name`: expected a string"),
            (r#"{"name":"a","limit":"secret"}"#, "422", "at `limit`: expected u8"),
            (r#"{"name":"a","limit":", expected secret"}"#, "422", "expected u8"),
            (r#"{"name":"a","name":"secret"}"#, "422", "duplicate field `name`"),
            (r#"{"secret":"a"}"#, "422", "expected `name` or `limit`"),
            (r#"{"expected secret":"a"}"#, "422", "expected `name` or `limit`"),
            (r#"{"tg_adm_secret":"a"}"#, "422", "expected `name` or `limit`"),
            ("{}", "422", "missing field `name`"),
            (r#""secret""#, "422", "expected one JSON object"),
            (r#"["secret"]"#, "422", "expected one JSON object"),
        ] {
            let refusal = refusal(body);
            assert!(
                refusal.starts_with(status) && refusal.contains(words),
                "{body}: {refusal}"
            );
            assert!(!refusal.contains("secret"), "{body}: {refusal}");
        }
    }

    #[test]
    fn json_is_named_as_json() {
        for kind in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(names_json(kind.as_bytes()), "{kind}");
        }
        for kind in [
            "",
            "text/json",
            "application/json; charset=latin1",
            "application/merge-patch+json",
            "application/jsonx",
        ] {
            assert!(!names_json(kind.as_bytes()), "{kind}");
        }
    }
}
