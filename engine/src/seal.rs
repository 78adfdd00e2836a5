//! A keyed MAC under every stored value: the store's own checksums are not looked at on ordinary reads, and are no
//! protection against somebody who can write to the file.

use subtle::ConstantTimeEq as _;

use crate::key_file::PepperKey;

/// Bytes of MAC behind each value.
pub(crate) const MAC_LEN: usize = 16;

/// Rows up to this length, table and key included, are sealed in one piece.
const GATHERED_MAX: usize = 256;

/// Seals values to the place where they stand. A value moved to another key or table no longer opens.
#[derive(Clone)]
pub(crate) struct Seal {
    key: [u8; 32],
    fingerprint: [u8; 8],
}

/// A value whose seal does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Seal {
    pub(crate) fn new(pepper: &PepperKey) -> Self {
        let mut fingerprint = [0; 8];
        let derived = pepper.derive("tollgate 2026 key fingerprint, version 1");
        for (byte, derived) in fingerprint.iter_mut().zip(derived) {
            *byte = derived;
        }
        Self {
            key: pepper.derive("tollgate 2026 record seal, version 1"),
            fingerprint,
        }
    }

    /// Names the key without giving it away, so that a store can say under which key it was made.
    pub(crate) fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }

    /// `payload` with its MAC behind it.
    pub(crate) fn seal(&self, table: u8, key: &[u8], mut payload: Vec<u8>) -> Vec<u8> {
        let mac = self.mac(table, key, &payload);
        payload.extend_from_slice(&mac);
        payload
    }

    /// The payload of a value that was sealed for this very place.
    pub(crate) fn open<'v>(&self, table: u8, key: &[u8], value: &'v [u8]) -> Result<&'v [u8], Broken> {
        let (payload, mac) = value.split_last_chunk::<MAC_LEN>().ok_or(Broken)?;
        let ours = self.mac(table, key, payload);
        if ours.ct_eq(mac).into() {
            Ok(payload)
        } else {
            Err(Broken)
        }
    }

    /// The table's number and the key's length stand first, so that no two places give one input. The payload begins with
    /// its version. The length takes one byte, so that most rows of tokens fit into one block with all of it: opening a
    /// store costs one such block for each token.
    fn mac(&self, table: u8, key: &[u8], payload: &[u8]) -> [u8; MAC_LEN] {
        let (len, long) = match u8::try_from(key.len()) {
            Ok(len @ ..u8::MAX) => (len, None),
            Ok(u8::MAX) | Err(_) => (u8::MAX, Some((key.len() as u64).to_be_bytes())),
        };
        let long = long.as_ref().map_or(&[][..], |long| long.as_slice());
        let place = [table, len];
        let parts = [place.as_slice(), long, key, payload];
        let mut gathered = [0; GATHERED_MAX];
        let len = parts.iter().map(|part| part.len()).sum();
        // Most rows are short: gathered in one piece they cost half as much as fed piece by piece.
        let whole = if let Some(room) = gathered.get_mut(..len) {
            let mut rest = &mut *room;
            for part in parts {
                let Some((here, after)) = rest.split_at_mut_checked(part.len()) else {
                    break;
                };
                here.copy_from_slice(part);
                rest = after;
            }
            blake3::keyed_hash(&self.key, room)
        } else {
            let mut hasher = blake3::Hasher::new_keyed(&self.key);
            for part in parts {
                hasher.update(part);
            }
            hasher.finalize()
        };
        let mut mac = [0; MAC_LEN];
        for (place, byte) in mac.iter_mut().zip(whole.as_bytes()) {
            *place = *byte;
        }
        mac
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_at_its_own_place_under_its_own_key_only() {
        let (seal, foreign) = (
            Seal::new(&PepperKey::from_bytes([1; 32])),
            Seal::new(&PepperKey::from_bytes([2; 32])),
        );
        let value = seal.seal(1, b"k1", vec![1, 2, 3]);
        assert_eq!(seal.open(1, b"k1", &value), Ok(&[1, 2, 3][..]));
        assert_eq!(seal.open(1, b"k11", &value), Err(Broken));
        assert_eq!(seal.open(2, b"k1", &value), Err(Broken));
        assert_eq!(seal.open(1, b"k2", &value), Err(Broken));
        assert_eq!(foreign.open(1, b"k1", &value), Err(Broken));
        assert_ne!(seal.fingerprint(), foreign.fingerprint());
        for len in [253, 254, 255, 256, 300] {
            let (key, longer) = (vec![7; len], vec![7; len + 1]);
            let value = seal.seal(1, &key, vec![7, 7, 7]);
            assert_eq!(seal.open(1, &key, &value), Ok(&[7, 7, 7][..]), "{len}");
            assert_eq!(
                seal.open(1, &longer, &value[1..]),
                Err(Broken),
                "{len}: a byte may not cross from value to key"
            );
        }
        for at in 0..value.len() {
            let mut damaged = value.clone();
            damaged[at] ^= 1;
            assert_eq!(seal.open(1, b"k1", &damaged), Err(Broken), "byte {at}");
            assert_eq!(seal.open(1, b"k1", &value[..at]), Err(Broken), "cut at {at}");
        }
    }
}
