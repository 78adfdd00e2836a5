//! What is signed, what is verified, and what is refused of the mistakes that others have made.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use proptest::prelude::*;
use tollgate::Timestamp;

use super::*;
use crate::base64url;

static RSA: LazyLock<SigningPair> = LazyLock::new(|| pair(Algorithm::Rs256));
static EC: LazyLock<SigningPair> = LazyLock::new(|| pair(Algorithm::Es256));

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn pair(algorithm: Algorithm) -> SigningPair {
    let pkcs8 = SigningPair::generate(algorithm).unwrap();
    SigningPair::from_pkcs8(algorithm, &pkcs8, algorithm.as_str(), None).unwrap()
}

fn key_of(pair: &SigningPair) -> VerifyingKey {
    pair.public().unwrap().verifying(Some(pair.kid().to_owned())).unwrap()
}

/// Signs any header and payload with RSA, however wrong.
fn forged(header: &str, payload: &str) -> String {
    let honest = RSA.sign("JWT", payload).unwrap();
    let pkcs8 = format!(
        "{}.{}",
        base64url::encode(header.as_bytes()),
        base64url::encode(payload.as_bytes())
    );
    let signature = RSA.signature(pkcs8.as_bytes()).unwrap();
    assert_eq!(honest.split('.').count(), 3);
    format!("{pkcs8}.{}", base64url::encode(&signature))
}

fn verified(token: &str) -> Result<Claims, JwsFault> {
    let keys = [key_of(&RSA), key_of(&EC)];
    Jws::parse(token)?.verify(&keys)
}

