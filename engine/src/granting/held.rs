//! Grants as operators see them: logins that clients go on with and access tokens that stand alone, and taking them back.

use tollgate_core::{ClientName, Timestamp, UserName};

use super::{GrantedTo, SessionId};
use crate::client::Grant;

/// Names a grant for ever, and no token of another kind: a family's number, or that of an access token without a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(pub u64);

/// A grant, as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldGrant {
    /// Names it.
    pub id: GrantId,
    /// Whose it is, with all that was granted.
    pub to: GrantedTo,
    /// What it began with.
    pub grant: Grant,
    /// Whether it is a family, with all tokens that come of one authorization; else it is one access token.
    pub is_family: bool,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it was last refreshed, if it was.
    pub refreshed_at: Option<Timestamp>,
    /// The first moment at which nothing of it is of use.
    pub ends_at: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// Which grants are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantsOf {
    /// All of a user.
    User(UserName),
    /// All that a client has, of whichever user.
    Client(ClientName),
    /// What a client has of one user.
    Both(UserName, ClientName),
}

/// Takes a grant back with all its refresh and access tokens, for ever. The id of an access token means the grant that it belongs
/// to. Revoking it again changes nothing and succeeds. Answers the [`HeldGrant`].
#[derive(Clone, Debug)]
pub struct RevokeGrant {
    /// Which grant.
    pub id: GrantId,
}

/// Takes back a part of what was granted: see [`Authored::revoke_grants`](crate::Authored::revoke_grants), which takes back all.
/// Answers [`RevokedGrants`].
#[derive(Clone, Debug)]
pub struct RevokeGrants {
    /// Which grants.
    pub of: GrantsOf,
    /// The grant behind which to go on; none for the first part.
    pub after: Option<GrantId>,
}

/// What was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevokedGrants {
    /// Grants: families, and access tokens without one.
    pub grants: usize,
    /// Access tokens, with or without a family.
    pub access_tokens: usize,
    /// Codes that nobody had redeemed yet.
    pub codes: usize,
    /// Where to go on; none where nothing is left of what there was when this was carried out.
    pub next: Option<GrantId>,
}

/// A login in a browser that holds, as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldSession {
    /// Names it.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserName,
    /// When they proved who they are.
    pub auth_time: Timestamp,
    /// When it began.
    pub begun_at: Timestamp,
    /// The first moment at which it is of no use.
    pub expires_at: Timestamp,
}

/// Ends a part of a user's sessions: see [`Authored::end_sessions`](crate::Authored::end_sessions), which ends all. Answers
/// [`EndedSessions`].
#[derive(Clone, Debug)]
pub struct EndSessions {
    /// Whose.
    pub user: UserName,
}

/// What was ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndedSessions {
    /// Sessions that had not ended by themselves.
    pub sessions: usize,
    /// Whether there are more.
    pub more: bool,
}
