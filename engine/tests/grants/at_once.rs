//! Sixty-four who present the same code, refresh token or identifier at once: exactly one is the first.
//!
//! `TOLLGATE_REDEEMED=2000` makes it so many of each; without it there are fewer, so that the run takes seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use parking_lot::Mutex;
use tollgate::{
    Client, Engine, GrantFault, ManualClock, Redeemed, Refreshed, RevokeAccess, SpendIdentifier, Spent, UserName,
};

use super::memory::Memory;
use super::scene::{
    REFRESH_S, access, add_client, fault, granted_to, issue_access, issue_code, redeem, refresh, refresh_of,
};
use crate::support::{BEGIN, options, refused, trust};

const REDEEMERS: usize = 64;

fn number(otherwise: usize) -> usize {
    let asked = std::env::var("TOLLGATE_REDEEMED");
    asked.ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

struct Crowd {
    engine: Engine,
    clock: Arc<ManualClock>,
    client: Client,
    user: UserName,
}

impl Crowd {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let engine = options(&clock)
            .backend(Memory::default())
            .create(true)
            .open("in memory")
            .unwrap();
        trust(&engine);
        let user = engine
            .execute(tollgate::AddUser::named("ann".parse().unwrap()))
            .unwrap()
            .name;
        let client = add_client(&engine, "app", false);
        Self {
            engine,
            clock,
            client,
            user,
        }
    }
}

/// What all of them were told, by which secret they presented. Each goes through all secrets from a place of its own, but those
/// who begin at one place are many.
fn told<T: Send>(secrets: &[String], present: impl Fn(&str) -> T + Sync) -> BTreeMap<&str, Vec<T>> {
    let (begin, all) = (Barrier::new(REDEEMERS), Mutex::new(BTreeMap::<&str, Vec<T>>::new()));
    std::thread::scope(|scope| {
        for redeemer in 0..REDEEMERS {
            let (begin, all, present) = (&begin, &all, &present);
            scope.spawn(move || {
                let place = redeemer % 4 * secrets.len() / 4;
                begin.wait();
                for secret in secrets[place..].iter().chain(&secrets[..place]) {
                    let answer = present(secret);
                    all.lock().entry(secret).or_default().push(answer);
                }
            });
        }
    });
    all.into_inner()
}

/// Which secrets were not exactly once what `first` says.
fn not_once<T>(told: &BTreeMap<&str, Vec<T>>, first: impl Fn(&T) -> bool) -> usize {
    let firsts = |answers: &Vec<T>| answers.iter().filter(|answer| first(answer)).count();
    told.values()
        .filter(|answers| answers.len() != REDEEMERS || firsts(answers) != 1)
        .count()
}

#[test]
fn each_code_is_redeemed_once_and_its_tokens_are_gone_since_others_came() {
    let crowd = Crowd::new();
    let engine = &crowd.engine;
    let codes: Vec<String> = (0..number(300))
        .map(|_| issue_code(engine, granted_to(&crowd.client, &crowd.user, "read")).unwrap())
        .collect();
    let told = told(&codes, |code| redeem(engine, code, crowd.client.number).unwrap());
    assert_eq!(told.len(), codes.len());
    assert_eq!(not_once(&told, |answer| matches!(answer, Redeemed::Granted(_))), 0);
    for answers in told.values() {
        for answer in answers {
            if let Redeemed::Granted(tokens) = answer {
                assert!(refused(engine, access(tokens)).is_some(), "63 came second");
            }
        }
    }
    assert_eq!(engine.verify().unwrap().findings, []);
}

#[test]
fn each_refresh_token_is_used_once_has_one_successor_and_is_stolen_beyond_its_window() {
    let crowd = Crowd::new();
    let engine = &crowd.engine;
    let tokens: Vec<String> = (0..number(60))
        .map(|_| {
            let to = granted_to(&crowd.client, &crowd.user, "read");
            refresh_of(&issue_access(engine, to, Some(REFRESH_S)).unwrap()).to_owned()
        })
        .collect();
    let told_first = told(&tokens, |token| refresh(engine, token, crowd.client.number).unwrap());
    assert_eq!(
        not_once(&told_first, |answer| matches!(answer, Refreshed::Granted(_))),
        0
    );
    let mut passing = Vec::new();
    for answers in told_first.values() {
        let mut successors: Vec<&str> = answers
            .iter()
            .map(|answer| match answer {
                Refreshed::Granted(tokens) | Refreshed::Repeated(tokens) => {
                    passing.push(access(tokens));
                    refresh_of(tokens)
                }
                Refreshed::Reused => panic!("within the window"),
            })
            .collect();
        successors.dedup();
        assert_eq!(successors.len(), 1, "one successor for all");
    }
    assert!(
        passing.iter().all(|token| refused(engine, token).is_none()),
        "harmless within the window"
    );

    crowd.clock.set(engine.now().plus_millis(10_000));
    let told_late = told(&tokens, |token| {
        let answer = refresh(engine, token, crowd.client.number);
        let stolen = matches!(answer, Ok(Refreshed::Reused));
        (stolen, fault(answer) == Some(GrantFault::Revoked))
    });
    assert_eq!(
        not_once(&told_late, |(stolen, _)| *stolen),
        0,
        "one of them finds the theft"
    );
    assert!(
        told_late.values().flatten().all(|(stolen, revoked)| stolen != revoked),
        "and nobody gets anything"
    );
    assert!(
        passing.iter().all(|token| refused(engine, token).is_some()),
        "of all that came of them nothing passes"
    );
    assert_eq!(engine.verify().unwrap().findings, []);
}

#[test]
fn each_identifier_is_spent_once() {
    let crowd = Crowd::new();
    let engine = &crowd.engine;
    let identifiers: Vec<String> = (0..number(300)).map(|at| format!("jti-{at}")).collect();
    let told = told(&identifiers, |identifier| {
        let command = SpendIdentifier {
            issuer: "https://idp.example".to_owned(),
            identifier: identifier.to_owned(),
            until: engine.now().plus_millis(300_000),
        };
        engine.execute(command).unwrap()
    });
    assert_eq!(not_once(&told, |answer| *answer == Spent::First), 0);
}

/// A host that looks first and acts afterwards, in two steps, is what the tests above must be able to catch.
#[test]
fn looking_before_acting_is_caught() {
    let crowd = Crowd::new();
    let engine = &crowd.engine;
    // What is good once here is the right to a token that was not revoked; who revokes it, "redeems" it.
    let tokens: Vec<String> = (0..50)
        .map(|_| {
            let to = granted_to(&crowd.client, &crowd.user, "read");
            access(&issue_access(engine, to, None).unwrap()).to_owned()
        })
        .collect();
    let told = told(&tokens, |token| {
        let facts = engine.access(token.as_bytes(), engine.now()).unwrap().unwrap();
        if facts.active {
            engine.execute(RevokeAccess { id: facts.token.id }).unwrap();
        }
        facts.active
    });
    assert!(
        not_once(&told, |redeemed| *redeemed) > 0,
        "64 looked at once, and only one of them saw it unspent"
    );
}