fn current(payload: &str) -> Result<Timestamp, JwsFault> {
    verified(&forged(r#"{"alg":"RS256"}"#, payload))
        .unwrap()
        .is_current(NOW, 60)
}

#[test]
fn what_is_signed_is_verified_and_nothing_else_is() {
    for signer in [&*RSA, &*EC] {
        let token = signer.sign("at+jwt", r#"{"sub":"1"}"#).unwrap();
        let jws = Jws::parse(&token).unwrap();
        assert_eq!(jws.header().typ.as_deref(), Some("at+jwt"));
        assert_eq!(jws.header().kid.as_deref(), Some(signer.kid()));
        assert_eq!(verified(&token).unwrap().text("sub"), Ok("1"));
        let stranger = pair(signer.algorithm())
            .public()
            .unwrap()
            .verifying(Some(signer.kid().to_owned()))
            .unwrap();
        assert_eq!(jws.verify(&[stranger]).err(), Some(JwsFault::Signature));
        let unnamed = signer.public().unwrap().verifying(None).unwrap();
        assert_eq!(
            jws.verify(&[unnamed]).err(),
            Some(JwsFault::Signature),
            "a kid names a key"
        );
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            *other.get_mut(at).unwrap() ^= 1;
            if let Ok(other) = String::from_utf8(other) {
                assert!(
                    verified(&other).is_err_and(|fault| !fault.to_string().is_empty()),
                    "byte {at}"
                );
            }
        }
    }
}

#[test]
fn others_read_what_we_sign_and_we_read_what_they_sign() {
    use jsonwebtoken as oracle;
    for (signer, algorithm) in [(&*RSA, oracle::Algorithm::RS256), (&*EC, oracle::Algorithm::ES256)] {
        let token = signer.sign("JWT", r#"{"sub":"1","exp":4000000000}"#).unwrap();
        let key = match signer.public().unwrap() {
            PublicKey::Rsa { n, e } => oracle::DecodingKey::from_rsa_raw_components(&n, &e),
            PublicKey::P256 { x, y } => {
                oracle::DecodingKey::from_ec_components(&base64url::encode(&x), &base64url::encode(&y)).unwrap()
            }
            PublicKey::Ed25519 { .. } => unreachable!("nobody signs with it here"),
        };
        let read = oracle::decode::<serde_json::Value>(&token, &key, &oracle::Validation::new(algorithm)).unwrap();
        assert_eq!(read.claims["sub"], "1");
        assert_eq!(read.header.kid.as_deref(), Some(signer.kid()));
    }

    let pkcs8 = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let private = pkcs8.to_pkcs8v1().unwrap();
    let token = oracle::encode(
        &oracle::Header::new(oracle::Algorithm::EdDSA),
        &serde_json::json!({"sub": "2"}),
        &oracle::EncodingKey::from_ed_der(private.as_ref()),
    );
    let x = aws_lc_rs::signature::KeyPair::public_key(&pkcs8)
        .as_ref()
        .try_into()
        .unwrap();
    let key = PublicKey::Ed25519 { x }.verifying(None).unwrap();
    assert_eq!(
        Jws::parse(&token.unwrap()).unwrap().verify(&[key]).unwrap().text("sub"),
        Ok("2")
    );
}

/// A public key is no shared secret (CVE-2022-29217, CVE-2024-37568), and the header does not choose the algorithm.
#[test]
fn a_public_key_is_no_shared_secret() {
    let PublicKey::Rsa { n, .. } = RSA.public().unwrap() else {
        panic!("no RSA key")
    };
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":null}"#,
        "{}",
    ] {
        let signed = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(b"{}"));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &n), signed.as_bytes());
        for signature in [base64url::encode(tag.as_ref()), String::new()] {
            assert_eq!(
                verified(&format!("{signed}.{signature}")).err(),
                Some(JwsFault::Header),
                "{header}"
            );
        }
    }
    // An RSA signature under a header that says ES256, and the reverse.
    assert_eq!(
        verified(&forged(r#"{"alg":"ES256"}"#, "{}")).err(),
        Some(JwsFault::Signature)
    );
    assert_eq!(verified(&forged(r#"{"alg":"RS256"}"#, "{}")).err(), None);
}

#[test]
fn a_header_that_changes_how_to_read_is_refused() {
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
        r#""b64":false"#,
        r#""p2c":1,"crit":["p2c"]"#,
    ] {
        let header = format!(r#"{{"alg":"RS256",{member}}}"#);
        assert_eq!(
            verified(&forged(&header, "{}")).err(),
            Some(JwsFault::Header),
            "{member}"
        );
    }
    for header in [r#"{"alg":"RS256","alg":"RS256"}"#, "[]", "", "{\"alg\":\"RS256\"} "] {
        let expected = (header != "{\"alg\":\"RS256\"} ").then_some(JwsFault::Malformed);
        assert_eq!(verified(&forged(header, "{}")).err(), expected, "{header}");
    }
    for member in [r#""kid":1"#, r#""typ":["JWT"]"#] {
        let header = format!(r#"{{"alg":"RS256",{member}}}"#);
        assert_eq!(
            verified(&forged(&header, "{}")).err(),
            Some(JwsFault::Header),
            "{member}"
        );
    }
    // Keys and addresses in a header are not looked at, so they do not help either.
    let inside =
        r#"{"alg":"RS256","jku":"https://evil.example","jwk":{"kty":"oct","k":"AA"},"x5u":"https://evil.example"}"#;
    assert_eq!(verified(&forged(inside, "{}")).err(), None);
}

#[test]
fn a_token_has_three_parts_and_bounds() {
    let token = RSA.sign("JWT", "{}").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    for count in [1, 2, 4, 5, 6] {
        let other = parts.iter().cycle().take(count).copied().collect::<Vec<_>>().join(".");
        assert_eq!(Jws::parse(&other).err(), Some(JwsFault::Malformed), "{count} parts");
    }
    assert_eq!(Jws::parse(&".".repeat(1 << 20)).err(), Some(JwsFault::Malformed));
    assert_eq!(Jws::parse("..").err(), Some(JwsFault::Malformed));
    assert_eq!(Jws::parse(&format!("{token}=")).err(), Some(JwsFault::Malformed));
    assert_eq!(Jws::parse(&format!("{token} ")).err(), Some(JwsFault::Malformed));
    assert_eq!(Jws::parse(&token).err(), None);
}

/// A claim of a wrong type counts as forged, not as left out (CVE-2026-25537).
#[test]
fn moments_are_whole_seconds() {
    let seconds = NOW.as_seconds();
    assert_eq!(
        current(&format!(r#"{{"exp":{}}}"#, seconds + 1)),
        Ok(Timestamp::from_seconds(seconds + 1))
    );
    for exp in [
        seconds.to_string(),
        "\"9999999999\"".to_owned(),
        "null".to_owned(),
        "[9999999999]".to_owned(),
        "9999999999.5".to_owned(),
        "1e12".to_owned(),
        "-1".to_owned(),
        "9223372036854775808".to_owned(),
        "253402300800".to_owned(),
    ] {
        assert_eq!(
            current(&format!(r#"{{"exp":{exp}}}"#)),
            Err(JwsFault::Claim("exp")),
            "{exp}"
        );
    }
    assert_eq!(
        current("{}"),
        Err(JwsFault::Claim("exp")),
        "a token without an end is refused"
    );
    for name in ["nbf", "iat"] {
        let with = |value: String| current(&format!(r#"{{"exp":{},"{name}":{value}}}"#, seconds + 9)).map(drop);
        assert_eq!(with((seconds + 60).to_string()), Ok(()));
        assert_eq!(with((seconds + 61).to_string()), Err(JwsFault::Claim(name)));
        assert_eq!(with("null".to_owned()), Err(JwsFault::Claim(name)));
        assert_eq!(with("\"1\"".to_owned()), Err(JwsFault::Claim(name)));
    }
    let twice = forged(r#"{"alg":"RS256"}"#, r#"{"exp":1,"exp":9999999999}"#);
    assert_eq!(verified(&twice).err(), Some(JwsFault::Malformed));
}

#[test]
fn an_audience_is_named() {
    let is_for = |payload: &str| {
        verified(&forged(r#"{"alg":"RS256"}"#, payload))
            .unwrap()
            .is_for(&["https://us.example"])
    };
    for good in [
        r#"{"aud":"https://us.example"}"#,
        r#"{"aud":["x","https://us.example"]}"#,
    ] {
        assert_eq!(is_for(good), Ok(()), "{good}");
    }
    for bad in [
        "{}",
        r#"{"aud":null}"#,
        r#"{"aud":""}"#,
        r#"{"aud":[]}"#,
        r#"{"aud":"https://us.example/"}"#,
        r#"{"aud":["https://us.example",1]}"#,
        r#"{"aud":{"https://us.example":1}}"#,
        r#"{"aud":[["https://us.example"]]}"#,
        r#"{"aud":"https://us.example https://x.example"}"#,
    ] {
        assert_eq!(is_for(bad), Err(JwsFault::Claim("aud")), "{bad}");
    }
}

#[test]
fn secrets_are_not_printed() {
    assert_eq!(format!("{:?}", *EC), "SigningPair { kid: \"ES256\", .. }");
}

proptest! {
    #[test]
    fn any_text_is_a_token_or_is_not(text in "[A-Za-z0-9_.=-]{0,200}|\\PC{0,64}") {
        if let Ok(jws) = Jws::parse(&text) {
            prop_assert_eq!(jws.verify(&[key_of(&EC)]).err(), Some(JwsFault::Signature));
        }
    }
}
