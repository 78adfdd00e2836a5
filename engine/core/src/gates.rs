//! The gates: each asks one question of facts that are already there, and knows nothing of the others.

use crate::deny::DenyReason;
use crate::index::{TokenWords, UserWords};
use crate::live::{Footing, Freshness, Routed, Standing};
use crate::operation::Operation;
use crate::record::TokenStatus;
use crate::scope::ScopeSet;
use crate::time::Timestamp;

/// A question in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// May this address call at all?
    NetworkGlobal,
    /// Can the path be read in one way only?
    Route,
    /// Is there exactly one credential that can be read?
    Extract,
    /// Was such a token issued, to this user?
    LookUp,
    /// Was it not revoked, and are its user and the client that acts for them active?
    Status,
    /// Is now between its beginning and its end?
    Validity,
    /// Is the token meant for the audience that the route names?
    Audience,
    /// May this user call from this address?
    NetworkUser,
    /// May this user use this method?
    Operation,
    /// Does the token carry the scopes that the route wants?
    Scope,
    /// Is this view young enough, and nothing about this token in doubt?
    Freshness,
    /// Is something left of the hourly limit?
    Rate,
    /// Is a place free among the requests under way?
    Concurrency,
}

impl Gate {
    /// All gates in order.
    pub const ALL: [Self; 13] = [
        Self::NetworkGlobal,
        Self::Route,
        Self::Extract,
        Self::LookUp,
        Self::Status,
        Self::Validity,
        Self::Audience,
        Self::NetworkUser,
        Self::Operation,
        Self::Scope,
        Self::Freshness,
        Self::Rate,
        Self::Concurrency,
    ];
}

/// A banned address sees nothing at all; one that is neither banned nor trusted may still be some user's own.
pub(crate) fn network_global(standing: Standing) -> Result<(), DenyReason> {
    match standing {
        Standing::Banned => Err(DenyReason::NetworkRefused),
        Standing::Trusted | Standing::Neither => Ok(()),
    }
}

/// Global deny, user deny, user allow, global allow, default deny; the first was asked already.
pub(crate) fn network_user(global: Standing, user: Standing) -> Result<(), DenyReason> {
    match (user, global) {
        (Standing::Banned, _) => Err(DenyReason::NetworkRefused),
        (Standing::Trusted, _) | (Standing::Neither, Standing::Trusted) => Ok(()),
        (Standing::Neither, Standing::Neither | Standing::Banned) => Err(DenyReason::NetworkRefused),
    }
}

/// A path that servers read in two ways takes no route for certain.
pub(crate) fn route(routed: Routed) -> Result<(), DenyReason> {
    if routed.is_ambiguous() {
        Err(DenyReason::AmbiguousPath)
    } else {
        Ok(())
    }
}

/// What is in doubt is asked about with freshness.
pub(crate) fn status(token: TokenWords, user: UserWords, footing: Footing) -> Result<(), DenyReason> {
    match (token.status(), user.is_active() && footing != Footing::Inactive) {
        (TokenStatus::Revoked, _) => Err(DenyReason::Revoked),
        (TokenStatus::Active, false) => Err(DenyReason::Suspended),
        (TokenStatus::Active, true) => Ok(()),
    }
}

pub(crate) fn validity(token: TokenWords, now: Timestamp) -> Result<(), DenyReason> {
    let validity = token.validity();
    if validity.is_early(now) {
        Err(DenyReason::NotYetValid)
    } else if validity.is_over(now) {
        Err(DenyReason::Expired)
    } else {
        Ok(())
    }
}

pub(crate) fn audience(is_meant: bool) -> Result<(), DenyReason> {
    if is_meant {
        Ok(())
    } else {
        Err(DenyReason::WrongAudience)
    }
}

pub(crate) fn operation(method: &[u8], user: UserWords) -> Result<(), DenyReason> {
    match Operation::of_method(method) {
        Some(operation) if user.operations().contains(operation) => Ok(()),
        Some(_) | None => Err(DenyReason::OperationRefused),
    }
}

/// What a user's own token carries is no scope at all, so wherever one is wanted it is refused.
pub(crate) fn scope(wanted: &[&str], held: &ScopeSet, holds_those_of_route: bool) -> Result<(), DenyReason> {
    if holds_those_of_route && wanted.iter().all(|scope| held.contains(scope)) {
        Ok(())
    } else {
        Err(DenyReason::InsufficientScope)
    }
}

pub(crate) fn freshness(freshness: Freshness, in_doubt: bool, now: Timestamp) -> Result<(), DenyReason> {
    match freshness {
        _ if in_doubt => Err(DenyReason::StaleView),
        // The last moment stands for a clock that cannot be read: what is valid then nobody knows.
        _ if now == Timestamp::MAX => Err(DenyReason::StaleView),
        Freshness::Always => Ok(()),
        Freshness::Until(moment) if now <= moment => Ok(()),
        Freshness::Until(_) | Freshness::Never => Err(DenyReason::StaleView),
    }
}
