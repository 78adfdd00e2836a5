//! Secrets that must be had again, such as private keys: encrypted at rest under a key that is not in the store.
//!
//! AES-256-GCM-SIV, so that a nonce which came twice would give away no more than that two secrets are the same. What is sealed
//! is bound to its place: a value that is moved to another table, number or name does not open. There is no protection from an
//! older value at the same place; the store as a whole has none either.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::key_file::PepperKey;

/// The first byte of every sealed value. Another cipher or layout gets another number.
const VERSION: u8 = 1;

/// Bits that make each sealing different.
pub(crate) type SealNonce = [u8; NONCE_LEN];

/// Where a sealed value stands. All of it is authenticated with the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealedPlace<'p> {
    /// The number of the table.
    pub(crate) table: u8,
    /// The number of the row.
    pub(crate) number: u64,
    /// What tells values of one row apart, or names it to others.
    pub(crate) name: &'p str,
}

/// Seals secrets to their places. Wiped when dropped, never printed.
#[derive(Clone)]
pub(crate) struct Vault(Zeroizing<[u8; 32]>);

/// A value that does not open here, under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a secret that was sealed for this place under this store's key, but it does not open")]
pub(crate) struct Unopened;

impl Vault {
    pub(crate) fn new(pepper: &PepperKey) -> Self {
        Self(Zeroizing::new(pepper.derive("tollgate 2026 sealed secrets, version 1")))
    }

    /// Encrypts `secret` for `place`: version, nonce, cipher text and tag.
    pub(crate) fn seal(&self, place: &SealedPlace<'_>, nonce: SealNonce, secret: &[u8]) -> Result<Vec<u8>, Unopened> {
        // Room for all of it at once: bytes that grow leave a copy behind.
        let mut within = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM_SIV.tag_len()));
        within.extend_from_slice(secret);
        let nonce_bytes = nonce;
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(authenticated(place)),
                &mut *within,
            )
            .map_err(|_| Unopened)?;
        Ok([&[VERSION], nonce_bytes.as_slice(), &within].concat())
    }

    /// The secret that was sealed for this very place. What does not open is wiped.
    pub(crate) fn open(&self, place: &SealedPlace<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (version, rest) = sealed.split_first().ok_or(Unopened)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unopened)?;
        if *version != VERSION {
            return Err(Unopened);
        }
        let mut within = Zeroizing::new(rest.to_vec());
        let opened = self.cipher()?.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(authenticated(place)),
            &mut within,
        );
        let len = opened.map_err(|_| Unopened)?.len();
        within.truncate(len);
        Ok(within)
    }

    fn cipher(&self) -> Result<LessSafeKey, Unopened> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, self.0.as_slice()).map_err(|_| Unopened)?;
        Ok(LessSafeKey::new(key))
    }
}

/// Table and number have fixed lengths and the name stands last, so that no two places give one text.
fn authenticated(place: &SealedPlace<'_>) -> Vec<u8> {
    [
        &[place.table],
        place.number.to_be_bytes().as_slice(),
        place.name.as_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: SealedPlace<'_> = SealedPlace {
        table: 31,
        number: 7,
        name: "K1",
    };

    fn vault(seed: u8) -> Vault {
        Vault::new(&PepperKey::from_bytes([seed; 32]))
    }

    #[test]
    fn a_secret_opens_at_its_own_place_under_its_own_key_only() {
        let sealed = vault(1).seal(&PLACE, [9; 12], b"private").unwrap();
        assert_eq!(*vault(1).open(&PLACE, &sealed).unwrap(), b"private");
        assert_eq!(vault(2).open(&PLACE, &sealed).err(), Some(Unopened));
        for place in [
            SealedPlace { table: 30, ..PLACE },
            SealedPlace { number: 8, ..PLACE },
            SealedPlace { name: "K2", ..PLACE },
            SealedPlace { name: "", ..PLACE },
        ] {
            assert_eq!(vault(1).open(&place, &sealed).err(), Some(Unopened), "{place:?}");
        }
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let sealed = vault(1).seal(&PLACE, [9; 12], b"private").unwrap();
        assert!(vault(1).open(&PLACE, &sealed).is_ok(), "the twin");
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(vault(1).open(&PLACE, &damaged).err(), Some(Unopened), "byte {at}");
            assert_eq!(
                vault(1).open(&PLACE, &sealed[..at]).err(),
                Some(Unopened),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn what_stands_in_the_file_is_not_the_secret_and_differs_by_nonce() {
        let secret = [0x5a; 64];
        let (one, other) = (
            vault(1).seal(&PLACE, [1; 12], &secret).unwrap(),
            vault(1).seal(&PLACE, [2; 12], &secret).unwrap(),
        );
        assert_ne!(one[13..], other[13..]);
        assert!(!one.windows(4).any(|bytes| bytes == [0x5a; 4]));
        assert_eq!(
            *vault(1).open(&PLACE, &one).unwrap(),
            *vault(1).open(&PLACE, &other).unwrap()
        );
    }
}
