//! A state of the engine as records of the feed, and the changes that lead from one to another.

use std::collections::BTreeMap;

use tollgate_core::feed::{FeedRecord, Rule};
use tollgate_core::{AuthorityId, AuthorityRecord, DigestKey, LiveView, ServerRecord, TokenRecord, UserId, UserRecord};

use super::super::support::facts::{Authority, Server, Token, User, from_hex};
use super::super::support::native;

/// What a follower of the feed must come to hold.
#[derive(Clone, PartialEq)]
pub(crate) struct World {
    digest_key: [u8; 32],
    server: ServerRecord,
    authorities: BTreeMap<AuthorityId, AuthorityRecord>,
    users: BTreeMap<UserId, UserRecord>,
    tokens: BTreeMap<[u8; 32], TokenRecord>,
}

impl World {
    /// A world of nobody, under a key of 64 hexadecimal digits.
    pub(crate) fn empty(digest_key: &str) -> Self {
        Self {
            digest_key: from_hex(digest_key).try_into().unwrap(),
            server: ServerRecord::default(),
            authorities: BTreeMap::new(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// Takes over what a vector says of the server, apart from how long it may be believed.
    pub(crate) fn set_server(&mut self, server: &Server) {
        self.server = native::server_record(server);
    }

    /// An authority is never taken away, so worlds that follow each other must have the same.
    pub(crate) fn put_authority(&mut self, authority: &Authority) {
        let record = native::authority_record(authority);
        self.authorities.insert(record.id, record);
    }

    pub(crate) fn put_user(&mut self, user: &User) {
        let record = native::user_record(user);
        self.users.insert(record.id, record);
    }

    pub(crate) fn remove_user(&mut self, id: u64) {
        self.users.remove(&UserId(id));
        self.tokens.retain(|_, token| token.user != UserId(id));
    }

    /// Without effect where there is no such user.
    pub(crate) fn put_token(&mut self, token: &Token) {
        let record = native::token_record(&self.view(), token);
        if self.users.contains_key(&record.user) {
            self.tokens.insert(*record.digest.as_bytes(), record);
        }
    }

    fn view(&self) -> LiveView {
        LiveView::new(DigestKey::new(self.digest_key)).0
    }

    /// Everything, as a snapshot brings it.
    pub(crate) fn snapshot(&self) -> Vec<FeedRecord> {
        let mut records = vec![FeedRecord::Key(self.digest_key)];
        records.extend(self.settings());
        records.extend(rules(&self.server).into_iter().map(FeedRecord::AddRule));
        records.extend(self.server.routes.iter().cloned().map(FeedRecord::PutRoute));
        records.extend(self.authorities.values().cloned().map(FeedRecord::PutAuthority));
        records.extend(self.users.values().cloned().map(FeedRecord::PutUser));
        records.extend(self.tokens.values().copied().map(FeedRecord::PutToken));
        records
    }

    fn settings(&self) -> [FeedRecord; 6] {
        let server = &self.server;
        [
            FeedRecord::PerHour(server.per_hour),
            FeedRecord::Concurrent(server.concurrent),
            FeedRecord::AuthtokenInUrl(server.authtoken_in_url),
            FeedRecord::AllowPreflight(server.allow_preflight),
            FeedRecord::ForeignTokens(server.foreign_tokens),
            FeedRecord::ExternalIssuers(server.external_issuers),
        ]
    }

    /// What has to happen so that this becomes `next`.
    pub(crate) fn changes_to(&self, next: &Self) -> Vec<FeedRecord> {
        let mut records = Vec::new();
        let gone = self
            .tokens
            .iter()
            .filter(|(digest, _)| !next.tokens.contains_key(*digest));
        records.extend(gone.map(|(_, token)| FeedRecord::RemoveToken {
            id: token.id,
            digest: token.digest,
        }));
        let gone = self.users.keys().filter(|id| !next.users.contains_key(id));
        records.extend(gone.map(|id| FeedRecord::RemoveUser(*id)));
        records.extend(next.settings());
        let (before, after) = (rules(&self.server), rules(&next.server));
        records.extend(
            before
                .iter()
                .filter(|rule| !after.contains(rule))
                .copied()
                .map(FeedRecord::RemoveRule),
        );
        records.extend(
            after
                .iter()
                .filter(|rule| !before.contains(rule))
                .copied()
                .map(FeedRecord::AddRule),
        );
        let gone = self
            .server
            .routes
            .iter()
            .filter(|route| !next.server.routes.contains(route));
        records.extend(gone.map(|route| FeedRecord::RemoveRoute(route.pattern.clone())));
        let new = next
            .server
            .routes
            .iter()
            .filter(|route| !self.server.routes.contains(route));
        records.extend(new.cloned().map(FeedRecord::PutRoute));
        let new = next
            .authorities
            .iter()
            .filter(|(id, authority)| self.authorities.get(id) != Some(authority));
        records.extend(new.map(|(_, authority)| FeedRecord::PutAuthority(authority.clone())));
        let new = next.users.iter().filter(|(id, user)| self.users.get(id) != Some(user));
        records.extend(new.map(|(_, user)| FeedRecord::PutUser(user.clone())));
        let new = next
            .tokens
            .iter()
            .filter(|(digest, token)| self.tokens.get(*digest) != Some(token));
        records.extend(new.map(|(_, token)| FeedRecord::PutToken(*token)));
        records
    }
}

fn rules(server: &ServerRecord) -> Vec<Rule> {
    let of = |banned: bool, ranges: &[tollgate_core::AddressRange]| -> Vec<Rule> {
        ranges.iter().map(|range| Rule { banned, range: *range }).collect()
    };
    [of(true, &server.networks.banned), of(false, &server.networks.trusted)].concat()
}
