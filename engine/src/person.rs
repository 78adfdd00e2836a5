//! What is known of a user beside what checks need: the password's digest, what they are called, and their own tokens.

use std::fmt;

use subtle::ConstantTimeEq as _;
use tollgate_core::{Timestamp, TokenId, UserName};
use zeroize::Zeroizing;

use crate::record::User;

/// What a password is known by: the text of an Argon2id digest in the PHC string format. It confirms guesses, so nothing prints it.
#[derive(Clone)]
pub struct PasswordPhc(Zeroizing<String>);

impl PasswordPhc {
    /// Most bytes of the text.
    pub const LEN_MOST: usize = 256;

    /// Takes `$argon2id$v=19$m=…,t=…,p=…$salt$digest`. Whether its parameters are strong enough, and not too dear, is for those who
    /// compute it to say.
    ///
    /// ```
    /// use tollgate::PasswordPhc;
    /// let text = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ";
    /// assert_eq!(PasswordPhc::parse(text).map(|phc| format!("{phc:?}")), Ok("PasswordPhc(hidden)".to_owned()));
    /// assert!(PasswordPhc::parse("hunter2").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParsePhcError> {
        let fits = text.len() <= Self::LEN_MOST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let mut parts = text.split('$');
        let begins = parts.next() == Some("") && parts.next() == Some("argon2id") && parts.next() == Some("v=19");
        let (parameters, salt, digest) = (parts.next(), parts.next(), parts.next());
        let whole = [parameters, salt, digest]
            .iter()
            .all(|part| part.is_some_and(|part| !part.is_empty()));
        if fits && begins && whole && parts.next().is_none() {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(ParsePhcError)
        }
    }

    /// The text, for whoever compares a password with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for PasswordPhc {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for PasswordPhc {}

impl fmt::Debug for PasswordPhc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordPhc(hidden)")
    }
}

/// A text that is no digest of a password. It is not repeated: it may be the password itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an Argon2id digest in the PHC string format, `$argon2id$v=19$m=…,t=…,p=…$salt$digest`, of at most 256 characters"
)]
pub struct ParsePhcError;

/// What others are told of a user, where they may be.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Profile {
    /// What people call the user.
    pub display_name: Option<String>,
    /// Where mail reaches the user.
    pub email: Option<String>,
    /// What the user is to applications; we make nothing of it.
    pub roles: Vec<String>,
}

/// Why a profile cannot be as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileFault {
    /// The display name cannot be shown.
    #[error("expected a display name of 1 to 255 bytes without control characters, or none")]
    DisplayName,
    /// The address can be none.
    #[error("expected an address such as ann@example.com, of at most 254 characters without blanks, or none")]
    Email,
    /// A role that cannot be told.
    #[error("expected at most 32 roles, each once, of 1 to 128 bytes without control characters")]
    Roles,
}

impl Profile {
    /// Refuses what could not be shown or stored.
    pub fn accept(&self) -> Result<(), ProfileFault> {
        let shows = |text: &str, most: usize| (1..=most).contains(&text.len()) && !text.chars().any(char::is_control);
        if self.display_name.as_deref().is_some_and(|name| !shows(name, 255)) {
            return Err(ProfileFault::DisplayName);
        }
        let is_address = |text: &str| {
            let sides = text.split_once('@');
            let whole = sides.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
            whole && shows(text, 254) && !text.chars().any(char::is_whitespace)
        };
        if self.email.as_deref().is_some_and(|email| !is_address(email)) {
            return Err(ProfileFault::Email);
        }
        let twice = |at: usize, role: &String| self.roles.iter().take(at).any(|other| other == role);
        let mut roles = self.roles.iter().enumerate();
        if self.roles.len() > 32 || roles.any(|(at, role)| !shows(role, 128) || twice(at, role)) {
            return Err(ProfileFault::Roles);
        }
        Ok(())
    }
}

/// A user with all that is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// What checks know, too.
    pub user: User,
    /// What others may be told.
    pub profile: Profile,
    /// What the password is known by; none where the user has no password.
    pub password: Option<PasswordPhc>,
    /// Tells this password from every other that the user had or will have; zero for none.
    pub password_epoch: u32,
}

/// A personal access token, as lists show one. The token itself was shown once, when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonalToken {
    /// Names this token for ever; no token of another kind has the same.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserName,
    /// What its user calls it.
    pub name: String,
    /// What it is for, in its user's words; may be empty.
    pub description: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it may no longer be used.
    pub expires_at: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, if it was. A crash forgets the uses of the last seconds.
    pub last_used_at: Option<Timestamp>,
}

/// What the store keeps of a user beside what checks need.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct PersonRow {
    pub(crate) password: Option<PasswordPhc>,
    /// Tells the present password from every one before it; zero where there never was one.
    pub(crate) epoch: u32,
    pub(crate) profile: Profile,
}

impl PersonRow {
    /// What checks tell the present password by: zero where there is none.
    pub(crate) fn password_epoch(&self) -> u32 {
        if self.password.is_some() { self.epoch } else { 0 }
    }
}

/// What the store keeps of a personal access token beside the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonalRow {
    pub(crate) name: String,
    pub(crate) description: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_digests_are_taken_and_none_is_printed() {
        let good = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ";
        let phc = PasswordPhc::parse(good).unwrap();
        assert_eq!(phc.expose(), good);
        assert!(!format!("{phc:?}").contains("argon2id"));
        for bad in [
            "",
            "password",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ$more",
            "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ",
            "$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ",
            " $argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZ XNhbHQ$Y29tcHV0ZWQ",
            &format!("{good}{}", "A".repeat(256)),
        ] {
            assert_eq!(PasswordPhc::parse(bad), Err(ParsePhcError), "{bad}");
        }
    }

    #[test]
    fn profiles_that_cannot_be_shown_are_refused() {
        let profile = |name: &str, email: &str, roles: &[&str]| Profile {
            display_name: Some(name.to_owned()),
            email: Some(email.to_owned()),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        assert_eq!(Profile::default().accept(), Ok(()));
        assert_eq!(profile("Ann B", "ann@example.com", &["a", "b c"]).accept(), Ok(()));
        for (name, email, roles, fault) in [
            ("", "a@b", &[][..], ProfileFault::DisplayName),
            ("a\u{7}", "a@b", &[], ProfileFault::DisplayName),
            ("a", "ab", &[], ProfileFault::Email),
            ("a", "@b", &[], ProfileFault::Email),
            ("a", "a @b", &[], ProfileFault::Email),
            ("a", "a@b", &["x", "x"], ProfileFault::Roles),
            ("a", "a@b", &[""], ProfileFault::Roles),
        ] {
            assert_eq!(
                profile(name, email, roles).accept(),
                Err(fault),
                "{name:?} {email:?} {roles:?}"
            );
        }
    }

    #[test]
    fn without_a_password_the_epoch_is_zero_and_not_forgotten() {
        let phc = PasswordPhc::parse("$argon2id$v=19$m=8,t=1,p=1$c29t$Y29t").unwrap();
        let mut row = PersonRow {
            password: Some(phc),
            epoch: 7,
            profile: Profile::default(),
        };
        assert_eq!(row.password_epoch(), 7);
        row.password = None;
        assert_eq!((row.password_epoch(), row.epoch), (0, 7));
    }
}
