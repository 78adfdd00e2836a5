//! What a token is good for: scopes, as RFC 6749 section 3.3 writes them.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// One scope: visible ASCII without quotation mark and backslash (RFC 6749 section 3.3), and without a comma, by which other
/// systems separate scopes; 1 to 128 bytes. Upper and lower case differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Box<str>);

impl Scope {
    /// The greatest length in bytes.
    pub const LEN_MOST: usize = 128;

    /// The scope as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no scope, or no set of scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseScopeError {
    /// A word is empty or longer than [`Scope::LEN_MOST`].
    Length,
    /// A word holds something that no scope may.
    Character,
    /// There are more than [`ScopeSet::MOST`].
    TooMany,
}

impl fmt::Display for ParseScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(
                f,
                "expected scopes of 1 to {} bytes with one blank between them, but one is empty or longer",
                Scope::LEN_MOST
            ),
            Self::Character => f.write_str(
                "expected scopes of visible ASCII without quotation mark, comma and backslash, but one holds something else",
            ),
            Self::TooMany => write!(f, "expected at most {} scopes, but there are more", ScopeSet::MOST),
        }
    }
}

impl core::error::Error for ParseScopeError {}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, ParseScopeError> {
        if !(1..=Self::LEN_MOST).contains(&text.len()) {
            return Err(ParseScopeError::Length);
        }
        let plain = |byte: u8| (0x21..=0x7e).contains(&byte) && !matches!(byte, b'"' | b',' | b'\\');
        if text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(ParseScopeError::Character)
        }
    }
}

/// Scopes in the order in which they were given, none of them twice, at most [`ScopeSet::MOST`].
///
/// Two sets are equal where they name the same scopes in the same order; [`ScopeSet::is_subset_of`] does not ask for the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ScopeSet(Vec<Scope>);

impl ScopeSet {
    /// The greatest number of scopes in a set.
    pub const MOST: usize = 64;

    /// No scope at all.
    pub const NONE: Self = Self(Vec::new());

    /// The set of `scopes`; one that comes again is left out.
    ///
    /// # Errors
    ///
    /// [`ParseScopeError::TooMany`].
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, ParseScopeError> {
        let mut set = Self::NONE;
        for scope in scopes {
            if set.contains(scope.as_str()) {
                continue;
            }
            if set.0.len() == Self::MOST {
                return Err(ParseScopeError::TooMany);
            }
            set.0.push(scope);
        }
        Ok(set)
    }

    /// Whether it holds no scope.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds a scope of this text. Costs a comparison with each; allocates nothing.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own.as_str() == scope)
    }

    /// Whether `other` holds all of these.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.0.iter().all(|scope| other.contains(scope.as_str()))
    }

    /// The scopes in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl FromStr for ScopeSet {
    type Err = ParseScopeError;

    /// Reads scopes with one blank between them; nothing at all is the empty set.
    fn from_str(text: &str) -> Result<Self, ParseScopeError> {
        if text.is_empty() {
            return Ok(Self::NONE);
        }
        let scopes: Result<Vec<Scope>, _> = text.split(' ').map(str::parse).collect();
        Self::of(scopes?)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(Scope::as_str).collect();
        let text: String = words.join(" ");
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_what_it_writes_in_the_order_given() {
        for text in ["", "read", "write read", "https://example.com/x:y offline_access"] {
            assert_eq!(text.parse::<ScopeSet>().unwrap().to_string(), text);
        }
        assert_eq!("b a b".parse::<ScopeSet>().unwrap().to_string(), "b a");
    }

    #[test]
    fn what_no_scope_may_hold_is_refused() {
        for (text, error) in [
            (" a", ParseScopeError::Length),
            ("a ", ParseScopeError::Length),
            ("a  b", ParseScopeError::Length),
            (&"s".repeat(129), ParseScopeError::Length),
            ("a\"b", ParseScopeError::Character),
            ("a\\b", ParseScopeError::Character),
            ("a,b", ParseScopeError::Character),
            ("a\tb", ParseScopeError::Character),
            ("\u{e9}", ParseScopeError::Character),
        ] {
            assert_eq!(text.parse::<ScopeSet>(), Err(error), "{text:?}");
        }
        assert_eq!("s".repeat(128).parse::<ScopeSet>().unwrap().len(), 1);
        let words = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(words(64).parse::<ScopeSet>().unwrap().len(), 64);
        assert_eq!(words(65).parse::<ScopeSet>(), Err(ParseScopeError::TooMany));
    }

    #[test]
    fn a_subset_is_one_in_any_order_and_case_counts() {
        let set = |text: &str| text.parse::<ScopeSet>().unwrap();
        assert!(set("c a").is_subset_of(&set("a b c")));
        assert!(set("").is_subset_of(&set("")));
        assert!(!set("A").is_subset_of(&set("a")));
        assert!(!set("a d").is_subset_of(&set("a b c")));
    }
}
