//! Why a request was not carried out, with the blame in it and a code that scripts can go by.

use tollgate::{
    BackupError, ClientName, ExecuteError, GrantId, IssuePersonalToken, PageError, ParseSettingError, ReadError,
    Refusal, Unavailable,
};

use tollgate_oauth::signing_keys::KeysError;

use super::identity_providers::ProviderFault;
use super::moment::{MomentError, write_moment};
use super::reply::Fault;
use super::shown::in_shell;
use super::terms::TermsFault;
use super::transfer::ExportFileError;

/// Whose fault it is.
pub(super) enum Stop {
    /// The caller can do something about it; nothing has changed.
    Refused(Fault),
    /// The store is in trouble.
    Failed(Fault),
}

impl Stop {
    /// A text that stands for nothing we know.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::Refused(Fault::new("malformed", message))
    }

    /// A question about a server that does not run.
    pub(super) fn no_server() -> Self {
        let words = "expected a running server of this store, but there is none: start one with `tollgate serve`";
        Self::Failed(Fault::new("no_server", words))
    }
}

/// There is no client of a name that was only looked at.
pub(super) fn no_such_client(name: &ClientName) -> Stop {
    ExecuteError::Refused(Refusal::NoSuchClient { name: name.clone() }).into()
}

/// There is no grant of an id that was only looked at.
pub(super) fn no_such_grant(id: GrantId) -> Stop {
    ExecuteError::Refused(Refusal::NoSuchGrant { id }).into()
}

/// No login that holds has this id.
pub(super) fn no_such_login(id: &str) -> Stop {
    let words = format!(
        "expected the id of a login that holds, but there is none {id}: `tollgate login list` shows those there are"
    );
    Stop::Refused(Fault::new("no_such_login", words))
}

/// The same refusal of a command about a token that `list` shows.
pub(super) fn of_token_among(list: &str, error: ExecuteError) -> Stop {
    match error {
        ExecuteError::Refused(refusal @ Refusal::NoSuchToken { .. }) => {
            Stop::Refused(Fault::new(refusal_code(&refusal), advised(&refusal, list)))
        }
        error => error.into(),
    }
}

impl From<MomentError> for Stop {
    fn from(error: MomentError) -> Self {
        Self::malformed(error.to_string())
    }
}

impl From<KeysError> for Stop {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Execute(error) => error.into(),
            KeysError::Read(error) => error.into(),
            _ => Self::Failed(Fault::new("no_key", error.to_string())),
        }
    }
}

impl From<TermsFault> for Stop {
    fn from(fault: TermsFault) -> Self {
        Self::Refused(Fault::new("unexpected_client", fault.to_string()))
    }
}

impl From<ProviderFault> for Stop {
    fn from(fault: ProviderFault) -> Self {
        Self::Refused(Fault::new("unexpected_identity_provider", fault.to_string()))
    }
}

impl From<ParseSettingError> for Stop {
    fn from(error: ParseSettingError) -> Self {
        Self::malformed(error.to_string())
    }
}

impl From<ExecuteError> for Stop {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Refused(refusal) => Self::Refused(Fault::new(refusal_code(&refusal), words(&refusal))),
            ExecuteError::Unavailable(Unavailable::InDoubt { .. }) => {
                Self::Failed(Fault::new("in_doubt", error.to_string()))
            }
            ExecuteError::Unavailable(_) => Self::Failed(Fault::new("unavailable", error.to_string())),
        }
    }
}

impl From<ExportFileError> for Stop {
    fn from(error: ExportFileError) -> Self {
        match error {
            ExportFileError::Exists(_) => Self::Refused(Fault::new("file_exists", error.to_string())),
            ExportFileError::Unwritable { .. } => Self::Failed(Fault::new("unwritable", error.to_string())),
            ExportFileError::Unreadable(error) => error.into(),
        }
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoSuchUser { .. } => {
                Self::Refused(Fault::new("no_such_user", advised(&error, "tollgate user list")))
            }
            ReadError::NoSuchClient { name } => no_such_client(&name),
            _ => Self::Failed(Fault::new("unreadable", error.to_string())),
        }
    }
}

impl From<PageError> for Stop {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Read(error) => error.into(),
            _ => Self::malformed(error.to_string()),
        }
    }
}

impl From<BackupError> for Stop {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Exists { .. } => Self::Refused(Fault::new("file_exists", error.to_string())),
            BackupError::Unsound { .. } | BackupError::Damaged(_) => {
                Self::Failed(Fault::new("unsound", error.to_string()))
            }
            _ => {
                let words = format!("{error}: name a file in a folder that is there, with room for it");
                Self::Failed(Fault::new("no_backup", words))
            }
        }
    }
}

