//! What a transaction changed, and the state that all changes add up to.

use std::collections::BTreeMap;

use tollgate_core::feed::{FeedRecord, Rule};
use tollgate_core::{
    AddressRange, AuthorityId, AuthorityRecord, Networks, PathPattern, Revision, Route, ServerRecord, TokenDigest,
    TokenId, TokenRecord, UserId, UserRecord,
};

use crate::record::Standing;
use crate::setting::{Setting, Settings};

/// One change of one record, as a replica needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A user is from now on as this says; it may be a new one.
    PutUser(UserRecord),
    /// A user is gone, and with them every token of theirs.
    RemoveUser(UserId),
    /// A token is from now on as this says; it may be a new one.
    PutToken(TokenRecord),
    /// A token's record is gone. It was of no use any more.
    RemoveToken {
        /// Which token.
        id: TokenId,
        /// What it was found by.
        digest: TokenDigest,
    },
    /// A setting of the server has this value.
    PutSetting(Setting),
    /// A rule for everybody is new.
    AddNetwork {
        /// The addresses.
        range: AddressRange,
        /// Whether they may call.
        standing: Standing,
    },
    /// A rule for everybody is gone.
    RemoveNetwork {
        /// The addresses.
        range: AddressRange,
        /// What the rule said.
        standing: Standing,
    },
    /// An authority is from now on as this says; it may be a new one. Only whether it is active ever changes.
    PutAuthority(AuthorityRecord),
    /// A route is from now on as this says; it may be a new one.
    PutRoute(Route),
    /// The route of a pattern is gone.
    RemoveRoute(PathPattern),
    /// Which set of external issuers is trusted: another number each time it changes, zero for none.
    ExternalIssuers(u32),
}

impl Change {
    /// As followers elsewhere are told of it; none where they need not know.
    pub fn into_feed_record(self) -> Option<FeedRecord> {
        let rule = |range, standing| Rule {
            banned: standing == Standing::Banned,
            range,
        };
        Some(match self {
            Self::PutUser(user) => FeedRecord::PutUser(user),
            Self::RemoveUser(id) => FeedRecord::RemoveUser(id),
            Self::PutToken(token) => FeedRecord::PutToken(token),
            Self::RemoveToken { id, digest } => FeedRecord::RemoveToken { id, digest },
            Self::PutSetting(Setting::PerHour(limit)) => FeedRecord::PerHour(limit),
            Self::PutSetting(Setting::Concurrent(limit)) => FeedRecord::Concurrent(limit),
            Self::PutSetting(Setting::AllowAuthtokenInUrl(on)) => FeedRecord::AuthtokenInUrl(on),
            Self::PutSetting(Setting::AllowPreflight(on)) => FeedRecord::AllowPreflight(on),
            Self::PutSetting(Setting::ForeignTokens(forms)) => FeedRecord::ForeignTokens(forms),
            // Whose forwarded headers are believed is the host's affair.
            Self::PutSetting(Setting::TrustedProxies(_)) => return None,
            Self::AddNetwork { range, standing } => FeedRecord::AddRule(rule(range, standing)),
            Self::RemoveNetwork { range, standing } => FeedRecord::RemoveRule(rule(range, standing)),
            Self::PutAuthority(authority) => FeedRecord::PutAuthority(authority),
            Self::PutRoute(route) => FeedRecord::PutRoute(route),
            Self::RemoveRoute(pattern) => FeedRecord::RemoveRoute(pattern),
            Self::ExternalIssuers(number) => FeedRecord::ExternalIssuers(number),
        })
    }
}

/// All changes of one transaction, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeSet {
    /// The feed that these changes are of.
    pub feed: FeedIdentity,
    /// The revision that these changes lead to.
    pub revision: Revision,
    /// The changes; never empty.
    pub changes: Vec<Change>,
}

/// Tells one store's feed from every other's. A backup begins a feed of its own, so that whoever followed the store is not
/// led on by its copy, which gives the same revisions to other changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeedIdentity(pub [u8; 16]);

impl FeedIdentity {
    /// The place in this feed behind `revision`.
    pub fn at(self, revision: Revision) -> Position {
        Position { feed: self, revision }
    }
}

/// How far a reader has come, and in which feed: a revision alone says nothing, because every feed has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The feed that was read.
    pub feed: FeedIdentity,
    /// The revision up to which it was read.
    pub revision: Revision,
}

/// The whole state at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The feed whose state this is.
    pub feed: FeedIdentity,
    /// The revision at which this holds.
    pub revision: Revision,
    /// All settings.
    pub settings: Settings,
    /// The rules for everybody; each list in ascending order.
    pub networks: Networks,
    /// What paths ask for, in the order of their patterns.
    pub routes: Vec<Route>,
    /// Which set of external issuers is trusted.
    pub external_issuers: u32,
    /// All authorities by number.
    pub authorities: BTreeMap<AuthorityId, AuthorityRecord>,
    /// All users by id.
    pub users: BTreeMap<UserId, UserRecord>,
    /// All tokens of these users by id.
    pub tokens: BTreeMap<TokenId, TokenRecord>,
}

impl Snapshot {
    /// The place in the feed from which this is carried on.
    pub fn position(&self) -> Position {
        self.feed.at(self.revision)
    }

