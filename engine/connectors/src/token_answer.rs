//! What a third party's token endpoint says: tokens, or why there are none and what that means for the grant.
//!
//! Third parties take the standard (RFC 6749 section 5) with liberties, and a refresh token that was given in an odd answer may be the
//! only one that is left. So what does not matter is forgiven, and what could be read in two ways is not:
//!
//! - an answer is JSON, or a form where `Content-Type` says so; no member stands twice;
//! - `error` counts with any status, since some send it with 200;
//! - lives (`expires_in` and the names that others have for that of a refresh token) are numbers, also written as texts. One that
//!   cannot be read, and zero, count as not said. The longest is ten years;
//! - **a token of which no life is said** is taken to be good for an hour where it can be renewed without a person, and for ever
//!   where it cannot;
//! - a refresh token that is not renewed stays (section 6), with the end that it had.

use std::time::UNIX_EPOCH;

use serde_json::{Map, Value};
use tollgate::Timestamp;
use tollgate_oauth::form::Form;
use tollgate_oauth::json;

use crate::auth_value::{TOKEN_BYTES_MOST, Tokens};
use crate::callback::word;
use crate::outbound_request::{ANSWER_BYTES_MOST, OutboundAnswer};
use crate::secret::Secret;

/// The longest life that is believed: ten years.
const LIFE_S_MOST: u64 = 315_360_000;
/// The life of a token that can be renewed and of which none is said.
const LIFE_S_UNSAID: u64 = 3_600;
/// The longest that somebody may ask us to wait: a day.
pub const RETRY_AFTER_S_MOST: u32 = 86_400;

/// Why there are no tokens, by what is to be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// The grant is gone: a person must sign in again.
    #[error("expected tokens, but the third party answered {error}: somebody must sign in there again")]
    NeedsSignIn {
        /// Its word.
        error: String,
    },
    /// It cannot say at present.
    #[error("expected tokens, but the third party answered {status}: it is asked again later")]
    Later {
        /// Its status.
        status: u16,
        /// When it wants to be asked again, at most a day.
        retry_after_s: Option<u32>,
    },
    /// Something is wrong that neither a person who signs in nor time will mend: an entry, a client, or the third party itself.
    #[error("expected tokens, but {why} (status {status}{})", .error.as_ref().map(|error| format!(", {error}")).unwrap_or_default())]
    Broken {
        /// Its status.
        status: u16,
        /// What was found instead. It repeats nothing of the answer.
        why: &'static str,
        /// Its word, where it has one.
        error: Option<String>,
    },
}

/// Words by which third parties say that a grant is gone: of RFC 6749 and OpenID Connect, and of those who have their own.
const GONE: [&str; 10] = [
    "invalid_grant",
    "access_denied",
    "interaction_required",
    "login_required",
    "consent_required",
    "bad_refresh_token",
    "bad_verification_code",
    "invalid_refresh_token",
    "invalid_code",
    "token_revoked",
];
/// Words by which they ask for patience, with whatever status.
const PATIENCE: [&str; 4] = ["temporarily_unavailable", "server_error", "slow_down", "ratelimited"];

/// Reads an answer. `previous` is what there was before, of which the refresh token stays where no other comes; `is_renewable` says
/// that a token is come by without a person and without a refresh token.
pub fn read(
    answer: &OutboundAnswer,
    previous: Option<&Tokens>,
    is_renewable: bool,
    now: Timestamp,
) -> Result<Tokens, TokenFault> {
    let broken = |why| TokenFault::Broken {
        status: answer.status,
        why,
        error: None,
    };
    let retry_after_s = answer.retry_after.as_deref().and_then(|text| retry_after(text, now));
    let later = TokenFault::Later {
        status: answer.status,
        retry_after_s,
    };
    if matches!(answer.status, 408 | 425 | 429 | 500..=599) {
        return Err(later);
    }
    let Some(members) = members(answer) else {
        return Err(broken(
            "the answer is neither JSON nor a form in which each member stands once",
        ));
    };
    match members.get("error") {
        None | Some(Value::Null) => {}
        Some(Value::String(error)) if PATIENCE.contains(&error.as_str()) => return Err(later),
        Some(Value::String(error)) if GONE.contains(&error.as_str()) => {
            return Err(TokenFault::NeedsSignIn { error: word(error) });
        }
        Some(error) => {
            return Err(TokenFault::Broken {
                status: answer.status,
                why: "the answer is an error",
                error: error.as_str().map(word),
            });
        }
    }
    if !(200..300).contains(&answer.status) {
        return Err(broken("the answer is an error"));
    }
    granted(members, previous, is_renewable, now).map_err(broken)
}

