//! Whether the judgement sees what is wrong, tried on histories that were made up.

use super::journal::{Deed, Done, Journal, read};
use super::ledger::{Ledger, Seen, Token, User};

fn add(name: &str) -> Deed {
    Deed::AddUser {
        name: name.to_owned(),
        per_hour: 1_000_001,
    }
}

fn issue(user: &str) -> Deed {
    Deed::Issue { user: user.to_owned() }
}

fn issued(id: &str) -> Option<Done> {
    Some(Done::Issued {
        id: id.to_owned(),
        token: format!("secret of {id}"),
    })
}

fn revoke(id: &str) -> Deed {
    Deed::Revoke { id: id.to_owned() }
}

/// A user with one token in use and one revoked, all acknowledged, and three requests that were never answered.
fn history() -> Vec<(Deed, Option<Done>)> {
    vec![
        (add("a"), Some(Done::UserAdded)),
        (issue("a"), issued("1")),
        (issue("a"), issued("2")),
        (issue("a"), issued("3")),
        (revoke("2"), Some(Done::Revoked)),
        (add("b"), None),
        (issue("a"), None),
        (revoke("3"), None),
    ]
}

/// What a server shows that did what was acknowledged, and no more.
fn least() -> Seen {
    let token = |revoked| Token {
        user: "a".to_owned(),
        revoked,
    };
    Seen {
        revision: 5,
        users: [("a".to_owned(), User::asked(1_000_001))].into(),
        tokens: [("1", false), ("2", true), ("3", false)]
            .map(|(id, revoked)| (id.to_owned(), token(revoked)))
            .into(),
        passes: [("1", true), ("2", false), ("3", true)]
            .map(|(id, passes)| (id.to_owned(), passes))
            .into(),
    }
}

/// What a server shows that did all that it was asked.
fn most() -> Seen {
    let mut seen = least();
    seen.revision = 8;
    seen.users.insert("b".to_owned(), User::asked(1_000_001));
    let unheard = Token {
        user: "a".to_owned(),
        revoked: false,
    };
    seen.tokens.insert("4".to_owned(), unheard);
    seen.tokens.get_mut("3").unwrap().revoked = true;
    seen.passes.insert("3".to_owned(), false);
    seen
}

fn judged(seen: &Seen) -> Vec<String> {
    let mut ledger = Ledger::default();
    ledger.take_in(history());
    ledger.judge(seen)
}

#[test]
fn what_was_under_way_may_be_done_or_not() {
    assert_eq!(judged(&least()), [""; 0]);
    assert_eq!(judged(&most()), [""; 0]);
}

/// A server that did what was acknowledged, but for one thing.
#[test]
fn every_kind_of_loss_is_noticed() {
    type Spoil = fn(&mut Seen);
    let cases: [(&str, Spoil); 12] = [
        ("acknowledged user a is lost", |seen| {
            seen.users.clear();
        }),
        ("acknowledged token 1 is lost", |seen| {
            seen.tokens.remove("1");
        }),
        ("acknowledged revocation of token 2 is lost", |seen| {
            seen.tokens.get_mut("2").unwrap().revoked = false;
        }),
        ("token 1, listed with revoked = false, passes no check", |seen| {
            seen.passes.insert("1".to_owned(), false);
        }),
        ("token 2, listed with revoked = true, passes a check", |seen| {
            seen.passes.insert("2".to_owned(), true);
        }),
        ("token 1 was revoked, which nobody asked for", |seen| {
            seen.tokens.get_mut("1").unwrap().revoked = true;
        }),
        ("token 1 of a belongs to c", |seen| {
            "c".clone_into(&mut seen.tokens.get_mut("1").unwrap().user);
        }),
        ("token 1 belongs to c, who is not there", |seen| {
            "c".clone_into(&mut seen.tokens.get_mut("1").unwrap().user);
        }),
        ("user a, asked for 1000001 an hour, is", |seen| {
            seen.users.get_mut("a").unwrap().per_hour = 1_000_002;
        }),
        ("user c was never asked for", |seen| {
            seen.users.insert("c".to_owned(), User::asked(1));
        }),
        ("token 5 was never asked for", |seen| {
            let other = seen.tokens["1"].clone();
            seen.tokens.insert("4".to_owned(), other.clone());
            seen.tokens.insert("5".to_owned(), other);
        }),
        ("token 4 was never asked for", |seen| {
            let mut unheard = seen.tokens["1"].clone();
            unheard.revoked = true;
            seen.tokens.insert("4".to_owned(), unheard);
        }),
    ];
    for (expected, spoil) in cases {
        let mut seen = least();
        spoil(&mut seen);
        let wrong = judged(&seen);
        assert!(
            wrong.iter().any(|what| what.contains(expected)),
            "{expected}: {wrong:?}"
        );
    }
}

/// After a restart has shown how it went, an unanswered change is a fact like any other.
#[test]
fn what_was_shown_once_must_stay() {
    let mut ledger = Ledger::default();
    ledger.take_in(history());
    assert_eq!(ledger.judge(&most()), [""; 0]);
    assert_eq!(ledger.judge(&most()), [""; 0]);
    let wrong = ledger.judge(&least());
    for expected in [
        "revision 8 went back to 5",
        "acknowledged user b is lost",
        "acknowledged token 4 is lost",
        "acknowledged revocation of token 3 is lost",
    ] {
        assert!(wrong.iter().any(|what| what == expected), "{expected}: {wrong:?}");
    }

    let mut ledger = Ledger::default();
    ledger.take_in(history());
    assert_eq!(ledger.judge(&least()), [""; 0]);
    let wrong = ledger.judge(&most());
    for expected in [
        "user b was never",
        "token 4 was never",
        "token 3 was revoked, which nobody",
    ] {
        assert!(
            wrong.iter().any(|what| what.starts_with(expected)),
            "{expected}: {wrong:?}"
        );
    }
}

#[test]
fn a_log_reads_what_was_written_and_adding_a_line_to_it_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.log");
    for (deed, done) in history() {
        let mut journal = Journal::append_to(&path);
        journal.asked(&deed);
        if let Some(done) = done {
            journal.acknowledged(&done);
        }
    }
    assert_eq!(read(&path), history());

    for (deed, done, expected) in [
        (add("z"), Some(Done::UserAdded), "acknowledged user z is lost"),
        (issue("a"), issued("9"), "acknowledged token 9 is lost"),
        (
            revoke("1"),
            Some(Done::Revoked),
            "acknowledged revocation of token 1 is lost",
        ),
    ] {
        let mut deeds = read(&path);
        deeds.push((deed, done));
        let mut ledger = Ledger::default();
        ledger.take_in(deeds);
        assert_eq!(ledger.judge(&least()), [expected]);
    }
}