    /// Carries this snapshot on by the change set of the next revision. Answers whether it did: a set for any other
    /// revision, or of another feed, changes nothing.
    ///
    /// A snapshot at one revision, carried on by all sets up to another, equals the snapshot there.
    pub fn apply(&mut self, set: &ChangeSet) -> bool {
        if set.feed != self.feed || set.revision.0 != self.revision.0.saturating_add(1) {
            return false;
        }
        for change in &set.changes {
            self.apply_one(change);
        }
        self.revision = set.revision;
        true
    }

    fn apply_one(&mut self, change: &Change) {
        match change {
            Change::PutUser(user) => {
                self.users.insert(user.id, user.clone());
            }
            Change::RemoveUser(id) => {
                self.users.remove(id);
                self.tokens.retain(|_, token| token.user != *id);
            }
            Change::PutToken(token) => {
                self.tokens.insert(token.id, *token);
            }
            // A token that goes to another digest comes there first, and leaves the old one afterwards.
            Change::RemoveToken { id, digest } => {
                if self.tokens.get(id).is_some_and(|token| token.digest == *digest) {
                    self.tokens.remove(id);
                }
            }
            Change::PutSetting(setting) => self.settings.set(setting.clone()),
            Change::AddNetwork { range, standing } => range.insert_into(ranges_of(&mut self.networks, *standing)),
            Change::RemoveNetwork { range, standing } => range.remove_from(ranges_of(&mut self.networks, *standing)),
            Change::PutAuthority(authority) => {
                self.authorities.insert(authority.id, authority.clone());
            }
            Change::PutRoute(route) => route.clone().insert_into(&mut self.routes),
            Change::RemoveRoute(pattern) => pattern.remove_from(&mut self.routes),
            Change::ExternalIssuers(number) => self.external_issuers = *number,
        }
    }

    /// What a check needs to know of the server.
    pub fn server(&self) -> ServerRecord {
        ServerRecord {
            routes: self.routes.clone(),
            external_issuers: self.external_issuers,
            ..server_record(&self.settings, self.networks.clone())
        }
    }
}

/// What settings and rules for everybody say; routes and issuers are added by whoever knows them.
pub(crate) fn server_record(settings: &Settings, networks: Networks) -> ServerRecord {
    ServerRecord {
        per_hour: settings.per_hour,
        concurrent: settings.concurrent,
        authtoken_in_url: settings.allow_authtoken_in_url,
        allow_preflight: settings.allow_preflight,
        foreign_tokens: settings.foreign_tokens,
        networks,
        routes: Vec::new(),
        external_issuers: 0,
    }
}

/// The list of `networks` that rules of one standing stand in.
pub(crate) fn ranges_of(networks: &mut Networks, standing: Standing) -> &mut Vec<AddressRange> {
    match standing {
        Standing::Trusted => &mut networks.trusted,
        Standing::Banned => &mut networks.banned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::{TokenKind, TokenStatus, Validity};

    fn empty() -> Snapshot {
        Snapshot {
            feed: FeedIdentity([0; 16]),
            revision: Revision(4),
            settings: Settings::default(),
            networks: Networks::default(),
            routes: Vec::new(),
            external_issuers: 0,
            authorities: BTreeMap::new(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    fn token(id: u64, user: u64) -> TokenRecord {
        TokenRecord {
            id: TokenId(id),
            kind: TokenKind::Authtoken,
            digest: TokenDigest::from_bytes([id as u8; 32]),
            user: UserId(user),
            status: TokenStatus::Active,
            validity: Validity::ALWAYS,
            authority: None,
        }
    }

    #[test]
    fn only_the_next_revision_of_the_same_feed_is_applied() {
        for (feed, revision, applied) in [(0, 4, false), (0, 5, true), (0, 6, false), (1, 5, false)] {
            let mut snapshot = empty();
            let set = ChangeSet {
                feed: FeedIdentity([feed; 16]),
                revision: Revision(revision),
                changes: vec![Change::PutToken(token(1, 1))],
            };
            assert_eq!(snapshot.apply(&set), applied, "{feed} {revision}");
            assert_eq!(snapshot.tokens.len(), usize::from(applied));
        }
    }

    #[test]
    fn a_removed_user_takes_their_tokens_along_and_nobody_elses() {
        let mut snapshot = empty();
        let changes = vec![
            Change::PutToken(token(1, 1)),
            Change::PutToken(token(2, 2)),
            Change::RemoveUser(UserId(1)),
        ];
        assert!(snapshot.apply(&ChangeSet {
            feed: FeedIdentity([0; 16]),
            revision: Revision(5),
            changes
        }));
        assert_eq!(snapshot.tokens.keys().collect::<Vec<_>>(), [&TokenId(2)]);
    }

    /// A token that goes to a better digest is put under the new one before the old one is taken away.
    #[test]
    fn a_token_is_removed_only_under_the_digest_that_it_has() {
        let moved = TokenRecord {
            digest: TokenDigest::from_bytes([0xee; 32]),
            ..token(1, 1)
        };
        let (id, old) = (TokenId(1), token(1, 1).digest);
        for (last, left) in [(old, Some(moved)), (moved.digest, None)] {
            let mut snapshot = empty();
            let changes = vec![
                Change::PutToken(token(1, 1)),
                Change::PutToken(moved),
                Change::RemoveToken { id, digest: last },
            ];
            assert!(snapshot.apply(&ChangeSet {
                feed: FeedIdentity([0; 16]),
                revision: Revision(5),
                changes
            }));
            assert_eq!(snapshot.tokens.get(&id).copied(), left);
        }
    }
}
