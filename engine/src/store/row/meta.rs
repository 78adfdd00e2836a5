//! Numbers of the store as a whole, and settings.

use super::{Row, Table};
use crate::codec::{self, Undecodable};
use crate::setting::Setting;

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
    /// The place that the next entry of the audit trail gets.
    NextAudit,
    /// The number that the next client gets.
    NextClient,
    /// The number that the next authority gets.
    NextAuthority,
    /// What the present set of issuers is told from earlier ones by; it only grows.
    IssuersEpoch,
}

impl Number {
    /// All of them; each stands in every store.
    pub(crate) const ALL: [Self; 11] = [
        Self::Revision,
        Self::NextUser,
        Self::NextToken,
        Self::FeedHigh,
        Self::FeedLow,
        Self::Key,
        Self::CreatedAt,
        Self::NextAudit,
        Self::NextClient,
        Self::NextAuthority,
        Self::IssuersEpoch,
    ];

    /// The first format whose stores all have it.
    pub(crate) fn since(self) -> u64 {
        match self {
            Self::Revision
            | Self::NextUser
            | Self::NextToken
            | Self::FeedHigh
            | Self::FeedLow
            | Self::Key
            | Self::CreatedAt => 1,
            Self::NextAudit => 2,
            Self::NextClient | Self::NextAuthority | Self::IssuersEpoch => 3,
        }
    }

    /// What it says where nothing has been written yet: the first of all that are given away is 1.
    pub(crate) fn first(self) -> u64 {
        match self {
            Self::NextUser | Self::NextToken | Self::NextAudit | Self::NextClient | Self::NextAuthority => 1,
            Self::Revision | Self::FeedHigh | Self::FeedLow | Self::Key | Self::CreatedAt | Self::IssuersEpoch => 0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::NextUser => "next_user",
            Self::NextToken => "next_token",
            Self::FeedHigh => "feed_high",
            Self::FeedLow => "feed_low",
            Self::Key => "key",
            Self::CreatedAt => "created_at",
            Self::NextAudit => "next_audit",
            Self::NextClient => "next_client",
            Self::NextAuthority => "next_authority",
            Self::IssuersEpoch => "issuers_epoch",
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
