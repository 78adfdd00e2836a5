//! Feed tokens: who may follow the feed, and that they are good for nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here says where"
)]

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::InMemoryBackend;
use redb::{ReadableDatabase as _, TableHandle as _};
use support::{BEGIN, World, options};
use tollgate::feed_wire::{FrameHead, FrameKind, FrameWriter};
use tollgate::{
    AdminDenial, AuditOrder, DenyReason, Engine, ExecuteError, FollowerDenial, IfUnchanged, IssueAdminToken,
    IssueFeedToken, IssuedAdminToken, IssuedFeedToken, ManualClock, Once, OpenError, PageError, PepperKey, Portable,
    Refusal, Repeatable, Revision, RevokeAdminToken, RevokeFeedToken, RevokeToken, Role, Seen, StorageBackend,
    Timestamp, TokenId, Unavailable,
};

fn follower(engine: &Engine, name: &str, expires_at: Option<Timestamp>) -> IssuedFeedToken {
    let name = name.parse().unwrap();
    engine.execute(IssueFeedToken { name, expires_at }).unwrap()
}

fn admin(engine: &Engine) -> IssuedAdminToken {
    let (name, role) = ("deploy".parse().unwrap(), Role::Reader);
    let command = IssueAdminToken {
        name,
        role,
        expires_at: None,
    };
    engine.execute(command).unwrap()
}

/// Who follows by a token, or why nobody does.
fn admitted(engine: &Engine, token: &str, now: Timestamp) -> Result<TokenId, FollowerDenial> {
    let follower = engine.admit_follower(token.as_bytes(), now)?;
    Ok(follower.token())
}

fn no_such_token<T>(outcome: &Result<T, ExecuteError>) -> bool {
    matches!(outcome, Err(ExecuteError::Refused(Refusal::NoSuchToken { .. })))
}

