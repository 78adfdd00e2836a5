//! Sequences of everything that happens to codes and refresh tokens, restarts and losses of the process among them, against a slow
//! and obvious model: every answer, and after every step whether each access token that ever was passes.

use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use tollgate::{
    AccessText, AddUser, BurnCode, Client, ClientChanges, Engine, ExecuteError, IssuedAccess, ManualClock, RedeemCode,
    Redeemed, Refreshed, Refusal, RevokeFamily, SeededEntropy, SetClient, SetUser, UserChanges, UserName,
};

use super::memory::Memory;
use super::model::{ACCESS_S, FAMILY_S, Model, Outcome};
use super::scene::{access, add_client, facts, granted_to, issue_code, refresh_of, refreshing};
use crate::support::{BEGIN, options, refused as denied, trust};

#[derive(Clone, Debug)]
enum Step {
    Issue {
        client: usize,
    },
    Redeem {
        code: usize,
        client: usize,
    },
    Burn {
        code: usize,
    },
    Refresh {
        token: usize,
        client: usize,
    },
    Revoke {
        token: usize,
    },
    Pass {
        millis: u64,
    },
    SetClient {
        client: usize,
        enabled: bool,
    },
    SetUser {
        active: bool,
    },
    Sweep,
    /// Closes the store and opens it again.
    Reopen,
    /// Opens what stands in the file while the store is open, as after kill -9.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    // Mostly the owner; now and then the other one.
    let client = || prop_oneof![9 => Just(0_usize), 1 => Just(1)];
    let millis = prop_oneof![
        4 => prop::sample::select(vec![0, 1, 4_999, 5_000, 9_999, 10_000]),
        2 => prop::sample::select(vec![1_000, 59_999, 60_000]),
        1 => prop::sample::select(vec![3_599_000, 3_600_000, 9_000_000]),
    ];
    prop_oneof![
        4 => client().prop_map(|client| Step::Issue { client }),
        6 => (any::<usize>(), client()).prop_map(|(code, client)| Step::Redeem { code, client }),
        1 => any::<usize>().prop_map(|code| Step::Burn { code }),
        12 => (any::<usize>(), client()).prop_map(|(token, client)| Step::Refresh { token, client }),
        1 => any::<usize>().prop_map(|token| Step::Revoke { token }),
        6 => millis.prop_map(|millis| Step::Pass { millis }),
        1 => (client(), prop::bool::weighted(0.85)).prop_map(|(client, enabled)| Step::SetClient { client, enabled }),
        1 => prop::bool::weighted(0.85).prop_map(|active| Step::SetUser { active }),
        1 => Just(Step::Sweep),
        1 => Just(Step::Reopen),
        2 => Just(Step::Kill),
    ]
}

/// An engine and the model of it.
struct Pair {
    engine: Engine,
    clock: Arc<ManualClock>,
    memory: Memory,
    user: UserName,
    clients: [Client; 2],
    model: Model,
    openings: u64,
}

/// How often each ending was met over all sequences, so that none is missed unnoticed.
static MET: Mutex<[usize; 5]> = Mutex::new([0; 5]);

impl Pair {
    fn new() -> Self {
        let (memory, clock) = (Memory::default(), Arc::new(ManualClock::at(BEGIN)));
        let engine = options(&clock)
            .backend(memory.clone())
            .create(true)
            .open("in memory")
            .unwrap();
        trust(&engine);
        let user = engine.execute(AddUser::named("ann".parse().unwrap())).unwrap().name;
        let clients = ["one", "other"].map(|name| add_client(&engine, name, false));
        Self {
            engine,
            clock,
            memory,
            user,
            clients,
            model: Model::default(),
            openings: 0,
        }
    }

    fn now(&self) -> u64 {
        self.engine.now().as_millis()
    }

    fn take(mut self, step: &Step) -> Self {
        let (now, engine) = (self.now(), &self.engine);
        match *step {
            Step::Issue { client } => {
                let to = granted_to(&self.clients[client], &self.user, "read write");
                let code = issue_code(engine, to).map_err(|error| match error {
                    ExecuteError::Refused(Refusal::Grant(fault)) => fault,
                    other => panic!("{other}"),
                });
                self.model.issue(code, client, now);
            }
            Step::Redeem { code, client } => self.redeem(code, client),
            Step::Burn { code } => {
                if let Some(code) = self.model.code(code) {
                    let command = BurnCode {
                        code: facts(engine, &code).proof,
                    };
                    engine.execute(command).unwrap();
                    self.model.burn(&code);
                }
            }
            Step::Refresh { token, client } => self.refresh(token, client),
            Step::Revoke { token } => {
                if let Some(token) = self.model.refresh_token(token) {
                    let family = engine.refresh(token.as_bytes()).unwrap().unwrap().family;
                    engine.execute(RevokeFamily { family }).unwrap();
                    self.model.revoke_family_of(&token);
                }
            }
            Step::Pass { millis } => self.clock.set(engine.now().plus_millis(millis)),
            Step::SetClient { client, enabled } => {
                let name = self.clients[client].name.clone();
                let changes = ClientChanges {
                    enabled: Some(enabled),
                    ..ClientChanges::default()
                };
                engine.execute(SetClient { name, changes }).unwrap();
                self.model.disabled[client] = !enabled;
            }
            Step::SetUser { active } => {
                let name = self.user.clone();
                let changes = UserChanges {
                    active: Some(active),
                    ..UserChanges::default()
                };
                engine.execute(SetUser { name, changes }).unwrap();
                self.model.inactive = !active;
            }
            Step::Sweep => drop(engine.sweep().unwrap()),
            Step::Reopen => {
                engine.clone().close();
                self.open();
            }
            Step::Kill => self.kill(),
        }
        self
    }

