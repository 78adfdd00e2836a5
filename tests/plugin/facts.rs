//! From the facts of a vector to the records of a feed.

use std::collections::HashMap;

use tollgate_core::feed::{FeedRecord, Rule};
use tollgate_core::{LiveView, TokenId, UserId};

use crate::support::facts::{Change, Server};
use crate::support::native;

/// What has been told so far, and the key of the digests.
pub(crate) struct Facts {
    view: LiveView,
    pub(crate) server: Server,
    ids: HashMap<String, u64>,
}

impl Facts {
    pub(crate) fn new(digest_key: &str) -> Self {
        Self {
            view: native::view(digest_key).0,
            server: Server::default(),
            ids: HashMap::new(),
        }
    }

    /// The records of a change; none where a feed has no words for it.
    pub(crate) fn records(&mut self, change: &Change) -> Option<Vec<FeedRecord>> {
        Some(match change {
            Change::SetServer(server) => {
                let before = std::mem::replace(&mut self.server, server.clone());
                let routes_before = native::server_record(&before).routes;
                let before = rules(&before);
                let after = rules(server);
                let record = native::server_record(server);
                let settings = [
                    FeedRecord::PerHour(record.per_hour),
                    FeedRecord::Concurrent(record.concurrent),
                    FeedRecord::AuthtokenInUrl(record.authtoken_in_url),
                    FeedRecord::AllowPreflight(record.allow_preflight),
                    FeedRecord::ForeignTokens(record.foreign_tokens),
                    FeedRecord::ExternalIssuers(record.external_issuers),
                ];
                let gone = before.into_iter().map(FeedRecord::RemoveRule);
                let routes = routes_before
                    .into_iter()
                    .map(|route| FeedRecord::RemoveRoute(route.pattern));
                let routes = routes.chain(record.routes.into_iter().map(FeedRecord::PutRoute));
                gone.chain(routes)
                    .chain(after.into_iter().map(FeedRecord::AddRule))
                    .chain(settings)
                    .collect()
            }
            Change::PutUser(user) => vec![FeedRecord::PutUser(native::user_record(user))],
            Change::RemoveUser(id) => vec![FeedRecord::RemoveUser(UserId(*id))],
            Change::PutToken(token) => {
                self.ids.insert(token.secret.clone(), token.id);
                vec![FeedRecord::PutToken(native::token_record(&self.view, token))]
            }
            Change::RemoveToken(secret) => vec![FeedRecord::RemoveToken {
                id: TokenId(self.ids.get(secret).copied().unwrap_or(1)),
                digest: native::digest(&self.view, secret),
            }],
            Change::PutAuthority(authority) => vec![FeedRecord::PutAuthority(native::authority_record(authority))],
            // Neither doubt nor a proof is ever told.
            Change::DoubtUser(_) | Change::DoubtToken(_) | Change::DoubtAuthority(_) | Change::Remember(_) => {
                return None;
            }
        })
    }
}

fn rules(server: &Server) -> Vec<Rule> {
    let networks = native::server_record(server).networks;
    let rule = |banned| move |range| Rule { banned, range };
    let trusted = networks.trusted.into_iter().map(rule(false));
    networks.banned.into_iter().map(rule(true)).chain(trusted).collect()
}
