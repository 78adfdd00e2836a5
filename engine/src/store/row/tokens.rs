//! Tokens: by id, by user, by the second of their end, and by what they were imported as.

use tollgate_core::{TokenDigest, TokenId, UserId};

use super::{Row, Table, pair, read_number, read_pair};
use crate::codec::{self, Undecodable};
use crate::record::TokenRow;

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

/// [`Table::Imported`].
pub(crate) struct Imported;

impl Row for Imported {
    const TABLE: Table = Table::Imported;
    /// What the token was found by when it was imported.
    type Key = TokenDigest;
    type Value = TokenId;

    fn key(key: &TokenDigest) -> Vec<u8> {
        key.as_bytes().as_slice().into()
    }

    fn read_key(bytes: &[u8]) -> Option<TokenDigest> {
        bytes.try_into().ok().map(TokenDigest::from_bytes)
    }

    fn payload(value: &TokenId) -> Vec<u8> {
        codec::number_payload(value.0)
    }

    fn read(_: &TokenDigest, payload: &[u8]) -> Result<TokenId, Undecodable> {
        codec::read_number(payload).map(TokenId)
    }
}

/// [`Table::Origins`].
pub(crate) struct Origins;

impl Row for Origins {
    const TABLE: Table = Table::Origins;
    type Key = TokenId;
    type Value = TokenDigest;

    fn key(key: &TokenId) -> Vec<u8> {
        Tokens::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<TokenId> {
        Tokens::read_key(bytes)
    }

    fn payload(value: &TokenDigest) -> Vec<u8> {
        codec::digest_payload(value)
    }

    fn read(_: &TokenId, payload: &[u8]) -> Result<TokenDigest, Undecodable> {
        codec::read_digest(payload)
    }
}