#[test]
fn a_feed_token_holds_until_it_is_revoked_or_its_time_is_over() {
    let world = World::new();
    let engine = &world.engine;
    let edge = follower(engine, "edge", None);
    let short = follower(engine, "edge", Some(BEGIN.plus_millis(10)));
    let (text, short) = (edge.token.expose().to_owned(), short.token.expose());
    assert_eq!(admitted(engine, &text, BEGIN), Ok(edge.record.id));
    assert_eq!(admitted(engine, short, BEGIN.plus_millis(9)), Ok(TokenId(2)));
    assert_eq!(
        admitted(engine, short, BEGIN.plus_millis(10)),
        Err(FollowerDenial::Expired)
    );
    let name = "late".parse().unwrap();
    let late = engine.execute(IssueFeedToken {
        name,
        expires_at: Some(BEGIN),
    });
    assert!(
        matches!(late, Err(ExecuteError::Refused(Refusal::NeverValid { .. }))),
        "{late:?}"
    );

    let world = world.reopen();
    assert_eq!(admitted(&world.engine, &text, BEGIN), Ok(edge.record.id));
    let revoke = RevokeFeedToken { id: edge.record.id };
    let revoked = world.engine.execute(revoke.clone()).unwrap();
    assert_eq!(revoked.revoked_at, Some(BEGIN));
    assert_eq!(admitted(&world.engine, &text, BEGIN), Err(FollowerDenial::Revoked));
    assert_eq!(world.engine.execute(revoke).unwrap(), revoked, "once is enough");
    let world = world.reopen();
    assert_eq!(admitted(&world.engine, &text, BEGIN), Err(FollowerDenial::Revoked));
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

#[test]
fn no_token_is_taken_for_one_of_another_sort() {
    let world = World::new();
    let engine = &world.engine;
    let bob = world.user("bob");
    let (authtoken, admin, feed) = (world.token(&bob), admin(engine), follower(engine, "edge", None));
    let texts = [&authtoken.token, &admin.token, &feed.token].map(|token| token.expose());
    let followers = texts.map(|text| admitted(engine, text, BEGIN));
    let unknown = Err(FollowerDenial::Unknown);
    assert_eq!(followers, [unknown, unknown, Ok(feed.record.id)]);
    let admins = texts.map(|text| engine.admit(text.as_bytes(), BEGIN).map(|admin| admin.token()));
    let unknown = Err(AdminDenial::Unknown);
    assert_eq!(admins, [unknown, Ok(admin.record.id), unknown]);
    let refused = texts.map(|text| world.refused(text));
    let unknown = Some(DenyReason::UnknownToken);
    assert_eq!(refused, [None, unknown, unknown]);
    for garbage in [
        "",
        "tg_fd_",
        "bob",
        &texts[2][..54],
        &texts[2].replace("tg_fd_", "tg_at_"),
    ] {
        assert_eq!(
            admitted(engine, garbage, BEGIN),
            Err(FollowerDenial::Unknown),
            "{garbage}"
        );
    }

    for id in [authtoken.record.id, admin.record.id] {
        assert!(no_such_token(&engine.execute(RevokeFeedToken { id })), "{id:?}");
        assert_eq!(engine.feed_token(id).unwrap(), None);
    }
    let id = feed.record.id;
    assert!(no_such_token(&engine.execute(RevokeAdminToken { id })));
    assert!(no_such_token(&engine.execute(RevokeToken { id })));
    assert_eq!(
        (engine.admin_token(id).unwrap(), engine.token(id).unwrap()),
        (None, None)
    );
    assert_eq!(admitted(engine, texts[2], BEGIN), Ok(id), "nothing of it has changed");
    engine.execute(RevokeFeedToken { id }).unwrap();
    assert_eq!(
        admitted(engine, texts[2], BEGIN),
        Err(FollowerDenial::Revoked),
        "the twin"
    );
}

#[test]
fn lists_show_one_sort_in_pages_of_its_own() {
    let world = World::new();
    let engine = &world.engine;
    for name in ["one", "two", "three"] {
        follower(engine, name, None);
        admin(engine);
    }
    let first = engine.feed_tokens_page(None, 2).unwrap();
    let rest = engine.feed_tokens_page(first.next.as_deref(), 2).unwrap();
    let names: Vec<&str> = first
        .items
        .iter()
        .chain(&rest.items)
        .map(|token| token.name.as_str())
        .collect();
    assert_eq!((names.as_slice(), rest.next), (&["one", "two", "three"][..], None));
    let other = engine.admin_tokens_page(first.next.as_deref(), 2);
    assert_eq!(other, Err(PageError::Cursor), "a cursor is good for its own list");
    let admins = engine.admin_tokens_page(None, 9).unwrap().items;
    assert_eq!(admins.iter().map(|token| token.id.0).collect::<Vec<_>>(), [2, 4, 6]);
    assert_eq!(engine.feed_token(TokenId(3)).unwrap().as_ref(), first.items.get(1));
}

#[test]
fn what_is_done_to_feed_tokens_is_in_the_trail_and_not_in_the_feed() {
    let world = World::new();
    let engine = &world.engine;
    let before = engine.revision();
    let command = || Once {
        key: [1; 32],
        fingerprint: [2; 32],
        command: IssueFeedToken {
            name: "edge".parse().unwrap(),
            expires_at: None,
        },
    };
    let Repeatable::Now(issued) = engine.execute(command()).unwrap() else {
        panic!("there was no such key")
    };
    assert!(matches!(engine.execute(command()), Ok(Repeatable::Before(id)) if id == "1"));
    let revoke = || IfUnchanged {
        seen: Seen::FeedToken(issued.record.clone()),
        command: RevokeFeedToken { id: issued.record.id },
    };
    engine.execute(revoke()).unwrap();
    let again = engine.execute(revoke()).err();
    assert_eq!(again, Some(ExecuteError::Refused(Refusal::Changed)));

    let trail = engine.audit(AuditOrder::OldestFirst, None, 10).unwrap().items;
    let said: Vec<_> = trail
        .iter()
        .map(|entry| (entry.action.as_str(), entry.subject.as_str()))
        .collect();
    assert_eq!(said[1..], [("feed_token.issue", "1"), ("feed_token.revoke", "1")]);
    let (was, is) = (trail[2].before.as_ref().unwrap(), trail[2].after.as_ref().unwrap());
    assert_eq!((was["name"].as_str(), was.contains_key("revoked_at")), ("edge", false));
    assert_eq!(is["revoked_at"], "2027-01-15T08:00:00.000Z");
    assert!(
        !format!("{trail:?}").contains(issued.token.expose()),
        "no secret is in the trail"
    );
    assert_eq!(engine.revision(), before, "proxies need not know who else follows");
}

#[test]
fn a_frame_key_comes_of_the_text_alone_and_is_not_shown() {
    let world = World::new();
    let issued = follower(&world.engine, "edge", None);
    let text = issued.token.expose();
    let follower = world.engine.admit_follower(text.as_bytes(), BEGIN).unwrap();
    let head = FrameHead {
        kind: FrameKind::Reset,
        feed: [1; 16],
        nonce: [2; 16],
        from: Revision(0),
        from_skip: 0,
        to: Revision(0),
        to_skip: 0,
        newest: Revision(0),
        held_ms: 0,
        next: None,
    };
    let frame = FrameWriter::new(&head).finish(follower.frame_key());
    let derived = blake3::derive_key("Tollgate 2026-11-21 feed frame, version 1", text.as_bytes());
    let (sealed, mac) = frame.split_last_chunk().unwrap();
    assert_eq!(blake3::keyed_hash(&derived, sealed).as_bytes(), mac);
    let shown = format!("{follower:?}");
    assert!(shown.contains("edge"), "{shown}");
    assert!(!shown.contains(text) && !shown.contains("key"), "{shown}");
}

/// Memory that can no longer be made durable once it is told so.
#[derive(Debug)]
struct Disk(InMemoryBackend, Arc<AtomicBool>);

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        // Ordering: SeqCst; the test's own order is all that counts.
        if self.1.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk broke, as planned"));
        }
        self.0.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }
}

