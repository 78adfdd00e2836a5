//! What a check cannot decide alone: a password, and a token that another issuer has signed. Whoever can, settles it elsewhere, and
//! has the proof remembered for a while.

use crate::digest::TokenDigest;
use crate::record::{AuthorityId, UserId};
use crate::time::Timestamp;

/// Seconds for which a proof is remembered at most.
pub const REMEMBERED_S: u64 = 60;

/// What has to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnsettledSort {
    /// That a user's name and password belong together.
    Password,
    /// That a trusted external issuer has signed a token.
    External,
}

/// A question that a check leaves open. It holds no secret: the proof itself stands in the request alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// What has to be proven.
    pub sort: UnsettledSort,
    /// Under what the proof can be remembered.
    pub digest: TokenDigest,
    /// Which external issuers were trusted when the check asked: [`ServerRecord::external_issuers`](crate::ServerRecord).
    pub external_issuers: u32,
}

/// The answer to such a question, once it was proven.
///
/// It holds for as long as what it was proven against: a password until the user has another, a signature until other
/// issuers are trusted. So both are told by their numbers, which must be read *before* the proof is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Whose credential it was.
    pub user: UserId,
    /// The user's [`password_epoch`](crate::UserRecord::password_epoch) whose password was proven; of no meaning for a
    /// signature.
    pub password_epoch: u32,
    /// In whose name it acts; none for a password.
    pub authority: Option<AuthorityId>,
    /// The first moment at which the proof is forgotten. It counts in whole seconds, rounded down.
    pub until: Timestamp,
}
