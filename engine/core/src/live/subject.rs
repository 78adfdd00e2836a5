//! Whom a decision is about.

use crate::credential::Place;
use crate::foreign::ForeignForm;
use crate::live::{Holder, Routed};
use crate::record::{AuthorityId, TokenId, UserId};
use crate::settle::UnsettledSort;
use crate::token::TokenKind;

/// Whose token a decision was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The token's user.
    pub user: UserId,
    /// The token; zero where a proof was remembered instead.
    pub token: TokenId,
    /// In whose name the token acts; none where its user acts for themselves.
    pub authority: Option<AuthorityId>,
    /// Where the token stood in the request.
    pub place: Place,
    /// What was proven elsewhere, so that there is no token and its id is zero; none where there is one.
    pub settled: Option<UnsettledSort>,
    pub(crate) kind: u8,
    pub(crate) position: u32,
    pub(crate) generation: u16,
    /// The foreign scheme by whose digest the token was found.
    pub(crate) scheme: Option<ForeignForm>,
}

/// What a route asked for when a check was refused for it, as [`LiveView::wanted_scopes`](crate::LiveView::wanted_scopes) reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    place: u32,
    /// The low half of a mark, which is enough for a text that decides nothing.
    mark: u32,
}

impl Wanted {
    pub(crate) fn of(routed: Routed, mark: u64) -> Self {
        Self {
            place: routed.place(),
            mark: mark as u32,
        }
    }

    /// Where the route's body stands, if the mark is still this one.
    pub(super) fn place(self, mark: u64) -> Option<u32> {
        (self.mark == mark as u32 && self.place != 0).then_some(self.place)
    }
}

impl Subject {
    /// What kind of token it is; none where no token of ours stands behind the decision.
    pub fn kind(&self) -> Option<TokenKind> {
        TokenKind::of_number(self.kind)
    }

    pub(crate) fn of(holder: &Holder<'_>, place: Place) -> Self {
        Self {
            user: holder.user.id(),
            token: holder.token.id(),
            authority: holder.token.authority(),
            place,
            kind: holder.settled.map_or_else(|| holder.token.kind_number(), |_| 0),
            settled: holder.settled,
            position: holder.token.user(),
            generation: holder.user.generation(),
            scheme: holder.scheme,
        }
    }
}
