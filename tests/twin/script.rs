//! Scripts: facts, and then changes, requests, ends of requests and a moving clock.

use proptest::prelude::*;
use proptest::sample::select;
use tollgate_core::TokenKind;

use super::people::{PASSWORDS, authority, foreign, foreign_text, proof, secret, server, signed, text, token, user};
use super::requests::{good_request, plain_request, request, with_password};
use crate::support::facts::{Change, Proof, Request, Route, Server, Token};

const HOUR_MS: i64 = 3_600_000;

/// One step of a script.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Change(Change),
    Ask(Request, Keep),
    /// One of the requests under way is over, or (where it can be undone) was only asked about.
    End {
        pick: usize,
        undo: bool,
    },
    /// By so many milliseconds.
    Clock(i64),
}

/// What becomes of a permit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    No,
    Borrowed,
    Owned,
}

/// Two users with tokens, who may mostly call, and then anything.
pub(crate) fn scripts() -> impl Strategy<Value = Vec<Move>> {
    // On the heap: strategies hold one another, and a test has little stack.
    let owned = |seed: u8, secret: String| {
        token()
            .prop_map(move |token| Token {
                user: u64::from(seed) % 2 + 1,
                secret: secret.clone(),
                ..token
            })
            .boxed()
    };
    let own = |seed| owned(seed, text(TokenKind::Authtoken, seed));
    let ours = [owned(1, signed(1)), owned(2, text(TokenKind::Access, 1))];
    let came = [("sha256", 1), ("blake3", 2), ("sha512", 3)].map(|(form, seed)| owned(seed, foreign(form, seed)));
    let tokens = (own(1), own(2), own(3), token().boxed(), token().boxed(), came, ours);
    let authorities = prop::collection::vec(authority(), 1..5).boxed();
    let facts = (
        server().boxed(),
        user(Just(1)).boxed(),
        user(Just(2)).boxed(),
        tokens,
        authorities,
    )
        .prop_map(|(server, alice, bob, tokens, authorities)| {
            let own = [tokens.0, tokens.1, tokens.2, tokens.3, tokens.4];
            let tokens = own.into_iter().chain(tokens.5).chain(tokens.6);
            // The third user is not there yet.
            let tokens = tokens.filter(|token| token.user < 3).map(Change::PutToken);
            let users = [Change::SetServer(server), Change::PutUser(alice), Change::PutUser(bob)];
            let authorities = authorities.into_iter().map(Change::PutAuthority);
            users
                .into_iter()
                .chain(authorities)
                .chain(tokens)
                .map(Move::Change)
                .collect::<Vec<_>>()
        });
    let steps = prop_oneof![20 => step().prop_map(|step| vec![step]).boxed(), 1 => succession().boxed(), 1 => upgrade().boxed(), 1 => settling().boxed(), 1 => signing().boxed()];
    (facts.boxed(), prop::collection::vec(steps, 1..60)).prop_map(|(facts, steps)| [facts, steps.concat()].concat())
}

/// Half of the requests are such as pass: only these get as far as the limits.
fn step() -> impl Strategy<Value = Move> {
    prop_oneof![
        2 => change().boxed().prop_map(Move::Change),
        5 => (request().boxed(), keep()).prop_map(|(request, keep)| Move::Ask(request, keep)),
        5 => (plain_request().boxed(), keep()).prop_map(|(request, keep)| Move::Ask(request, keep)),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(pick, undo)| Move::End { pick, undo }),
        2 => clock().prop_map(Move::Clock),
    ]
}

/// A user goes while a permit of theirs is held, and another comes, perhaps to the same place, and to the same token.
fn succession() -> impl Strategy<Value = Vec<Move>> {
    (1..4_u64, user(1..4_u64), token(), 1..4_u8, any::<usize>()).prop_map(|(former, user, token, seed, pick)| {
        let token = Token {
            user: user.id,
            secret: text(TokenKind::Authtoken, seed),
            ..token
        };
        let ask = |keep| Move::Ask(good_request(seed), keep);
        vec![
            ask(Keep::Borrowed),
            Move::Change(Change::RemoveUser(former)),
            Move::Change(Change::PutUser(user)),
            Move::Change(Change::PutToken(token)),
            ask(Keep::No),
            Move::End { pick, undo: true },
            ask(Keep::No),
        ]
    })
}

