//! Keys that JWTs are signed with: kept sealed, and published until the last token under them has ended.

use std::fmt;

use tollgate_core::Timestamp;
use zeroize::Zeroizing;

use crate::issuer::Signature;

/// Keeps a signing key. Answers the [`SigningKey`].
pub struct AddSigningKey {
    /// Names it to those who verify; at most 1,000 bytes.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Signature,
    /// The private key, as PKCS#8.
    pub private: Zeroizing<Vec<u8>>,
    /// Its certificate, as DER; may be empty.
    pub certificate: Vec<u8>,
    /// The first moment at which it signs. It is published at once.
    pub signs_from: Timestamp,
}

impl fmt::Debug for AddSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddSigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Says until when a key signs and is published. Either may be changed again while it lies ahead. The key is removed a day after
/// it is no longer published.
#[derive(Clone, Debug)]
pub struct RetireSigningKey {
    /// Which key.
    pub number: u64,
    /// The first moment at which it no longer signs.
    pub signs_until: Timestamp,
    /// The first moment at which nobody needs it to verify: no earlier than the last token under it ends.
    pub published_until: Timestamp,
}

/// A signing key with its secret, opened.
#[derive(Clone)]
#[non_exhaustive]
pub struct SigningKey {
    /// Names it for ever.
    pub number: u64,
    /// Names it to those who verify.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Signature,
    /// The private key, as PKCS#8. Wiped when dropped.
    pub private: Zeroizing<Vec<u8>>,
    /// Its certificate, as DER.
    pub certificate: Vec<u8>,
    /// When it was added.
    pub added_at: Timestamp,
    /// The first moment at which it signs.
    pub signs_from: Timestamp,
    /// The first moment at which it no longer signs, if there is one.
    pub signs_until: Option<Timestamp>,
    /// The first moment at which it is no longer published, if there is one.
    pub published_until: Option<Timestamp>,
}

impl SigningKey {
    /// Whether it signs at `now`.
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.signs_from <= now && self.signs_until.is_none_or(|end| now < end)
    }

    /// Whether verifiers are told of it at `now`.
    pub fn is_published_at(&self, now: Timestamp) -> bool {
        self.published_until.is_none_or(|end| now < end)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("number", &self.number)
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("signs_from", &self.signs_from)
            .field("signs_until", &self.signs_until)
            .field("published_until", &self.published_until)
            .finish_non_exhaustive()
    }
}

/// A signing key as the store keeps one: its secret sealed to its number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SigningKeyRow {
    pub(crate) kid: String,
    pub(crate) algorithm: Signature,
    pub(crate) sealed: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) added_at: Timestamp,
    pub(crate) signs_from: Timestamp,
    pub(crate) signs_until: Option<Timestamp>,
    pub(crate) published_until: Option<Timestamp>,
}
