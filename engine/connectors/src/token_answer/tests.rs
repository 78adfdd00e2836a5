//! Answers of the standard and of those who take liberties with it.

use super::*;
use proptest::prelude::*;
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn answer(status: u16, content_type: Option<&str>, body: &[u8]) -> OutboundAnswer {
    OutboundAnswer {
        status,
        content_type: content_type.map(str::to_owned),
        retry_after: None,
        body: Zeroizing::new(body.to_vec()),
    }
}

fn said(status: u16, body: &str) -> Result<Tokens, TokenFault> {
    read(
        &answer(status, Some("application/json"), body.as_bytes()),
        None,
        false,
        NOW,
    )
}

fn fault(status: u16, body: &str) -> TokenFault {
    match said(status, body) {
        Ok(_) => panic!("accepted {status} {body}"),
        Err(fault) => fault,
    }
}

fn lives(body: &str) -> (Option<u64>, Option<u64>) {
    let tokens = said(200, body).unwrap();
    let after = |moment: Timestamp| moment.as_seconds() - NOW.as_seconds();
    (tokens.expires.map(after), tokens.refresh_expires.map(after))
}

fn texts(tokens: &Tokens) -> (Option<&str>, Option<&str>) {
    (
        tokens.access.as_ref().map(Secret::expose),
        tokens.refresh.as_ref().map(Secret::expose),
    )
}

#[test]
fn the_answer_of_the_standard() {
    let tokens = said(
        200,
        r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}"#,
    )
    .unwrap();
    assert_eq!(
        texts(&tokens),
        (Some("2YotnFZFEjr1zCsicMWpAA"), Some("tGzv3JOkF0XG5Qx2TlKWIA"))
    );
    assert_eq!(tokens.expires, Some(NOW.plus_millis(3_600_000)));
    assert_eq!(tokens.refresh_expires, None);
}

#[test]
fn a_form_is_read_where_it_says_that_it_is_one() {
    let body = b"access_token=gho_16C7&expires_in=28800&refresh_token=ghr_1B4a&refresh_token_expires_in=15811200&scope=repo%2Cgist&token_type=bearer";
    let form = Some("application/x-www-form-urlencoded; charset=utf-8");
    let tokens = read(&answer(200, form, body), None, false, NOW).unwrap();
    assert_eq!(texts(&tokens), (Some("gho_16C7"), Some("ghr_1B4a")));
    assert_eq!(tokens.refresh_expires, Some(NOW.plus_millis(15_811_200_000)));
    // GitHub says errors with 200.
    let gone = read(
        &answer(200, form, b"error=bad_refresh_token&error_description=The+refresh"),
        None,
        false,
        NOW,
    );
    assert!(gone.is_err_and(|fault| fault
        == TokenFault::NeedsSignIn {
            error: "bad_refresh_token".to_owned()
        }));
    for body in [&b"access_token=a&access_token=b"[..], b"access_token=%ff", b""] {
        let read = read(&answer(200, form, body), None, false, NOW);
        assert!(read.is_err_and(|fault| matches!(fault, TokenFault::Broken { .. })));
    }
    assert!(
        matches!(fault(200, "access_token=a"), TokenFault::Broken { .. }),
        "a form that says that it is JSON"
    );
}

