//! Mirror types of changes, as the tail of the feed keeps them.

use std::str::FromStr;

use tollgate_core::{
    AddressRange, Audience, AuthorityId, AuthorityRecord, Networks, Route, SchemeSet, TokenDigest, TokenId,
    TokenRecord, TokenStatus, UserId, UserRecord, Validity,
};

use super::rows::{
    SettingV1, is_banned, limit_number, read_kind, read_limit, read_name, read_operations, setting_mirror, setting_of,
    standing,
};
use super::{Decode, Encode, Undecodable, decode, encode};
use crate::change::Change;

/// The order of the variants is part of the format: new ones come last.
#[derive(Encode, Decode)]
enum ChangeV1 {
    PutUser(UserRecordV1),
    RemoveUser(u64),
    PutToken(TokenRecordV1),
    RemoveToken { id: u64, digest: [u8; 32] },
    PutSetting(SettingV1),
    AddNetwork { range: RangeV1, banned: bool },
    RemoveNetwork { range: RangeV1, banned: bool },
    PutUserV2 { user: UserRecordV1, password_epoch: u32 },
    PutTokenV2 { token: TokenRecordV1, authority: u32 },
    PutAuthority(AuthorityRecordV1),
    PutRoute(RouteV1),
    RemoveRoute(String),
    ExternalIssuers(u32),
}

#[derive(Encode, Decode)]
struct AuthorityRecordV1 {
    id: u32,
    client: String,
    scopes: String,
    audiences: Vec<String>,
    active: bool,
}

#[derive(Encode, Decode)]
struct RouteV1 {
    pattern: String,
    schemes: u8,
    scopes: String,
    audience: Option<String>,
    anonymous: bool,
}

#[derive(Encode, Decode)]
struct UserRecordV1 {
    id: u64,
    name: String,
    active: bool,
    operations: u8,
    per_hour: u32,
    concurrent: u32,
    banned: Vec<RangeV1>,
    trusted: Vec<RangeV1>,
}

#[derive(Encode, Decode)]
struct TokenRecordV1 {
    id: u64,
    kind: u8,
    digest: [u8; 32],
    user: u64,
    revoked: bool,
    not_before_s: Option<u32>,
    expires_at_s: Option<u32>,
}

#[derive(Encode, Decode)]
enum RangeV1 {
    V4 { first: u32, last: u32 },
    V6 { first: u128, last: u128 },
}

/// The payload of a change's row.
pub(crate) fn change_payload(change: &Change) -> Vec<u8> {
    encode(&match change {
        Change::PutUser(user) => match user.password_epoch {
            0 => ChangeV1::PutUser(user_mirror(user)),
            password_epoch => ChangeV1::PutUserV2 {
                user: user_mirror(user),
                password_epoch,
            },
        },
        Change::RemoveUser(id) => ChangeV1::RemoveUser(id.0),
        Change::PutToken(token) => match token.authority {
            None => ChangeV1::PutToken(token_mirror(token)),
            Some(AuthorityId(authority)) => ChangeV1::PutTokenV2 {
                token: token_mirror(token),
                authority,
            },
        },
        Change::RemoveToken { id, digest } => ChangeV1::RemoveToken {
            id: id.0,
            digest: *digest.as_bytes(),
        },
        Change::PutSetting(setting) => ChangeV1::PutSetting(setting_mirror(setting)),
        Change::AddNetwork { range, standing } => ChangeV1::AddNetwork {
            range: range_mirror(*range),
            banned: is_banned(*standing),
        },
        Change::RemoveNetwork { range, standing } => ChangeV1::RemoveNetwork {
            range: range_mirror(*range),
            banned: is_banned(*standing),
        },
        Change::PutAuthority(authority) => ChangeV1::PutAuthority(authority_mirror(authority)),
        Change::PutRoute(route) => ChangeV1::PutRoute(route_mirror(route)),
        Change::RemoveRoute(pattern) => ChangeV1::RemoveRoute(pattern.as_str().to_owned()),
        Change::ExternalIssuers(number) => ChangeV1::ExternalIssuers(*number),
    })
}

