//! Mirror types of what is granted: codes, families, refresh tokens.

use tollgate_core::{Audience, ClientName, ScopeSet, Timestamp, TokenDigest, UserId};

use super::{Decode, Encode, Undecodable, decode, encode};
use crate::client::Grant;
use crate::granting::{CodeRow, CodeSpent, FamilyRow, Grantee, RefreshRow, SessionId};
use crate::record::FamilyId;

#[derive(Encode, Decode)]
struct GranteeV1 {
    client: String,
    client_number: u64,
    user: u64,
    scopes: String,
    audiences: Vec<String>,
}

#[derive(Encode, Decode)]
struct CodeV1 {
    grantee: GranteeV1,
    redirect_url: String,
    redirect_said: bool,
    issuer: Option<String>,
    challenge: Option<[u8; 32]>,
    nonce: Option<String>,
    auth_time_ms: u64,
    session: Option<[u8; 32]>,
    consented: bool,
    issued_at_ms: u64,
    expires_at_ms: u64,
    spent_at_ms: Option<u64>,
    family: Option<u64>,
}

/// The payload of a code.
pub(crate) fn code_payload(row: &CodeRow) -> Vec<u8> {
    let CodeRow {
        grantee,
        redirect_url,
        redirect_said,
        issuer,
        challenge,
        nonce,
        auth_time,
        session,
        consented,
        issued_at,
        expires_at,
        spent,
    } = row;
    encode(&CodeV1 {
        grantee: grantee_mirror(grantee),
        redirect_url: redirect_url.clone(),
        redirect_said: *redirect_said,
        issuer: issuer.clone(),
        challenge: *challenge,
        nonce: nonce.clone(),
        auth_time_ms: auth_time.as_millis(),
        session: session.map(|session| *session.0.as_bytes()),
        consented: *consented,
        issued_at_ms: issued_at.as_millis(),
        expires_at_ms: expires_at.as_millis(),
        spent_at_ms: spent.map(|spent| spent.at.as_millis()),
        family: spent.and_then(|spent| spent.family).map(|family| family.0),
    })
}

/// Reads the row of a code.
pub(crate) fn read_code(payload: &[u8]) -> Result<CodeRow, Undecodable> {
    let CodeV1 {
        grantee,
        redirect_url,
        redirect_said,
        issuer,
        challenge,
        nonce,
        auth_time_ms,
        session,
        consented,
        issued_at_ms,
        expires_at_ms,
        spent_at_ms,
        family,
    } = decode(payload)?;
    let spent = match (spent_at_ms, family) {
        (Some(at), family) => Some(CodeSpent {
            at: Timestamp::from_millis(at),
            family: family.map(FamilyId),
        }),
        (None, None) => None,
        (None, Some(_)) => return Err(Undecodable::Field("family of a code that was spent")),
    };
    Ok(CodeRow {
        grantee: grantee_of(&grantee)?,
        redirect_url,
        redirect_said,
        issuer,
        challenge,
        nonce,
        auth_time: Timestamp::from_millis(auth_time_ms),
        session: session_of(session),
        consented,
        issued_at: Timestamp::from_millis(issued_at_ms),
        expires_at: Timestamp::from_millis(expires_at_ms),
        spent,
    })
}

#[derive(Encode, Decode)]
struct FamilyV1 {
    grantee: GranteeV1,
    grant: u8,
    auth_time_ms: u64,
    session: Option<[u8; 32]>,
    issuer: Option<String>,
    consented: bool,
    begun_at_ms: u64,
    refreshed_at_ms: Option<u64>,
    ends_at_ms: u64,
    revoked_at_ms: Option<u64>,
}

/// The payload of a family.
pub(crate) fn family_payload(row: &FamilyRow) -> Vec<u8> {
    let FamilyRow {
        grantee,
        grant,
        auth_time,
        session,
        issuer,
        consented,
        begun_at,
        refreshed_at,
        ends_at,
        revoked_at,
    } = row;
    encode(&FamilyV1 {
        grantee: grantee_mirror(grantee),
        grant: *grant as u8,
        auth_time_ms: auth_time.as_millis(),
        session: session.map(|session| *session.0.as_bytes()),
        issuer: issuer.clone(),
        consented: *consented,
        begun_at_ms: begun_at.as_millis(),
        refreshed_at_ms: refreshed_at.map(Timestamp::as_millis),
        ends_at_ms: ends_at.as_millis(),
        revoked_at_ms: revoked_at.map(Timestamp::as_millis),
    })
}

/// Reads the row of a family.
pub(crate) fn read_family(payload: &[u8]) -> Result<FamilyRow, Undecodable> {
    let FamilyV1 {
        grantee,
        grant,
        auth_time_ms,
        session,
        issuer,
        consented,
        begun_at_ms,
        refreshed_at_ms,
        ends_at_ms,
        revoked_at_ms,
    } = decode(payload)?;
    let named = Grant::ALL.into_iter().find(|named| *named as u8 == grant);
    Ok(FamilyRow {
        grantee: grantee_of(&grantee)?,
        grant: named.ok_or(Undecodable::Field("grant"))?,
        auth_time: Timestamp::from_millis(auth_time_ms),
        session: session_of(session),
        issuer,
        consented,
        begun_at: Timestamp::from_millis(begun_at_ms),
        refreshed_at: refreshed_at_ms.map(Timestamp::from_millis),
        ends_at: Timestamp::from_millis(ends_at_ms),
        revoked_at: revoked_at_ms.map(Timestamp::from_millis),
    })
}

#[derive(Encode, Decode)]
struct RefreshV1 {
    family: u64,
    issued_at_ms: u64,
    used_at_ms: Option<u64>,
}

