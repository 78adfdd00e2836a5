//! Passwords on their way into a store.

use tollgate::{PasswordPhc, SystemEntropy};
use tollgate_oauth::password::protect;
use zeroize::Zeroizing;

/// The shortest password, in characters (NIST SP 800-63B, ASVS 5 6.2.1).
pub const PASSWORD_CHARS_LEAST: usize = 8;

/// A password that is not taken. It is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordFault {
    /// It would be guessed.
    #[error(
        "expected a password of at least {PASSWORD_CHARS_LEAST} characters, but it has {found}: length counts, and what it is made of does not"
    )]
    Short {
        /// How many it has.
        found: usize,
    },
    /// It cannot be kept.
    #[error("{0}")]
    Unprotected(String),
}

/// What a store keeps of a password: its Argon2id digest. Takes tens of milliseconds and 19 MiB.
///
/// # Errors
///
/// [`PasswordFault`], in words that repeat nothing of the password.
pub fn protected(password: &str) -> Result<PasswordPhc, PasswordFault> {
    let found = password.chars().count();
    if found < PASSWORD_CHARS_LEAST {
        return Err(PasswordFault::Short { found });
    }
    let unprotected = |error: &dyn std::error::Error| PasswordFault::Unprotected(error.to_string());
    let text = Zeroizing::new(protect(password.as_bytes(), &SystemEntropy).map_err(|error| unprotected(&error))?);
    PasswordPhc::parse(&text).map_err(|error| unprotected(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_password_is_refused_and_not_repeated() {
        for (password, found) in [("", 0), ("1234567", 7), ("ééééééé", 7)] {
            let fault = protected(password).err().unwrap();
            assert_eq!(fault, PasswordFault::Short { found });
            assert!(password.is_empty() || !fault.to_string().contains(password), "{fault}");
        }
        let taken = protected("éééééééé").unwrap();
        assert!(taken.expose().starts_with("$argon2id$v=19$m=19456,"), "the twin");
        assert_ne!(taken, protected("éééééééé").unwrap(), "each has a salt of its own");
        let long = "x".repeat(1_025);
        assert!(matches!(protected(&long), Err(PasswordFault::Unprotected(words)) if words.contains("1,024")));
    }
}
