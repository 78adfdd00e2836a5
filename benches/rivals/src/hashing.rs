//! Hashers that cost next to nothing: digests are random already, and ids are only spread.

use std::hash::{BuildHasherDefault, Hasher};

/// Takes the last eight bytes of a digest, or spreads a number over all bits.
#[derive(Default, Clone, Copy)]
pub(crate) struct Spread(u64);

/// What the maps are built with.
pub(crate) type BuildSpread = BuildHasherDefault<Spread>;

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk::<8>() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number.wrapping_add(1)) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn write_usize(&mut self, _length: usize) {}
}
