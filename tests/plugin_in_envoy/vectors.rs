//! The shared vectors, asked of a real Envoy.
//!
//! The feed states each vector's facts; Envoy's clock is the real one, so a token's life is moved to where it stands as it does
//! in the story. What a proxy cannot express stands in [`left`](super::left) by name.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tollgate_core::visible_name;
use tollgate_tests::http::{Connection, Request, Response};
use tollgate_tests::wait::{self, Deadline, PATIENCE};

use super::super::support::facts::{
    self, Ask, Authority, Change, Granted, Outcome, Server, Step, Token, User, Vector, VectorFile,
};
use super::super::support::native;
use super::super::support::vectors::files;
use super::answers;
use super::feed::Manner;
use super::left::{self, LEFT, UNSAID};
use super::scene::{READY, Scene, WORKERS};
use super::upstream::{Arrival, HOLD};
use super::world::World;

const HOUR_MS: u64 = 3_600_000;

/// The facts of a story as they stand.
struct Facts {
    server: Server,
    authorities: BTreeMap<u32, Authority>,
    users: BTreeMap<u64, User>,
    tokens: BTreeMap<String, Token>,
}

impl Facts {
    fn of(file: &VectorFile, vector: &Vector) -> Self {
        let mut facts = Self {
            server: vector.server.as_ref().unwrap_or(&file.world.server).clone(),
            authorities: BTreeMap::new(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
        };
        for authority in vector.authorities.as_ref().unwrap_or(&file.world.authorities) {
            facts.change(&Change::PutAuthority(authority.clone()));
        }
        for user in vector.users.as_ref().unwrap_or(&file.world.users) {
            facts.change(&Change::PutUser(user.clone()));
        }
        for token in vector.tokens.as_ref().unwrap_or(&file.world.tokens) {
            facts.change(&Change::PutToken(token.clone()));
        }
        facts
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::SetServer(server) => self.server = server.clone(),
            Change::PutUser(user) => drop(self.users.insert(user.id, user.clone())),
            Change::RemoveUser(id) => {
                self.users.remove(id);
                self.tokens.retain(|_, token| token.user != *id);
            }
            Change::PutToken(token) => {
                if self.users.contains_key(&token.user) {
                    self.tokens.insert(token.secret.clone(), token.clone());
                }
            }
            Change::RemoveToken(secret) => drop(self.tokens.remove(secret)),
            Change::PutAuthority(authority) => drop(self.authorities.insert(authority.id, authority.clone())),
            Change::DoubtUser(_) | Change::DoubtToken(_) | Change::DoubtAuthority(_) | Change::Remember(_) => {
                unreachable!("such a vector is left out")
            }
        }
    }

    fn is_stale(&self, now_ms: u64) -> bool {
        self.server.fresh_until_ms.is_some_and(|until| now_ms > until)
    }

    /// The facts in the words of the feed, as they stand at `now_ms` of the story and `now_s` of Envoy. Users are somebody else in
    /// every story, so that none inherits what another was charged.
    fn world(&self, digest_key: &str, now_ms: u64, now_s: u32, story: u64) -> World {
        let other = |id: u64| id % 1_000_000 + story * 1_000_000;
        let mut world = World::empty(digest_key);
        world.set_server(&self.server);
        for authority in self.authorities.values() {
            world.put_authority(authority);
        }
        for user in self.users.values() {
            world.put_user(&User {
                id: other(user.id),
                ..user.clone()
            });
        }
        let (before, after) = (now_s - 100_000, now_s + 100_000);
        let moved = |second: u32| {
            if now_ms >= u64::from(second) * 1_000 {
                before
            } else {
                after
            }
        };
        for token in self.tokens.values() {
            world.put_token(&Token {
                user: other(token.user),
                not_before_s: token.not_before_s.map(moved),
                expires_at_s: token.expires_at_s.map(moved),
                ..token.clone()
            });
        }
        world
    }
}

/// A request that the upstream holds.
struct Held {
    connection: Connection,
    name: String,
}

struct Judge {
    scene: Scene,
    now_s: u32,
    /// Connections that nobody uses, for each worker.
    idle: [Vec<Connection>; WORKERS],
    world: World,
    is_stale: bool,
    stories: u64,
}

