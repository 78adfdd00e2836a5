//! Sign-in tokens as text: what an application asks for, and its user's browser brings once, within five minutes.
//!
//! Cyclr's specimens are standard base64 of 32 bytes, 44 characters with the sign of equality at the end, although they travel in
//! a query. Whoever forgets to escape `+` there sends a blank, so a blank is read as `+`. Nothing else is forgiven: one token has
//! one text, so that it can be good once.

use tollgate::{Entropy, EntropyError};
use tollgate_oauth::base64url;
use zeroize::Zeroizing;

/// For how long a sign-in token is good.
pub const LIFETIME_S: u64 = 300;

/// Characters of its text.
const TEXT_CHARACTERS: usize = 44;

/// A sign-in token. It is wiped when dropped and has no `Debug`.
#[derive(Clone)]
pub struct SignInText(Zeroizing<[u8; 32]>);

impl SignInText {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a text whose percent escapes are already undone; none where it cannot be a sign-in token.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_CHARACTERS {
            return None;
        }
        let meant = Zeroizing::new(text.replace(' ', "+"));
        let bytes = Zeroizing::new(base64url::decode_standard(meant.as_bytes())?);
        <[u8; 32]>::try_from(bytes.as_slice())
            .ok()
            .map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes behind the text, to be digested.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The text, to be handed to the application that asked.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(base64url::encode_standard(self.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tollgate::SystemEntropy;

    #[test]
    fn the_specimens_are_read_with_a_plus_or_a_blank() {
        for text in [
            "+7fCuHJ1LUq1bGasmHGVvnVw/UfsVe1DlYHXDrFuaBo=",
            "lld3UjpZKkuh0I7ObHR0EtxRsPo0No1GqNSyAi8pqXQ=",
        ] {
            let token = SignInText::parse(text).unwrap();
            assert_eq!(*token.expose(), text);
            let blank = SignInText::parse(&text.replace('+', " ")).unwrap();
            assert_eq!(blank.as_bytes(), token.as_bytes());
        }
    }

    #[test]
    fn one_token_has_one_text() {
        for text in [
            "",
            "ABCD12340000000000000=",
            "lld3UjpZKkuh0I7ObHR0EtxRsPo0No1GqNSyAi8pqXQ",
            "lld3UjpZKkuh0I7ObHR0EtxRsPo0No1GqNSyAi8pqXR=",
            "lld3UjpZKkuh0I7ObHR0EtxRsPo0No1GqNSyAi8pqX==",
            "-7fCuHJ1LUq1bGasmHGVvnVw_UfsVe1DlYHXDrFuaBo=",
            "%2B7fCuHJ1LUq1bGasmHGVvnVw/UfsVe1DlYHXDrFuaBo%3D",
            "lld3UjpZKkuh0I7ObHR0EtxRsPo0No1GqNSyAi8pqXQ\n",
            "\u{e9}ld3UjpZKkuh0I7ObHR0EtxRsPo0No1GqNSyAi8pqXQ",
        ] {
            assert!(SignInText::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn two_are_never_the_same() {
        let draw = || SignInText::generate(&SystemEntropy).unwrap();
        assert_ne!(draw().as_bytes(), draw().as_bytes());
        assert_eq!(draw().expose().len(), TEXT_CHARACTERS);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(bytes: [u8; 32]) {
            let token = SignInText(Zeroizing::new(bytes));
            let read = SignInText::parse(&token.expose());
            prop_assert_eq!(read.map(|read| *read.as_bytes()), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9+/= ]{44}|\\PC{0,60}") {
            if let Some(token) = SignInText::parse(&text) {
                let shown = token.expose();
                prop_assert_eq!(shown.as_str(), text.replace(' ', "+"));
            }
        }
    }
}
