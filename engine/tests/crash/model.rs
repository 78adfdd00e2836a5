//! What an engine must hold after the orders it carried out: plain maps, and rules short enough to be seen to be right.

use std::collections::{BTreeMap, BTreeSet};

use tollgate::{DenyReason, Engine, ReadError};

use super::order::Order;

/// The rule that lets the machine itself call. Rules about users are about other addresses.
pub(crate) const LOOPBACK: &str = "127.0.0.0/8";

/// A user, but for the rules about their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelUser {
    pub(crate) id: u64,
    pub(crate) operations: u8,
    pub(crate) per_hour: String,
    pub(crate) active: bool,
    pub(crate) created_at: u64,
}

/// An authtoken, as lists show one. Moments are milliseconds, and whole seconds where the engine keeps only those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelToken {
    pub(crate) user: String,
    pub(crate) issued_at: u64,
    pub(crate) not_before: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) revoked_at: Option<u64>,
    /// Whether it is a personal access token.
    pub(crate) personal: bool,
}

/// A client, as lists show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelClient {
    pub(crate) number: u64,
    pub(crate) enabled: bool,
    /// The id of its secret.
    pub(crate) secret: u64,
}

/// Whom a rule is about (everybody where there is none), and its addresses.
type RuleKey = (Option<String>, String);

/// Everything that lists show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) users: BTreeMap<String, ModelUser>,
    pub(crate) tokens: BTreeMap<u64, ModelToken>,
    /// Whether the addresses are trusted, and since when the rule stands.
    pub(crate) networks: BTreeMap<RuleKey, (bool, u64)>,
    pub(crate) settings: BTreeMap<&'static str, String>,
    pub(crate) clients: BTreeMap<String, ModelClient>,
    /// What the passwords of users who have one are told by.
    pub(crate) passwords: BTreeMap<String, u32>,
}

impl Facts {
    /// What the lists of `engine` show.
    pub(crate) fn of(engine: &Engine) -> Result<Self, ReadError> {
        let users = engine.users()?.into_iter().map(|user| {
            let facts = ModelUser {
                id: user.id.0,
                operations: user.operations.bits(),
                per_hour: user.per_hour.to_string(),
                active: user.active,
                created_at: user.created_at.as_millis(),
            };
            (user.name.as_str().to_owned(), facts)
        });
        let mut passwords = BTreeMap::new();
        let mut personal = Vec::new();
        for user in engine.users()? {
            personal.extend(engine.personal_tokens(&user.name)?);
            let person = engine.person(&user.name)?.filter(|person| person.password_epoch != 0);
            passwords.extend(person.map(|person| (user.name.as_str().to_owned(), person.password_epoch)));
        }
        let personal = personal.into_iter().map(|token| {
            let facts = ModelToken {
                user: token.user.as_str().to_owned(),
                issued_at: token.issued_at.as_millis(),
                not_before: None,
                expires_at: Some(token.expires_at.as_millis()),
                revoked_at: token.revoked_at.map(|moment| moment.as_millis()),
                personal: true,
            };
            (token.id.0, facts)
        });
        let clients = engine.clients()?.into_iter().map(|client| {
            let facts = ModelClient {
                number: client.number,
                enabled: client.enabled,
                secret: client.secrets[0].id.0,
            };
            (client.name.as_str().to_owned(), facts)
        });
        let tokens = engine.tokens(None)?.into_iter().map(|token| {
            let facts = ModelToken {
                user: token.user.as_str().to_owned(),
                issued_at: token.issued_at.as_millis(),
                not_before: token.not_before.map(|moment| moment.as_millis()),
                expires_at: token.expires_at.map(|moment| moment.as_millis()),
                revoked_at: token.revoked_at.map(|moment| moment.as_millis()),
                personal: false,
            };
            (token.id.0, facts)
        });
        let networks = engine.networks()?.into_iter().map(|network| {
            let user = network.user.map(|user| user.as_str().to_owned());
            let trusted = network.standing == tollgate::Standing::Trusted;
            (
                (user, network.rule.as_str().to_owned()),
                (trusted, network.added_at.as_millis()),
            )
        });
        let settings = engine.settings()?.list();
        Ok(Self {
            users: users.collect(),
            tokens: tokens.chain(personal).collect(),
            clients: clients.collect(),
            passwords,
            networks: networks.collect(),
            settings: settings
                .iter()
                .map(|setting| (setting.key(), setting.to_string()))
                .collect(),
        })
    }
}

/// What an order does to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// It changes something.
    Changed,
    /// It succeeds, and all was so already.
    Unchanged,
    /// It is refused.
    Refused,
}

/// The state that all carried out orders add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) facts: Facts,
    /// The ids that come next; an id is never given away twice.
    pub(crate) next_user: u64,
    pub(crate) next_token: u64,
    pub(crate) next_client: u64,
    /// The last number that a password of a user had, by the user's id.
    pub(crate) epochs: BTreeMap<u64, u32>,
    /// Tokens of users who are gone, which no list shows and the sweeper has not taken away yet.
    pub(crate) orphans: BTreeSet<u64>,
    /// Whether a user went since the last sweep. Then it has rows to write, even where no token was left behind.
    pub(crate) departures: bool,
}

