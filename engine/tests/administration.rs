//! The audit trail, administrators' tokens, and commands that hold only once or only on what was seen.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here says where"
)]

mod support;

use support::{BEGIN, World, options};
use tollgate::{
    AddUser, AdminDenial, AuditChain, AuditEntry, AuditOrder, Author, Engine, ExecuteError, IfUnchanged,
    IssueAdminToken, IssueAuthtoken, Once, PageError, Refusal, Repeatable, RevokeAdminToken, RevokeToken, Role, Seen,
    SetUser, UserChanges, UserName,
};

fn name(name: &str) -> UserName {
    name.parse().unwrap()
}

fn trail(engine: &Engine) -> Vec<AuditEntry> {
    let (mut entries, mut cursor) = (Vec::new(), None);
    loop {
        let page = engine.audit(AuditOrder::OldestFirst, cursor.as_deref(), 2).unwrap();
        entries.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return entries;
        }
    }
}

fn suspend(user: &str) -> SetUser {
    SetUser {
        name: name(user),
        changes: UserChanges {
            active: Some(false),
            ..UserChanges::default()
        },
    }
}

#[test]
fn every_change_is_in_the_trail_with_who_what_where_when_before_and_after() {
    let world = World::new();
    let engine = &world.engine;
    let author = || Author::new("ann", "203.0.113.9");
    engine.by(author()).execute(AddUser::named(name("bob"))).unwrap();
    world.clock.set(BEGIN.plus_millis(5));
    engine.by(author()).execute(suspend("bob")).unwrap();
    engine.by(author()).execute(suspend("bob")).unwrap();
    let issued = engine.execute(IssueAuthtoken {
        user: name("bob"),
        expires_at: None,
        not_before: None,
    });
    let issued = issued.unwrap();
    engine.execute(RevokeToken { id: issued.record.id }).unwrap();
    let refused = engine.execute(AddUser::named(name("bob")));
    assert!(matches!(
        refused,
        Err(ExecuteError::Refused(Refusal::UserExists { .. }))
    ));

    let trail = trail(engine);
    let actions: Vec<&str> = trail.iter().map(|entry| entry.action.as_str()).collect();
    let expected = [
        "network.add",
        "user.add",
        "user.set",
        "authtoken.issue",
        "authtoken.revoke",
    ];
    assert_eq!(actions, expected, "what changes nothing leaves no entry");
    let set = &trail[2];
    assert_eq!(
        (set.actor.as_str(), set.origin.as_str(), set.subject.as_str(), set.at),
        ("ann", "203.0.113.9", "bob", BEGIN.plus_millis(5))
    );
    let active = |facts: &Option<tollgate::AuditFacts>| facts.as_ref().unwrap()["active"].clone();
    assert_eq!(
        (active(&set.before), active(&set.after)),
        ("true".to_owned(), "false".to_owned())
    );
    assert_eq!(trail[3].actor, "application");
    let secret = issued.token.expose();
    assert!(!format!("{trail:?}").contains(secret), "no secret is in the trail");

    let mut chain = AuditChain::default();
    trail.iter().try_for_each(|entry| chain.follow(entry)).unwrap();
    assert_eq!(chain.entries(), 5);
    let report = engine.verify().unwrap();
    assert_eq!((report.audited, report.findings.len()), (5, 0));
    let newest = engine.audit(AuditOrder::NewestFirst, None, 2).unwrap();
    assert_eq!(newest.items, [trail[4].clone(), trail[3].clone()]);
    let more = engine
        .audit(AuditOrder::NewestFirst, newest.next.as_deref(), 9)
        .unwrap();
    assert_eq!((more.items[0].sequence, more.items.len(), more.next), (3, 3, None));
}

#[test]
fn the_trail_goes_on_after_a_restart() {
    let world = World::new();
    world.user("bob");
    let world = world.reopen();
    world.user("cid");
    let mut chain = AuditChain::default();
    trail(&world.engine)
        .iter()
        .try_for_each(|entry| chain.follow(entry))
        .unwrap();
    assert_eq!(chain.entries(), 3);
}

