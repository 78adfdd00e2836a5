//! A verdict in the words of HTTP: the same status, fields and document from every host, to the byte.
//!
//! A proxy that decides by itself and one that asks a server must not be told apart by their refusals. Only the row of a
//! deny reason is read here.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::check::Denial;
use crate::deny::DenyRow;
use crate::quota::{QuotaState, WINDOW_MS};
use crate::route::{Scheme, SchemeSet};
use crate::scope::Scope;

/// Who may pass, for the upstream to read: the user's name.
pub const USER_FIELD: &str = "x-tollgate-user";
/// The integrated client that acts; authtokens have none.
pub const CLIENT_FIELD: &str = "x-tollgate-client";
/// What the token is good for; authtokens have no scope.
pub const SCOPE_FIELD: &str = "x-tollgate-scope";
/// The id of the token.
pub const TOKEN_ID_FIELD: &str = "x-tollgate-token-id";

/// What is said to whoever has to wait with the next guess at a password.
pub const TOO_MANY_GUESSES: &str =
    "Too many passwords were wrong for this name or from this address. Wait, then try again.";

/// Bytes of a name that stand for themselves: visible ASCII without the escape sign.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// A name as a header field can carry it: bytes outside visible ASCII, and `%`, are percent-encoded.
/// Allocates nothing for a name that needs no escape.
pub fn visible_name(name: &str) -> Cow<'_, str> {
    utf8_percent_encode(name, ESCAPED).into()
}

/// Whether an upstream may read a field of this name as one of Tollgate's: many take an underscore for a hyphen, and all take
/// one letter case for the other. What a client wrote under such a name must not reach the upstream.
pub fn is_spelt_like_ours(name: &[u8]) -> bool {
    const PREFIX: &[u8] = b"x-tollgate";
    let same = |(found, expected): (&u8, &u8)| {
        let found = if *found == b'_' {
            b'-'
        } else {
            found.to_ascii_lowercase()
        };
        found == *expected
    };
    name.len() >= PREFIX.len() && name.iter().zip(PREFIX).all(same)
}

/// The fields that tell of the hourly limit (draft-ietf-httpapi-ratelimit-headers).
pub fn quota_fields(quota: QuotaState) -> [(&'static str, String); 2] {
    let QuotaState { limit, remaining, .. } = quota;
    [
        (
            "ratelimit-policy",
            format!("\"hourly\";q={limit};w={}", WINDOW_MS / 1_000),
        ),
        (
            "ratelimit",
            format!("\"hourly\";r={remaining};t={}", quota.reset_after_s()),
        ),
    ]
}

/// The `type` of a problem of ours.
pub fn problem_type(problem: &str) -> String {
    format!("urn:tollgate:problem:{problem}")
}

/// What a denied caller is told, before it is put into header fields or into JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status code.
    pub status: u16,
    /// The `type` of the problem document.
    pub kind: String,
    /// Its `title`.
    pub title: &'static str,
    /// What the caller can do about it.
    pub detail: String,
    /// The lines of `WWW-Authenticate`.
    pub challenges: Vec<String>,
    /// `Retry-After`.
    pub retry_after_s: Option<u64>,
    quota: Option<QuotaState>,
}

impl Refused {
    /// By the row of the reason. `detail` takes the place of the advice that goes with the status.
    pub fn of(denial: &Denial, detail: Option<&str>) -> Self {
        let row = denial.reason.row();
        let retry_after_s = denial.retry_after_s();
        Self {
            status: row.status,
            kind: problem_type(row.problem),
            title: row.title,
            detail: detail.map_or_else(|| advice(row, denial.schemes, retry_after_s), str::to_owned),
            challenges: challenges(row, denial.schemes),
            retry_after_s,
            quota: denial.quota,
        }
    }

    /// The hourly limit, where it was the reason.
    pub fn quota(&self) -> Option<QuotaState> {
        self.quota
    }

