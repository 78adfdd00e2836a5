//! What the engine is asked about a credential that no view can decide about, and what it answers: the wire alone.
//!
//! The question is JSON to `POST /v1/check` with `prove`, and the only place to which a credential goes from here. The answer is
//! JSON under a seal over the nonce of the question, so that neither somebody else's answer nor an old one is taken for it.

use std::net::IpAddr;

use serde::Deserialize;
use tollgate_core::feed::FrameKey;
use tollgate_core::{AuthorityId, REMEMBERED_S, Settled, Timestamp, UnsettledSort, UserId};
use zeroize::Zeroizing;

/// The path that is asked.
pub(crate) const PATH: &str = "/v1/check";
/// The field under which the answer's seal stands, in small hexadecimal digits.
pub(crate) const SEAL_FIELD: &str = "x-tollgate-seal";
/// No answer is longer.
pub(crate) const ANSWER_LEN_MAX: usize = 4 * 1024;

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is proven whose credential it is, against these issuers.
    Proven { settled: Settled, external_issuers: u32 },
    /// The credential is nobody's.
    Refused,
    /// It is not looked at, because too many passwords were wrong: not before so many seconds have passed.
    Throttled { retry_after_s: u32 },
    /// The engine does not know just now.
    Unknown,
}

#[derive(Deserialize)]
struct Raw {
    proven: bool,
    sort: Option<Sort>,
    user_id: Option<u64>,
    #[serde(default)]
    password_epoch: u32,
    authority: Option<u32>,
    #[serde(default)]
    external_issuers: u32,
    seconds: Option<u64>,
    retry_after: Option<u64>,
    #[serde(default)]
    throttled: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Password,
    External,
}

impl From<Sort> for UnsettledSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Password => Self::Password,
            Sort::External => Self::External,
        }
    }
}

