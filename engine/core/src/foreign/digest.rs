//! Digests of foreign tokens under the schemes of others: without our key, as they stood where they come from.

use core::fmt;

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256, Sha512};

use crate::foreign::{Foreign, ForeignForm};

/// The unkeyed digest of a token that was made elsewhere.
///
/// It confirms a guess to whoever reads it, so it is stored only under our own key
/// ([`DigestKey::foreign_digest`](crate::DigestKey::foreign_digest)), and `Debug` shows little of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignDigest {
    /// Under SHA-256.
    Sha256([u8; 32]),
    /// Under SHA-512.
    Sha512([u8; 64]),
    /// Under BLAKE3 without a key.
    Blake3([u8; 32]),
}

impl ForeignDigest {
    /// The digest of `text` in `form`; none for [`ForeignForm::Clear`], which has no scheme. Allocates nothing.
    pub fn of(form: ForeignForm, text: Foreign<'_>) -> Option<Self> {
        match form {
            ForeignForm::Clear => None,
            ForeignForm::Sha256 => Some(Self::Sha256(Sha256::digest(text.secret()).into())),
            ForeignForm::Sha512 => Some(Self::Sha512(Sha512::digest(text.secret()).into())),
            ForeignForm::Blake3 => Some(Self::Blake3(*blake3::hash(text.secret()).as_bytes())),
        }
    }

    /// Reads a digest in `form` from hexadecimal digits of any case, or from base64 of either alphabet, padded or not.
    ///
    /// # Errors
    ///
    /// Where `form` is [`ForeignForm::Clear`], or `text` is not the digest of such a scheme.
    pub fn parse(form: ForeignForm, text: &str) -> Result<Self, ParseForeignDigestError> {
        let error = ParseForeignDigestError {
            form,
            found: text.len(),
        };
        let read = match form {
            ForeignForm::Clear => None,
            ForeignForm::Sha256 => decoded(text).map(Self::Sha256),
            ForeignForm::Sha512 => decoded(text).map(Self::Sha512),
            ForeignForm::Blake3 => decoded(text).map(Self::Blake3),
        };
        read.ok_or(error)
    }

    /// The scheme of this digest.
    pub fn form(&self) -> ForeignForm {
        match self {
            Self::Sha256(_) => ForeignForm::Sha256,
            Self::Sha512(_) => ForeignForm::Sha512,
            Self::Blake3(_) => ForeignForm::Blake3,
        }
    }

    /// The digest itself: as many bytes as its scheme writes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) | Self::Blake3(bytes) => bytes,
            Self::Sha512(bytes) => bytes,
        }
    }
}

impl fmt::Debug for ForeignDigest {
    /// As much as of a [`TokenDigest`](crate::TokenDigest): enough to tell digests apart, too little to try guesses on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignDigest({} ", self.form())?;
        for byte in self.as_bytes().iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

/// A text that is no digest of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseForeignDigestError {
    form: ForeignForm,
    found: usize,
}

impl fmt::Display for ParseForeignDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.form {
            ForeignForm::Clear => {
                return f.write_str("expected the name of a digest (sha256, sha512 or blake3), but found clear");
            }
            ForeignForm::Sha256 | ForeignForm::Blake3 => 64,
            ForeignForm::Sha512 => 128,
        };
        let Self { form, found } = self;
        write!(
            f,
            "expected a {form} digest, as {digits} hexadecimal digits or as base64, but found {found} bytes of text"
        )
    }
}

impl core::error::Error for ParseForeignDigestError {}

/// The `N` bytes that `text` writes in one of the ways that digests are written.
fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() == 2 * N {
        from_hex(text)
    } else {
        from_base64(text)
    }
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(text.as_bytes().as_chunks().0) {
        *byte = u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok()?;
    }
    Some(bytes)
}

