//! The values of fields, as people and exports write them.

use std::str::FromStr;

use tollgate::{ForeignDigest, ForeignForm, Timestamp};
use zeroize::Zeroizing;

use super::super::moment::{parse_moment, write_moment};

/// Names digests that were made under a store's own key, before the key's fingerprint.
pub(super) const KEYED: &str = "tollgate-";

/// 32 bytes in hexadecimal digits, as any of the schemes has them.
pub(super) fn bytes(digits: &str) -> Result<[u8; 32], String> {
    let digest = ForeignDigest::parse(ForeignForm::Blake3, digits);
    let bytes = digest.ok().and_then(|digest| digest.as_bytes().try_into().ok());
    bytes.ok_or_else(|| "digest: expected 64 hexadecimal digits".to_owned())
}

pub(super) fn required<T: FromStr<Err: ToString>>(name: &str, text: Option<&str>) -> Result<T, String> {
    field(name, text)?.ok_or_else(|| format!("{name}: expected a value, but found nothing"))
}

pub(super) fn field<T: FromStr<Err: ToString>>(name: &str, text: Option<&str>) -> Result<Option<T>, String> {
    let parsed = text.map(|text| text.trim().parse());
    parsed
        .transpose()
        .map_err(|error: T::Err| format!("{name}: {}", error.to_string()))
}

/// A switch, as tables of other systems show it.
pub(super) fn switch(name: &str, text: Option<&str>) -> Result<Option<bool>, String> {
    let Some(text) = text.map(str::trim) else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(Some(true)),
        "false" | "no" | "0" => Ok(Some(false)),
        _ => Err(format!("{name}: expected `true` or `false`, but found `{text}`")),
    }
}

/// The fingerprint of the key of a store's own digests, behind its scheme's name.
pub(super) fn fingerprint(scheme: Option<&str>) -> Result<[u8; 8], String> {
    let key = scheme.map(str::trim).and_then(|scheme| scheme.strip_prefix(KEYED));
    let number = key
        .filter(|key| key.len() == 16)
        .and_then(|key| u64::from_str_radix(key, 16).ok());
    number
        .map(u64::to_be_bytes)
        .ok_or_else(|| format!("scheme: expected 16 hexadecimal digits behind `{KEYED}`"))
}

/// Bytes in hexadecimal digits, which are wiped.
pub(super) fn hex(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A moment, written by people or, to the millisecond, by an export.
pub(super) fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(millis) = text.trim().parse::<u64>() {
        return Ok(Some(Timestamp::from_millis(millis)));
    }
    parse_moment(text).map(Some).map_err(|error| format!("{name}: {error}"))
}

/// A moment to the millisecond: whole ones as people read them.
pub(super) fn exact(moment: Timestamp) -> String {
    if moment.as_millis().is_multiple_of(1_000) && write_moment(moment) != "never" {
        write_moment(moment)
    } else {
        moment.as_millis().to_string()
    }
}
