//! What follows from secrets that somebody presents, each use under a key of its own: nothing of it has to be stored.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::key_file::PepperKey;

/// Derives successors of refresh tokens, and the texts that forms of a session carry. Wiped when dropped, never printed.
pub(crate) struct Derivation {
    successor: Zeroizing<[u8; 32]>,
    form: Zeroizing<[u8; 32]>,
}

impl Derivation {
    pub(crate) fn new(pepper: &PepperKey) -> Self {
        Self {
            successor: Zeroizing::new(pepper.derive("tollgate 2026 successor of a refresh token, version 1")),
            form: Zeroizing::new(pepper.derive("tollgate 2026 form of a session, version 1")),
        }
    }

    /// The bits of the successor of a refresh token. They follow from its text, which is stored nowhere, so that whoever has the
    /// store and its key still cannot make a token of a family that they have no token of.
    pub(crate) fn successor(&self, presented: &[u8]) -> Box<Zeroizing<[u8; 32]>> {
        let mut bits = Box::new(Zeroizing::new([0; 32]));
        bits.copy_from_slice(blake3::keyed_hash(&self.successor, presented).as_bytes());
        bits
    }

    /// What forms of a session carry, by its text.
    pub(crate) fn form_token(&self, presented: &[u8]) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in blake3::keyed_hash(&self.form, presented).as_bytes() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}