impl Judge {
    #[allow(clippy::disallowed_methods, reason = "Envoy lives by the real clock")]
    fn start(max_staleness_ms: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let world = World::empty(&"00".repeat(32));
        let more = json!({ "max_staleness_ms": max_staleness_ms, "read_forms": true });
        Self {
            scene: Scene::start(world.clone(), &more),
            now_s: u32::try_from(now.as_secs()).unwrap(),
            idle: Default::default(),
            world,
            is_stale: false,
            stories: 0,
        }
    }

    /// Makes the digests those of a file.
    fn open(&mut self, file: &VectorFile) {
        self.world = World::empty(&file.digest_key);
        self.is_stale = false;
        self.scene.feed.behave(Manner::Truthful);
        self.scene.feed.become_another(self.world.clone());
        self.scene.wait_until_followed();
    }

    /// Answers how the story goes wrong, if it does.
    fn run(&mut self, file: &VectorFile, vector: &Vector) -> Result<(), String> {
        self.stories += 1;
        let worker = usize::try_from(self.stories).unwrap() % WORKERS;
        let mut story = Story {
            facts: Facts::of(file, vector),
            now_ms: 0,
            digest_key: &file.digest_key,
            worker,
            held: BTreeMap::new(),
            since: Deadline::within(PATIENCE * 100),
        };
        let mut told = Ok(());
        for (at, step) in vector.steps.iter().enumerate() {
            let wrong = match step {
                Step::Ask(ask) => self.ask(&mut story, ask),
                Step::Change(amend) => {
                    story.facts.change(&amend.change);
                    self.tell(&mut story);
                    None
                }
                Step::Release(held) => self.release(&mut story, &held.release),
            };
            if let Some(wrong) = wrong {
                told = Err(format!("step {}: {wrong}", at + 1));
                break;
            }
        }
        let labels: Vec<String> = story.held.keys().cloned().collect();
        for label in labels {
            let wrong = self.release(&mut story, &label);
            told = told.and(wrong.map_or(Ok(()), Err));
        }
        told
    }

    fn idle(&mut self, worker: usize) -> Connection {
        self.idle[worker].pop().unwrap_or_else(|| self.scene.connect_to(worker))
    }

    /// Makes the facts known, one by one: a user who goes and comes back is not one who stays.
    fn tell(&mut self, story: &mut Story<'_>) {
        let world = story
            .facts
            .world(story.digest_key, story.now_ms, self.now_s, self.stories);
        let connection = self.idle(story.worker);
        let connection = self.state(connection, world, false);
        self.idle[story.worker].push(connection);
    }