#[test]
fn a_cursor_is_good_for_its_own_list_and_as_it_was_given() {
    let world = World::new();
    for user in ["ann", "bob", "cid"] {
        let user = world.user(user);
        world.token(&user);
        world.token(&user);
    }
    let first = world.engine.users_page(None, 2).unwrap();
    assert_eq!(
        first.items.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(),
        ["ann", "bob"]
    );
    let cursor = first.next.unwrap();
    let rest = world.engine.users_page(Some(&cursor), 2).unwrap();
    assert_eq!(
        (rest.items.len(), rest.items[0].name.as_str(), rest.next),
        (1, "cid", None)
    );

    let bits = cursor.replacen(|digit: char| digit.is_ascii_digit(), "a", 1);
    for forged in ["", "00", "zz", bits.as_str(), &cursor[2..], &cursor.to_uppercase()] {
        assert_eq!(
            world.engine.users_page(Some(forged), 2),
            Err(PageError::Cursor),
            "{forged}"
        );
    }
    assert_eq!(world.engine.tokens_page(None, Some(&cursor), 2), Err(PageError::Cursor));
    let of_ann = world
        .engine
        .tokens_page(Some(&name("ann")), None, 1)
        .unwrap()
        .next
        .unwrap();
    let of_bob = world.engine.tokens_page(Some(&name("bob")), Some(&of_ann), 1);
    assert_eq!(of_bob, Err(PageError::Cursor));
    let of_ann = world.engine.tokens_page(Some(&name("ann")), Some(&of_ann), 1).unwrap();
    assert_eq!((of_ann.items[0].id.0, of_ann.next), (2, None), "the twin");
    assert_eq!(world.engine.tokens_page(None, None, 100).unwrap().items.len(), 6);
    assert_eq!(world.engine.networks_page(None, 100).unwrap().items.len(), 1);
}

#[test]
fn an_admin_token_holds_until_it_is_revoked_or_its_time_is_over() {
    let world = World::new();
    let engine = &world.engine;
    let issue = |role, expires_at| {
        let name = name("deploy");
        engine.execute(IssueAdminToken { name, role, expires_at }).unwrap()
    };
    let (reader, short) = (
        issue(Role::Reader, None),
        issue(Role::Administrator, Some(BEGIN.plus_millis(10))),
    );
    let admitted = engine.admit(reader.token.expose().as_bytes(), BEGIN).unwrap();
    assert_eq!((admitted.role(), admitted.token()), (Role::Reader, reader.record.id));
    let short = short.token.expose().as_bytes();
    assert_eq!(
        engine.admit(short, BEGIN.plus_millis(9)).map(|admin| admin.role()),
        Ok(Role::Administrator)
    );
    assert_eq!(engine.admit(short, BEGIN.plus_millis(10)), Err(AdminDenial::Expired));

    let bob = world.user("bob");
    let authtoken = world.token(&bob);
    assert_eq!(
        engine.admit(authtoken.token.expose().as_bytes(), BEGIN),
        Err(AdminDenial::Unknown)
    );
    assert!(
        world.refused(reader.token.expose()).is_some(),
        "and it is no credential of a request"
    );
    for garbage in ["", "tg_adm_", "bob"] {
        assert_eq!(engine.admit(garbage.as_bytes(), BEGIN), Err(AdminDenial::Unknown));
    }

    engine.execute(RevokeAdminToken { id: reader.record.id }).unwrap();
    assert_eq!(
        engine.admit(reader.token.expose().as_bytes(), BEGIN),
        Err(AdminDenial::Revoked)
    );
    let reader = reader.token.expose().to_owned();
    let world = world.reopen();
    assert_eq!(world.engine.admit(reader.as_bytes(), BEGIN), Err(AdminDenial::Revoked));
    assert_eq!(world.engine.admin_tokens().unwrap().len(), 2);
    let closed = world.engine.clone();
    world.engine.close();
    assert_eq!(closed.admit(reader.as_bytes(), BEGIN), Err(AdminDenial::Stale));
}

