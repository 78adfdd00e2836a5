//! Base64url without padding, as JOSE and PKCE write it: one text for one sequence of bytes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The text of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of `text`; none where it has padding, a stray character, or bits behind the last byte.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64 with padding and the other two characters, as `Authorization: Basic` and certificates in a JWK have it.
pub fn encode_standard(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a text in that form.
pub fn decode_standard(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_sequence_of_bytes() {
        assert_eq!(decode("AA").as_deref(), Some(&[0][..]));
        assert_eq!(decode("-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        for other in ["AB", "AA==", "A", "AA A", "+/8", "AA\n"] {
            assert_eq!(decode(other), None, "{other}");
        }
        assert_eq!(decode_standard(b"+/8=").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(encode_standard(&[0xfb, 0xff]), "+/8=");
    }
}
