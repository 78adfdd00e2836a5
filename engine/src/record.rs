//! What people see of the stored facts: users, authtokens, networks, settings.

use std::fmt;
use std::str::FromStr;

use tollgate_core::{
    Audience, AuthorityId, AuthorityRecord, ClientName, Limit, NetworkRule, OperationSet, ScopeSet, Timestamp,
    TokenDigest, TokenId, TokenKind, TokenRecord, TokenStatus, UserId, UserName, Validity,
};

/// A user, as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Names this user for ever; never given to a second one.
    pub id: UserId,
    /// The name that Basic credentials must carry.
    pub name: UserName,
    /// An inactive user's tokens are all refused.
    pub active: bool,
    /// Methods this user may use.
    pub operations: OperationSet,
    /// Requests an hour.
    pub per_hour: Limit,
    /// Requests at a time.
    pub concurrent: Limit,
    /// When the user was added.
    pub created_at: Timestamp,
}

/// An authtoken, as lists show one. The token itself was shown once, when it was issued, and is stored nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authtoken {
    /// Names this token for ever; it is no secret.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserName,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it may be used, if it may not be used from the beginning.
    pub not_before: Option<Timestamp>,
    /// The first moment at which it may no longer be used, if there is one.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// Whether the addresses of a rule may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// They may.
    Trusted,
    /// They may not, whatever else trusts them.
    Banned,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trusted => "trusted",
            Self::Banned => "banned",
        })
    }
}

/// A network rule, as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// The addresses, as they were written.
    pub rule: NetworkRule,
    /// Whether they may call.
    pub standing: Standing,
    /// The user whom the rule is about; everybody where there is none.
    pub user: Option<UserName>,
    /// When the rule was added.
    pub added_at: Timestamp,
}

/// What an administrator's token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// May change everything.
    Administrator,
    /// May look at everything that is no secret.
    Reader,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Administrator, Self::Reader];

    /// The name, as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Reader => "reader",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the role `administrator` or `reader`")]
pub struct ParseRoleError;

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, ParseRoleError> {
        let named = Self::ALL.into_iter().find(|role| role.name() == text.trim());
        named.ok_or(ParseRoleError)
    }
}

/// An administrator's token, as lists show one. The token itself was shown once, when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdminToken {
    /// Names this token for ever; no authtoken has the same.
    pub id: TokenId,
    /// What it is for, in words; not unique.
    pub name: UserName,
    /// What it is good for.
    pub role: Role,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it may no longer be used, if there is one.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A feed token, as lists show one. The token itself was shown once, when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedToken {
    /// Names this token for ever; no authtoken and no administrator's token has the same.
    pub id: TokenId,
    /// Who follows the feed by it, in words; not unique.
    pub name: UserName,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it may no longer be used, if there is one.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// What administrators' tokens and feed tokens have in common: they belong to no user, and checks know none of them.
pub(crate) trait OperatorToken: Clone + PartialEq + Send + 'static {
    fn id(&self) -> TokenId;
    fn expires_at(&self) -> Option<Timestamp>;
    fn revoked_at(&self) -> Option<Timestamp>;
    /// The same token, taken back.
    fn revoked(self, at: Timestamp) -> Self;
}

macro_rules! operator_tokens {
    ($($token:ident),*) => { $(
        impl OperatorToken for $token {
            fn id(&self) -> TokenId {
                self.id
            }

            fn expires_at(&self) -> Option<Timestamp> {
                self.expires_at
            }

            fn revoked_at(&self) -> Option<Timestamp> {
                self.revoked_at
            }

            fn revoked(self, at: Timestamp) -> Self {
                let revoked_at = Some(at);
                Self { revoked_at, ..self }
            }
        }
    )* };
}
operator_tokens!(AdminToken, FeedToken);

/// Seconds for which a personal access token stays listed after it has expired.
pub(crate) const LISTED_S: u64 = 400 * 24 * 3_600;

/// A user as the store keeps one: what lists show, under the id that is the row's key.
pub(crate) type UserRow = User;

/// Names a family of refresh and access tokens for ever; it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId(pub u64);

/// A token as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRow {
    pub(crate) id: TokenId,
    pub(crate) kind: TokenKind,
    pub(crate) digest: TokenDigest,
    pub(crate) user: UserId,
    pub(crate) validity: Validity,
    pub(crate) issued_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
    /// In whose name it acts, and how far; none where its user acts for themselves.
    pub(crate) authority: Option<AuthorityId>,
    /// The family it belongs to; none where it came of no login that goes on.
    pub(crate) family: Option<FamilyId>,
}

impl TokenRow {
    /// What a check needs of it.
    pub(crate) fn record(&self) -> TokenRecord {
        let status = if self.revoked_at.is_some() {
            TokenStatus::Revoked
        } else {
            TokenStatus::Active
        };
        let Self {
            id,
            kind,
            digest,
            user,
            validity,
            issued_at: _,
            revoked_at: _,
            authority,
            family: _,
        } = *self;
        TokenRecord {
            id,
            kind,
            digest,
            user,
            status,
            validity,
            authority,
        }
    }

