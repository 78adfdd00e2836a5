//! Keyed BLAKE3 over token bytes: what is stored and looked up instead of a secret.

use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::foreign::{Foreign, ForeignDigest};
use crate::jwt::{Jwt, LikeJwt};
use crate::token::{Shaped, WellFormed};

/// The pepper: a key that stands outside the store, so that a stolen file alone cannot confirm a guessed token.
///
/// Tokens of our own, foreign texts, the digests of each foreign scheme, signed tokens and passwords are digested under keys of
/// their own, all derived from the one: no text of one sort can be made to meet the digest of another.
#[derive(Clone)]
pub struct DigestKey {
    own: [u8; 32],
    clear: [u8; 32],
    sha256: [u8; 32],
    sha512: [u8; 32],
    blake3: [u8; 32],
    jwt: [u8; 32],
    password: [u8; 32],
}

impl DigestKey {
    /// Takes 256 secret bits. Costs six derivations.
    pub fn new(bytes: [u8; 32]) -> Self {
        // What these texts say is of no consequence, but they may never change: every stored digest hangs on them.
        Self {
            clear: blake3::derive_key("Tollgate 2026-11-21 foreign token, clear", &bytes),
            sha256: blake3::derive_key("Tollgate 2026-11-21 foreign token, sha256", &bytes),
            sha512: blake3::derive_key("Tollgate 2026-11-21 foreign token, sha512", &bytes),
            blake3: blake3::derive_key("Tollgate 2026-11-21 foreign token, blake3", &bytes),
            jwt: blake3::derive_key("Tollgate 2026-11-21 signed token", &bytes),
            password: blake3::derive_key("Tollgate 2026-11-21 name and password", &bytes),
            own: bytes,
        }
    }

    /// The digest of a well-formed token. Costs one BLAKE3 block, no allocation.
    pub fn digest(&self, token: WellFormed<'_>) -> TokenDigest {
        keyed(&self.own, token.secret())
    }

    /// The digest of what has the shape of a token, for a look-up alone.
    #[inline]
    pub(crate) fn shaped(&self, token: Shaped<'_>) -> TokenDigest {
        keyed(&self.own, token.secret())
    }

    /// The digest of a token that was made elsewhere, by its text: what one that came in clear is stored under, and one that
    /// came as a digest after its first use. Costs a BLAKE3 block for every 64 bytes, no allocation.
    pub fn foreign(&self, text: Foreign<'_>) -> TokenDigest {
        keyed(&self.clear, text.secret())
    }

    /// The digest of a signed token by its text, ours or another issuer's. Costs a BLAKE3 block for every 64 bytes, no
    /// allocation.
    pub fn jwt(&self, text: Jwt<'_>) -> TokenDigest {
        keyed(&self.jwt, text.secret())
    }

    /// The digest of what begins like a signed token, for a look-up alone.
    pub(crate) fn like_jwt(&self, text: LikeJwt<'_>) -> TokenDigest {
        keyed(&self.jwt, text.secret())
    }

    /// The digest of a user's name and password, each with its length, so that nothing of one can be taken for the other. It is
    /// for the memory of a process alone: a stored one would be a fast way to test guesses.
    pub fn password(&self, name: &[u8], password: &[u8]) -> TokenDigest {
        let mut hasher = blake3::Hasher::new_keyed(&self.password);
        for part in [name, password] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        TokenDigest(*hasher.finalize().as_bytes())
    }

    /// The digest of a foreign digest: what a token that came as one is stored under until its first use. Costs one BLAKE3
    /// block, no allocation.
    pub fn foreign_digest(&self, digest: &ForeignDigest) -> TokenDigest {
        match digest {
            ForeignDigest::Sha256(bytes) => keyed(&self.sha256, bytes),
            ForeignDigest::Sha512(bytes) => keyed(&self.sha512, bytes),
            ForeignDigest::Blake3(bytes) => keyed(&self.blake3, bytes),
        }
    }
}

