//! A token's record as the words of its cache line.

use crate::digest::TokenDigest;
use crate::record::{AuthorityId, TokenId, TokenStatus, Validity};
use crate::token::TokenKind;

/// Digest, id and authority, owner and state, validity.
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
    pub(crate) authority: Option<AuthorityId>,
}

pub(super) fn digest_of(facts: &Facts) -> TokenDigest {
    let [a, b, c, d, ..] = *facts;
    TokenDigest::from_words([a, b, c, d])
}

/// An id has 40 bits, the authority beside it 24.
const ID_BITS: u32 = TokenId::MOST.count_ones();

const REVOKED: u64 = 1;
const IN_DOUBT: u64 = 2;
/// Every second that 32 bits can say is one; whether a life has a beginning and an end stands in bits of its own.
const BEGINS: u64 = 4;
const ENDS: u64 = 8;

pub(super) fn pack(words: &[u64; 4], record: Found) -> Facts {
    let kind = u64::from(record.kind.number());
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
    let authority = record.authority.map_or(0, |authority| u64::from(authority.0));
    let id = record.id.0 & TokenId::MOST | authority << ID_BITS;
    [words[0], words[1], words[2], words[3], id, owner, life]
}

/// A line's record; none where the line is empty.
pub(super) fn unpack(facts: &Facts) -> Option<Found> {
    TokenWords::of(facts).unpack()
}

/// A record as the words that stand beside its digest.
///
/// A check carries these from hand to hand: words move in registers, where fields of all sizes would be put down and picked
/// up again piece by piece.
#[derive(Clone, Copy)]
pub(crate) struct TokenWords {
    id: u64,
    owner: u64,
    life: u64,
}

impl TokenWords {
    #[inline]
    fn of(facts: &Facts) -> Self {
        let [_, _, _, _, id, owner, life] = *facts;
        Self { id, owner, life }
    }

    /// The record in a line, if it is that of a digest. Every word is compared, wherever the first difference stands.
    #[inline]
    pub(super) fn found(facts: &Facts, digest: &[u64; 4]) -> Option<Self> {
        let [a, b, c, d, ..] = *facts;
        let words = Self::of(facts);
        let differences = (a ^ digest[0]) | (b ^ digest[1]) | (c ^ digest[2]) | (d ^ digest[3]);
        (differences == 0 && words.kind_code() != 0).then_some(words)
    }

    pub(crate) fn unpack(self) -> Option<Found> {
        let kind = TokenKind::of_number(u8::try_from(self.kind_code()).ok()?)?;
        Some(Found {
            id: self.id(),
            kind,
            status: self.status(),
            in_doubt: self.in_doubt(),
            validity: self.validity(),
            user: self.user(),
            generation: self.generation(),
            authority: self.authority(),
        })
    }

    pub(crate) fn id(self) -> TokenId {
        TokenId(self.id & TokenId::MOST)
    }

    /// The same words without an id.
    pub(crate) fn without_id(self) -> Self {
        Self {
            id: self.id & !TokenId::MOST,
            ..self
        }
    }

    /// In whose name the token acts.
    pub(crate) fn authority(self) -> Option<AuthorityId> {
        let authority = AuthorityId((self.id >> ID_BITS) as u32);
        (authority.0 != 0).then_some(authority)
    }

    pub(crate) fn status(self) -> TokenStatus {
        if self.state() & REVOKED == 0 {
            TokenStatus::Active
        } else {
            TokenStatus::Revoked
        }
    }

    pub(crate) fn in_doubt(self) -> bool {
        self.state() & IN_DOUBT != 0
    }

    pub(crate) fn validity(self) -> Validity {
        let state = self.state();
        Validity {
            not_before_s: (state & BEGINS != 0).then_some(self.life as u32),
            expires_at_s: (state & ENDS != 0).then_some((self.life >> 32) as u32),
        }
    }

    /// Where the user stands.
    pub(crate) fn user(self) -> u32 {
        self.owner as u32
    }

    /// The generation that must still stand there.
    pub(crate) fn generation(self) -> u16 {
        (self.owner >> 32) as u16
    }

    /// The [number](TokenKind::number) of its kind.
    pub(crate) fn kind_number(self) -> u8 {
        self.kind_code() as u8
    }

    fn kind_code(self) -> u64 {
        self.owner >> 48 & 0xff
    }

    fn state(self) -> u64 {
        self.owner >> 56
    }
}