impl Model {
    /// A new store.
    pub(crate) fn new() -> Self {
        let settings = [
            ("per_hour", "inherit"),
            ("concurrent", "inherit"),
            ("allow_authtoken_in_url", "false"),
            ("allow_preflight", "false"),
            ("trusted_proxies", "127.0.0.0/8,::1"),
            ("foreign_tokens", ""),
        ];
        let settings = settings
            .into_iter()
            .map(|(key, value)| (key, value.to_owned()))
            .collect();
        let facts = Facts {
            settings,
            ..Facts::default()
        };
        Self {
            facts,
            next_user: 1,
            next_token: 1,
            next_client: 1,
            epochs: BTreeMap::new(),
            orphans: BTreeSet::new(),
            departures: false,
        }
    }

    /// Carries an order out at `now`.
    pub(crate) fn fold(&mut self, order: &Order, now: u64) -> Effect {
        match order {
            Order::AddUser {
                name,
                operations,
                per_hour,
                active,
            } => {
                if self.facts.users.contains_key(name) {
                    return Effect::Refused;
                }
                let (id, per_hour) = (self.next_user, per_hour.clone());
                let user = ModelUser {
                    id,
                    operations: *operations,
                    per_hour,
                    active: *active,
                    created_at: now,
                };
                self.facts.users.insert(name.clone(), user);
                self.next_user += 1;
                Effect::Changed
            }
            Order::SetUser {
                name,
                operations,
                per_hour,
                active,
            } => {
                let Some(user) = self.facts.users.get_mut(name) else {
                    return Effect::Refused;
                };
                let before = user.clone();
                user.operations = operations.unwrap_or(user.operations);
                user.active = active.unwrap_or(user.active);
                user.per_hour = per_hour.clone().unwrap_or(before.per_hour.clone());
                if *user == before {
                    Effect::Unchanged
                } else {
                    Effect::Changed
                }
            }
            Order::RemoveUser { name } => self.remove_user(name),
            Order::Issue {
                user,
                not_before,
                expires_at,
            } => self.issue(user, *not_before, *expires_at, now),
            Order::Revoke { id } => self.revoke(*id, false, now),
            Order::RevokePersonal { id } => self.revoke(*id, true, now),
            Order::IssuePersonal { user, expires_at } => self.issue_personal(user, *expires_at, now),
            Order::AddClient { name } => self.add_client(name),
            Order::SetClient { name, enabled } => match self.facts.clients.get_mut(name) {
                None => Effect::Refused,
                Some(client) if client.enabled == *enabled => Effect::Unchanged,
                Some(client) => {
                    client.enabled = *enabled;
                    Effect::Changed
                }
            },
            Order::Rotate { name } => {
                let Some(client) = self.facts.clients.get_mut(name) else {
                    return Effect::Refused;
                };
                client.secret = self.next_token;
                self.next_token += 1;
                Effect::Changed
            }
            Order::RemoveClient { name } => match self.facts.clients.remove(name) {
                Some(_) => Effect::Changed,
                None => Effect::Refused,
            },
            Order::SetPassword { user, set } => self.set_password(user, *set),
            Order::Expire { id, at } => self.expire(*id, at / 1_000 * 1_000),
            Order::AddNetwork { rule, trusted, user } => {
                let key = (user.clone(), rule.clone());
                if !self.knows(user.as_ref()) || self.facts.networks.contains_key(&key) {
                    return Effect::Refused;
                }
                self.facts.networks.insert(key, (*trusted, now));
                Effect::Changed
            }
            Order::RemoveNetwork { rule, user } => match self.facts.networks.remove(&(user.clone(), rule.clone())) {
                Some(_) => Effect::Changed,
                None => Effect::Refused,
            },
            Order::SetSetting { key, value } => {
                let before = self.facts.settings.insert(key, value.clone());
                // A list counts as new however it compares: two ways to write a rule are two texts.
                if before.as_ref() == Some(value) && *key != "trusted_proxies" {
                    Effect::Unchanged
                } else {
                    Effect::Changed
                }
            }
        }
    }

    fn revoke(&mut self, id: u64, personal: bool, now: u64) -> Effect {
        match self
            .facts
            .tokens
            .get_mut(&id)
            .filter(|token| token.personal == personal)
        {
            None => Effect::Refused,
            Some(token) if token.revoked_at.is_some() => Effect::Unchanged,
            Some(token) => {
                token.revoked_at = Some(now);
                Effect::Changed
            }
        }
    }

    fn issue_personal(&mut self, user: &str, expires_at: u64, now: u64) -> Effect {
        let in_use = |token: &&ModelToken| {
            let ended = token.revoked_at.is_some() || token.expires_at.is_some_and(|end| now >= end);
            token.personal && token.user == user && !ended
        };
        if self.facts.tokens.values().filter(in_use).count() >= 5 {
            return Effect::Refused;
        }
        let effect = self.issue(user, None, Some(expires_at), now);
        if effect == Effect::Changed {
            let issued = self.facts.tokens.get_mut(&(self.next_token - 1));
            issued.unwrap().personal = true;
        }
        effect
    }

