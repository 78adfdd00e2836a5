//! Every place and every malformed form by table, and arbitrary bytes: what comes out is one credential or a refusal.

use super::*;
use proptest::prelude::*;

const TOKEN: &[u8] = b"tg_at_0123";
/// `alice:tg_at_0123`
const PAIR: &[u8] = b"Basic YWxpY2U6dGdfYXRfMDEyMw==";
const PLACES: [Place; 5] = [Place::Bearer, Place::Basic, Place::Header, Place::Query, Place::Form];

/// A request that holds `value` at each of `places`, as it would stand on the wire.
fn holding<'a>(places: &[Place], values: &'a [Vec<u8>; 5]) -> RequestParts<'a> {
    let value = |place: Place| places.contains(&place).then(|| values[place as usize].as_slice());
    let authorization = [value(Place::Bearer), value(Place::Basic)];
    RequestParts {
        method: b"POST",
        authorization: Field::collect(authorization.into_iter().flatten()),
        authtoken: Field::collect(value(Place::Header)),
        query: value(Place::Query),
        form: value(Place::Form),
        ..RequestParts::default()
    }
}

/// `value` at each place.
fn everywhere(value: &[u8]) -> [Vec<u8>; 5] {
    let mut room = [0; 4_096];
    let pair = [b"alice:", value].concat();
    let pair = Base64::encode(&pair, &mut room).unwrap().as_bytes();
    [
        [b"Bearer ", value].concat(),
        [b"Basic ", pair].concat(),
        value.to_vec(),
        [b"@authtoken=", value].concat(),
        [b"a=1&@authtoken=", value, b"&b=2"].concat(),
    ]
}

/// What `extract` answers, owned: token, name and place.
type Extracted = Result<(Vec<u8>, Option<Vec<u8>>, Place), DenyReason>;

fn extracted(request: &RequestParts<'_>) -> Extracted {
    let mut scratch = Scratch::default();
    let presented = extract(request, true, &mut scratch)?;
    let name = presented.name.map(<[u8]>::to_vec);
    Ok((presented.token.to_vec(), name, presented.place))
}

fn authorization(value: &[u8]) -> Extracted {
    extracted(&RequestParts {
        authorization: Field::Once(value),
        ..RequestParts::default()
    })
}

fn query(value: &[u8]) -> Extracted {
    extracted(&RequestParts {
        query: Some(value),
        ..RequestParts::default()
    })
}

#[test]
fn each_place_yields_its_credential() {
    let values = everywhere(TOKEN);
    for place in PLACES {
        let name = (place == Place::Basic).then(|| b"alice".to_vec());
        assert_eq!(
            extracted(&holding(&[place], &values)),
            Ok((TOKEN.to_vec(), name, place)),
            "{place:?}"
        );
    }
}

/// Everything but Basic and escapes is borrowed from where it stands.
#[test]
fn nothing_is_copied_that_needs_no_decoding() {
    let values = everywhere(TOKEN);
    for place in [Place::Bearer, Place::Header, Place::Query, Place::Form] {
        let mut scratch = Scratch::default();
        let request = holding(&[place], &values);
        let token = extract(&request, true, &mut scratch)
            .ok()
            .map(|presented| presented.token);
        let stands = values[place as usize].as_ptr_range();
        assert!(token.is_some_and(|token| stands.contains(&token.as_ptr())), "{place:?}");
        assert!(scratch.0.is_none(), "{place:?} needs no room");
    }
}

#[test]
fn what_is_no_credential_of_ours_is_missing() {
    let missing = Err(DenyReason::MissingCredential);
    assert_eq!(extracted(&RequestParts::default()), missing);
    for value in [
        "Digest username=\"a\", realm=\"b\"",
        "Negotiate",
        "tg_at_0123",
        "Bearers x",
        "Basics",
    ] {
        assert_eq!(authorization(value.as_bytes()), missing, "{value:?}");
    }
    for value in [
        "",
        "&&",
        "a=1",
        "authtoken=x",
        "@Authtoken=x",
        "%2540authtoken=x",
        "@authtoken%=x",
        "a=@authtoken",
        "x;@authtoken=y",
    ] {
        assert_eq!(query(value.as_bytes()), missing, "{value:?}");
    }
    let values = everywhere(TOKEN);
    let request = holding(&[Place::Query, Place::Form], &values);
    let mut scratch = Scratch::default();
    let off = extract(&request, false, &mut scratch).map(|presented| presented.place);
    assert_eq!(off, Err(DenyReason::MissingCredential), "the setting is off");
}

