//! The tail of the feed.

use super::{Row, Table, pair, read_pair};
use crate::change::Change;
use crate::codec::{self, Undecodable};

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
