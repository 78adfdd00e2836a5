//! Identifiers that others give and that must come once, such as `jti` of an assertion.

use tollgate_core::Timestamp;

/// Notes that an identifier came. Answers [`Spent`].
#[derive(Clone, Debug)]
pub struct SpendIdentifier {
    /// Who gives it; the same identifier of two issuers is two.
    pub issuer: String,
    /// What must not come again.
    pub identifier: String,
    /// Until when it would be believed if it came again: no earlier than what it stands in expires, with all tolerance.
    pub until: Timestamp,
}

/// Whether an identifier came before. Exactly one of all who spend it is told that it is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It did not.
    First,
    /// It did: refuse what it stands in.
    Again,
}

impl SpendIdentifier {
    /// What it is kept under: each text with its length before it, so that no two pairs give one input.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("tollgate 2026 spent identifier, version 1");
        for text in [&self.issuer, &self.identifier] {
            hasher.update(&(text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}