#[test]
fn what_cannot_be_read_is_malformed() {
    let malformed = Err(DenyReason::MalformedCredential);
    let [good, basic] = [authorization(b"  Bearer \t tg_at_0123\t"), authorization(PAIR)];
    assert_eq!(good, Ok((TOKEN.to_vec(), None, Place::Bearer)), "the twin");
    assert_eq!(
        basic,
        Ok((TOKEN.to_vec(), Some(b"alice".to_vec()), Place::Basic)),
        "the twin"
    );
    for value in [
        &b""[..],
        b"  ",
        b"Bearer\ttg_at_0123",
        b"Bearer tg_at_0123\n",
        b"\rBearer tg_at_0123",
        b"Bearer a b",
        b"Bearer a,b",
        b"Bearer a, Bearer b",
        b"Bearer \xff",
        b"Bearer \x7f",
        b"Bearer,x",
        b"Basic",
        b"Basic YWxpY2U=",
        b"Basic YWxpY2U6dGdfYXRfMDEyMw",
        b"Basic YWxpY2U6dGdfYXRfMDEyMw=",
        b"Basic YWxpY2U6dGdfYXRfMDEyMx==",
        b"Basic YWxpY2U6dGdfYXRfMDEyMw===",
        b"Basic YWxpY2U6*GdfYXRfMDEyMw==",
        b"Basic /zp4",
        b"Basic YQA6eA==",
        b"Basic YTp4AA==",
        b"\xff x",
    ] {
        assert_eq!(authorization(value), malformed, "{:?}", String::from_utf8_lossy(value));
    }
    assert_eq!(
        query(b"%40%61uthtoken=%74g_at_0123"),
        Ok((TOKEN.to_vec(), None, Place::Query)),
        "the twin"
    );
    for value in [
        &b"@authtoken=%"[..],
        b"@authtoken=%4",
        b"@authtoken=%zz",
        b"@authtoken=%+1",
        b"@authtoken=a+b",
        b"@authtoken=a%20b",
        b"@authtoken=a%2Cb",
        b"@authtoken=%00",
        b"@authtoken=%ff",
        b"@authtoken=\xff",
        b"@authtoken=a&@authtoken=a",
        b"@authtoken&%40authtoken",
    ] {
        assert_eq!(query(value), malformed, "{:?}", String::from_utf8_lossy(value));
    }
}

#[test]
fn an_empty_secret_is_a_credential() {
    for value in ["Bearer", "Bearer ", "Basic Og=="] {
        assert_eq!(
            authorization(value.as_bytes()).map(|(token, ..)| token),
            Ok(vec![]),
            "{value:?}"
        );
    }
    for value in ["@authtoken", "@authtoken="] {
        assert_eq!(
            query(value.as_bytes()).map(|(token, ..)| token),
            Ok(vec![]),
            "{value:?}"
        );
    }
}

#[test]
fn decoding_stops_where_the_room_ends() {
    for (len, fits) in [(SCRATCH_LEN, true), (SCRATCH_LEN + 1, false)] {
        let pair = &everywhere(&vec![b'x'; len - "alice:".len()])[Place::Basic as usize];
        assert_eq!(authorization(pair).is_ok(), fits, "a pair of {len} bytes");
        let escaped = [&b"@authtoken=%78"[..], &vec![b'x'; len - 1]].concat();
        assert_eq!(query(&escaped).is_ok(), fits, "a value of {len} bytes");
    }
    let plain = [&b"@authtoken="[..], &[b'x'; 100_000]].concat();
    assert_eq!(
        query(&plain).map(|(token, ..)| token.len()),
        Ok(100_000),
        "what needs no decoding needs no room"
    );
}

#[test]
fn kinds_stand_where_they_are_meant_to() {
    let accepted = |kind| {
        PLACES
            .into_iter()
            .filter(|place| place.accepts(kind))
            .collect::<Vec<_>>()
    };
    assert_eq!(accepted(TokenKind::Authtoken), PLACES);
    assert_eq!(accepted(TokenKind::PersonalAccess), [Place::Bearer, Place::Basic]);
    assert_eq!(accepted(TokenKind::Access), [Place::Bearer]);
    for kind in [
        TokenKind::Refresh,
        TokenKind::ClientSecret,
        TokenKind::Admin,
        TokenKind::Feed,
        TokenKind::Code,
        TokenKind::Session,
    ] {
        assert_eq!(accepted(kind), [], "{kind:?}");
    }
}

