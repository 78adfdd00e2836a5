//! One fact as it travels: kind, length and bytes. The layout is in the documentation of [`feed`](crate::feed).

use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::digest::TokenDigest;
use crate::feed::access::{read_authority, read_pattern, read_route, write_authority, write_pattern, write_route};
use crate::feed::bytes::Bytes;
use crate::feed::range;
use crate::foreign::ForeignForms;
use crate::network::AddressRange;
use crate::operation::OperationSet;
use crate::record::{
    AuthorityId, AuthorityRecord, Limit, Networks, TokenId, TokenRecord, TokenStatus, UserId, UserRecord, Validity,
};
use crate::route::{PathPattern, Route};
use crate::token::TokenKind;

/// What a rule for everybody says of its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether they may not call.
    pub banned: bool,
    /// Which they are.
    pub range: AddressRange,
}

/// One fact of the feed.
///
/// It has no `Debug`, because it may hold the key of the digests.
#[derive(Clone, PartialEq, Eq)]
pub enum FeedRecord {
    /// The bytes of the [`DigestKey`](crate::DigestKey).
    Key([u8; 32]),
    /// A user is from now on as this says.
    PutUser(UserRecord),
    /// A user is gone, with every token of theirs.
    RemoveUser(UserId),
    /// A token is from now on as this says.
    PutToken(TokenRecord),
    /// A token's record is gone.
    RemoveToken {
        /// Which token.
        id: TokenId,
        /// What it was found by.
        digest: TokenDigest,
    },
    /// Requests an hour for users who inherit.
    PerHour(Limit),
    /// Requests at a time for users who inherit.
    Concurrent(Limit),
    /// Whether `@authtoken` in query and form counts as a credential.
    AuthtokenInUrl(bool),
    /// Whether CORS preflights pass without a credential.
    AllowPreflight(bool),
    /// In which forms tokens that were made elsewhere are accepted.
    ForeignTokens(ForeignForms),
    /// A rule for everybody is new.
    AddRule(Rule),
    /// A rule for everybody is gone.
    RemoveRule(Rule),
    /// An authority is from now on as this says.
    PutAuthority(AuthorityRecord),
    /// A route is from now on as this says.
    PutRoute(Route),
    /// The route of a pattern is gone.
    RemoveRoute(PathPattern),
    /// Which set of external issuers is trusted.
    ExternalIssuers(u32),
}

/// Bytes before the payload of a record.
const HEAD_LEN: usize = 4;
const UNLIMITED: u32 = u32::MAX;

const ACTIVE: u8 = 1;
const REVOKED: u8 = 1;
const HAS_BEGINNING: u8 = 2;
const HAS_END: u8 = 4;

impl FeedRecord {
    fn kind(&self) -> u8 {
        match self {
            Self::Key(_) => 1,
            Self::PutUser(_) => 2,
            Self::RemoveUser(_) => 3,
            Self::PutToken(_) => 4,
            Self::RemoveToken { .. } => 5,
            Self::PerHour(_) => 6,
            Self::Concurrent(_) => 7,
            Self::AuthtokenInUrl(_) => 8,
            Self::AllowPreflight(_) => 9,
            Self::ForeignTokens(_) => 10,
            Self::AddRule(_) => 11,
            Self::RemoveRule(_) => 12,
            Self::PutAuthority(_) => 13,
            Self::PutRoute(_) => 14,
            Self::RemoveRoute(_) => 15,
            Self::ExternalIssuers(_) => 16,
        }
    }

