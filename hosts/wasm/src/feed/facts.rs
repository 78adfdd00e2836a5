//! The state that all changes have led to.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::feed::{FeedRecord, Rule};
use tollgate_core::{AddressRange, AuthorityRecord, ForeignForms, Limit, ServerRecord, TokenRecord, UserRecord};

/// Users, tokens and the server's settings, in the order in which pages bring them.
pub(super) struct Facts {
    pub(super) digest_key: [u8; 32],
    pub(super) server: ServerRecord,
    pub(super) rules: BTreeSet<(bool, AddressRange)>,
    pub(super) authorities: BTreeMap<u64, AuthorityRecord>,
    pub(super) users: BTreeMap<u64, UserRecord>,
    pub(super) tokens: BTreeMap<[u8; 32], TokenRecord>,
}

impl Facts {
    pub(super) fn new(digest_key: [u8; 32]) -> Self {
        let server = ServerRecord {
            per_hour: Limit::Unlimited,
            concurrent: Limit::Unlimited,
            foreign_tokens: ForeignForms::NONE,
            ..ServerRecord::default()
        };
        Self {
            digest_key,
            server,
            rules: BTreeSet::new(),
            authorities: BTreeMap::new(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    pub(super) fn apply(&mut self, record: &FeedRecord) {
        match record {
            FeedRecord::Key(key) => self.digest_key = *key,
            FeedRecord::PutUser(user) => drop(self.users.insert(user.id.0, user.clone())),
            FeedRecord::RemoveUser(id) => {
                self.users.remove(&id.0);
                self.tokens.retain(|_, token| token.user != *id);
            }
            FeedRecord::PutToken(token) => drop(self.tokens.insert(*token.digest.as_bytes(), *token)),
            FeedRecord::RemoveToken { id: _, digest } => drop(self.tokens.remove(digest.as_bytes())),
            FeedRecord::PerHour(limit) => self.server.per_hour = *limit,
            FeedRecord::Concurrent(limit) => self.server.concurrent = *limit,
            FeedRecord::AuthtokenInUrl(on) => self.server.authtoken_in_url = *on,
            FeedRecord::AllowPreflight(on) => self.server.allow_preflight = *on,
            FeedRecord::ForeignTokens(forms) => self.server.foreign_tokens = *forms,
            FeedRecord::AddRule(Rule { banned, range }) => drop(self.rules.insert((*banned, *range))),
            FeedRecord::RemoveRule(Rule { banned, range }) => drop(self.rules.remove(&(*banned, *range))),
            FeedRecord::PutAuthority(authority) => {
                drop(self.authorities.insert(authority.id.0.into(), authority.clone()))
            }
            FeedRecord::PutRoute(route) => route.clone().insert_into(&mut self.server.routes),
            FeedRecord::RemoveRoute(pattern) => pattern.remove_from(&mut self.server.routes),
            FeedRecord::ExternalIssuers(number) => self.server.external_issuers = *number,
        }
    }

    /// What the first page begins with.
    pub(super) fn server_records(&self) -> impl Iterator<Item = FeedRecord> {
        let ServerRecord {
            per_hour,
            concurrent,
            authtoken_in_url,
            allow_preflight,
            foreign_tokens,
            networks: _,
            routes,
            external_issuers,
        } = &self.server;
        [
            FeedRecord::Key(self.digest_key),
            FeedRecord::PerHour(*per_hour),
            FeedRecord::Concurrent(*concurrent),
            FeedRecord::AuthtokenInUrl(*authtoken_in_url),
            FeedRecord::AllowPreflight(*allow_preflight),
            FeedRecord::ForeignTokens(*foreign_tokens),
            FeedRecord::ExternalIssuers(*external_issuers),
        ]
        .into_iter()
        .chain(routes.iter().cloned().map(FeedRecord::PutRoute))
    }
}
