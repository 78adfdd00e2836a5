//! From a verdict to a status, header fields and a problem document; only the row of a deny reason is read here.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use tollgate::{
    CLIENT_FIELD, QuotaState, Refused, SCOPE_FIELD, TOKEN_ID_FIELD, USER_FIELD, quota_fields, visible_name,
};

/// Who may pass, for the upstream to read.
pub(crate) const USER: HeaderName = HeaderName::from_static(USER_FIELD);
/// The integrated client that acts; authtokens have none.
pub(crate) const CLIENT: HeaderName = HeaderName::from_static(CLIENT_FIELD);
/// What the token is good for; authtokens have no scope.
pub(crate) const SCOPE: HeaderName = HeaderName::from_static(SCOPE_FIELD);
/// The id of the token.
pub(crate) const TOKEN_ID: HeaderName = HeaderName::from_static(TOKEN_ID_FIELD);
/// The status that this answer would have had without a profile.
pub(crate) const STATUS: HeaderName = HeaderName::from_static("x-tollgate-status");

/// Whose dialect an answer is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Every status as the table has it.
    Plain,
    /// nginx's `auth_request` turns every status but 2xx, 401 and 403 into 500, so the others become 403, and a field
    /// says what they were.
    Nginx,
}

impl Profile {
    /// Reads the parameter `profile` of the query with which a proxy asks.
    ///
    /// Where a proxy puts `/check` before the path of its request, that query is the client's. A client who writes the
    /// parameter there gets another refusal, and no permit.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        let nginx = query.unwrap_or_default().split('&').any(|pair| pair == "profile=nginx");
        if nginx { Self::Nginx } else { Self::Plain }
    }

    fn answer(self, status: StatusCode) -> StatusCode {
        match self {
            Self::Nginx if !status.is_success() && status != StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
            Self::Nginx | Self::Plain => status,
        }
    }
}

/// Whom the upstream is told that a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The user's name; empty where a request passes without a credential.
    pub(crate) user: String,
    /// The token's id; empty likewise, and for a password.
    pub(crate) token_id: String,
    /// The client that acts; empty for a user's own tokens.
    pub(crate) client: String,
    /// What the token is good for, with blanks between; empty likewise.
    pub(crate) scope: String,
}

/// The answer to a request that may pass.
pub(crate) fn permitted(identity: &Identity, quota: Option<QuotaState>, profile: Profile) -> Response {
    let mut answer = Response::new(Body::empty());
    common(&mut answer, identity, StatusCode::OK, profile);
    for (name, value) in quota.into_iter().flat_map(quota_fields) {
        let headers = answer.headers_mut();
        headers.insert(HeaderName::from_static(name), visible_as_is(&value));
    }
    answer
}

/// The answer to a request that may not.
pub(crate) fn denied(mut refused: Refused, profile: Profile) -> Response {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::FORBIDDEN);
    // The document says the status that it comes with.
    refused.status = profile.answer(status).as_u16();
    let mut answer = Response::new(Body::from(refused.document()));
    common(&mut answer, &Identity::default(), status, profile);
    let headers = answer.headers_mut();
    let mut before = None;
    for (name, value) in refused.fields() {
        // Several lines of one field follow each other; whatever else was there is replaced.
        if before == Some(name) {
            headers.append(HeaderName::from_static(name), visible_as_is(&value));
        } else {
            headers.insert(HeaderName::from_static(name), visible_as_is(&value));
        }
        before = Some(name);
    }
    answer
}

/// A problem document (RFC 9457) with the status that it names.
pub(crate) fn problem_document(status: StatusCode, kind: &str, title: &str, detail: &str) -> Response {
    #[derive(Serialize)]
    struct Problem<'a> {
        r#type: &'a str,
        title: &'a str,
        status: u16,
        detail: &'a str,
    }
    let problem = Problem {
        r#type: kind,
        title,
        status: status.as_u16(),
        detail,
    };
    // Four strings and a number always encode; an empty body would still be a refusal.
    let mut answer = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// What stands on every answer. All identity fields are always set, because a proxy that copies one that is absent
/// leaves the client's own in place.
fn common(answer: &mut Response, identity: &Identity, status: StatusCode, profile: Profile) {
    *answer.status_mut() = profile.answer(status);
    let headers = answer.headers_mut();
    headers.insert(USER, visible(&identity.user));
    headers.insert(CLIENT, visible(&identity.client));
    headers.insert(SCOPE, visible_as_is(&identity.scope));
    headers.insert(TOKEN_ID, visible(&identity.token_id));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if profile == Profile::Nginx {
        headers.insert(STATUS, HeaderValue::from(status.as_u16()));
    }
}

/// A name as a header field can carry it.
fn visible(text: &str) -> HeaderValue {
    visible_as_is(&visible_name(text))
}

