//! A follower that keeps what it is told in plain maps, to be compared with a snapshot.

use std::collections::BTreeMap;

use tollgate::feed_wire::{FeedRecord, Frame, Rule};
use tollgate::{
    AddressRange, AuthorityId, AuthorityRecord, Engine, ServerRecord, TokenId, TokenRecord, UserId, UserRecord,
};

#[derive(Default)]
pub(super) struct Fold {
    pub(super) has_key: bool,
    server: ServerRecord,
    authorities: BTreeMap<AuthorityId, AuthorityRecord>,
    users: BTreeMap<UserId, UserRecord>,
    tokens: BTreeMap<TokenId, TokenRecord>,
}

impl Fold {
    pub(super) fn take(&mut self, frame: &Frame) {
        for record in frame.records() {
            self.take_one(record.unwrap());
        }
    }

    fn take_one(&mut self, record: FeedRecord) {
        match record {
            FeedRecord::Key(_) => self.has_key = true,
            FeedRecord::PutUser(user) => drop(self.users.insert(user.id, user)),
            FeedRecord::RemoveUser(id) => {
                self.users.remove(&id);
                self.tokens.retain(|_, token| token.user != id);
            }
            FeedRecord::PutToken(token) => {
                if self.users.contains_key(&token.user) {
                    self.tokens.insert(token.id, token);
                }
            }
            FeedRecord::RemoveToken { id, digest } => {
                if self.tokens.get(&id).is_some_and(|token| token.digest == digest) {
                    self.tokens.remove(&id);
                }
            }
            FeedRecord::PerHour(limit) => self.server.per_hour = limit,
            FeedRecord::Concurrent(limit) => self.server.concurrent = limit,
            FeedRecord::AuthtokenInUrl(on) => self.server.authtoken_in_url = on,
            FeedRecord::AllowPreflight(on) => self.server.allow_preflight = on,
            FeedRecord::ForeignTokens(forms) => self.server.foreign_tokens = forms,
            FeedRecord::AddRule(rule) => {
                let (ranges, range) = self.ranges(rule);
                if let Err(at) = ranges.binary_search(&range) {
                    ranges.insert(at, range);
                }
            }
            FeedRecord::RemoveRule(rule) => {
                let (ranges, range) = self.ranges(rule);
                ranges.retain(|there| *there != range);
            }
            FeedRecord::PutAuthority(authority) => drop(self.authorities.insert(authority.id, authority)),
            FeedRecord::PutRoute(route) => route.insert_into(&mut self.server.routes),
            FeedRecord::RemoveRoute(pattern) => pattern.remove_from(&mut self.server.routes),
            FeedRecord::ExternalIssuers(number) => self.server.external_issuers = number,
        }
    }

    fn ranges(&mut self, rule: Rule) -> (&mut Vec<AddressRange>, AddressRange) {
        let networks = &mut self.server.networks;
        let ranges = if rule.banned {
            &mut networks.banned
        } else {
            &mut networks.trusted
        };
        (ranges, rule.range)
    }

    pub(super) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// The state must be the engine's.
    pub(super) fn assert_is(&self, engine: &Engine) {
        let snapshot = engine.snapshot().unwrap();
        assert_eq!(self.server, snapshot.server());
        assert!(
            self.authorities == snapshot.authorities,
            "{} authorities",
            self.authorities.len()
        );
        assert!(self.users == snapshot.users, "{} users", self.users.len());
        assert!(self.tokens == snapshot.tokens, "{} tokens", self.tokens.len());
    }
}
