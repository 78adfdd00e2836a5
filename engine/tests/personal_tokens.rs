//! Personal access tokens: how many, how long, when last used; and what is known of their users.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::sync::{Arc, Barrier};
use std::thread;

use support::{World, options, request};
use tollgate::{
    AuditOrder, DenyReason, Engine, ExecuteError, IssuePersonalToken, IssuedPersonalToken, PasswordPhc, PersonalToken,
    Profile, ProfileFault, Refusal, RemoveUser, RevokePersonalToken, SetPassword, SetProfile, SetUser, Subject,
    TokenId, UserChanges, UserName, Verdict,
};

const DAY_MS: u64 = 24 * 3_600 * 1_000;

fn command(engine: &Engine, user: &UserName, days: u64) -> IssuePersonalToken {
    IssuePersonalToken {
        user: user.clone(),
        name: "laptop".into(),
        description: "of Ann".into(),
        expires_at: engine.now().plus_millis(days * DAY_MS),
    }
}

fn issue(world: &World, user: &UserName, days: u64) -> IssuedPersonalToken {
    world.engine.execute(command(&world.engine, user, days)).unwrap()
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ExecuteError>) -> Refusal {
    match outcome {
        Err(ExecuteError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn later(world: &World, millis: u64) {
    world.clock.set(world.engine.now().plus_millis(millis));
}

fn listed(world: &World, user: &UserName) -> Vec<PersonalToken> {
    world.engine.personal_tokens(user).unwrap()
}

fn revoke(world: &World, user: Option<&UserName>, id: TokenId) -> Result<PersonalToken, ExecuteError> {
    let user = user.cloned();
    world.engine.execute(RevokePersonalToken { user, id })
}

/// Uses a token as a host does, and answers whose it was.
fn used(engine: &Engine, token: &str) -> Option<Subject> {
    let bearer = format!("Bearer {token}");
    let now = engine.now();
    let Verdict::Permit(permit) = engine.check(&request(bearer.as_bytes()), now) else {
        return None;
    };
    let subject = permit.subject().unwrap();
    engine.used(&subject, now);
    Some(subject)
}

#[test]
fn a_token_works_where_a_bearer_does_with_its_users_operations_and_limits() {
    let world = World::new();
    let ann = world.user("ann");
    let issued = issue(&world, &ann, 1);
    let text = issued.token.expose();
    assert!(text.starts_with("tg_pat_"));
    assert_eq!(world.refused(text), None);
    let set = |changes| {
        world
            .engine
            .execute(SetUser {
                name: ann.clone(),
                changes,
            })
            .unwrap()
    };
    set(UserChanges {
        operations: Some("POST".parse().unwrap()),
        ..UserChanges::default()
    });
    assert_eq!(world.refused(text), Some(DenyReason::OperationRefused));
    set(UserChanges {
        operations: Some("GET".parse().unwrap()),
        active: Some(false),
        ..UserChanges::default()
    });
    assert_eq!(world.refused(text), Some(DenyReason::Suspended));
    set(UserChanges {
        active: Some(true),
        ..UserChanges::default()
    });
    assert_eq!(world.refused(text), None, "the twin");
    let other = [text, "="].concat();
    assert_eq!(world.refused(&other), Some(DenyReason::UnknownToken));
}

#[test]
fn an_ended_token_is_refused_and_listed() {
    let world = World::new();
    let ann = world.user("ann");
    let issued = issue(&world, &ann, 1);
    later(&world, DAY_MS - 1);
    assert_eq!(world.refused(issued.token.expose()), None);
    later(&world, 1);
    assert_eq!(world.refused(issued.token.expose()), Some(DenyReason::Expired));
    assert_eq!(listed(&world, &ann), std::slice::from_ref(&issued.record));
    assert_eq!(
        world.engine.personal_token(issued.record.id).unwrap(),
        Some(issued.record)
    );
}

#[test]
fn five_are_in_use_at_most_and_those_that_ended_leave_room() {
    let world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let first = issue(&world, &ann, 1);
    for days in 2..6 {
        issue(&world, &ann, days);
    }
    let full = || Refusal::TooManyPersonalTokens {
        user: "ann".parse().unwrap(),
    };
    let another = || world.engine.execute(command(&world.engine, &ann, 9));
    assert_eq!(refusal(another()), full());
    issue(&world, &bob, 1);
    revoke(&world, Some(&ann), first.record.id).unwrap();
    another().unwrap();
    assert_eq!(refusal(another()), full());
    later(&world, 2 * DAY_MS);
    another().unwrap();
    assert_eq!(refusal(another()), full());
    assert_eq!(listed(&world, &ann).len(), 7, "those that ended stay listed");
}

/// Two requests at a time must not both have the last place.
#[test]
fn the_last_place_is_taken_once() {
    let world = World::new();
    let users: Vec<UserName> = (0..8).map(|n| world.user(&format!("user-{n}"))).collect();
    let barrier = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let (engine, users, barrier) = (world.engine.clone(), users.clone(), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                let issued = users
                    .iter()
                    .map(|user| engine.execute(command(&engine, user, 1)).is_ok());
                issued.collect::<Vec<bool>>()
            })
        })
        .collect();
    let issued: Vec<Vec<bool>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    for (at, user) in users.iter().enumerate() {
        assert_eq!(issued.iter().filter(|by_thread| by_thread[at]).count(), 5);
        assert_eq!(listed(&world, user).len(), 5);
    }
}

