//! Mirror types of what stands beside grants: spent identifiers, consents, sessions, signing keys.

use tollgate_core::{Timestamp, UserId};

use super::grants::{audience_of, client_of, scopes_of};
use super::{Decode, Encode, Undecodable, decode, encode};
use crate::granting::{ConsentPart, ConsentRow, SessionRow, SigningKeyRow};
use crate::issuer::Signature;

#[derive(Encode, Decode)]
struct SpentV1 {
    until_ms: u64,
}

/// The payload of a spent identifier: until when it is kept.
pub(crate) fn spent_payload(until: &Timestamp) -> Vec<u8> {
    encode(&SpentV1 {
        until_ms: until.as_millis(),
    })
}

/// Reads until when a spent identifier is kept.
pub(crate) fn read_spent(payload: &[u8]) -> Result<Timestamp, Undecodable> {
    decode(payload).map(|SpentV1 { until_ms }| Timestamp::from_millis(until_ms))
}

#[derive(Encode, Decode)]
struct ConsentV1 {
    client: String,
    parts: Vec<ConsentPartV1>,
    given_at_ms: u64,
}

#[derive(Encode, Decode)]
struct ConsentPartV1 {
    audiences: Vec<String>,
    scopes: String,
}

/// The payload of a consent.
pub(crate) fn consent_payload(row: &ConsentRow) -> Vec<u8> {
    let ConsentRow {
        client,
        parts,
        given_at,
    } = row;
    let part = |part: &ConsentPart| ConsentPartV1 {
        audiences: part
            .audiences
            .iter()
            .map(|audience| audience.as_str().to_owned())
            .collect(),
        scopes: part.scopes.to_string(),
    };
    encode(&ConsentV1 {
        client: client.as_str().to_owned(),
        parts: parts.iter().map(part).collect(),
        given_at_ms: given_at.as_millis(),
    })
}

/// Reads the row of a consent.
pub(crate) fn read_consent(payload: &[u8]) -> Result<ConsentRow, Undecodable> {
    let ConsentV1 {
        client,
        parts,
        given_at_ms,
    } = decode(payload)?;
    let part = |part: &ConsentPartV1| {
        Ok(ConsentPart {
            audiences: part
                .audiences
                .iter()
                .map(|text| audience_of(text))
                .collect::<Result<_, _>>()?,
            scopes: scopes_of(&part.scopes)?,
        })
    };
    Ok(ConsentRow {
        client: client_of(&client)?,
        parts: parts.iter().map(part).collect::<Result<_, _>>()?,
        given_at: Timestamp::from_millis(given_at_ms),
    })
}

#[derive(Encode, Decode)]
struct SessionV1 {
    user: u64,
    password_epoch: u32,
    auth_time_ms: u64,
    begun_at_ms: u64,
    expires_at_ms: u64,
}

/// The payload of a session.
pub(crate) fn session_payload(row: &SessionRow) -> Vec<u8> {
    let SessionRow {
        user,
        password_epoch,
        auth_time,
        begun_at,
        expires_at,
    } = row;
    encode(&SessionV1 {
        user: user.0,
        password_epoch: *password_epoch,
        auth_time_ms: auth_time.as_millis(),
        begun_at_ms: begun_at.as_millis(),
        expires_at_ms: expires_at.as_millis(),
    })
}

/// Reads the row of a session.
pub(crate) fn read_session(payload: &[u8]) -> Result<SessionRow, Undecodable> {
    let SessionV1 {
        user,
        password_epoch,
        auth_time_ms,
        begun_at_ms,
        expires_at_ms,
    } = decode(payload)?;
    Ok(SessionRow {
        user: UserId(user),
        password_epoch,
        auth_time: Timestamp::from_millis(auth_time_ms),
        begun_at: Timestamp::from_millis(begun_at_ms),
        expires_at: Timestamp::from_millis(expires_at_ms),
    })
}

