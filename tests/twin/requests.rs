//! Requests that pass, and requests made of pieces that are nearly right.

use proptest::prelude::*;
use proptest::sample::select;
use tollgate_core::TokenKind;

use super::people::{NAMES, PASSWORDS, foreign_text, peers, secret, signed, text};
use crate::support::facts::{Bytes, Request};

/// What stands where a token should: mostly one that may be there.
fn presented() -> impl Strategy<Value = Vec<u8>> {
    let secret = || {
        secret().prop_map(|secret| {
            secret
                .split_once(':')
                .map_or(secret.clone(), |(_, text)| text.to_owned())
        })
    };
    let spoilt =
        (secret(), 0..9_usize, select(b"\0\t\n\x0c\r A,;=\x7f\x80\xff".to_vec())).prop_map(|(secret, how, byte)| {
            match how {
                0 => secret[..secret.len() - 1].to_owned().into_bytes(),
                1 => format!("{secret}=").into_bytes(),
                2 => secret.to_lowercase().into_bytes(),
                3 => format!("{secret},{secret}").into_bytes(),
                4 => format!("{secret} x").into_bytes(),
                5 => [secret.as_bytes(), &[byte]].concat(),
                6 => text(TokenKind::Authtoken, byte).into_bytes(),
                7 => secret.replace('_', "%5F").into_bytes(),
                _ => Vec::new(),
            }
        });
    let foreign = (1..4_u8).prop_map(|seed| foreign_text(seed).into_bytes());
    let password = select(PASSWORDS.to_vec()).prop_map(|password| password.as_bytes().to_vec());
    let jwt = (1..4_u8).prop_map(|seed| signed(seed).into_bytes());
    prop_oneof![8 => secret().prop_map(String::into_bytes), 3 => foreign, 3 => password, 3 => jwt, 1 => spoilt].boxed()
}

fn basic() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        8 => select(NAMES[..3].to_vec()).prop_map(|name| name.as_bytes().to_vec()),
        1 => select(vec![&b""[..], b"Alice", b"al\0ice", b"\xff", b"alice "]).prop_map(<[u8]>::to_vec),
        1 => select(NAMES[3..].to_vec()).prop_map(|name| name.as_bytes().to_vec()),
    ];
    (name, presented(), 0..12_usize).prop_map(|(name, token, how)| {
        let separator = if how == 1 { &b""[..] } else { b":" };
        let mut encoded = base64(&[&name, separator, &token].concat());
        match how {
            2 => drop(encoded.pop()),
            3 => encoded.push(b'='),
            4 => encoded.insert(4, b' '),
            5 => {
                encoded = encoded
                    .iter()
                    .map(|byte| if *byte == b'=' { b'A' } else { *byte })
                    .collect()
            }
            _ => {}
        }
        encoded
    })
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).flat_map(|group| {
        let number = (0..3).fold(0_usize, |number, at| {
            number << 8 | usize::from(group.get(at).copied().unwrap_or(0))
        });
        (0..4).map(move |at| {
            if at > group.len() {
                b'='
            } else {
                DIGITS[number >> (18 - 6 * at) & 63]
            }
        })
    });
    groups.collect()
}

/// One credential: where, and the line or parameter as it stands there.
fn placed() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let bearer = (
        select(vec![
            "Bearer ",
            "Bearer ",
            "Bearer ",
            "bearer  ",
            "Bearer\t",
            "Bearer",
            "Digest ",
            "Bearer \t",
        ]),
        presented(),
    )
        .prop_map(|(scheme, token)| (0, [scheme.as_bytes(), &token].concat()));
    let basic = (select(vec!["Basic ", "Basic ", "BASIC ", "Basic"]), basic())
        .prop_map(|(scheme, pair)| (0, [scheme.as_bytes(), &pair].concat()));
    let header = (select(vec!["", "", "", " ", "\t"]), presented())
        .prop_map(|(blank, token)| (1, [blank.as_bytes(), &token].concat()));
    let names = vec![
        "@authtoken=",
        "@authtoken=",
        "a=1&@authtoken=",
        "%40authtoken=",
        "@Authtoken=",
        "&&@authtoken=",
        "@authtoken%=",
        "b=%zz&@auth%74oken=",
    ];
    let parameter = (select(names), presented(), 2..4_usize)
        .prop_map(|(name, token, place)| (place, [name.as_bytes(), &token].concat()));
    prop_oneof![3 => bearer, 3 => basic, 3 => header, 4 => parameter].boxed()
}

