//! Records on their way from one store to another, or from another system into this one.

use std::fmt;

use tollgate_core::{
    Audience, ClientName, ForeignDigest, Limit, NetworkRule, OperationSet, Route, ScopeSet, Timestamp, TokenDigest,
    TokenId, UserId, UserName,
};
use zeroize::Zeroizing;

use crate::client::{AccessForm, ClientAuthentication, GrantSet};
use crate::record::Standing;
use crate::setting::Setting;

/// One record of an export, or of an import.
#[derive(Clone, Debug)]
pub enum Portable {
    /// A setting.
    Setting(Setting),
    /// A route.
    Route(Route),
    /// A user.
    User(PortableUser),
    /// An authtoken. In an import it may come with its user, who is then added where they are not there yet.
    Authtoken(PortableAuthtoken, Option<PortableUser>),
    /// A network rule.
    Network(PortableNetwork),
    /// A client.
    Client(Box<PortableClient>),
}

/// A user. What is none takes its first value where the user is new, and is left alone where they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableUser {
    /// The id in the store that this comes from. It is kept where no later id was given away yet.
    pub id: Option<UserId>,
    /// The name.
    pub name: UserName,
    /// Whether the user's tokens may be used.
    pub active: Option<bool>,
    /// Methods the user may use.
    pub operations: Option<OperationSet>,
    /// Requests an hour.
    pub per_hour: Option<Limit>,
    /// Requests at a time.
    pub concurrent: Option<Limit>,
    /// When the user was added.
    pub created_at: Option<Timestamp>,
}

impl PortableUser {
    /// A user of whom nothing is known but the name.
    pub fn named(name: UserName) -> Self {
        Self {
            id: None,
            name,
            active: None,
            operations: None,
            per_hour: None,
            concurrent: None,
            created_at: None,
        }
    }
}

/// An authtoken.
#[derive(Clone, Debug)]
pub struct PortableAuthtoken {
    /// The id in the store that this comes from. It is kept where no later id was given away yet.
    pub id: Option<TokenId>,
    /// Whose it is.
    pub user: UserName,
    /// What it will be known by.
    pub secret: PortableSecret,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// The first moment at which it may be used, rounded up to a second.
    pub not_before: Option<Timestamp>,
    /// The first moment at which it may no longer be used, rounded down to a second.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What a token is known by, on its way.
#[derive(Clone)]
pub enum PortableSecret {
    /// The token itself.
    Clear(Zeroizing<String>),
    /// Its digest under a scheme of others. It is replaced by a keyed one when the token is first used.
    Digest(ForeignDigest),
    /// Its digest under a store's own key, of no use under any other.
    Keyed {
        /// The digest.
        digest: TokenDigest,
        /// What the token was imported as, where it stands under another digest since: it stays known wherever the token goes, so
        /// that its first file brings no second one.
        origin: Option<TokenDigest>,
        /// The fingerprint of the key, as `tollgate export` writes it.
        key: [u8; 8],
    },
}

impl fmt::Debug for PortableSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear(_) => "Clear(hidden)",
            Self::Digest(_) => "Digest(hidden)",
            Self::Keyed { .. } => "Keyed(hidden)",
        })
    }
}

/// A network rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableNetwork {
    /// The addresses.
    pub rule: NetworkRule,
    /// Whether they may call.
    pub standing: Standing,
    /// The user whom the rule is about; everybody where there is none.
    pub user: Option<UserName>,
    /// When the rule was added.
    pub added_at: Option<Timestamp>,
}

/// A client. What is none takes its first value where the client is new, and is left alone where it is there.
#[derive(Clone, Debug)]
pub struct PortableClient {
    /// The `client_id`.
    pub name: ClientName,
    /// What people call it.
    pub title: Option<String>,
    /// What it may present to get a token.
    pub grants: Option<GrantSet>,
    /// Where a login may lead back to.
    pub login_urls: Option<Vec<String>>,
    /// Where a logout may lead to.
    pub logout_urls: Option<Vec<String>>,
    /// The scopes it may ask for.
    pub scopes: Option<ScopeSet>,
    /// Whom its tokens may be meant for.
    pub audiences: Option<Vec<Audience>>,
    /// Seconds for which its access tokens last.
    pub lifetime_s: Option<u32>,
    /// Seconds after a login from which on its tokens can be refreshed no more.
    pub refresh_lifetime_s: Option<u32>,
    /// Whether people log in at our page.
    pub show_login: Option<bool>,
    /// Whether people are asked before it acts for them.
    pub consent: Option<bool>,
    /// Whether it gets tokens.
    pub enabled: Option<bool>,
    /// What its access tokens look like; RS256 where nothing is said.
    pub access: Option<AccessForm>,
    /// How it shows that it is itself.
    pub authentication: Option<ClientAuthentication>,
    /// Whom it acts as when it presents nobody's credential but its own.
    pub user: Option<UserName>,
    /// Its secrets. Where there are none, none is made: rotating makes one.
    pub secrets: Vec<PortableClientSecret>,
    /// When it was added.
    pub created_at: Option<Timestamp>,
}

impl PortableClient {
    /// A client of which nothing is known but the name.
    pub fn named(name: ClientName) -> Self {
        Self {
            name,
            title: None,
            grants: None,
            login_urls: None,
            logout_urls: None,
            scopes: None,
            audiences: None,
            lifetime_s: None,
            refresh_lifetime_s: None,
            show_login: None,
            consent: None,
            enabled: None,
            access: None,
            authentication: None,
            user: None,
            secrets: Vec::new(),
            created_at: None,
        }
    }
}

/// A client's secret.
#[derive(Clone, Debug)]
pub struct PortableClientSecret {
    /// What it will be known by.
    pub secret: PortableSecret,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The first moment at which it is good for nothing any more.
    pub expires_at: Option<Timestamp>,
}

/// Why a line of an import cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineFault {
    /// Its number, as the import gave it.
    pub line: u64,
    /// What was expected and what was found.
    pub reason: String,
}

impl LineFault {
    /// A fault of a line, in words.
    pub fn new(line: u64, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { line, reason }
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, reason } = self;
        write!(f, "line {line}: {reason}")
    }
}

/// What an import has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Users that are new.
    pub users: u64,
    /// Authtokens that are new.
    pub authtokens: u64,
    /// Network rules that are new.
    pub networks: u64,
    /// Settings that have another value now.
    pub settings: u64,
    /// Clients that are new.
    pub clients: u64,
    /// Routes that are new.
    pub routes: u64,
    /// Lines that say what was there already.
    pub already: u64,
    /// Lines that could not be taken, where such lines were to be skipped.
    pub skipped: Vec<LineFault>,
}