/// Reads the row of a change.
pub(crate) fn read_change(payload: &[u8]) -> Result<Change, Undecodable> {
    Ok(match decode(payload)? {
        ChangeV1::PutUser(user) => Change::PutUser(user_of(user)?),
        ChangeV1::RemoveUser(id) => Change::RemoveUser(UserId(id)),
        ChangeV1::PutToken(token) => Change::PutToken(token_of(&token)?),
        ChangeV1::RemoveToken { id, digest } => Change::RemoveToken {
            id: TokenId(id),
            digest: TokenDigest::from_bytes(digest),
        },
        ChangeV1::PutSetting(setting) => Change::PutSetting(setting_of(setting)?),
        ChangeV1::AddNetwork { range, banned } => Change::AddNetwork {
            range: range_of(&range)?,
            standing: standing(banned),
        },
        ChangeV1::RemoveNetwork { range, banned } => Change::RemoveNetwork {
            range: range_of(&range)?,
            standing: standing(banned),
        },
        ChangeV1::PutUserV2 { user, password_epoch } => Change::PutUser(UserRecord {
            password_epoch,
            ..user_of(user)?
        }),
        ChangeV1::PutTokenV2 { token, authority } => Change::PutToken(TokenRecord {
            authority: Some(AuthorityId(authority)),
            ..token_of(&token)?
        }),
        ChangeV1::PutAuthority(authority) => Change::PutAuthority(authority_of(&authority)?),
        ChangeV1::PutRoute(route) => Change::PutRoute(route_of(&route)?),
        ChangeV1::RemoveRoute(pattern) => Change::RemoveRoute(text_of(&pattern, "path pattern")?),
        ChangeV1::ExternalIssuers(number) => Change::ExternalIssuers(number),
    })
}

fn user_mirror(user: &UserRecord) -> UserRecordV1 {
    let UserRecord {
        id,
        name,
        active,
        operations,
        per_hour,
        concurrent,
        networks,
        // Beside the mirror.
        password_epoch: _,
    } = user;
    let Networks { banned, trusted } = networks;
    let mirrors = |ranges: &[AddressRange]| ranges.iter().map(|range| range_mirror(*range)).collect();
    UserRecordV1 {
        id: id.0,
        name: name.as_str().to_owned(),
        active: *active,
        operations: operations.bits(),
        per_hour: limit_number(*per_hour),
        concurrent: limit_number(*concurrent),
        banned: mirrors(banned),
        trusted: mirrors(trusted),
    }
}

fn user_of(mirror: UserRecordV1) -> Result<UserRecord, Undecodable> {
    let UserRecordV1 {
        id,
        name,
        active,
        operations,
        per_hour,
        concurrent,
        banned,
        trusted,
    } = mirror;
    let ranges = |mirrors: Vec<RangeV1>| mirrors.iter().map(range_of).collect::<Result<_, _>>();
    Ok(UserRecord {
        id: UserId(id),
        name: read_name(&name)?,
        active,
        operations: read_operations(operations)?,
        per_hour: read_limit(per_hour)?,
        concurrent: read_limit(concurrent)?,
        networks: Networks {
            banned: ranges(banned)?,
            trusted: ranges(trusted)?,
        },
        password_epoch: 0,
    })
}

fn token_mirror(token: &TokenRecord) -> TokenRecordV1 {
    let TokenRecord {
        id,
        kind,
        digest,
        user,
        status,
        validity,
        // Beside the mirror.
        authority: _,
    } = token;
    let Validity {
        not_before_s,
        expires_at_s,
    } = *validity;
    TokenRecordV1 {
        id: id.0,
        kind: kind.number(),
        digest: *digest.as_bytes(),
        user: user.0,
        revoked: *status == TokenStatus::Revoked,
        not_before_s,
        expires_at_s,
    }
}

