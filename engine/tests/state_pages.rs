//! A follower that loads the state in pages while commands run, and then applies what followed the first page, has the state.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use support::{World, issue};
use tollgate::{
    AddClient, AddNetwork, AddUser, AddressRange, AuthorityId, AuthorityRecord, Change, ClientChanges, ClientName,
    Engine, Grant, GrantSet, IssueAuthtoken, IssuePersonalToken, NameAuthority, Networks, PasswordPhc, PathPattern,
    Position, PutRoute, RemoveClient, RemoveNetwork, RemoveRoute, RemoveUser, Revision, RevokeToken, Route, SetClient,
    SetPassword, SetSetting, SetUser, Setting, Settings, Snapshot, Standing, StateCursor, TokenId, TokenRecord,
    UserChanges, UserId, UserName, UserRecord,
};

/// Numbers that a seed makes.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn user(number: u64) -> UserName {
    format!("user-{number}").parse().unwrap()
}

/// Carries out something; what is refused leaves no trace.
fn act(engine: &Engine, draws: &mut Draws) {
    let name = user(draws.below(12));
    let (number, banned) = (draws.below(200), draws.below(2) == 0);
    let rule = format!("10.0.{number}.0/24").parse().unwrap();
    let standing = if banned { Standing::Banned } else { Standing::Trusted };
    let whose = (draws.below(2) == 0).then(|| name.clone());
    let client: ClientName = format!("client-{}", number % 3).parse().unwrap();
    let route = Route {
        anonymous: banned,
        ..Route::usual(format!("/{}/**", number % 7).parse().unwrap())
    };
    let _ = match draws.below(18) {
        10 => {
            let grants = GrantSet::NONE.with(Grant::Password);
            engine.execute(AddClient::named(client, grants)).map(drop)
        }
        11 => {
            let changes = ClientChanges {
                enabled: Some(banned),
                ..ClientChanges::default()
            };
            engine.execute(SetClient { name: client, changes }).map(drop)
        }
        12 => engine.execute(RemoveClient { name: client }),
        13 => {
            let (scopes, audiences) = (format!("s{}", number % 9).parse().unwrap(), Vec::new());
            engine
                .execute(NameAuthority {
                    client,
                    scopes,
                    audiences,
                    user: name,
                    until: engine.now().plus_millis(60_000),
                })
                .map(drop)
        }
        14 => engine.execute(PutRoute { route }).map(drop),
        15 => engine.execute(RemoveRoute { pattern: route.pattern }),
        16 => {
            let phc = PasswordPhc::parse("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$Y29tcHV0ZWQ").unwrap();
            let password = banned.then_some(phc);
            engine.execute(SetPassword { user: name, password }).map(drop)
        }
        17 => {
            let (name, description) = ("laptop".to_owned(), String::new());
            let command = IssuePersonalToken {
                user: user(draws.below(12)),
                name,
                description,
                expires_at: engine.now().plus_millis(60_000),
            };
            engine.execute(command).map(drop)
        }
        0 | 1 => engine.execute(AddUser::named(name)).map(drop),
        2 => engine.execute(RemoveUser { name }),
        3 => {
            let changes = UserChanges {
                active: Some(banned),
                ..UserChanges::default()
            };
            engine.execute(SetUser { name, changes }).map(drop)
        }
        4 => engine.execute(RevokeToken { id: TokenId(number) }).map(drop),
        5 => engine
            .execute(AddNetwork {
                rule,
                standing,
                user: whose,
            })
            .map(drop),
        6 => engine.execute(RemoveNetwork { rule, user: whose }),
        7 => {
            let setting = Setting::parse("per_hour", &(1 + number).to_string()).unwrap();
            engine.execute(SetSetting { setting }).map(drop)
        }
        8 => {
            engine.sweep().unwrap();
            Ok(())
        }
        _ => {
            let expires_at = banned.then(|| engine.now().plus_millis(1_000));
            engine
                .execute(IssueAuthtoken {
                    user: name,
                    expires_at,
                    not_before: None,
                })
                .map(drop)
        }
    };
}