/// Paths that meet patterns, that nearly do, and that can be read in two ways.
pub(crate) fn paths() -> impl Strategy<Value = Vec<u8>> {
    let good = select(vec![
        "/",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/x",
        "/api/v1/x/y",
        "/API/v1/x",
        "/other/v1/x",
        "/files/a%20b",
        "/open/x",
        "/x",
    ]);
    let pieces = select(vec![
        "/",
        "api",
        "API",
        "v1",
        "/v1",
        "/x",
        "/X",
        "%61pi",
        ".",
        "..",
        ";",
        ";a=b",
        "%2F",
        "%2e",
        "%3F",
        "%23",
        "%25",
        "41",
        "%00",
        "\\",
        "%5c",
        "%zz",
        "%",
        "K",
        "%E2%84%AA",
        "%C0%AF",
        "%c3%A9",
        "files/a%20b",
        "/open",
        "*",
        "a b",
        "?",
        "#",
    ]);
    let odd = prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat());
    prop_oneof![
        6 => good.prop_map(|path| path.as_bytes().to_vec()),
        2 => odd.clone().prop_map(|path| format!("/{path}").into_bytes()),
        1 => odd.prop_map(String::into_bytes),
    ]
}

/// A good token from a trusted address, in the header.
pub(crate) fn good_request(seed: u8) -> Request {
    Request {
        peer: Some("10.0.0.2".to_owned()),
        authtoken: vec![text(TokenKind::Authtoken, seed).as_str().into()],
        ..Request::default()
    }
}

/// Name and password from a trusted address.
pub(crate) fn with_password(name: &str, password: &str) -> Request {
    let pair = base64(format!("{name}:{password}").as_bytes());
    Request {
        peer: Some("10.0.0.2".to_owned()),
        authorization: vec![Bytes([b"Basic ", pair.as_slice()].concat())],
        ..Request::default()
    }
}

/// The same, sometimes as a bearer token or as a password.
pub(crate) fn plain_request() -> impl Strategy<Value = Request> {
    let path = prop_oneof![
        1 => Just("/".to_owned()),
        2 => select(vec!["/api/v1", "/api", "/other/v1/x", "/files/a%20b", "/open/x"]).prop_map(str::to_owned),
    ];
    (1..4_u8, 0..6_usize, 0..10_usize, path).prop_map(|(seed, place, kind, path)| {
        let good = Request {
            path: path.as_str().into(),
            ..good_request(seed)
        };
        let secret = match kind {
            0 | 1 => foreign_text(seed),
            2 => signed(seed),
            3 => text(TokenKind::Access, 1),
            4 | 5 => PASSWORDS[usize::from(seed) % 2].to_owned(),
            _ => text(TokenKind::Authtoken, seed),
        };
        let line = match place {
            0 => format!("Bearer {secret}").into_bytes(),
            1 => {
                let pair = base64(format!("{}:{secret}", NAMES[usize::from(seed) % 2]).as_bytes());
                [b"Basic ", pair.as_slice()].concat()
            }
            2 => {
                return Request {
                    authtoken: vec![],
                    query: Some(Bytes(format!("@authtoken={secret}").into_bytes())),
                    ..good
                };
            }
            3 => {
                return Request {
                    authtoken: vec![],
                    form: Some(Bytes(format!("@authtoken={secret}").into_bytes())),
                    ..good
                };
            }
            _ => return good,
        };
        Request {
            authtoken: vec![],
            authorization: vec![Bytes(line)],
            ..good
        }
    })
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    let methods = prop_oneof![
        6 => Just("GET"),
        4 => select(vec!["HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE", "OPTIONS", "get", "", "OPTIONS"]),
    ];
    let credentials = prop_oneof![
        12 => prop::collection::vec(placed(), 1),
        1 => Just(vec![]),
        2 => prop::collection::vec(placed(), 2..4),
    ];
    let scopes = prop_oneof![9 => Just(vec![]), 1 => Just(vec!["js_api".to_owned()])];
    (
        methods,
        credentials,
        peers(),
        prop::bool::weighted(0.3),
        scopes,
        paths(),
    )
        .prop_map(|(method, credentials, peer, preflight, scopes, path)| {
            let mut request = Request {
                method: method.into(),
                path: Bytes(path),
                peer,
                preflight,
                scopes,
                ..Request::default()
            };
            for (place, bytes) in credentials {
                let joined = |before: Option<Bytes>| match before {
                    Some(before) => Some(Bytes([&before.0, &b"&"[..], &bytes].concat())),
                    None => Some(Bytes(bytes.clone())),
                };
                match place {
                    0 => request.authorization.push(Bytes(bytes)),
                    1 => request.authtoken.push(Bytes(bytes)),
                    2 => request.query = joined(request.query.take()),
                    _ => request.form = joined(request.form.take()),
                }
            }
            request
        })
}
