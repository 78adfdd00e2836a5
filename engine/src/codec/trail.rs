//! Mirror types of the audit trail, of administrators' tokens and of idempotency keys.

use tollgate_core::{Timestamp, TokenDigest, TokenId};

use super::rows::read_name;
use super::{Decode, Encode, Undecodable, decode, encode};
use crate::audit::{AuditDigest, AuditEntry, AuditFacts};
use crate::record::{AdminToken, AdminTokenRow, RepeatRow, Role};

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
struct AdminTokenV1 {
    name: String,
    role: u8,
    digest: [u8; 32],
    issued_at_ms: u64,
    expires_at_ms: Option<u64>,
    revoked_at_ms: Option<u64>,
}

/// The payload of an administrator's token.
pub(crate) fn admin_token_payload(row: &AdminTokenRow) -> Vec<u8> {
    let AdminTokenRow { token, digest } = row;
    encode(&AdminTokenV1 {
        name: token.name.as_str().to_owned(),
        role: match token.role {
            Role::Administrator => 1,
            Role::Reader => 2,
        },
        digest: *digest.as_bytes(),
        issued_at_ms: token.issued_at.as_millis(),
        expires_at_ms: token.expires_at.map(Timestamp::as_millis),
        revoked_at_ms: token.revoked_at.map(Timestamp::as_millis),
    })
}

/// Reads the row of the administrator's token `id`.
pub(crate) fn read_admin_token(id: TokenId, payload: &[u8]) -> Result<AdminTokenRow, Undecodable> {
    let AdminTokenV1 {
        name,
        role,
        digest,
        issued_at_ms,
        expires_at_ms,
        revoked_at_ms,
    } = decode(payload)?;
    let role = match role {
        1 => Role::Administrator,
        2 => Role::Reader,
        _ => return Err(Undecodable::Field("role")),
    };
    let token = AdminToken {
        id,
        name: read_name(&name)?,
        role,
        issued_at: Timestamp::from_millis(issued_at_ms),
        expires_at: expires_at_ms.map(Timestamp::from_millis),
        revoked_at: revoked_at_ms.map(Timestamp::from_millis),
    };
    let digest = TokenDigest::from_bytes(digest);
    Ok(AdminTokenRow { token, digest })
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

    fn admin_token() -> AdminTokenRow {
        AdminTokenRow {
            token: AdminToken {
                id: TokenId(4),
                name: "deploy".parse().unwrap(),
                role: Role::Reader,
                issued_at: Timestamp::from_millis(5),
                expires_at: Some(Timestamp::from_millis(6)),
                revoked_at: None,
            },
            digest: TokenDigest::from_bytes([0xab; 32]),
        }
    }

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
        let admin = [&[1, 6][..], b"deploy", &[2], &[0xab; 32], &[5, 1, 6, 0]].concat();
        assert_eq!(admin_token_payload(&admin_token()), admin);
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
        let payload = admin_token_payload(&admin_token());
        assert_eq!(read_admin_token(TokenId(4), &payload), Ok(admin_token()));
        assert_eq!(read_audit(7, &audit_payload(&entry())), Ok(entry()));
        let mut other = payload.clone();
        other[8] = 3;
        assert_eq!(read_admin_token(TokenId(4), &other), Err(Undecodable::Field("role")));
        for cut in 0..payload.len() {
            assert!(read_admin_token(TokenId(4), &payload[..cut]).is_err(), "cut at {cut}");
        }
    }
}