    /// Names the scopes that are wanted, blank-separated and as far as they are scopes, in the challenge of a refusal for want of one; in others nothing
    /// changes.
    #[must_use]
    pub fn wanting(mut self, scopes: &str) -> Self {
        // What is no scope would end the quotation, or the line.
        let scopes: Vec<&str> = scopes.split(' ').filter(|word| word.parse::<Scope>().is_ok()).collect();
        if scopes.is_empty() {
            return self;
        }
        let lacks = format!("error=\"{LACKS_SCOPE}\"");
        for line in self.challenges.iter_mut().filter(|line| line.ends_with(&lacks)) {
            line.push_str(&format!(", scope=\"{}\"", scopes.join(" ")));
        }
        self
    }

    /// The header fields in order, all values visible ASCII with blanks.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::from([
            ("content-type", "application/problem+json".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ]);
        fields.extend(self.quota.into_iter().flat_map(quota_fields));
        fields.extend(self.retry_after_s.map(|seconds| ("retry-after", format!("{seconds}"))));
        fields.extend(self.challenges.iter().map(|line| ("www-authenticate", line.clone())));
        fields
    }

    /// The problem document (RFC 9457) as JSON.
    pub fn document(&self) -> String {
        let Self {
            status,
            kind,
            title,
            detail,
            ..
        } = self;
        format!(
            r#"{{"type":{},"title":{},"status":{status},"detail":{}}}"#,
            quoted(kind),
            quoted(title),
            quoted(detail)
        )
    }
}

/// A JSON text (RFC 8259 section 7), with as few escapes as can be.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// What the caller can do about a refusal. It depends on what the caller is told anyway, so it tells no two reasons apart that
/// this does not.
fn advice(row: &DenyRow, schemes: SchemeSet, retry_after_s: Option<u64>) -> String {
    let after = match retry_after_s {
        Some(1) => "in a second".to_owned(),
        Some(seconds) => format!("in {seconds} seconds"),
        None => "later".to_owned(),
    };
    match row.status {
        400 if row.bearer_error.is_none() => {
            "Send the path as it is meant: in its own letter case, without dot segments, empty segments and needless escapes."
                .to_owned()
        }
        400 => "Send exactly one credential, in one place, once.".to_owned(),
        401 if schemes == SchemeSet::USUAL => "Send a valid authtoken: as `Authorization: Bearer TOKEN`, as the password of Basic \
             credentials with its user's name, or in the field `x-cdata-authtoken`."
            .to_owned(),
        401 => ways(schemes),
        429 | 503 => format!("Try again {after}."),
        _ => "The same request will be refused again: ask whoever runs this service for access.".to_owned(),
    }
}

/// How a credential may be sent by some schemes.
fn ways(schemes: SchemeSet) -> String {
    let way = |scheme| match scheme {
        Scheme::Bearer => "a token as `Authorization: Bearer TOKEN`",
        Scheme::Basic => "a user's name and a token of theirs as Basic credentials",
        Scheme::Password => "a user's name and password as Basic credentials",
        Scheme::Header => "an authtoken in the field `x-cdata-authtoken`",
        Scheme::Parameter => "an authtoken in the parameter `@authtoken`",
    };
    let ways: Vec<&str> = schemes.iter().map(way).collect();
    match ways.split_last() {
        None => "Send no credential here.".to_owned(),
        Some((last, [])) => format!("Send {last}."),
        Some((last, others)) => format!("Send {}, or {last}.", others.join(", ")),
    }
}

/// The `error` of a token that lacks a scope.
const LACKS_SCOPE: &str = "insufficient_scope";

