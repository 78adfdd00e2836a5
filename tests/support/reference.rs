//! The twin: the check written a second time from its documentation, slow and obvious, with text, lists and maps.
//!
//! It shares no line with the code under test, and digests nothing: here a token is known by its text.

use std::collections::HashMap;

use super::facts::{Change, Request, Server, Token, User};
use super::reading::{Presented, credentials, limit, secrets, standing};

/// `permit`, or the gate that refused and the reason.
pub type Answer = (String, Option<Subject>, Option<Quota>);
/// User, token and place.
pub type Subject = (u64, u64, String);
/// The hourly limit, what remains of it, and the milliseconds until there is more.
pub type Quota = (u32, u32, u64);
/// A permit: user and birth, the beginning of the window that was charged, whether it takes a place, and whether it offers
/// an upgrade.
pub type Held = ((u64, u64), Option<u64>, bool, bool);

const HOUR_MS: u64 = 3_600_000;
const STRANGE: &str = "network_global network_refused";
const GROUPS: &str = "GET:GET HEAD:GET POST:POST PUT:PUT PATCH:PUT MERGE:PUT DELETE:DELETE";

#[derive(Default)]
pub struct Reference {
    server: Server,
    pub users: HashMap<u64, Account>,
    /// By their text, behind the form in which they came from elsewhere; with user and birth, and whether a change is in doubt.
    tokens: HashMap<String, (Token, (u64, u64), bool)>,
    births: u64,
}

#[derive(Default)]
pub struct Account {
    user: User,
    /// Tells a user from a later one with the same number.
    birth: u64,
    in_doubt: bool,
    /// When the window began, and how many passed in it.
    pub window: Option<(u64, u32)>,
    under_way: u32,
}

impl Reference {
    /// Makes a change, and answers whether it could be made.
    pub fn change(&mut self, change: &Change) -> bool {
        self.births += 1;
        match change.clone() {
            Change::SetServer(server) => self.server = server,
            Change::PutUser(user) => {
                let account = self.users.entry(user.id).or_default();
                account.birth = if account.birth == 0 { self.births } else { account.birth };
                account.user = user;
            }
            Change::RemoveUser(id) => drop(self.users.remove(&id)),
            Change::PutToken(token) => {
                let Some(account) = self.users.get(&token.user) else {
                    return false;
                };
                let in_doubt = self.tokens.get(&token.secret).is_some_and(|before| before.2);
                let owner = (token.user, account.birth);
                self.tokens.insert(token.secret.clone(), (token, owner, in_doubt));
            }
            Change::RemoveToken(secret) => drop(self.tokens.remove(&secret)),
            Change::DoubtUser(id) => drop(self.users.entry(id).and_modify(|account| account.in_doubt = true)),
            Change::DoubtToken(secret) => drop(self.tokens.entry(secret).and_modify(|token| token.2 = true)),
        }
        true
    }

    pub fn check(&mut self, request: &Request, now: u64) -> (Answer, Option<Held>) {
        let (mut subject, mut quota) = (None, None);
        match self.decide(request, now, &mut subject, &mut quota) {
            Ok(held) if held.3 => (("permit upgrade".to_owned(), subject, quota), Some(held)),
            Ok(held) => (("permit".to_owned(), subject, quota), Some(held)),
            Err(why) => ((why.to_owned(), subject, quota), None),
        }
    }

    /// The request of a permit is over, or (to undo) was only asked about.
    pub fn end(&mut self, (owner, charge, takes_place, _): Held, undo: bool) {
        if let Some(account) = self.users.get_mut(&owner.0).filter(|account| account.birth == owner.1) {
            account.under_way -= u32::from(takes_place);
            account.give_back(charge.filter(|_| undo));
        }
    }

    fn decide(
        &mut self,
        request: &Request,
        now: u64,
        subject: &mut Option<Subject>,
        quota: &mut Option<Quota>,
    ) -> Result<Held, &'static str> {
        let (server, peer) = (&self.server, request.peer.as_deref());
        let global = standing(&server.banned, &server.trusted, peer);
        let stale = server.fresh_until_ms.is_some_and(|last| now > last);
        let preflight = server.allow_preflight && request.preflight && request.method.0 == b"OPTIONS";
        match (global, preflight, stale) {
            ("banned", ..) | ("neither", true, _) => return Err(STRANGE),
            (_, true, true) => return Err("freshness stale_view"),
            (_, true, false) => return Ok(((0, 0), None, false, false)),
            (_, false, _) => {}
        }
        let presented = self.credential(request);
        let found = presented.and_then(|presented| self.look_up(presented, stale));
        let (secret, place, upgrade) = found.map_err(|why| if global == "trusted" { why } else { STRANGE })?;
        let (token, owner, token_in_doubt) = &self.tokens[&secret];
        let account = self.users.get_mut(&owner.0).unwrap();
        *subject = Some((owner.0, token.id, place.to_owned()));

