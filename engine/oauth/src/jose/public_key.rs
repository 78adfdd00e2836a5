//! The half of a key that everybody may know.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};

use super::Algorithm;

/// A public key, with the one algorithm that it is good for.
#[derive(Debug)]
pub struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) key: ParsedPublicKey,
}

impl VerifyingKey {
    /// What it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// The half of a key that everybody may know, in big-endian bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the letters of RFC 7518 section 6")]
pub enum PublicKey {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256 { x: [u8; 32], y: [u8; 32] },
    Ed25519 { x: [u8; 32] },
}

impl PublicKey {
    /// A point of P-256 in its uncompressed form.
    pub fn of_point(point: &[u8]) -> Option<Self> {
        let (x, y) = point.strip_prefix(&[4])?.split_at_checked(32)?;
        Some(Self::P256 {
            x: x.try_into().ok()?,
            y: y.try_into().ok()?,
        })
    }

    /// The key, ready to verify. None where it is none: a modulus of fewer than 2,048 bits, a point beside its curve.
    pub fn verifying(&self, kid: Option<String>) -> Option<VerifyingKey> {
        let (algorithm, key) = match self {
            Self::Rsa { n, e } => {
                let bits = n.len() * 8 - usize::try_from(n.first()?.leading_zeros()).ok()?;
                let is_odd = e.last().is_some_and(|last| last % 2 == 1) && e.as_slice() != [1];
                if !(2_048..=8_192).contains(&bits) || !is_odd || e.len() > 5 {
                    return None;
                }
                let parts = RsaPublicKeyComponents { n, e };
                (
                    Algorithm::Rs256,
                    parts.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256),
                )
            }
            Self::P256 { x, y } => {
                let point = [&[4][..], x, y].concat();
                (Algorithm::Es256, ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point))
            }
            Self::Ed25519 { x } => (Algorithm::EdDsa, ParsedPublicKey::new(&ED25519, x)),
        };
        Some(VerifyingKey {
            algorithm,
            kid,
            key: key.ok()?,
        })
    }
}
