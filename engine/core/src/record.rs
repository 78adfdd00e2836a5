//! The facts that a check is decided by, as their owner hands them to the live view.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

use crate::client::{Audience, ClientName};
use crate::digest::TokenDigest;
use crate::foreign::ForeignForms;
use crate::network::AddressRange;
use crate::operation::OperationSet;
use crate::route::Route;
use crate::scope::ScopeSet;
use crate::time::Timestamp;
use crate::token::TokenKind;

/// Names a user for ever; a number is never given to a second one. Zero names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u64);

/// Names a token for ever; it is no secret. From 1 to [`TokenId::MOST`]; zero names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub u64);

impl TokenId {
    /// The greatest number: 40 bits.
    pub const MOST: u64 = (1 << 40) - 1;
}

/// Names an authority for ever: from 1 to [`AuthorityId::MOST`]. Zero names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityId(pub u32);

impl AuthorityId {
    /// The greatest number: 24 bits.
    pub const MOST: u32 = (1 << 24) - 1;
}

/// Counts committed transactions: each one that changes a record raises it by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u64);

/// A limit as somebody set it: on a user, or on the server for all users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Limit {
    /// Take the server's; on the server itself, none.
    #[default]
    Inherit,
    /// No limit, whatever the server says.
    Unlimited,
    /// At most this many.
    AtMost(NonZeroU32),
}

impl Limit {
    /// The greatest number that can be set: an hourly count has 28 bits.
    pub const MOST: u32 = (1 << 28) - 1;

    /// What holds for a user: their own setting over the server's over no limit.
    pub fn effective(self, server: Self) -> Option<NonZeroU32> {
        match (self, server) {
            (Self::AtMost(most), _) | (Self::Inherit, Self::AtMost(most)) => Some(most),
            (Self::Unlimited, _) | (Self::Inherit, Self::Inherit | Self::Unlimited) => None,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inherit => f.write_str("inherit"),
            Self::Unlimited => f.write_str("unlimited"),
            Self::AtMost(most) => write!(f, "{most}"),
        }
    }
}

/// A text that is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLimitError;

impl fmt::Display for ParseLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a number from 1 to {}, `unlimited` or `inherit`",
            Limit::MOST
        )
    }
}

impl core::error::Error for ParseLimitError {}

impl FromStr for Limit {
    type Err = ParseLimitError;

    /// Reads a number from 1 to [`Limit::MOST`], `unlimited`, or `inherit` (nothing at all means the same). Zero is
    /// refused, because it has meant both "none" and "no limit" in other systems.
    fn from_str(text: &str) -> Result<Self, ParseLimitError> {
        match text.trim() {
            "" | "inherit" => Ok(Self::Inherit),
            "unlimited" => Ok(Self::Unlimited),
            number => match number.parse::<NonZeroU32>() {
                Ok(most) if most.get() <= Self::MOST => Ok(Self::AtMost(most)),
                Ok(_) | Err(_) => Err(ParseLimitError),
            },
        }
    }
}

/// A user's name: 1 to 255 bytes of UTF-8 without control characters, without a colon (Basic separates name and
/// password by one, RFC 7617) and without blanks at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Box<str>);

impl UserName {
    /// The greatest length in bytes.
    pub const LEN_MAX: usize = 255;

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserNameError;

impl fmt::Display for UserNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a user name of 1 to 255 bytes without colon, control characters or blanks at its ends")
    }
}

impl core::error::Error for UserNameError {}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        let fits = (1..=Self::LEN_MAX).contains(&text.len()) && text.trim() == text;
        let plain = !text.chars().any(|c| c == ':' || c.is_control());
        if fits && plain {
            Ok(Self(text.into()))
        } else {
            Err(UserNameError)
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The addresses that somebody trusts and bans. Banned beats trusted within one set.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Networks {
    /// Addresses that may not call.
    pub banned: Vec<AddressRange>,
    /// Addresses that may.
    pub trusted: Vec<AddressRange>,
}

impl Networks {
    /// The same addresses in the fewest ranges, IPv4 before IPv6, each family in ascending order.
    #[must_use]
    pub fn normalised(&self) -> Self {
        Self {
            banned: merged(&self.banned),
            trusted: merged(&self.trusted),
        }
    }

    /// Whether every address is trusted and none is banned.
    pub(crate) fn trusts_all(&self) -> bool {
        let all = [
            AddressRange::V4 {
                first: 0,
                last: u32::MAX,
            },
            AddressRange::V6 {
                first: 0,
                last: u128::MAX,
            },
        ];
        self.banned.is_empty() && merged(&self.trusted) == all
    }
}

/// Sorts ranges and joins those that overlap or touch.
fn merged(ranges: &[AddressRange]) -> Vec<AddressRange> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut out: Vec<AddressRange> = Vec::with_capacity(sorted.len());
    for next in sorted {
        let joined = out.last().and_then(|before| before.joined(next));
        match (joined, out.last_mut()) {
            (Some(joined), Some(before)) => *before = joined,
            (None, _) | (_, None) => out.push(next),
        }
    }
    out
}

