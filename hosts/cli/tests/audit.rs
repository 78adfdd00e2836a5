//! The audit trail through the real binary: listed, followed, exported, and spoilt in every way that must show.

#[cfg(test)]
mod support;

use std::fs;

use serde_json::{Value, json};
use support::lists::column;
use support::server::Server;
use support::trails::{busy, exported, subjects, verified};

#[test]
fn who_changed_what_from_where_is_listed() {
    let folder = busy();
    let check = || {
        let list = folder.json(&["audit", "list"]);
        assert_eq!(
            column(&list, "id"),
            ["8", "7", "6", "5", "4", "3", "2", "1"],
            "the newest first"
        );
        let [removed, set] = [&list[0], &list[4]];
        assert_eq!(
            (&removed["action"], &removed["after"]),
            (&json!("user.remove"), &Value::Null)
        );
        assert_eq!(removed["before"]["per_hour"], json!("1000"));
        assert_eq!(
            (&set["before"]["per_hour"], &set["after"]["per_hour"]),
            (&json!("inherit"), &json!("1000"))
        );
        let origins: Vec<&str> = column(&list, "origin")
            .iter()
            .filter_map(|origin| origin.as_str())
            .collect();
        let (here, there) = ("this process", "control socket");
        // The first two are the keys that were made with the store.
        let made = "process";
        assert_eq!(origins, [here, here, there, there, here, here, made, made]);
        assert_eq!(subjects(&folder, &["--action", "key.add"]).len(), 2);
        assert!(
            set["actor"].as_str().unwrap().starts_with("command line, uid "),
            "{set}"
        );

        assert_eq!(subjects(&folder, &["--last", "2"]), ["alice", "per_hour"]);
        assert_eq!(
            subjects(&folder, &["--last", "2", "--oldest-first"]),
            ["per_hour", "alice"]
        );
        assert_eq!(subjects(&folder, &["--last", "all", "--oldest-first"])[2], "alice");
        assert_eq!(subjects(&folder, &["--action", "user"]).len(), 4);
        assert_eq!(subjects(&folder, &["--action", "user.add"]), ["bob", "alice"]);
        assert_eq!(subjects(&folder, &["--action", "use"]), [] as [&str; 0]);
        assert_eq!(subjects(&folder, &["--subject", "bob"]), ["bob"]);
        assert_eq!(subjects(&folder, &["--since", "1h"]).len(), 8);
        assert_eq!(subjects(&folder, &["--since", "2100-01-01T00:00:00Z"]), [] as [&str; 0]);

        let table = folder.done(&["audit", "list"]);
        assert!(table.contains("per_hour: inherit → 1000"), "{table}");
        assert!(!table.contains('\x1b'), "no colours in a file: {table}");
        let none = folder.done(&["audit", "list", "--subject", "nobody"]);
        assert!(none.contains("tollgate audit list --last all"), "{none}");
    };
    check();
    let _server = Server::start(&folder, &[]);
    check();
}

#[test]
fn the_trail_of_a_store_is_followed_with_and_without_a_server() {
    let folder = busy();
    let early = folder.json(&["audit", "list"])[3]["digest"].clone();
    let check = || {
        let whole = folder.json(&["audit", "verify"]);
        assert_eq!((&whole["sound"], &whole["entries"]), (&json!(true), &json!(8)));
        assert_eq!(whole["head"], folder.json(&["audit", "list"])[0]["digest"]);
        let kept = folder.json(&["audit", "verify", "--head", early.as_str().unwrap()]);
        assert_eq!((&kept["sound"], &kept["kept_at"]), (&json!(true), &json!("5")));

        let strange = folder.run(&["audit", "verify", "--json", "--head", &"ab".repeat(32)]);
        assert_eq!((strange.code, &strange.json()["sound"]), (1, &json!(false)));
        assert_eq!(strange.json()["kept_at"], Value::Null);
    };
    check();
    let _server = Server::start(&folder, &[]);
    check();
    assert_eq!(
        folder.refused(&["audit", "verify", "--head", "abc"]),
        (2, "usage".to_owned())
    );
}

