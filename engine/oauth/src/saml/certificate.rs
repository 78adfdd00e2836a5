//! Certificates of identity providers, of which the key alone counts.

use x509_parser::prelude::{FromDer as _, X509Certificate};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::ParsedPublicKey;
use tollgate::Timestamp;

use super::algorithm::SignatureMethod;
use super::limits::CERTIFIED_BITS_LEAST;
use crate::base64url;

/// What a certificate says, for those who look after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateShown {
    /// SHA-256 of its DER, in hexadecimal.
    pub fingerprint: String,
    /// Its subject.
    pub subject: String,
    /// The last moment that it was made for. Nothing is refused for it.
    pub until: Timestamp,
}

/// Why a certificate is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// No certificate.
    #[error("expected an X.509 certificate, in PEM (-----BEGIN CERTIFICATE-----) or DER, and it is none or empty")]
    Malformed,
    /// No key that signatures could be verified with.
    #[error(
        "expected a certificate with an RSA key of {CERTIFIED_BITS_LEAST} to 8,192 bits, or a key on P-256 or P-384"
    )]
    Key,
}

/// The DER of one certificate with a usable key.
pub fn judge(der: &[u8]) -> Result<CertificateShown, CertificateFault> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateFault::Malformed)?;
    if !rest.is_empty() {
        return Err(CertificateFault::Malformed);
    }
    let usable = SignatureMethod::ALL
        .into_iter()
        .any(|method| key(&certificate, method).is_some());
    if !usable {
        return Err(CertificateFault::Key);
    }
    let until = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default();
    let fingerprint = digest(&SHA256, der);
    Ok(CertificateShown {
        fingerprint: fingerprint.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        subject: certificate.subject().to_string(),
        until: Timestamp::from_seconds(until),
    })
}

/// Every certificate of a file: one in DER, or any number in PEM.
pub fn read(file: &[u8]) -> Result<Vec<Vec<u8>>, CertificateFault> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let found = match std::str::from_utf8(file) {
        Ok(text) => {
            let blocks = text.split(BEGIN).skip(1);
            let ders = blocks.map(|block| of_base64(block.split_once(END)?.0));
            ders.collect::<Option<Vec<_>>>().ok_or(CertificateFault::Malformed)?
        }
        Err(_) => vec![file.to_vec()],
    };
    if found.is_empty() {
        return Err(CertificateFault::Malformed);
    }
    found.iter().try_for_each(|der| judge(der).map(|_| ()))?;
    Ok(found)
}

/// Base64 in lines, as PEM, metadata and signatures have it.
pub(super) fn of_base64(text: &str) -> Option<Vec<u8>> {
    let joined: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    base64url::decode_standard(&joined).filter(|bytes| !bytes.is_empty())
}

/// The key of a certificate for a method, if it has one for it.
pub(super) fn key_of(der: &[u8], method: SignatureMethod) -> Option<ParsedPublicKey> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    key(&certificate, method)
}

fn key(certificate: &X509Certificate<'_>, method: SignatureMethod) -> Option<ParsedPublicKey> {
    ParsedPublicKey::new(method.verification(), certificate.public_key().raw).ok()
}
