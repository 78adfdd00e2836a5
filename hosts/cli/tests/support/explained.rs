//! Checks that were explained.

use serde_json::{Value, json};

use super::Folder;

/// A folder with a user `alice`, the id and the secret of a token, and loopback trusted.
pub(crate) fn folder() -> (Folder, String, String) {
    let folder = Folder::with_store();
    folder.done(&["network", "trust", "127.0.0.1"]);
    let (id, token) = folder.user("alice", &[]);
    (folder, id, token)
}

pub(crate) fn explain(folder: &Folder, token: &str, arguments: &[&str]) -> Value {
    let header = format!("Authorization: Bearer {token}");
    let run = folder.run(&[&["check", "--json", "--header", &header], arguments].concat());
    let explained = run.json();
    assert_eq!(
        run.code,
        if explained["permitted"] == json!(true) { 0 } else { 1 },
        "{explained}"
    );
    assert!(!explained.to_string().contains(token), "the secret is repeated");
    explained
}

/// The outcomes of the gates as one line, such as `network_global extract! -look_up …`.
pub(crate) fn course(explained: &Value) -> String {
    let gates = explained["gates"].as_array().unwrap().iter().map(|gate| {
        let id = gate["id"].as_str().unwrap();
        match gate["outcome"].as_str().unwrap() {
            "passed" => id.to_owned(),
            "refused" => format!("{id}!"),
            _ => format!("-{id}"),
        }
    });
    gates.collect::<Vec<_>>().join(" ")
}

pub(crate) fn refusing(explained: &Value) -> String {
    course(explained)
        .split(' ')
        .find_map(|gate| gate.strip_suffix('!'))
        .unwrap_or("none")
        .to_owned()
}

/// What the gate that refused says, with its name.
pub(crate) fn refused(explained: &Value) -> (String, String) {
    let gates = explained["gates"].as_array().unwrap();
    let gate = gates
        .iter()
        .find(|gate| gate["outcome"] == "refused")
        .unwrap_or_else(|| panic!("{explained}"));
    let text = |field: &str| gate[field].as_str().unwrap().to_owned();
    (text("id"), text("why"))
}