/// The payload of a refresh token.
pub(crate) fn refresh_payload(row: &RefreshRow) -> Vec<u8> {
    let RefreshRow {
        family,
        issued_at,
        used_at,
    } = *row;
    encode(&RefreshV1 {
        family: family.0,
        issued_at_ms: issued_at.as_millis(),
        used_at_ms: used_at.map(Timestamp::as_millis),
    })
}

/// Reads the row of a refresh token.
pub(crate) fn read_refresh(payload: &[u8]) -> Result<RefreshRow, Undecodable> {
    let RefreshV1 {
        family,
        issued_at_ms,
        used_at_ms,
    } = decode(payload)?;
    Ok(RefreshRow {
        family: FamilyId(family),
        issued_at: Timestamp::from_millis(issued_at_ms),
        used_at: used_at_ms.map(Timestamp::from_millis),
    })
}

fn grantee_mirror(grantee: &Grantee) -> GranteeV1 {
    let Grantee {
        client,
        client_number,
        user,
        scopes,
        audiences,
    } = grantee;
    GranteeV1 {
        client: client.as_str().to_owned(),
        client_number: *client_number,
        user: user.0,
        scopes: scopes.to_string(),
        audiences: audiences.iter().map(|audience| audience.as_str().to_owned()).collect(),
    }
}

fn grantee_of(mirror: &GranteeV1) -> Result<Grantee, Undecodable> {
    Ok(Grantee {
        client: client_of(&mirror.client)?,
        client_number: mirror.client_number,
        user: UserId(mirror.user),
        scopes: scopes_of(&mirror.scopes)?,
        audiences: mirror
            .audiences
            .iter()
            .map(|text| audience_of(text))
            .collect::<Result<_, _>>()?,
    })
}

fn session_of(digest: Option<[u8; 32]>) -> Option<SessionId> {
    digest.map(|digest| SessionId(TokenDigest::from_bytes(digest)))
}

pub(super) fn audience_of(text: &str) -> Result<Audience, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("audience"))
}

pub(super) fn client_of(text: &str) -> Result<ClientName, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("client name"))
}

pub(super) fn scopes_of(text: &str) -> Result<ScopeSet, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("set of scopes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grantee() -> Grantee {
        Grantee {
            client: "app".parse().unwrap(),
            client_number: 3,
            user: UserId(7),
            scopes: "a b".parse().unwrap(),
            audiences: vec!["x".parse().unwrap()],
        }
    }

    const GRANTEE: &[u8] = &[3, b'a', b'p', b'p', 3, 7, 3, b'a', b' ', b'b', 1, 1, b'x'];

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn code(spent: Option<CodeSpent>) -> CodeRow {
        CodeRow {
            grantee: grantee(),
            redirect_url: "u".to_owned(),
            redirect_said: true,
            issuer: Some("i".to_owned()),
            challenge: Some([9; 32]),
            nonce: Some("n".to_owned()),
            auth_time: at(1),
            session: Some(SessionId(TokenDigest::from_bytes([8; 32]))),
            consented: true,
            issued_at: at(2),
            expires_at: at(4),
            spent,
        }
    }

    fn family() -> FamilyRow {
        FamilyRow {
            grantee: grantee(),
            grant: Grant::AuthorizationCode,
            auth_time: at(1),
            session: None,
            issuer: Some("i".to_owned()),
            consented: false,
            begun_at: at(2),
            refreshed_at: Some(at(3)),
            ends_at: at(5),
            revoked_at: Some(at(4)),
        }
    }

    /// A field that moves would make an old row say something else; these bytes are the format.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let session = [8; 32];
        let head = [
            &[1],
            GRANTEE,
            &[1, b'u', 1, 1, 1, b'i', 1],
            &[9; 32],
            &[1, 1, b'n', 1, 1],
            &session,
            &[1, 2, 4],
        ]
        .concat();
        let family_11 = CodeSpent {
            at: at(3),
            family: Some(FamilyId(11)),
        };
        let burnt = CodeSpent {
            at: at(3),
            family: None,
        };
        for (spent, tail) in [
            (None, &[0, 0][..]),
            (Some(burnt), &[1, 3, 0]),
            (Some(family_11), &[1, 3, 1, 11]),
        ] {
            let bytes = [head.as_slice(), tail].concat();
            assert_eq!(code_payload(&code(spent)), bytes);
            assert_eq!(read_code(&bytes), Ok(code(spent)));
        }
        let bytes = [&[1], GRANTEE, &[4, 1, 0, 1, 1, b'i', 0, 2, 1, 3, 5, 1, 4]].concat();
        assert_eq!(family_payload(&family()), bytes);
        assert_eq!(read_family(&bytes), Ok(family()));

        let refresh = RefreshRow {
            family: FamilyId(11),
            issued_at: at(1),
            used_at: Some(at(2)),
        };
        assert_eq!(refresh_payload(&refresh), [1, 11, 1, 1, 2]);
        assert_eq!(read_refresh(&[1, 11, 1, 1, 2]), Ok(refresh));
    }

    #[test]
    fn what_no_row_can_hold_is_refused() {
        let mut bytes = family_payload(&family());
        bytes[1 + GRANTEE.len()] = 3;
        assert_eq!(read_family(&bytes), Err(Undecodable::Field("grant")));
        let mut code = code_payload(&code(None));
        let last = code.len() - 1;
        code.splice(last.., [1, 11]);
        assert_eq!(
            read_code(&code),
            Err(Undecodable::Field("family of a code that was spent"))
        );
    }
}