/// The question about the credential that stands in this `Authorization`. None where its bytes are no text that a credential could
/// stand in.
pub(crate) fn question(authorization: &[u8], address: Option<IpAddr>, nonce: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
    // Room for all of it from the beginning, so that no part is left behind where it grew.
    let mut question = Zeroizing::new(Vec::with_capacity(2 * authorization.len() + 160));
    question.extend_from_slice(br#"{"prove":true,"nonce":""#);
    question.extend_from_slice(&hex(nonce));
    if let Some(address) = address {
        question.extend_from_slice(br#"","ip":""#);
        question.extend_from_slice(address.to_string().as_bytes());
    }
    question.extend_from_slice(br#"","authorization":""#);
    for byte in authorization {
        match byte {
            b'"' | b'\\' => question.extend_from_slice(&[b'\\', *byte]),
            b'\t' => question.push(b' '),
            b' '..=b'~' => question.push(*byte),
            _ => return None,
        }
    }
    question.extend_from_slice(br#""}"#);
    Some(question)
}

/// What an answer to a question of this `sort` says that was sent at `sent`. One that is not sealed, or says what cannot be, is an
/// unknown.
pub(crate) fn answer(
    body: &[u8],
    seal: &[u8],
    (key, nonce): (&FrameKey, &[u8; 16]),
    sort: UnsettledSort,
    sent: Timestamp,
) -> Answer {
    let sealed = unhex(seal).is_some_and(|seal| key.is_sealed(nonce, body, &seal));
    let Some(raw) = sealed.then(|| serde_json::from_slice::<Raw>(body).ok()).flatten() else {
        return Answer::Unknown;
    };
    match (raw.proven, raw.retry_after, raw.throttled) {
        (true, None, false) => proven(&raw, sort, sent).unwrap_or(Answer::Unknown),
        (false, None, false) => Answer::Refused,
        (false, Some(seconds), true) => Answer::Throttled {
            retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX),
        },
        _ => Answer::Unknown,
    }
}

fn proven(raw: &Raw, sort: UnsettledSort, sent: Timestamp) -> Option<Answer> {
    if UnsettledSort::from(raw.sort?) != sort {
        return None;
    }
    let seconds = raw.seconds?.min(REMEMBERED_S);
    let settled = Settled {
        user: UserId(raw.user_id?),
        password_epoch: raw.password_epoch,
        authority: raw.authority.map(AuthorityId),
        // Counted from before the engine counted, so that no proof lives longer here than there.
        until: sent.plus_millis(seconds * 1_000),
    };
    Some(Answer::Proven {
        settled,
        external_issuers: raw.external_issuers,
    })
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";

fn hex(bytes: &[u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
        }
    }
    digits
}

fn unhex(digits: &[u8]) -> Option<[u8; 32]> {
    let nibble = |digit: u8| DIGITS.iter().position(|known| *known == digit);
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let byte = |[high, low]: &[u8; 2]| u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 16] = [0xa5; 16];
    const SENT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn key() -> FrameKey {
        FrameKey::of_token(b"tg_fd_x")
    }

    fn seal(body: &str) -> String {
        let bytes = key().seal(&NONCE, body.as_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn read(body: &str, sort: UnsettledSort) -> Answer {
        answer(body.as_bytes(), seal(body).as_bytes(), (&key(), &NONCE), sort, SENT)
    }

    #[test]
    fn a_question_is_json_and_holds_the_credential_as_it_came() {
        let question = question(br#"Bearer a"b\c"#, Some([192, 0, 2, 1].into()), &NONCE).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&question).unwrap();
        let expected = serde_json::json!({
            "prove": true,
            "nonce": "a5".repeat(16),
            "ip": "192.0.2.1",
            "authorization": r#"Bearer a"b\c"#,
        });
        assert_eq!(read, expected);
        let bare = super::question(b"Basic YTpi", None, &NONCE).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&bare).unwrap();
        assert_eq!(read.get("ip"), None);
        for odd in [&b"Basic \xff"[..], b"Basic \n", b"Basic \x7f"] {
            assert!(super::question(odd, None, &NONCE).is_none());
        }
    }

    #[test]
    fn a_proof_counts_from_when_it_was_asked_for_and_no_longer_than_a_minute() {
        let body = r#"{"proven":true,"sort":"password","user_id":7,"password_epoch":3,"authority":null,"external_issuers":4,"seconds":90}"#;
        let Answer::Proven {
            settled,
            external_issuers,
        } = read(body, UnsettledSort::Password)
        else {
            panic!("no proof")
        };
        assert_eq!(
            (settled.user, settled.password_epoch, external_issuers),
            (UserId(7), 3, 4)
        );
        assert_eq!(settled.until, SENT.plus_millis(60_000));
        assert_eq!(read(body, UnsettledSort::External), Answer::Unknown, "of another sort");
    }

    #[test]
    fn only_a_plain_no_is_a_no() {
        let password = UnsettledSort::Password;
        assert_eq!(read(r#"{"proven":false}"#, password), Answer::Refused);
        assert_eq!(
            read(r#"{"proven":false,"retry_after":7,"throttled":true}"#, password),
            Answer::Throttled { retry_after_s: 7 }
        );
        for unknown in [
            "",
            "{}",
            "[]",
            r#"{"proven":false,"retry_after":1}"#,
            r#"{"proven":false,"throttled":true}"#,
            r#"{"proven":true,"sort":"password","user_id":7,"seconds":60,"throttled":true}"#,
            r#"{"proven":true}"#,
            r#"{"proven":true,"sort":"password","user_id":7}"#,
            r#"{"proven":true,"sort":"password","user_id":-7,"seconds":60}"#,
            r#"{"proven":true,"sort":"other","user_id":7,"seconds":60}"#,
            r#"{"proven":true,"sort":"password","user_id":7,"seconds":60,"retry_after":1}"#,
        ] {
            assert_eq!(read(unknown, password), Answer::Unknown, "{unknown}");
        }
    }

    #[test]
    fn an_answer_without_the_right_seal_says_nothing() {
        let body = r#"{"proven":false}"#;
        let good = seal(body);
        let other = good.replace('0', "1");
        let upper = good.to_uppercase();
        for bad in ["", "00", &good[1..], &other, &upper, &"0".repeat(64)] {
            let said = answer(
                body.as_bytes(),
                bad.as_bytes(),
                (&key(), &NONCE),
                UnsettledSort::Password,
                SENT,
            );
            assert_eq!(said, Answer::Unknown, "{bad}");
        }
        let otherwise = answer(
            body.as_bytes(),
            good.as_bytes(),
            (&key(), &[0; 16]),
            UnsettledSort::Password,
            SENT,
        );
        assert_eq!(otherwise, Answer::Unknown, "to another question");
    }
}
