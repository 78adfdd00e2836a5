//! Forms in which values come, and those that are none.

use super::*;
use proptest::prelude::*;

fn oauth(text: &str) -> Tokens {
    match AuthValue::parse(text, AuthType::OAuth2) {
        Ok(AuthValue::OAuth(tokens)) => tokens,
        Ok(_) => panic!("read as something else: {text}"),
        Err(fault) => panic!("{fault}: {text}"),
    }
}

fn refused(text: &str, auth: AuthType) -> &'static str {
    match AuthValue::parse(text, auth) {
        Ok(_) => panic!("accepted {text}"),
        Err(fault) => fault.0,
    }
}

fn exposed(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose)
}

#[test]
fn all_four_members_are_read() {
    let tokens = oauth(
        r#"{"AccessToken":"XXXXXXXXXX","RefreshToken":"YYYYYYYYYY","Expires":"2021-10-01T00:00:00Z","RefreshExpires":"2022-10-01T00:00:00Z"}"#,
    );
    assert_eq!(exposed(tokens.access.as_ref()), Some("XXXXXXXXXX"));
    assert_eq!(exposed(tokens.refresh.as_ref()), Some("YYYYYYYYYY"));
    assert_eq!(tokens.expires, Some(Timestamp::from_seconds(1_633_046_400)));
    assert_eq!(tokens.refresh_expires, Some(Timestamp::from_seconds(1_664_582_400)));
}

#[test]
fn members_may_be_left_out_or_unknown() {
    let tokens = oauth(
        r#"{ "RefreshToken": "r", "AccessToken": null, "Expires": "", "Scope": ["a"], "Instance": {"Url": "u"} }"#,
    );
    assert!(tokens.access.is_none() && tokens.expires.is_none());
    assert_eq!(exposed(tokens.refresh.as_ref()), Some("r"));
    let bare = oauth(" ya29.a0-token \n");
    assert_eq!(exposed(bare.access.as_ref()), Some("ya29.a0-token"));
    assert!(bare.refresh.is_none() && bare.expires.is_none());
}

#[test]
fn an_empty_object_is_no_value_yet() {
    for auth in [AuthType::OAuth2, AuthType::ApiKey, AuthType::Basic, AuthType::None] {
        for text in ["{}", "", " { } "] {
            assert!(
                AuthValue::parse(text, auth).is_ok_and(|value| matches!(value, AuthValue::Empty)),
                "{text}"
            );
        }
    }
    assert_eq!(
        refused("key", AuthType::None),
        "expected none, since this connector authenticates in no way"
    );
}

#[test]
fn what_is_ambiguous_or_lost_in_silence_is_refused() {
    for text in [
        r#"{"AccessToken":"a","AccessToken":"b"}"#,
        r#"{"AccessToken":"a","X":{"a":1,"a":2}}"#,
        r#"{"accessToken":"a"}"#,
        r#"{"AccessToken":"a","refreshtoken":"b"}"#,
        r#"{"AccessToken":1}"#,
        r#"{"AccessToken":["a"]}"#,
        r#"{"Expires":"2021-10-01T00:00:00Z"}"#,
        r#"{"AccessToken":"a","Expires":"tomorrow"}"#,
        r#"{"AccessToken":"a","Expires":1633046400}"#,
        r#"{"AccessToken":"a\r\nX-Injected: 1"}"#,
        r#"{"AccessToken":"a b"}"#,
        r#"{"AccessToken":"a"} trailing"#,
        r#"{"AccessToken":"a""#,
        "two words",
        "caf\u{e9}",
    ] {
        assert!(!refused(text, AuthType::OAuth2).contains("Injected"), "{text}");
    }
    assert_eq!(
        exposed(oauth(r#"{"AccessToken":"a","X":[1,{"b":2}]}"#).access.as_ref()),
        Some("a")
    );
}

#[test]
fn keys_and_passwords() {
    let key = AuthValue::parse("my key", AuthType::ApiKey).unwrap();
    assert_eq!(exposed(key.authorization(None).as_ref()), Some("my key"));
    assert_eq!(
        exposed(key.authorization(Some("ApiKey")).as_ref()),
        Some("ApiKey my key")
    );
    assert!(refused("a\nb", AuthType::ApiKey).contains("printable"));
    assert!(refused(&"a".repeat(16_385), AuthType::ApiKey).contains("16,384"));
    assert!(refused(&"a".repeat(32_769), AuthType::ApiKey).contains("32,768"));

    let pair = AuthValue::parse("dXNlcjpwYTpzcw==", AuthType::Basic).unwrap();
    assert_eq!(
        exposed(pair.authorization(Some("Bearer")).as_ref()),
        Some("Basic dXNlcjpwYTpzcw==")
    );
    for text in ["dXNlcg==", "user:pass", "dXNlcjpwYXNz=", "dXNlcjoK", "/zo6"] {
        assert!(refused(text, AuthType::Basic).contains("base64"), "{text}");
    }
}

#[test]
fn only_that_it_is_set_is_shown() {
    let value = AuthValue::parse(
        r#"{"AccessToken":"canary","RefreshToken":"canary","Expires":"2021-10-01T00:00:00Z"}"#,
        AuthType::OAuth2,
    )
    .unwrap();
    let shown = value.shown();
    assert!(shown.is_set && shown.is_renewable);
    assert_eq!(shown.expires, Some(Timestamp::from_seconds(1_633_046_400)));
    assert!(!format!("{shown:?}").contains("canary"));
    assert_eq!(
        exposed(value.authorization(Some("Bearer")).as_ref()),
        Some("Bearer canary")
    );
    let only_refresh = AuthValue::parse(r#"{"RefreshToken":"r"}"#, AuthType::OAuth2).unwrap();
    assert!(!only_refresh.shown().is_set && only_refresh.authorization(Some("Bearer")).is_none());
    assert_eq!(AuthValue::Empty.shown(), AuthShown::default());
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        access in prop::option::of("[!-~]{1,24}"),
        refresh in prop::option::of("[!-~]{1,24}"),
        expires in prop::option::of(0_u64..253_402_300_799_999),
        refresh_expires in prop::option::of(0_u64..253_402_300_799_999),
    ) {
        prop_assume!(access.is_some() || refresh.is_some());
        let value = AuthValue::OAuth(Tokens {
            access: access.clone().map(Secret::new),
            refresh: refresh.clone().map(Secret::new),
            expires: expires.map(Timestamp::from_millis),
            refresh_expires: refresh_expires.map(Timestamp::from_millis),
        });
        let read = oauth(value.write().expose());
        prop_assert_eq!(exposed(read.access.as_ref()), access.as_deref());
        prop_assert_eq!(exposed(read.refresh.as_ref()), refresh.as_deref());
        prop_assert_eq!(read.expires, expires.map(Timestamp::from_millis));
        prop_assert_eq!(read.refresh_expires, refresh_expires.map(Timestamp::from_millis));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,64}", auth in 0_usize..4) {
        let auth = [AuthType::OAuth2, AuthType::ApiKey, AuthType::Basic, AuthType::None][auth];
        if let Ok(value) = AuthValue::parse(&text, auth) {
            let again = AuthValue::parse(value.write().expose(), auth).unwrap();
            let (one, other) = (again.write(), value.write());
            prop_assert_eq!(one.expose(), other.expose());
            let field = value.authorization(Some("Bearer"));
            prop_assert!(field.is_none_or(|field| field.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte))));
        }
    }
}
