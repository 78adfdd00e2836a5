//! A store that cannot be opened says why and what to do, and is never opened all the same.
//!
//! Every case has an accepted twin: the same store, the same way, without the fault.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use support::{BEGIN, World, options, refused};
use tollgate::{Engine, KeyError, ManualClock, OpenError, OpenOptions, PepperKey};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(BEGIN))
}

fn words(opened: Result<Engine, OpenError>) -> String {
    match opened {
        Ok(_) => "opened".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A closed store with a token, and the token.
fn closed() -> (World, String) {
    let world = World::new();
    let user = world.user("ann");
    let token = world.token(&user).token.expose().to_owned();
    world.engine.clone().close();
    (world, token)
}

#[test]
fn a_store_that_another_engine_has_open() {
    let world = World::new();
    let opened = options(&world.clock).open(world.path());
    assert!(matches!(opened, Err(OpenError::Locked { .. })), "{}", words(opened));
    let World { engine, clock, folder } = world;
    engine.close();
    assert_eq!(words(options(&clock).open(folder.path().join("store.redb"))), "opened");
}

#[test]
fn a_path_without_a_store_and_one_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.redb");
    assert!(matches!(Engine::open(&path), Err(OpenError::Missing { .. })));
    assert!(
        !path.exists() && !path.with_extension("key").exists(),
        "looking makes nothing"
    );
    Engine::create(&path).unwrap().close();
    assert!(matches!(Engine::create(&path), Err(OpenError::Exists { .. })));
    assert_eq!(words(Engine::open(&path)), "opened");
    let other = folder.path().join("other.redb");
    fs::copy(path.with_extension("key"), other.with_extension("key")).unwrap();
    assert!(matches!(
        Engine::create(&other),
        Err(OpenError::Key(KeyError::Exists { .. }))
    ));
    assert!(!other.exists(), "no store without its key");
}

#[test]
fn a_store_that_is_its_own_key_and_folders_that_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.key");
    let made = Engine::create(&path);
    assert!(matches!(made, Err(OpenError::IsItsKey { .. })), "{}", words(made));
    assert!(!path.exists(), "nothing is left behind");
    let made = OpenOptions::new()
        .key_file(folder.path().join("./s.redb"))
        .open(folder.path().join("s.redb"));
    assert!(matches!(made, Err(OpenError::IsItsKey { .. })), "{}", words(made));

    let (missing, key) = (folder.path().join("missing"), folder.path().join("s.key"));
    let made = OpenOptions::new()
        .key_file(&key)
        .create(true)
        .open(missing.join("s.redb"));
    assert!(
        matches!(&made, Err(OpenError::NoFolder { folder }) if *folder == missing),
        "{}",
        words(made)
    );
    let store = folder.path().join("s.redb");
    let made = OpenOptions::new()
        .key_file(missing.join("key"))
        .create(true)
        .open(&store);
    let no_folder = |error: &KeyError| matches!(error, KeyError::NoFolder { folder } if *folder == missing);
    assert!(
        matches!(&made, Err(OpenError::Key(error)) if no_folder(error)),
        "{}",
        words(made)
    );
    assert!(!key.exists() && !store.exists());
    assert_eq!(
        words(OpenOptions::new().key_file(&key).create(true).open(&store)),
        "opened"
    );
}

#[test]
fn files_that_are_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.redb");
    fs::write(&path, "SQLite format 3\0 and so on").unwrap();
    let opened = options(&clock()).open(&path);
    assert!(matches!(opened, Err(OpenError::NotAStore { .. })), "{}", words(opened));
    fs::write(&path, "").unwrap();
    let opened = words(options(&clock()).open(&path));
    assert!(
        opened.contains("truncated") && opened.contains("interrupted `tollgate init`"),
        "{opened}"
    );
    let stranger = folder.path().join("stranger.redb");
    drop(redb::Database::create(&stranger).unwrap());
    let opened = words(options(&clock()).open(&stranger));
    assert!(opened.contains("it has no format number"), "{opened}");
}

