//! What users have agreed that clients may do.

use tollgate_core::{ClientName, ScopeSet, Timestamp, UserName};

/// Notes that a user agrees to what a client asks for, beside what they agreed to before. Answers the [`Consent`].
#[derive(Clone, Debug)]
pub struct GiveConsent {
    /// Who agrees.
    pub user: UserName,
    /// To which client.
    pub client: ClientName,
    /// Its number.
    pub client_number: u64,
    /// To what.
    pub scopes: ScopeSet,
}

/// Takes a consent back: what rests on it can no longer be refreshed, and no code of it be redeemed. Access tokens end by
/// themselves. Withdrawing what was never given changes nothing and succeeds.
#[derive(Clone, Debug)]
pub struct WithdrawConsent {
    /// Who withdraws.
    pub user: UserName,
    /// From which client, by its number.
    pub client_number: u64,
}

/// What a user has agreed that a client may do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent {
    /// The client.
    pub client: ClientName,
    /// Its number.
    pub client_number: u64,
    /// All that was agreed to.
    pub scopes: ScopeSet,
    /// When the last of it was.
    pub given_at: Timestamp,
}

/// A consent as the store keeps one, under user and client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsentRow {
    pub(crate) client: ClientName,
    pub(crate) scopes: ScopeSet,
    pub(crate) given_at: Timestamp,
}
