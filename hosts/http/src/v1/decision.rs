//! What is answered: the decision in JSON, as `/check` would have put it into a status and fields.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use tollgate::{QuotaState, Refused, problem_type};
use utoipa::ToSchema;

use crate::answer::Identity;
use crate::permits::PermitId;

/// Seconds after which there may be room for a permit again.
const ROOM_AFTER_S: u64 = 1;

/// Whether a request may pass.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Decision {
    #[schema(title = "Permitted")]
    Permitted(Permitted),
    #[schema(title = "Denied")]
    Denied(Box<Denied>),
}

/// The request may pass.
#[derive(Serialize, ToSchema)]
pub(super) struct Permitted {
    /// Always true.
    permitted: bool,
    /// Always 200.
    #[schema(minimum = 200, maximum = 200)]
    status: u16,
    /// The user's name; null where the request passes without a credential.
    #[schema(required = true)]
    user: Option<String>,
    /// The id of the token; null likewise.
    #[schema(required = true)]
    token_id: Option<String>,
    /// The integrated client that acts; null for authtokens.
    #[schema(required = true)]
    client: Option<String>,
    /// What the token is good for; null for authtokens.
    #[schema(required = true)]
    scope: Option<String>,
    /// The hourly limit; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Quota>,
    #[serde(flatten)]
    held: Option<Held>,
}

/// Where the permit is held.
#[derive(Serialize, ToSchema)]
struct Held {
    /// What to release it by: `DELETE /v1/permits/{permit}`.
    #[schema(example = "tp_3f0c2b1a9d8e7f60514233221100ffee")]
    permit: String,
    /// After how many seconds it is freed by itself.
    #[schema(minimum = 1, maximum = 3600)]
    expires_in: u16,
}

/// The request may not pass.
#[derive(Serialize, ToSchema)]
pub(super) struct Denied {
    /// Always false.
    permitted: bool,
    /// The status to answer the client with.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The problem document to answer the client with.
    problem: Problem,
    /// The lines of `WWW-Authenticate` to answer the client with.
    www_authenticate: Vec<String>,
    /// Seconds after which trying again may help; absent where time alone does not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// The hourly limit, where it was the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Quota>,
}

/// Whose the credential is.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Proven {
    #[schema(title = "Proven")]
    Yes {
        /// Always true.
        proven: bool,
        /// What was proven.
        sort: &'static str,
        /// The user's number, as the feed has it.
        user_id: u64,
        /// The number of the password, for a password.
        password_epoch: u32,
        /// In whose name the token acts, as the feed has it.
        #[schema(required = true)]
        authority: Option<u32>,
        /// The number of the set of issuers.
        external_issuers: u32,
        /// For how many seconds this may be remembered.
        seconds: u64,
    },
    #[schema(title = "Unproven")]
    No {
        /// Always false.
        proven: bool,
        /// Where nobody knows just now: after how many seconds it may be known.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
        /// Whether that is because too many passwords were wrong: the request is to be answered with 429.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        throttled: bool,
    },
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// What kind of problem it is.
    r#type: String,
    /// The same in words.
    title: &'static str,
    /// The status to answer the client with.
    status: u16,
    /// What the client can do about it.
    detail: String,
}

/// The hourly limit of a user.
#[derive(Serialize, ToSchema)]
pub(super) struct Quota {
    /// Requests allowed in an hour.
    limit: u32,
    /// Requests still allowed in this one.
    remaining: u32,
    /// Seconds until it ends.
    reset_seconds: u64,
}

/// Decisions in the order of their checks.
#[derive(Serialize, ToSchema)]
#[schema(as = Decisions)]
pub(super) struct Results {
    /// One for each check.
    pub(super) results: Vec<Decision>,
}

/// A text of JSON as an answer.
pub(super) fn json(text: Vec<u8>) -> Response {
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

impl Decision {
    /// The request may pass, and is `held` for some seconds.
    pub(super) fn permitted(identity: Identity, quota: Option<QuotaState>, held: Option<(PermitId, u16)>) -> Self {
        let present = |text: String| (!text.is_empty()).then_some(text);
        Self::Permitted(Permitted {
            permitted: true,
            status: StatusCode::OK.as_u16(),
            user: present(identity.user),
            token_id: present(identity.token_id),
            client: present(identity.client),
            scope: present(identity.scope),
            quota: quota.map(Quota::from),
            held: held.map(|(permit, expires_in)| Held {
                permit: permit.to_string(),
                expires_in,
            }),
        })
    }

    /// The request may not pass.
    pub(super) fn denied(words: Refused, quota: Option<QuotaState>) -> Self {
        let Refused {
            status,
            kind,
            title,
            detail,
            challenges,
            retry_after_s,
            ..
        } = words;
        Self::Denied(Box::new(Denied {
            permitted: false,
            status,
            problem: Problem {
                r#type: kind,
                title,
                status,
                detail,
            },
            www_authenticate: challenges,
            retry_after: retry_after_s,
            quota: quota.map(Quota::from),
        }))
    }

    /// The request might have passed, but its permit cannot be held.
    pub(super) fn without_room() -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE.as_u16();
        Self::Denied(Box::new(Denied {
            permitted: false,
            status,
            problem: Problem {
                r#type: problem_type("permits-exhausted"),
                title: "No more permits can be held",
                status,
                detail: "Try again in a second; release permits when their requests are over.".to_owned(),
            },
            www_authenticate: Vec::new(),
            retry_after: Some(ROOM_AFTER_S),
            quota: None,
        }))
    }
}

impl From<QuotaState> for Quota {
    fn from(quota: QuotaState) -> Self {
        Self {
            limit: quota.limit,
            remaining: quota.remaining,
            reset_seconds: quota.reset_after_s(),
        }
    }
}