/// At every length, whole pages and not, the store is refused or is the whole store; nothing panics.
#[test]
fn a_store_that_ends_early() {
    let (world, token) = closed();
    let whole = fs::read(world.path()).unwrap();
    let cut = world.folder.path().join("cut.redb");
    let lens =
        (1..24)
            .map(|part| whole.len() / 24 * part)
            .chain([1, 9, 100, 512, 4_095, 4_096, 4_097, whole.len() - 1]);
    for len in lens {
        fs::write(&cut, &whole[..len]).unwrap();
        let opened = options(&world.clock).open(&cut);
        assert!(
            matches!(opened, Err(OpenError::Truncated { .. } | OpenError::NotAStore { .. })),
            "{len} of {}: {}",
            whole.len(),
            words(opened)
        );
    }
    fs::write(&cut, &whole).unwrap();
    let engine = options(&world.clock).open(&cut).unwrap();
    assert_eq!(refused(&engine, &token), None, "the twin");
}

/// Bytes all over a file without old pages are changed, one at a time. Whatever the file then is, no check is decided by
/// a changed row, and a panic of redb over a broken page comes out as words.
#[test]
fn a_store_with_a_changed_byte() {
    let (world, token) = closed();
    let mut database = redb::Database::open(world.path()).unwrap();
    while database.compact().unwrap() {}
    drop(database);
    let whole = fs::read(world.path()).unwrap();
    let path = world.folder.path().join("changed.redb");
    let (mut refusals, mut harmless) = (0, 0);
    let busy: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    for at in busy.iter().step_by(busy.len() / 120 + 1) {
        let mut changed = whole.clone();
        changed[*at] ^= 0x10;
        fs::write(&path, &changed).unwrap();
        match options(&world.clock).open(&path) {
            Ok(engine) => {
                harmless += 1;
                assert_eq!(
                    refused(&engine, &token),
                    None,
                    "byte {at}: opened, so it is the store as it was"
                );
                assert_eq!(engine.users().unwrap().len(), 1);
            }
            Err(error) => {
                refusals += 1;
                assert!(error.to_string().contains("changed.redb"), "{error}");
            }
        }
    }
    assert!(
        refusals > 0 && harmless > 0,
        "{refusals} refusals, {harmless} harmless: both must occur to mean anything"
    );
}

/// Every value of every table is changed in turn. Verification names its table each time, and where the store still opens,
/// it is because no check is decided by that row.
#[test]
fn a_store_with_a_changed_row() {
    use redb::{ReadableDatabase as _, ReadableTable as _, TableHandle as _};
    let (world, token) = closed();
    let mut database = redb::Database::open(world.path()).unwrap();
    while database.compact().unwrap() {}
    let mut values: Vec<(String, Vec<u8>, Vec<u8>)> = Vec::new();
    let reading = database.begin_read().unwrap();
    for table in reading.list_tables().unwrap() {
        let definition: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new(table.name());
        for row in reading.open_table(definition).unwrap().iter().unwrap() {
            let (key, value) = row.unwrap();
            values.push((table.name().to_owned(), key.value().to_vec(), value.value().to_vec()));
        }
    }
    reading.close().unwrap();
    drop(database);
    let path = world.folder.path().join("changed.redb");
    let whole = fs::read(world.path()).unwrap();
    let (mut refusals, mut opened) = (0, 0);
    for (table, key, value) in values.iter().filter(|(_, key, _)| key != b"format") {
        let at = whole.windows(value.len()).position(|window| window == value).unwrap();
        let mut changed = whole.clone();
        changed[at + value.len() / 2] ^= 1;
        fs::write(&path, &changed).unwrap();
        match options(&world.clock).open(&path) {
            Ok(engine) => {
                opened += 1;
                assert_eq!(refused(&engine, &token), None, "{table} {key:?}");
                let findings = engine.verify().unwrap().findings;
                assert!(
                    findings.iter().any(|finding| finding.table == table),
                    "{table} {key:?}: {findings:?}"
                );
            }
            Err(OpenError::Damaged { damage, .. }) => {
                refusals += 1;
                assert_eq!(damage.table, table, "{key:?}");
            }
            Err(OpenError::OtherKey { .. }) => assert_eq!(key, b"key"),
            Err(other) => panic!("{table} {key:?}: {other}"),
        }
    }
    assert!(refusals > 5 && opened > 5, "{refusals} {opened}");
}