    /// Writes the record behind what `out` holds. Answers false, and writes nothing, where it has no room on the wire: more
    /// than 65,535 ranges of one sort.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        out.extend_from_slice(&[self.kind(), 0, 0, 0]);
        let written = self.payload(out).is_some();
        let len = out.len() - before - HEAD_LEN;
        match (
            u32::try_from(len).map(u32::to_le_bytes),
            out.get_mut(before + 1..before + HEAD_LEN),
        ) {
            (Ok([a, b, c, 0]), Some(place)) if written => {
                place.copy_from_slice(&[a, b, c]);
                true
            }
            _ => {
                out.truncate(before);
                false
            }
        }
    }

    fn payload(&self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Key(bytes) => out.extend_from_slice(bytes),
            Self::PutUser(user) => write_user(user, out)?,
            Self::RemoveUser(id) => out.extend_from_slice(&id.0.to_le_bytes()),
            Self::PutToken(token) => write_token(token, out),
            Self::RemoveToken { id, digest } => {
                out.extend_from_slice(&id.0.to_le_bytes());
                out.extend_from_slice(digest.as_bytes());
            }
            Self::PerHour(limit) | Self::Concurrent(limit) => {
                out.extend_from_slice(&limit_number(*limit).to_le_bytes())
            }
            Self::AuthtokenInUrl(on) | Self::AllowPreflight(on) => out.push(u8::from(*on)),
            Self::ForeignTokens(forms) => out.push(forms.bits()),
            Self::AddRule(rule) | Self::RemoveRule(rule) => {
                out.push(u8::from(rule.banned));
                range::write(rule.range, out);
            }
            Self::PutAuthority(authority) => write_authority(authority, out)?,
            Self::PutRoute(route) => write_route(route, out)?,
            Self::RemoveRoute(pattern) => write_pattern(pattern, out)?,
            Self::ExternalIssuers(number) => out.extend_from_slice(&number.to_le_bytes()),
        }
        Some(())
    }

    /// Takes one record off the front of `bytes`. None where there is no such record.
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let kind = bytes.u8()?;
        let len = bytes.u24()?;
        let mut payload = Bytes(bytes.slice(usize::try_from(len).ok()?)?);
        let record = Self::read_payload(kind, &mut payload)?;
        payload.end()?;
        Some(record)
    }

    fn read_payload(kind: u8, bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(match kind {
            1 => Self::Key(bytes.array()?),
            2 => Self::PutUser(read_user(bytes)?),
            3 => Self::RemoveUser(UserId(bytes.u64()?)),
            4 => Self::PutToken(read_token(bytes)?),
            5 => Self::RemoveToken {
                id: TokenId(bytes.u64()?),
                digest: TokenDigest::from_bytes(bytes.array()?),
            },
            6 => Self::PerHour(read_limit(bytes)?),
            7 => Self::Concurrent(read_limit(bytes)?),
            8 => Self::AuthtokenInUrl(bytes.switch()?),
            9 => Self::AllowPreflight(bytes.switch()?),
            10 => Self::ForeignTokens(read_forms(bytes.u8()?)?),
            11 => Self::AddRule(read_rule(bytes)?),
            12 => Self::RemoveRule(read_rule(bytes)?),
            13 => Self::PutAuthority(read_authority(bytes)?),
            14 => Self::PutRoute(read_route(bytes)?),
            15 => Self::RemoveRoute(read_pattern(bytes)?),
            16 => Self::ExternalIssuers(bytes.u32()?),
            _ => return None,
        })
    }
}

fn limit_number(limit: Limit) -> u32 {
    match limit {
        Limit::Inherit => 0,
        Limit::Unlimited => UNLIMITED,
        Limit::AtMost(most) => most.get(),
    }
}

fn read_limit(bytes: &mut Bytes<'_>) -> Option<Limit> {
    match bytes.u32()? {
        UNLIMITED => Some(Limit::Unlimited),
        number if number <= Limit::MOST => Some(NonZeroU32::new(number).map_or(Limit::Inherit, Limit::AtMost)),
        _ => None,
    }
}

fn read_forms(bits: u8) -> Option<ForeignForms> {
    let forms = ForeignForms::from_bits(bits);
    (forms.bits() == bits).then_some(forms)
}

fn read_rule(bytes: &mut Bytes<'_>) -> Option<Rule> {
    let banned = bytes.switch()?;
    let range = range::read(bytes)?;
    Some(Rule { banned, range })
}

fn write_user(user: &UserRecord, out: &mut Vec<u8>) -> Option<()> {
    let UserRecord {
        id,
        name,
        active,
        operations,
        password_epoch,
        per_hour,
        concurrent,
        networks: Networks { banned, trusted },
    } = user;
    let count = |ranges: &[AddressRange]| u16::try_from(ranges.len()).ok().map(u16::to_le_bytes);
    let name = name.as_str().as_bytes();
    out.extend_from_slice(&id.0.to_le_bytes());
    out.push(if *active { ACTIVE } else { 0 });
    out.push(operations.bits());
    out.extend_from_slice(&password_epoch.to_le_bytes());
    out.extend_from_slice(&limit_number(*per_hour).to_le_bytes());
    out.extend_from_slice(&limit_number(*concurrent).to_le_bytes());
    out.push(u8::try_from(name.len()).ok()?);
    out.extend_from_slice(name);
    out.extend_from_slice(&count(banned)?);
    out.extend_from_slice(&count(trusted)?);
    for range in banned.iter().chain(trusted) {
        range::write(*range, out);
    }
    Some(())
}