    /// Whether it is an authtoken. Tokens of other kinds are listed, shown and taken back by what is said of their kinds.
    pub(crate) fn is_authtoken(&self) -> bool {
        self.kind == TokenKind::Authtoken
    }

    /// What lists of authtokens show of it.
    pub(crate) fn shown(&self, user: UserName) -> Authtoken {
        let moment = |seconds: Option<u32>| seconds.map(|s| Timestamp::from_seconds(u64::from(s)));
        Authtoken {
            id: self.id,
            user,
            issued_at: self.issued_at,
            not_before: moment(self.validity.not_before_s),
            expires_at: moment(self.validity.expires_at_s),
            revoked_at: self.revoked_at,
        }
    }

    /// The second at which it stopped being of use, from which on its row only explains refusals. A personal access token that
    /// has expired is of use to its user as long as it is listed.
    pub(crate) fn ended_at_s(&self) -> Option<u64> {
        let revoked = self.revoked_at.map(Timestamp::as_seconds);
        let listed_s = match self.kind {
            TokenKind::PersonalAccess => LISTED_S,
            _ => 0,
        };
        let expires = self.validity.expires_at_s.map(|end| u64::from(end) + listed_s);
        revoked.into_iter().chain(expires).min()
    }
}

/// An administrator's token or a feed token as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperatorRow<T> {
    pub(crate) token: T,
    pub(crate) digest: TokenDigest,
}

/// Tokens of both sorts, each sort for itself.
#[derive(Debug, Default)]
pub(crate) struct OperatorRows {
    pub(crate) admins: Vec<OperatorRow<AdminToken>>,
    pub(crate) followers: Vec<OperatorRow<FeedToken>>,
}

/// An authority as the store keeps one. Whether it is active follows from its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityRow {
    pub(crate) id: AuthorityId,
    pub(crate) client: ClientName,
    /// The number of the client that it was made for: another client of the same name has no part in it.
    pub(crate) client_number: u64,
    pub(crate) scopes: ScopeSet,
    pub(crate) audiences: Vec<Audience>,
}

/// What is kept of an authority where it is found by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberedAuthority {
    pub(crate) id: AuthorityId,
    /// The user for whom it was first needed, or needed again after nobody had.
    pub(crate) maker: UserId,
    /// Whatever names it has ended by then, so that it takes no place of its client's from then on. The number stays what it is.
    pub(crate) until: Timestamp,
}

impl AuthorityRow {
    /// What it is found by: its client's number, and the digest of what it says in an order that depends on nobody.
    pub(crate) fn key(&self) -> (u64, [u8; 32]) {
        let mut scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        let mut audiences: Vec<&str> = self.audiences.iter().map(Audience::as_str).collect();
        let mut hasher = blake3::Hasher::new_derive_key("tollgate 2026 authority, version 1");
        for words in [&mut scopes, &mut audiences] {
            words.sort_unstable();
            words.dedup();
            hasher.update(&(words.len() as u64).to_be_bytes());
            for word in words {
                hasher.update(&(word.len() as u64).to_be_bytes());
                hasher.update(word.as_bytes());
            }
        }
        (self.client_number, *hasher.finalize().as_bytes())
    }

    /// What a check needs of it.
    pub(crate) fn record(&self, active: bool) -> AuthorityRecord {
        let Self {
            id,
            client,
            client_number: _,
            scopes,
            audiences,
        } = self.clone();
        AuthorityRecord {
            id,
            client,
            scopes,
            audiences,
            active,
        }
    }
}

/// What was made under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepeatRow {
    /// When.
    pub(crate) at: Timestamp,
    /// Tells whether a later request asks for the same.
    pub(crate) fingerprint: [u8; 32],
    /// The id of what was made.
    pub(crate) made: String,
}

/// A network rule as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NetworkRow {
    pub(crate) rule: NetworkRule,
    pub(crate) standing: Standing,
    pub(crate) added_at: Timestamp,
}

impl NetworkRow {
    /// What lists show of it.
    pub(crate) fn shown(self, user: Option<UserName>) -> Network {
        let Self {
            rule,
            standing,
            added_at,
        } = self;
        Network {
            rule,
            standing,
            user,
            added_at,
        }
    }
}

/// An hourly counter as of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CounterRow {
    /// The counter's word, as the core packs it.
    pub(crate) word: u64,
    /// When it was read. Its window is over an hour later at the latest.
    pub(crate) at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_words_makes_no_other_authority_and_their_places_do() {
        let key = |client_number: u64, scopes: &str, audiences: &[&str]| {
            let row = AuthorityRow {
                id: AuthorityId(1),
                client: "abc".parse().unwrap(),
                client_number,
                scopes: scopes.parse().unwrap(),
                audiences: audiences.iter().map(|text| text.parse().unwrap()).collect(),
            };
            row.key()
        };
        let one = key(1, "a b", &["x", "y"]);
        assert_eq!(one, key(1, "b a", &["y", "x"]));
        for other in [
            key(2, "a b", &["x", "y"]),
            key(1, "a", &["b", "x", "y"]),
            key(1, "a b x", &["y"]),
            key(1, "ab", &["x", "y"]),
            key(1, "a b", &["xy"]),
        ] {
            assert_ne!(one, other);
        }
    }
}
