//! Signing with a key that is held ready: parsing it costs more than the signature.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use super::Algorithm;
use super::public_key::PublicKey;
use crate::base64url;
use crate::json::Object;

/// A private key could not be made, read or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a private key of RSA-2048 or P-256 in PKCS #8 that works, and it did not while it was {0}")]
pub struct KeyFault(pub &'static str);

/// A private key with the name under which its public half is published. `Debug` shows the name alone.
pub struct SigningPair {
    kid: String,
    x5t: Option<String>,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

impl fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningPair")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl SigningPair {
    /// Draws a new private key, in PKCS #8. One for RSA takes some tenths of a second.
    pub fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let fault = |_| KeyFault("being made");
        match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(fault)?;
                Ok(Zeroizing::new(pair.as_der().map_err(fault)?.as_ref().to_vec()))
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(fault)?;
                Ok(Zeroizing::new(pair.to_pkcs8v1().map_err(fault)?.as_ref().to_vec()))
            }
            Algorithm::EdDsa => Err(KeyFault("asked for, since EdDSA is verified only")),
        }
    }

    /// Reads a private key. `x5t` is the thumbprint of its certificate, where it has one.
    pub fn from_pkcs8(
        algorithm: Algorithm,
        pkcs8: &[u8],
        kid: impl Into<String>,
        x5t: Option<String>,
    ) -> Result<Self, KeyFault> {
        let fault = |_| KeyFault("being read");
        let pair = match algorithm {
            Algorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8).map_err(fault)?)),
            Algorithm::Es256 => Pair::Ec(Box::new(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(fault)?,
            )),
            Algorithm::EdDsa => return Err(KeyFault("being read")),
        };
        Ok(Self {
            kid: kid.into(),
            x5t,
            pair,
        })
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::Ec(_) => Algorithm::Es256,
        }
    }

    /// The name in headers and in the key set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The half that everybody may know.
    pub fn public(&self) -> Option<PublicKey> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                Some(PublicKey::Rsa {
                    n: key.modulus().big_endian_without_leading_zero().to_vec(),
                    e: key.exponent().big_endian_without_leading_zero().to_vec(),
                })
            }
            Pair::Ec(pair) => PublicKey::of_point(pair.public_key().as_ref()),
        }
    }

    /// A token over `payload`, JSON, with `typ` in its header.
    pub fn sign(&self, typ: &str, payload: &str) -> Result<String, KeyFault> {
        let header = Object::default()
            .with("alg", self.algorithm().as_str())
            .with("kid", self.kid.as_str())
            .with("typ", typ)
            .with_some("x5t", self.x5t.as_deref());
        let mut token = format!(
            "{}.{}",
            base64url::encode(header.finish().as_bytes()),
            base64url::encode(payload.as_bytes())
        );
        let signature = self.signature(token.as_bytes()).map_err(|_| KeyFault("signing"))?;
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }

    pub(super) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }
}
