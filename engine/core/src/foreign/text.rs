//! The proof that a text may be a token that was made elsewhere.

use core::fmt;

use crate::token::is_of_our_making;

/// The text of a token that was made elsewhere: the only other thing that can be digested.
///
/// It has no checksum, so garbage is told from tokens by looking it up.
#[derive(Clone, Copy)]
pub struct Foreign<'a>(&'a [u8]);

/// Why a text cannot be a token that was made elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseForeignError {
    /// It has fewer than [`Foreign::LEN_LEAST`] or more than [`Foreign::LEN_MOST`] bytes.
    Length {
        /// How many it has.
        found: usize,
    },
    /// It begins like a token of ours, and is never judged as anything else.
    Ours,
    /// It holds a control character, which no request can carry in a credential.
    Control,
}

impl fmt::Display for ParseForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (Foreign::LEN_LEAST, Foreign::LEN_MOST);
        match self {
            Self::Length { found } => write!(
                f,
                "expected a token of {least} to {most} bytes, but this one has {found}"
            ),
            Self::Ours => {
                f.write_str("expected a token that was made elsewhere, but this one begins like our own (`tg_at_`)")
            }
            Self::Control => f.write_str("expected a token without control characters, but this one holds one"),
        }
    }
}

impl core::error::Error for ParseForeignError {}

impl<'a> Foreign<'a> {
    /// The least length in bytes. A text of random hexadecimal digits has 64 bits at this length; below it, a text can be
    /// guessed by asking, or from an unkeyed digest that somebody has read.
    pub const LEN_LEAST: usize = 16;

    /// The greatest length in bytes: what is longer is a signed document rather than a token, and would let strangers choose
    /// how much a refusal costs.
    pub const LEN_MOST: usize = 512;

    /// Accepts a text of such a length that does not begin like a token of ours, `tg_` and up to four small letters and `_`
    /// (kinds of tomorrow among them), and has no control characters of ASCII. Allocates nothing.
    pub fn parse(text: &'a [u8]) -> Result<Self, ParseForeignError> {
        if !(Self::LEN_LEAST..=Self::LEN_MOST).contains(&text.len()) {
            Err(ParseForeignError::Length { found: text.len() })
        } else if is_of_our_making(text) {
            Err(ParseForeignError::Ours)
        } else if text.iter().any(u8::is_ascii_control) {
            Err(ParseForeignError::Control)
        } else {
            Ok(Self(text))
        }
    }

    /// The bytes to digest.
    pub(crate) fn secret(&self) -> &'a [u8] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{TokenKind, TokenText};

    fn fault(text: impl AsRef<[u8]>) -> Option<ParseForeignError> {
        Foreign::parse(text.as_ref()).err()
    }

    #[test]
    fn a_text_is_neither_too_short_nor_too_long() {
        for (len, accepted) in [(0, false), (15, false), (16, true), (512, true), (513, false)] {
            let expected = (!accepted).then_some(ParseForeignError::Length { found: len });
            assert_eq!(fault("x".repeat(len)), expected, "{len}");
        }
    }

    #[test]
    fn what_begins_like_our_own_is_never_foreign() {
        let own = TokenText::from_entropy(TokenKind::Authtoken, &[3; 32]);
        let spoilt = format!("{}x", own.expose());
        for ours in [
            own.expose(),
            &spoilt,
            "tg_at_0123456789",
            "tg_zz_0123456789",
            "tg_feed_012345678",
        ] {
            assert_eq!(fault(ours), Some(ParseForeignError::Ours), "{ours}");
        }
        for theirs in [
            "tg-at-0123456789",
            "TG_AT_0123456789",
            "tg__0123456789ab",
            "tg_feeds_0123456",
            "tg_a1_0123456789",
            "tgat_0123456789a",
        ] {
            assert_eq!(fault(theirs), None, "{theirs}");
        }
    }

    #[test]
    fn any_text_that_a_request_can_carry_is_accepted() {
        for (text, expected) in [
            ("correct horse, battery", None),
            ("pässwörter und so", None),
            ("a tab\tin the middle", Some(ParseForeignError::Control)),
            ("a line that ends here\n", Some(ParseForeignError::Control)),
            ("del\u{7f}del\u{7f}del\u{7f}del\u{7f}", Some(ParseForeignError::Control)),
        ] {
            assert_eq!(fault(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_expected_and_never_the_text() {
        for (text, words) in [
            ("sesame", "16 to 512 bytes, but this one has 6"),
            ("tg_at_swordfish_swordfish", "begins like our own"),
            ("sesame\0sesame\0sesame", "control"),
        ] {
            let said = fault(text).unwrap().to_string();
            assert!(
                said.contains(words) && !said.contains("fish") && !said.contains("sesame"),
                "{said}"
            );
        }
    }
}