#[derive(Encode, Decode)]
struct SigningKeyV1 {
    kid: String,
    algorithm: u8,
    sealed: Vec<u8>,
    certificate: Vec<u8>,
    added_at_ms: u64,
    signs_from_ms: u64,
    signs_until_ms: Option<u64>,
    published_until_ms: Option<u64>,
}

/// The payload of a signing key.
pub(crate) fn signing_key_payload(row: &SigningKeyRow) -> Vec<u8> {
    let SigningKeyRow {
        kid,
        algorithm,
        sealed,
        certificate,
        added_at,
        signs_from,
        signs_until,
        published_until,
    } = row.clone();
    encode(&SigningKeyV1 {
        kid,
        algorithm: algorithm as u8,
        sealed,
        certificate,
        added_at_ms: added_at.as_millis(),
        signs_from_ms: signs_from.as_millis(),
        signs_until_ms: signs_until.map(Timestamp::as_millis),
        published_until_ms: published_until.map(Timestamp::as_millis),
    })
}

/// Reads the row of a signing key.
pub(crate) fn read_signing_key(payload: &[u8]) -> Result<SigningKeyRow, Undecodable> {
    let SigningKeyV1 {
        kid,
        algorithm,
        sealed,
        certificate,
        added_at_ms,
        signs_from_ms,
        signs_until_ms,
        published_until_ms,
    } = decode(payload)?;
    let named = Signature::ALL.into_iter().find(|named| *named as u8 == algorithm);
    Ok(SigningKeyRow {
        kid,
        algorithm: named.ok_or(Undecodable::Field("way to sign"))?,
        sealed,
        certificate,
        added_at: Timestamp::from_millis(added_at_ms),
        signs_from: Timestamp::from_millis(signs_from_ms),
        signs_until: signs_until_ms.map(Timestamp::from_millis),
        published_until: published_until_ms.map(Timestamp::from_millis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A field that moves would make an old row say something else; these bytes are the format.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        assert_eq!(spent_payload(&at(6)), [1, 6]);
        assert_eq!(read_spent(&[1, 6]), Ok(at(6)));
        let consent = ConsentRow {
            client: "app".parse().unwrap(),
            parts: vec![ConsentPart {
                audiences: vec!["x".parse().unwrap()],
                scopes: "a".parse().unwrap(),
            }],
            given_at: at(1),
        };
        let bytes = [1, 3, b'a', b'p', b'p', 1, 1, 1, b'x', 1, b'a', 1];
        assert_eq!(consent_payload(&consent), bytes);
        assert_eq!(read_consent(&bytes), Ok(consent));
        let session = SessionRow {
            user: UserId(7),
            password_epoch: 2,
            auth_time: at(1),
            begun_at: at(3),
            expires_at: at(4),
        };
        assert_eq!(session_payload(&session), [1, 7, 2, 1, 3, 4]);
        assert_eq!(read_session(&[1, 7, 2, 1, 3, 4]), Ok(session));
        let key = SigningKeyRow {
            kid: "K".to_owned(),
            algorithm: Signature::Es256,
            sealed: vec![5, 6],
            certificate: vec![7],
            added_at: at(1),
            signs_from: at(2),
            signs_until: None,
            published_until: Some(at(3)),
        };
        let bytes = [1, 1, b'K', 2, 2, 5, 6, 1, 7, 1, 2, 0, 1, 3];
        assert_eq!(signing_key_payload(&key), bytes);
        assert_eq!(read_signing_key(&bytes), Ok(key));
    }

    #[test]
    fn what_no_row_can_hold_is_refused() {
        let mut key = vec![1, 1, b'K', 2, 0, 0, 1, 2, 0, 0];
        assert!(read_signing_key(&key).is_ok(), "the twin");
        key[3] = 3;
        assert_eq!(read_signing_key(&key), Err(Undecodable::Field("way to sign")));
        assert_eq!(
            read_consent(&[1, 1, b':', 0, 1]),
            Err(Undecodable::Field("client name"))
        );
    }
}
