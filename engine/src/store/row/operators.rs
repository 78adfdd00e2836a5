//! Administrators' tokens and feed tokens, by id. They stand in tables of their own, so that none is ever read as the other.

use tollgate_core::TokenId;

use super::{Row, Table, Tokens};
use crate::codec::{self, Undecodable};
use crate::record::{AdminToken, FeedToken, OperatorRow};

/// [`Table::AdminTokens`].
pub(crate) struct AdminTokens;

impl Row for AdminTokens {
    const TABLE: Table = Table::AdminTokens;
    type Key = TokenId;
    type Value = OperatorRow<AdminToken>;

    fn key(key: &TokenId) -> Vec<u8> {
        Tokens::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<TokenId> {
        Tokens::read_key(bytes)
    }

    fn payload(value: &OperatorRow<AdminToken>) -> Vec<u8> {
        codec::admin_token_payload(value)
    }

    fn read(key: &TokenId, payload: &[u8]) -> Result<OperatorRow<AdminToken>, Undecodable> {
        codec::read_admin_token(*key, payload)
    }
}

/// [`Table::FeedTokens`].
pub(crate) struct FeedTokens;

impl Row for FeedTokens {
    const TABLE: Table = Table::FeedTokens;
    type Key = TokenId;
    type Value = OperatorRow<FeedToken>;

    fn key(key: &TokenId) -> Vec<u8> {
        Tokens::key(key)
    }

    fn read_key(bytes: &[u8]) -> Option<TokenId> {
        Tokens::read_key(bytes)
    }

    fn payload(value: &OperatorRow<FeedToken>) -> Vec<u8> {
        codec::feed_token_payload(value)
    }

    fn read(key: &TokenId, payload: &[u8]) -> Result<OperatorRow<FeedToken>, Undecodable> {
        codec::read_feed_token(*key, payload)
    }
}
