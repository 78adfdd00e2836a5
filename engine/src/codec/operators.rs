//! Mirror types of administrators' tokens and of feed tokens.

use tollgate_core::{Timestamp, TokenDigest, TokenId};

use super::rows::read_name;
use super::{Decode, Encode, Undecodable, decode, encode};
use crate::record::{AdminToken, FeedToken, OperatorRow, Role};

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
pub(crate) fn admin_token_payload(row: &OperatorRow<AdminToken>) -> Vec<u8> {
    let OperatorRow { token, digest } = row;
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
pub(crate) fn read_admin_token(id: TokenId, payload: &[u8]) -> Result<OperatorRow<AdminToken>, Undecodable> {
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
    Ok(OperatorRow { token, digest })
}

#[derive(Encode, Decode)]
struct FeedTokenV1 {
    name: String,
    digest: [u8; 32],
    issued_at_ms: u64,
    expires_at_ms: Option<u64>,
    revoked_at_ms: Option<u64>,
}

/// The payload of a feed token.
pub(crate) fn feed_token_payload(row: &OperatorRow<FeedToken>) -> Vec<u8> {
    let OperatorRow { token, digest } = row;
    encode(&FeedTokenV1 {
        name: token.name.as_str().to_owned(),
        digest: *digest.as_bytes(),
        issued_at_ms: token.issued_at.as_millis(),
        expires_at_ms: token.expires_at.map(Timestamp::as_millis),
        revoked_at_ms: token.revoked_at.map(Timestamp::as_millis),
    })
}

/// Reads the row of the feed token `id`.
pub(crate) fn read_feed_token(id: TokenId, payload: &[u8]) -> Result<OperatorRow<FeedToken>, Undecodable> {
    let FeedTokenV1 {
        name,
        digest,
        issued_at_ms,
        expires_at_ms,
        revoked_at_ms,
    } = decode(payload)?;
    let token = FeedToken {
        id,
        name: read_name(&name)?,
        issued_at: Timestamp::from_millis(issued_at_ms),
        expires_at: expires_at_ms.map(Timestamp::from_millis),
        revoked_at: revoked_at_ms.map(Timestamp::from_millis),
    };
    let digest = TokenDigest::from_bytes(digest);
    Ok(OperatorRow { token, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admin_token() -> OperatorRow<AdminToken> {
        OperatorRow {
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

    fn feed_token() -> OperatorRow<FeedToken> {
        OperatorRow {
            token: FeedToken {
                id: TokenId(4),
                name: "edge".parse().unwrap(),
                issued_at: Timestamp::from_millis(5),
                expires_at: None,
                revoked_at: Some(Timestamp::from_millis(6)),
            },
            digest: TokenDigest::from_bytes([0xab; 32]),
        }
    }

    /// The bytes themselves: a field that moves would read old files wrongly.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let admin = [&[1, 6][..], b"deploy", &[2], &[0xab; 32], &[5, 1, 6, 0]].concat();
        assert_eq!(admin_token_payload(&admin_token()), admin);
        let feed = [&[1, 4][..], b"edge", &[0xab; 32], &[5, 0, 1, 6]].concat();
        assert_eq!(feed_token_payload(&feed_token()), feed);
    }

    #[test]
    fn rows_read_what_they_write_and_refuse_the_rest() {
        let (admin, feed) = (admin_token_payload(&admin_token()), feed_token_payload(&feed_token()));
        assert_eq!(read_admin_token(TokenId(4), &admin), Ok(admin_token()));
        assert_eq!(read_feed_token(TokenId(4), &feed), Ok(feed_token()));
        let mut other = admin.clone();
        other[8] = 3;
        assert_eq!(read_admin_token(TokenId(4), &other), Err(Undecodable::Field("role")));
        for cut in 0..admin.len() {
            assert!(read_admin_token(TokenId(4), &admin[..cut]).is_err(), "cut at {cut}");
        }
        for cut in 0..feed.len() {
            assert!(read_feed_token(TokenId(4), &feed[..cut]).is_err(), "cut at {cut}");
        }
    }
}
