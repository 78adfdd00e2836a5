//! The ways in which a credential may come.

use core::fmt;
use core::str::FromStr;

/// One way in which a credential may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scheme {
    /// `Authorization: Bearer`.
    Bearer = 1,
    /// `Authorization: Basic` with a user's name and a token.
    Basic = 2,
    /// `Authorization: Basic` with a user's name and password.
    Password = 4,
    /// `x-cdata-authtoken`.
    Header = 8,
    /// `@authtoken` in query or form, where the server's setting lets it count.
    Parameter = 16,
}

impl Scheme {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 5] = [Self::Bearer, Self::Basic, Self::Password, Self::Header, Self::Parameter];

    /// The name by which people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::Password => "password",
            Self::Header => "header",
            Self::Parameter => "parameter",
        }
    }
}

/// The schemes that a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemeSet(u8);

impl SchemeSet {
    /// No scheme: nobody passes, or only without a credential.
    pub const NONE: Self = Self(0);

    /// What holds where no route says otherwise: every scheme but passwords.
    pub const USUAL: Self = Self(1 | 2 | 8 | 16);

    /// A set from its bits (bearer 1, basic 2, password 4, header 8, parameter 16); bits beyond those are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 31)
    }

    /// The bits of [`SchemeSet::from_bits`].
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it holds no scheme.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set and `scheme`.
    #[must_use]
    pub const fn with(self, scheme: Scheme) -> Self {
        Self(self.0 | scheme as u8)
    }

    /// Whether `scheme` is in this set.
    pub const fn contains(self, scheme: Scheme) -> bool {
        self.0 & scheme as u8 != 0
    }

    /// The members, in the order of [`Scheme::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scheme> {
        Scheme::ALL.into_iter().filter(move |scheme| self.contains(*scheme))
    }
}

impl Default for SchemeSet {
    /// [`SchemeSet::USUAL`].
    fn default() -> Self {
        Self::USUAL
    }
}

/// A word in a list of schemes that names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseSchemeError;

impl fmt::Display for ParseSchemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a comma-separated list of bearer, basic, password, header and parameter")
    }
}

impl core::error::Error for ParseSchemeError {}

impl FromStr for SchemeSet {
    type Err = ParseSchemeError;

    /// Reads `bearer,basic`; nothing at all is the empty set.
    fn from_str(text: &str) -> Result<Self, ParseSchemeError> {
        let mut set = Self::NONE;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let named = Scheme::ALL.into_iter().find(|scheme| scheme.name() == word);
            set = set.with(named.ok_or(ParseSchemeError)?);
        }
        Ok(set)
    }
}

impl fmt::Display for SchemeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scheme) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}", scheme.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_what_it_writes_and_refuses_other_words() {
        for bits in 0..32 {
            let set = SchemeSet::from_bits(bits);
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        assert_eq!(SchemeSet::USUAL.to_string(), "bearer,basic,header,parameter");
        assert_eq!("basic, bearer".parse(), Ok(SchemeSet::from_bits(3)));
        for bad in ["Basic", "bearer basic", "digest"] {
            assert_eq!(bad.parse::<SchemeSet>(), Err(ParseSchemeError), "{bad}");
        }
    }
}
