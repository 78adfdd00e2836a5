//! Users and tokens to check against, made from fixed seeds, and the requests that present them.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use tollgate_core::{
    DigestKey, Field, ForeignForms, Limit, LiveView, LiveWriter, NetworkRule, Networks, OperationSet, RequestParts,
    ServerRecord, Timestamp, TokenDigest, TokenId, TokenKind, TokenRecord, TokenStatus, TokenText, UserId, UserRecord,
    Validity, Verdict, check,
};

/// The pepper of every population.
pub const KEY: [u8; 32] = [7; 32];
/// The moment of every check.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// Who calls: trusted by the global rules, and by each user's own where they have some.
pub const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 200, 3, 4));

/// Numbers that look random and are the same in every run (Steele, Lea and Flood 2014).
pub struct Scatter(u64);

impl Scatter {
    /// Numbers from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next four numbers as bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.word().to_le_bytes());
        }
        bytes
    }
}

/// The value of an `Authorization` field that presents one token.
#[derive(Clone, Copy)]
pub struct Bearer {
    bytes: [u8; Self::LEN],
}

impl Bearer {
    const SCHEME: &'static [u8] = b"Bearer ";
    const LEN: usize = 7 + 55;

    /// The field's value for an authtoken.
    pub fn new(text: &TokenText) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes[..7].copy_from_slice(Self::SCHEME);
        bytes[7..].copy_from_slice(text.expose().as_bytes());
        Self { bytes }
    }

    /// The whole value.
    pub fn value(&self) -> &[u8] {
        &self.bytes
    }

    /// The token alone.
    pub fn token(&self) -> &[u8] {
        &self.bytes[7..]
    }
}

/// How large a population is.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Tokens in the index.
    pub tokens: u64,
    /// Users in the index; token number `i` belongs to a scattered one of them.
    pub users: u64,
    /// Tokens that are presented, spread evenly over all of them. The others are there by digest alone.
    pub presented: u64,
    /// Whether each user has network rules of their own.
    pub own_networks: bool,
}

impl Plan {
    /// One user for each of `tokens`, every token presented, every gate asked.
    pub fn one_each(tokens: u64) -> Self {
        Self {
            tokens,
            users: tokens,
            presented: tokens,
            own_networks: true,
        }
    }
}

/// A live view that holds a plan's users and tokens.
pub struct Population {
    /// What checks read.
    pub view: LiveView,
    /// What a test may change it by.
    pub writer: LiveWriter,
    /// The tokens to present, in an order unrelated to where they and their users stand.
    pub bearers: Vec<Bearer>,
}

impl Population {
    /// Makes a population: some 2 µs for each presented token and less than one for each other.
    pub fn new(plan: Plan) -> Self {
        let (view, mut writer) = LiveView::new(DigestKey::new(KEY));
        writer.set_server(&server_record()).unwrap();
        for user in 0..plan.users {
            writer.put_user(&user_record(user + 1, plan.own_networks)).unwrap();
        }
        let (mut bearers, mut scatter) = (Vec::with_capacity(plan.presented as usize), Scatter::new(1));
        let step = plan.tokens / plan.presented;
        for at in 0..plan.tokens {
            let entropy = scatter.bytes();
            let digest = if at % step == 0 {
                let text = TokenText::from_entropy(TokenKind::Authtoken, &entropy);
                bearers.push(Bearer::new(&text));
                view.digest(text.well_formed().unwrap())
            } else {
                TokenDigest::from_bytes(entropy)
            };
            // 7,368,787 is prime, so one user each remains one user each.
            let user = at * 7_368_787 % plan.users;
            writer.put_token(&token_record(at + 1, digest, user + 1)).unwrap();
        }
        Self { view, writer, bearers }
    }
}

fn ranges(rules: &[&str]) -> Vec<tollgate_core::AddressRange> {
    rules
        .iter()
        .map(|rule| rule.parse::<NetworkRule>().unwrap().range())
        .collect()
}

/// Limits that hold for all who inherit, three trusted networks and a banned one within them.
pub fn server_record() -> ServerRecord {
    ServerRecord {
        per_hour: Limit::AtMost(NonZeroU32::new(Limit::MOST).unwrap()),
        concurrent: Limit::AtMost(NonZeroU32::new(64).unwrap()),
        authtoken_in_url: true,
        allow_preflight: false,
        foreign_tokens: ForeignForms::NONE,
        networks: Networks {
            banned: ranges(&["10.9.0.0/16"]),
            trusted: ranges(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
        },
        routes: Vec::new(),
        external_issuers: 0,
    }
}

/// An active user who may GET and POST under limits of their own; a banned and a trusted network where asked for.
pub fn user_record(id: u64, own_networks: bool) -> UserRecord {
    let networks = Networks {
        banned: ranges(&["10.1.0.0/16"]),
        trusted: ranges(&["10.200.0.0/16"]),
    };
    UserRecord {
        id: UserId(id),
        name: format!("user-{id:08}").parse().unwrap(),
        active: true,
        operations: OperationSet::from_bits(3),
        per_hour: Limit::AtMost(NonZeroU32::new(Limit::MOST).unwrap()),
        concurrent: Limit::AtMost(NonZeroU32::new(64).unwrap()),
        networks: if own_networks { networks } else { Networks::default() },
        password_epoch: 0,
    }
}

/// An authtoken with a beginning and an end, both far from [`NOW`].
pub fn token_record(id: u64, digest: TokenDigest, user: u64) -> TokenRecord {
    TokenRecord {
        id: TokenId(id),
        kind: TokenKind::Authtoken,
        digest,
        user: UserId(user),
        status: TokenStatus::Active,
        validity: Validity {
            not_before_s: Some(1_700_000_000),
            expires_at_s: Some(1_900_000_000),
        },
        authority: None,
    }
}

/// A GET from [`PEER`] that presents a bearer token.
#[inline]
pub fn request(bearer: &Bearer) -> RequestParts<'_> {
    RequestParts {
        method: b"GET",
        path: b"/api/orders",
        peer: Some(PEER),
        authorization: Field::Once(bearer.value()),
        ..RequestParts::default()
    }
}

/// Whether a bearer's request passes; its permit is dropped at once.
#[inline]
pub fn admitted(view: &LiveView, bearer: &Bearer) -> bool {
    matches!(check(view, &request(bearer), NOW), Verdict::Permit(_))
}
