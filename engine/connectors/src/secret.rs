//! Texts that are handed on and never shown.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A text that is wiped when dropped and says nothing of itself in `Debug`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// A text that cannot be a secret of its kind. What it was is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {most} printable ASCII characters{blanks}")]
pub struct SecretFault {
    most: usize,
    blanks: &'static str,
}

impl Secret {
    /// Any text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A token as it stands behind `Bearer`: visible ASCII without a blank, so that it fits into a field of a request and cannot
    /// end it.
    pub fn token(text: &str, most: usize) -> Result<Self, SecretFault> {
        let is_token = text.bytes().all(|byte| byte.is_ascii_graphic());
        Self::bounded(text, is_token, most, " without a blank")
    }

    /// A key of somebody's own making: visible ASCII, with blanks inside but not at its ends.
    pub fn key(text: &str, most: usize) -> Result<Self, SecretFault> {
        let is_key = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && text.trim() == text;
        Self::bounded(text, is_key, most, " without a blank at either end")
    }

    fn bounded(text: &str, is_well_formed: bool, most: usize, blanks: &'static str) -> Result<Self, SecretFault> {
        if is_well_formed && (1..=most).contains(&text.len()) {
            Ok(Self::new(text))
        } else {
            Err(SecretFault { most, blanks })
        }
    }

    /// The text itself, for whoever it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Whoever reads owes that the error is not shown: it may repeat what was no text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Texts by their names as one JSON object, for a place where secrets are sealed. Whoever writes owes names that differ.
pub(crate) fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Secret {
    // Room for all of it at once, since what grows leaves copies behind: an escape takes six bytes at most.
    let room = members
        .clone()
        .map(|(name, text)| 6 * (name.len() + text.len()) + 6)
        .sum::<usize>()
        + 2;
    let mut json = Zeroizing::new(String::with_capacity(room));
    json.push('{');
    for (at, (name, text)) in members.enumerate() {
        if at > 0 {
            json.push(',');
        }
        push_string(&mut json, name);
        json.push(':');
        push_string(&mut json, text);
    }
    json.push('}');
    Secret(json)
}

fn push_string(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => {
                json.push_str("\\u00");
                for digit in [u32::from(control) >> 4, u32::from(control) & 15] {
                    json.extend(char::from_digit(digit, 16));
                }
            }
            letter => json.push(letter),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_end_the_line_it_stands_in() {
        assert!(Secret::token("ya29.a0-_~+/=", 64).is_ok_and(|token| token.expose() == "ya29.a0-_~+/="));
        for text in ["", "a b", "a\r\nb", "a\tb", "\u{e9}", "a\0", " a"] {
            assert!(
                Secret::token(text, 64).is_err_and(|fault| fault.to_string().contains("printable")),
                "{text:?}"
            );
        }
        assert!(Secret::token(&"a".repeat(64), 64).is_ok_and(|token| token.expose().len() == 64));
        assert!(Secret::token(&"a".repeat(65), 64).is_err_and(|fault| fault.to_string().contains("64")));
    }

    #[test]
    fn a_key_may_have_blanks_inside() {
        assert!(Secret::key("key of mine", 64).is_ok_and(|key| key.expose() == "key of mine"));
        for text in ["", " key", "key ", "a\nb", "\u{a0}"] {
            assert!(Secret::key(text, 64).is_err_and(|fault| fault.most == 64), "{text:?}");
        }
    }

    #[test]
    fn texts_are_escaped_as_json_wants_it() {
        let members = [("a\"", "b\\\n\u{1f}"), ("\u{e9}", "")];
        let written = object(members.into_iter());
        let read = tollgate_oauth::json::object(written.expose().as_bytes()).unwrap();
        for (name, text) in members {
            assert_eq!(read.get(name).and_then(|value| value.as_str()), Some(text));
        }
        assert_eq!(object([].into_iter()).expose(), "{}");
    }

    #[test]
    fn nothing_of_it_is_shown() {
        assert_eq!(format!("{:?}", Secret::new("canary")), "Secret");
    }
}
