//! What keys and values of each table mean.
//!
//! Numbers in keys are big-endian, so that ranges run in numeric order.

use tollgate_core::{AddressRange, TokenId, UserId, UserName};

use super::Table;
use crate::change::Change;
use crate::codec::{self, Undecodable};
use crate::record::{CounterRow, NetworkRow, TokenRow, UserRow};
use crate::setting::Setting;

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

/// A number of the store as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// The revision of the last transaction.
    Revision,
    /// The id that the next user gets.
    NextUser,
    /// The id that the next token gets.
    NextToken,
    /// The first half of the feed's identity.
    FeedHigh,
    /// The second half of the feed's identity.
    FeedLow,
    /// The fingerprint of the key that seals this store.
    Key,
    /// When the store was made, in milliseconds.
    CreatedAt,
}

impl Number {
    /// All of them; each stands in every store.
    pub(crate) const ALL: [Self; 7] = [
        Self::Revision,
        Self::NextUser,
        Self::NextToken,
        Self::FeedHigh,
        Self::FeedLow,
        Self::Key,
        Self::CreatedAt,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::NextUser => "next_user",
            Self::NextToken => "next_token",
            Self::FeedHigh => "feed_high",
            Self::FeedLow => "feed_low",
            Self::Key => "key",
            Self::CreatedAt => "created_at",
        }
    }
}

/// [`Table::Meta`] but for the format number, which stands there without version or seal.
pub(crate) struct Meta;

impl Row for Meta {
    const TABLE: Table = Table::Meta;
    type Key = Number;
    type Value = u64;

    fn key(key: &Number) -> Vec<u8> {
        key.name().into()
    }

    fn read_key(bytes: &[u8]) -> Option<Number> {
        Number::ALL.into_iter().find(|number| number.name().as_bytes() == bytes)
    }

    fn payload(value: &u64) -> Vec<u8> {
        codec::number_payload(*value)
    }

    fn read(_: &Number, payload: &[u8]) -> Result<u64, Undecodable> {
        codec::read_number(payload)
    }
}

/// [`Table::Users`].
pub(crate) struct Users;

impl Row for Users {
    const TABLE: Table = Table::Users;
    type Key = UserId;
    type Value = UserRow;

    fn key(key: &UserId) -> Vec<u8> {
        key.0.to_be_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<UserId> {
        read_number(bytes).map(UserId)
    }

    fn payload(value: &UserRow) -> Vec<u8> {
        codec::user_payload(value)
    }

    fn read(key: &UserId, payload: &[u8]) -> Result<UserRow, Undecodable> {
        codec::read_user(*key, payload)
    }
}

/// [`Table::UserNames`].
pub(crate) struct UserNames;

impl Row for UserNames {
    const TABLE: Table = Table::UserNames;
    type Key = UserName;
    type Value = UserId;

    fn key(key: &UserName) -> Vec<u8> {
        key.as_str().into()
    }

    fn read_key(bytes: &[u8]) -> Option<UserName> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    fn payload(value: &UserId) -> Vec<u8> {
        codec::number_payload(value.0)
    }

    fn read(_: &UserName, payload: &[u8]) -> Result<UserId, Undecodable> {
        codec::read_number(payload).map(UserId)
    }
}

/// [`Table::Departures`].
pub(crate) struct Departures;

impl Row for Departures {
    const TABLE: Table = Table::Departures;
    type Key = UserId;
    type Value = ();

    fn key(key: &UserId) -> Vec<u8> {
        Users::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<UserId> {
        Users::read_key(bytes)
    }

    fn payload((): &()) -> Vec<u8> {
        codec::unit_payload()
    }

    fn read(_: &UserId, payload: &[u8]) -> Result<(), Undecodable> {
        codec::read_unit(payload)
    }
}

/// [`Table::Tokens`].
pub(crate) struct Tokens;

impl Row for Tokens {
    const TABLE: Table = Table::Tokens;
    type Key = TokenId;
    type Value = TokenRow;

    fn key(key: &TokenId) -> Vec<u8> {
        key.0.to_be_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<TokenId> {
        read_number(bytes).map(TokenId)
    }

    fn payload(value: &TokenRow) -> Vec<u8> {
        codec::token_payload(value)
    }

    fn read(key: &TokenId, payload: &[u8]) -> Result<TokenRow, Undecodable> {
        codec::read_token(*key, payload)
    }
}

/// [`Table::TokensByUser`].
pub(crate) struct TokensByUser;

impl Row for TokensByUser {
    const TABLE: Table = Table::TokensByUser;
    type Key = (UserId, TokenId);
    type Value = ();

    fn key((user, token): &(UserId, TokenId)) -> Vec<u8> {
        pair(user.0, token.0)
    }

    fn read_key(bytes: &[u8]) -> Option<(UserId, TokenId)> {
        read_pair(bytes).map(|(user, token)| (UserId(user), TokenId(token)))
    }

    fn payload((): &()) -> Vec<u8> {
        codec::unit_payload()
    }

    fn read(_: &(UserId, TokenId), payload: &[u8]) -> Result<(), Undecodable> {
        codec::read_unit(payload)
    }
}

/// [`Table::Endings`].
pub(crate) struct Endings;

impl Row for Endings {
    const TABLE: Table = Table::Endings;
    /// The second of the end, and whose end it is.
    type Key = (u64, TokenId);
    type Value = ();

