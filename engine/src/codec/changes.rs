//! Mirror types of changes, as the tail of the feed keeps them.

use tollgate_core::{
    AddressRange, Networks, TokenDigest, TokenId, TokenRecord, TokenStatus, UserId, UserRecord, Validity,
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
        Change::PutUser(user) => ChangeV1::PutUser(user_mirror(user)),
        Change::RemoveUser(id) => ChangeV1::RemoveUser(id.0),
        Change::PutToken(token) => ChangeV1::PutToken(token_mirror(token)),
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
        assert_eq!(read_change(&[1, 7, 0]), Err(Undecodable::Layout));
    }
}