        let user = &account.user;
        let own = standing(&user.banned, &user.trusted, peer);
        let strange = own == "banned" || (own == "neither" && global != "trusted");
        let mut groups = GROUPS.split(' ').filter_map(|pair| pair.split_once(':'));
        let group = groups.find(|(method, _)| method.as_bytes() == request.method.0);
        let allowed = group.is_some_and(|(_, group)| user.operations.split(',').any(|word| word == group));
        let early = token.not_before_s.is_some_and(|s| now < u64::from(s) * 1_000);
        let over = token.expires_at_s.is_some_and(|s| now >= u64::from(s) * 1_000);
        let gates = [
            ("network_user network_refused", strange && global != "trusted"),
            ("status revoked", token.revoked),
            ("status suspended", !user.active),
            ("validity not_yet_valid", early),
            ("validity expired", over),
            ("network_user network_refused", strange),
            ("operation operation_refused", !allowed),
            ("scope insufficient_scope", !request.scopes.is_empty()),
            ("freshness stale_view", stale || *token_in_doubt || account.in_doubt),
        ];
        if let Some((why, _)) = gates.into_iter().find(|(_, fails)| *fails) {
            return Err(why);
        }
        let charge = match limit(&user.per_hour, &server.per_hour) {
            Some(limit) => Some(account.charge(limit, now, quota)?),
            None => None,
        };
        let places = limit(&account.user.concurrent, &server.concurrent);
        if places.is_some_and(|places| account.under_way >= places) {
            account.give_back(charge);
            *quota = None;
            return Err("concurrency concurrency_exceeded");
        }
        account.under_way += u32::from(places.is_some());
        Ok((*owner, charge, places.is_some(), upgrade))
    }

    fn credential(&self, request: &Request) -> Result<Presented, &'static str> {
        let doubled = request.authorization.len() > 1 || request.authtoken.len() > 1;
        match credentials(request, self.server.authtoken_in_url).as_slice() {
            [] if !doubled => Err("extract missing_credential"),
            [Some(presented)] if !doubled => Ok(presented.clone()),
            _ => Err("extract malformed_credential"),
        }
    }

    /// The secret of a token that was issued, belongs to the name beside it, and may stand where it stood; and whether a
    /// better digest is to be had: one that came as a digest, and whose text is nobody's. A stale view does not know what it
    /// has not heard of, unless the text can be no token at all.
    fn look_up(
        &self,
        (place, name, text): Presented,
        stale: bool,
    ) -> Result<(String, &'static str, bool), &'static str> {
        let account = |secret: &String| {
            let (id, birth) = self.tokens.get(secret)?.1;
            self.users.get(&id).filter(|account| account.birth == birth)
        };
        let own = |account: &Account| name.as_ref().is_none_or(|name| *name == account.user.name);
        let secrets = secrets(&text, place, &self.server.foreign_tokens);
        let why = match (secrets.is_empty(), stale) {
            (false, true) => "freshness stale_view",
            _ => "look_up unknown_token",
        };
        let mut secrets = secrets.into_iter();
        let secret = secrets.find(|secret| account(secret).is_some_and(own)).ok_or(why)?;
        let known = secret == text || account(&format!("clear:{text}")).is_some();
        Ok((secret, place, !known))
    }
}

impl Account {
    /// Counts a request, and answers the beginning of its window. A clock that stepped back leaves a window open; one
    /// that stepped back by more than an hour moves its beginning and keeps its count.
    fn charge(&mut self, limit: u32, now: u64, quota: &mut Option<Quota>) -> Result<u64, &'static str> {
        let (start, count) = match self.window {
            Some((start, count)) if now + HOUR_MS < start => (now, count),
            Some((start, count)) if now < start + HOUR_MS => (start, count),
            _ => (now, 0),
        };
        let left = limit.saturating_sub(count);
        self.window = Some((start, count + left.min(1)));
        *quota = Some((limit, left.saturating_sub(1), HOUR_MS - now.saturating_sub(start)));
        if left == 0 {
            Err("rate rate_exceeded")
        } else {
            Ok(start)
        }
    }

    fn give_back(&mut self, charge: Option<u64>) {
        if let Some((start, count)) = self.window.filter(|(start, _)| charge == Some(*start)) {
            self.window = (count > 1).then(|| (start, count - 1));
        }
    }
}