/// What the server says for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ServerRecord {
    /// Requests an hour for users who inherit.
    pub per_hour: Limit,
    /// Requests at a time for users who inherit.
    pub concurrent: Limit,
    /// Whether `@authtoken` in query and form counts as a credential.
    pub authtoken_in_url: bool,
    /// Whether CORS preflights pass without a credential.
    pub allow_preflight: bool,
    /// In which forms tokens that were made elsewhere are accepted.
    pub foreign_tokens: ForeignForms,
    /// The global network rules.
    pub networks: Networks,
    /// What paths ask for; at most [`Route::MOST`], no two of them [alike](crate::PathPattern::is_alike).
    pub routes: Vec<Route>,
    /// Which set of external issuers is trusted: another number each time it changes, zero for none.
    pub external_issuers: u32,
}

/// What a check needs to know of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// Who this is.
    pub id: UserId,
    /// The name that Basic credentials must carry.
    pub name: UserName,
    /// An inactive user's tokens are all refused.
    pub active: bool,
    /// Which password the user has: another number each time it changes, zero for none.
    pub password_epoch: u32,
    /// Methods this user may use.
    pub operations: OperationSet,
    /// Requests an hour.
    pub per_hour: Limit,
    /// Requests at a time.
    pub concurrent: Limit,
    /// This user's own network rules.
    pub networks: Networks,
}

/// Where a token is in its life, apart from time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenStatus {
    /// It may be used.
    Active,
    /// It was taken back, for ever.
    Revoked,
}

/// The moments between which a token may be used; whole seconds, as on every wire that carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Validity {
    /// Seconds since the epoch of the first valid moment; none for "always was".
    pub not_before_s: Option<u32>,
    /// Seconds since the epoch of the first moment that is no longer valid; none for "for ever".
    pub expires_at_s: Option<u32>,
}

impl Validity {
    /// Valid at every moment.
    pub const ALWAYS: Self = Self {
        not_before_s: None,
        expires_at_s: None,
    };

    /// Whether `now` lies before the first valid moment.
    pub fn is_early(self, now: Timestamp) -> bool {
        self.not_before_s
            .is_some_and(|s| now < Timestamp::from_seconds(u64::from(s)))
    }

    /// Whether `now` is the moment of expiry or lies behind it.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.expires_at_s
            .is_some_and(|s| now >= Timestamp::from_seconds(u64::from(s)))
    }
}

/// What a check needs to know of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Which token this is.
    pub id: TokenId,
    /// What it is for.
    pub kind: TokenKind,
    /// What it is found by.
    pub digest: TokenDigest,
    /// Whose it is.
    pub user: UserId,
    /// Whether it was taken back.
    pub status: TokenStatus,
    /// When it may be used.
    pub validity: Validity,
    /// In whose name it acts and how far; none for a user's own tokens, which carry no scope.
    pub authority: Option<AuthorityId>,
}

/// In whose name tokens act, and how far: what all tokens have in common that a client was granted with the same scopes and
/// audiences.
///
/// Apart from `active`, an authority stays as it was made; none is ever taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRecord {
    /// Which authority this is.
    pub id: AuthorityId,
    /// The client that acts.
    pub client: ClientName,
    /// What its tokens are good for.
    pub scopes: ScopeSet,
    /// For whom its tokens are meant; empty for everybody who asks for no audience.
    pub audiences: Vec<Audience>,
    /// An inactive authority's tokens are all refused: its client is disabled or gone.
    pub active: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_overrides_the_server_and_unlimited_is_a_value_of_its_own() {
        let (five, nine) = (
            Limit::AtMost(NonZeroU32::new(5).unwrap()),
            Limit::AtMost(NonZeroU32::new(9).unwrap()),
        );
        for (user, server, effective) in [
            (five, nine, Some(5)),
            (five, Limit::Unlimited, Some(5)),
            (Limit::Inherit, nine, Some(9)),
            (Limit::Inherit, Limit::Inherit, None),
            (Limit::Inherit, Limit::Unlimited, None),
            (Limit::Unlimited, nine, None),
        ] {
            assert_eq!(
                user.effective(server).map(NonZeroU32::get),
                effective,
                "{user} over {server}"
            );
        }
    }

    #[test]
    fn limits_read_what_they_write_and_refuse_the_rest() {
        for text in ["1", "268435455", "unlimited", "inherit"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        assert_eq!("".parse(), Ok(Limit::Inherit));
        for text in ["0", "-1", "268435456", "1.5", "many"] {
            assert_eq!(text.parse::<Limit>(), Err(ParseLimitError), "{text}");
        }
    }

    #[test]
    fn names_that_basic_could_not_carry_are_refused() {
        for good in ["a", "Zoë", "svc-1@example.com", "two words", &"n".repeat(255)] {
            assert_eq!(good.parse::<UserName>().unwrap().as_str(), good);
        }
        for bad in ["", " a", "a ", "a:b", "a\nb", "a\u{7f}", &"n".repeat(256)] {
            assert_eq!(bad.parse::<UserName>(), Err(UserNameError), "{bad:?}");
        }
    }

    /// Expiry never depends on a sweeper: the moment itself is already too late, the millisecond before it is not.
    #[test]
    fn validity_begins_and_ends_to_the_millisecond() {
        let validity = Validity {
            not_before_s: Some(100),
            expires_at_s: Some(200),
        };
        for (millis, early, over) in [
            (99_999, true, false),
            (100_000, false, false),
            (199_999, false, false),
            (200_000, false, true),
        ] {
            let now = Timestamp::from_millis(millis);
            assert_eq!(
                (validity.is_early(now), validity.is_over(now)),
                (early, over),
                "{millis}"
            );
        }
    }
}
