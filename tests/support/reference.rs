//! The twin: the check written a second time from its documentation, slow and obvious, with text, lists and maps.
//!
//! It shares no line with the code under test, and digests nothing: here a token is known by its text.

use std::collections::HashMap;

use super::facts::{Authority, Change, Proof, Request, Route, Server, Token, User, usual};
use super::paths::route;
use super::reading::{Presented, credentials, is_ours, is_signed, limit, secrets, standing};

/// `permit`, or the gate that refused and the reason.
pub type Answer = (String, Option<Subject>, Option<Quota>);
/// User, token and place; and what was proven instead, client and scopes with bars between.
pub type Subject = (u64, u64, String, String);
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
    authorities: HashMap<u32, (Authority, bool)>,
    /// With the birth of the user.
    proofs: Vec<(Proof, u64)>,
    births: u64,
}

/// A token that was found, or a proof in its place; where it stood, and whether a better digest is to be had.
struct Found {
    token: Token,
    owner: (u64, u64),
    in_doubt: bool,
    settled: &'static str,
    place: &'static str,
    upgrade: bool,
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
                if token.authority.is_some_and(|id| !self.authorities.contains_key(&id)) {
                    return false;
                }
                let in_doubt = self.tokens.get(&token.secret).is_some_and(|before| before.2);
                let owner = (token.user, account.birth);
                self.tokens.insert(token.secret.clone(), (token, owner, in_doubt));
            }
            Change::RemoveToken(secret) => drop(self.tokens.remove(&secret)),
            Change::DoubtUser(id) => drop(self.users.entry(id).and_modify(|account| account.in_doubt = true)),
            Change::DoubtToken(secret) => drop(self.tokens.entry(secret).and_modify(|token| token.2 = true)),
            Change::PutAuthority(authority) => {
                let grounds = |it: &Authority| (it.client.clone(), it.scopes.clone(), it.audiences.clone());
                let before = self.authorities.get(&authority.id);
                if before.is_some_and(|(before, _)| grounds(before) != grounds(&authority)) {
                    return false;
                }
                let in_doubt = before.is_some_and(|(_, in_doubt)| *in_doubt);
                self.authorities.insert(authority.id, (authority, in_doubt));
            }
            Change::DoubtAuthority(id) => drop(self.authorities.entry(id).and_modify(|it| it.1 = true)),
            Change::Remember(proof) => {
                let known = proof.authority.is_none_or(|id| self.authorities.contains_key(&id));
                if let Some(account) = self.users.get(&proof.user).filter(|_| known) {
                    let same = |it: &Proof| (it.name.clone(), it.text.clone());
                    self.proofs.retain(|(other, _)| same(other) != same(&proof));
                    self.proofs.push((proof, account.birth));
                }
            }
        }
        true
    }

    pub fn check(&mut self, request: &Request, now: u64) -> (Answer, Option<Held>) {
        let (mut subject, mut quota) = (None, None);
        match self.decide(request, now, &mut subject, &mut quota) {
            Ok(held) if held.3 => (("permit upgrade".to_owned(), subject, quota), Some(held)),
            Ok(held) => (("permit".to_owned(), subject, quota), Some(held)),
            Err(why) => ((why, subject, quota), None),
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
    ) -> Result<Held, String> {
        let (server, peer) = (&self.server, request.peer.as_deref());
        let global = standing(&server.banned, &server.trusted, peer);
        let stale = server.fresh_until_ms.is_some_and(|last| now > last);
        let routed = route(&server.routes, &request.path.0);
        let route = routed.ok().flatten().cloned().unwrap_or_else(usual_route);
        // What a challenge would name.
        let schemes = match route.schemes == usual() {
            true => String::new(),
            false => format!(" of {}", route.schemes),
        };
        let hidden = |why: String| if global == "trusted" { why } else { STRANGE.to_owned() };
        if global == "banned" {
            return Err(format!("{STRANGE}{schemes}"));
        }
        if routed.is_err() {
            return Err(hidden("route ambiguous_path".to_owned()));
        }
        let unasked = match (global, stale) {
            ("neither", _) => Err(format!("{STRANGE}{schemes}")),
            (_, true) => Err(format!("freshness stale_view{schemes}")),
            (_, false) => Ok(((0, 0), None, false, false)),
        };
        let preflight = server.allow_preflight && request.preflight && request.method.0 == b"OPTIONS";
        if preflight || (route.anonymous && route.schemes.is_empty()) {
            return unasked;
        }
        let found = match self.credential(request) {
            Err("extract missing_credential") if route.anonymous => return unasked,
            Err(why) => Err((why.to_owned(), "")),
            Ok(presented) => self.look_up(&presented, &route, stale, now),
        };
        let found = found.map_err(|(why, unsettled)| {
            let personal = self.users.values().any(|account| {
                let user = &account.user;
                !user.banned.is_empty() || !user.trusted.is_empty()
            });
            let unsettled = unsettled.to_owned();
            let open = if unsettled.is_empty() || (global != "trusted" && !personal) {
                String::new()
            } else {
                format!(" unsettled {unsettled}")
            };
            format!("{}{open}{schemes}", hidden(why))
        })?;
        let Found {
            token,
            owner,
            in_doubt: token_in_doubt,
            settled,
            place,
            upgrade,
        } = found;
        let authority = token.authority.map(|id| self.authorities[&id].clone());
        let (client, scopes) = authority
            .as_ref()
            .map(|(authority, _)| (authority.client.as_str(), authority.scopes.as_str()))
            .unwrap_or_default();
        let acts = format!("{settled}|{client}|{scopes}");
        *subject = Some((owner.0, token.id, place.to_owned(), acts));

        let server = &self.server;
        let account = self.users.get_mut(&owner.0).unwrap();
        let user = &account.user;
        let own = standing(&user.banned, &user.trusted, peer);
        let strange = own == "banned" || (own == "neither" && global != "trusted");
        let mut groups = GROUPS.split(' ').filter_map(|pair| pair.split_once(':'));
        let group = groups.find(|(method, _)| method.as_bytes() == request.method.0);
        let allowed = group.is_some_and(|(_, group)| user.operations.split(',').any(|word| word == group));
        let early = token.not_before_s.is_some_and(|s| now < u64::from(s) * 1_000);
        let over = token.expires_at_s.is_some_and(|s| now >= u64::from(s) * 1_000);
        let inactive = authority
            .as_ref()
            .is_some_and(|(authority, in_doubt)| !authority.active && !in_doubt);
        let meant = route.audience.as_ref().is_none_or(|audience| {
            let mut own = authority.iter().flat_map(|(authority, _)| &authority.audiences);
            own.any(|own| own == audience)
        });
        let wanted = route
            .scopes
            .split_terminator(' ')
            .chain(request.scopes.iter().map(String::as_str));
        let lacks = wanted
            .clone()
            .any(|scope| !scopes.split_terminator(' ').any(|own| own == scope));
        let wants = match route.scopes.is_empty() {
            true => String::new(),
            false => format!(" wants {}", route.scopes),
        };
        let doubted = token_in_doubt || account.in_doubt || authority.as_ref().is_some_and(|(_, in_doubt)| *in_doubt);
        let gates = [
            ("network_user network_refused", strange && global != "trusted"),
            ("status revoked", token.revoked),
            ("status suspended", !user.active || inactive),
            ("validity not_yet_valid", early),
            ("validity expired", over),
            ("audience wrong_audience", !meant),
            ("network_user network_refused", strange),
            ("operation operation_refused", !allowed),
            ("scope insufficient_scope", lacks),
            ("freshness stale_view", stale || doubted),
        ];
        if let Some((why, _)) = gates.into_iter().find(|(_, fails)| *fails) {
            let wants = if why.starts_with("scope") { wants } else { String::new() };
            return Err(format!("{why}{schemes}{wants}"));
        }
        let charge = match limit(&user.per_hour, &server.per_hour) {
            Some(limit) => Some(account.charge(limit, now, quota)?),
            None => None,
        };
        let places = limit(&account.user.concurrent, &server.concurrent);
        if places.is_some_and(|places| account.under_way >= places) {
            account.give_back(charge);
            *quota = None;
            return Err("concurrency concurrency_exceeded".to_owned());
        }
        account.under_way += u32::from(places.is_some());
        Ok((owner, charge, places.is_some(), upgrade))
    }

    fn credential(&self, request: &Request) -> Result<Presented, &'static str> {
        let doubled = request.authorization.len() > 1 || request.authtoken.len() > 1;
        match credentials(request, self.server.authtoken_in_url).as_slice() {
            [] if !doubled => Err("extract missing_credential"),
            [Some(presented)] if !doubled => Ok(presented.clone()),
            _ => Err("extract malformed_credential"),
        }
    }

    /// A token that was issued, belongs to the name beside it, and may stand where it stood; else a proof that is remembered; else
    /// why there is neither, and what could be proven. A stale view does not know what it has not heard of, unless the text can be
    /// nothing at all.
    fn look_up(
        &self,
        (place, name, text): &Presented,
        route: &Route,
        stale: bool,
        now: u64,
    ) -> Result<Found, (String, &'static str)> {
        let scheme = if ["query", "form"].contains(place) {
            "parameter"
        } else {
            place
        };
        let takes = |scheme: &str| route.schemes.split(',').any(|word| word == scheme);
        let by_password = *place == "basic" && takes("password");
        if !takes(scheme) && !by_password {
            return Err(("extract missing_credential".to_owned(), ""));
        }
        let born = |(id, birth): (u64, u64)| self.users.get(&id).filter(|account| account.birth == birth);
        let account = |secret: &String| born(self.tokens.get(secret)?.1);
        let own = |account: &Account| name.as_ref().is_none_or(|name| *name == account.user.name);
        let secrets = match takes(scheme) {
            true => secrets(text, place, &self.server.foreign_tokens),
            false => Vec::new(),
        };
        if let Some(secret) = secrets.iter().find(|secret| account(secret).is_some_and(own)) {
            let (token, owner, in_doubt) = self.tokens[secret].clone();
            let known = secret == text || account(&format!("clear:{text}")).is_some();
            return Ok(Found {
                token,
                owner,
                in_doubt,
                settled: "",
                place,
                upgrade: !known,
            });
        }
        let ours = takes(scheme) && is_ours(text);
        let named = name.as_ref().is_some_and(|name| !name.is_empty()) && !text.is_empty();
        let sort = match (by_password && named && !ours, *place == "bearer" && is_signed(text)) {
            (true, _) => "password",
            (_, true) if self.server.external_issuers != 0 => "external",
            _ => "",
        };
        let holds = |proof: &Proof, account: &Account| match sort {
            "password" => proof.name == *name && own(account) && proof.epoch == account.user.password_epoch,
            _ => proof.name.is_none() && proof.epoch == self.server.external_issuers,
        };
        let proof = self.proofs.iter().find(|(proof, birth)| {
            let account = born((proof.user, *birth));
            let left = (proof.until_ms / 1_000).saturating_sub(now / 1_000);
            let alive = proof.epoch != 0 && now < proof.until_ms / 1_000 * 1_000 && (sort != "password" || left <= 60);
            !sort.is_empty() && proof.text == *text && alive && account.is_some_and(|account| holds(proof, account))
        });
        if let Some((proof, birth)) = proof {
            return Ok(Found {
                token: Token {
                    id: 0,
                    user: proof.user,
                    secret: String::new(),
                    digest: None,
                    revoked: false,
                    not_before_s: None,
                    expires_at_s: None,
                    authority: proof.authority,
                },
                owner: (proof.user, *birth),
                in_doubt: false,
                settled: sort,
                place,
                upgrade: false,
            });
        }
        match (stale, secrets.is_empty() && sort.is_empty()) {
            (true, false) => Err(("freshness stale_view".to_owned(), "")),
            _ => Err(("look_up unknown_token".to_owned(), sort)),
        }
    }
}

/// What holds where no route says otherwise.
fn usual_route() -> Route {
    Route {
        pattern: String::new(),
        schemes: usual(),
        scopes: String::new(),
        audience: None,
        anonymous: false,
    }
}

impl Account {
    /// Counts a request, and answers the beginning of its window. A clock that stepped back leaves a window open; one
    /// that stepped back by more than an hour moves its beginning and keeps its count.
    fn charge(&mut self, limit: u32, now: u64, quota: &mut Option<Quota>) -> Result<u64, String> {
        let (start, count) = match self.window {
            Some((start, count)) if now + HOUR_MS < start => (now, count),
            Some((start, count)) if now < start + HOUR_MS => (start, count),
            _ => (now, 0),
        };
        let left = limit.saturating_sub(count);
        self.window = Some((start, count + left.min(1)));
        *quota = Some((limit, left.saturating_sub(1), HOUR_MS - now.saturating_sub(start)));
        if left == 0 {
            Err("rate rate_exceeded".to_owned())
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