    fn key((at_s, token): &(u64, TokenId)) -> Vec<u8> {
        pair(*at_s, token.0)
    }

    fn read_key(bytes: &[u8]) -> Option<(u64, TokenId)> {
        read_pair(bytes).map(|(at_s, token)| (at_s, TokenId(token)))
    }

    fn payload((): &()) -> Vec<u8> {
        codec::unit_payload()
    }

    fn read(_: &(u64, TokenId), payload: &[u8]) -> Result<(), Undecodable> {
        codec::read_unit(payload)
    }
}

/// [`Table::Networks`].
pub(crate) struct NetworkRules;

/// Whom rules are about: a user, or everybody (whose number no user has).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope(pub(crate) u64);

impl Scope {
    /// Everybody.
    pub(crate) const GLOBAL: Self = Self(0);

    pub(crate) fn of(user: UserId) -> Self {
        Self(user.0)
    }

    /// The user, if it is one.
    pub(crate) fn user(self) -> Option<UserId> {
        (self != Self::GLOBAL).then_some(UserId(self.0))
    }
}

impl Row for NetworkRules {
    const TABLE: Table = Table::Networks;
    type Key = (Scope, AddressRange);
    type Value = NetworkRow;

    fn key((scope, range): &(Scope, AddressRange)) -> Vec<u8> {
        let mut key = scope.0.to_be_bytes().to_vec();
        match range {
            AddressRange::V4 { first, last } => {
                key.push(4);
                key.extend_from_slice(&first.to_be_bytes());
                key.extend_from_slice(&last.to_be_bytes());
            }
            AddressRange::V6 { first, last } => {
                key.push(6);
                key.extend_from_slice(&first.to_be_bytes());
                key.extend_from_slice(&last.to_be_bytes());
            }
        }
        key
    }

    fn read_key(bytes: &[u8]) -> Option<(Scope, AddressRange)> {
        let (scope, rest) = bytes.split_first_chunk::<8>()?;
        let range = match rest.split_first()? {
            (4, rest) => {
                let (first, last) = rest.split_first_chunk::<4>()?;
                AddressRange::V4 {
                    first: u32::from_be_bytes(*first),
                    last: u32::from_be_bytes(last.try_into().ok()?),
                }
            }
            (6, rest) => {
                let (first, last) = rest.split_first_chunk::<16>()?;
                AddressRange::V6 {
                    first: u128::from_be_bytes(*first),
                    last: u128::from_be_bytes(last.try_into().ok()?),
                }
            }
            _ => return None,
        };
        Some((Scope(u64::from_be_bytes(*scope)), range))
    }

    fn payload(value: &NetworkRow) -> Vec<u8> {
        codec::network_payload(value)
    }

    fn read(key: &(Scope, AddressRange), payload: &[u8]) -> Result<NetworkRow, Undecodable> {
        let row = codec::read_network(payload)?;
        if row.rule.range() == key.1 {
            Ok(row)
        } else {
            Err(Undecodable::Field("network rule of this range"))
        }
    }
}

/// [`Table::Settings`]. A setting that has no row has its first value.
pub(crate) struct SettingRows;

impl Row for SettingRows {
    const TABLE: Table = Table::Settings;
    type Key = &'static str;
    type Value = Setting;

    fn key(key: &&'static str) -> Vec<u8> {
        (*key).into()
    }

    fn read_key(bytes: &[u8]) -> Option<&'static str> {
        Setting::KEYS.into_iter().find(|key| key.as_bytes() == bytes)
    }

    fn payload(value: &Setting) -> Vec<u8> {
        codec::setting_payload(value)
    }

    fn read(key: &&'static str, payload: &[u8]) -> Result<Setting, Undecodable> {
        let setting = codec::read_setting(payload)?;
        if setting.key() == *key {
            Ok(setting)
        } else {
            Err(Undecodable::Field("setting of this name"))
        }
    }
}

/// [`Table::Counters`].
pub(crate) struct Counters;

impl Row for Counters {
    const TABLE: Table = Table::Counters;
    type Key = UserId;
    type Value = CounterRow;

    fn key(key: &UserId) -> Vec<u8> {
        Users::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<UserId> {
        Users::read_key(bytes)
    }

    fn payload(value: &CounterRow) -> Vec<u8> {
        codec::counter_payload(value)
    }

    fn read(_: &UserId, payload: &[u8]) -> Result<CounterRow, Undecodable> {
        codec::read_counter(payload)
    }
}

/// [`Table::Changes`].
pub(crate) struct Changes;

impl Row for Changes {
    const TABLE: Table = Table::Changes;
    /// The revision, and the place among its changes.
    type Key = (u64, u64);
    type Value = Change;

    fn key((revision, place): &(u64, u64)) -> Vec<u8> {
        pair(*revision, *place)
    }

    fn read_key(bytes: &[u8]) -> Option<(u64, u64)> {
        read_pair(bytes)
    }

    fn payload(value: &Change) -> Vec<u8> {
        codec::change_payload(value)
    }

    fn read(_: &(u64, u64), payload: &[u8]) -> Result<Change, Undecodable> {
        codec::read_change(payload)
    }
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
