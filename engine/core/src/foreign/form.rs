//! The forms in which tokens that were made elsewhere may have been brought here.

use core::fmt;
use core::str::FromStr;

/// How a token that was made elsewhere was brought here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ForeignForm {
    /// Its text; `clear`. It was digested under our key when it came.
    Clear = 1,
    /// Its SHA-256 digest, without key or salt; `sha256`.
    Sha256 = 2,
    /// Its SHA-512 digest, without key or salt; `sha512`.
    Sha512 = 4,
    /// Its BLAKE3 digest of 32 bytes, without a key; `blake3`.
    Blake3 = 8,
}

impl ForeignForm {
    /// All forms, in the order in which a check looks for them.
    pub const ALL: [Self; 4] = [Self::Clear, Self::Sha256, Self::Sha512, Self::Blake3];

    /// The name by which people write this form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }
}

impl fmt::Display for ForeignForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ForeignForm {
    type Err = ParseForeignFormError;

    /// Reads a name in any case, with blanks around it.
    fn from_str(text: &str) -> Result<Self, ParseForeignFormError> {
        let named = |form: &Self| text.trim().eq_ignore_ascii_case(form.name());
        Self::ALL.into_iter().find(named).ok_or(ParseForeignFormError)
    }
}

/// The forms of foreign tokens that a server accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ForeignForms(u8);

impl ForeignForms {
    /// No foreign token is accepted.
    pub const NONE: Self = Self(0);
    /// Every form.
    pub const ALL: Self = Self(15);

    /// A set from its bits (clear 1, SHA-256 2, SHA-512 4, BLAKE3 8); bits beyond those are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 15)
    }

    /// The bits of [`ForeignForms::from_bits`].
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether no form is accepted.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set and `form`.
    #[must_use]
    pub const fn with(self, form: ForeignForm) -> Self {
        Self(self.0 | form as u8)
    }

    /// What is both in this set and in `other`.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `form` is in this set.
    pub const fn contains(self, form: ForeignForm) -> bool {
        self.0 & form as u8 != 0
    }

    /// The members, in the order of [`ForeignForm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = ForeignForm> {
        ForeignForm::ALL.into_iter().filter(move |form| self.contains(*form))
    }
}

/// A word in a list of forms that names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseForeignFormError;

impl fmt::Display for ParseForeignFormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a comma-separated list of clear, sha256, sha512 and blake3, or nothing")
    }
}

impl core::error::Error for ParseForeignFormError {}

impl FromStr for ForeignForms {
    type Err = ParseForeignFormError;

    /// Reads `clear,sha256`. Nothing at all is the empty set.
    fn from_str(text: &str) -> Result<Self, ParseForeignFormError> {
        let words = text.split(',').filter(|word| !word.trim().is_empty());
        words
            .map(str::parse)
            .try_fold(Self::NONE, |set, form| Ok(set.with(form?)))
    }
}

impl fmt::Display for ForeignForms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, form) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{form}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_what_it_writes_and_refuses_other_words() {
        for bits in 0..16 {
            let set = ForeignForms::from_bits(bits);
            assert_eq!(set.to_string().parse(), Ok(set));
            assert_eq!(set.is_empty(), set.iter().next().is_none());
        }
        assert_eq!(" SHA256 , ,clear".parse(), Ok(ForeignForms::from_bits(3)));
        for text in ["md5", "clear,sha-256", "clear sha256", "none"] {
            assert_eq!(text.parse::<ForeignForms>(), Err(ParseForeignFormError), "{text}");
        }
    }

    #[test]
    fn what_two_sets_share_is_in_both() {
        for (one, other) in (0..16).flat_map(|one| (0..16).map(move |other| (one, other))) {
            let (one, other) = (ForeignForms::from_bits(one), ForeignForms::from_bits(other));
            for form in ForeignForm::ALL {
                let both = one.contains(form) && other.contains(form);
                assert_eq!(one.common(other).contains(form), both, "{one} and {other}: {form}");
            }
        }
    }
}
