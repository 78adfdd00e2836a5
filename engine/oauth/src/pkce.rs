//! Proof keys for codes (RFC 7636): S256 and nothing else, since `plain` proves nothing to who can read the request.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use crate::base64url;
use crate::fault::Fault;

/// What a client commits itself to when it asks for a code: the digest of a verifier that it alone knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge(pub [u8; 32]);

impl Challenge {
    /// Reads the two parameters. None where the client uses no PKCE; a method without a challenge is a fault.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, Fault> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Fault::request("code_challenge_method stands without code_challenge")),
            (Some(text), Some("S256")) => base64url::decode(text)
                .and_then(|bytes| bytes.try_into().ok())
                .map(|bytes| Some(Self(bytes)))
                .ok_or(Fault::request(
                    "code_challenge is not the SHA-256 digest of a verifier in base64url",
                )),
            (Some(_), _) => Err(Fault::request("code_challenge_method must be S256")),
        }
    }

    /// What whoever holds `verifier` commits itself to, where we are the client.
    pub fn of(verifier: &str) -> Self {
        let mut committed = [0; 32];
        committed.copy_from_slice(digest(&SHA256, verifier.as_bytes()).as_ref());
        Self(committed)
    }

    /// The value of `code_challenge`.
    pub fn text(&self) -> String {
        base64url::encode(&self.0)
    }

    /// Whether `verifier` is what the client committed itself to. One that is too short to be unguessable, or has characters that
    /// RFC 7636 does not know, is not looked at.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let made = digest(&SHA256, verifier.as_bytes());
        well_formed && verify_slices_are_equal(made.as_ref(), &self.0).is_ok()
    }
}

/// What a code and a verifier say about each other: both or neither, so that nobody can strip the challenge from a request.
pub fn is_proven(challenge: Option<Challenge>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge() -> Challenge {
        Challenge::parse(Some(CHALLENGE), Some("S256")).unwrap().unwrap()
    }

    #[test]
    fn the_example_of_the_standard_holds() {
        assert!(challenge().is_met_by(VERIFIER));
        assert_eq!(Challenge::of(VERIFIER), challenge());
        assert_eq!(Challenge::of(VERIFIER).text(), CHALLENGE);
        assert!(!challenge().is_met_by(&VERIFIER.replace('d', "e")));
    }

    #[test]
    fn plain_and_unnamed_methods_are_refused() {
        for method in [None, Some("plain"), Some("s256"), Some("S512")] {
            assert!(Challenge::parse(Some(CHALLENGE), method).is_err_and(|fault| fault.description.contains("S256")));
        }
        assert!(Challenge::parse(None, Some("S256")).is_err_and(|fault| fault.description.contains("without")));
        assert_eq!(Challenge::parse(None, None), Ok(None));
        for text in ["", "AAAA", &CHALLENGE.repeat(2), &format!("{CHALLENGE}=")] {
            assert!(
                Challenge::parse(Some(text), Some("S256")).is_err_and(|fault| fault.description.contains("SHA-256"))
            );
        }
    }

    #[test]
    fn challenge_and_verifier_come_together_or_not_at_all() {
        assert!(is_proven(None, None));
        assert!(is_proven(Some(challenge()), Some(VERIFIER)));
        assert!(!is_proven(None, Some(VERIFIER)));
        assert!(!is_proven(Some(challenge()), None));
        assert!(!is_proven(Some(challenge()), Some(CHALLENGE)));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        let of = |verifier: &str| {
            let digest = digest(&SHA256, verifier.as_bytes());
            Challenge(digest.as_ref().try_into().unwrap()).is_met_by(verifier)
        };
        assert!(of(&"a".repeat(43)) && of(&"~".repeat(128)));
        assert!(!of(&"a".repeat(42)) && !of(&"a".repeat(129)) && !of(&"a b".repeat(20)) && !of(&"+".repeat(50)));
    }
}