#[test]
fn what_cannot_be_shown_or_lasts_too_long_is_refused() {
    let world = World::new();
    let ann = world.user("ann");
    let base = || command(&world.engine, &ann, 366);
    let now = world.engine.now();
    let with = |change: &dyn Fn(&mut IssuePersonalToken)| {
        let mut command = base();
        change(&mut command);
        refusal(world.engine.execute(command))
    };
    assert_eq!(with(&|c| c.name.clear()), Refusal::PersonalTokenName);
    assert_eq!(with(&|c| c.name = "a\tb".into()), Refusal::PersonalTokenName);
    assert_eq!(with(&|c| c.name = "n".repeat(101)), Refusal::PersonalTokenName);
    assert_eq!(
        with(&|c| c.description = "d".repeat(1_001)),
        Refusal::PersonalTokenDescription
    );
    assert!(matches!(
        with(&|c| c.expires_at = now.plus_millis(366 * DAY_MS + 1)),
        Refusal::LastsTooLong { .. }
    ));
    assert!(matches!(with(&|c| c.expires_at = now), Refusal::NeverValid { .. }));
    assert!(matches!(
        with(&|c| c.expires_at = now.plus_millis(999)),
        Refusal::NeverValid { .. }
    ));
    assert!(matches!(
        with(&|c| c.user = "bob".parse().unwrap()),
        Refusal::NoSuchUser { .. }
    ));
    assert_eq!(listed(&world, &ann), []);
    let issued = world.engine.execute(base()).unwrap();
    assert_eq!(issued.record.expires_at, now.plus_millis(366 * DAY_MS), "the twin");
}

#[test]
fn a_user_takes_back_their_own_tokens_alone() {
    let world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let issued = issue(&world, &ann, 1);
    let id = issued.record.id;
    let none = || Refusal::NoSuchToken { id };
    assert_eq!(refusal(revoke(&world, Some(&bob), id)), none());
    assert_eq!(world.refused(issued.token.expose()), None);
    let revoked = revoke(&world, Some(&ann), id).unwrap();
    assert_eq!(revoked.revoked_at, Some(world.engine.now()));
    assert_eq!(world.refused(issued.token.expose()), Some(DenyReason::Revoked));
    later(&world, 1_000);
    assert_eq!(revoke(&world, None, id).unwrap(), revoked, "for ever the same moment");
    let authtoken = world.token(&ann).record.id;
    assert_eq!(
        refusal(revoke(&world, None, authtoken)),
        Refusal::NoSuchToken { id: authtoken }
    );
    assert!(world.engine.personal_token(authtoken).unwrap().is_none());
}