fn from_base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    let padding = (3 - N % 3) % 3;
    let bare = text.strip_suffix("==".get(..padding)?).unwrap_or(text);
    let mut bytes = [0; N];
    let whole = |read: &[u8]| read.len() == N;
    let read = Base64Unpadded::decode(bare, &mut bytes).is_ok_and(whole)
        || Base64UrlUnpadded::decode(bare, &mut bytes).is_ok_and(whole);
    read.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `printf %s correct-horse-battery | sha256sum`, `sha512sum` and `b3sum` write them.
    const TEXT: &[u8] = b"correct-horse-battery";
    const SHA256: &str = "62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d";
    const SHA512: &str = "f16f22aa41040bcd2d6c30f961494124d9dcaafa8c773fbac71283661f991f52\
                          cbaf598552557cfe9597beb662eff6f2c6e86b1d3b094cc3eacde75b2005fcd9";
    const BLAKE3: &str = "3433838ebe8548e7860d952b187f0ee8ed2ca1bcb2a4cdc006c90ad5cf1e7cbf";

    fn read(form: ForeignForm, text: &str) -> ForeignDigest {
        ForeignDigest::parse(form, text).unwrap()
    }

    #[test]
    fn a_text_has_the_digests_that_other_tools_give_it() {
        let text = Foreign::parse(TEXT).ok().unwrap();
        for (form, digits) in [
            (ForeignForm::Sha256, SHA256),
            (ForeignForm::Sha512, SHA512),
            (ForeignForm::Blake3, BLAKE3),
        ] {
            let digest = ForeignDigest::of(form, text).unwrap();
            assert_eq!(digest, read(form, digits));
            assert_eq!((digest.form(), digest.as_bytes().len() * 2), (form, digits.len()));
        }
        assert_eq!(ForeignDigest::of(ForeignForm::Clear, text), None);
    }

    #[test]
    fn digits_of_either_case_and_every_base64_read_alike() {
        let expected = read(ForeignForm::Sha256, SHA256);
        let base64 = "YiSTaTiQdUkFVadYNTrsYVAMYhj6WXJS1S3EvQFI8S0";
        for text in [SHA256.to_uppercase(), base64.to_owned(), format!("{base64}=")] {
            assert_eq!(read(ForeignForm::Sha256, &text), expected, "{text}");
        }
        let expected = read(ForeignForm::Sha512, SHA512);
        let base64 = "8W8iqkEEC80tbDD5YUlBJNncqvqMdz+6xxKDZh+ZH1LLr1mFUlV8/pWXvrZi7/byxuhrHTsJTMPqzedbIAX82Q";
        let url = base64.replace('+', "-").replace('/', "_");
        for text in [
            base64.to_owned(),
            format!("{base64}=="),
            url.clone(),
            format!("{url}=="),
        ] {
            assert_eq!(read(ForeignForm::Sha512, &text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_of_another_length_alphabet_or_scheme_is_refused_and_not_repeated() {
        let base64 = "YiSTaTiQdUkFVadYNTrsYVAMYhj6WXJS1S3EvQFI8S0=";
        for (form, text) in [
            (ForeignForm::Clear, SHA256.to_owned()),
            (ForeignForm::Sha512, SHA256.to_owned()),
            (ForeignForm::Sha256, SHA512.to_owned()),
            (ForeignForm::Sha256, SHA256[1..].to_owned()),
            (ForeignForm::Sha256, SHA256.replacen('6', "g", 1)),
            (ForeignForm::Sha256, SHA256.replacen("62", "+2", 1)),
            (ForeignForm::Sha256, format!("{base64}=")),
            (ForeignForm::Sha256, base64[1..].to_owned()),
            (ForeignForm::Sha256, base64.replacen('Y', "!", 1)),
            (ForeignForm::Blake3, "ä".repeat(32)),
            (ForeignForm::Blake3, String::new()),
        ] {
            let said = ForeignDigest::parse(form, &text).unwrap_err().to_string();
            assert!(
                said.starts_with("expected") && (text.is_empty() || !said.contains(&text)),
                "{said}"
            );
        }
        assert_eq!(
            ForeignDigest::parse(ForeignForm::Sha512, "abc")
                .unwrap_err()
                .to_string(),
            "expected a sha512 digest, as 128 hexadecimal digits or as base64, but found 3 bytes of text"
        );
    }

    #[test]
    fn debug_shows_too_little_to_try_guesses_on() {
        assert_eq!(
            format!("{:?}", read(ForeignForm::Sha256, SHA256)),
            "ForeignDigest(sha256 62249369…)"
        );
    }
}
