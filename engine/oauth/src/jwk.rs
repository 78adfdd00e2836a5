//! Public keys as JSON (RFC 7517): ours for everybody, and those of others who sign.

use serde_json::{Map, Value};

use crate::jose::{Algorithm, PublicKey, VerifyingKey};
use crate::json::Object;
use crate::{base64url, json};

/// The longest key set that is read.
pub const JWKS_BYTES_MOST: usize = 256 * 1_024;
/// The most keys of one set that are kept.
const KEYS_MOST: usize = 64;

/// The key as a member of our own set.
pub fn written(key: &PublicKey, kid: &str, certificate: Option<&PublishedCertificate<'_>>) -> String {
    let (kind, algorithm) = match key {
        PublicKey::Rsa { .. } => ("RSA", Algorithm::Rs256),
        PublicKey::P256 { .. } => ("EC", Algorithm::Es256),
        PublicKey::Ed25519 { .. } => ("OKP", Algorithm::EdDsa),
    };
    let written = Object::default()
        .with("kty", kind)
        .with("use", "sig")
        .with("kid", kid)
        .with("alg", algorithm.as_str());
    let written = match key {
        PublicKey::Rsa { n, e } => written.with("e", base64url::encode(e)).with("n", base64url::encode(n)),
        PublicKey::P256 { x, y } => written
            .with("crv", "P-256")
            .with("x", base64url::encode(x))
            .with("y", base64url::encode(y)),
        PublicKey::Ed25519 { x } => written.with("crv", "Ed25519").with("x", base64url::encode(x)),
    };
    let written = written.with_some("x5t", certificate.map(|shown| shown.thumbprint));
    let chain = certificate.map(|shown| Value::from(vec![base64url::encode_standard(shown.der)]));
    written.with_some("x5c", chain).finish()
}

/// The certificate of one of our keys.
#[derive(Clone, Copy, Debug)]
pub struct PublishedCertificate<'a> {
    /// Its bytes.
    pub der: &'a [u8],
    /// The SHA-1 digest of these in base64url, the `x5t`.
    pub thumbprint: &'a str,
}

/// Reads the key set of another issuer. Keys that we do not understand, that encrypt, that are secret, or that are too weak are
/// passed over, as RFC 7517 section 5 asks; none where this is no key set at all.
pub fn parse_set(text: &[u8]) -> Option<Vec<VerifyingKey>> {
    if text.len() > JWKS_BYTES_MOST {
        return None;
    }
    let members = json::object(text)?;
    let keys = members.get("keys")?.as_array()?;
    Some(
        keys.iter()
            .filter_map(|key| verifying(key.as_object()?))
            .take(KEYS_MOST)
            .collect(),
    )
}

fn verifying(members: &Map<String, Value>) -> Option<VerifyingKey> {
    let text = |name: &str| members.get(name).map(|value| value.as_str().unwrap_or_default());
    let bytes = |name: &str| text(name).and_then(base64url::decode);
    let point = |name: &str| bytes(name).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    // A private key that was published is everybody's.
    if members.contains_key("d") || members.contains_key("k") || text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    if let Some(operations) = members.get("key_ops")
        && !operations.as_array()?.iter().any(|operation| operation == "verify")
    {
        return None;
    }
    let key = match (text("kty")?, text("crv")) {
        ("RSA", None) => PublicKey::Rsa {
            n: bytes("n")?,
            e: bytes("e")?,
        },
        ("EC", Some("P-256")) => PublicKey::P256 {
            x: point("x")?,
            y: point("y")?,
        },
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519 { x: point("x")? },
        _ => return None,
    };
    let key = key.verifying(text("kid").filter(|kid| !kid.is_empty()).map(str::to_owned))?;
    match text("alg") {
        Some(named) if Algorithm::named(named) != Some(key.algorithm()) => None,
        _ => Some(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::SigningPair;

    fn rsa() -> (PublicKey, String) {
        let pkcs8 = SigningPair::generate(Algorithm::Rs256).unwrap();
        let key = SigningPair::from_pkcs8(Algorithm::Rs256, &pkcs8, "one", None)
            .unwrap()
            .public()
            .unwrap();
        let text = written(&key, "one", None);
        (key, text)
    }

    fn set(keys: &[&str]) -> Vec<u8> {
        format!("{{\"keys\":[{}]}}", keys.join(",")).into_bytes()
    }

    fn names(keys: &[&str]) -> Vec<String> {
        let read = parse_set(&set(keys)).unwrap();
        read.iter()
            .map(|key| format!("{:?} {:?}", key.algorithm(), key.kid()))
            .collect()
    }

    #[test]
    fn our_own_keys_are_read_again() {
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        let ec = SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, "two", None)
            .unwrap()
            .public()
            .unwrap();
        let shown = PublishedCertificate {
            der: &[1, 2],
            thumbprint: "AQI",
        };
        let ec = written(&ec, "two", Some(&shown));
        assert!(ec.contains(r#""x5t":"AQI","x5c":["AQI="]"#), "{ec}");
        assert_eq!(
            names(&[&rsa().1, &ec]),
            [r#"Rs256 Some("one")"#, r#"Es256 Some("two")"#]
        );
    }

    #[test]
    fn keys_that_are_not_to_be_believed_are_passed_over() {
        let (key, good) = rsa();
        let PublicKey::Rsa { n, e } = key else {
            panic!("no RSA key")
        };
        let (n, e) = (base64url::encode(&n), base64url::encode(&e));
        let short = base64url::encode(&[0xff; 128]);
        let off_curve = base64url::encode(&[7; 32]);
        for bad in [
            r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","d":"AQ"}}"#),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","use":"enc"}}"#),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","alg":"RS512"}}"#),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","alg":"ES256"}}"#),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","key_ops":["sign"]}}"#),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"AQ"}}"#),
            format!(r#"{{"kty":"RSA","n":"{n}","e":"Ag"}}"#),
            format!(r#"{{"kty":"RSA","n":"{short}","e":"{e}"}}"#),
            format!(r#"{{"kty":"RSA","n":1,"e":"{e}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{off_curve}","y":"{off_curve}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-384","x":"{off_curve}","y":"{off_curve}"}}"#),
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#.to_owned(),
            "1".to_owned(),
            "{}".to_owned(),
        ] {
            assert_eq!(names(&[&bad, &good]), [r#"Rs256 Some("one")"#], "{bad}");
        }
        assert_eq!(
            names(&[&format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","key_ops":["verify"]}}"#)]),
            ["Rs256 None"]
        );
    }

    #[test]
    fn a_set_has_bounds() {
        assert!(parse_set(b"{}").is_none() && parse_set(b"[]").is_none() && parse_set(br#"{"keys":1}"#).is_none());
        assert!(parse_set(br#"{"keys":[],"keys":[]}"#).is_none());
        assert!(parse_set(&vec![b' '; JWKS_BYTES_MOST + 1]).is_none());
        let good = rsa().1;
        assert_eq!(names(&vec![good.as_str(); 65]).len(), 64);
    }
}