#[test]
fn expired_tokens_are_not_swept_before_their_time_and_then_with_all_rows() {
    let world = World::short_lived(0);
    let ann = world.user("ann");
    let expiring = issue(&world, &ann, 1);
    let revoked = issue(&world, &ann, 300);
    used(&world.engine, expiring.token.expose()).unwrap();
    world.engine.checkpoint().unwrap();
    revoke(&world, None, revoked.record.id).unwrap();
    let sweep = |world: &World| {
        let _ = world.engine.sweep();
        world.engine.sweep().unwrap()
    };
    later(&world, 2 * DAY_MS);
    assert_eq!(sweep(&world).tokens, 1, "the one that was taken back");
    let ids = |world: &World| listed(world, &ann).iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(ids(&world), [expiring.record.id]);
    later(&world, 398 * DAY_MS);
    assert_eq!(sweep(&world).tokens, 0);
    assert_eq!(ids(&world), [expiring.record.id]);
    later(&world, 2 * DAY_MS);
    assert_eq!(sweep(&world).tokens, 1);
    assert_eq!(ids(&world), []);
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

#[test]
fn the_last_use_is_shown_at_once_and_kept_by_checkpoints() {
    let world = World::new();
    let ann = world.user("ann");
    let (one, two) = (issue(&world, &ann, 1), issue(&world, &ann, 1));
    let last = |world: &World| {
        listed(world, &ann)
            .iter()
            .map(|token| token.last_used_at)
            .collect::<Vec<_>>()
    };
    assert_eq!(last(&world), [None, None]);
    used(&world.engine, one.token.expose()).unwrap();
    let first = world.engine.now();
    assert_eq!(last(&world), [Some(first), None]);
    let revision = world.engine.revision();
    world.engine.checkpoint().unwrap();
    assert_eq!(world.engine.revision(), revision, "followers are told of no use");
    later(&world, 5_000);
    used(&world.engine, two.token.expose()).unwrap();
    let world = world.reopen();
    assert_eq!(
        last(&world),
        [Some(first), Some(first.plus_millis(5_000))],
        "closing is a checkpoint"
    );
    let authtoken = world.token(&ann);
    let subject = used(&world.engine, authtoken.token.expose()).unwrap();
    assert_eq!(subject.kind(), Some(tollgate::TokenKind::Authtoken));
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

/// A peer wrote a session's last use over its removal, so that the session was there again.
#[test]
fn a_use_beside_a_revocation_or_a_removal_brings_nothing_back() {
    let world = World::short_lived(0);
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let (revoked, removed) = (issue(&world, &ann, 1), issue(&world, &bob, 1));
    let subjects = [&revoked, &removed].map(|issued| used(&world.engine, issued.token.expose()).unwrap());
    revoke(&world, None, revoked.record.id).unwrap();
    world.engine.execute(RemoveUser { name: bob }).unwrap();
    let _ = world.engine.sweep();
    later(&world, 2_000);
    world.engine.sweep().unwrap();
    for subject in subjects {
        world.engine.used(&subject, world.engine.now());
    }
    world.engine.checkpoint().unwrap();
    for token in [&revoked, &removed] {
        assert!(used(&world.engine, token.token.expose()).is_none());
        assert_eq!(world.engine.personal_token(token.record.id).unwrap(), None);
    }
    let world = world.reopen();
    assert_eq!(world.refused(revoked.token.expose()), Some(DenyReason::UnknownToken));
    assert_eq!(world.engine.verify().unwrap().findings, []);
    let twin = issue(&world, &ann, 1);
    assert!(used(&world.engine, twin.token.expose()).is_some(), "the twin");
}

/// The same while both happen at once, over and over.
#[test]
fn uses_and_revocations_at_once_leave_every_token_revoked() {
    let world = World::new();
    let ann = world.user("ann");
    for _ in 0..40 {
        let issued = issue(&world, &ann, 1);
        let engine = world.engine.clone();
        let token = issued.token.expose().to_owned();
        let user = thread::spawn(move || while used(&engine, &token).is_some() {});
        world.engine.checkpoint().unwrap();
        revoke(&world, None, issued.record.id).unwrap();
        assert_eq!(world.refused(issued.token.expose()), Some(DenyReason::Revoked));
        user.join().unwrap();
        world.engine.checkpoint().unwrap();
        let shown = world.engine.personal_token(issued.record.id).unwrap().unwrap();
        assert!(shown.revoked_at.is_some());
    }
    let world = world.reopen();
    assert!(listed(&world, &ann).iter().all(|token| token.revoked_at.is_some()));
}

fn phc(salt: &str) -> PasswordPhc {
    PasswordPhc::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$Y29tcHV0ZWQ")).unwrap()
}

#[test]
fn each_password_has_a_number_of_its_own_and_checks_know_it() {
    let world = World::new();
    let ann = world.user("ann");
    let epoch = |world: &World| {
        let snapshot = world.engine.snapshot().unwrap();
        let epoch = snapshot.users.values().next().unwrap().password_epoch;
        assert_eq!(world.engine.person(&ann).unwrap().unwrap().password_epoch, epoch);
        epoch
    };
    let set = |world: &World, password| {
        let user = ann.clone();
        world.engine.execute(SetPassword { user, password }).unwrap();
    };
    assert_eq!(epoch(&world), 0);
    set(&world, Some(phc("b25l")));
    let first = epoch(&world);
    set(&world, Some(phc("b25l")));
    let second = epoch(&world);
    set(&world, None);
    assert_eq!(epoch(&world), 0);
    let world = world.reopen();
    set(&world, Some(phc("dHdv")));
    let third = epoch(&world);
    assert!(first != 0 && first != second && second != third && first != third);
    let changes = UserChanges {
        active: Some(false),
        ..UserChanges::default()
    };
    world
        .engine
        .execute(SetUser {
            name: ann.clone(),
            changes,
        })
        .unwrap();
    assert_eq!(epoch(&world), third, "other changes of a user leave it");
    assert_eq!(world.engine.verify().unwrap().findings, []);
    let person = world.engine.person(&ann).unwrap().unwrap();
    assert_eq!(person.password, Some(phc("dHdv")));
    assert!(!format!("{person:?}").contains("argon2id"));
    world.engine.execute(RemoveUser { name: ann.clone() }).unwrap();
    let back = world.user("ann");
    assert_eq!(
        world.engine.person(&back).unwrap().unwrap().password,
        None,
        "who comes back is another"
    );
}

#[test]
fn a_profile_is_kept_and_the_trail_tells_no_password() {
    let world = World::new();
    let ann = world.user("ann");
    let profile = Profile {
        display_name: Some("Ann B".into()),
        email: Some("ann@example.com".into()),
        roles: vec!["Cinchy User Account".into()],
    };
    let set = |profile: &Profile| {
        let (user, profile) = (ann.clone(), profile.clone());
        world.engine.execute(SetProfile { user, profile })
    };
    set(&profile).unwrap();
    set(&profile).unwrap();
    let bad = Profile {
        email: Some("nowhere".into()),
        ..profile.clone()
    };
    assert_eq!(refusal(set(&bad)), Refusal::Profile(ProfileFault::Email));
    let (user, password) = (ann.clone(), Some(phc("b25l")));
    world.engine.execute(SetPassword { user, password }).unwrap();
    let person = world.engine.person(&ann).unwrap().unwrap();
    assert_eq!(
        (person.profile, person.password),
        (profile, Some(phc("b25l"))),
        "neither takes the other away"
    );
    let trail = world.engine.audit(AuditOrder::OldestFirst, None, 100).unwrap().items;
    let actions: Vec<&str> = trail.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions[1..], ["user.add", "user.profile", "user.password"]);
    let told = format!("{trail:?}");
    assert!(told.contains("ann@example.com") && !told.contains("argon2id") && !told.contains("b25l"));
}

/// What is on the disk after a crash: uses of the last seconds are forgotten, nothing else.
#[test]
fn uses_since_the_last_checkpoint_are_forgotten_by_a_crash() {
    let world = World::new();
    let ann = world.user("ann");
    let issued = issue(&world, &ann, 1);
    used(&world.engine, issued.token.expose()).unwrap();
    world.engine.checkpoint().unwrap();
    let noted = world.engine.now();
    later(&world, 1_000);
    used(&world.engine, issued.token.expose()).unwrap();
    let copy = world.folder.path().join("copy.redb");
    world.engine.backup(&copy).unwrap();
    let engine = options(&world.clock).open(&copy).unwrap();
    assert_eq!(engine.personal_tokens(&ann).unwrap()[0].last_used_at, Some(noted));
    assert_eq!(engine.verify().unwrap().findings, []);
}
