//! Moving in and out: imports of both formats, bad lines, resuming, and exports that import again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here says where"
)]

#[cfg(test)]
mod support;

use std::fs;
use std::process::Stdio;

use support::Folder;
use support::server::Server;

/// Tokens of another system: one as it is, one as its SHA-256 alone.
const CLEAR: &str = "legacy-0123456789abcdef";
const DIGESTED: &str = "legacy-fedcba9876543210";
const SHA256: &str = "1b4b52e65ad51b6ccb3ad6bcb4b9a1ee1bb8a2ad9d6a1a4dbe1b6b0e7a1b8a0e";

fn permitted(folder: &Folder, token: &str) -> bool {
    let header = format!("Authorization: Bearer {token}");
    folder.run(&["check", "--header", &header]).code == 0
}

fn store() -> Folder {
    let folder = Folder::with_store();
    folder.done(&["network", "trust", "127.0.0.1"]);
    folder
}

fn sha256(text: &str) -> String {
    let text = tollgate::Foreign::parse(text.as_bytes()).unwrap();
    let digest = tollgate::ForeignDigest::of(tollgate::ForeignForm::Sha256, text).unwrap();
    digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn users_and_their_tokens_move_in_from_csv() {
    let folder = store();
    let csv = format!(
        "Name,per_hour,token,digest,scheme\nann,1000,{CLEAR},,\n\"bob, the builder\",0,,{},sha256\ncid,,,,\n",
        sha256(DIGESTED)
    );
    fs::write(folder.path("users.csv"), csv).unwrap();
    let done = folder.json(&["import", "users.csv"]);
    assert_eq!(
        (&done["users"], &done["authtokens"], &done["already"]),
        (&3.into(), &2.into(), &0.into())
    );
    assert!(permitted(&folder, CLEAR) && permitted(&folder, DIGESTED));
    assert!(!permitted(&folder, SHA256), "a digest is not its token");
    let bob = folder.json(&["user", "show", "bob, the builder"]);
    assert_eq!(bob["per_hour"], "unlimited");
    let again = folder.json(&["import", "users.csv"]);
    assert_eq!((&again["users"], &again["already"]), (&0.into(), &3.into()), "resumed");
}

#[test]
fn a_file_with_bad_lines_changes_nothing_and_tells_them_by_number_and_no_secret() {
    let folder = store();
    let lines = [
        format!(r#"{{"user":"ann","token":"{CLEAR}"}}"#),
        String::new(),
        r#"{"user":"bob","per_hour":"many"}"#.to_owned(),
        r#"{"user":"bob","tokn":"x"}"#.to_owned(),
        format!(r#"{{"user":"cid","digest":"{CLEAR}","scheme":"sha256"}}"#),
        format!(r#"{{"user":"dan","token":["{CLEAR}"#),
        r#"{"user":"eve","token":"much-too-short"}"#.to_owned(),
    ];
    fs::write(folder.path("users.jsonl"), lines.join("\n")).unwrap();
    let run = folder.run(&["import", "users.jsonl"]);
    assert_eq!(run.code, 1, "{run:?}");
    for number in [3, 4, 5, 6] {
        assert!(
            run.stderr.contains(&format!("  line {number}: ")),
            "{number}: {}",
            run.stderr
        );
    }
    assert!(
        !run.stderr.contains(CLEAR) && run.stderr.contains("Nothing was imported"),
        "{}",
        run.stderr
    );
    assert_eq!(folder.json(&["user", "list"]), serde_json::json!([]));

    let skipping = folder.run(&["import", "users.jsonl", "--skip-bad-lines", "--json"]);
    assert_eq!(skipping.code, 1, "not every line was taken");
    let done = skipping.json();
    assert_eq!(
        (&done["users"], done["faults"].as_array().unwrap().len()),
        (&1.into(), 5)
    );
    assert!(permitted(&folder, CLEAR), "the twin");
}

#[test]
fn an_import_that_meets_other_facts_ends_there_and_is_resumed_by_repeating_it() {
    let folder = store();
    folder.done(&["user", "add", "ann", "--per-hour", "5"]);
    fs::write(
        folder.path("users.jsonl"),
        "{\"user\":\"bob\"}\n{\"user\":\"ann\",\"per_hour\":6}\n",
    )
    .unwrap();
    let run = folder.run(&["import", "users.jsonl"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("line 2") && run.stderr.contains("per_hour"),
        "{}",
        run.stderr
    );
    assert_eq!(
        folder.json(&["user", "list"]).as_array().unwrap().len(),
        1,
        "lines of one part are all or nothing"
    );
    folder.done(&["user", "set", "ann", "--per-hour", "6"]);
    let done = folder.json(&["import", "users.jsonl"]);
    assert_eq!((&done["users"], &done["already"]), (&1.into(), &1.into()));
}

#[test]
fn an_export_of_either_format_imports_again_to_the_same_state_through_a_server_or_without() {
    let folder = store();
    let (_, own) = folder.user("ann", &["--per-hour", "7"]);
    fs::write(folder.path("more.csv"), format!("user,token\nbob,{CLEAR}\n")).unwrap();
    folder.done(&["import", "more.csv"]);
    folder.done(&["network", "ban", "203.0.113.0/24", "--user", "bob"]);
    folder.done(&["settings", "set", "per_hour", "500"]);
    let first = folder.done(&["export", "-"]);
    assert!(!first.contains(&own) && !first.contains(CLEAR), "no secret leaves");

    for (name, served) in [("out.jsonl", true), ("out.csv", false)] {
        let server = served.then(|| Server::start(&folder, &[]));
        folder.done(&["export", name]);
        let again = folder.run(&["export", name]);
        assert_eq!(again.code, 1, "never overwrites: {again:?}");
        drop(server);
        let other = Folder::empty();
        let key = folder.path("tollgate.key");
        other.done(&["init", "--with-key", key.to_str().unwrap()]);
        let file = folder.path(name);
        other.done(&["import", file.to_str().unwrap()]);
        assert_eq!(other.done(&["export", "-"]), first, "{name}");
        assert!(permitted(&other, &own) && permitted(&other, CLEAR), "{name}");
        other.done(&["verify"]);

        let stranger = Folder::with_store();
        let run = stranger.run(&["import", file.to_str().unwrap()]);
        assert_eq!((run.code, run.stderr.contains("key")), (1, true), "{run:?}");
    }
}

#[test]
fn an_import_comes_through_a_pipe_and_through_a_server() {
    let folder = store();
    let server = Server::start(&folder, &[]);
    let lines: String = (0..9_000)
        .map(|n| format!("{{\"user\":\"user-{n}\",\"token\":\"token-of-user-{n:08}\"}}\n"))
        .collect();
    fs::write(folder.path("lines"), lines).unwrap();
    let mut command = folder.command(&["import", "/dev/stdin", "--format", "jsonl", "--json"]);
    let mut cat = std::process::Command::new("cat")
        .arg(folder.path("lines"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    command.stdin(cat.stdout.take().unwrap());
    let run = support::finish(&mut command);
    cat.wait().unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.json()["authtokens"], 9_000);
    drop(server);
    assert!(permitted(&folder, "token-of-user-00008999"));
}

#[test]
fn what_is_no_file_of_lines_is_refused_in_words() {
    let folder = store();
    fs::write(folder.path("odd.csv"), "user,colour\nann,red\n").unwrap();
    fs::write(folder.path("good.csv"), "user\nann\n").unwrap();
    for (arguments, expected) in [
        (["import", "missing.csv"], "missing.csv"),
        (["import", "."], "folder"),
        (["import", "odd.csv"], "colour"),
    ] {
        let run = folder.run(&arguments);
        assert_eq!((run.code, run.stderr.contains(expected)), (2, true), "{run:?}");
    }
    folder.done(&["import", "good.csv"]);
}
