//! Logins, for the audit trail alone.

use tollgate_core::UserName;

/// Writes down that somebody logged in, or failed to. From where, the [`Author`](crate::Author) says.
#[derive(Clone, Debug)]
pub struct RecordLogin {
    /// Whom they tried to be; none where there is no such user. What was typed is never written down: it may be a password in the
    /// wrong field.
    pub user: Option<UserName>,
    /// How it went.
    pub outcome: LoginOutcome,
    /// How many times, where failures are gathered before they are written.
    pub count: u32,
}

/// How a login went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// They are who they say.
    Succeeded,
    /// Name or password was wrong, or the user is inactive.
    Failed,
    /// It was refused without a look, because too many failed before.
    Throttled,
}
