//! Mirror types of the rows of each table. Ids stand in the row's key, not in its value.

use tollgate_core::{
    AuthorityId, ForeignForms, Limit, NetworkRule, OperationSet, Timestamp, TokenDigest, TokenId, TokenKind, UserId,
    UserName, Validity,
};

use super::{Decode, Encode, Undecodable, decode, decode_as, encode, encode_as};
use crate::record::{CounterRow, FamilyId, NetworkRow, Standing, TokenRow, UserRow};
use crate::setting::Setting;

#[derive(Encode, Decode)]
struct UserV1 {
    name: String,
    active: bool,
    operations: u8,
    per_hour: u32,
    concurrent: u32,
    created_at_ms: u64,
}

/// The payload of a user's row.
pub(crate) fn user_payload(user: &UserRow) -> Vec<u8> {
    let UserRow {
        id: _,
        name,
        active,
        operations,
        per_hour,
        concurrent,
        created_at,
    } = user;
    encode(&UserV1 {
        name: name.as_str().to_owned(),
        active: *active,
        operations: operations.bits(),
        per_hour: limit_number(*per_hour),
        concurrent: limit_number(*concurrent),
        created_at_ms: created_at.as_millis(),
    })
}

/// Reads the row of user `id`.
pub(crate) fn read_user(id: UserId, payload: &[u8]) -> Result<UserRow, Undecodable> {
    let UserV1 {
        name,
        active,
        operations,
        per_hour,
        concurrent,
        created_at_ms,
    } = decode(payload)?;
    Ok(UserRow {
        id,
        name: read_name(&name)?,
        active,
        operations: read_operations(operations)?,
        per_hour: read_limit(per_hour)?,
        concurrent: read_limit(concurrent)?,
        created_at: Timestamp::from_millis(created_at_ms),
    })
}

#[derive(Encode, Decode)]
struct TokenV1 {
    kind: u8,
    digest: [u8; 32],
    user: u64,
    not_before_s: Option<u32>,
    expires_at_s: Option<u32>,
    issued_at_ms: u64,
    revoked_at_ms: Option<u64>,
}

/// A token that acts in the name of a client.
#[derive(Encode, Decode)]
struct TokenV2 {
    token: TokenV1,
    authority: u32,
    family: Option<u64>,
}

/// The payload of a token's row. One without an authority is written as it always was.
pub(crate) fn token_payload(token: &TokenRow) -> Vec<u8> {
    let mirror = token_mirror(token);
    match token.authority {
        None => encode(&mirror),
        Some(AuthorityId(authority)) => encode_as(
            2,
            &TokenV2 {
                token: mirror,
                authority,
                family: token.family.map(|family| family.0),
            },
        ),
    }
}

fn token_mirror(token: &TokenRow) -> TokenV1 {
    let TokenRow {
        id: _,
        kind,
        digest,
        user,
        validity,
        issued_at,
        revoked_at,
        authority: _,
        family: _,
    } = token;
    let Validity {
        not_before_s,
        expires_at_s,
    } = *validity;
    TokenV1 {
        kind: kind.number(),
        digest: *digest.as_bytes(),
        user: user.0,
        not_before_s,
        expires_at_s,
        issued_at_ms: issued_at.as_millis(),
        revoked_at_ms: revoked_at.map(Timestamp::as_millis),
    }
}

/// Reads the row of token `id`.
pub(crate) fn read_token(id: TokenId, payload: &[u8]) -> Result<TokenRow, Undecodable> {
    let (mirror, authority, family) = match payload.first() {
        Some(2) => {
            let TokenV2 {
                token,
                authority,
                family,
            } = decode_as(2, payload)?;
            let fits = (1..=AuthorityId::MOST).contains(&authority);
            let authority = fits.then_some(AuthorityId(authority));
            let authority = authority.ok_or(Undecodable::Field("authority number"))?;
            (token, Some(authority), family.map(FamilyId))
        }
        _ => (decode(payload)?, None, None),
    };
    let TokenV1 {
        kind,
        digest,
        user,
        not_before_s,
        expires_at_s,
        issued_at_ms,
        revoked_at_ms,
    } = mirror;
    Ok(TokenRow {
        id,
        kind: read_kind(kind)?,
        digest: TokenDigest::from_bytes(digest),
        user: UserId(user),
        validity: Validity {
            not_before_s,
            expires_at_s,
        },
        issued_at: Timestamp::from_millis(issued_at_ms),
        revoked_at: revoked_at_ms.map(Timestamp::from_millis),
        authority,
        family,
    })
}