/// The challenges of a refusal (RFC 6750 section 3): each scheme that the route takes where a credential would help, and the
/// error alone where a credential was there.
fn challenges(row: &DenyRow, schemes: SchemeSet) -> Vec<String> {
    let bearer = match row.bearer_error {
        Some(error) => Some(format!("Bearer realm=\"tollgate\", error=\"{error}\"")),
        None => (row.status == 401).then(|| "Bearer realm=\"tollgate\"".to_owned()),
    };
    let takes_basic = schemes.contains(Scheme::Basic) || schemes.contains(Scheme::Password);
    let basic = (row.status == 401 && takes_basic).then(|| "Basic realm=\"tollgate\"".to_owned());
    let mut challenges: Vec<String> = bearer
        .filter(|_| schemes.contains(Scheme::Bearer))
        .into_iter()
        .collect();
    challenges.extend(basic);
    if row.status == 401 && challenges.is_empty() {
        // A status of 401 owes a challenge (RFC 9110 section 15.5.2), also where only fields of our own are taken.
        challenges.push("Authtoken realm=\"tollgate\"".to_owned());
    }
    challenges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deny::DenyReason;
    use crate::gates::Gate;

    #[test]
    fn a_name_under_any_spelling_is_ours_and_others_are_not() {
        for ours in [
            "x-tollgate-user",
            "X-Tollgate_Token-Id",
            "x_tollgate",
            "x-tollgate-anything",
        ] {
            assert!(is_spelt_like_ours(ours.as_bytes()), "{ours}");
        }
        for other in ["", "x-tollgat", "x-toll-gate-user", "tollgate-user", "ax-tollgate-user"] {
            assert!(!is_spelt_like_ours(other.as_bytes()), "{other}");
        }
    }

    /// A challenge for a scheme that the route does not take sends clients round in circles.
    #[test]
    fn challenges_name_what_the_route_takes() {
        let lines = |reason: DenyReason, schemes: &str| {
            let denial = Denial {
                schemes: schemes.parse().unwrap(),
                ..Denial::plain(reason, Gate::Extract)
            };
            Refused::of(&denial, None).wanting("read \" write").challenges
        };
        let (bearer, basic) = ("Bearer realm=\"tollgate\"", "Basic realm=\"tollgate\"");
        for (reason, schemes, expected) in [
            (DenyReason::MissingCredential, "bearer,basic", vec![bearer, basic]),
            (DenyReason::MissingCredential, "password", vec![basic]),
            (
                DenyReason::MissingCredential,
                "header",
                vec!["Authtoken realm=\"tollgate\""],
            ),
            (
                DenyReason::Revoked,
                "bearer",
                vec!["Bearer realm=\"tollgate\", error=\"invalid_token\""],
            ),
            (
                DenyReason::WrongAudience,
                "bearer",
                vec!["Bearer realm=\"tollgate\", error=\"invalid_token\""],
            ),
            (
                DenyReason::InsufficientScope,
                "bearer",
                vec!["Bearer realm=\"tollgate\", error=\"insufficient_scope\", scope=\"read write\""],
            ),
            (DenyReason::AmbiguousPath, "bearer,basic", vec![]),
            (DenyReason::OperationRefused, "bearer,basic", vec![]),
        ] {
            assert_eq!(lines(reason, schemes), expected, "{reason:?} {schemes}");
        }
    }

    #[test]
    fn advice_names_what_the_route_takes() {
        for (schemes, expected) in [
            ("", "Send no credential here."),
            ("header", "Send an authtoken in the field `x-cdata-authtoken`."),
            (
                "bearer,password",
                "Send a token as `Authorization: Bearer TOKEN`, or a user's name and password as Basic credentials.",
            ),
        ] {
            assert_eq!(ways(schemes.parse().unwrap()), expected);
        }
    }

    #[test]
    fn a_text_is_quoted_as_json_has_it() {
        assert_eq!(quoted("a \"b\" \\ \n\r\t\u{1} é"), r#""a \"b\" \\ \n\r\t\u0001 é""#);
    }

    #[test]
    fn names_are_carried_in_visible_letters() {
        for (name, carried) in [
            ("svc-1@example.com", "svc-1@example.com"),
            ("two words", "two%20words"),
            ("100%", "100%25"),
            ("Zo\u{eb}", "Zo%C3%AB"),
        ] {
            assert_eq!(visible_name(name), carried);
        }
    }
}
