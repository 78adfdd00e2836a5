//! Exit codes and the words that go with them, for people and for scripts.

#[cfg(test)]
mod support;

use support::Folder;

#[test]
fn a_store_is_made_once_and_says_where_its_key_is() {
    let folder = Folder::empty();
    let text = folder.done(&["init"]);
    assert!(
        text.contains("tollgate.redb") && text.contains("tollgate.key") && text.contains("Back it up"),
        "{text}"
    );
    let again = folder.run(&["init"]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(
        again.stderr.starts_with("error: expected no file at tollgate.redb"),
        "{again:?}"
    );
    let made = folder.json(&["init", "--data", "other.redb"]);
    assert_eq!(
        made,
        serde_json::json!({ "store": "other.redb", "key_file": "other.key" })
    );

    assert_eq!(folder.refused(&["init", "--data", "b.key"]), (2, "usage".to_owned()));
    assert!(!folder.path("b.key").exists());

    let mut keyed = folder.command(&["init", "--data", "keyed.redb", "--json"]);
    let run = support::finish(keyed.env("TOLLGATE_KEY", "ab".repeat(32)));
    assert_eq!(run.json()["key_file"], serde_json::Value::Null, "{run:?}");
    assert!(!folder.path("keyed.key").exists());
}

#[test]
fn the_store_is_found_by_flag_and_by_environment() {
    let folder = Folder::empty();
    folder.done(&["init", "--data", "a.redb"]);
    folder.done(&["user", "add", "alice", "--data", "a.redb"]);
    let mut command = folder.command(&["user", "list", "--json"]);
    let run = support::finish(command.env("TOLLGATE_DATA", "a.redb"));
    assert_eq!(run.json()[0]["name"], "alice");
    assert_eq!(folder.refused(&["user", "list"]), (3, "no_store".to_owned()));
}

#[test]
fn trouble_with_the_store_says_what_to_do() {
    let folder = Folder::empty();
    let run = folder.run(&["user", "list"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("tollgate init"), "{run:?}");

    let folder = Folder::with_store();
    std::fs::rename(folder.path("tollgate.key"), folder.path("away.key")).unwrap();
    assert_eq!(folder.refused(&["user", "list"]), (3, "no_key".to_owned()));
    std::fs::rename(folder.path("away.key"), folder.path("tollgate.key")).unwrap();
    folder.done(&["user", "list"]);

    std::fs::write(folder.path("notes.redb"), "not a store at all").unwrap();
    std::fs::copy(folder.path("tollgate.key"), folder.path("notes.key")).unwrap();
    assert_eq!(
        folder.refused(&["user", "list", "--data", "notes.redb"]),
        (3, "store_unusable".to_owned())
    );
}

#[test]
fn what_makes_no_sense_is_a_fault_of_usage() {
    let folder = Folder::with_store();
    for arguments in [
        &["user"][..],
        &["user", "fly"],
        &["fly"],
        &["user", "add"],
        &["--flag"],
        &["user", "add", "a", "--per-hour", "0"],
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(!run.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(folder.refused(&["user", "fly"]), (2, "usage".to_owned()));
}

#[test]
fn help_is_no_fault_and_teaches() {
    let folder = Folder::empty();
    for (arguments, example) in [
        (&["--help"][..], "tollgate serve --dev"),
        (
            &["user", "add", "--help"],
            "tollgate user add reports --operations GET --per-hour 1000",
        ),
        (&["help", "authtoken", "issue"], "--expires-in 30d"),
    ] {
        let text = folder.done(arguments);
        assert!(text.contains(example), "{text}");
    }
    assert!(folder.done(&["--version"]).starts_with("tollgate 0."));
}

#[test]
fn people_are_told_the_next_step() {
    let folder = Folder::with_store();
    assert!(folder.done(&["user", "list"]).contains("tollgate user add"));
    assert!(
        folder
            .done(&["user", "add", "two words"])
            .contains("tollgate authtoken issue 'two words'")
    );
    assert!(folder.done(&["authtoken", "list"]).contains("tollgate authtoken issue"));
    assert!(folder.done(&["network", "list"]).contains("tollgate network trust"));
    let table = folder.done(&["user", "list"]);
    let head: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        head,
        [
            "ID",
            "NAME",
            "ACTIVE",
            "OPERATIONS",
            "PER",
            "HOUR",
            "CONCURRENT",
            "ADDED"
        ]
    );
}

/// A reader such as `head` goes before all is written.
#[test]
fn a_reader_who_goes_early_is_no_fault() {
    let folder = Folder::with_store();
    folder.done(&["user", "add", "alice"]);
    let mut child = folder
        .command(&["user", "list"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn every_fault_says_what_to_do_next() {
    let folder = Folder::with_store();
    folder.done(&["user", "add", "alice"]);
    for (arguments, code, advice) in [
        (&["usr", "list"][..], 2, "'user'"),
        (&["user", "shw", "alice"], 2, "'show'"),
        (&["user", "list", "--jsn"], 2, "'--json'"),
        (&["user", "show", "bob"], 1, "tollgate user list"),
        (&["authtoken", "issue", "bob"], 1, "tollgate user list"),
        (&["user", "add", "alice"], 1, "tollgate user set alice"),
        (&["authtoken", "revoke", "9"], 1, "tollgate authtoken list"),
        (&["authtoken", "revoke", "nine"], 2, "`list` shows the ids"),
        (&["network", "remove", "10.0.0.1"], 1, "tollgate network list"),
        (&["settings", "set", "per_hours", "5"], 2, "tollgate settings list"),
        (&["check", "--ip", "localhost"], 2, "such as 203.0.113.7"),
        (&["serve", "--listen", "8480"], 2, "such as 127.0.0.1:8480"),
        (&["backup", "nowhere/copy.redb"], 3, "a folder that is there"),
        (&["verify", "--data", "other.redb"], 3, "tollgate init"),
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(advice), "{arguments:?}: {run:?}");
        assert!(!run.stderr.contains('\x1b'), "{arguments:?}: {run:?}");
    }
}

#[test]
fn help_is_coloured_for_those_who_want_it() {
    let folder = Folder::empty();
    let help = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&["user", "add", "--help"]);
        support::finish(command.envs(variables.iter().copied())).stdout
    };
    let plain = help(&[]);
    assert!(plain.contains("\nExamples:\n  tollgate user add alice\n"), "{plain}");
    assert!(
        plain.contains("Options of every verb:") && !plain.contains('\x1b'),
        "{plain}"
    );
    assert!(help(&[("CLICOLOR_FORCE", "1")]).contains("Examples:\x1b["), "the twin");
    assert_eq!(help(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
}
