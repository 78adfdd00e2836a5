//! The text of a token: `tg_<kind>_<43 base62 digits of randomness><6 base62 digits of CRC-32>`.
//!
//! The prefix lets a secret scanner find tokens with one expression, and the checksum tells what was never a token from one that
//! is not known here (yet). The checksum is no protection: whoever can guess can also compute it. So a check asks for it last, of
//! what it has not found: a token that is found was issued.

use core::fmt;
use zeroize::Zeroize;

/// Random digits in a token: 62^43 is just above 2^256.
const RANDOM_LEN: usize = 43;
/// Checksum digits: 62^6 is above 2^32.
const CHECKSUM_LEN: usize = 6;
/// Prefix, randomness and checksum of the longest kind.
const TEXT_LEN_MAX: usize = 8 + RANDOM_LEN + CHECKSUM_LEN;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a token is for; told by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A user's authtoken, `tg_at_`.
    Authtoken,
    /// A personal access token, `tg_pat_`.
    PersonalAccess,
    /// A refresh token, `tg_rt_`.
    Refresh,
    /// A client secret, `tg_cs_`.
    ClientSecret,
    /// An opaque access token, `tg_ac_`.
    Access,
    /// An administrator's token, `tg_adm_`.
    Admin,
    /// A feed token, by which a replica follows the feed, `tg_fd_`.
    Feed,
    /// An authorization code, `tg_code_`.
    Code,
    /// A login in a browser, `tg_ses_`.
    Session,
}

/// Every kind beside its prefix.
const PREFIXES: [(TokenKind, &str); 9] = [
    (TokenKind::Authtoken, "tg_at_"),
    (TokenKind::PersonalAccess, "tg_pat_"),
    (TokenKind::Refresh, "tg_rt_"),
    (TokenKind::ClientSecret, "tg_cs_"),
    (TokenKind::Access, "tg_ac_"),
    (TokenKind::Admin, "tg_adm_"),
    (TokenKind::Feed, "tg_fd_"),
    (TokenKind::Code, "tg_code_"),
    (TokenKind::Session, "tg_ses_"),
];

impl TokenKind {
    /// The characters that every token of this kind begins with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Authtoken => "tg_at_",
            Self::PersonalAccess => "tg_pat_",
            Self::Refresh => "tg_rt_",
            Self::ClientSecret => "tg_cs_",
            Self::Access => "tg_ac_",
            Self::Admin => "tg_adm_",
            Self::Feed => "tg_fd_",
            Self::Code => "tg_code_",
            Self::Session => "tg_ses_",
        }
    }

    /// What this kind is called in stores and feeds, for ever.
    pub const fn number(self) -> u8 {
        match self {
            Self::Authtoken => 1,
            Self::PersonalAccess => 2,
            Self::Refresh => 3,
            Self::ClientSecret => 4,
            Self::Access => 5,
            Self::Admin => 6,
            Self::Feed => 7,
            Self::Code => 8,
            Self::Session => 9,
        }
    }

    /// The kind of a [number](TokenKind::number).
    pub fn of_number(number: u8) -> Option<Self> {
        let named = PREFIXES.iter().find(|(kind, _)| kind.number() == number);
        named.map(|(kind, _)| *kind)
    }
}

/// A whole token, shown once to the person it was made for.
///
/// It is wiped when dropped and has no `Debug` that prints it: only [`TokenText::expose`] gives the secret away, so that
/// a search for that word finds every place where one is shown.
pub struct TokenText {
    bytes: [u8; TEXT_LEN_MAX],
    len: usize,
}

impl TokenText {
    /// Writes 256 bits of `entropy` as a token. The caller owes bits that nobody can guess.
    pub fn from_entropy(kind: TokenKind, entropy: &[u8; 32]) -> Self {
        let mut text = Self {
            bytes: [0; TEXT_LEN_MAX],
            len: 0,
        };
        text.push(kind.prefix().as_bytes());
        let mut number = *entropy;
        for _ in 0..RANDOM_LEN {
            let digit = divide_by_62(&mut number);
            text.push(&[digit]);
        }
        number.zeroize();
        let checksum = checksum(text.written());
        text.push(&checksum);
        text
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        core::str::from_utf8(self.written()).unwrap_or_default()
    }

    /// The proof that this text is well formed, as a digest wants it.
    pub fn well_formed(&self) -> Result<WellFormed<'_>, ParseTokenError> {
        WellFormed::parse(self.written())
    }

    fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, more: &[u8]) {
        for (place, byte) in self.bytes.iter_mut().skip(self.len).zip(more) {
            *place = *byte;
        }
        self.len += more.len();
    }
}

impl Drop for TokenText {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(shown once)")
    }
}

/// Token bytes whose prefix, length and checksum are right: the only thing that can be digested.
#[derive(Clone, Copy)]
pub struct WellFormed<'a> {
    kind: TokenKind,
    text: &'a [u8],
}

/// Why bytes are no token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTokenError {
    /// No known prefix stands first.
    Prefix,
    /// A known prefix stands first, but the text after it has the wrong length.
    Length,
    /// The last six characters are not the checksum of the rest.
    Checksum,
}

impl<'a> WellFormed<'a> {
    /// Accepts exactly the texts that [`TokenText::from_entropy`] can write, up to a checksum collision, without
    /// allocating. Digits are not looked at one by one: the checksum covers them, and a text that was never issued is in
    /// no index.
    pub fn parse(text: &'a [u8]) -> Result<Self, ParseTokenError> {
        Shaped::parse(text)?.well_formed()
    }

    /// What the prefix says this token is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The bytes to digest.
    pub(crate) fn secret(&self) -> &'a [u8] {
        self.text
    }
}

