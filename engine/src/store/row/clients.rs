//! Clients by name, and authorities by number and by what they say.

use tollgate_core::{AuthorityId, ClientName};

use super::{Row, Table};
use crate::client::ClientRow;
use crate::codec::{self, Undecodable};
use crate::record::{AuthorityRow, NumberedAuthority};

/// [`Table::Clients`].
pub(crate) struct Clients;

impl Row for Clients {
    const TABLE: Table = Table::Clients;
    type Key = ClientName;
    type Value = ClientRow;

    fn key(key: &ClientName) -> Vec<u8> {
        key.as_str().into()
    }

    fn read_key(bytes: &[u8]) -> Option<ClientName> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }

    fn payload(value: &ClientRow) -> Vec<u8> {
        codec::client_payload(value)
    }

    fn read(key: &ClientName, payload: &[u8]) -> Result<ClientRow, Undecodable> {
        codec::read_client(key, payload)
    }
}

/// [`Table::Authorities`]. No row ever changes or goes: tokens and replicas know an authority by its number.
pub(crate) struct Authorities;

impl Row for Authorities {
    const TABLE: Table = Table::Authorities;
    type Key = AuthorityId;
    type Value = AuthorityRow;

    fn key(key: &AuthorityId) -> Vec<u8> {
        key.0.to_be_bytes().into()
    }

    fn read_key(bytes: &[u8]) -> Option<AuthorityId> {
        bytes.try_into().ok().map(u32::from_be_bytes).map(AuthorityId)
    }

    fn payload(value: &AuthorityRow) -> Vec<u8> {
        codec::authority_payload(value)
    }

    fn read(key: &AuthorityId, payload: &[u8]) -> Result<AuthorityRow, Undecodable> {
        codec::read_authority(*key, payload)
    }
}

/// [`Table::AuthorityNumbers`].
pub(crate) struct AuthorityNumbers;

impl Row for AuthorityNumbers {
    const TABLE: Table = Table::AuthorityNumbers;
    /// The client's number, and the digest of scopes and audiences.
    type Key = (u64, [u8; 32]);
    type Value = NumberedAuthority;

    fn key((client, digest): &(u64, [u8; 32])) -> Vec<u8> {
        [client.to_be_bytes().as_slice(), digest].concat()
    }

    fn read_key(bytes: &[u8]) -> Option<(u64, [u8; 32])> {
        let (client, digest) = bytes.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*client), digest.try_into().ok()?))
    }

    fn payload(value: &NumberedAuthority) -> Vec<u8> {
        codec::numbered_payload(value)
    }

    fn read(_: &(u64, [u8; 32]), payload: &[u8]) -> Result<NumberedAuthority, Undecodable> {
        codec::read_numbered(payload)
    }
}
