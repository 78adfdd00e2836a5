//! Mirror types of the audit trail and of idempotency keys.

use tollgate_core::{Timestamp, TokenDigest};

use super::{Decode, Encode, Undecodable, decode, encode};
use crate::audit::{AuditDigest, AuditEntry, AuditFacts};
use crate::record::RepeatRow;

type FactsV1 = Option<Vec<(String, String)>>;

#[derive(Encode, Decode)]
struct AuditV1 {
    at_ms: u64,
    actor: String,
    origin: String,
    action: String,
    subject: String,
    before: FactsV1,
    after: FactsV1,
    previous: [u8; 32],
    digest: [u8; 32],
}

/// The payload of an entry of the audit trail.
pub(crate) fn audit_payload(entry: &AuditEntry) -> Vec<u8> {
    let AuditEntry {
        sequence: _,
        at,
        actor,
        origin,
        action,
        subject,
        before,
        after,
        previous,
        digest,
    } = entry.clone();
    let facts = |facts: Option<AuditFacts>| facts.map(|facts| facts.into_iter().collect());
    encode(&AuditV1 {
        at_ms: at.as_millis(),
        actor,
        origin,
        action,
        subject,
        before: facts(before),
        after: facts(after),
        previous: previous.0,
        digest: digest.0,
    })
}

/// Reads entry `sequence` of the audit trail.
pub(crate) fn read_audit(sequence: u64, payload: &[u8]) -> Result<AuditEntry, Undecodable> {
    let AuditV1 {
        at_ms,
        actor,
        origin,
        action,
        subject,
        before,
        after,
        previous,
        digest,
    } = decode(payload)?;
    let facts = |facts: FactsV1| facts.map(|facts| facts.into_iter().collect());
    Ok(AuditEntry {
        sequence,
        at: Timestamp::from_millis(at_ms),
        actor,
        origin,
        action,
        subject,
        before: facts(before),
        after: facts(after),
        previous: AuditDigest(previous),
        digest: AuditDigest(digest),
    })
}

#[derive(Encode, Decode)]
struct RepeatV1 {
    at_ms: u64,
    fingerprint: [u8; 32],
    made: String,
}

/// The payload of what was made under an idempotency key.
pub(crate) fn repeat_payload(row: &RepeatRow) -> Vec<u8> {
    let RepeatRow { at, fingerprint, made } = row.clone();
    encode(&RepeatV1 {
        at_ms: at.as_millis(),
        fingerprint,
        made,
    })
}

/// Reads what was made under an idempotency key.
pub(crate) fn read_repeat(payload: &[u8]) -> Result<RepeatRow, Undecodable> {
    decode(payload).map(
        |RepeatV1 {
             at_ms,
             fingerprint,
             made,
         }| RepeatRow {
            at: Timestamp::from_millis(at_ms),
            fingerprint,
            made,
        },
    )
}

#[derive(Encode, Decode)]
struct DigestV1([u8; 32]);

/// The payload of a row that is one digest.
pub(crate) fn digest_payload(digest: &TokenDigest) -> Vec<u8> {
    encode(&DigestV1(*digest.as_bytes()))
}

/// Reads a row that is one digest.
pub(crate) fn read_digest(payload: &[u8]) -> Result<TokenDigest, Undecodable> {
    decode(payload).map(|DigestV1(bytes)| TokenDigest::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Author;

    fn entry() -> AuditEntry {
        let after = Some(AuditFacts::from([("a".into(), "b".into())]));
        let previous = AuditDigest([2; 32]);
        AuditEntry::new(
            7,
            Timestamp::from_millis(3),
            &Author::new("me", "x"),
            "do",
            "it".into(),
            None,
            after,
            previous,
        )
    }

    /// The bytes themselves: a field that moves would read old files wrongly.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let entry = entry();
        let head = &[
            1, 3, 2, b'm', b'e', 1, b'x', 2, b'd', b'o', 2, b'i', b't', 0, 1, 1, 1, b'a', 1, b'b',
        ][..];
        assert_eq!(audit_payload(&entry), [head, &[2; 32], &entry.digest.0].concat());
        let repeat = RepeatRow {
            at: Timestamp::from_millis(9),
            fingerprint: [3; 32],
            made: "7".into(),
        };
        assert_eq!(repeat_payload(&repeat), [&[1, 9][..], &[3; 32], &[1, b'7']].concat());
        assert_eq!(read_repeat(&repeat_payload(&repeat)), Ok(repeat));
        let digest = TokenDigest::from_bytes([5; 32]);
        assert_eq!(digest_payload(&digest), [&[1][..], &[5; 32]].concat());
        assert_eq!(read_digest(&digest_payload(&digest)), Ok(digest));
    }

    #[test]
    fn rows_read_what_they_write_and_refuse_the_rest() {
        let payload = audit_payload(&entry());
        assert_eq!(read_audit(7, &payload), Ok(entry()));
        for cut in 0..payload.len() {
            assert!(read_audit(7, &payload[..cut]).is_err(), "cut at {cut}");
        }
    }
}
