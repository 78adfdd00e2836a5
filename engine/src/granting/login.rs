//! Logins of people and clients, for the audit trail alone.

use std::fmt;

use tollgate_core::{ClientName, UserName};

/// Writes down that somebody logged in, or failed to. From where, the [`Author`](crate::Author) says.
#[derive(Clone, Debug)]
pub struct RecordLogin {
    /// Whom they tried to be.
    pub who: Claimed,
    /// How it went.
    pub outcome: LoginOutcome,
    /// How many times, where failures are gathered before they are written.
    pub count: u32,
}

/// Whom somebody claimed to be. What was typed is never written down where nobody has that name: it may be a password in the wrong
/// field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claimed {
    /// This user.
    User(UserName),
    /// A user, but there is none of that name.
    UnknownUser,
    /// This client, at an endpoint to which clients authenticate.
    Client(ClientName),
    /// A client, but there is none of that name.
    UnknownClient,
    /// Many, who are not told apart.
    Several,
}

impl fmt::Display for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => f.write_str(name.as_str()),
            Self::UnknownUser => f.write_str("unknown user"),
            Self::Client(name) => write!(f, "client {name}"),
            Self::UnknownClient => f.write_str("unknown client"),
            Self::Several => f.write_str("several users and clients"),
        }
    }
}

/// How a login went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// They are who they say.
    Succeeded,
    /// Name or password was wrong, or the user is inactive; or a client could not prove who it is.
    Failed,
    /// It was refused without a look, because too many failed before.
    Throttled,
}
