//! What can go wrong below the commands, told apart by what it means for them.

use std::fmt;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// A row is not what was written there.
    Damaged(Damage),
    /// The file, the disk or the store's machinery failed; said in words.
    Storage(String),
    /// The store is closed.
    Closed,
}

/// A row that is not what was written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The table it stands in.
    pub table: &'static str,
    /// Its key: text where it is text, hexadecimal digits elsewhere.
    pub key: String,
    /// What is wrong with it.
    pub fault: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, fault } = self;
        write!(
            f,
            "the row {key} of table {table} is damaged: {fault}; run `tollgate verify` to see all that is, and restore a backup"
        )
    }
}

impl Damage {
    pub(crate) fn new(table: super::Table, key: &[u8], fault: impl fmt::Display) -> Self {
        Self {
            table: table.name(),
            key: shown(table, key),
            fault: fault.to_string(),
        }
    }
}

fn shown(table: super::Table, key: &[u8]) -> String {
    use super::Table;
    match (table, std::str::from_utf8(key)) {
        (
            Table::Meta
            | Table::Settings
            | Table::UserNames
            | Table::Clients
            | Table::Routes
            | Table::Issuers
            | Table::IdentityProviders,
            Ok(text),
        ) => format!("{text:?}"),
        (
            Table::Users
            | Table::Tokens
            | Table::Counters
            | Table::Departures
            | Table::Audit
            | Table::AdminTokens
            | Table::FeedTokens
            | Table::Origins
            | Table::People
            | Table::LastUsed
            | Table::Authorities
            | Table::Families
            | Table::SigningKeys,
            _,
        ) if matches!(key.len(), 4 | 8) => {
            let number = key.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            number.to_string()
        }
        _ => key.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(damage) => damage.fmt(f),
            Self::Storage(words) => f.write_str(words),
            Self::Closed => f.write_str("the store is closed"),
        }
    }
}

impl From<Damage> for StoreError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => { $(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Storage(error.to_string())
            }
        }
    )* };
}
from_redb!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::DatabaseError
);
