//! Network rules, by whom they are about and the range they mean.

use tollgate_core::{AddressRange, UserId};

use super::{Row, Table};
use crate::codec::{self, Undecodable};
use crate::record::NetworkRow;

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
