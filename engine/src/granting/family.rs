//! Families: all refresh and access tokens that come of one authorization.

use std::fmt;

use tollgate_core::{Audience, ScopeSet, Timestamp, TokenDigest};
use zeroize::Zeroizing;

use super::access::Grantee;
use super::{AccessText, GrantedTo, IssuedAccess, SessionId};
use crate::client::Grant;
use crate::record::FamilyId;

/// Seconds for which a refresh token that was used may be presented again, by the same client, for the same successor: requests
/// that cross, or an answer that was lost. Beyond them it is taken for stolen.
pub const REPEAT_WINDOW_S: u64 = 10;

/// Seconds after which a refresh token that lies unused has ended, where nobody says otherwise: 14 days.
pub const REFRESH_IDLE_S: u64 = 14 * 24 * 3_600;

/// Names a presented refresh token in commands, and its successor. Only [`Engine::refresh`](crate::Engine::refresh) makes one.
///
/// The successor's bits follow from the presented text under a key of their own, so that nothing secret has to be stored for
/// the same successor to be given twice. They are wiped when this is dropped, and never printed.
pub struct RefreshProof {
    pub(crate) digest: TokenDigest,
    pub(crate) successor: Box<Zeroizing<[u8; 32]>>,
}

impl fmt::Debug for RefreshProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RefreshProof").field(&self.digest).finish()
    }
}

/// What a presented refresh token is bound to. Whether it can still be used, only [`Refresh`] says.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefreshFacts {
    /// Names the refresh token in commands.
    pub proof: RefreshProof,
    /// The family that it belongs to.
    pub family: FamilyId,
    /// Whose it is, with all that was granted.
    pub to: GrantedTo,
    /// When the user logged in.
    pub auth_time: Timestamp,
    /// The session in which they agreed.
    pub session: Option<SessionId>,
    /// Which of our issuers it was given by; any, where this is none.
    pub issuer: Option<String>,
    /// The first moment at which nothing of the family is of use, however often it is refreshed.
    pub ends_at: Timestamp,
    /// Whether it was used before; a command may still find that it was used since.
    pub used: bool,
    /// Whether the family was revoked.
    pub revoked: bool,
}

/// Exchanges a refresh token for its successor and an access token. Answers [`Refreshed`].
#[derive(Debug)]
pub struct Refresh {
    /// Which refresh token.
    pub refresh: RefreshProof,
    /// The client that presents it.
    pub client_number: u64,
    /// What the new access token may do, where that is less than was granted. The family keeps what it has.
    pub scopes: Option<ScopeSet>,
    /// Where the new access token is good, where that is less than was granted.
    pub audiences: Option<Vec<Audience>>,
    /// What the text of the access token is.
    pub text: AccessText,
    /// For how many seconds the access token is good, but never longer than its family: 1 to 31,536,000.
    pub lifetime_s: u32,
}

/// What became of a presented refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// It was not used before. This caller, and nobody else, is told so.
    Granted(Box<IssuedAccess>),
    /// It was used less than [`REPEAT_WINDOW_S`] ago: the same successor, or the newest where that was used as well, with an access
    /// token of its own.
    Repeated(Box<IssuedAccess>),
    /// It was used before that, or another client presented it: it is stolen, and all its family is revoked from now on.
    Reused,
}

/// Takes a family back with all its refresh and access tokens, for ever. Revoking it again changes nothing and succeeds.
#[derive(Clone, Debug)]
pub struct RevokeFamily {
    /// Which family.
    pub family: FamilyId,
}

impl RevokeFamily {
    /// Access tokens of one family that are of use at a time; a newer one ends the oldest. It bounds what taking a family back
    /// costs.
    pub const TOKENS_MOST: usize = 128;
}

/// A family, as lists show one: a login that a client goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Family {
    /// Names it for ever.
    pub id: FamilyId,
    /// Whose it is.
    pub to: GrantedTo,
    /// What it began with.
    pub grant: Grant,
    /// When the user logged in.
    pub auth_time: Timestamp,
    /// When it began.
    pub begun_at: Timestamp,
    /// The first moment at which nothing of it is of use.
    pub ends_at: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A family as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FamilyRow {
    pub(crate) grantee: Grantee,
    /// What it began with.
    pub(crate) grant: Grant,
    pub(crate) auth_time: Timestamp,
    pub(crate) session: Option<SessionId>,
    /// Which of our issuers it was given by; any, where this is none.
    pub(crate) issuer: Option<String>,
    /// Whether it rests on a consent, which can be withdrawn.
    pub(crate) consented: bool,
    pub(crate) begun_at: Timestamp,
    /// When it was last refreshed.
    pub(crate) refreshed_at: Option<Timestamp>,
    pub(crate) ends_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

impl FamilyRow {
    /// The moment from which on it only explains refusals.
    pub(crate) fn ended_at(&self) -> Timestamp {
        self.revoked_at.map_or(self.ends_at, |at| at.min(self.ends_at))
    }
}

/// A refresh token as the store keeps one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefreshRow {
    pub(crate) family: FamilyId,
    pub(crate) issued_at: Timestamp,
    /// When it was first used.
    pub(crate) used_at: Option<Timestamp>,
}