/// Pieces of which nearly valid values are made.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            &b"Bearer"[..],
            b"bearer ",
            b"Basic",
            b"BASIC ",
            b"Digest ",
            b" ",
            b"\t",
            b",",
            b"=",
            b"==",
            b"&",
            b"%",
            b"%4",
            b"%40",
            b"+",
            b":",
            b"\0",
            b"\n",
            b"\xff",
            b"\xc3\xab",
            b"@authtoken",
            b"@authtoken=",
            b"%40authtoken=",
            b"Og==",
            b"YWxpY2U6dGdfYXRfMDEyMw==",
            b"YTpi",
            b"tg_at_0123",
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(fragments(), 0..3)
}

/// `value` with the bytes that `escape` picks written as escapes.
fn escaped(value: &[u8], escape: &[bool]) -> Vec<u8> {
    let picks = value.iter().zip(escape.iter().cycle());
    picks
        .flat_map(|(byte, pick)| {
            if *pick {
                format!("%{byte:02x}").into_bytes()
            } else {
                vec![*byte]
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_yield_one_clean_credential_or_none(
        authorization in lines(),
        authtoken in lines(),
        query in prop::option::of(fragments()),
        form in prop::option::of(fragments()),
    ) {
        let request = RequestParts {
            authorization: Field::collect(authorization.iter().map(Vec::as_slice)),
            authtoken: Field::collect(authtoken.iter().map(Vec::as_slice)),
            query: query.as_deref(),
            form: form.as_deref(),
            ..RequestParts::default()
        };
        match extracted(&request) {
            Ok((token, name, place)) => {
                prop_assert_eq!(name.is_some(), place == Place::Basic);
                let name = name.unwrap_or_default();
                prop_assert!(core::str::from_utf8(&name).is_ok() && !name.contains(&b':'));
                let clean = |byte: &u8| !byte.is_ascii_control() && (place == Place::Basic || byte.is_ascii_graphic() && *byte != b',');
                prop_assert!(token.iter().all(clean), "{:?} at {:?}", token, place);
            }
            Err(reason) => {
                prop_assert!(matches!(reason, DenyReason::MissingCredential | DenyReason::MalformedCredential), "{:?}", reason);
            }
        }
    }

    /// Two places never yield a credential, whatever they hold: none wins.
    #[test]
    fn two_places_yield_none(
        places in prop::sample::subsequence(PLACES.to_vec(), 2..=5),
        one in "[!-+\\--~]{0,60}",
        tokens in prop::collection::vec("[!-+\\--~]{0,60}", 5),
        alike: bool,
    ) {
        let value = |place: Place| if alike { one.as_bytes() } else { tokens[place as usize].as_bytes() };
        // A parameter must not end or split its value; the other places take any visible text.
        let odd = |byte: &u8| matches!(byte, b'&' | b'%' | b'+');
        let values = PLACES.map(|place| everywhere(&value(place).iter().copied().filter(|byte| !odd(byte)).collect::<Vec<_>>())[place as usize].clone());
        for place in &places {
            let alone = extracted(&holding(&[*place], &values));
            prop_assert_eq!(alone.map(|(.., at)| at), Ok(*place), "the twin");
        }
        prop_assert_eq!(extracted(&holding(&places, &values)), Err(DenyReason::MalformedCredential));
    }

    #[test]
    fn escapes_and_base64_come_back_as_they_were(
        token in "[!-+\\--~]{1,60}",
        name in "[^:\\p{Cc}]{0,40}",
        escape in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let plus = |byte: &u8| matches!(byte, b'&' | b'%' | b'+');
        let escape_all: Vec<bool> = token.bytes().zip(escape.iter().cycle()).map(|(byte, pick)| *pick || plus(&byte)).collect();
        let parameter = [escaped(b"@authtoken", &escape), escaped(token.as_bytes(), &escape_all)].join(&b'=');
        prop_assert_eq!(query(&parameter), Ok((token.clone().into_bytes(), None, Place::Query)));

        let mut room = [0; 1_024];
        let pair = format!("{name}:{token}");
        let value = format!("Basic {}", Base64::encode(pair.as_bytes(), &mut room).unwrap());
        prop_assert_eq!(authorization(value.as_bytes()), Ok((token.into_bytes(), Some(name.into_bytes()), Place::Basic)));
    }
}
