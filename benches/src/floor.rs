//! The floor: what no check by digest can do without.

use crate::population::{KEY, Scatter};

/// Keyed BLAKE3 of one token, and nothing else.
#[inline]
pub fn bare_digest(token: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(&KEY, token).as_bytes()
}

/// A cache line.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line([u64; 8]);

/// Two arrays as large as the token lines and the user lines of an index.
pub struct Footprint {
    first: Vec<Line>,
    second: Vec<Line>,
}

impl Footprint {
    /// Arrays for so many tokens, three quarters full as the index is, and so many users.
    pub fn new(tokens: u64, users: u64) -> Self {
        let mut scatter = Scatter::new(2);
        let mut lines = |len: u64| (0..len).map(|_| Line([scatter.word(); 8])).collect();
        Self {
            first: lines(tokens * 4 / 3),
            second: lines(users),
        }
    }

    /// Digests a token and reads two lines at random, the second where the first one says.
    #[inline]
    pub fn digest_and_read(&self, token: &[u8]) -> u64 {
        let digest = bare_digest(token);
        let word = u64::from_le_bytes(digest[..8].try_into().unwrap());
        let first = self.first[scaled(word, self.first.len())].0[1];
        self.second[scaled(first ^ word, self.second.len())].0[1]
    }
}

/// Maps a random word to a place without a division.
#[inline]
fn scaled(word: u64, len: usize) -> usize {
    ((u128::from(word) * len as u128) >> 64) as usize
}