    fn add_client(&mut self, name: &str) -> Effect {
        if self.facts.clients.contains_key(name) {
            return Effect::Refused;
        }
        let client = ModelClient {
            number: self.next_client,
            enabled: true,
            secret: self.next_token,
        };
        self.next_client += 1;
        self.next_token += 1;
        self.facts.clients.insert(name.to_owned(), client);
        Effect::Changed
    }

    fn set_password(&mut self, user: &str, set: bool) -> Effect {
        let Some(id) = self.facts.users.get(user).map(|user| user.id) else {
            return Effect::Refused;
        };
        if !set && !self.facts.passwords.contains_key(user) {
            return Effect::Unchanged;
        }
        let epoch = self.epochs.entry(id).or_insert(0);
        *epoch += 1;
        if set {
            self.facts.passwords.insert(user.to_owned(), *epoch);
        } else {
            self.facts.passwords.remove(user);
        }
        Effect::Changed
    }

    fn knows(&self, user: Option<&String>) -> bool {
        user.is_none_or(|name| self.facts.users.contains_key(name))
    }

    fn remove_user(&mut self, name: &str) -> Effect {
        if self.facts.users.remove(name).is_none() {
            return Effect::Refused;
        }
        let orphans = self.facts.tokens.extract_if(.., |_, token| token.user == name);
        self.orphans.extend(orphans.map(|(id, _)| id));
        self.departures = true;
        self.facts.passwords.remove(name);
        self.facts.networks.retain(|(user, _), _| user.as_deref() != Some(name));
        Effect::Changed
    }

    /// Takes away what is of no use.
    pub(crate) fn sweep(&mut self) -> Effect {
        self.departures = false;
        if std::mem::take(&mut self.orphans).is_empty() {
            Effect::Unchanged
        } else {
            Effect::Changed
        }
    }

    fn issue(&mut self, user: &str, not_before: Option<u64>, expires_at: Option<u64>, now: u64) -> Effect {
        let not_before = not_before.map(|moment| moment.div_ceil(1_000) * 1_000);
        let expires_at = expires_at.map(|moment| moment / 1_000 * 1_000);
        let useless = expires_at.is_some_and(|end| end <= now.max(not_before.unwrap_or(0)));
        if useless || !self.facts.users.contains_key(user) {
            return Effect::Refused;
        }
        let token = ModelToken {
            user: user.to_owned(),
            issued_at: now,
            not_before,
            expires_at,
            revoked_at: None,
            personal: false,
        };
        self.facts.tokens.insert(self.next_token, token);
        self.next_token += 1;
        Effect::Changed
    }

    fn expire(&mut self, id: u64, at: u64) -> Effect {
        let Some(token) = self.facts.tokens.get_mut(&id).filter(|token| !token.personal) else {
            return Effect::Refused;
        };
        match token.expires_at {
            _ if token.revoked_at.is_some() => Effect::Refused,
            Some(end) if at > end => Effect::Refused,
            Some(end) if at == end => Effect::Unchanged,
            _ => {
                token.expires_at = Some(at);
                Effect::Changed
            }
        }
    }

    /// What a GET with token `id` from loopback is answered at `now`; none where it passes.
    pub(crate) fn refusal_from_loopback(&self, id: u64, now: u64) -> Option<DenyReason> {
        if self.facts.networks.contains_key(&(None, LOOPBACK.to_owned())) {
            self.refusal(id, now)
        } else {
            Some(DenyReason::NetworkRefused)
        }
    }

    /// What a GET with token `id` from an address that may call is answered.
    fn refusal(&self, id: u64, now: u64) -> Option<DenyReason> {
        const GET: u8 = 1;
        let Some(token) = self.facts.tokens.get(&id) else {
            return Some(DenyReason::UnknownToken);
        };
        let user = &self.facts.users[&token.user];
        if token.revoked_at.is_some() {
            Some(DenyReason::Revoked)
        } else if !user.active {
            Some(DenyReason::Suspended)
        } else if token.not_before.is_some_and(|begin| now < begin) {
            Some(DenyReason::NotYetValid)
        } else if token.expires_at.is_some_and(|end| now >= end) {
            Some(DenyReason::Expired)
        } else if user.operations & GET == 0 {
            Some(DenyReason::OperationRefused)
        } else {
            None
        }
    }

    /// Whether a GET with token `id` passes at `now` from an address that `rule` and no other rule is about.
    pub(crate) fn passes_from(&self, rule: &str, id: u64, now: u64) -> bool {
        let Some(token) = self.facts.tokens.get(&id) else {
            return false;
        };
        let rule_about = |user: Option<&String>| self.facts.networks.get(&(user.cloned(), rule.to_owned()));
        let trusted = |rule: Option<&(bool, u64)>| rule.map(|(trusted, _)| *trusted);
        let may_call = match (trusted(rule_about(None)), trusted(rule_about(Some(&token.user)))) {
            (Some(false), _) | (_, Some(false)) | (None, None) => false,
            (Some(true), _) | (_, Some(true)) => true,
        };
        may_call && self.refusal(id, now).is_none()
    }
}