fn token_of(mirror: &TokenRecordV1) -> Result<TokenRecord, Undecodable> {
    let TokenRecordV1 {
        id,
        kind,
        digest,
        user,
        revoked,
        not_before_s,
        expires_at_s,
    } = *mirror;
    Ok(TokenRecord {
        id: TokenId(id),
        kind: read_kind(kind)?,
        digest: TokenDigest::from_bytes(digest),
        user: UserId(user),
        status: if revoked {
            TokenStatus::Revoked
        } else {
            TokenStatus::Active
        },
        validity: Validity {
            not_before_s,
            expires_at_s,
        },
        authority: None,
    })
}

fn text_of<T: FromStr>(text: &str, field: &'static str) -> Result<T, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field(field))
}

fn authority_mirror(authority: &AuthorityRecord) -> AuthorityRecordV1 {
    let AuthorityRecord {
        id,
        client,
        scopes,
        audiences,
        active,
    } = authority;
    AuthorityRecordV1 {
        id: id.0,
        client: client.as_str().to_owned(),
        scopes: scopes.to_string(),
        audiences: audiences.iter().map(Audience::to_string).collect(),
        active: *active,
    }
}

fn authority_of(mirror: &AuthorityRecordV1) -> Result<AuthorityRecord, Undecodable> {
    let audiences = mirror.audiences.iter().map(|text| text_of(text, "audience"));
    Ok(AuthorityRecord {
        id: AuthorityId(mirror.id),
        client: text_of(&mirror.client, "client name")?,
        scopes: text_of(&mirror.scopes, "scopes")?,
        audiences: audiences.collect::<Result<_, _>>()?,
        active: mirror.active,
    })
}

fn route_mirror(route: &Route) -> RouteV1 {
    let Route {
        pattern,
        schemes,
        scopes,
        audience,
        anonymous,
    } = route;
    RouteV1 {
        pattern: pattern.as_str().to_owned(),
        schemes: schemes.bits(),
        scopes: scopes.to_string(),
        audience: audience.as_ref().map(Audience::to_string),
        anonymous: *anonymous,
    }
}

fn route_of(mirror: &RouteV1) -> Result<Route, Undecodable> {
    let schemes = SchemeSet::from_bits(mirror.schemes);
    if schemes.bits() != mirror.schemes {
        return Err(Undecodable::Field("schemes"));
    }
    let audience = mirror.audience.as_ref().map(|text| text_of(text, "audience"));
    Ok(Route {
        pattern: text_of(&mirror.pattern, "path pattern")?,
        schemes,
        scopes: text_of(&mirror.scopes, "scopes")?,
        audience: audience.transpose()?,
        anonymous: mirror.anonymous,
    })
}

fn range_mirror(range: AddressRange) -> RangeV1 {
    match range {
        AddressRange::V4 { first, last } => RangeV1::V4 { first, last },
        AddressRange::V6 { first, last } => RangeV1::V6 { first, last },
    }
}

