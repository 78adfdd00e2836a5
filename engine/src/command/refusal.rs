//! The reasons to refuse a command, each with what was expected, what came and what to do.

use tollgate_core::{ClientName, Limit, NetworkRule, PathPattern, Route, Timestamp, TokenId, UserName};

use super::{IssuePersonalToken, RotateClientSecret};
use crate::client::ClientFault;
use crate::granting::{GrantFault, GrantId};
use crate::identity_provider::{IdentityProviderFault, PROVIDERS_MOST};
use crate::issuer::{ISSUERS_MOST, IssuerFault};
use crate::person::ProfileFault;
use crate::portable::LineFault;
use crate::record::Standing;

/// Why a command was not carried out, where the caller can do something about it. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No user has this name.
    #[error("expected the name of a user, but there is no user `{name}`")]
    NoSuchUser {
        /// The name that was given.
        name: UserName,
    },
    /// The name is taken.
    #[error("expected a new name, but there is a user `{name}` already: choose another, or change that user")]
    UserExists {
        /// The name that was given.
        name: UserName,
    },
    /// No token has this id.
    #[error("expected the id of a token, but there is no token {}", id.0)]
    NoSuchToken {
        /// The id that was given.
        id: TokenId,
    },
    /// No grant has this id, and no access token of one.
    #[error("expected the id of a grant or of an access token, but there is none {}", id.0)]
    NoSuchGrant {
        /// The id that was given.
        id: GrantId,
    },
    /// The token was taken back, so its life cannot be changed.
    #[error("expected a token in use, but token {} was revoked", id.0)]
    TokenRevoked {
        /// The id that was given.
        id: TokenId,
    },
    /// The token's life would become longer.
    #[error("expected an end no later than the one token {} has ({ends_at}): a life is never lengthened, issue a new token instead", id.0)]
    WouldLengthen {
        /// The id that was given.
        id: TokenId,
        /// When its life ends now.
        ends_at: Timestamp,
    },
    /// The token would be of no use.
    #[error("expected an expiry after {after}, the moment from which the token can be used, but found {expires_at}")]
    NeverValid {
        /// The expiry that was given.
        expires_at: Timestamp,
        /// The moment it must lie behind.
        after: Timestamp,
    },
    /// A moment that a record cannot hold.
    #[error(
        "expected a moment before the year 2106, but found {moment}: leave the expiry out for a token that never expires"
    )]
    MomentTooFar {
        /// The moment that was given.
        moment: Timestamp,
    },
    /// A limit that a counter cannot count.
    #[error(
        "expected a limit of at most {}, but found {limit}: `unlimited` is a value of its own",
        Limit::MOST
    )]
    LimitTooHigh {
        /// The limit that was given.
        limit: Limit,
    },
    /// There is a rule for exactly these addresses.
    #[error("expected addresses without a rule, but {rule} is {standing} already: remove that rule first")]
    NetworkExists {
        /// The rule as it was written then.
        rule: NetworkRule,
        /// What it says.
        standing: Standing,
    },
    /// There is no rule for exactly these addresses.
    #[error("expected a rule that exists, but there is none for exactly the addresses of {rule}")]
    NoSuchNetwork {
        /// The rule that was given.
        rule: NetworkRule,
    },
    /// No room for another rule.
    #[error(
        "expected at most {most} network rules here, and there are as many: remove one, or join neighbours into one rule"
    )]
    TooManyNetworks {
        /// How many may be in use.
        most: usize,
    },
    /// A list that is too long.
    #[error("expected at most {most} proxies, but found {found}: join neighbours into one rule")]
    TooManyProxies {
        /// How many there may be.
        most: usize,
        /// How many were given.
        found: usize,
    },
    /// Lines of an import cannot be taken. At most 100 are told.
    #[error("expected lines that can be imported, but {} cannot: {}", faults.len(), told(faults))]
    Lines {
        /// Which, and why.
        faults: Vec<LineFault>,
    },
    /// An import of too many lines at once.
    #[error("expected at most {most} lines in one command, but found {found}")]
    TooManyLines {
        /// How many there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// A grant that cannot be.
    #[error(transparent)]
    Grant(#[from] GrantFault),
    /// The record is not as its caller has seen it.
    #[error("expected the record as it was when it was read, but it has changed since: read it again, then decide")]
    Changed,
    /// The key was used for another request.
    #[error("expected a new idempotency key, but this one was used for another request: draw a key for each request")]
    KeyReused,
    /// No client has this name.
    #[error("expected the name of a client, but there is no client `{name}`")]
    NoSuchClient {
        /// The name that was given.
        name: ClientName,
    },
    /// The name is taken.
    #[error("expected a new name, but there is a client `{name}` already: choose another, or change that client")]
    ClientExists {
        /// The name that was given.
        name: ClientName,
    },
    /// A client that cannot be.
    #[error(transparent)]
    Client(#[from] ClientFault),
    /// A client that somebody else's tokens act as.
    #[error(
        "expected a client that no issuer elsewhere acts as, but the issuer `{issuer}` does: remove it, or have it act as another"
    )]
    ClientOfIssuer {
        /// The issuer.
        issuer: String,
    },
    /// A secret for a client that shows none.
    #[error(
        "expected a client that has a secret, but client `{name}` shows that it is itself by `{by}`: change that first"
    )]
    NoSecretWanted {
        /// The client.
        name: ClientName,
        /// How it shows that it is itself.
        by: &'static str,
    },
    /// Earlier secrets would be of use for too long.
    #[error(
        "expected an overlap of at most {} seconds, but found {found}",
        RotateClientSecret::OVERLAP_MOST_S
    )]
    OverlapTooLong {
        /// The seconds that were given.
        found: u32,
    },
    /// Too many secrets at a time.
    #[error(
        "expected at most {} secrets at a time, and client `{name}` has as many: wait until one has ended, or end all by rotating without an overlap",
        RotateClientSecret::SECRETS_MOST
    )]
    TooManySecrets {
        /// The client.
        name: ClientName,
    },
    /// A client asks for ever other sets of scopes and audiences.
    #[error(
        "expected at most {most} different sets of scopes and audiences in use for client `{name}`, and few of one user where others use \
         many: ask for all that was granted, or for what was asked before"
    )]
    TooManyAuthorities {
        /// The client.
        name: ClientName,
        /// How many there may be.
        most: usize,
    },
    /// A profile that cannot be.
    #[error(transparent)]
    Profile(#[from] ProfileFault),
    /// A name that cannot be shown.
    #[error("expected a name of 1 to 100 bytes without control characters for the token")]
    PersonalTokenName,
    /// A description that cannot be shown.
    #[error("expected a description of at most 1000 bytes without control characters for the token")]
    PersonalTokenDescription,
    /// No place for another personal access token.
    #[error(
        "expected at most {} personal access tokens in use, and user `{user}` has as many: revoke one first",
        IssuePersonalToken::ACTIVE_MOST
    )]
    TooManyPersonalTokens {
        /// Whose they are.
        user: UserName,
    },
    /// A list of personal access tokens that is full.
    #[error(
        "expected at most {} personal access tokens in the list of user `{user}`, and there are as many: the oldest of those that have ended leave it first",
        IssuePersonalToken::LISTED_MOST
    )]
    PersonalTokenListFull {
        /// Whose they are.
        user: UserName,
    },
    /// A personal access token would last too long.
    #[error(
        "expected an expiry by {latest}, {} days from now, but found {expires_at}",
        IssuePersonalToken::DAYS_MOST
    )]
    LastsTooLong {
        /// The expiry that was given.
        expires_at: Timestamp,
        /// The latest that may be.
        latest: Timestamp,
    },
    /// A table of routes that is full.
    #[error(
        "expected at most {} routes, and there are as many: remove one, or join some by a wider pattern",
        Route::MOST
    )]
    TooManyRoutes,
    /// A pattern that cannot be told from another's.
    #[error(
        "expected a pattern that differs from all others, but there is `{there}`, which means the same paths: remove that route first"
    )]
    RouteAlike {
        /// The pattern that is there.
        there: PathPattern,
    },
    /// No route has this pattern.
    #[error("expected the pattern of a route, but there is none for exactly `{pattern}`")]
    NoSuchRoute {
        /// The pattern that was given.
        pattern: PathPattern,
    },
    /// An issuer that cannot be.
    #[error(transparent)]
    Issuer(#[from] IssuerFault),
    /// A list of issuers that is full.
    #[error("expected at most {ISSUERS_MOST} issuers, and there are as many: remove one")]
    TooManyIssuers,
    /// No issuer has this name.
    #[error("expected the name of an issuer that is trusted, but there is none `{}`", issuer.escape_debug())]
    NoSuchIssuer {
        /// The name that was given.
        issuer: String,
    },
    /// An identity provider that cannot be.
    #[error(transparent)]
    IdentityProvider(#[from] IdentityProviderFault),
    /// A list of identity providers that is full.
    #[error("expected at most {PROVIDERS_MOST} identity providers, and there are as many: remove one")]
    TooManyIdentityProviders,
    /// No identity provider has this name.
    #[error("expected the entity ID of an identity provider that is trusted, but there is none `{}`", issuer.escape_debug())]
    NoSuchIdentityProvider {
        /// The entity ID that was given.
        issuer: String,
    },
    /// A rule written with too many blanks.
    #[error("expected a network rule of at most {most} characters, but found {found}")]
    RuleTooLong {
        /// How long it may be, in bytes.
        most: usize,
        /// How long it is.
        found: usize,
    },
}

/// The first few of many faults.
fn told(faults: &[LineFault]) -> String {
    let told: Vec<String> = faults.iter().take(3).map(ToString::to_string).collect();
    told.join("; ")
}
