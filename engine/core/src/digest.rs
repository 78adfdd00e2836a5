//! Keyed BLAKE3 over token bytes: what is stored and looked up instead of a secret.

use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::token::WellFormed;

/// The pepper: a key that stands outside the store, so that a stolen file alone cannot confirm a guessed token.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// Takes 256 secret bits.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of a well-formed token. Costs one BLAKE3 block, no allocation.
    pub fn digest(&self, token: WellFormed<'_>) -> TokenDigest {
        TokenDigest(*blake3::keyed_hash(&self.0, token.secret()).as_bytes())
    }
}

impl Drop for DigestKey {
    fn drop(&mut self) {
        self.0.zeroize();
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