fn range_of(mirror: &RangeV1) -> Result<AddressRange, Undecodable> {
    match *mirror {
        RangeV1::V4 { first, last } if first <= last => Ok(AddressRange::V4 { first, last }),
        RangeV1::V6 { first, last } if first <= last => Ok(AddressRange::V6 { first, last }),
        RangeV1::V4 { .. } | RangeV1::V6 { .. } => Err(Undecodable::Field("range of addresses")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Standing;
    use crate::setting::Setting;
    use tollgate_core::{Limit, OperationSet, TokenKind};

    fn samples() -> Vec<(Change, Vec<u8>)> {
        let range = AddressRange::V4 { first: 1, last: 2 };
        let user = UserRecord {
            id: UserId(3),
            name: "a".parse().unwrap(),
            active: false,
            operations: OperationSet::ALL,
            per_hour: Limit::Inherit,
            concurrent: Limit::Inherit,
            networks: Networks {
                banned: vec![range],
                trusted: vec![AddressRange::V6 { first: 4, last: 5 }],
            },
            password_epoch: 0,
        };
        let digest = TokenDigest::from_bytes([6; 32]);
        let token = TokenRecord {
            id: TokenId(7),
            kind: TokenKind::Authtoken,
            digest,
            user: UserId(3),
            status: TokenStatus::Revoked,
            validity: Validity {
                not_before_s: None,
                expires_at_s: Some(8),
            },
            authority: None,
        };
        let with_password = UserRecord {
            password_epoch: 9,
            ..user.clone()
        };
        let with_authority = TokenRecord {
            authority: Some(AuthorityId(9)),
            ..token
        };
        let authority = AuthorityRecord {
            id: AuthorityId(9),
            client: "c".parse().unwrap(),
            scopes: "r w".parse().unwrap(),
            audiences: vec!["x".parse().unwrap()],
            active: true,
        };
        let route = Route {
            pattern: "/a".parse().unwrap(),
            schemes: SchemeSet::from_bits(5),
            scopes: "r".parse().unwrap(),
            audience: Some("x".parse().unwrap()),
            anonymous: true,
        };
        let six = [6; 32];
        vec![
            (
                Change::PutUser(user),
                vec![1, 0, 3, 1, b'a', 0, 15, 0, 0, 1, 0, 1, 2, 1, 1, 4, 5],
            ),
            (Change::RemoveUser(UserId(3)), vec![1, 1, 3]),
            (
                Change::PutToken(token),
                [&[1, 2, 7, 1][..], &six, &[3, 1, 0, 1, 8]].concat(),
            ),
            (
                Change::RemoveToken { id: TokenId(7), digest },
                [&[1, 3, 7][..], &six].concat(),
            ),
            (Change::PutSetting(Setting::AllowPreflight(true)), vec![1, 4, 4, 1, 0]),
            (
                Change::AddNetwork {
                    range,
                    standing: Standing::Trusted,
                },
                vec![1, 5, 0, 1, 2, 0],
            ),
            (
                Change::RemoveNetwork {
                    range,
                    standing: Standing::Banned,
                },
                vec![1, 6, 0, 1, 2, 1],
            ),
            (
                Change::PutUser(with_password),
                vec![1, 7, 3, 1, b'a', 0, 15, 0, 0, 1, 0, 1, 2, 1, 1, 4, 5, 9],
            ),
            (
                Change::PutToken(with_authority),
                [&[1, 8, 7, 1][..], &six, &[3, 1, 0, 1, 8, 9]].concat(),
            ),
            (
                Change::PutAuthority(authority),
                b"\x01\x09\x09\x01c\x03r w\x01\x01x\x01".to_vec(),
            ),
            (
                Change::PutRoute(route),
                b"\x01\x0a\x02/a\x05\x01r\x01\x01x\x01".to_vec(),
            ),
            (Change::RemoveRoute("/a".parse().unwrap()), b"\x01\x0b\x02/a".to_vec()),
            (Change::ExternalIssuers(7), vec![1, 12, 7]),
        ]
    }

    /// A variant that moves would make an old tail say something else; these bytes are the format.
    #[test]
    fn every_change_is_these_bytes_for_ever() {
        for (change, bytes) in samples() {
            assert_eq!(change_payload(&change), bytes, "{change:?}");
            assert_eq!(read_change(&bytes), Ok(change));
        }
    }

    #[test]
    fn a_range_that_runs_backwards_is_no_range() {
        assert_eq!(
            read_change(&[1, 5, 0, 2, 1, 0]),
            Err(Undecodable::Field("range of addresses"))
        );
        assert!(read_change(&[1, 5, 0, 1, 1, 0]).is_ok(), "the twin");
        assert_eq!(read_change(&[1, 13, 0]), Err(Undecodable::Layout));
    }
}