#[test]
fn an_export_is_written_once_and_is_the_trail() {
    let folder = busy();
    let written = folder.json(&["audit", "export", "trail.jsonl"]);
    assert_eq!(
        (&written["entries"], &written["file"]),
        (&json!(8), &json!("trail.jsonl"))
    );
    assert_eq!(
        folder.refused(&["audit", "export", "trail.jsonl"]),
        (1, "file_exists".to_owned())
    );
    assert_eq!(
        folder.refused(&["audit", "export", "nowhere/trail.jsonl"]),
        (3, "cannot_write".to_owned())
    );
    let text = fs::read_to_string(folder.path("trail.jsonl")).unwrap();
    let _server = Server::start(&folder, &[]);
    let run = folder.run(&["audit", "export", "-"]);
    assert_eq!((run.code, &run.stdout), (0, &text), "the same through a server");
    assert!(run.stderr.contains(written["head"].as_str().unwrap()), "{run:?}");
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        folder.json(&["audit", "list", "--last", "all", "--oldest-first"])[0]
    );
}

#[test]
fn a_whole_export_is_followed_without_store_and_key() {
    let (folder, lines, head) = exported();
    assert_eq!(verified(&folder, &lines, &[]), (0, Value::Null));
    assert_eq!(verified(&folder, &lines, &["--head", &head]), (0, Value::Null));
    assert_eq!(
        verified(&folder, &[], &[]),
        (0, Value::Null),
        "an empty one is whole too"
    );
    let text = folder.done(&["audit", "verify", "trail.jsonl"]);
    assert!(text.contains("whole") && text.contains("0 entries"), "{text}");
    assert_eq!(
        folder.refused(&["audit", "verify", "no.jsonl"]),
        (3, "no_file".to_owned())
    );
}

#[test]
fn whatever_was_done_to_an_export_shows() {
    let (folder, lines, head) = exported();
    let spoilt = |spoil: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        spoil(&mut lines);
        verified(&folder, &lines, &[])
    };
    assert_eq!(spoilt(&|_| ()), (0, Value::Null), "the twin");
    assert_eq!(spoilt(&|lines| drop(lines.remove(2))), (1, json!("3")), "removed");
    assert_eq!(
        spoilt(&|lines| drop(lines.remove(0))),
        (1, json!("1")),
        "removed at the beginning"
    );
    assert_eq!(spoilt(&|lines| lines.swap(1, 2)), (1, json!("2")), "moved");
    assert_eq!(
        spoilt(&|lines| lines.insert(3, lines[2].clone())),
        (1, json!("4")),
        "inserted"
    );
    let field = |from: &'static str, to: &'static str| {
        spoilt(&move |lines| {
            assert!(lines[3].contains(from), "{}", lines[3]);
            lines[3] = lines[3].replacen(from, to, 1);
        })
    };
    assert_eq!(field("\"1000\"", "\"9000\""), (1, json!("4")), "changed");
    assert_eq!(field("\"subject\":\"alice\"", "\"subject\":\"bob\""), (1, json!("4")));
    assert_eq!(field("\"id\":\"4\"", "\"id\":\"04\""), (1, json!("4")));
    assert_eq!(field("{", "{ "), (1, json!("4")), "written otherwise");
    assert_eq!(spoilt(&|lines| lines[4] = "nonsense".to_owned()), (1, json!("5")));

    // What is left of a trail without its end follows itself; only the digest that was kept tells.
    let cut = &lines[..4];
    assert_eq!(verified(&folder, cut, &[]), (0, Value::Null));
    assert_eq!(verified(&folder, cut, &["--head", &head]), (1, Value::Null));
    let torn = format!("{}\n{}", lines[0], &lines[1][..40]);
    fs::write(folder.path("trail.jsonl"), torn).unwrap();
    let run = folder.run(&["audit", "verify", "trail.jsonl"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("broken at entry 2"), "{run:?}");
}

#[test]
fn colours_are_for_those_who_want_them() {
    let folder = busy();
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&["audit", "verify"]);
        let run = support::finish(command.envs(variables.iter().copied()));
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout.contains('\x1b')
    };
    assert!(!coloured(&[]), "a file wants none");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]), "the twin");
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