#[derive(Encode, Decode)]
struct NetworkV1 {
    rule: String,
    banned: bool,
    added_at_ms: u64,
}

/// The payload of a network rule's row.
pub(crate) fn network_payload(network: &NetworkRow) -> Vec<u8> {
    let NetworkRow {
        rule,
        standing,
        added_at,
    } = network;
    encode(&NetworkV1 {
        rule: rule.as_str().to_owned(),
        banned: is_banned(*standing),
        added_at_ms: added_at.as_millis(),
    })
}

/// Reads the row of a network rule.
pub(crate) fn read_network(payload: &[u8]) -> Result<NetworkRow, Undecodable> {
    let NetworkV1 {
        rule,
        banned,
        added_at_ms,
    } = decode(payload)?;
    Ok(NetworkRow {
        rule: read_rule(&rule)?,
        standing: standing(banned),
        added_at: Timestamp::from_millis(added_at_ms),
    })
}

/// One mirror for all settings: the number says which, and which field counts.
#[derive(Encode, Decode)]
pub(super) struct SettingV1 {
    setting: u8,
    number: u32,
    rules: Vec<String>,
}

/// The payload of a setting's row.
pub(crate) fn setting_payload(setting: &Setting) -> Vec<u8> {
    encode(&setting_mirror(setting))
}

/// Reads the row of a setting.
pub(crate) fn read_setting(payload: &[u8]) -> Result<Setting, Undecodable> {
    setting_of(decode(payload)?)
}

pub(super) fn setting_mirror(setting: &Setting) -> SettingV1 {
    let plain = |setting, number| SettingV1 {
        setting,
        number,
        rules: Vec::new(),
    };
    match setting {
        Setting::PerHour(limit) => plain(1, limit_number(*limit)),
        Setting::Concurrent(limit) => plain(2, limit_number(*limit)),
        Setting::AllowAuthtokenInUrl(allowed) => plain(3, u32::from(*allowed)),
        Setting::AllowPreflight(allowed) => plain(4, u32::from(*allowed)),
        Setting::TrustedProxies(rules) => SettingV1 {
            setting: 5,
            number: 0,
            rules: rules.iter().map(|rule| rule.as_str().to_owned()).collect(),
        },
        Setting::ForeignTokens(forms) => plain(6, u32::from(forms.bits())),
    }
}

pub(super) fn setting_of(SettingV1 { setting, number, rules }: SettingV1) -> Result<Setting, Undecodable> {
    let switch = || match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Undecodable::Field("switch")),
    };
    match setting {
        1 => read_limit(number).map(Setting::PerHour),
        2 => read_limit(number).map(Setting::Concurrent),
        3 => switch().map(Setting::AllowAuthtokenInUrl),
        4 => switch().map(Setting::AllowPreflight),
        5 => rules
            .iter()
            .map(|rule| read_rule(rule))
            .collect::<Result<_, _>>()
            .map(Setting::TrustedProxies),
        6 => read_forms(number).map(Setting::ForeignTokens),
        _ => Err(Undecodable::Field("setting")),
    }
}

#[derive(Encode, Decode)]
struct NumberV1(u64);

/// The payload of a row that is one number.
pub(crate) fn number_payload(number: u64) -> Vec<u8> {
    encode(&NumberV1(number))
}

/// Reads a row that is one number.
pub(crate) fn read_number(payload: &[u8]) -> Result<u64, Undecodable> {
    decode(payload).map(|NumberV1(number)| number)
}

#[derive(Encode, Decode)]
struct CounterV1 {
    word: u64,
    at_ms: u64,
}

/// The payload of an hourly counter's row.
pub(crate) fn counter_payload(counter: &CounterRow) -> Vec<u8> {
    let CounterRow { word, at } = *counter;
    encode(&CounterV1 {
        word,
        at_ms: at.as_millis(),
    })
}