/// Token bytes whose prefix and length are right: enough for a look-up. A token that is found was issued, so its checksum is
/// right; whether it is has to be asked only of what is not found.
#[derive(Clone, Copy)]
pub(crate) struct Shaped<'a>(WellFormed<'a>);

impl<'a> Shaped<'a> {
    #[inline(always)]
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, ParseTokenError> {
        let (kind, prefix) = PREFIXES
            .into_iter()
            .find(|(_, prefix)| text.starts_with(prefix.as_bytes()))
            .ok_or(ParseTokenError::Prefix)?;
        if text.len() != prefix.len() + RANDOM_LEN + CHECKSUM_LEN {
            return Err(ParseTokenError::Length);
        }
        Ok(Self(WellFormed { kind, text }))
    }

    /// The same bytes, if their checksum is right as well.
    pub(crate) fn well_formed(self) -> Result<WellFormed<'a>, ParseTokenError> {
        let token = self.0;
        let (covered, written) = token
            .text
            .split_last_chunk::<CHECKSUM_LEN>()
            .ok_or(ParseTokenError::Length)?;
        if checksum(covered) != *written {
            return Err(ParseTokenError::Checksum);
        }
        Ok(token)
    }

    /// What the prefix says this token is for.
    pub(crate) fn kind(self) -> TokenKind {
        self.0.kind
    }

    /// The bytes to digest.
    pub(crate) fn secret(self) -> &'a [u8] {
        self.0.text
    }
}

/// The longest kind in a prefix, with those of tomorrow.
const KIND_LEN_MOST: usize = 4;

/// Whether `text` begins like a token of ours, of a kind that we know or may come to know: `tg_`, small letters, `_`.
pub(crate) fn is_of_our_making(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"tg_") else {
        return false;
    };
    let letters = rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    (1..=KIND_LEN_MOST).contains(&letters) && rest.get(letters) == Some(&b'_')
}

/// CRC-32 of `covered` as six base62 digits, most significant first.
fn checksum(covered: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32fast::hash(covered);
    let mut digits = [b'0'; CHECKSUM_LEN];
    for place in digits.iter_mut().rev() {
        *place = digit(rest % 62);
        rest /= 62;
    }
    digits
}

/// Divides a big-endian number by 62 and answers the remainder as a digit.
fn divide_by_62(number: &mut [u8; 32]) -> u8 {
    let mut remainder = 0_u32;
    for byte in number.iter_mut() {
        let value = (remainder << 8) | u32::from(*byte);
        // The quotient is below 256, because the remainder was below 62.
        *byte = (value / 62) as u8;
        remainder = value % 62;
    }
    digit(remainder)
}

fn digit(value: u32) -> u8 {
    DIGITS.get(value as usize).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(kind: TokenKind, seed: u8) -> TokenText {
        TokenText::from_entropy(kind, &[seed; 32])
    }

    #[test]
    fn the_longest_kind_fits_exactly() {
        let longest = PREFIXES.iter().map(|(_, prefix)| prefix.len()).max().unwrap();
        assert_eq!(longest + RANDOM_LEN + CHECKSUM_LEN, TEXT_LEN_MAX);
        for (kind, prefix) in PREFIXES {
            assert_eq!(kind.prefix(), prefix);
        }
    }

    #[test]
    fn a_written_token_is_well_formed_and_keeps_its_kind() {
        for (kind, prefix) in PREFIXES {
            let text = token(kind, 7);
            assert!(is_of_our_making(text.expose().as_bytes()), "{prefix}");
            assert!(text.expose().starts_with(prefix), "{prefix}");
            assert_eq!(text.well_formed().unwrap().kind(), kind);
        }
    }

    #[test]
    fn neither_debug_nor_a_panic_message_shows_the_secret() {
        let text = token(TokenKind::Authtoken, 9);
        assert_eq!(format!("{text:?}"), "TokenText(shown once)");
    }

    /// Peers accepted truncated and case-folded tokens: every proper variant of a good token must be refused.
    #[test]
    fn truncated_extended_and_folded_variants_are_refused() {
        let text = token(TokenKind::Authtoken, 11);
        let good = text.expose().as_bytes();
        assert!(WellFormed::parse(good).is_ok(), "the twin of all the variants below");
        for cut in 0..good.len() {
            assert!(WellFormed::parse(&good[..cut]).is_err(), "prefix of {cut}");
            assert!(WellFormed::parse(&good[cut + 1..]).is_err(), "suffix from {}", cut + 1);
        }
        for variant in [
            [good, b"="].concat(),
            [b" ", good].concat(),
            [good, b"\0"].concat(),
            good.to_ascii_uppercase(),
            good.to_ascii_lowercase(),
        ] {
            assert!(
                WellFormed::parse(&variant).is_err(),
                "{:?}",
                String::from_utf8_lossy(&variant)
            );
        }
    }

    proptest! {
        #[test]
        fn every_single_byte_change_is_refused(entropy: [u8; 32], at in 0_usize..55, change in 1_u8..) {
            let text = TokenText::from_entropy(TokenKind::Authtoken, &entropy);
            let mut bytes = text.expose().as_bytes().to_vec();
            prop_assert!(WellFormed::parse(&bytes).is_ok());
            bytes[at] ^= change;
            prop_assert!(WellFormed::parse(&bytes).is_err());
        }

        #[test]
        fn different_entropy_gives_different_tokens(one: [u8; 32], other: [u8; 32]) {
            let (a, b) = (TokenText::from_entropy(TokenKind::Access, &one), TokenText::from_entropy(TokenKind::Access, &other));
            prop_assert_eq!(one == other, a.expose() == b.expose());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            prop_assert!(WellFormed::parse(&bytes).is_err());
        }
    }
}
