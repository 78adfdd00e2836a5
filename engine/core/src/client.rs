//! Integrated clients by name, and for whom a token is meant.

use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

/// A client's name, its `client_id`: 1 to 100 bytes of visible ASCII without a colon (RFC 6749 appendix A.1, less the blank; Basic
/// separates name and secret by a colon).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientName(Box<str>);

impl ClientName {
    /// The greatest length in bytes.
    pub const LEN_MOST: usize = 100;

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no client's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientNameError;

impl fmt::Display for ClientNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a client name of 1 to 100 visible ASCII characters without a colon")
    }
}

impl core::error::Error for ClientNameError {}

impl FromStr for ClientName {
    type Err = ClientNameError;

    fn from_str(text: &str) -> Result<Self, ClientNameError> {
        let fits = (1..=Self::LEN_MOST).contains(&text.len());
        let plain = |byte: u8| (0x21..=0x7e).contains(&byte) && byte != b':';
        if fits && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(ClientNameError)
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// For whom a token is meant (RFC 8707): an absolute URI without fragment, or a plain name; 1 to 255 bytes of visible ASCII without
/// a comma. Two are the same where their texts are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Audience(Box<str>);

impl Audience {
    /// The greatest length in bytes.
    pub const LEN_MOST: usize = 255;

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that names no audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudienceError;

impl fmt::Display for AudienceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected an absolute URI without `#`, or a name, of 1 to 255 visible ASCII characters without a comma",
        )
    }
}

impl core::error::Error for AudienceError {}

impl FromStr for Audience {
    type Err = AudienceError;

    fn from_str(text: &str) -> Result<Self, AudienceError> {
        let fits = (1..=Self::LEN_MOST).contains(&text.len());
        let plain = |byte: u8| (0x21..=0x7e).contains(&byte) && !matches!(byte, b'#' | b',' | b'"' | b'\\');
        if fits && text.bytes().all(plain) && !text.starts_with('/') {
            Ok(Self(text.into()))
        } else {
            Err(AudienceError)
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_basic_could_not_carry_are_refused() {
        for good in ["a", "app-1.example~(x)", &"c".repeat(100)] {
            assert_eq!(good.parse::<ClientName>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a:b", "a\n", "\u{e9}", &"c".repeat(101)] {
            assert_eq!(bad.parse::<ClientName>(), Err(ClientNameError), "{bad:?}");
        }
    }

    #[test]
    fn an_audience_is_a_uri_without_fragment_or_a_name() {
        for good in [
            "api",
            "https://api.example.com/v1?x=y",
            "urn:example:api",
            &"a".repeat(255),
        ] {
            assert_eq!(good.parse::<Audience>().unwrap().as_str(), good);
        }
        for bad in ["", "/v1", "https://a/#b", "a b", "a,b", "\u{e9}", &"a".repeat(256)] {
            assert_eq!(bad.parse::<Audience>(), Err(AudienceError), "{bad:?}");
        }
    }
}