/// Reads the row of an hourly counter.
pub(crate) fn read_counter(payload: &[u8]) -> Result<CounterRow, Undecodable> {
    decode(payload).map(|CounterV1 { word, at_ms }| CounterRow {
        word,
        at: Timestamp::from_millis(at_ms),
    })
}

/// The payload of a row whose key says everything.
pub(crate) fn unit_payload() -> Vec<u8> {
    encode(&())
}

/// Reads a row whose key says everything.
pub(crate) fn read_unit(payload: &[u8]) -> Result<(), Undecodable> {
    decode(payload)
}

/// Zero inherits and the greatest number is no limit; neither can be set as a number.
pub(super) fn limit_number(limit: Limit) -> u32 {
    match limit {
        Limit::Inherit => 0,
        Limit::Unlimited => u32::MAX,
        Limit::AtMost(most) => most.get(),
    }
}

pub(super) fn read_limit(number: u32) -> Result<Limit, Undecodable> {
    match std::num::NonZeroU32::new(number) {
        None => Ok(Limit::Inherit),
        Some(std::num::NonZeroU32::MAX) => Ok(Limit::Unlimited),
        Some(most) if most.get() <= Limit::MOST => Ok(Limit::AtMost(most)),
        Some(_) => Err(Undecodable::Field("limit")),
    }
}

pub(super) fn read_kind(number: u8) -> Result<TokenKind, Undecodable> {
    TokenKind::of_number(number).ok_or(Undecodable::Field("token kind"))
}

pub(super) fn read_operations(bits: u8) -> Result<OperationSet, Undecodable> {
    let set = OperationSet::from_bits(bits);
    if set.bits() == bits {
        Ok(set)
    } else {
        Err(Undecodable::Field("set of operations"))
    }
}

fn read_forms(number: u32) -> Result<ForeignForms, Undecodable> {
    let bits = u8::try_from(number).map_err(|_| Undecodable::Field("set of foreign forms"))?;
    let forms = ForeignForms::from_bits(bits);
    if forms.bits() == bits {
        Ok(forms)
    } else {
        Err(Undecodable::Field("set of foreign forms"))
    }
}

pub(super) fn read_name(text: &str) -> Result<UserName, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("user name"))
}

fn read_rule(text: &str) -> Result<NetworkRule, Undecodable> {
    text.parse().map_err(|_| Undecodable::Field("network rule"))
}

pub(super) fn is_banned(standing: Standing) -> bool {
    match standing {
        Standing::Trusted => false,
        Standing::Banned => true,
    }
}