#[test]
fn lives_are_numbers_and_texts_within_bounds() {
    let of = |life: &str| {
        lives(&format!(
            r#"{{"access_token":"a","refresh_token":"r","expires_in":{life}}}"#
        ))
        .0
    };
    assert_eq!(of("3600"), Some(3_600));
    assert_eq!(of("\"3600\""), Some(3_600));
    assert_eq!(of("3600.0"), Some(3_600));
    assert_eq!(of("1"), Some(1));
    for long in [
        "315360001",
        "18446744073709551615",
        "\"99999999999999999999999\"",
        "1e300",
    ] {
        assert_eq!(of(long), Some(LIFE_S_MOST), "{long}");
    }
    for unsaid in [
        "0", "-1", "\"\"", "\"0\"", "\"1h\"", "1.5", "null", "[]", "true", "-1e300",
    ] {
        assert_eq!(of(unsaid), Some(LIFE_S_UNSAID), "{unsaid}");
    }
    assert_eq!(lives(r#"{"access_token":"a"}"#), (None, None), "nothing renews it");
    let credentials = read(&answer(200, None, br#"{"access_token":"a"}"#), None, true, NOW).unwrap();
    assert_eq!(
        credentials.expires,
        Some(NOW.plus_millis(3_600_000)),
        "we renew it ourselves"
    );
    for name in REFRESH_LIVES {
        let body = format!(r#"{{"access_token":"a","refresh_token":"r","{name}":"60"}}"#);
        assert_eq!(lives(&body), (Some(LIFE_S_UNSAID), Some(60)), "{name}");
    }
}

#[test]
fn a_refresh_token_stays_until_another_comes() {
    let previous = Tokens {
        access: Some(Secret::new("old")),
        refresh: Some(Secret::new("kept")),
        expires: Some(NOW),
        refresh_expires: Some(NOW.plus_millis(1)),
    };
    let renewed = |body: &str| read(&answer(200, None, body.as_bytes()), Some(&previous), false, NOW).unwrap();
    for body in [
        r#"{"access_token":"new"}"#,
        r#"{"access_token":"new","refresh_token":null}"#,
        r#"{"access_token":"new","refresh_token":""}"#,
    ] {
        let tokens = renewed(body);
        assert_eq!(texts(&tokens), (Some("new"), Some("kept")), "{body}");
        assert_eq!(tokens.refresh_expires, previous.refresh_expires);
        assert_eq!(tokens.expires, Some(NOW.plus_millis(3_600_000)));
    }
    let rotated = renewed(r#"{"access_token":"new","refresh_token":"other"}"#);
    assert_eq!(texts(&rotated), (Some("new"), Some("other")));
    assert_eq!(rotated.refresh_expires, None, "the end of the old one is not its");
}

#[test]
fn a_grant_that_is_gone_needs_a_person() {
    for error in GONE {
        for status in [200, 400, 401, 403] {
            let body = format!(r#"{{"error":"{error}","error_description":"canary"}}"#);
            let gone = fault(status, &body);
            assert_eq!(
                gone,
                TokenFault::NeedsSignIn {
                    error: error.to_owned()
                }
            );
            assert!(!gone.to_string().contains("canary"));
        }
    }
}

#[test]
fn who_asks_for_patience_gets_it() {
    let later = |status, retry_after: Option<&str>, body: &str| {
        let mut answer = answer(status, None, body.as_bytes());
        answer.retry_after = retry_after.map(str::to_owned);
        match read(&answer, None, false, NOW) {
            Err(TokenFault::Later { retry_after_s, .. }) => retry_after_s,
            _ => panic!("{status} {body}"),
        }
    };
    for status in [408, 425, 429, 500, 502, 503, 599] {
        assert_eq!(later(status, None, "<html>"), None);
        assert_eq!(
            later(status, Some("7"), r#"{"error":"invalid_grant"}"#),
            Some(7),
            "no word counts then"
        );
    }
    assert_eq!(later(400, Some("5"), r#"{"error":"slow_down"}"#), Some(5));
    assert_eq!(later(200, None, r#"{"ok":false,"error":"ratelimited"}"#), None);
}

#[test]
fn waits_are_numbers_and_dates_within_a_day() {
    let wait = |text| retry_after(text, NOW);
    assert_eq!((wait("120"), wait(" 120 "), wait("0")), (Some(120), Some(120), Some(1)));
    // NOW is Tue, 14 Nov 2023 22:13:20 GMT.
    assert_eq!(wait("Tue, 14 Nov 2023 22:14:20 GMT"), Some(60));
    assert_eq!(wait("Tue, 14 Nov 2023 22:00:00 GMT"), Some(1), "it is over");
    assert_eq!(wait("Fri, 14 Nov 2053 22:00:00 GMT"), Some(RETRY_AFTER_S_MOST));
    assert_eq!(wait("99999999999999999999999"), Some(RETRY_AFTER_S_MOST));
    for text in ["", "soon", "-1", "1.5", "Tue, 14 Nov 2023"] {
        assert_eq!(wait(text), None, "{text}");
    }
}

#[test]
fn what_nobody_can_mend_by_waiting() {
    for (status, body) in [
        (400, r#"{"error":"invalid_client"}"#),
        (401, r#"{"error":"unauthorized_client"}"#),
        (400, r#"{"error":{"message":"x","code":190}}"#),
        (404, "<html>not here</html>"),
        (404, "{}"),
        (302, ""),
        (301, r#"{"access_token":"a"}"#),
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, "<html>"),
        (200, "\u{0}\u{1}"),
        (200, r#"{"access_token":""}"#),
        (200, r#"{"access_token":1}"#),
        (200, r#"{"access_token":"a b"}"#),
        (200, r#"{"access_token":"a\r\nX: y"}"#),
        (200, r#"{"access_token":"a","refresh_token":["r"]}"#),
        (200, r#"{"access_token":"a","access_token":"b"}"#),
        (200, r#"{"access_token":"a","x":{"y":1,"y":2}}"#),
        (200, r#"{"access_token":"a","token_type":"DPoP"}"#),
    ] {
        assert!(
            matches!(fault(status, body), TokenFault::Broken { status: own, .. } if own == status),
            "{status} {body}"
        );
    }
    let word = fault(400, r#"{"error":"invalid_client","error_description":"canary"}"#).to_string();
    assert!(word.contains("invalid_client") && !word.contains("canary"), "{word}");
    let odd = fault(400, r#"{"error":"<script>canary"}"#).to_string();
    assert!(odd.contains("server_error") && !odd.contains("canary"), "{odd}");
    for fine in [
        r#"{"access_token":"a","token_type":"bot"}"#,
        r#"{"access_token":"a","error":null,"ok":true}"#,
    ] {
        assert!(
            said(201, fine).is_ok_and(|tokens| texts(&tokens).0 == Some("a")),
            "{fine}"
        );
    }
}

#[test]
fn an_answer_has_bounds() {
    let padded = |len: usize| {
        let start = r#"{"access_token":"a","padding":""#;
        format!("{start}{}\"}}", "x".repeat(len - start.len() - 2))
    };
    assert!(said(200, &padded(ANSWER_BYTES_MOST)).is_ok_and(|tokens| tokens.refresh.is_none()));
    assert!(matches!(
        fault(200, &padded(ANSWER_BYTES_MOST + 1)),
        TokenFault::Broken { .. }
    ));
    assert!(matches!(
        fault(200, &format!("{{\"a\":{}", "[".repeat(30_000))),
        TokenFault::Broken { .. }
    ));
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(status in 100_u16..600, is_form: bool, body in prop::collection::vec(any::<u8>(), 0..64)) {
        let kind = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        if let Ok(tokens) = read(&answer(status, Some(kind), &body), None, false, NOW) {
            prop_assert!((200..300).contains(&status) && tokens.access.is_some());
        }
    }

    #[test]
    fn no_life_is_longer_than_ten_years(life in "-?(0|[1-9][0-9]{0,29})(\\.[0-9]{1,3})?") {
        let body = format!(r#"{{"access_token":"a","refresh_token":"r","expires_in":{life}}}"#);
        prop_assert!(lives(&body).0.is_some_and(|life| (1..=LIFE_S_MOST).contains(&life)));
    }
}
