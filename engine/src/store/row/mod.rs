//! What keys and values of each table mean.
//!
//! Numbers in keys are big-endian, so that ranges run in numeric order.

mod meta;
mod people;
mod tokens;
mod operators;
mod personal;
mod clients;
mod access;
mod networks;
mod changes;
mod trail;
mod grants;
mod held;

use super::Table;
use crate::codec::Undecodable;

pub(crate) use access::{IdentityProviders, Issuers, Routes};
pub(crate) use changes::Changes;
pub(crate) use clients::{Authorities, AuthorityNumbers, Clients};
pub(crate) use grants::{Codes, Consents, Families, Refreshes, Sessions, SigningKeys, Spent, TokensByFamily};
pub(crate) use held::{GrantsByClient, GrantsByUser, SessionsByUser};
pub(crate) use meta::{Meta, Number, SettingRows};
pub(crate) use networks::{NetworkRules, Scope};
pub(crate) use operators::{AdminTokens, FeedTokens};
pub(crate) use people::{Counters, Departures, UserNames, Users};
pub(crate) use personal::{LastUsed, People, PersonalTokens};
pub(crate) use tokens::{Endings, Imported, Origins, Tokens, TokensByUser};
pub(crate) use trail::{Audit, Repeats};

/// One table's rows.
pub(crate) trait Row {
    /// Where they stand.
    const TABLE: Table;
    /// What they are found by.
    type Key;
    /// What they say.
    type Value;
    /// The key in bytes.
    fn key(key: &Self::Key) -> Vec<u8>;
    /// The key that bytes mean; none where they are no key of this table.
    fn read_key(bytes: &[u8]) -> Option<Self::Key>;
    /// The value in bytes.
    fn payload(value: &Self::Value) -> Vec<u8>;
    /// The value that bytes mean.
    fn read(key: &Self::Key, payload: &[u8]) -> Result<Self::Value, Undecodable>;
}

fn read_number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn pair(first: u64, second: u64) -> Vec<u8> {
    [first.to_be_bytes(), second.to_be_bytes()].concat()
}

fn read_pair(bytes: &[u8]) -> Option<(u64, u64)> {
    let (first, second) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*first), read_number(second)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::{TokenId, UserId};

    #[test]
    fn keys_read_what_they_write_and_run_in_numeric_order() {
        assert_eq!(Users::read_key(&Users::key(&UserId(300))), Some(UserId(300)));
        assert!(Users::key(&UserId(255)) < Users::key(&UserId(256)));
        assert_eq!(Users::read_key(b"short"), None);
        let ending = (9, TokenId(u64::MAX));
        assert_eq!(Endings::read_key(&Endings::key(&ending)), Some(ending));
        assert!(Endings::key(&ending) < Endings::key(&(10, TokenId(0))));
        for range in ["10.0.0.0/8", "::1", "2001:db8::/32"] {
            let range = range.parse::<tollgate_core::NetworkRule>().unwrap().range();
            let key = (Scope(7), range);
            assert_eq!(NetworkRules::read_key(&NetworkRules::key(&key)), Some(key));
        }
        for number in Number::ALL {
            assert_eq!(Meta::read_key(&Meta::key(&number)), Some(number));
        }
    }
}
