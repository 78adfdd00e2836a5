//! Passwords and profiles of users, and their personal access tokens.

use tollgate_core::{Timestamp, TokenId, UserId};

use super::{Row, Table, Tokens, TokensByUser, Users};
use crate::codec::{self, Undecodable};
use crate::person::{PersonRow, PersonalRow};

/// [`Table::People`]. A user of whom nothing of this is known has no row.
pub(crate) struct People;

impl Row for People {
    const TABLE: Table = Table::People;
    type Key = UserId;
    type Value = PersonRow;

    fn key(key: &UserId) -> Vec<u8> {
        Users::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<UserId> {
        Users::read_key(bytes)
    }

    fn payload(value: &PersonRow) -> Vec<u8> {
        codec::person_payload(value)
    }

    fn read(_: &UserId, payload: &[u8]) -> Result<PersonRow, Undecodable> {
        codec::read_person(payload)
    }
}

/// [`Table::PersonalTokens`]. They stand by user, so that those of one are counted without looking at all tokens of theirs.
pub(crate) struct PersonalTokens;

impl Row for PersonalTokens {
    const TABLE: Table = Table::PersonalTokens;
    type Key = (UserId, TokenId);
    type Value = PersonalRow;

    fn key(key: &(UserId, TokenId)) -> Vec<u8> {
        TokensByUser::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<(UserId, TokenId)> {
        TokensByUser::read_key(bytes)
    }

    fn payload(value: &PersonalRow) -> Vec<u8> {
        codec::personal_payload(value)
    }

    fn read(_: &(UserId, TokenId), payload: &[u8]) -> Result<PersonalRow, Undecodable> {
        codec::read_personal(payload)
    }
}

/// [`Table::LastUsed`]. It says nothing of whether a token may be used.
pub(crate) struct LastUsed;

impl Row for LastUsed {
    const TABLE: Table = Table::LastUsed;
    type Key = TokenId;
    type Value = Timestamp;

    fn key(key: &TokenId) -> Vec<u8> {
        Tokens::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<TokenId> {
        Tokens::read_key(bytes)
    }

    fn payload(value: &Timestamp) -> Vec<u8> {
        codec::number_payload(value.as_millis())
    }

    fn read(_: &TokenId, payload: &[u8]) -> Result<Timestamp, Undecodable> {
        codec::read_number(payload).map(Timestamp::from_millis)
    }
}
