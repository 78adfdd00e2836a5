//! What is answered, as it goes over the socket.

use serde::{Deserialize, Serialize};

use super::explain::Explained;
use super::moved::{ExportedShown, ImportedShown};
use super::shown::{
    AuthtokenShown, BackupShown, IssuedShown, NetworkShown, RemovedShown, SettingShown, UserDetail, UserShown,
    VerifyShown,
};
use super::status::StatusShown;

/// One reply. It has no `Debug`, because it may hold a new secret.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Done(Answer),
    /// The caller can do something about it; nothing has changed.
    Refused(Fault),
    /// The store or the server is in trouble.
    Failed(Fault),
}

/// What went wrong, for scripts and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A word in snake case that names the kind of fault.
    pub code: String,
    /// What was expected, what came, what to do next.
    pub message: String,
}

impl Fault {
    /// A fault of a kind, in words.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// What was done, or found.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// One user, as it now is.
    User(UserShown),
    /// One user in full.
    UserDetail(Box<UserDetail>),
    /// Users in the order of their names.
    Users(Vec<UserShown>),
    /// A new authtoken with its secret.
    Issued(IssuedShown),
    /// One authtoken, as it now is.
    Authtoken(AuthtokenShown),
    /// Authtokens in the order in which they were issued.
    Authtokens(Vec<AuthtokenShown>),
    /// One network rule.
    Network(NetworkShown),
    /// Network rules.
    Networks(Vec<NetworkShown>),
    /// One setting, as it now is.
    Setting(SettingShown),
    /// All settings.
    Settings(Vec<SettingShown>),
    /// Something is gone.
    Removed(RemovedShown),
    /// A check, gate by gate.
    Explained(Box<Explained>),
    /// Every row is as it should be.
    Verified(VerifyShown),
    /// Lines were imported, or refused.
    Imported(ImportedShown),
    /// An export was written.
    Exported(ExportedShown),
    /// The store was copied.
    BackedUp(BackupShown),
    /// What a running server says of itself.
    Status(Box<StatusShown>),
}

impl Answer {
    /// The JSON that scripts read: the object or the array alone, its keys in the order in which they are declared.
    pub fn json(&self) -> serde_json::Result<String> {
        match self {
            Self::User(shown) => serde_json::to_string_pretty(shown),
            Self::UserDetail(shown) => serde_json::to_string_pretty(shown),
            Self::Users(shown) => serde_json::to_string_pretty(shown),
            Self::Issued(shown) => serde_json::to_string_pretty(shown),
            Self::Authtoken(shown) => serde_json::to_string_pretty(shown),
            Self::Authtokens(shown) => serde_json::to_string_pretty(shown),
            Self::Network(shown) => serde_json::to_string_pretty(shown),
            Self::Networks(shown) => serde_json::to_string_pretty(shown),
            Self::Setting(shown) => serde_json::to_string_pretty(shown),
            Self::Settings(shown) => serde_json::to_string_pretty(shown),
            Self::Removed(shown) => serde_json::to_string_pretty(shown),
            Self::Explained(shown) => serde_json::to_string_pretty(shown),
            Self::Verified(shown) => serde_json::to_string_pretty(shown),
            Self::Imported(shown) => serde_json::to_string_pretty(shown),
            Self::Exported(shown) => serde_json::to_string_pretty(shown),
            Self::BackedUp(shown) => serde_json::to_string_pretty(shown),
            Self::Status(shown) => serde_json::to_string_pretty(shown),
        }
    }
}
