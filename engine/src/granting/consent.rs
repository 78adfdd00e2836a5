//! What users have agreed that clients may do.

use tollgate_core::{Audience, ClientName, Scope, ScopeSet, Timestamp, UserName};

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
    /// Where: at these audiences, and nowhere else; at none where this is empty.
    pub audiences: Vec<Audience>,
}

impl GiveConsent {
    /// Sets of audiences that are told apart in one consent; a further one takes the place of the oldest.
    pub const PARTS_MOST: usize = 16;
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
    /// All that was agreed to, wherever. See [`Consent::covers`].
    pub scopes: ScopeSet,
    /// All the audiences at which anything was.
    pub audiences: Vec<Audience>,
    /// When the last of it was.
    pub given_at: Timestamp,
    pub(crate) parts: Vec<ConsentPart>,
}

impl Consent {
    /// Whether it covers all of `scopes` at these audiences. What was agreed to for one audience counts for no other; and a token
    /// without audiences, which is good wherever none is asked for, has to be agreed to by itself.
    pub fn covers(&self, scopes: &ScopeSet, audiences: &[Audience]) -> bool {
        covers(&self.parts, scopes, audiences)
    }
}

/// What was agreed to for one set of audiences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsentPart {
    /// In ascending order.
    pub(crate) audiences: Vec<Audience>,
    pub(crate) scopes: ScopeSet,
}

/// Whether one of the parts covers what is asked for.
pub(crate) fn covers(parts: &[ConsentPart], scopes: &ScopeSet, audiences: &[Audience]) -> bool {
    parts.iter().any(|part| {
        let everywhere = audiences.iter().all(|audience| part.audiences.contains(audience));
        everywhere && audiences.is_empty() == part.audiences.is_empty() && scopes.is_subset_of(&part.scopes)
    })
}

/// A consent as the store keeps one, under user and client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsentRow {
    pub(crate) client: ClientName,
    /// The oldest set of audiences first.
    pub(crate) parts: Vec<ConsentPart>,
    pub(crate) given_at: Timestamp,
}

impl ConsentRow {
    /// All that was agreed to, wherever.
    pub(crate) fn scopes(&self) -> ScopeSet {
        let mut all: Vec<Scope> = Vec::new();
        for scope in self.parts.iter().flat_map(|part| part.scopes.iter()) {
            if all.len() < ScopeSet::MOST && !all.contains(scope) {
                all.push(scope.clone());
            }
        }
        ScopeSet::of(all).unwrap_or_default()
    }

    /// All the audiences at which anything was.
    pub(crate) fn audiences(&self) -> Vec<Audience> {
        let mut all: Vec<Audience> = self.parts.iter().flat_map(|part| part.audiences.clone()).collect();
        all.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        all.dedup();
        all
    }
}
