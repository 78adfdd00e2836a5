//! From what the engine says to a problem.

use axum::http::StatusCode;
use tollgate::{ClientFault, ExecuteError, PageError, ReadError, Refusal, Unavailable};

use super::problem::Problem;
use crate::control::{PasswordFault, ProviderFault, TermsFault, refusal_code, refusal_words};

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Refused(refusal) => refusal.into(),
            ExecuteError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        if refusal == Refusal::Changed {
            return Self::changed();
        }
        let status = status(&refusal);
        let kind = refusal_code(&refusal).replace('_', "-");
        let words = match &refusal {
            // A name is what the caller wrote.
            Refusal::NoSuchUser { .. } => no_such_user(),
            Refusal::UserExists { .. } => {
                "expected a new name, but there is a user of this name already: choose another, or change that user"
                    .into()
            }
            Refusal::NoSuchClient { .. } => no_such_client(),
            Refusal::ClientExists { .. } => {
                "expected a new name, but there is a client of this name already: choose another, or change that client"
                    .into()
            }
            Refusal::Client(ClientFault::Url { .. }) => {
                "expected absolute URLs of at most 2000 visible ASCII characters without `#` and `;`".into()
            }
            Refusal::Client(ClientFault::UrlTwice { .. }) => "expected each URL once, but one is there twice".into(),
            Refusal::NoSuchRoute { .. } | Refusal::NoSuchIssuer { .. } | Refusal::NoSuchIdentityProvider { .. } => {
                no_such_record()
            }
            other => refusal_words(other),
        };
        Self::new(status, &kind, title(status), words)
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NoSuchUser { .. }
        | Refusal::NoSuchToken { .. }
        | Refusal::NoSuchGrant { .. }
        | Refusal::NoSuchNetwork { .. }
        | Refusal::NoSuchClient { .. }
        | Refusal::NoSuchRoute { .. }
        | Refusal::NoSuchIssuer { .. }
        | Refusal::NoSuchIdentityProvider { .. } => StatusCode::NOT_FOUND,
        Refusal::NeverValid { .. }
        | Refusal::MomentTooFar { .. }
        | Refusal::LimitTooHigh { .. }
        | Refusal::TooManyProxies { .. }
        | Refusal::RuleTooLong { .. }
        | Refusal::Client(_)
        | Refusal::OverlapTooLong { .. }
        | Refusal::Profile(_)
        | Refusal::PersonalTokenName
        | Refusal::PersonalTokenDescription
        | Refusal::LastsTooLong { .. }
        | Refusal::Issuer(_)
        | Refusal::IdentityProvider(_)
        | Refusal::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is no such record",
        StatusCode::CONFLICT => "The request contradicts what is there",
        _ => "The request asks for what cannot be",
    }
}

fn no_such_user() -> String {
    "expected the name of a user, but there is no user of this name: GET /admin/v1/users lists them".into()
}

/// No client is there of a name that a path has.
pub(super) fn no_such_client() -> String {
    "expected the client_id of a client, but there is no client of this name: GET /admin/v1/clients lists them".into()
}

/// No record is there of an id that follows from its name.
pub(super) fn no_such_record() -> String {
    "expected the id of a record, as its list shows it, but there is none of this id".into()
}

impl From<TermsFault> for Problem {
    fn from(fault: TermsFault) -> Self {
        Self::unprocessable("unexpected-client", fault.to_string())
    }
}

impl From<ProviderFault> for Problem {
    fn from(fault: ProviderFault) -> Self {
        Self::unprocessable("unexpected-identity-provider", fault.to_string())
    }
}

impl From<PasswordFault> for Problem {
    fn from(fault: PasswordFault) -> Self {
        Self::unprocessable("unexpected-password", fault.to_string())
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        tracing::error!(error = %unavailable, "a change was not made, or may not have been");
        let words = match &unavailable {
            Unavailable::Poisoned { .. } => format!("The change was not made: {unavailable}."),
            Unavailable::Closed => {
                "The server is ending: the change was not made unless it was under way, so look before you repeat it."
                    .into()
            }
            other => format!("{other}."),
        };
        let kind = match unavailable {
            Unavailable::InDoubt { .. } => "in-doubt",
            _ => "unavailable",
        };
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            kind,
            "Nothing can be changed just now",
            words,
        )
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let status = StatusCode::NOT_FOUND;
        match error {
            ReadError::NoSuchUser { .. } => return Self::new(status, "no-such-user", title(status), no_such_user()),
            ReadError::NoSuchClient { .. } => {
                return Self::new(status, "no-such-client", title(status), no_such_client());
            }
            _ => {}
        }
        tracing::error!(%error, "the store could not be read");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unreadable",
            "The store cannot be read just now",
            format!("{error}."),
        )
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Read(error) => error.into(),
            other => Self::malformed("unknown-cursor", other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_in_trouble_is_told_with_whether_the_change_was_made() {
        let reason = || "the disk is full".into();
        for (unavailable, kind, words) in [
            (
                Unavailable::NotDone { reason: reason() },
                "unavailable",
                "nothing has changed",
            ),
            (
                Unavailable::Poisoned { reason: reason() },
                "unavailable",
                "The change was not made",
            ),
            (Unavailable::InDoubt { reason: reason() }, "in-doubt", "is not known"),
            (
                Unavailable::Invisible { reason: reason() },
                "unavailable",
                "was carried out, but",
            ),
            (Unavailable::Closed, "unavailable", "was not made unless"),
        ] {
            let problem = Problem::from(ExecuteError::from(unavailable));
            assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
            let shown = format!("{problem:?}");
            assert!(
                shown.contains(words) && shown.contains(&format!("problem:{kind}\"")),
                "{shown}"
            );
        }
        let read = Problem::from(PageError::Read(ReadError::Closed));
        assert_eq!(read.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(Problem::from(PageError::Cursor).status(), StatusCode::BAD_REQUEST);
    }
}
