//! What a caller gets: something to show to the third party, or why there is nothing.

use tollgate::Timestamp;

use super::store::{Held, StoreFault};
use crate::auth_value::AuthValue;
use crate::entry::Auth;
use crate::freshness::Standing;
use crate::secret::Secret;

/// What a request to the third party is made with. It holds a secret, so there is no `Debug`.
#[derive(Clone)]
pub struct Access {
    /// The token or key alone; for Basic, user and password in base64.
    pub token: Secret,
    /// The field `Authorization`, with the scheme that the entry wants.
    pub authorization: Secret,
    /// Until when it is good; for ever, or nobody knows, where there is none.
    pub expires: Option<Timestamp>,
}

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessFault {
    /// There is no such account connector.
    #[error("expected an account connector, but there is none of this number")]
    Unknown,
    /// It authenticates in no way, so that there is nothing to show.
    #[error("expected a connector that authenticates, but this one shows nothing to its third party")]
    Nothing,
    /// A person must go through the third party's flow, again or for the first time.
    #[error("expected a grant of the third party, but there is none: somebody must sign in there")]
    NeedsSignIn,
    /// A code did not become tokens. The value is what it was.
    #[error("expected tokens for the code, but: {why}")]
    NotGranted {
        /// A sentence for people, without a secret.
        why: String,
    },
    /// It could not be renewed, and is tried again.
    #[error("expected an answer of the third party, but there is none: come back in {retry_after_s} s")]
    Later {
        /// When.
        retry_after_s: u32,
    },
    /// Too many wait already.
    #[error("expected a place to wait in, but all are taken: come back in a second")]
    Busy,
    /// Nobody goes out any more.
    #[error("expected a token that is still good, and nothing is renewed any more: the server is closing")]
    Closed,
    /// The store is in trouble.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// What every caller of one renewal gets.
pub(super) type Outcome = Result<Access, AccessFault>;

/// What is to be done for a caller.
pub(super) enum Step {
    /// This is it.
    Answer(Outcome),
    /// This is it, and it is to be renewed meanwhile.
    AnswerAndRenew(Outcome),
    /// It is to be renewed first.
    Renew,
}

impl Held {
    /// What is to be done for whoever asks now.
    pub(super) fn step(&self, now: Timestamp) -> Step {
        match self.standing(now) {
            Standing::Fresh { .. }
            | Standing::Waiting { is_usable: true, .. }
            | Standing::NeedsSignIn { is_usable: true } => Step::Answer(self.access()),
            Standing::Due => Step::AnswerAndRenew(self.access()),
            Standing::Expired => Step::Renew,
            Standing::Waiting {
                until,
                is_usable: false,
            } => {
                let wait_s = until.millis_since(now).div_ceil(1_000).max(1);
                let retry_after_s = u32::try_from(wait_s).unwrap_or(u32::MAX);
                Step::Answer(Err(AccessFault::Later { retry_after_s }))
            }
            Standing::NeedsSignIn { is_usable: false } => Step::Answer(Err(self.want())),
        }
    }

    fn want(&self) -> AccessFault {
        match self.entry.auth() {
            Auth::None => AccessFault::Nothing,
            Auth::ApiKey | Auth::Basic | Auth::OAuth2(_) => AccessFault::NeedsSignIn,
        }
    }

    pub(super) fn access(&self) -> Outcome {
        let (token, expires) = match &self.value {
            AuthValue::Empty => return Err(self.want()),
            AuthValue::ApiKey(key) | AuthValue::Basic(key) => (key, None),
            AuthValue::OAuth(tokens) => (tokens.access.as_ref().ok_or_else(|| self.want())?, tokens.expires),
        };
        let authorization = self
            .value
            .authorization(self.entry.scheme())
            .ok_or_else(|| self.want())?;
        Ok(Access {
            token: token.clone(),
            authorization,
            expires,
        })
    }
}
