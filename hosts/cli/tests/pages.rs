//! What is made of the command line's own description, and lists that are longer than a page.

#[cfg(test)]
mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};
use support::Folder;
use support::crowd::{TOKENS, crowded};
use support::lists::column;
use support::server::Server;
use support::tools::fed;

#[test]
fn shells_learn_every_verb() {
    let folder = Folder::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.done(&["completions", shell]);
        for verb in [
            "authtoken",
            "admin-token",
            "feed-token",
            "revoke",
            "oldest-first",
            "completions",
            "backup",
        ] {
            assert!(script.contains(verb), "{shell} does not know {verb}");
        }
    }
    let script = folder.done(&["completions", "bash"]);
    assert_eq!(fed("bash", &["-n"], &script), (true, String::new()));
    assert!(!fed("bash", &["-n"], "case x in").0, "the twin");
    let asked = format!(
        "{script}\nCOMP_WORDS=(tollgate aud) COMP_CWORD=1\n_tollgate tollgate aud tollgate\necho \"${{COMPREPLY[@]}}\""
    );
    assert_eq!(fed("bash", &[], &asked), (true, "audit\n".to_owned()));
    assert_eq!(folder.refused(&["completions", "tcsh"]), (2, "usage".to_owned()));
}

#[test]
fn every_verb_has_a_manual_page_that_renders() {
    let folder = Folder::empty();
    fs::create_dir(folder.path("man1")).unwrap();
    let pages = folder.json(&["man", "man1"]);
    let names = column(&pages, "id");
    for name in ["tollgate", "tollgate-user-add", "tollgate-audit-verify", "tollgate-man"] {
        assert!(names.contains(&&json!(format!("man1/{name}.1"))), "{names:?}");
    }
    for name in names {
        let page = fs::read_to_string(folder.path(name.as_str().unwrap())).unwrap();
        let (rendered, text) = fed("groff", &["-man", "-Tascii", "-ww", "-P-cbou"], &page);
        assert!(
            rendered && !text.contains("warning") && text.contains("EXAMPLES"),
            "{name}: {text}"
        );
    }
    let page = folder.done(&["man"]);
    let main = fs::read_to_string(folder.path("man1/tollgate.1")).unwrap();
    assert_eq!(page, main, "the main page is printed");
    assert_eq!(folder.refused(&["man", "nowhere"]), (3, "cannot_write".to_owned()));
}

#[test]
fn a_list_of_many_pages_is_one_array_and_one_table() {
    let folder = crowded();
    let check = || {
        let ids = |list: &Value| {
            let ids = column(list, "id")
                .into_iter()
                .map(|id| id.as_str().unwrap().parse().unwrap());
            ids.collect::<Vec<u64>>()
        };
        let all = folder.json(&["authtoken", "list"]);
        assert_eq!(ids(&all).len(), TOKENS);
        assert!(ids(&all).is_sorted());
        assert_eq!(folder.json(&["authtoken", "list", "alice"]), all);
        let shown = folder.json(&["user", "show", "alice"]);
        assert_eq!((&shown["name"], &shown["authtokens"]), (&json!("alice"), &all));
        assert_eq!(shown["authtokens_next"], Value::Null, "how it came is nobody's concern");

        let table = folder.done(&["authtoken", "list"]);
        assert_eq!(table.lines().count(), TOKENS + 1);
        assert_eq!(table.matches("NOT BEFORE").count(), 1);
        let ends: std::collections::BTreeSet<usize> = table.lines().skip(1).map(|line| line.chars().count()).collect();
        assert_eq!(ends.len(), 1, "the columns stand below each other");

        let trail = folder.json(&["audit", "list", "--last", "all"]);
        // With the two keys that were made with the store, and the user.
        assert_eq!(trail.as_array().unwrap().len(), TOKENS + 3);
        let last = folder.json(&["audit", "list", "--last", "1200", "--oldest-first"]);
        assert_eq!(last.as_array().unwrap().len(), 1_200);
        assert_eq!(last[1_199], trail[0]);
        assert_eq!(folder.json(&["audit", "verify"])["entries"], json!(TOKENS + 3));
    };
    check();
    let _server = Server::start(&folder, &[]);
    check();
    for asked in [
        "{\"authtoken_list\":{}}",
        "{\"user_show\":{\"name\":\"alice\"}}",
        "{\"audit_list\":{\"oldest_first\":true}}",
    ] {
        let stream = UnixStream::connect(folder.path("tollgate.redb.sock")).unwrap();
        (&stream).write_all(format!("{asked}\n").as_bytes()).unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(&stream), &mut line).unwrap();
        assert!((10_000..1 << 20).contains(&line.len()), "{asked}: {}", line.len());
    }
}
