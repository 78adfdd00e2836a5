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

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes themselves: a field that moves would read old files wrongly.
    #[test]
    fn layouts_are_these_bytes_for_ever() {
        let text = "$argon2id$v=19$m=8,t=1,p=1$c29t$Y29t";
        let row = PersonRow {
            password: Some(PasswordPhc::parse(text).unwrap()),
            epoch: 3,
            profile: Profile {
                display_name: Some("A".into()),
                email: None,
                roles: vec!["r".into()],
            },
        };
        let bytes = [
            &[1, 1, text.len() as u8][..],
            text.as_bytes(),
            b"\x03\x01\x01A\x00\x01\x01r",
        ]
        .concat();
        assert_eq!(person_payload(&row), bytes);
        assert_eq!(read_person(&bytes), Ok(row));
        let mut other = bytes.clone();
        other[3] = b'x';
        assert_eq!(read_person(&other), Err(Undecodable::Field("password digest")));
        let personal = PersonalRow {
            name: "n".into(),
            description: "d".into(),
        };
        assert_eq!(personal_payload(&personal), b"\x01\x01n\x01d");
        assert_eq!(read_personal(b"\x01\x01n\x01d"), Ok(personal));
    }
}
