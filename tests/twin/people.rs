//! Few users, tokens and rules, with edges where addresses and moments are.

use proptest::prelude::*;
use proptest::sample::select;
use tollgate_core::{TokenKind, TokenText};

use super::story::BEGINNING_MS;
use crate::support::facts::{Authority, Proof, Route, Server, Token, User, usual};

/// The first names are those of the first users; anybody may get any. The last two are as long as fits into a line beside
/// a user, and longer.
pub(crate) const NAMES: [&str; 6] = [
    "alice",
    "bob",
    "Zoë",
    "alicia",
    "Alexandrina Victoria of Saxe-Coburg-Saalfeld, HM",
    "Alexandrina Victoria of Saxe-Coburg-Saalfeld, her heirs and successors",
];

fn limit() -> impl Strategy<Value = String> {
    select(vec!["inherit", "inherit", "inherit", "unlimited", "1", "2", "3", "4"]).prop_map(str::to_owned)
}

fn rules(most: usize) -> impl Strategy<Value = Vec<String>> {
    let pool = [
        "10.0.0.0/30",
        "10.0.0.1",
        "10.0.0.1-2",
        "10.0.0.*",
        "10.0.0.3-10.0.1.0",
        "::ffff:10.0.0.2",
        "2001:db8::/126",
        "2001:db8::3",
        "0.0.0.0/0",
        "::/0",
    ];
    prop::collection::vec(select(pool.to_vec()).prop_map(str::to_owned), 0..=most)
}

/// Addresses at the edges of those rules.
pub(crate) fn peers() -> impl Strategy<Value = Option<String>> {
    let edges = [
        "10.0.0.0",
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.3",
        "10.0.0.4",
        "10.0.0.255",
        "10.0.1.0",
        "10.0.1.1",
        "9.255.255.255",
        "::ffff:10.0.0.2",
        "2001:db8::",
        "2001:db8::3",
        "2001:db8::4",
        "::",
        "0.0.0.0",
        "255.255.255.255",
    ];
    prop_oneof![
        9 => Just(Some("10.0.0.2".to_owned())),
        5 => select(edges.to_vec()).prop_map(|peer| Some(peer.to_owned())),
        1 => Just(None),
    ]
}

pub(crate) fn server() -> impl Strategy<Value = Server> {
    let trusted = prop_oneof![6 => Just(vec!["10.0.0.0/30".to_owned()]), 1 => rules(3)];
    let banned = prop_oneof![9 => Just(vec![]), 1 => rules(1)];
    let fresh = prop_oneof![4 => Just(None), 1 => select(vec![0, 1, 1_000, 3_600_000]).prop_map(|millis| Some(BEGINNING_MS + millis))];
    let foreign = prop_oneof![
        4 => Just("clear,sha256,sha512,blake3"),
        1 => Just(""),
        4 => select(vec!["clear", "sha256", "sha512", "blake3", "clear,blake3", "sha256,sha512"]),
    ];
    let switches = (prop::bool::weighted(0.8), any::<bool>(), foreign);
    let access = (routes().boxed(), 0..3_u32);
    (limit(), limit(), switches, banned, trusted, fresh, access).prop_map(
        |(per_hour, concurrent, switches, banned, trusted, fresh_until_ms, (routes, external_issuers))| Server {
            per_hour,
            concurrent,
            authtoken_in_url: switches.0,
            allow_preflight: switches.1,
            foreign_tokens: switches.2.to_owned(),
            banned,
            trusted,
            routes,
            external_issuers,
            fresh_until_ms,
        },
    )
}

pub(crate) fn user(ids: impl Strategy<Value = u64>) -> impl Strategy<Value = User> {
    let operations = prop_oneof![
        3 => Just("GET,POST,PUT,DELETE".to_owned()),
        1 => prop::sample::subsequence(vec!["GET", "POST", "PUT", "DELETE"], 0..=4).prop_map(|words| words.join(",")),
    ];
    let own = (
        prop_oneof![5 => Just(vec![]), 1 => rules(2)],
        prop_oneof![2 => Just(vec![]), 1 => rules(7)],
    );
    let name = prop_oneof![5 => Just(None), 1 => select(NAMES.to_vec()).prop_map(Some)];
    let active = prop::bool::weighted(0.9);
    (ids, name, active, operations, limit(), limit(), own, 0..3_u32).prop_map(
        |(id, name, active, operations, per_hour, concurrent, (banned, trusted), password_epoch)| User {
            id,
            name: name.unwrap_or(NAMES[id as usize - 1]).to_owned(),
            active,
            operations,
            per_hour,
            concurrent,
            banned,
            trusted,
            password_epoch,
        },
    )
}

pub(crate) fn text(kind: TokenKind, seed: u8) -> String {
    TokenText::from_entropy(kind, &[seed; 32]).expose().to_owned()
}

/// Texts that were made elsewhere: two that may stand anywhere, the second as long as can be, and one for Basic alone.
pub(crate) fn foreign_text(seed: u8) -> String {
    match seed {
        1 => "0123456789abcdef".to_owned(),
        2 => "made-elsewhere~".repeat(35)[..512].to_owned(),
        _ => "correct horse, bättery".to_owned(),
    }
}

/// Such a text behind the form in which it came.
pub(crate) fn foreign(form: &str, seed: u8) -> String {
    format!("{form}:{}", foreign_text(seed))
}

