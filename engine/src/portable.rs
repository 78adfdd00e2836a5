//! Records on their way from one store to another, or from another system into this one.

use std::fmt;

use tollgate_core::{
    ForeignDigest, Limit, NetworkRule, OperationSet, Timestamp, TokenDigest, TokenId, UserId, UserName,
};
use zeroize::Zeroizing;

use crate::record::Standing;
use crate::setting::Setting;

/// One record of an export, or of an import.
#[derive(Clone, Debug)]
pub enum Portable {
    /// A setting.
    Setting(Setting),
    /// A user.
    User(PortableUser),
    /// An authtoken. In an import it may come with its user, who is then added where they are not there yet.
    Authtoken(PortableAuthtoken, Option<PortableUser>),
    /// A network rule.
    Network(PortableNetwork),
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
    /// Lines that say what was there already.
    pub already: u64,
    /// Lines that could not be taken, where such lines were to be skipped.
    pub skipped: Vec<LineFault>,
}
