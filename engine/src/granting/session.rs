//! Sessions: logins in browsers.

use std::fmt;

use tollgate_core::{Timestamp, TokenDigest, TokenText, UserId, UserName};
use zeroize::Zeroizing;

use crate::record::User;

/// Begins a session of a user who has just proved who they are. Answers [`BegunSession`].
#[derive(Clone, Debug)]
pub struct BeginSession {
    /// Whose.
    pub user: UserName,
    /// When they proved it.
    pub auth_time: Timestamp,
    /// For how many seconds it lasts, however much it is used: 1 to 31,536,000.
    pub lifetime_s: u32,
}

/// A new session.
#[derive(Debug)]
#[non_exhaustive]
pub struct BegunSession {
    /// The secret for the cookie; it cannot be had again.
    pub session: TokenText,
    /// The first moment at which it is of no use.
    pub expires_at: Timestamp,
}

/// Ends a session. Ending it again changes nothing and succeeds.
#[derive(Clone, Debug)]
pub struct EndSession {
    /// Which session.
    pub session: SessionId,
}

/// Names a session in commands and records. It is no secret: nobody gets in with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId(pub(crate) TokenDigest);

impl SessionId {
    /// Digits of its [short name](SessionId::short).
    pub const SHORT_LEN: usize = 16;

    /// What people and lists name it by: the first 16 hexadecimal digits of it. [`Engine::held_session`](crate::Engine::held_session)
    /// finds it by them.
    pub fn short(&self) -> String {
        let mut text = blake3::Hash::from_bytes(*self.0.as_bytes()).to_hex().to_string();
        text.truncate(Self::SHORT_LEN);
        text
    }
}

/// What a presented session says. It is there only while the session holds: its user is active, and has the password with
/// which it began.
#[non_exhaustive]
pub struct SessionFacts {
    /// Names it.
    pub id: SessionId,
    /// Whose it is.
    pub user: User,
    /// When they proved who they are.
    pub auth_time: Timestamp,
    /// When it began.
    pub begun_at: Timestamp,
    /// The first moment at which it is of no use.
    pub expires_at: Timestamp,
    pub(crate) form_token: Zeroizing<String>,
}

impl SessionFacts {
    /// What forms of this session carry to show that they come from its own pages: 64 hexadecimal digits that follow from the
    /// session's secret under a key of their own. Compare them with [`SessionFacts::is_form_token`].
    pub fn form_token(&self) -> &str {
        &self.form_token
    }

    /// Whether a form was made in this session. Takes the same time wherever the texts differ.
    pub fn is_form_token(&self, presented: &[u8]) -> bool {
        use subtle::ConstantTimeEq as _;
        self.form_token.as_bytes().ct_eq(presented).into()
    }
}

impl fmt::Debug for SessionFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFacts")
            .field("id", &self.id)
            .field("user", &self.user.name)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A session as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionRow {
    pub(crate) user: UserId,
    /// The number of the password with which it began: another password ends all sessions of before.
    pub(crate) password_epoch: u32,
    pub(crate) auth_time: Timestamp,
    pub(crate) begun_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}