pub(super) fn standing(banned: bool) -> Standing {
    if banned { Standing::Banned } else { Standing::Trusted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user() -> UserRow {
        UserRow {
            id: UserId(7),
            name: "Zoë".parse().unwrap(),
            active: true,
            operations: OperationSet::from_bits(5),
            per_hour: "1000".parse().unwrap(),
            concurrent: Limit::Unlimited,
            created_at: Timestamp::from_millis(1_700_000_000_123),
        }
    }

    fn token() -> TokenRow {
        TokenRow {
            id: TokenId(9),
            kind: TokenKind::Authtoken,
            digest: TokenDigest::from_bytes([0xab; 32]),
            user: UserId(7),
            validity: Validity {
                not_before_s: Some(3),
                expires_at_s: None,
            },
            issued_at: Timestamp::from_millis(5),
            revoked_at: Some(Timestamp::from_millis(300)),
            authority: None,
            family: None,
        }
    }

    fn authorized() -> TokenRow {
        TokenRow {
            authority: Some(AuthorityId(300)),
            family: Some(FamilyId(7)),
            ..token()
        }
    }

    /// The bytes themselves: a field that moves or a number that changes its meaning would read old files wrongly.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let user_bytes = [
            &[1, 4][..],
            "Zoë".as_bytes(),
            &[
                1, 5, 251, 0xe8, 3, 252, 255, 255, 255, 255, 253, 0x7b, 0x68, 0xe5, 0xcf, 0x8b, 1, 0, 0,
            ],
        ];
        assert_eq!(user_payload(&user()), user_bytes.concat());
        let token_bytes = [&[1, 1][..], &[0xab; 32], &[7, 1, 3, 0, 5, 1, 251, 44, 1]].concat();
        assert_eq!(token_payload(&token()), token_bytes);
        let authorized_bytes = [
            &[2, 1][..],
            &[0xab; 32],
            &[7, 1, 3, 0, 5, 1, 251, 44, 1, 251, 44, 1, 1, 7],
        ]
        .concat();
        assert_eq!(token_payload(&authorized()), authorized_bytes);
        let network = NetworkRow {
            rule: "::1".parse().unwrap(),
            standing: Standing::Banned,
            added_at: Timestamp::from_millis(9),
        };
        assert_eq!(network_payload(&network), [1, 3, b':', b':', b'1', 1, 9]);
        assert_eq!(setting_payload(&Setting::AllowPreflight(true)), [1, 4, 1, 0]);
        let forms = ForeignForms::from_bits(10);
        assert_eq!(setting_payload(&Setting::ForeignTokens(forms)), [1, 6, 10, 0]);
        assert_eq!((number_payload(200), unit_payload()), (vec![1, 200], vec![1]));
        assert_eq!(
            counter_payload(&CounterRow {
                word: 7,
                at: Timestamp::from_millis(9)
            }),
            [1, 7, 9]
        );
    }

    #[test]
    fn rows_read_what_they_write() {
        assert_eq!(read_user(UserId(7), &user_payload(&user())), Ok(user()));
        assert_eq!(read_token(TokenId(9), &token_payload(&token())), Ok(token()));
        assert_eq!(read_token(TokenId(9), &token_payload(&authorized())), Ok(authorized()));
        for setting in crate::setting::Settings::default().list() {
            assert_eq!(read_setting(&setting_payload(&setting)), Ok(setting));
        }
        assert_eq!(read_number(&number_payload(u64::MAX)), Ok(u64::MAX));
        assert_eq!(read_unit(&unit_payload()), Ok(()));
    }

    #[test]
    fn other_versions_lengths_and_fields_are_refused() {
        let good = user_payload(&user());
        assert_eq!(
            read_user(UserId(7), &[&[2], &good[1..]].concat()),
            Err(Undecodable::Version(2))
        );
        assert_eq!(
            read_user(UserId(7), &[&good[..], &[0]].concat()),
            Err(Undecodable::Layout)
        );
        for cut in 0..good.len() {
            assert!(read_user(UserId(7), &good[..cut]).is_err(), "cut at {cut}");
        }
        let payload = token_payload(&authorized());
        assert_eq!(
            read_token(TokenId(9), &[&[3], &payload[1..]].concat()),
            Err(Undecodable::Version(3))
        );
        let nobody = [&payload[..payload.len() - 5], &[0, 0]].concat();
        assert_eq!(
            read_token(TokenId(9), &nobody),
            Err(Undecodable::Field("authority number"))
        );
        assert_eq!(read_setting(&[1, 9, 0, 0]), Err(Undecodable::Field("setting")));
        assert_eq!(read_setting(&[1, 3, 2, 0]), Err(Undecodable::Field("switch")));
        let every_form = Setting::ForeignTokens(ForeignForms::ALL);
        assert_eq!(read_setting(&[1, 6, 15, 0]), Ok(every_form));
        assert_eq!(
            read_setting(&[1, 6, 16, 0]),
            Err(Undecodable::Field("set of foreign forms"))
        );
        let claims_2_to_40_rules = [1, 5, 0, 253, 0, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(read_setting(&claims_2_to_40_rules), Err(Undecodable::Layout));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let payload = [&[1][..], &bytes].concat();
            let _ = read_user(UserId(1), &payload).map(|user| assert_eq!(user_payload(&user), payload));
            let _ = read_network(&payload);
            let _ = read_setting(&payload);
            if let Ok(token) = read_token(TokenId(1), &payload) {
                prop_assert_eq!(read_token(TokenId(1), &token_payload(&token)), Ok(token));
            }
        }
    }
}
