//! One door each: what is dangerous to spread over the code is named in one place.
//!
//! The door for atomics lets a model checker run the very code that ships; the one for bincode keeps every length bounded
//! and the codec replaceable; the one for redb keeps the format of the file in one room; the one for the clock makes
//! time an argument everywhere else.

use super::finding::Finding;
use super::paths::{SpelledPath, paths};
use super::source::Source;

const BINCODE_DOOR: &str = "engine/src/codec/mod.rs";
const ROOMS: &[&str] = &["engine/", "hosts/", "plugins/"];

/// Atomics come from the `sync.rs` at the root of each crate.
pub(crate) fn atomics(source: &Source) -> Vec<Finding> {
    let crate_folder = source.path.rsplit_once("/src/").map_or("", |(folder, _)| folder);
    let is_door = source.path == format!("{crate_folder}/src/sync.rs");
    let names_atomics = |path: &SpelledPath| {
        path.segments
            .first()
            .is_some_and(|first| first == "loom" && path.segments.len() > 1)
            || (path.segments.iter().any(|segment| segment == "atomic")
                && !path.starts_in_this_crate()
                && path.segments.len() > 1)
    };
    behind(
        source,
        is_door,
        names_atomics,
        format!("take it from {crate_folder}/src/sync.rs"),
    )
}

/// bincode is the codec's own affair.
pub(crate) fn bincode(source: &Source) -> Vec<Finding> {
    let is_door = source.path == BINCODE_DOOR;
    let names_bincode = |path: &SpelledPath| path.segments.first().is_some_and(|first| first == "bincode");
    behind(
        source,
        is_door,
        names_bincode,
        format!("give {BINCODE_DOOR} a mirror type and convert"),
    )
}

/// redb is named in the room of the store.
pub(crate) fn redb(source: &Source) -> Vec<Finding> {
    let is_door = source.path == "engine/src/store.rs" || source.path.starts_with("engine/src/store/");
    let names_redb = |path: &SpelledPath| path.segments.first().is_some_and(|first| first == "redb");
    behind(
        source,
        is_door,
        names_redb,
        "ask the store, in engine/src/store/".to_owned(),
    )
}

/// All tables stand in one file, so that the format of the store can be read in one place.
pub(crate) fn redb_tables(source: &Source) -> Vec<Finding> {
    let is_door = source.path == "engine/src/store/tables.rs";
    let names_table = |path: &SpelledPath| {
        path.segments
            .last()
            .is_some_and(|last| last == "TableDefinition" || last == "MultimapTableDefinition")
    };
    behind(
        source,
        is_door,
        names_table,
        "define the table in engine/src/store/tables.rs".to_owned(),
    )
}

/// The clock is read in one file; a host may measure its own time-outs with tokio's, named in full.
pub(crate) fn clock(source: &Source) -> Vec<Finding> {
    const CLOCKS: &[&str] = &[
        "SystemTime",
        "Instant",
        "Utc",
        "Local",
        "OffsetDateTime",
        "Timestamp",
        "Zoned",
    ];
    const READINGS: &[&str] = &["now", "now_utc", "now_local"];
    let is_door = source.path == "engine/src/clock.rs";
    let is_host = source.path.starts_with("hosts/");
    let reads_clock = |path: &SpelledPath| {
        let reading = CLOCKS
            .iter()
            .any(|clock| READINGS.iter().any(|reading| path.contains(&[clock, reading])));
        reading && !(is_host && path.contains(&["tokio", "time", "Instant"]))
    };
    behind(
        source,
        is_door,
        reads_clock,
        "take the time as an argument; engine/src/clock.rs reads it".to_owned(),
    )
}

