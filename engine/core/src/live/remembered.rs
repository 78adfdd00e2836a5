//! Proofs that were remembered: an index of their own, bounded, the oldest out first.

use alloc::collections::VecDeque;

use crate::digest::TokenDigest;
use crate::index::{Found, TokenIndex, TokenInserter};
use crate::record::{AuthorityId, TokenId, TokenStatus, Validity};
use crate::time::Timestamp;
use crate::token::TokenKind;

/// Proofs that are remembered at a time: about a mebibyte.
const REMEMBERED_MOST: usize = 16_384;

/// One proof, as the writer has checked it: whose it is, and what it was proven against.
pub(super) struct Proof {
    pub(super) digest: TokenDigest,
    /// Where the user stands, and which one.
    pub(super) user: (u32, u16),
    /// The number of the password, or of the set of issuers.
    pub(super) epoch: u32,
    pub(super) authority: Option<AuthorityId>,
    pub(super) until: Timestamp,
}

/// The writer's side.
#[derive(Default)]
pub(super) struct Rememberer {
    inserter: TokenInserter,
    /// In the order in which they came.
    order: VecDeque<TokenDigest>,
}

impl Rememberer {
    /// Puts a proof in, in the place of one of the same digest. A line has no room for the number of the proof beside that of a
    /// token, and a proof has no token: so the one stands where the other would.
    pub(super) fn put(&mut self, index: &TokenIndex, proof: &Proof) {
        let record = Found {
            id: TokenId(u64::from(proof.epoch)),
            kind: TokenKind::Access,
            status: TokenStatus::Active,
            in_doubt: false,
            validity: Validity {
                not_before_s: None,
                expires_at_s: Some(u32::try_from(proof.until.as_seconds()).unwrap_or(u32::MAX)),
            },
            user: proof.user.0,
            generation: proof.user.1,
            authority: proof.authority,
        };
        let before = self.inserter.len();
        if !self.inserter.put(index, &proof.digest, record) || self.inserter.len() == before {
            return;
        }
        self.order.push_back(proof.digest);
        if self.order.len() > REMEMBERED_MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.inserter.remove(index, &oldest);
        }
    }
}