    fn redeem(&mut self, code: usize, client: usize) {
        let Some(code) = self.model.code(code) else { return };
        let engine = &self.engine;
        let answer = engine.execute(RedeemCode {
            code: facts(engine, &code).proof,
            client_number: self.clients[client].number,
            text: AccessText::Opaque,
            lifetime_s: ACCESS_S as u32,
            refresh: Some(FAMILY_S as u32),
        });
        let outcome = match answer {
            Ok(Redeemed::Granted(tokens)) => given(&tokens, |refresh, access| Outcome::Granted { refresh, access }),
            Ok(Redeemed::Spent) => Outcome::Stolen,
            Err(error) => refused(&error),
        };
        let (now, texts) = (self.now(), texts(&outcome));
        assert_eq!(outcome, self.model.redeem(&code, client, now, texts));
        met(&outcome);
    }

    fn refresh(&mut self, token: usize, client: usize) {
        let Some(token) = self.model.refresh_token(token) else {
            return;
        };
        let engine = &self.engine;
        let answer = engine.execute(tollgate::Refresh {
            lifetime_s: ACCESS_S as u32,
            ..refreshing(engine, &token, self.clients[client].number)
        });
        let outcome = match answer {
            Ok(Refreshed::Granted(tokens)) => given(&tokens, |refresh, access| Outcome::Granted { refresh, access }),
            Ok(Refreshed::Repeated(tokens)) => given(&tokens, |refresh, access| Outcome::Repeated { refresh, access }),
            Ok(Refreshed::Reused) => Outcome::Stolen,
            Err(error) => refused(&error),
        };
        let (now, texts) = (self.now(), texts(&outcome));
        assert_eq!(outcome, self.model.refresh(&token, client, now, texts));
        met(&outcome);
    }

    /// The process is gone, and with it nothing that was acknowledged.
    fn kill(&mut self) {
        let left = self.memory.as_it_stands();
        self.engine.clone().close();
        self.memory = left;
        self.open();
    }

    /// Opens what there is, with other bits than were drawn before.
    fn open(&mut self) {
        self.openings += 1;
        let entropy = Arc::new(SeededEntropy::new(1_000 + self.openings));
        let options = options(&self.clock).entropy(entropy).backend(self.memory.clone());
        self.engine = options.open("in memory").unwrap();
    }

    /// Every access token there ever was passes, or does not, as the model says.
    fn compare(&self) {
        for (token, passes) in self.model.passing(self.now()) {
            assert_eq!(denied(&self.engine, token).is_none(), passes, "an access token");
        }
    }
}

fn given(tokens: &IssuedAccess, make: impl FnOnce(String, String) -> Outcome) -> Outcome {
    make(refresh_of(tokens).to_owned(), access(tokens).to_owned())
}

fn texts(outcome: &Outcome) -> Option<(String, String)> {
    match outcome {
        Outcome::Granted { refresh, access } | Outcome::Repeated { refresh, access } => {
            Some((refresh.clone(), access.clone()))
        }
        Outcome::Stolen | Outcome::Refused(_) => None,
    }
}

fn refused(error: &ExecuteError) -> Outcome {
    match error {
        ExecuteError::Refused(Refusal::Grant(fault)) => Outcome::Refused(*fault),
        other => panic!("{other}"),
    }
}

fn met(outcome: &Outcome) {
    let at = match outcome {
        Outcome::Granted { .. } => 0,
        Outcome::Repeated { .. } => 1,
        Outcome::Stolen => 2,
        Outcome::Refused(tollgate::GrantFault::Expired) => 3,
        Outcome::Refused(_) => 4,
    };
    MET.lock()[at] += 1;
}

#[test]
fn every_answer_is_that_of_the_model_whatever_happens_in_between() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: cases.unwrap_or(160),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let steps = prop::collection::vec(step(), 1..80);
    let checked = runner.run(&steps, |steps| {
        let mut pair = Pair::new();
        for step in &steps {
            pair = pair.take(step);
            pair.compare();
        }
        assert_eq!(pair.engine.verify().unwrap().findings, []);
        Ok(())
    });
    checked.unwrap();
    let met = *MET.lock();
    println!("granted, repeated, stolen, expired, otherwise refused: {met:?}");
    assert!(
        met.iter().all(|count| *count > 20),
        "a kind of answer was hardly met: {met:?}"
    );
}