/// The shipped paths of `source` that `is_named` picks, unless the file is the door itself.
fn behind(source: &Source, is_door: bool, is_named: impl Fn(&SpelledPath) -> bool, instead: String) -> Vec<Finding> {
    if is_door || !ROOMS.iter().any(|room| source.path.starts_with(room)) {
        return Vec::new();
    }
    let named = paths(&source.shipped).into_iter().filter(is_named);
    named
        .map(|path| {
            source.finding(
                path.line,
                format!("`{}` outside its door", path.segments.join("::")),
                instead.clone(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&Source::new(path, text)).len()
    }

    #[test]
    fn atomics_outside_their_door_are_rejected() {
        for text in [
            "use core::sync::atomic::AtomicU64;",
            "use std::{sync::{Arc, atomic::{self, Ordering}}};",
            "static A: std::sync::atomic::AtomicBool = B;",
            "use std::sync; fn f(a: &sync::atomic::AtomicU64) {}",
            "use loom::thread;",
            "use crossbeam_utils::atomic::AtomicCell;",
        ] {
            assert!(found(atomics, "engine/core/src/index/arena.rs", text) > 0, "{text}");
            assert_eq!(found(atomics, "engine/core/src/sync.rs", text), 0, "{text}");
            assert!(
                found(atomics, "engine/src/index/sync.rs", text) > 0,
                "a nested sync.rs is no door: {text}"
            );
            assert_eq!(found(atomics, "hosts/http/src/sync.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn atomics_through_their_door_are_let_through() {
        let through =
            "use crate::sync::{AtomicU64, Ordering}; use std::sync::Arc; fn f() { crate::sync::atomic::fence() }";
        assert_eq!(found(atomics, "engine/core/src/index/arena.rs", through), 0);
        let test = "#[cfg(all(test, loom))] mod models { fn f() { loom::model(|| ()) } }";
        assert_eq!(found(atomics, "engine/core/src/index/arena.rs", test), 0);
    }

    #[test]
    fn bincode_outside_the_codec_is_rejected() {
        for text in ["use bincode::Encode;", "#[derive(bincode::Encode)] struct A;"] {
            assert_eq!(found(bincode, "engine/src/record.rs", text), 1, "{text}");
            assert_eq!(found(bincode, "engine/src/codec/rows.rs", text), 1, "{text}");
            assert_eq!(found(bincode, BINCODE_DOOR, text), 0, "{text}");
        }
        assert_eq!(
            found(
                bincode,
                "engine/src/record.rs",
                "//! Not bincode.\nconst A: &str = \"bincode::\";"
            ),
            0
        );
    }

    #[test]
    fn redb_outside_the_store_is_rejected() {
        let text = "use redb::Database;";
        assert_eq!(found(redb, "engine/src/engine.rs", text), 1);
        assert_eq!(found(redb, "engine/src/store/open.rs", text), 0);
        assert_eq!(found(redb, "engine/src/engine.rs", "use crate::store::Store;"), 0);
        assert_eq!(
            found(
                redb,
                "engine/src/engine.rs",
                "#[cfg(test)] mod tests { use redb::StorageBackend; }"
            ),
            0
        );
    }

    #[test]
    fn a_table_outside_the_file_of_tables_is_rejected() {
        let text = "const USERS: TableDefinition<&[u8], &[u8]> = TableDefinition::new(\"users\");";
        assert!(found(redb_tables, "engine/src/store/open.rs", text) > 0);
        assert_eq!(found(redb_tables, "engine/src/store/tables.rs", text), 0);
        assert_eq!(
            found(redb_tables, "engine/src/store/open.rs", "use super::tables::USERS;"),
            0
        );
    }

    #[test]
    fn the_clock_outside_its_door_is_rejected() {
        for text in [
            "let a = std::time::SystemTime::now();",
            "let a = Instant::now();",
            "let f = chrono::Utc::now;",
        ] {
            assert_eq!(
                found(clock, "engine/src/sweeper.rs", &format!("fn f() {{ {text} }}")),
                1,
                "{text}"
            );
            assert_eq!(
                found(clock, "engine/src/clock.rs", &format!("fn f() {{ {text} }}")),
                0,
                "{text}"
            );
            assert_eq!(
                found(clock, "benches/check.rs", &format!("fn f() {{ {text} }}")),
                0,
                "{text}"
            );
        }
        for text in [
            "let a = clock.now();",
            "let a = clock::now();",
            "let now = Timestamp::from_millis(3);",
        ] {
            assert_eq!(
                found(clock, "engine/src/sweeper.rs", &format!("fn f() {{ {text} }}")),
                0,
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_may_read_the_clock_of_its_runtime_and_the_engine_may_not() {
        let text = "fn f() { tokio::time::Instant::now() }";
        assert_eq!(found(clock, "hosts/http/src/stop.rs", text), 0);
        assert_eq!(found(clock, "engine/src/writer.rs", text), 1);
    }
}