#[test]
fn a_store_of_a_newer_format() {
    for (format, opens) in [(3_u64, true), (2, true), (1, true), (4, false), (0, false)] {
        let (world, _) = closed();
        let table: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("meta");
        let database = redb::Database::open(world.path()).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction
            .open_table(table)
            .unwrap()
            .insert(&b"format"[..], &format.to_be_bytes()[..])
            .unwrap();
        transaction.commit().unwrap();
        drop(database);
        let opened = options(&world.clock).open(world.path());
        match (format, &opened) {
            (4, Err(OpenError::NewerFormat { found: 4, ours: 3, .. })) | (0, Err(OpenError::NotAStore { .. })) => {}
            _ => assert!(opens && opened.is_ok(), "{format}: {}", words(opened)),
        }
    }
}

/// A table that is missing was made anew, so that everything in it seemed never to have been.
#[test]
fn a_store_without_one_of_its_tables() {
    for (table, opens) in [("clients", false), ("audit", false), ("unknown_to_us", true)] {
        let (world, _) = closed();
        let definition: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new(table);
        let database = redb::Database::open(world.path()).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.delete_table(definition).unwrap();
        transaction.commit().unwrap();
        drop(database);
        match options(&world.clock).open(world.path()) {
            Err(OpenError::Damaged { damage, .. }) => assert!(!opens && damage.table == table, "{damage}"),
            other => assert!(opens && other.is_ok(), "{table}: {}", words(other)),
        }
    }
}

#[test]
fn a_store_under_another_key() {
    let (world, token) = closed();
    let opened = options(&world.clock)
        .key(PepperKey::from_bytes([1; 32]))
        .open(world.path());
    match &opened {
        Err(OpenError::OtherKey { expected, found, .. }) => assert_ne!(expected, found),
        _ => panic!("{}", words(opened)),
    }
    let engine = options(&world.clock).open(world.path()).unwrap();
    assert_eq!(refused(&engine, &token), None, "the twin");
}

#[test]
fn key_files_that_are_missing_readable_by_others_or_malformed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.redb");
    let key_file = path.with_extension("key");
    Engine::create(&path).unwrap().close();
    let good = fs::read_to_string(&key_file).unwrap();
    let reopened = || OpenOptions::new().open(&path);

    restrict(&key_file, 0o644);
    assert!(matches!(
        reopened(),
        Err(OpenError::Key(KeyError::ReadableByOthers { mode: 0o644, .. }))
    ));
    restrict(&key_file, 0o600);
    assert_eq!(words(reopened()), "opened", "the twin");

    fs::write(&key_file, "not a key").unwrap();
    assert!(matches!(reopened(), Err(OpenError::Key(KeyError::Malformed { .. }))));
    fs::remove_file(&key_file).unwrap();
    assert!(matches!(reopened(), Err(OpenError::Key(KeyError::Missing { .. }))));
    fs::write(&key_file, good).unwrap();
    restrict(&key_file, 0o600);
    assert_eq!(words(reopened()), "opened", "the twin");
}

/// One row's value is put where another's was: each is well sealed, but not for that place.
#[test]
fn a_row_that_was_moved() {
    let (world, _) = closed();
    let table: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("tokens");
    let database = redb::Database::open(world.path()).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut rows = transaction.open_table(table).unwrap();
        let value = {
            use redb::ReadableTable as _;
            rows.get(&1_u64.to_be_bytes()[..]).unwrap().unwrap().value().to_vec()
        };
        rows.insert(&2_u64.to_be_bytes()[..], value.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    let opened = words(options(&world.clock).open(world.path()));
    assert!(opened.contains("the row 2 of table tokens is damaged"), "{opened}");
    assert!(
        opened.contains("tollgate verify") && opened.contains("backup"),
        "{opened}"
    );
    let report = options(&world.clock).verify(world.path()).unwrap();
    let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("tokens 2: its seal"), "{found:?}");
    assert!(found[1].starts_with("tokens_by_user"), "{found:?}");
}

fn restrict(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
