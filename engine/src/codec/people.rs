//! Mirror types of passwords and profiles, and of what personal access tokens are called.

use super::{Decode, Encode, Undecodable, decode, encode};
use crate::person::{PasswordPhc, PersonRow, PersonalRow, Profile};

#[derive(Encode, Decode)]
struct PersonV1 {
    password: Option<String>,
    epoch: u32,
    display_name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
}

/// The payload of what is known of a user beside what checks need.
pub(crate) fn person_payload(row: &PersonRow) -> Vec<u8> {
    let PersonRow {
        password,
        epoch,
        profile,
    } = row;
    let Profile {
        display_name,
        email,
        roles,
    } = profile.clone();
    encode(&PersonV1 {
        password: password.as_ref().map(|phc| phc.expose().to_owned()),
        epoch: *epoch,
        display_name,
        email,
        roles,
    })
}

/// Reads what is known of a user beside what checks need.
pub(crate) fn read_person(payload: &[u8]) -> Result<PersonRow, Undecodable> {
    let PersonV1 {
        password,
        epoch,
        display_name,
        email,
        roles,
    } = decode(payload)?;
    let password = password.map(zeroize::Zeroizing::new);
    let password = password.map(|text| PasswordPhc::parse(&text)).transpose();
    Ok(PersonRow {
        password: password.map_err(|_| Undecodable::Field("password digest"))?,
        epoch,
        profile: Profile {
            display_name,
            email,
            roles,
        },
    })
}

#[derive(Encode, Decode)]
struct PersonalV1 {
    name: String,
    description: String,
}

/// The payload of what a personal access token is called.
pub(crate) fn personal_payload(row: &PersonalRow) -> Vec<u8> {
    let PersonalRow { name, description } = row.clone();
    encode(&PersonalV1 { name, description })
}

/// Reads what a personal access token is called.
pub(crate) fn read_personal(payload: &[u8]) -> Result<PersonalRow, Undecodable> {
    decode(payload).map(|PersonalV1 { name, description }| PersonalRow { name, description })
}
