//! Which paths a route is about.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::Route;
use super::path::{ClearPath, loose};

/// The paths that a route is about: `/exact`, `/a/*/b`, `/API/**`.
///
/// `*` stands for one segment that is not empty, `**` for any number of segments and may only come last, so that `/API/**` is
/// about `/API`, `/API/` and everything below. All else is compared as it stands, letter case included. A pattern is 1 to 512
/// bytes of what a path may hold (RFC 3986) with at most 32 segments. It must itself be readable in one way only: no empty
/// segments, no `.` and `..`, no `;`, and no escapes but those that a path needs (`%20`, `%C3%A9`), in capital digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPattern(Box<str>);

/// Why a text is no pattern of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParsePatternError {
    /// It does not begin with a slash, or is longer than [`PathPattern::LEN_MOST`].
    Length,
    /// It has more than [`PathPattern::SEGMENTS_MOST`] segments.
    TooManySegments,
    /// A star does not stand alone in its segment, or two stars not at the end.
    Star,
    /// A segment could be read in two ways: it is empty, a dot or two, or holds an escape that a path does not need.
    Ambiguous,
    /// It holds a character that no path may.
    Character,
}

impl fmt::Display for ParsePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(
                f,
                "expected a pattern that begins with `/` and has at most {} bytes",
                PathPattern::LEN_MOST
            ),
            Self::TooManySegments => {
                write!(f, "expected a pattern of at most {} segments", PathPattern::SEGMENTS_MOST)
            }
            Self::Star => {
                f.write_str("expected `*` to be a whole segment, and `**` a whole segment at the end, as in `/a/*/b/**`")
            }
            Self::Ambiguous => f.write_str(
                "expected a pattern that can be read in one way: no empty, `.` or `..` segments, and only escapes that a \
                 path needs, in capital digits",
            ),
            Self::Character => {
                f.write_str("expected a pattern of what a path may hold: write anything else as `%` and two digits")
            }
        }
    }
}

impl core::error::Error for ParsePatternError {}

impl PathPattern {
    /// The greatest length in bytes.
    pub const LEN_MOST: usize = 512;
    /// The greatest number of segments.
    pub const SEGMENTS_MOST: usize = 32;

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments behind the first slash, the last of which is empty where the pattern ends in a slash.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// Takes the route of this pattern, or of one that is alike, away from `routes`.
    pub fn remove_from(&self, routes: &mut Vec<Route>) {
        routes.retain(|route| !route.pattern.is_alike(self));
    }

    /// Whether the two differ at most in letter case, a last slash, and dots at the end of a segment. A request that one of them is about could be meant for the
    /// other, so only one of them can stand among the routes.
    pub fn is_alike(&self, other: &Self) -> bool {
        let plain = |pattern: &Self| -> Vec<u8> {
            let text = pattern.0.strip_suffix('/').unwrap_or(&pattern.0);
            // What a slash stands for is never within a segment.
            let segments = text
                .split('/')
                .flat_map(|segment| loose(segment.as_bytes()).chain([b'/']));
            segments.collect()
        };
        plain(self) == plain(other)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PathPattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Self, ParsePatternError> {
        let Some(rest) = text.strip_prefix('/').filter(|_| text.len() <= Self::LEN_MOST) else {
            return Err(ParsePatternError::Length);
        };
        let count = rest.split('/').count();
        if count > Self::SEGMENTS_MOST {
            return Err(ParsePatternError::TooManySegments);
        }
        for (at, segment) in rest.split('/').enumerate() {
            let is_last = at + 1 == count;
            match segment {
                "*" => {}
                "**" if is_last => {}
                "" if is_last => {}
                "" | "." | ".." => return Err(ParsePatternError::Ambiguous),
                starred if starred.contains('*') => return Err(ParsePatternError::Star),
                literal => accept_literal(literal.as_bytes())?,
            }
        }
        if ClearPath::parse(text.as_bytes()).is_none() {
            return Err(ParsePatternError::Ambiguous);
        }
        Ok(Self(text.into()))
    }
}

/// `pchar` of RFC 3986 without `;` and `*`; an escape only of what cannot stand for itself, and of nothing that a server may
/// read as a mark of its own.
fn accept_literal(mut literal: &[u8]) -> Result<(), ParsePatternError> {
    while let Some((first, rest)) = literal.split_first() {
        literal = rest;
        if *first != b'%' {
            if !stands_for_itself(*first) {
                return Err(ParsePatternError::Character);
            }
            continue;
        }
        let Some(([high, low], rest)) = literal.split_first_chunk::<2>() else {
            return Err(ParsePatternError::Character);
        };
        literal = rest;
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'A'..=b'F' => Ok(digit - b'A' + 10),
            _ => Err(ParsePatternError::Ambiguous),
        };
        let byte = digit(*high)? << 4 | digit(*low)?;
        let is_needed = !stands_for_itself(byte) && !byte.is_ascii_control();
        if !is_needed || matches!(byte, b'/' | b'\\' | b';' | b'%' | b'*' | b'?' | b'#') {
            return Err(ParsePatternError::Ambiguous);
        }
    }
    Ok(())
}

fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()+,=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<ParsePatternError> {
        text.parse::<PathPattern>().err()
    }

    #[test]
    fn patterns_read_what_they_write() {
        let deep = "/s".repeat(32);
        for good in [
            "/",
            "/**",
            "/*",
            "/exact",
            "/exact/",
            "/a/*/b",
            "/API/**",
            "/*/*/**",
            "/a%20b/%C3%A9",
            "/a.b/v1.0",
            &deep,
        ] {
            assert_eq!(good.parse::<PathPattern>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_pattern_that_could_be_read_in_two_ways_is_none() {
        let (long, deep) = (format!("/{}", "a".repeat(512)), "/s".repeat(33));
        for (bad, why) in [
            ("", ParsePatternError::Length),
            ("a", ParsePatternError::Length),
            ("*", ParsePatternError::Length),
            (long.as_str(), ParsePatternError::Length),
            (deep.as_str(), ParsePatternError::TooManySegments),
            ("/a*", ParsePatternError::Star),
            ("/**/a", ParsePatternError::Star),
            ("/***", ParsePatternError::Star),
            ("//", ParsePatternError::Ambiguous),
            ("/a//b", ParsePatternError::Ambiguous),
            ("/./b", ParsePatternError::Ambiguous),
            ("/a/..", ParsePatternError::Ambiguous),
            ("/%2e", ParsePatternError::Ambiguous),
            ("/%2E", ParsePatternError::Ambiguous),
            ("/%2F", ParsePatternError::Ambiguous),
            ("/%61", ParsePatternError::Ambiguous),
            ("/%c3%a9", ParsePatternError::Ambiguous),
            ("/%2541", ParsePatternError::Ambiguous),
            ("/%00", ParsePatternError::Ambiguous),
            ("/%3F", ParsePatternError::Ambiguous),
            ("/...", ParsePatternError::Ambiguous),
            ("/%C0%AF", ParsePatternError::Ambiguous),
            ("/a%", ParsePatternError::Character),
            ("/a;b", ParsePatternError::Character),
            ("/a?b", ParsePatternError::Character),
            ("/a b", ParsePatternError::Character),
            ("/a\\b", ParsePatternError::Character),
            ("/\u{e9}", ParsePatternError::Character),
        ] {
            assert_eq!(fault(bad), Some(why), "{bad}");
        }
    }

    #[test]
    fn patterns_are_alike_but_for_letter_case_and_a_last_slash() {
        let pattern = |text: &str| text.parse::<PathPattern>().unwrap();
        for (one, other, alike) in [
            ("/API/**", "/api/**", true),
            ("/a./b", "/A/b/", true),
            ("/a/b", "/ab", false),
            ("/a", "/a/b", false),
            ("/a", "/a/", true),
            ("/a", "/a/**", false),
            ("/a/*", "/a/b", false),
        ] {
            assert_eq!(pattern(one).is_alike(&pattern(other)), alike, "{one} {other}");
        }
    }
}