#[test]
fn a_command_on_what_was_seen_is_refused_once_that_has_changed() {
    let world = World::new();
    world.user("bob");
    let seen = world.engine.user(&name("bob")).unwrap().unwrap();
    let command = || IfUnchanged {
        seen: Seen::User(seen.clone()),
        command: suspend("bob"),
    };
    world.engine.execute(command()).unwrap();
    let again = world.engine.execute(command());
    assert_eq!(again.err(), Some(ExecuteError::Refused(Refusal::Changed)));
}

#[test]
fn a_command_under_one_key_is_carried_out_once_even_across_a_restart_and_for_a_day() {
    let world = World::new();
    world.user("bob");
    let issue = |engine: &Engine, fingerprint| {
        let command = IssueAuthtoken {
            user: name("bob"),
            expires_at: None,
            not_before: None,
        };
        engine.execute(Once {
            key: [1; 32],
            fingerprint: [fingerprint; 32],
            command,
        })
    };
    assert!(matches!(issue(&world.engine, 1), Ok(Repeatable::Now(_))));
    assert!(matches!(issue(&world.engine, 1), Ok(Repeatable::Before(id)) if id == "1"));
    assert_eq!(
        issue(&world.engine, 2).err(),
        Some(ExecuteError::Refused(Refusal::KeyReused))
    );
    let world = world.reopen();
    assert!(matches!(issue(&world.engine, 1), Ok(Repeatable::Before(id)) if id == "1"));
    assert_eq!(world.engine.tokens(None).unwrap().len(), 1);

    for (after_ms, kept) in [(24 * 3_600_000, true), (1, false)] {
        let now = world.clock_after(after_ms);
        for _ in 0..3 {
            world.engine.sweep().unwrap();
        }
        let repeated = matches!(issue(&world.engine, 1), Ok(Repeatable::Before(_)));
        assert_eq!(repeated, kept, "{now:?}");
    }
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

impl World {
    fn clock_after(&self, millis: u64) -> tollgate::Timestamp {
        let now = self.engine.now().plus_millis(millis);
        self.clock.set(now);
        now
    }
}

#[test]
fn a_changed_or_removed_row_of_the_trail_is_found() {
    for removed in [true, false] {
        let world = World::new();
        world.user("bob");
        let path = world.path();
        let World { engine, clock, folder } = world;
        engine.close();
        let table: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("audit");
        let database = redb::Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        if removed {
            let mut rows = transaction.open_table(table).unwrap();
            assert!(rows.remove(&2_u64.to_be_bytes()[..]).unwrap().is_some());
        }
        transaction.commit().unwrap();
        drop(database);
        let engine = options(&clock).open(&path).unwrap();
        let findings = engine.verify().unwrap().findings;
        assert_eq!(
            findings.iter().any(|finding| finding.table == "audit"),
            removed,
            "{findings:?}"
        );
        drop(folder);
    }
}

/// One batch of keys for each tick of the sweeper was slower than callers can bring new ones.
#[test]
fn idempotency_keys_of_a_day_ago_are_forgotten_in_one_sweep() {
    let world = World::new();
    let ask = |at: u16, fingerprint| {
        let [high, low] = at.to_be_bytes();
        let (mut key, mut command) = ([0; 32], AddUser::named(name(&format!("user-{at}"))));
        (key[0], key[1], command.active) = (high, low, false);
        let fingerprint = [fingerprint; 32];
        world.engine.submit(Once {
            key,
            fingerprint,
            command,
        })
    };
    let asked: Vec<_> = (0..1_100).map(|at| ask(at, 1).unwrap()).collect();
    for asked in asked {
        assert!(matches!(asked.wait(), Ok(Repeatable::Now(_))));
    }
    let reused = ask(0, 2).unwrap().wait().err();
    assert_eq!(reused, Some(ExecuteError::Refused(Refusal::KeyReused)), "the twin");
    world.clock.set(BEGIN.plus_millis(25 * 3_600 * 1_000));
    world.engine.sweep().unwrap();
    while world.engine.sweep().unwrap().more {}
    let asked: Vec<_> = (0..1_100).map(|at| ask(at, 2).unwrap()).collect();
    for asked in asked {
        let refused = asked.wait().err();
        let forgotten = matches!(&refused, Some(ExecuteError::Refused(Refusal::UserExists { .. })));
        assert!(forgotten, "{refused:?}");
    }
}
