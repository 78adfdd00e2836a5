//! What a client presents to get a token (RFC 6749 section 1.3).

use std::fmt;
use std::str::FromStr;

/// One way to get a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Grant {
    /// A user's name and password.
    Password = 1,
    /// Nothing but the client's own credential.
    ClientCredentials = 2,
    /// A code that a login gave.
    AuthorizationCode = 4,
    /// A refresh token.
    RefreshToken = 8,
    /// A SAML assertion.
    Saml = 16,
}

impl Grant {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Password,
        Self::ClientCredentials,
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::Saml,
    ];

    /// The `grant_type` of a token request.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ClientCredentials => "client_credentials",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Saml => "saml2",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected grants among `password`, `client_credentials`, `authorization_code`, `refresh_token` and `saml2`, but found `{found}`"
)]
pub struct ParseGrantError {
    /// The word.
    pub found: String,
}

impl FromStr for Grant {
    type Err = ParseGrantError;

    fn from_str(text: &str) -> Result<Self, ParseGrantError> {
        let named = Self::ALL.into_iter().find(|grant| grant.name() == text.trim());
        named.ok_or_else(|| ParseGrantError {
            found: text.escape_debug().take(64).collect(),
        })
    }
}

/// Some of all grants.
///
/// ```
/// use tollgate::{Grant, GrantSet};
/// let grants: GrantSet = "password, refresh_token".parse()?;
/// assert!(grants.contains(Grant::Password) && !grants.contains(Grant::ClientCredentials));
/// assert_eq!(grants.to_string(), "password,refresh_token");
/// # Ok::<(), tollgate::ParseGrantError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct GrantSet(u8);

impl GrantSet {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// The set of these bits; bits that stand for nothing are left out.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 31)
    }

    /// The bits of [`GrantSet::from_bits`].
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set and `grant`.
    #[must_use]
    pub const fn with(self, grant: Grant) -> Self {
        Self(self.0 | grant as u8)
    }

    /// Whether `grant` is in this set.
    pub const fn contains(self, grant: Grant) -> bool {
        self.0 & grant as u8 != 0
    }

    /// The members, in the order of [`Grant::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Grant> {
        Grant::ALL.into_iter().filter(move |grant| self.contains(*grant))
    }
}

impl FromIterator<Grant> for GrantSet {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        grants.into_iter().fold(Self::NONE, Self::with)
    }
}

impl FromStr for GrantSet {
    type Err = ParseGrantError;

    /// Reads names that commas or blanks separate. Nothing at all is the empty set.
    fn from_str(text: &str) -> Result<Self, ParseGrantError> {
        let words = text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
        words.map(str::parse::<Grant>).collect()
    }
}

impl fmt::Display for GrantSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, grant) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{grant}")?;
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
            let set = GrantSet::from_bits(bits);
            assert_eq!(set.to_string().parse(), Ok(set));
            assert_eq!(set.iter().collect::<GrantSet>(), set);
        }
        for (text, found) in [
            ("implicit", "implicit"),
            ("password,Password", "Password"),
            ("password;saml2", "password;saml2"),
        ] {
            let found = found.to_owned();
            assert_eq!(text.parse::<GrantSet>(), Err(ParseGrantError { found }));
        }
    }
}
