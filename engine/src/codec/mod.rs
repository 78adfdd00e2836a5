//! From records to bytes and back: a version, then the encoding of a mirror type. No domain type knows of this.
//!
//! This is the one file that names bincode. Decoding is bounded: no more than [`LEN_MAX`] bytes are ever claimed, whatever
//! a damaged length says, and bytes that are left over are an error.

mod changes;
mod rows;
mod operators;
mod trail;
mod people;
mod clients;
mod access;
mod grants;
mod logins;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{Decode, Encode};

pub(crate) use changes::{change_payload, read_change};
pub(crate) use rows::{
    counter_payload, network_payload, number_payload, read_counter, read_network, read_number, read_setting,
    read_token, read_unit, read_user, setting_payload, token_payload, unit_payload, user_payload,
};

pub(crate) use access::{
    identity_provider_payload, issuer_payload, read_identity_provider, read_issuer, read_route, route_payload,
};
pub(crate) use clients::{
    authority_payload, client_payload, numbered_payload, read_authority, read_client, read_numbered,
};
pub(crate) use grants::{code_payload, family_payload, read_code, read_family, read_refresh, refresh_payload};
pub(crate) use logins::{
    consent_payload, read_consent, read_session, read_signing_key, read_spent, session_payload, signing_key_payload,
    spent_payload,
};
pub(crate) use operators::{admin_token_payload, feed_token_payload, read_admin_token, read_feed_token};
pub(crate) use people::{person_payload, personal_payload, read_person, read_personal};
pub(crate) use trail::{audit_payload, digest_payload, read_audit, read_digest, read_repeat, repeat_payload};

/// No encoded record is longer.
pub(crate) const LEN_MAX: usize = 65_536;

/// The first byte of every payload. A layout that differs gets another number and another mirror type.
const VERSION: u8 = 1;

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// The version is not one we read.
    Version(u8),
    /// The bytes are not those of the mirror type.
    Layout,
    /// The mirror type was read, but a field holds what no record can hold.
    Field(&'static str),
}

impl std::fmt::Display for Undecodable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version(found) => write!(f, "expected record version {VERSION}, but found {found}"),
            Self::Layout => f.write_str("expected the layout of a record, but the bytes end early, late or elsewhere"),
            Self::Field(field) => write!(f, "expected a {field}, but the field holds something else"),
        }
    }
}

fn layout() -> Configuration<LittleEndian, Varint, Limit<LEN_MAX>> {
    bincode::config::standard().with_limit::<LEN_MAX>()
}

fn encode<T: Encode>(mirror: &T) -> Vec<u8> {
    encode_as(VERSION, mirror)
}

fn encode_as<T: Encode>(version: u8, mirror: &T) -> Vec<u8> {
    let mut payload = vec![version];
    // Encoding into a vector cannot fail for our mirror types. Were it to, the bare version would not decode again, so
    // that nothing wrong is ever taken for a record.
    if let Ok(body) = bincode::encode_to_vec(mirror, layout()) {
        payload.extend_from_slice(&body);
    }
    payload
}

fn decode<T: Decode<()>>(payload: &[u8]) -> Result<T, Undecodable> {
    decode_as(VERSION, payload)
}

fn decode_as<T: Decode<()>>(expected: u8, payload: &[u8]) -> Result<T, Undecodable> {
    let (version, body) = payload.split_first().ok_or(Undecodable::Layout)?;
    if *version != expected {
        return Err(Undecodable::Version(*version));
    }
    match bincode::decode_from_slice(body, layout()) {
        Ok((mirror, consumed)) if consumed == body.len() => Ok(mirror),
        Ok(_) | Err(_) => Err(Undecodable::Layout),
    }
}
