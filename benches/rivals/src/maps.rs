//! Two maps, one of tokens by digest and one of users by id.

use std::sync::Arc;

use tollgate_benches::Population;
use tollgate_core::{RequestParts, Timestamp};

use crate::Rival;
use crate::gates::{Gates, Token, User, pass_through};
use crate::hashing::BuildSpread;

impl Gates {
    #[inline]
    fn charge_and_pass(&self, token: &Token, user: &User, request: &RequestParts<'_>, now: Timestamp) -> bool {
        self.admit(token, &user.facts, request, now)
            && self.charge(token.user)
            && pass_through(&user.under_way, user.facts.concurrent)
    }
}

/// `papaya`, lock-free.
#[derive(Default)]
pub struct PapayaMaps {
    gates: Gates,
    tokens: papaya::HashMap<[u8; 32], Token, BuildSpread>,
    users: papaya::HashMap<u64, User, BuildSpread>,
}

impl PapayaMaps {
    /// Keeps what a population holds.
    pub fn new(population: &Population) -> Self {
        let maps = Self::default();
        let (tokens, users) = (maps.tokens.pin(), maps.users.pin());
        population.view.for_each_token(|record| {
            tokens.insert(*record.digest.as_bytes(), Token::from(&record));
        });
        population.view.for_each_user(|record| {
            users.insert(record.id.0, User::from(&record));
        });
        drop((tokens, users));
        maps
    }
}

impl Rival for PapayaMaps {
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let Some(digest) = self.gates.digest(request) else {
            return false;
        };
        let (tokens, users) = (self.tokens.pin(), self.users.pin());
        let Some(token) = tokens.get(&digest) else { return false };
        let Some(user) = users.get(&token.user) else {
            return false;
        };
        self.gates.charge_and_pass(token, user, request, now)
    }
}

/// `dashmap`, sharded locks.
#[derive(Default)]
pub struct DashmapMaps {
    gates: Gates,
    tokens: dashmap::DashMap<[u8; 32], Token, BuildSpread>,
    users: dashmap::DashMap<u64, User, BuildSpread>,
}

impl DashmapMaps {
    /// Keeps what a population holds.
    pub fn new(population: &Population) -> Self {
        let maps = Self::default();
        population.view.for_each_token(|record| {
            maps.tokens.insert(*record.digest.as_bytes(), Token::from(&record));
        });
        population.view.for_each_user(|record| {
            maps.users.insert(record.id.0, User::from(&record));
        });
        maps
    }
}

impl Rival for DashmapMaps {
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let Some(digest) = self.gates.digest(request) else {
            return false;
        };
        let Some(token) = self.tokens.get(&digest).map(|token| *token) else {
            return false;
        };
        let Some(user) = self.users.get(&token.user) else {
            return false;
        };
        self.gates.charge_and_pass(&token, &user, request, now)
    }
}

/// `moka`, a cache, here with room for all.
pub struct MokaMaps {
    gates: Gates,
    tokens: moka::sync::Cache<[u8; 32], Token, BuildSpread>,
    users: moka::sync::Cache<u64, Arc<User>, BuildSpread>,
}

impl MokaMaps {
    /// Keeps what a population holds.
    pub fn new(population: &Population) -> Self {
        let maps = Self {
            gates: Gates::default(),
            tokens: moka::sync::Cache::builder().build_with_hasher(BuildSpread::default()),
            users: moka::sync::Cache::builder().build_with_hasher(BuildSpread::default()),
        };
        population.view.for_each_token(|record| {
            maps.tokens.insert(*record.digest.as_bytes(), Token::from(&record));
        });
        population.view.for_each_user(|record| {
            maps.users.insert(record.id.0, Arc::new(User::from(&record)));
        });
        maps.tokens.run_pending_tasks();
        maps.users.run_pending_tasks();
        maps
    }
}

impl Rival for MokaMaps {
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let Some(digest) = self.gates.digest(request) else {
            return false;
        };
        let Some(token) = self.tokens.get(&digest) else {
            return false;
        };
        let Some(user) = self.users.get(&token.user) else {
            return false;
        };
        self.gates.charge_and_pass(&token, &user, request, now)
    }
}
