//! Grants and logins by whom they are of.

use tollgate_core::{TokenDigest, UserId};

use super::{Row, Table, pair, read_pair};
use crate::client::Grant;
use crate::codec::{self, Undecodable};
use crate::granting::GrantId;

/// [`Table::GrantsByUser`].
pub(crate) struct GrantsByUser;

impl Row for GrantsByUser {
    const TABLE: Table = Table::GrantsByUser;
    type Key = (UserId, GrantId);
    type Value = Grant;

    fn key((user, grant): &(UserId, GrantId)) -> Vec<u8> {
        pair(user.0, grant.0)
    }

    fn read_key(bytes: &[u8]) -> Option<(UserId, GrantId)> {
        read_pair(bytes).map(|(user, grant)| (UserId(user), GrantId(grant)))
    }

    fn payload(value: &Grant) -> Vec<u8> {
        codec::number_payload(*value as u64)
    }

    fn read(_: &(UserId, GrantId), payload: &[u8]) -> Result<Grant, Undecodable> {
        let number = codec::read_number(payload)?;
        let named = Grant::ALL.into_iter().find(|grant| *grant as u64 == number);
        named.ok_or(Undecodable::Field("grant"))
    }
}

/// [`Table::GrantsByClient`].
pub(crate) struct GrantsByClient;

impl Row for GrantsByClient {
    const TABLE: Table = Table::GrantsByClient;
    /// The client's number, and which grant.
    type Key = (u64, GrantId);
    type Value = ();

    fn key((client, grant): &(u64, GrantId)) -> Vec<u8> {
        pair(*client, grant.0)
    }

    fn read_key(bytes: &[u8]) -> Option<(u64, GrantId)> {
        read_pair(bytes).map(|(client, grant)| (client, GrantId(grant)))
    }

    fn payload((): &()) -> Vec<u8> {
        codec::unit_payload()
    }

    fn read(_: &(u64, GrantId), payload: &[u8]) -> Result<(), Undecodable> {
        codec::read_unit(payload)
    }
}

/// [`Table::SessionsByUser`].
pub(crate) struct SessionsByUser;

impl Row for SessionsByUser {
    const TABLE: Table = Table::SessionsByUser;
    type Key = (UserId, TokenDigest);
    type Value = ();

    fn key((user, session): &(UserId, TokenDigest)) -> Vec<u8> {
        [user.0.to_be_bytes().as_slice(), session.as_bytes()].concat()
    }

    fn read_key(bytes: &[u8]) -> Option<(UserId, TokenDigest)> {
        let (user, session) = bytes.split_first_chunk::<8>()?;
        let session = TokenDigest::from_bytes(session.try_into().ok()?);
        Some((UserId(u64::from_be_bytes(*user)), session))
    }

    fn payload((): &()) -> Vec<u8> {
        codec::unit_payload()
    }

    fn read(_: &(UserId, TokenDigest), payload: &[u8]) -> Result<(), Undecodable> {
        codec::read_unit(payload)
    }
}