#[inline]
fn keyed(key: &[u8; 32], bytes: &[u8]) -> TokenDigest {
    TokenDigest(*blake3::keyed_hash(key, bytes).as_bytes())
}

impl Drop for DigestKey {
    fn drop(&mut self) {
        for key in [
            &mut self.own,
            &mut self.clear,
            &mut self.sha256,
            &mut self.sha512,
            &mut self.blake3,
            &mut self.jwt,
            &mut self.password,
        ] {
            key.zeroize();
        }
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(hidden)")
    }
}

/// What the store and the index know of a token. Comparison takes the same time wherever two digests differ.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Reads a digest back from a store or a feed.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes that stand in a store or a feed.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Four little-endian words, as the index keeps them.
    pub(crate) fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(self.0.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        words
    }

    /// The digest of four such words.
    pub(crate) fn from_words(words: [u64; 4]) -> Self {
        let mut bytes = [0; 32];
        for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        Self(bytes)
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenDigest {}

impl fmt::Debug for TokenDigest {
    /// Four bytes are enough to tell digests apart in a log and too few to look one up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenDigest({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{TokenKind, TokenText};

    #[test]
    fn a_digest_depends_on_the_key_and_on_the_token() {
        let (one, other) = (
            TokenText::from_entropy(TokenKind::Authtoken, &[1; 32]),
            TokenText::from_entropy(TokenKind::Authtoken, &[2; 32]),
        );
        let (key, foreign) = (DigestKey::new([3; 32]), DigestKey::new([4; 32]));
        let digest = key.digest(one.well_formed().unwrap());
        assert_eq!(digest, key.digest(one.well_formed().unwrap()));
        assert_ne!(digest, key.digest(other.well_formed().unwrap()));
        assert_ne!(digest, foreign.digest(one.well_formed().unwrap()));
    }

    /// A digest that somebody has read, presented as a token, must not meet the record that it is stored under; nor may the
    /// same bytes under two schemes.
    #[test]
    fn no_sort_of_token_meets_the_digests_of_another() {
        let key = DigestKey::new([3; 32]);
        let own = TokenText::from_entropy(TokenKind::Authtoken, &[1; 32]);
        let bytes = *b"thirty-two visible bytes of text";
        let digests = [
            key.digest(own.well_formed().unwrap()),
            key.foreign(Foreign::parse(&bytes).ok().unwrap()),
            key.foreign_digest(&ForeignDigest::Sha256(bytes)),
            key.foreign_digest(&ForeignDigest::Blake3(bytes)),
            key.foreign_digest(&ForeignDigest::Sha512(
                *[bytes, bytes].as_flattened().first_chunk().unwrap(),
            )),
            key.foreign(Foreign::parse([bytes, bytes].as_flattened()).ok().unwrap()),
            keyed(&key.own, &bytes),
        ];
        for (at, one) in digests.iter().enumerate() {
            for other in &digests[at + 1..] {
                assert_ne!(one, other);
            }
        }
        assert_eq!(
            key.clone().foreign(Foreign::parse(&bytes).ok().unwrap()),
            digests[1],
            "the same text and key"
        );
        assert_ne!(
            DigestKey::new([4; 32]).foreign(Foreign::parse(&bytes).ok().unwrap()),
            digests[1]
        );
    }

    #[test]
    fn debug_shows_neither_the_key_nor_a_whole_digest() {
        assert_eq!(format!("{:?}", DigestKey::new([3; 32])), "DigestKey(hidden)");
        assert_eq!(
            format!("{:?}", TokenDigest::from_bytes([0xab; 32])),
            "TokenDigest(abababab…)"
        );
    }

    #[test]
    fn words_are_the_bytes_in_order() {
        let bytes: [u8; 32] = core::array::from_fn(|i| i as u8);
        let back: Vec<u8> = TokenDigest::from_bytes(bytes)
            .words()
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        assert_eq!(back, bytes);
        assert_eq!(
            TokenDigest::from_words(TokenDigest::from_bytes(bytes).words()),
            TokenDigest::from_bytes(bytes)
        );
    }
}
