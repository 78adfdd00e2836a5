//! Few people, few tokens, and what becomes of their requests.

use std::time::Duration;

use tollgate_core::visible_name;
use tollgate_wasm::{Faults, Feed, Outcome, Process, Program, Request, Settings, Vm};

use crate::plugin::facts::Facts;
use crate::plugin::program;
use crate::plugin::worker::{BEGINNING, Worker, configuration, feed_token};
use crate::support::facts::{Change, Server, Token, User, from_hex};

pub(crate) const DIGEST_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const PEER: &str = "192.0.2.10:40001";

/// A token of Alice's, with its id.
pub(crate) const GOOD: (&str, u64) = ("tg_at_92dwRwre9d5PBRQnYZr7WobasxGv2J8DFUswXFX6lE023uk4m", 11);
/// One of hers that was revoked.
pub(crate) const REVOKED: (&str, u64) = ("tg_pat_I4GttsjJJGBoMsqa79jF2dDBlvXq5cGQUykt5V4DWT04fBEJ9", 12);
/// One of Bob's, who is suspended.
pub(crate) const SUSPENDED: (&str, u64) = ("tg_at_3jDrSnGqGGuUrCxjm29fs6oOUHkOzRoR9FSwUGGDxz4224Ekx", 21);
/// One that was never issued.
pub(crate) const UNKNOWN: &str = "tg_at_xPolTef1OtiaXyTg0WQCFP0D6bDsvaUg302wRHzJ9l9430yTT";

pub(crate) fn server() -> Server {
    Server {
        trusted: vec!["192.0.2.0/24".to_owned()],
        ..Server::default()
    }
}

pub(crate) fn user(id: u64, active: bool) -> User {
    User {
        id,
        name: ["alice", "bob"][id as usize - 1].to_owned(),
        active,
        ..User::default()
    }
}

pub(crate) fn token((secret, id): (&str, u64), user: u64, revoked: bool) -> Token {
    Token {
        id,
        user,
        secret: secret.to_owned(),
        digest: None,
        revoked,
        not_before_s: None,
        expires_at_s: None,
        authority: None,
    }
}

/// The facts of this world, as they begin.
pub(crate) fn beginning() -> Vec<Change> {
    vec![
        Change::SetServer(server()),
        Change::PutUser(user(1, true)),
        Change::PutUser(user(2, false)),
        Change::PutToken(token(GOOD, 1, false)),
        Change::PutToken(token(REVOKED, 1, true)),
        Change::PutToken(token(SUSPENDED, 2, false)),
    ]
}

pub(crate) fn feed() -> (Feed, Facts) {
    let mut feed = Feed::new(feed_token(), [3; 16], from_hex(DIGEST_KEY).try_into().unwrap());
    let mut facts = Facts::new(DIGEST_KEY);
    for change in beginning() {
        feed.state(facts.records(&change).unwrap());
    }
    (feed, facts)
}

/// A worker that has not asked for anything yet.
pub(crate) fn worker() -> Worker {
    Worker::new(program(), feed().0, &configuration(""))
}

/// A worker whose host calls go wrong from its start.
pub(crate) fn worker_with(program: &Program, faults: impl FnOnce(&mut Faults)) -> Worker {
    let mut vm = Vm::new(program, &Process::new(BEGINNING), Settings::default()).unwrap();
    faults(vm.faults());
    let (root, _) = vm.start_root(configuration(""));
    let feed = feed().0;
    Worker { vm, root, feed }
}

/// A worker with a whole view.
pub(crate) fn ready() -> Worker {
    let mut worker = worker();
    worker.follow().unwrap();
    worker
}

/// A request with a token. Whoever sends it says that they are somebody else.
pub(crate) fn request(secret: &str) -> Request {
    Request::new("GET", "/orders?a=b")
        .field("authorization", format!("Bearer {secret}"))
        .field("x-tollgate-user", "mallory")
        .field("x-tollgate-token_id", "7")
        .from_peer(PEER.parse().unwrap())
}

impl Worker {
    /// Sends a request, and answers what became of it at once. One that waits goes on waiting.
    pub(crate) fn outcome(&mut self, request: Request) -> Outcome {
        let id = self.vm.request(self.root, request);
        match self.vm.outcome(id).clone() {
            Outcome::Waiting => Outcome::Waiting,
            _ => self.vm.end(id),
        }
    }

    /// Whether the good token passes, with the right identity and no other.
    pub(crate) fn passes(&mut self) -> bool {
        is_alice(&self.outcome(request(GOOD.0)), GOOD.1)
    }

    /// Asks with everything that must not pass, and with the good token; answers whether that one passed.
    pub(crate) fn passes_nobody_else(&mut self) -> bool {
        for secret in [REVOKED.0, SUSPENDED.0, UNKNOWN, ""] {
            let outcome = self.outcome(request(secret));
            assert!(!matches!(outcome, Outcome::Passed(_)), "{secret:?} passes: {outcome:?}");
        }
        let strange = request(GOOD.0).from_peer("198.51.100.1:1".parse().unwrap());
        let outcome = self.outcome(strange);
        assert!(
            !matches!(outcome, Outcome::Passed(_)),
            "a strange address passes: {outcome:?}"
        );
        let bare = Request::new("GET", "/").from_peer(PEER.parse().unwrap());
        let outcome = self.outcome(bare);
        assert!(!matches!(outcome, Outcome::Passed(_)), "nobody passes: {outcome:?}");
        self.passes()
    }

    /// What must be so whatever goes wrong around the plugin.
    pub(crate) fn assert_sound(&self, what: &dyn std::fmt::Debug) {
        assert_eq!(self.vm.failure(), None, "{what:?}");
        assert_eq!(self.vm.violations(), [""; 0], "{what:?}");
        for line in self.vm.lines() {
            assert!(!line.text.contains("tg_"), "{what:?}: a secret in the log: {line:?}");
        }
    }

    /// Lets the feed answer until the good token passes. Answers after how long that was.
    pub(crate) fn recovers(&mut self, within: Duration) -> Option<Duration> {
        let begun = self.vm.process().monotonic();
        loop {
            let passed = self.vm.process().monotonic() - begun;
            if self.passes() {
                return Some(passed);
            }
            if passed >= within {
                return None;
            }
            self.run(Duration::from_millis(50));
        }
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.vm.lines().iter().any(|line| line.text.contains(words))
    }
}

/// Whether a request went on as Alice's under this token, with no other identity.
pub(crate) fn is_alice(outcome: &Outcome, token: u64) -> bool {
    let Outcome::Passed(headers) = outcome else {
        return false;
    };
    let is = |name: &str, value: &str| headers.all(name.as_bytes()).eq([value.as_bytes()]);
    let ours = headers.iter().filter(|(name, _)| {
        let name = String::from_utf8_lossy(name).replace('_', "-");
        name.starts_with("x-tollgate")
    });
    let right = is("x-tollgate-user", &visible_name("alice"))
        && is("x-tollgate-token-id", &token.to_string())
        && ours.count() == 4;
    assert!(right, "somebody passes under a wrong name: {headers:?}");
    true
}

/// The status and the `Retry-After` of a refusal.
pub(crate) fn refusal(outcome: &Outcome) -> Option<(u32, Option<String>)> {
    let Outcome::Answered(response) = outcome else {
        return None;
    };
    let after = response.headers.first("retry-after");
    Some((
        response.status,
        after.map(|after| String::from_utf8_lossy(after).into_owned()),
    ))
}
