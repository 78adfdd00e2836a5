//! The name of a permit. Whoever knows it can release the permit, so it cannot be guessed and is not printed by chance.

use std::fmt;
use std::str::FromStr;

use tollgate::{Entropy as _, SystemEntropy};

/// What every name begins with, so that it is known for what it is where it turns up.
const PREFIX: &str = "tp_";

/// 128 bits from the operating system.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PermitId([u8; 16]);

/// A text that is no permit's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParsePermitIdError;

impl PermitId {
    /// A new name; none where the operating system has no random bits.
    pub(crate) fn draw() -> Option<Self> {
        let mut bytes = [0; 16];
        match SystemEntropy.fill(&mut bytes) {
            Ok(()) => Some(Self(bytes)),
            Err(error) => {
                tracing::error!(%error, "no permit can be held");
                None
            }
        }
    }
}

/// The whole name, for its owner.
impl fmt::Display for PermitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for PermitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PermitId(…)")
    }
}

impl FromStr for PermitId {
    type Err = ParsePermitIdError;

    /// Reads what [`fmt::Display`] wrote, and nothing else.
    fn from_str(text: &str) -> Result<Self, ParsePermitIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(ParsePermitIdError)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 32 || !digits.bytes().all(is_digit) {
            return Err(ParsePermitIdError);
        }
        u128::from_str_radix(digits, 16)
            .map(|bits| Self(bits.to_be_bytes()))
            .map_err(|_| ParsePermitIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written_and_in_no_other_spelling() {
        let id = PermitId::draw().unwrap();
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(format!("{id:?}"), "PermitId(…)");
        let digits = &text[3..];
        for other in [
            "",
            "tp_",
            digits,
            &format!("TP_{digits}"),
            &format!("tp_{}", digits.replace(|digit: char| digit.is_ascii_hexdigit(), "A")),
            &format!("tp_+{}", &digits[1..]),
            &format!("{text}0"),
            &text[..34],
        ] {
            assert_eq!(other.parse::<PermitId>(), Err(ParsePermitIdError), "{other}");
        }
    }

    #[test]
    fn no_two_names_are_alike() {
        assert_ne!(PermitId::draw(), PermitId::draw());
    }
}
