//! Many callers at once share transactions, and a refused command neither disturbs the others nor leaves a trace.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::sync::Barrier;

use support::{World, issue};
use tollgate::{AddUser, ExecuteError, NetworkRule, Refusal, Revision, RevokeToken, TokenId};

#[test]
fn callers_at_once_need_far_fewer_transactions_than_commands() {
    let world = World::new();
    let user = world.user("ann");
    let before = world.engine.revision();
    let (callers, each) = (256, 4);
    let barrier = Barrier::new(callers);
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..each {
                    issue(&world.engine, &user);
                }
            });
        }
    });
    let commands = callers * each;
    assert_eq!(world.engine.tokens(Some(&user)).unwrap().len(), commands);
    let transactions = usize::try_from(world.engine.revision().0 - before.0).unwrap();
    assert!(
        transactions * 4 <= commands,
        "{transactions} transactions for {commands} commands"
    );
}

#[test]
fn one_caller_gets_one_revision_for_each_command() {
    let world = World::new();
    let user = world.user("ann");
    let before = world.engine.revision();
    for _ in 0..3 {
        issue(&world.engine, &user);
    }
    assert_eq!(world.engine.revision(), Revision(before.0 + 3), "the twin");
}

#[test]
fn refused_commands_among_accepted_ones_leave_no_trace() {
    let world = World::new();
    let user = world.user("ann");
    let callers = 64;
    let barrier = Barrier::new(callers);
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let spawn = |at: usize| {
            let (world, barrier, user) = (&world, &barrier, &user);
            scope.spawn(move || {
                barrier.wait();
                if at.is_multiple_of(2) {
                    issue(&world.engine, user);
                    return true;
                }
                let refused = world.engine.execute(AddUser::named(user.clone())).unwrap_err();
                assert_eq!(
                    refused,
                    ExecuteError::Refused(Refusal::UserExists { name: user.clone() })
                );
                false
            })
        };
        let threads: Vec<_> = (0..callers).map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|done| **done).count(), callers / 2);
    assert_eq!(world.engine.users().unwrap().len(), 1);
    let ids: Vec<u64> = world
        .engine
        .tokens(None)
        .unwrap()
        .iter()
        .map(|token| token.id.0)
        .collect();
    assert_eq!(
        ids,
        (1..=callers as u64 / 2).collect::<Vec<_>>(),
        "no id is lost to a refusal"
    );
}

#[test]
fn nothing_changed_means_no_revision() {
    let world = World::new();
    let user = world.user("ann");
    let token = world.token(&user);
    world.engine.execute(RevokeToken { id: token.record.id }).unwrap();
    let before = world.engine.revision();
    let again = world.engine.execute(RevokeToken { id: token.record.id }).unwrap();
    assert_eq!(
        (again.revoked_at, world.engine.revision()),
        (Some(support::BEGIN), before)
    );
    let missing = world.engine.execute(RevokeToken { id: TokenId(99) }).unwrap_err();
    assert_eq!(missing, ExecuteError::Refused(Refusal::NoSuchToken { id: TokenId(99) }));
    assert_eq!(world.engine.revision(), before);
}

#[test]
fn bounds_of_networks_are_kept() {
    let world = World::new();
    let user = world.user("ann");
    let add = |number: u32, user: Option<&tollgate::UserName>| {
        let rule: NetworkRule = std::net::Ipv4Addr::from_bits(number).to_string().parse().unwrap();
        world.engine.execute(tollgate::AddNetwork {
            rule,
            standing: tollgate::Standing::Trusted,
            user: user.cloned(),
        })
    };
    for number in 0..64 {
        add(number * 2, Some(&user)).unwrap();
    }
    assert_eq!(
        add(999, Some(&user)).unwrap_err(),
        ExecuteError::Refused(Refusal::TooManyNetworks { most: 64 })
    );
    assert!(add(999, None).is_ok(), "the twin: there is room for everybody's rules");
    let twice = add(999, None).unwrap_err().to_string();
    assert!(twice.contains("0.0.3.231 is trusted already"), "{twice}");
}
