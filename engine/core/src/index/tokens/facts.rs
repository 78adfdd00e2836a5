//! A token's record as the words of its cache line.

use crate::digest::TokenDigest;
use crate::record::{TokenId, TokenStatus, Validity};
use crate::token::TokenKind;

/// Digest, id, owner and state, validity.
pub(super) type Facts = [u64; 7];

/// An empty line.
pub(super) const NOTHING: Facts = [0; 7];

/// What a check learns from a token's cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: TokenId,
    pub(crate) kind: TokenKind,
    pub(crate) status: TokenStatus,
    /// Whether a change to this token is in doubt.
    pub(crate) in_doubt: bool,
    pub(crate) validity: Validity,
    /// Where the user stands, and the generation that must still be there.
    pub(crate) user: u32,
    pub(crate) generation: u16,
}

pub(super) fn digest_of(facts: &Facts) -> TokenDigest {
    let [a, b, c, d, ..] = *facts;
    TokenDigest::from_words([a, b, c, d])
}

pub(super) fn is_of(facts: &Facts, words: &[u64; 4]) -> bool {
    let [a, b, c, d, ..] = *facts;
    unpack(facts).is_some() && (a ^ words[0]) | (b ^ words[1]) | (c ^ words[2]) | (d ^ words[3]) == 0
}

const REVOKED: u64 = 1;
const IN_DOUBT: u64 = 2;
/// Every second that 32 bits can say is one; whether a life has a beginning and an end stands in bits of its own.
const BEGINS: u64 = 4;
const ENDS: u64 = 8;

pub(super) fn pack(words: &[u64; 4], record: Found) -> Facts {
    let kind = match record.kind {
        TokenKind::Authtoken => 1_u64,
        TokenKind::PersonalAccess => 2,
        TokenKind::Refresh => 3,
        TokenKind::ClientSecret => 4,
        TokenKind::Access => 5,
        TokenKind::Admin => 6,
    };
    let status = match record.status {
        TokenStatus::Active => 0,
        TokenStatus::Revoked => REVOKED,
    };
    let Validity {
        not_before_s,
        expires_at_s,
    } = record.validity;
    let flag = |set: bool, bit: u64| if set { bit } else { 0 };
    let ends = flag(not_before_s.is_some(), BEGINS) | flag(expires_at_s.is_some(), ENDS);
    let state = status | flag(record.in_doubt, IN_DOUBT) | ends;
    let owner = u64::from(record.user) | u64::from(record.generation) << 32 | kind << 48 | state << 56;
    let life = u64::from(not_before_s.unwrap_or(0)) | u64::from(expires_at_s.unwrap_or(0)) << 32;
    [words[0], words[1], words[2], words[3], record.id.0, owner, life]
}

/// A line's record; none where the line is empty.
pub(super) fn unpack(facts: &Facts) -> Option<Found> {
    let [_, _, _, _, id, owner, life] = *facts;
    let kind = match owner >> 48 & 0xff {
        1 => TokenKind::Authtoken,
        2 => TokenKind::PersonalAccess,
        3 => TokenKind::Refresh,
        4 => TokenKind::ClientSecret,
        5 => TokenKind::Access,
        6 => TokenKind::Admin,
        _ => return None,
    };
    let state = owner >> 56;
    Some(Found {
        id: TokenId(id),
        kind,
        status: if state & REVOKED == 0 {
            TokenStatus::Active
        } else {
            TokenStatus::Revoked
        },
        in_doubt: state & IN_DOUBT != 0,
        validity: Validity {
            not_before_s: (state & BEGINS != 0).then_some(life as u32),
            expires_at_s: (state & ENDS != 0).then_some((life >> 32) as u32),
        },
        user: owner as u32,
        generation: (owner >> 32) as u16,
    })
}