/// An error with the command that shows what there is.
fn advised(error: &impl ToString, command: &str) -> String {
    format!("{}: `{command}` shows those there are", error.to_string())
}

/// Moments in the words of people.
pub(crate) fn refusal_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::WouldLengthen { id, ends_at } => format!(
            "expected an end no later than the one token {} has ({}): a life is never lengthened, issue a new token instead",
            id.0,
            write_moment(*ends_at)
        ),
        Refusal::NeverValid { expires_at, after } => format!(
            "expected an end after {}, from when on the token could be used, but found {}",
            write_moment(*after),
            write_moment(*expires_at)
        ),
        Refusal::MomentTooFar { moment } => format!(
            "expected a moment before the year 2106, but found {}: leave the end out for a token that never ends",
            write_moment(*moment)
        ),
        Refusal::LastsTooLong { expires_at, latest } => format!(
            "expected an end no later than {}, {} days from now, but found {}",
            write_moment(*latest),
            IssuePersonalToken::DAYS_MOST,
            write_moment(*expires_at)
        ),
        other => other.to_string(),
    }
}

/// The same, and what to do next.
fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoSuchUser { .. } => advised(refusal, "tollgate user list"),
        Refusal::NoSuchToken { .. } => advised(refusal, "tollgate authtoken list"),
        Refusal::NoSuchGrant { .. } => advised(refusal, "tollgate grant list"),
        Refusal::NoSuchNetwork { .. } => advised(refusal, "tollgate network list"),
        Refusal::NoSuchClient { .. } => advised(refusal, "tollgate client list"),
        Refusal::NoSuchRoute { .. } => advised(refusal, "tollgate route list"),
        Refusal::NoSuchIssuer { .. } => advised(refusal, "tollgate issuer list"),
        Refusal::NoSuchIdentityProvider { .. } => advised(refusal, "tollgate idp list"),
        Refusal::UserExists { name } => {
            let name = in_shell(name.as_str());
            format!(
                "expected a new name, but there is a user {name} already: choose another, or change that one with \
                 `tollgate user set {name}`"
            )
        }
        Refusal::TokenRevoked { .. } => format!("{refusal}: issue a new one with `tollgate authtoken issue`"),
        other => refusal_words(other),
    }
}

pub(crate) fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoSuchUser { .. } => "no_such_user",
        Refusal::UserExists { .. } => "user_exists",
        Refusal::NoSuchToken { .. } => "no_such_token",
        Refusal::NoSuchGrant { .. } => "no_such_grant",
        Refusal::TokenRevoked { .. } => "token_revoked",
        Refusal::WouldLengthen { .. } => "would_lengthen",
        Refusal::NeverValid { .. } => "never_valid",
        Refusal::MomentTooFar { .. } => "moment_too_far",
        Refusal::LimitTooHigh { .. } => "limit_too_high",
        Refusal::NetworkExists { .. } => "network_exists",
        Refusal::NoSuchNetwork { .. } => "no_such_network",
        Refusal::TooManyNetworks { .. } => "too_many_networks",
        Refusal::TooManyProxies { .. } => "too_many_proxies",
        Refusal::RuleTooLong { .. } => "rule_too_long",
        Refusal::NoSuchClient { .. } => "no_such_client",
        Refusal::ClientExists { .. } => "client_exists",
        Refusal::Client(_) => "unexpected_client",
        Refusal::NoSecretWanted { .. } => "no_secret_wanted",
        Refusal::OverlapTooLong { .. } => "overlap_too_long",
        Refusal::TooManySecrets { .. } => "too_many_secrets",
        Refusal::TooManyAuthorities { .. } => "too_many_authorities",
        Refusal::Profile(_) => "unexpected_profile",
        Refusal::PersonalTokenName => "unexpected_name",
        Refusal::PersonalTokenDescription => "unexpected_description",
        Refusal::TooManyPersonalTokens { .. } => "too_many_personal_tokens",
        Refusal::PersonalTokenListFull { .. } => "personal_token_list_full",
        Refusal::LastsTooLong { .. } => "lasts_too_long",
        Refusal::TooManyRoutes => "too_many_routes",
        Refusal::RouteAlike { .. } => "route_alike",
        Refusal::NoSuchRoute { .. } => "no_such_route",
        Refusal::Issuer(_) => "unexpected_issuer",
        Refusal::TooManyIssuers => "too_many_issuers",
        Refusal::NoSuchIssuer { .. } => "no_such_issuer",
        Refusal::IdentityProvider(_) => "unexpected_identity_provider",
        Refusal::TooManyIdentityProviders => "too_many_identity_providers",
        Refusal::NoSuchIdentityProvider { .. } => "no_such_identity_provider",
        Refusal::Changed => "changed",
        Refusal::KeyReused => "key_reused",
        _ => "refused",
    }
}
