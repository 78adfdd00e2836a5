//! Stores with a past, and exported trails.

use std::fs;

use serde_json::{Value, json};

use super::Folder;
use super::lists::column;
use super::server::Server;

/// Changes something six times, by itself or through a server.
pub(crate) fn busy() -> Folder {
    let folder = Folder::with_store();
    folder.done(&["user", "add", "alice"]);
    folder.done(&["user", "set", "alice", "--per-hour", "1000"]);
    let server = Server::start(&folder, &[]);
    folder.done(&["network", "trust", "10.0.0.0/8"]);
    folder.done(&["user", "add", "bob", "--inactive"]);
    drop(server);
    folder.done(&["settings", "set", "per_hour", "5"]);
    folder.done(&["user", "remove", "alice"]);
    folder
}

pub(crate) fn subjects(folder: &Folder, arguments: &[&str]) -> Vec<Value> {
    let list = folder.json(&[&["audit", "list"], arguments].concat());
    column(&list, "subject").into_iter().cloned().collect()
}

/// A folder without any store, in which an exported trail lies, and its digest.
pub(crate) fn exported() -> (Folder, Vec<String>, String) {
    let store = busy();
    let head = store.json(&["audit", "export", "trail.jsonl"])["head"].clone();
    let text = fs::read_to_string(store.path("trail.jsonl")).unwrap();
    let lines = text.lines().map(str::to_owned).collect();
    (Folder::empty(), lines, head.as_str().unwrap().to_owned())
}

/// Verifies lines: the exit code, and the entry at which the trail breaks.
pub(crate) fn verified(folder: &Folder, lines: &[String], arguments: &[&str]) -> (i32, Value) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.path("trail.jsonl"), text).unwrap();
    let run = folder.run(&[&["audit", "verify", "trail.jsonl", "--json"], arguments].concat());
    let shown = run.json();
    assert_eq!(shown["sound"], json!(run.code == 0), "{shown}");
    assert_eq!(shown["fault"].is_string(), run.code == 1, "{shown}");
    (run.code, shown["broken_at"].clone())
}
