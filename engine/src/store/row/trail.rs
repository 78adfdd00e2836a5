//! The audit trail, and what was made under idempotency keys.

use super::{Row, Table, read_number};
use crate::audit::AuditEntry;
use crate::codec::{self, Undecodable};
use crate::record::RepeatRow;

/// [`Table::Audit`].
pub(crate) struct Audit;

impl Row for Audit {
    const TABLE: Table = Table::Audit;
    type Key = u64;
    type Value = AuditEntry;

    fn key(key: &u64) -> Vec<u8> {
        key.to_be_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<u64> {
        read_number(bytes)
    }

    fn payload(value: &AuditEntry) -> Vec<u8> {
        codec::audit_payload(value)
    }

    fn read(key: &u64, payload: &[u8]) -> Result<AuditEntry, Undecodable> {
        codec::read_audit(*key, payload)
    }
}

/// [`Table::Repeats`].
pub(crate) struct Repeats;

impl Row for Repeats {
    const TABLE: Table = Table::Repeats;
    /// The digest of whose key it is and what it says.
    type Key = [u8; 32];
    type Value = RepeatRow;

    fn key(key: &[u8; 32]) -> Vec<u8> {
        key.as_slice().into()
    }

    fn read_key(bytes: &[u8]) -> Option<[u8; 32]> {
        bytes.try_into().ok()
    }

    fn payload(value: &RepeatRow) -> Vec<u8> {
        codec::repeat_payload(value)
    }

    fn read(_: &[u8; 32], payload: &[u8]) -> Result<RepeatRow, Undecodable> {
        codec::read_repeat(payload)
    }
}
