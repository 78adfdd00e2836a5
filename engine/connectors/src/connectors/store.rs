//! What the façade needs of a store.

use std::fmt;
use std::sync::Arc;

use tollgate::Timestamp;

use crate::auth_value::AuthValue;
use crate::entry::{Auth, Entry, OAuth2Type};
use crate::freshness::{Freshness, Standing};
use crate::properties::{PASSWORD, Properties, USERNAME};

/// The number of an account connector: an entry that is installed in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorNumber(pub u64);

impl fmt::Display for ConnectorNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a store holds of an account connector, read at one moment. It has secrets, so there is no `Debug`.
#[derive(Clone)]
pub struct Held {
    /// How often the value was set or renewed. What else changes, such as names and properties, leaves it as it is, so that a
    /// renewal under way is not lost by that.
    pub version: u64,
    /// What is known of the third party.
    pub entry: Arc<Entry>,
    /// What the account says beside it.
    pub properties: Properties,
    /// What is shown to the third party.
    pub value: AuthValue,
    /// What is known of that.
    pub freshness: Freshness,
}

impl Held {
    /// Whether a token is come by without a person and without a refresh token.
    pub fn is_renewable(&self) -> bool {
        match self.entry.auth() {
            Auth::OAuth2(oauth2) => match oauth2.sort {
                OAuth2Type::ClientCredentials => true,
                OAuth2Type::PasswordCredentials => [USERNAME, PASSWORD]
                    .iter()
                    .all(|name| self.properties.value(name).is_some()),
                OAuth2Type::AuthorisationCode => false,
            },
            Auth::ApiKey | Auth::Basic | Auth::None => false,
        }
    }

    /// What to do with the value now.
    pub fn standing(&self, now: Timestamp) -> Standing {
        self.freshness.standing(&self.value, self.is_renewable(), now)
    }
}

/// What came of a renewal, to be kept in one transaction.
#[derive(Clone)]
pub struct Kept {
    /// The new value, where there is one.
    pub value: Option<AuthValue>,
    /// What is known of it, or of the old one.
    pub freshness: Freshness,
    /// When it is to be renewed without being asked: what [`ConnectorStore::due`] goes by.
    pub next: Option<Timestamp>,
    /// Why there is no new value, in a sentence for people. It holds no secret.
    pub fault: Option<String>,
}

/// Whether the version was still the one that the caller had seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// It was, and it is written and durable.
    Same {
        /// The version from here on.
        version: u64,
    },
    /// The value is another by now, or the account connector is gone. Nothing was written.
    Moved,
}

/// The store cannot be read or written, or its outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be read or written")]
pub struct StoreFault;

/// Where account connectors are kept. The calls may wait for the disk, and are made from many threads.
pub trait ConnectorStore: Send + Sync + 'static {
    /// An account connector as it is now; none where there is none. Whoever calls afterwards sees at least what this one saw.
    fn held(&self, number: ConnectorNumber) -> Result<Option<Held>, StoreFault>;

    /// Account connectors whose [`Kept::next`] has come, the earliest first, at most so many.
    fn due(&self, now: Timestamp, most: usize) -> Result<Vec<ConnectorNumber>, StoreFault>;

    /// Notes durably that a renewal of this version is about to be sent. Whoever reads after a crash knows by that note that the
    /// refresh token may be spent, though nobody has seen what it was spent for. The version goes up.
    fn begin(&self, number: ConnectorNumber, version: u64, now: Timestamp) -> Result<Compared, StoreFault>;

    /// Keeps what came of it durably, and takes the note away. The version goes up.
    fn keep(&self, number: ConnectorNumber, version: u64, kept: Kept) -> Result<Compared, StoreFault>;
}