    fn ask(&mut self, story: &mut Story<'_>, ask: &Ask) -> Option<String> {
        if left::unsaid(&ask.request).is_some() {
            return None;
        }
        story.now_ms = ask.now_ms;
        let world = story
            .facts
            .world(story.digest_key, ask.now_ms, self.now_s, self.stories);
        let connection = self.idle(story.worker);
        let mut connection = self.state(connection, world, story.facts.is_stale(ask.now_ms));
        self.scene.upstream.take();
        let name = format!("{}-{}", self.stories, story.held.len());
        let held = ask
            .hold
            .as_ref()
            .filter(|_| matches!(ask.expect, Outcome::Granted { .. }));
        connection
            .write(&bytes(&ask.request, held.map(|_| name.as_str())))
            .unwrap();
        if let Some(label) = held {
            if !self.scene.upstream.is_held(&name, &mut connection) {
                return Some(format!("expected it to pass, got {:?}", connection.read(false)));
            }
            story.held.insert(label.clone(), Held { connection, name });
            let Outcome::Granted { permit } = &ask.expect else {
                unreachable!()
            };
            return introduced(&self.scene.upstream.take(), permit);
        }
        let is_head = ask.request.method.0 == b"HEAD";
        let answer = match connection.read(is_head) {
            Ok(answer) => answer,
            Err(broken) => return Some(format!("no answer: {broken}")),
        };
        if answer.field("connection") != Some("close") && answer.status != 400 {
            self.idle[story.worker].push(connection);
        }
        let arrivals = self.scene.upstream.take();
        if left::refused_by_envoy(&ask.request) {
            let by_plugin = answer.field("content-type") == Some("application/problem+json");
            let is_refused = (400..500).contains(&answer.status) && !by_plugin && arrivals.is_empty();
            return (!is_refused).then(|| format!("expected Envoy itself to refuse, got {}", answer.status));
        }
        match &ask.expect {
            Outcome::Granted { .. } if answer.status != 200 => Some(format!(
                "expected it to pass, got {} {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            )),
            Outcome::Granted { permit } => introduced(&arrivals, permit),
            Outcome::Denied(_) if !arrivals.is_empty() => Some("it has passed".to_owned()),
            Outcome::Denied(denied) => refused(&answer, denied, is_head, story.since),
        }
    }

    /// Makes what is to be asked about the state that the worker of `connection` decides by.
    fn state(&mut self, mut connection: Connection, world: World, is_stale: bool) -> Connection {
        let feed = &self.scene.feed;
        let mut wait_until_answered = |status: u16| {
            wait::until("the worker has noticed how old its view is", PATIENCE, || {
                (connection.send(&Request::get(READY)).unwrap().status == status).then_some(())
            });
        };
        if self.is_stale && (!is_stale || world != self.world) {
            feed.behave(Manner::Truthful);
            self.scene.wait_until_followed();
            wait_until_answered(200);
            self.is_stale = false;
        }
        if world != self.world {
            feed.lead_to(world.clone());
            self.scene.wait_until_followed();
            self.world = world;
        }
        if is_stale && !self.is_stale {
            feed.behave(Manner::Silent);
            let too_old = self.scene.too_old();
            wait::until("the view is too old", PATIENCE, || {
                too_old.remaining().is_none().then_some(())
            });
            wait_until_answered(503);
            self.is_stale = true;
        }
        connection
    }

    fn release(&mut self, story: &mut Story<'_>, label: &str) -> Option<String> {
        let Some(mut held) = story.held.remove(label) else {
            return Some("nothing is held under this label".to_owned());
        };
        self.scene.upstream.release(&held.name);
        let status = held.connection.read(false).map(|answer| answer.status);
        self.idle[story.worker].push(held.connection);
        (status.as_ref().ok() != Some(&200)).then(|| format!("what was held ended with {status:?}"))
    }
}

struct Story<'a> {
    facts: Facts,
    now_ms: u64,
    digest_key: &'a str,
    worker: usize,
    held: BTreeMap<String, Held>,
    /// From when on time passes.
    since: Deadline,
}

/// A request of a vector on the wire.
fn bytes(request: &facts::Request, hold: Option<&str>) -> Vec<u8> {
    let mut out = request.method.0.clone();
    out.push(b' ');
    out.extend_from_slice(&request.path.0);
    if let Some(query) = &request.query {
        out.push(b'?');
        out.extend_from_slice(&query.0);
    }
    out.extend_from_slice(b" HTTP/1.1\r\nHost: upstream.example\r\n");
    let mut field = |name: &str, value: &[u8]| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    };
    field(
        "X-Forwarded-For",
        request.peer.as_deref().unwrap_or_default().as_bytes(),
    );
    for (name, lines) in [
        ("Authorization", &request.authorization),
        ("X-CData-AuthToken", &request.authtoken),
    ] {
        lines.iter().for_each(|line| field(name, &line.0));
    }
    if request.preflight {
        field("Origin", b"https://app.example");
        field("Access-Control-Request-Method", b"PUT");
    }
    if let Some(label) = hold {
        field(HOLD, label.as_bytes());
    }
    if let Some(form) = &request.form {
        field("Content-Type", b"application/x-www-form-urlencoded");
        field("Content-Length", form.0.len().to_string().as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(request.form.as_ref().map_or(&[][..], |form| &form.0));
    out
}

/// How what the upstream learns differs from whose the token is, if it does.
fn introduced(arrivals: &[Arrival], permit: &Granted) -> Option<String> {
    let [arrival] = arrivals else {
        return Some(format!("{} requests have arrived", arrivals.len()));
    };
    let subject = permit.subject.as_ref();
    let expected = [
        (
            "x-tollgate-user",
            subject.map(|subject| visible_name(&subject.name).into_owned()),
        ),
        ("x-tollgate-client", subject.and_then(|subject| subject.client.clone())),
        ("x-tollgate-scope", subject.and_then(|subject| subject.scopes.clone())),
        ("x-tollgate-token-id", subject.map(|subject| subject.token.to_string())),
    ];
    let wrong = expected.iter().find_map(|(name, value)| {
        let value = value.as_deref().unwrap_or_default();
        (arrival.all(name) != [value.as_bytes()]).then(|| format!("{name} is not {value:?} alone"))
    });
    let ours = arrival
        .fields
        .iter()
        .filter(|(name, _)| tollgate_core::is_spelt_like_ours(name));
    wrong.or_else(|| (ours.count() != expected.len()).then(|| "there are more fields like ours".to_owned()))
}

/// How a refusal differs, if it does. Seconds may have passed since the story began.
fn refused(answer: &Response, denied: &facts::Denied, is_head: bool, since: Deadline) -> Option<String> {
    let begun = PATIENCE * 100;
    let passed = begun.saturating_sub(since.remaining().unwrap_or_default()) + Duration::from_secs(1);
    let differences: Option<Vec<String>> = (0..=passed.as_secs())
        .map(|second| {
            let quota = denied.quota.as_ref().map(|quota| facts::Quota {
                reset_after_ms: HOUR_MS - second * 1_000,
                ..quota.clone()
            });
            let denied = facts::Denied {
                quota,
                ..denied.clone()
            };
            answers::differs(answer, &native::refused(&denied, &facts::Request::default()), is_head)
        })
        .collect();
    differences.and_then(|differences| differences.into_iter().next())
}

fn goes_stale(file: &VectorFile, vector: &Vector) -> bool {
    let mut server = vector.server.as_ref().unwrap_or(&file.world.server);
    vector.steps.iter().any(|step| match step {
        Step::Ask(ask) => server.fresh_until_ms.is_some_and(|until| ask.now_ms > until),
        Step::Change(amend) => {
            if let Change::SetServer(new) = &amend.change {
                server = new;
            }
            false
        }
        Step::Release(_) => false,
    })
}

fn run_all(max_staleness_ms: u64, wanted: impl Fn(&VectorFile, &Vector) -> bool) -> usize {
    let mut judge = Judge::start(max_staleness_ms);
    let (mut held, mut wrong) = (0, Vec::new());
    for (name, file) in files() {
        let wanted = |vector: &&Vector| left::why(vector).is_none() && wanted(&file, vector);
        let vectors: Vec<&Vector> = file.vectors.iter().filter(wanted).collect();
        if vectors.is_empty() {
            continue;
        }
        judge.open(&file);
        for vector in vectors {
            match judge.run(&file, vector) {
                Ok(()) => held += 1,
                Err(what) => wrong.push(format!("{name}: {}: {what}", vector.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} vectors fail\n{}", wrong.len(), wrong.join("\n"));
    println!("{held} vectors held");
    held
}

#[test]
fn every_vector_that_a_proxy_can_express_holds() {
    let held = run_all(60_000, |file, vector| !goes_stale(file, vector));
    assert!(held >= 450, "only {held} were asked");
}

#[test]
fn every_vector_of_a_view_that_grows_too_old_holds() {
    let held = run_all(1_200, goes_stale);
    assert!(held >= 10, "only {held} were asked");
}

fn named(reasons: &[(&'static str, &[&str])]) -> BTreeSet<(&'static str, String)> {
    let each = reasons.iter();
    each.flat_map(|(reason, names)| names.iter().map(|name| (*reason, (*name).to_owned())))
        .collect()
}

/// What is left out is left out for a reason that can be told from the vector, and stands in a list.
#[test]
fn exactly_the_vectors_of_the_lists_are_left_out() {
    let (mut left, mut unsaid) = (BTreeSet::new(), BTreeSet::new());
    for (name, file) in files() {
        for vector in &file.vectors {
            let name = format!("{name}: {}", vector.name);
            if let Some(why) = left::why(vector) {
                left.insert((why, name));
                continue;
            }
            unsaid.extend(vector.steps.iter().filter_map(|step| match step {
                Step::Ask(ask) => left::unsaid(&ask.request).map(|why| (why, name.clone())),
                Step::Change(_) | Step::Release(_) => None,
            }));
        }
    }
    assert_eq!(left, named(LEFT));
    assert_eq!(unsaid, named(UNSAID));
}