/// Whoever loads pages and applies changes.
#[derive(Default)]
struct Follower {
    first: Option<Position>,
    settings: Settings,
    networks: Networks,
    external_issuers: u32,
    routes: BTreeMap<PathPattern, Route>,
    authorities: BTreeMap<AuthorityId, AuthorityRecord>,
    users: BTreeMap<UserId, UserRecord>,
    tokens: BTreeMap<TokenId, TokenRecord>,
}

impl Follower {
    /// Takes a page of at most `most` records beside the settings, and answers where the next begins.
    fn load(&mut self, engine: &Engine, from: Option<&StateCursor>, most: u64) -> Option<StateCursor> {
        let mut left = most;
        let state = engine.state().unwrap();
        let next = state.page(from, |record| {
            let fits = left > 0 || matches!(record, Change::PutSetting(_) | Change::ExternalIssuers(_));
            left = left.saturating_sub(1);
            if fits {
                self.take(&record);
            }
            fits
        });
        self.first.get_or_insert(state.position());
        let next = next.unwrap()?;
        assert_eq!(StateCursor::from_bytes(&next.to_bytes()).as_ref(), Some(&next));
        Some(next)
    }

    fn take(&mut self, change: &Change) {
        match change {
            Change::PutUser(user) => drop(self.users.insert(user.id, user.clone())),
            Change::RemoveUser(id) => {
                self.users.remove(id);
                self.tokens.retain(|_, token| token.user != *id);
            }
            Change::PutToken(token) => {
                if self.users.contains_key(&token.user) {
                    self.tokens.insert(token.id, *token);
                }
            }
            Change::RemoveToken { id, digest } => {
                if self.tokens.get(id).is_some_and(|token| token.digest == *digest) {
                    self.tokens.remove(id);
                }
            }
            Change::PutSetting(Setting::PerHour(limit)) => self.settings.per_hour = *limit,
            Change::PutSetting(_) => {}
            Change::AddNetwork { range, standing } => {
                let ranges = self.ranges(*standing);
                if let Err(at) = ranges.binary_search(range) {
                    ranges.insert(at, *range);
                }
            }
            Change::RemoveNetwork { range, standing } => self.ranges(*standing).retain(|there| there != range),
            Change::PutAuthority(authority) => drop(self.authorities.insert(authority.id, authority.clone())),
            Change::PutRoute(route) => {
                self.routes.insert(route.pattern.clone(), route.clone());
            }
            Change::RemoveRoute(pattern) => drop(self.routes.remove(pattern)),
            Change::ExternalIssuers(number) => self.external_issuers = *number,
            other => panic!("a change that no replica knows: {other:?}"),
        }
    }

    fn ranges(&mut self, standing: Standing) -> &mut Vec<AddressRange> {
        match standing {
            Standing::Trusted => &mut self.networks.trusted,
            Standing::Banned => &mut self.networks.banned,
        }
    }

    /// Applies everything after the first page.
    fn follow(&mut self, engine: &Engine) -> Revision {
        let mut cursor = engine.subscribe(self.first.unwrap()).unwrap();
        while let Some(set) = cursor.next(Duration::ZERO).unwrap() {
            set.changes.iter().for_each(|change| self.take(change));
        }
        cursor.revision()
    }

    fn assert_is(&self, snapshot: &Snapshot, seed: u64) {
        assert_eq!(self.settings.per_hour, snapshot.settings.per_hour, "seed {seed}");
        assert_eq!(self.networks, snapshot.networks, "seed {seed}");
        assert_eq!(self.external_issuers, snapshot.external_issuers, "seed {seed}");
        let routes: Vec<Route> = self.routes.values().cloned().collect();
        assert_eq!(routes, snapshot.routes, "seed {seed}");
        assert_eq!(self.authorities, snapshot.authorities, "seed {seed}");
        assert_eq!(self.users, snapshot.users, "seed {seed}");
        assert_eq!(self.tokens, snapshot.tokens, "seed {seed}");
    }
}

