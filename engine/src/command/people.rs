//! Commands about what is known of users beside what checks need, and about their own tokens.

use tollgate_core::{Timestamp, TokenId, TokenText, UserName};

use crate::person::{PasswordPhc, PersonalToken, Profile};

/// Gives a user a password, or takes it away. A password that was checked before is of no use when this returns. Answers the
/// [`User`](crate::User).
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// Whose password.
    pub user: UserName,
    /// What it is known by; none for no password.
    pub password: Option<PasswordPhc>,
}

/// Exchanges what the password of a user is known by for another digest of the same password, made with other parameters. Nothing that
/// was proven with it ends. Changes nothing where the password is known by something else by now. Answers whether it was exchanged.
///
/// That both are of one password is the caller's to know: it must have been presented just now, and have fitted `from`.
#[derive(Clone, Debug)]
pub struct RenewPassword {
    /// Whose password.
    pub user: UserName,
    /// What it was known by when it was presented.
    pub from: PasswordPhc,
    /// What it is known by from now on.
    pub to: PasswordPhc,
}

/// Says what others are told of a user, all of it. Answers the [`Profile`].
#[derive(Clone, Debug)]
pub struct SetProfile {
    /// About whom.
    pub user: UserName,
    /// What they are told from now on.
    pub profile: Profile,
}

/// Issues a personal access token: it does what its user's authtokens do, and ends by itself. Answers [`IssuedPersonalToken`], the
/// only place where it is ever shown.
#[derive(Clone, Debug)]
pub struct IssuePersonalToken {
    /// Whose it will be.
    pub user: UserName,
    /// What its user calls it: 1 to 100 bytes without control characters; not unique.
    pub name: String,
    /// What it is for: at most 1,000 bytes without control characters; may be empty.
    pub description: String,
    /// The first moment at which it may no longer be used, rounded down to a second; at most 366 days from now.
    pub expires_at: Timestamp,
}

impl IssuePersonalToken {
    /// Most tokens that a user has in use at a time. Whether there is room is decided where the token is made, so that requests at
    /// the same time cannot both have the last place.
    pub const ACTIVE_MOST: usize = 5;
    /// Most tokens that stand in a user's list.
    pub const LISTED_MOST: usize = 1_000;
    /// Most days to the end of one.
    pub const DAYS_MOST: u64 = 366;
}

/// A new personal access token.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedPersonalToken {
    /// The secret; it cannot be had again.
    pub token: TokenText,
    /// What is stored about it.
    pub record: PersonalToken,
}

/// Takes a personal access token back, for ever. Revoking it again changes nothing and succeeds. Answers the [`PersonalToken`].
#[derive(Clone, Debug)]
pub struct RevokePersonalToken {
    /// Whose it must be; none where anybody's may be meant. A user who names another's token is told that there is none.
    pub user: Option<UserName>,
    /// Which token.
    pub id: TokenId,
}