/// A token that came as a digest is used, and goes to the digest of its text: there first, and then away from the old one.
fn upgrade() -> impl Strategy<Value = Vec<Move>> {
    let form = select(vec!["sha256", "sha512", "blake3"]);
    (form, 1..3_u8, token(), keep()).prop_map(|(form, seed, token, keep)| {
        let put = |form| {
            let secret = foreign(form, seed);
            Move::Change(Change::PutToken(Token {
                secret,
                ..token.clone()
            }))
        };
        let ask = || {
            let authtoken = vec![foreign_text(seed).as_str().into()];
            Move::Ask(
                Request {
                    authtoken,
                    ..good_request(seed)
                },
                keep,
            )
        };
        let old = foreign(form, seed);
        vec![
            Move::Change(Change::RemoveToken(foreign("clear", seed))),
            put(form),
            ask(),
            put("clear"),
            ask(),
            Move::Change(Change::RemoveToken(old)),
            ask(),
        ]
    })
}

/// Another issuer's token is proven where bearers are taken, and then the issuers may change.
fn signing() -> impl Strategy<Value = Vec<Move>> {
    let user = user(Just(1)).boxed();
    (server().boxed(), server().boxed(), user, proof().boxed(), keep()).prop_map(
        |(before, after, user, proof, keep)| {
            let proof = Proof {
                name: None,
                text: signed(1),
                user: 1,
                epoch: 1,
                until_ms: u64::MAX / 2,
                ..proof
            };
            let ask = || {
                let line = format!("Bearer {}", signed(1));
                let asked = Request {
                    authtoken: vec![],
                    authorization: vec![line.as_str().into()],
                    ..good_request(1)
                };
                Move::Ask(asked, keep)
            };
            let server = |server: Server, external_issuers| {
                Change::SetServer(Server {
                    routes: Vec::new(),
                    fresh_until_ms: None,
                    external_issuers,
                    ..server
                })
            };
            let issuers = after.external_issuers;
            let changes = [
                Change::RemoveToken(signed(1)),
                server(before, 1),
                Change::PutUser(user),
                Change::Remember(proof),
            ];
            let mut moves: Vec<Move> = changes.into_iter().map(Move::Change).collect();
            moves.extend([ask(), Move::Change(server(after, issuers)), ask()]);
            moves
        },
    )
}

/// A password is proven where passwords are taken, and then may change.
fn settling() -> impl Strategy<Value = Vec<Move>> {
    let user = || user(Just(1)).boxed();
    (server().boxed(), user(), user(), proof().boxed(), keep()).prop_map(|(server, before, after, proof, keep)| {
        let proof = Proof {
            name: Some(before.name.clone()),
            text: PASSWORDS[0].to_owned(),
            user: 1,
            until_ms: 60_000,
            ..proof
        };
        let ask = || {
            Move::Ask(
                Request {
                    path: "/else".into(),
                    ..with_password(&before.name, PASSWORDS[0])
                },
                keep,
            )
        };
        let everything = Route {
            pattern: "/else".to_owned(),
            schemes: "basic,password".to_owned(),
            scopes: String::new(),
            audience: None,
            anonymous: false,
        };
        let server = Server {
            routes: vec![everything],
            fresh_until_ms: None,
            ..server
        };
        let changes = [
            Change::SetServer(server),
            Change::PutUser(before.clone()),
            Change::Remember(proof),
        ];
        let mut moves: Vec<Move> = changes.into_iter().map(Move::Change).collect();
        moves.extend([ask(), Move::Change(Change::PutUser(after)), ask()]);
        moves
    })
}

fn keep() -> impl Strategy<Value = Keep> {
    select(vec![Keep::No, Keep::No, Keep::Borrowed, Keep::Owned])
}

/// Around the edges of windows and lives, and sometimes back.
fn clock() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => select(vec![1, 999, 1_000, 1_001]),
        3 => select(vec![HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, HOUR_MS / 2]),
        1 => select(vec![-1, -1_000, -HOUR_MS, -HOUR_MS - 1, -2 * HOUR_MS]),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => server().boxed().prop_map(Change::SetServer),
        4 => user(1..4_u64).boxed().prop_map(Change::PutUser),
        4 => token().boxed().prop_map(Change::PutToken),
        2 => authority().prop_map(Change::PutAuthority),
        4 => proof().boxed().prop_map(Change::Remember),
        1 => (1..4_u64).prop_map(Change::RemoveUser),
        1 => secret().prop_map(Change::RemoveToken),
        1 => prop_oneof![
            (1..4_u64).prop_map(Change::DoubtUser),
            secret().prop_map(Change::DoubtToken),
            (1..4_u32).prop_map(Change::DoubtAuthority),
        ],
    ]
}
