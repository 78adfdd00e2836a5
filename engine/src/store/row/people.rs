//! Users: by id, by name, those who are gone, and their hourly counters.

use tollgate_core::{UserId, UserName};

use super::{Row, Table, read_number};
use crate::codec::{self, Undecodable};
use crate::record::{CounterRow, UserRow};

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