/// Invariant: the text is visible ASCII with blanks, so the other arm is never taken; `%` alone encodes no name.
fn visible_as_is(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("%"))
}

#[cfg(test)]
mod tests {
    use tollgate::{DENY_REASONS, Denial, Gate};

    use super::*;

    fn denial(row: &tollgate::DenyRow) -> Denial {
        Denial::plain(row.reason, Gate::Extract)
    }

    fn field<'a>(answer: &'a Response, name: &str) -> Vec<&'a str> {
        answer
            .headers()
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    #[test]
    fn every_row_is_answered_as_the_table_says_and_nginx_gets_what_it_understands() {
        for row in &DENY_REASONS {
            let plain = denied(Refused::of(&denial(row), None), Profile::Plain);
            assert_eq!(plain.status().as_u16(), row.status, "{}", row.label);
            assert_eq!(field(&plain, "x-tollgate-status"), [""; 0], "{}", row.label);
            let nginx = denied(Refused::of(&denial(row), None), Profile::Nginx);
            let understood = if row.status == 401 { 401 } else { 403 };
            assert_eq!(nginx.status().as_u16(), understood, "{}", row.label);
            assert_eq!(
                field(&nginx, "x-tollgate-status"),
                [row.status.to_string()],
                "{}",
                row.label
            );
            for answer in [&plain, &nginx] {
                for name in [
                    "x-tollgate-user",
                    "x-tollgate-client",
                    "x-tollgate-scope",
                    "x-tollgate-token-id",
                ] {
                    assert_eq!(field(answer, name), [""], "{name} of {}", row.label);
                }
                assert_eq!(field(answer, "cache-control"), ["no-store"]);
                assert_eq!(field(answer, "content-type"), ["application/problem+json"]);
                let retries = matches!(row.status, 503) || row.label == "concurrency_exceeded";
                assert_eq!(
                    field(answer, "retry-after"),
                    if retries { vec!["1"] } else { vec![] },
                    "{}",
                    row.label
                );
                assert_eq!(field(answer, "www-authenticate"), challenges(row), "{}", row.label);
            }
        }
    }

    fn challenges(row: &tollgate::DenyRow) -> Vec<&'static str> {
        match (row.status, row.bearer_error) {
            (401, None) => vec!["Bearer realm=\"tollgate\"", "Basic realm=\"tollgate\""],
            (401, Some(_)) => vec![
                "Bearer realm=\"tollgate\", error=\"invalid_token\"",
                "Basic realm=\"tollgate\"",
            ],
            (400, Some(_)) => vec!["Bearer realm=\"tollgate\", error=\"invalid_request\""],
            (403, Some(_)) => vec!["Bearer realm=\"tollgate\", error=\"insufficient_scope\""],
            _ => vec![],
        }
    }

    #[test]
    fn a_permit_names_its_user_in_bytes_that_a_field_can_carry() {
        for (name, carried) in [
            ("alice", "alice"),
            ("svc-1@example.com", "svc-1@example.com"),
            ("two words", "two%20words"),
            ("100%", "100%25"),
            ("Zo\u{eb}", "Zo%C3%AB"),
        ] {
            let identity = Identity {
                user: name.into(),
                token_id: "7".into(),
                ..Identity::default()
            };
            let answer = permitted(&identity, None, Profile::Plain);
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(field(&answer, "x-tollgate-user"), [carried]);
            assert_eq!(field(&answer, "x-tollgate-token-id"), ["7"]);
            assert_eq!(field(&answer, "x-tollgate-client"), [""]);
            assert_eq!(field(&answer, "x-tollgate-scope"), [""]);
            assert_eq!(field(&answer, "ratelimit"), [""; 0]);
            let nginx = permitted(&identity, None, Profile::Nginx);
            assert_eq!(
                (nginx.status(), field(&nginx, "x-tollgate-status")),
                (StatusCode::OK, vec!["200"])
            );
        }
    }

    #[test]
    fn limits_are_told_in_the_fields_of_the_draft() {
        let quota = QuotaState {
            limit: 100,
            remaining: 7,
            reset_after_ms: 1_001,
        };
        let answer = permitted(&Identity::default(), Some(quota), Profile::Plain);
        assert_eq!(field(&answer, "ratelimit-policy"), ["\"hourly\";q=100;w=3600"]);
        assert_eq!(field(&answer, "ratelimit"), ["\"hourly\";r=7;t=2"]);
    }

    #[test]
    fn only_the_parameter_itself_asks_for_a_profile() {
        for (query, expected) in [
            (Some("profile=nginx"), Profile::Nginx),
            (Some("a=b&profile=nginx"), Profile::Nginx),
            (None, Profile::Plain),
            (Some(""), Profile::Plain),
            (Some("profile=caddy"), Profile::Plain),
            (Some("a=profile=nginx"), Profile::Plain),
        ] {
            assert_eq!(Profile::of_query(query), expected, "{query:?}");
        }
    }
}
