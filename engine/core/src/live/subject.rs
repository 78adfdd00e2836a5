//! Whom a decision is about.

use crate::credential::Place;
use crate::foreign::ForeignForm;
use crate::live::Holder;
use crate::record::{AuthorityId, TokenId, UserId};
use crate::token::TokenKind;

/// Whose token a decision was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The token's user.
    pub user: UserId,
    /// The token.
    pub token: TokenId,
    /// In whose name the token acts; none where its user acts for themselves.
    pub authority: Option<AuthorityId>,
    /// Where the token stood in the request.
    pub place: Place,
    pub(crate) kind: u8,
    pub(crate) position: u32,
    pub(crate) generation: u16,
    /// The foreign scheme by whose digest the token was found.
    pub(crate) scheme: Option<ForeignForm>,
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
            kind: holder.token.kind_number(),
            position: holder.token.user(),
            generation: holder.user.generation(),
            scheme: holder.scheme,
        }
    }
}