fn read_user(bytes: &mut Bytes<'_>) -> Option<UserRecord> {
    let id = UserId(bytes.u64()?);
    let flags = bytes.u8()?;
    let bits = bytes.u8()?;
    let operations = OperationSet::from_bits(bits);
    let password_epoch = bytes.u32()?;
    let (per_hour, concurrent) = (read_limit(bytes)?, read_limit(bytes)?);
    let name_len = bytes.u8()?;
    let name = core::str::from_utf8(bytes.slice(usize::from(name_len))?)
        .ok()?
        .parse()
        .ok()?;
    let (banned, trusted) = (bytes.u16()?, bytes.u16()?);
    let mut ranges = |count: u16| (0..count).map(|_| range::read(bytes)).collect::<Option<Vec<_>>>();
    let networks = Networks {
        banned: ranges(banned)?,
        trusted: ranges(trusted)?,
    };
    let known = id.0 != 0 && flags & !ACTIVE == 0 && operations.bits() == bits;
    known.then_some(UserRecord {
        id,
        name,
        active: flags & ACTIVE != 0,
        operations,
        password_epoch,
        per_hour,
        concurrent,
        networks,
    })
}

fn write_token(token: &TokenRecord, out: &mut Vec<u8>) {
    let TokenRecord {
        id,
        kind,
        digest,
        user,
        status,
        validity: Validity {
            not_before_s,
            expires_at_s,
        },
        authority,
    } = token;
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let flags = flag(*status == TokenStatus::Revoked, REVOKED)
        | flag(not_before_s.is_some(), HAS_BEGINNING)
        | flag(expires_at_s.is_some(), HAS_END);
    out.extend_from_slice(&id.0.to_le_bytes());
    out.extend_from_slice(&user.0.to_le_bytes());
    out.extend_from_slice(digest.as_bytes());
    out.extend_from_slice(&[kind.number(), flags]);
    out.extend_from_slice(&not_before_s.unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&expires_at_s.unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&authority.map_or(0, |authority| authority.0).to_le_bytes());
}

