//! Grants: codes, families with their refresh and access tokens, spent identifiers, consents, sessions, signing keys.

use tollgate_core::{Timestamp, TokenDigest, TokenId, UserId};

use super::{Row, Table, pair, read_number, read_pair};
use crate::codec::{self, Undecodable};
use crate::granting::{CodeRow, ConsentRow, FamilyRow, RefreshRow, SessionRow, SigningKeyRow};
use crate::record::FamilyId;

/// A table whose rows are found by the digest of a secret.
macro_rules! by_digest {
    ($($(#[$about:meta])* $rows:ident: $value:ty, $payload:ident, $read:ident;)*) => { $(
        $(#[$about])*
        pub(crate) struct $rows;

        impl Row for $rows {
            const TABLE: Table = Table::$rows;
            type Key = TokenDigest;
            type Value = $value;

            fn key(key: &TokenDigest) -> Vec<u8> {
                key.as_bytes().as_slice().into()
            }

            fn read_key(bytes: &[u8]) -> Option<TokenDigest> {
                bytes.try_into().ok().map(TokenDigest::from_bytes)
            }

            fn payload(value: &$value) -> Vec<u8> {
                codec::$payload(value)
            }

            fn read(_: &TokenDigest, payload: &[u8]) -> Result<$value, Undecodable> {
                codec::$read(payload)
            }
        }
    )* };
}
by_digest! {
    /// [`Table::Codes`].
    Codes: CodeRow, code_payload, read_code;
    /// [`Table::Refreshes`].
    Refreshes: RefreshRow, refresh_payload, read_refresh;
    /// [`Table::Sessions`].
    Sessions: SessionRow, session_payload, read_session;
    /// [`Table::Spent`]: until when each identifier is kept.
    Spent: Timestamp, spent_payload, read_spent;
}

/// [`Table::Families`].
pub(crate) struct Families;

impl Row for Families {
    const TABLE: Table = Table::Families;
    type Key = FamilyId;
    type Value = FamilyRow;

    fn key(key: &FamilyId) -> Vec<u8> {
        key.0.to_be_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<FamilyId> {
        read_number(bytes).map(FamilyId)
    }

    fn payload(value: &FamilyRow) -> Vec<u8> {
        codec::family_payload(value)
    }

    fn read(_: &FamilyId, payload: &[u8]) -> Result<FamilyRow, Undecodable> {
        codec::read_family(payload)
    }
}

/// [`Table::TokensByFamily`].
pub(crate) struct TokensByFamily;

impl Row for TokensByFamily {
    const TABLE: Table = Table::TokensByFamily;
    type Key = (FamilyId, TokenId);
    type Value = ();

    fn key((family, token): &(FamilyId, TokenId)) -> Vec<u8> {
        pair(family.0, token.0)
    }

    fn read_key(bytes: &[u8]) -> Option<(FamilyId, TokenId)> {
        read_pair(bytes).map(|(family, token)| (FamilyId(family), TokenId(token)))
    }

    fn payload((): &()) -> Vec<u8> {
        codec::unit_payload()
    }

    fn read(_: &(FamilyId, TokenId), payload: &[u8]) -> Result<(), Undecodable> {
        codec::read_unit(payload)
    }
}

/// [`Table::Consents`].
pub(crate) struct Consents;

impl Row for Consents {
    const TABLE: Table = Table::Consents;
    /// Whose, and to which client by its number.
    type Key = (UserId, u64);
    type Value = ConsentRow;

    fn key((user, client): &(UserId, u64)) -> Vec<u8> {
        pair(user.0, *client)
    }

    fn read_key(bytes: &[u8]) -> Option<(UserId, u64)> {
        read_pair(bytes).map(|(user, client)| (UserId(user), client))
    }

    fn payload(value: &ConsentRow) -> Vec<u8> {
        codec::consent_payload(value)
    }

    fn read(_: &(UserId, u64), payload: &[u8]) -> Result<ConsentRow, Undecodable> {
        codec::read_consent(payload)
    }
}

/// [`Table::SigningKeys`].
pub(crate) struct SigningKeys;

impl Row for SigningKeys {
    const TABLE: Table = Table::SigningKeys;
    type Key = u64;
    type Value = SigningKeyRow;

    fn key(key: &u64) -> Vec<u8> {
        key.to_be_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<u64> {
        read_number(bytes)
    }

    fn payload(value: &SigningKeyRow) -> Vec<u8> {
        codec::signing_key_payload(value)
    }

    fn read(_: &u64, payload: &[u8]) -> Result<SigningKeyRow, Undecodable> {
        codec::read_signing_key(payload)
    }
}