#[test]
fn pages_and_what_followed_the_first_add_up_to_the_state() {
    for seed in 0..32 {
        let mut draws = Draws(seed);
        let mut world = World::short_lived(0);
        for _ in 0..60 {
            act(&world.engine, &mut draws);
        }
        let mut follower = Follower::default();
        let mut next = follower.load(&world.engine, None, 1 + draws.below(6));
        let restart = draws.below(4);
        for page in 0.. {
            let Some(from) = next else { break };
            for _ in 0..draws.below(4) {
                act(&world.engine, &mut draws);
            }
            world.clock.set(world.engine.now().plus_millis(draws.below(900)));
            if page == restart {
                world = world.reopen();
            }
            next = follower.load(&world.engine, Some(&from), 1 + draws.below(6));
        }
        let reached = follower.follow(&world.engine);
        let snapshot = world.engine.snapshot().unwrap();
        assert_eq!(reached, snapshot.revision, "seed {seed}");
        follower.assert_is(&snapshot, seed);
        assert_eq!(world.engine.verify().unwrap().findings, [], "seed {seed}");
    }
}

#[test]
fn what_is_read_is_of_one_moment() {
    let world = World::new();
    let alice = world.user("alice");
    let rule = |text: &str, user: Option<&UserName>| AddNetwork {
        rule: text.parse().unwrap(),
        standing: Standing::Banned,
        user: user.cloned(),
    };
    world.engine.execute(rule("10.0.0.0/8", None)).unwrap();
    world.engine.execute(rule("192.0.2.7", Some(&alice))).unwrap();
    world.token(&alice);
    let before = world.engine.snapshot().unwrap();
    let mut follower = Follower::default();
    let mut late = true;
    let state = world.engine.state().unwrap();
    let next = state.page(None, |record| {
        if std::mem::take(&mut late) {
            issue(&world.engine, &alice);
        }
        follower.take(&record);
        true
    });
    assert_eq!((next, state.position()), (Ok(None), before.position()));
    follower.assert_is(&before, 0);
}

#[test]
fn tokens_of_users_who_are_gone_are_left_out() {
    let world = World::new();
    let stays = world.user("stays");
    world.token(&stays);
    for number in 0..5 {
        let user = world.user(user(number).as_str());
        world.token(&user);
        world.engine.execute(RemoveUser { name: user }).unwrap();
    }
    let mut follower = Follower::default();
    assert_eq!(follower.load(&world.engine, None, 100), None);
    follower.assert_is(&world.engine.snapshot().unwrap(), 0);
    assert_eq!(follower.tokens.len(), 1);
}

#[test]
fn a_cursor_is_a_table_of_the_state_and_a_key_of_it() {
    let global = [&[7, 0, 0, 0, 0, 0, 0, 0, 0, 4][..], &[10, 0, 0, 0, 10, 0, 0, 1]].concat();
    for bytes in [&[1, 0, 0, 0, 0, 0, 0, 0, 9][..], &[4, 0, 0, 0, 0, 0, 0, 0, 9], &global] {
        let cursor = StateCursor::from_bytes(bytes).unwrap();
        assert_eq!(cursor.to_bytes(), bytes);
    }
    let mut of_a_user = global.clone();
    of_a_user[8] = 1;
    for bytes in [
        &[][..],
        &[1],
        &[1, 0, 0, 0, 0, 0, 0, 9],
        &[2, 0, 0, 0, 0, 0, 0, 0, 9],
        &of_a_user,
        &global[..17],
    ] {
        assert_eq!(StateCursor::from_bytes(bytes), None, "{bytes:?}");
    }
}