fn members(answer: &OutboundAnswer) -> Option<Map<String, Value>> {
    if answer.body.len() > ANSWER_BYTES_MOST {
        return None;
    }
    let kind = answer.content_type.as_deref().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return json::object(&answer.body);
    }
    let form = Form::parse(&answer.body).ok()?;
    let names = ["error", "token_type", "access_token", "refresh_token", "expires_in"];
    let named = names.into_iter().chain(REFRESH_LIVES);
    let present = named.filter_map(|name| Some((name.to_owned(), Value::from(form.one(name)?))));
    Some(present.collect())
}

/// How others call the life of a refresh token.
const REFRESH_LIVES: [&str; 3] = [
    "refresh_token_expires_in",
    "refresh_expires_in",
    "x_refresh_token_expires_in",
];

fn granted(
    mut members: Map<String, Value>,
    previous: Option<&Tokens>,
    is_renewable: bool,
    now: Timestamp,
) -> Result<Tokens, &'static str> {
    // Types that are of no use without a proof that we do not make. All others are shown as the entry says.
    let is_proven = |kind: &str| {
        ["mac", "pop", "dpop"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(kind))
    };
    if members.get("token_type").and_then(Value::as_str).is_some_and(is_proven) {
        return Err("the token is of a type that needs a proof with each use");
    }
    let access = text(&mut members, "access_token")?.ok_or("the answer holds no access_token")?;
    let fresh = text(&mut members, "refresh_token")?;
    let life = |name| members.get(name).and_then(seconds);
    let refresh_life = REFRESH_LIVES.into_iter().find_map(life);
    let (refresh, refresh_expires) = match (fresh, previous) {
        (Some(fresh), _) => (Some(fresh), refresh_life.map(|life| after(now, life))),
        (None, Some(previous)) => (previous.refresh.clone(), previous.refresh_expires),
        (None, None) => (None, None),
    };
    let is_renewable = is_renewable || refresh.is_some();
    let life = life("expires_in").or(is_renewable.then_some(LIFE_S_UNSAID));
    Ok(Tokens {
        access: Some(access),
        refresh,
        expires: life.map(|life| after(now, life)),
        refresh_expires,
    })
}

/// A token; none where it is left out, null or empty.
fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<Secret>, &'static str> {
    let wrong = "a token is no text of at most 16,384 visible ASCII characters";
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => {
            let text = Secret::new(text);
            Secret::token(text.expose(), TOKEN_BYTES_MOST)
                .map(Some)
                .map_err(|_| wrong)
        }
        Some(_) => Err(wrong),
    }
}

/// A life in seconds; none where it is not said, or nobody knows what it means.
fn seconds(value: &Value) -> Option<u64> {
    let life = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?))?,
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            // Too many digits are a long life.
            text.parse().unwrap_or(if text.is_empty() { 0 } else { u64::MAX })
        }
        _ => return None,
    };
    (life > 0).then_some(life.min(LIFE_S_MOST))
}

/// Some write whole seconds with a point.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, whole and bounded by the line before"
)]
fn whole(seconds: f64) -> Option<u64> {
    let bounded = seconds.min(1e12);
    (bounded >= 0.0 && bounded.fract() == 0.0).then_some(bounded as u64)
}

fn after(now: Timestamp, life_s: u64) -> Timestamp {
    now.plus_millis(life_s * 1_000)
}

/// `Retry-After` in seconds from now: a number or a date (RFC 9110 section 10.2.3), between a second and a day.
pub fn retry_after(text: &str, now: Timestamp) -> Option<u32> {
    let text = text.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().unwrap_or(u64::MAX)
    } else {
        let until = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        until.as_secs().saturating_sub(now.as_seconds())
    };
    u32::try_from(seconds.clamp(1, u64::from(RETRY_AFTER_S_MOST))).ok()
}

#[cfg(test)]
mod tests;
