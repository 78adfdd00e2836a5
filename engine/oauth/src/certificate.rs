//! The certificate that gives a signing key its name: Cinchy's clients know a key by the thumbprint of a certificate.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose};
use time::OffsetDateTime;
use tollgate::Timestamp;

use crate::base64url;
use crate::jose::KeyFault;

/// A certificate in DER, and the names that follow from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its bytes.
    pub der: Vec<u8>,
    /// The SHA-1 thumbprint in upper-case hexadecimal digits.
    pub kid: String,
    /// The same in base64url.
    pub x5t: String,
}

impl Certificate {
    /// Reads the names off a certificate. SHA-1 names it and proves nothing.
    pub fn of_der(der: Vec<u8>) -> Self {
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
        let kid = thumbprint.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let x5t = base64url::encode(thumbprint.as_ref());
        Self { der, kid, x5t }
    }

    /// Makes one that the key in `pkcs8` has signed for itself, good from `from` until `until`. Nobody checks the dates: how long a key
    /// is used is the schedule's affair.
    pub fn self_signed(pkcs8: &[u8], common_name: &str, from: Timestamp, until: Timestamp) -> Result<Self, KeyFault> {
        let fault = |_| KeyFault("being certified");
        let pair = KeyPair::try_from(pkcs8).map_err(fault)?;
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, common_name);
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = subject;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.not_before = date(from);
        parameters.not_after = date(until);
        let certificate = parameters.self_signed(&pair).map_err(fault)?;
        Ok(Self::of_der(certificate.der().to_vec()))
    }
}

/// The moment as certificates write it; the end of time where it is beyond that.
fn date(moment: Timestamp) -> OffsetDateTime {
    let last = OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT);
    let seconds = i64::try_from(moment.as_seconds()).ok();
    let known = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    known.unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Algorithm, SigningPair};

    #[test]
    fn the_thumbprint_names_the_key_in_two_spellings() {
        let certificate = Certificate::of_der(b"abc".to_vec());
        assert_eq!(certificate.kid, "A9993E364706816ABA3E25717850C26C9CD0D89D");
        assert_eq!(certificate.x5t, "qZk-NkcGgWq6PiVxeFDCbJzQ2J0");
    }

    #[test]
    fn a_key_certifies_itself() {
        let (from, until) = (
            Timestamp::from_seconds(1_700_000_000),
            Timestamp::from_seconds(2_000_000_000),
        );
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let pkcs8 = SigningPair::generate(algorithm).unwrap();
            let one = Certificate::self_signed(&pkcs8, "Tollgate", from, until).unwrap();
            assert!(one.der.windows(8).any(|window| window == b"Tollgate"));
            assert_eq!(one, Certificate::of_der(one.der.clone()));
            let other = SigningPair::generate(algorithm).unwrap();
            assert_ne!(
                one.kid,
                Certificate::self_signed(&other, "Tollgate", from, until).unwrap().kid
            );
        }
        assert!(
            Certificate::self_signed(b"no key", "x", from, Timestamp::MAX)
                .is_err_and(|fault| fault.0 == "being certified")
        );
    }
}
