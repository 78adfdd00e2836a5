//! The text of a signed token (RFC 7519), as far as it must be known to look one up: signatures are not checked here.

use core::fmt;

/// A text of the form of a JWT in compact serialisation: it begins `eyJ` and has three parts of base64url. A proof of form
/// alone; it has no `Debug`, because it is a credential.
#[derive(Clone, Copy)]
pub struct Jwt<'a>(&'a [u8]);

/// A text that has not the form of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseJwtError;

impl fmt::Display for ParseJwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a JWT of at most {} bytes: `eyJ…`, three parts of base64url with dots between them",
            Jwt::LEN_MOST
        )
    }
}

impl core::error::Error for ParseJwtError {}

impl<'a> Jwt<'a> {
    /// The greatest length in bytes: a longer text is no token of anybody's. Few servers take a longer field.
    pub const LEN_MOST: usize = 8_192;

    /// Accepts a text of this form. Costs one pass over the text; allocates nothing.
    pub fn parse(text: &'a [u8]) -> Result<Self, ParseJwtError> {
        LikeJwt::parse(text).and_then(LikeJwt::jwt).ok_or(ParseJwtError)
    }

    /// The bytes to digest.
    pub(crate) fn secret(&self) -> &'a [u8] {
        self.0
    }
}

/// A text that begins as a JWT and is no longer than one: enough for a look-up. One that is found was issued, so it has the form;
/// whether it has is to be asked only of what is not found.
#[derive(Clone, Copy)]
pub(crate) struct LikeJwt<'a>(Jwt<'a>);

impl<'a> LikeJwt<'a> {
    #[inline]
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        (text.len() <= Jwt::LEN_MOST && is_like_a_jwt(text)).then_some(Self(Jwt(text)))
    }

    /// The same text, if it has the form.
    pub(crate) fn jwt(self) -> Option<Jwt<'a>> {
        has_three_parts(self.0.0).then_some(self.0)
    }

    /// The bytes to digest.
    pub(crate) fn secret(self) -> &'a [u8] {
        self.0.0
    }
}

/// Whether `text` begins as every JWT does whose header is a JSON object without blanks at its beginning.
#[inline]
pub(crate) fn is_like_a_jwt(text: &[u8]) -> bool {
    text.starts_with(b"eyJ")
}

/// Whether all is base64url but for two dots. Whether a part is empty is the affair of whoever reads it.
///
/// Sixteen bytes are looked at side by side, and only at the end are the sixteen results joined, so that each step is a few vector
/// instructions.
fn has_three_parts(text: &[u8]) -> bool {
    let odd = |byte: u8| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        u8::from(!(letter | digit | (byte == b'-') | (byte == b'_') | (byte == b'.')))
    };
    let (chunks, rest) = text.as_chunks::<16>();
    let (mut seen, mut dots) = ([0_u8; 16], [0_u8; 16]);
    for chunk in chunks {
        for ((byte, seen), dots) in chunk.iter().zip(&mut seen).zip(&mut dots) {
            *seen |= odd(*byte);
            *dots = dots.saturating_add(u8::from(*byte == b'.'));
        }
    }
    for ((byte, seen), dots) in rest.iter().zip(&mut seen).zip(&mut dots) {
        *seen |= odd(*byte);
        *dots = dots.saturating_add(u8::from(*byte == b'.'));
    }
    let is_odd = seen.iter().any(|seen| *seen != 0);
    !is_odd && dots.iter().map(|dots| u32::from(*dots)).sum::<u32>() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_parts_of_base64url_are_a_jwt() {
        let long = |len: usize| format!("eyJ.{}.s", "a".repeat(len - 6));
        for good in ["eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_", "eyJ..", &long(100), &long(8_192)] {
            assert!(Jwt::parse(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "eyJ",
            "eyJ.a",
            "eyJ.a.b.c",
            "eyI.a.b",
            "EYJ.a.b",
            "eyJ.a=.b",
            "eyJ.a+.b",
            "eyJ.a/b.c",
            "eyJ.a b.c",
            " eyJ.a.b",
            "eyJ.\u{e9}.b",
            "eyJ.aaaaaaaaaaaaaaaaaaaaaaaaaaaa\0aaaaaaaaaaaaaaaaaaaaa.b",
            &long(8_193),
        ] {
            assert!(Jwt::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
