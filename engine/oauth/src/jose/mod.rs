//! Signed tokens (JWS in its compact form): three algorithms, one strict header, a key that knows its algorithm.
//!
//! What a token says about itself decides nothing but which key is tried: the algorithm is the key's, `crit` is refused whatever
//! it asks for, and keys or addresses inside a token are never looked at.

mod header;
mod public_key;
mod sign;
mod verify;

pub use header::{Header, JwsFault};
pub use public_key::{PublicKey, VerifyingKey};
pub use sign::{KeyFault, SigningPair};
pub use verify::{Claims, Jws};

/// How tokens may be signed. No `none`, and nothing whose key verifies and signs alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2,048 to 8,192 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519; verified only.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

#[cfg(test)]
mod tests;