/// Mostly authtokens, one of each other kind, and tokens that were made elsewhere.
pub(crate) fn secret() -> impl Strategy<Value = String> {
    let form = select(vec!["clear", "sha256", "sha512", "blake3"]);
    prop_oneof![
        4 => (form, 1..4_u8).prop_map(|(form, seed)| foreign(form, seed)),
        6 => (1..4_u8).prop_map(|seed| text(TokenKind::Authtoken, seed)),
        1 => Just(text(TokenKind::PersonalAccess, 1)),
        2 => Just(text(TokenKind::Access, 1)),
        2 => (1..4_u8).prop_map(signed),
        1 => select(vec![TokenKind::Refresh, TokenKind::ClientSecret, TokenKind::Admin, TokenKind::Feed, TokenKind::Code, TokenKind::Session]).prop_map(|kind| text(kind, 1)),
    ]
}

pub(crate) fn token() -> impl Strategy<Value = Token> {
    let second = || prop_oneof![6 => Just(None), 1 => select(vec![0, 1, 2, 3_600, 3_601]).prop_map(|s| Some((BEGINNING_MS / 1_000) as u32 + s))];
    (
        1..100_u64,
        1..4_u64,
        secret(),
        prop::bool::weighted(0.1),
        second(),
        second(),
        prop_oneof![2 => Just(None), 1 => (1..4_u32).prop_map(Some)],
    )
        .prop_map(
            |(id, user, secret, revoked, not_before_s, expires_at_s, authority)| Token {
                id,
                user,
                secret,
                digest: None,
                revoked,
                not_before_s,
                expires_at_s,
                authority,
            },
        )
}

/// A signed token, as far as its form goes.
pub(crate) fn signed(seed: u8) -> String {
    format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLWJ5dGVz_{seed}")
}

/// Passwords, one of which could be a token of ours and one a foreign one.
pub(crate) const PASSWORDS: [&str; 4] = ["hunter2", "correct horse, bättery", "tg_at_is_no_password", "eyJ.a.b"];

/// Patterns of which no two are alike, some so that one path meets several.
const PATTERNS: [&str; 10] = [
    "/**",
    "/",
    "/api/**",
    "/api/*",
    "/api/v1",
    "/API/v1/x",
    "/*/v1/**",
    "/api/v1/x/y",
    "/files/a%20b",
    "/open/**",
];

fn routes() -> impl Strategy<Value = Vec<Route>> {
    let schemes = prop::sample::subsequence(vec!["bearer", "basic", "password", "header", "parameter"], 0..=5);
    let schemes = prop_oneof![
        2 => Just(usual()),
        2 => Just("bearer,basic,password,header,parameter".to_owned()),
        1 => schemes.prop_map(|words| words.join(",")),
    ];
    let scopes = prop_oneof![3 => Just(""), 1 => Just("js_api"), 1 => Just("read js_api")];
    let audience =
        prop_oneof![4 => Just(None), 1 => select(vec!["here", "there"]).prop_map(|name| Some(name.to_owned()))];
    let route = (
        select(PATTERNS.to_vec()),
        schemes,
        scopes,
        audience,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(pattern, schemes, scopes, audience, anonymous)| Route {
            pattern: pattern.to_owned(),
            schemes,
            scopes: scopes.to_owned(),
            audience,
            anonymous,
        });
    let some = prop::collection::vec(route, 1..6).prop_map(|routes| {
        let mut last = std::collections::BTreeMap::new();
        for route in routes {
            last.insert(route.pattern.clone(), route);
        }
        last.into_values().collect()
    });
    prop_oneof![1 => Just(Vec::new()), 1 => some]
}

/// Of each number there is one that acts the same for ever, and may be switched off.
pub(crate) fn authority() -> impl Strategy<Value = Authority> {
    (1..4_u32, prop::bool::weighted(0.8), prop::bool::weighted(0.05)).prop_map(|(id, active, other)| Authority {
        id,
        client: if other { "another" } else { "app" }.to_owned(),
        scopes: ["", "js_api", "js_api read"][id as usize - 1].to_owned(),
        audiences: ["", "here", "here there"][id as usize - 1]
            .split_terminator(' ')
            .map(str::to_owned)
            .collect(),
        active,
    })
}

pub(crate) fn proof() -> impl Strategy<Value = Proof> {
    let password = (1..4_usize, select(PASSWORDS.to_vec()))
        .prop_map(|(user, text)| (user, Some(NAMES[user - 1].to_owned()), text.to_owned()));
    let external = (1..4_usize, 1..4_u8).prop_map(|(user, seed)| (user, None, signed(seed)));
    let authority = prop_oneof![1 => Just(None), 1 => (1..4_u32).prop_map(Some)];
    let until = select(vec![0, 999, 1_000, 60_000, 61_000]);
    (prop_oneof![password, external], 0..3_u32, authority, until).prop_map(
        |((user, name, text), epoch, authority, millis)| Proof {
            name,
            text,
            user: user as u64,
            epoch,
            authority,
            until_ms: millis,
        },
    )
}

/// Texts that are rules, or nearly.
pub(crate) fn rule_texts() -> impl Strategy<Value = String> {
    let pieces = [
        "10.0.0.",
        "10.0.0.0",
        "10.0.0.2",
        "10.0.1.0",
        "255",
        "256",
        "0",
        "01",
        "1",
        "3",
        "2",
        "*",
        ".",
        ".*",
        "/",
        "/30",
        "/32",
        "/33",
        "/0",
        "/104",
        "/127",
        "/128",
        "/129",
        "-",
        " - ",
        "-3",
        "::",
        "::ffff:10.0.0.2",
        "2001:db8::",
        "2001:db8::3",
        " ",
        "+",
        "x",
        "%",
    ];
    let nearly = prop::collection::vec(select(pieces.to_vec()), 0..4).prop_map(|pieces| pieces.concat());
    let right = rules(1).prop_map(|rules| rules.concat());
    prop_oneof![3 => nearly, 1 => right]
}