fn read_token(bytes: &mut Bytes<'_>) -> Option<TokenRecord> {
    let (id, user) = (TokenId(bytes.u64()?), UserId(bytes.u64()?));
    let digest = TokenDigest::from_bytes(bytes.array()?);
    let kind = TokenKind::of_number(bytes.u8()?)?;
    let flags = bytes.u8()?;
    let (beginning, end) = (bytes.u32()?, bytes.u32()?);
    let authority = AuthorityId(bytes.u32()?);
    let known = (1..=TokenId::MOST).contains(&id.0) && authority.0 <= AuthorityId::MOST;
    let known = known && flags & !(REVOKED | HAS_BEGINNING | HAS_END) == 0;
    known.then_some(TokenRecord {
        id,
        kind,
        digest,
        user,
        status: if flags & REVOKED == 0 {
            TokenStatus::Active
        } else {
            TokenStatus::Revoked
        },
        validity: Validity {
            not_before_s: (flags & HAS_BEGINNING != 0).then_some(beginning),
            expires_at_s: (flags & HAS_END != 0).then_some(end),
        },
        authority: (authority.0 != 0).then_some(authority),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::route::SchemeSet;

    fn written(record: &FeedRecord) -> Vec<u8> {
        let mut out = Vec::new();
        assert!(record.write(&mut out));
        out
    }

    fn samples() -> Vec<(FeedRecord, Vec<u8>)> {
        let range = AddressRange::V4 { first: 1, last: 258 };
        let user = UserRecord {
            id: UserId(3),
            name: "ab".parse().unwrap(),
            active: true,
            operations: OperationSet::ALL,
            password_epoch: 258,
            per_hour: Limit::Inherit,
            concurrent: Limit::Unlimited,
            networks: Networks {
                banned: vec![range],
                trusted: vec![AddressRange::V6 { first: 4, last: 5 }],
            },
        };
        let digest = TokenDigest::from_bytes([6; 32]);
        let token = TokenRecord {
            id: TokenId(7),
            kind: TokenKind::PersonalAccess,
            digest,
            user: UserId(3),
            status: TokenStatus::Revoked,
            validity: Validity {
                not_before_s: None,
                expires_at_s: Some(9),
            },
            authority: Some(AuthorityId(513)),
        };
        let v4 = [4, 1, 0, 0, 0, 2, 1, 0, 0];
        let mut v6 = [0; 33];
        (v6[0], v6[1], v6[17]) = (6, 4, 5);
        let eight = |number: u8| [number, 0, 0, 0, 0, 0, 0, 0];
        let limits = [0, 0, 0, 0, 255, 255, 255, 255];
        let rule = Rule { banned: true, range };
        vec![
            (FeedRecord::Key([5; 32]), [&[1, 32, 0, 0][..], &[5; 32]].concat()),
            (
                FeedRecord::PutUser(user),
                [
                    &[2, 71, 0, 0],
                    &eight(3)[..],
                    &[1, 15, 2, 1, 0, 0],
                    &limits,
                    &[2, b'a', b'b', 1, 0, 1, 0],
                    &v4,
                    &v6,
                ]
                .concat(),
            ),
            (
                FeedRecord::RemoveUser(UserId(3)),
                [&[3, 8, 0, 0], &eight(3)[..]].concat(),
            ),
            (
                FeedRecord::PutToken(token),
                [
                    &[4, 62, 0, 0],
                    &eight(7)[..],
                    &eight(3),
                    &[6; 32],
                    &[2, 5, 0, 0, 0, 0, 9, 0, 0, 0, 1, 2, 0, 0],
                ]
                .concat(),
            ),
            (
                FeedRecord::RemoveToken { id: TokenId(7), digest },
                [&[5, 40, 0, 0], &eight(7)[..], &[6; 32]].concat(),
            ),
            (
                FeedRecord::PerHour(Limit::AtMost(NonZeroU32::new(513).unwrap())),
                vec![6, 4, 0, 0, 1, 2, 0, 0],
            ),
            (FeedRecord::Concurrent(Limit::Inherit), vec![7, 4, 0, 0, 0, 0, 0, 0]),
            (FeedRecord::AuthtokenInUrl(true), vec![8, 1, 0, 0, 1]),
            (FeedRecord::AllowPreflight(false), vec![9, 1, 0, 0, 0]),
            (
                FeedRecord::ForeignTokens(ForeignForms::from_bits(5)),
                vec![10, 1, 0, 0, 5],
            ),
            (FeedRecord::AddRule(rule), [&[11, 10, 0, 0, 1][..], &v4].concat()),
            (FeedRecord::RemoveRule(rule), [&[12, 10, 0, 0, 1][..], &v4].concat()),
            (
                FeedRecord::PutAuthority(AuthorityRecord {
                    id: AuthorityId(513),
                    client: "app".parse().unwrap(),
                    scopes: "r w".parse().unwrap(),
                    audiences: vec!["x".parse().unwrap()],
                    active: true,
                }),
                [&[13, 18, 0, 0, 1, 2, 0, 0, 1][..], b"\x03app\x02\x01r\x01w\x01\0\x01x"].concat(),
            ),
            (
                FeedRecord::PutRoute(Route {
                    pattern: "/a/**".parse().unwrap(),
                    schemes: SchemeSet::from_bits(5),
                    scopes: "r".parse().unwrap(),
                    audience: Some("x".parse().unwrap()),
                    anonymous: true,
                }),
                [&[14, 14, 0, 0][..], b"\x05\0/a/**\x05\x01\x01x\x01\x01r"].concat(),
            ),
            (
                FeedRecord::PutRoute(Route::usual("/".parse().unwrap())),
                [&[14, 7, 0, 0][..], b"\x01\0/\x1b\0\0\0"].concat(),
            ),
            (
                FeedRecord::RemoveRoute("/a/**".parse().unwrap()),
                [&[15, 7, 0, 0][..], b"\x05\0/a/**"].concat(),
            ),
            (FeedRecord::ExternalIssuers(258), vec![16, 4, 0, 0, 2, 1, 0, 0]),
        ]
    }

    /// Followers of other makes go by these bytes.
    #[test]
    fn every_record_is_these_bytes_for_ever() {
        for (record, bytes) in samples() {
            assert_eq!(written(&record), bytes);
            let mut rest = Bytes(&bytes);
            assert!(FeedRecord::read(&mut rest) == Some(record), "{bytes:?}");
            assert_eq!(rest.end(), Some(()));
        }
    }

    #[test]
    fn what_no_record_holds_is_refused() {
        let cases: [&[u8]; 8] = [
            &[0, 0, 0, 0],
            &[17, 0, 0, 0],
            &[6, 4, 0, 0, 0, 0, 0, 16],
            &[7, 3, 0, 0, 0, 0, 0],
            &[8, 1, 0, 0, 2],
            &[9, 2, 0, 0, 1, 1],
            &[10, 1, 0, 0, 16],
            &[11, 10, 0, 0, 1, 4, 2, 0, 0, 0, 1, 0, 0, 0],
        ];
        for bytes in cases {
            assert!(FeedRecord::read(&mut Bytes(bytes)).is_none(), "{bytes:?}");
        }
        for (_, bytes) in samples() {
            for len in 0..bytes.len() {
                assert!(FeedRecord::read(&mut Bytes(&bytes[..len])).is_none(), "{bytes:?} {len}");
            }
        }
    }

    proptest! {
        /// Whatever is read is written as the same bytes, so that nothing is said in two ways.
        #[test]
        fn bytes_that_are_a_record_are_the_only_ones(kind in 0_u8..18, mut payload in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(first) = payload.first_mut() {
                *first %= 8;
            }
            let mut bytes = vec![kind, payload.len() as u8, 0, 0];
            bytes.extend_from_slice(&payload);
            if let Some(record) = FeedRecord::read(&mut Bytes(&bytes)) {
                prop_assert_eq!(written(&record), bytes);
            }
        }
    }
}