/// In doubt a follower must be told so, and a proxy believes only what is said under its own token.
#[test]
fn followers_are_known_in_doubt_and_administrators_are_not() {
    let broken = Arc::new(AtomicBool::new(false));
    let clock = Arc::new(ManualClock::at(BEGIN));
    let disk = Disk(InMemoryBackend::new(), Arc::clone(&broken));
    let engine = options(&clock).create(true).backend(disk).open("store.redb").unwrap();
    let (feed, other, admin) = (
        follower(&engine, "edge", None),
        follower(&engine, "old", None),
        admin(&engine),
    );
    engine.execute(RevokeFeedToken { id: other.record.id }).unwrap();
    assert!(engine.admit(admin.token.expose().as_bytes(), BEGIN).is_ok(), "the twin");

    // Ordering: SeqCst, as above.
    broken.store(true, Ordering::SeqCst);
    let name = "new".parse().unwrap();
    let in_doubt = engine.execute(IssueFeedToken { name, expires_at: None });
    assert!(
        matches!(in_doubt, Err(ExecuteError::Unavailable(Unavailable::InDoubt { .. }))),
        "{in_doubt:?}"
    );
    assert_eq!(
        engine.admit(admin.token.expose().as_bytes(), BEGIN),
        Err(AdminDenial::Unknown)
    );
    let clone = engine.clone();
    let judged = |engine: &Engine| [&feed, &other].map(|issued| admitted(engine, issued.token.expose(), BEGIN));
    assert_eq!(judged(&engine), [Ok(feed.record.id), Err(FollowerDenial::Revoked)]);
    engine.close();
    assert_eq!(judged(&clone), [Ok(feed.record.id), Err(FollowerDenial::Revoked)]);
}

#[test]
fn a_backup_takes_feed_tokens_along_and_an_export_does_not() {
    let world = World::new();
    let issued = follower(&world.engine, "edge", None);
    let path = world.folder.path().join("copy.redb");
    world.engine.backup(&path).unwrap();
    let copy = options(&world.clock).open(&path).unwrap();
    assert_eq!(admitted(&copy, issued.token.expose(), BEGIN), Ok(issued.record.id));
    let mut records = Vec::new();
    let exported = copy.export(|record| {
        records.push(record);
        Ok::<(), ()>(())
    });
    exported.unwrap();
    assert!(records.iter().all(|record| !format!("{record:?}").contains("edge")));
    assert!(
        records.iter().any(|record| matches!(record, Portable::Network(_))),
        "the twin"
    );
}

/// Takes tables out of a store of this format, as if it had been written by a version that knew none of them.
fn without(path: &std::path::Path, format: u64, tables: &[&str]) {
    let database = redb::Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("meta");
    let bytes = format.to_be_bytes();
    transaction
        .open_table(meta)
        .unwrap()
        .insert(b"format".as_slice(), bytes.as_slice())
        .unwrap();
    for table in tables {
        let table: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new(table);
        assert!(transaction.delete_table(table).unwrap());
    }
    transaction.commit().unwrap();
}

fn has_feed_tokens(path: &std::path::Path) -> bool {
    let database = redb::Database::open(path).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut tables = transaction.list_tables().unwrap();
    tables.any(|table| table.name() == "feed_tokens")
}

#[test]
fn a_store_from_before_feed_tokens_gets_their_table_and_no_other() {
    let world = World::new();
    let bob = world.user("bob");
    let authtoken = world.token(&bob).token;
    let path = world.path();
    let World { engine, clock, folder } = world;
    engine.close();
    without(&path, 2, &["feed_tokens"]);
    let other = options(&clock).key(PepperKey::from_bytes([1; 32])).open(&path);
    assert!(matches!(other, Err(OpenError::OtherKey { .. })), "{other:?}");
    assert!(!has_feed_tokens(&path), "a store under another key is left as it is");

    let engine = options(&clock).open(&path).unwrap();
    assert_eq!(support::refused(&engine, authtoken.expose()), None);
    let issued = follower(&engine, "edge", None);
    engine.close();
    let engine = options(&clock).open(&path).unwrap();
    assert_eq!(admitted(&engine, issued.token.expose(), BEGIN), Ok(issued.record.id));
    engine.close();

    for (format, tables) in [(2, &["feed_tokens", "tokens"][..]), (3, &["families"])] {
        without(&path, format, tables);
        let damaged = options(&clock).open(&path);
        assert!(matches!(damaged, Err(OpenError::Damaged { .. })), "{damaged:?}");
    }
    assert!(!has_feed_tokens(&path));
    drop(folder);
}
