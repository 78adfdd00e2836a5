//! `tollgate serve --dev`: the line that it prints is run, and works, at the first start and at every other one.

#[cfg(test)]
mod support;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::Folder;
use support::curl::Curl;
use support::server::Server;

fn start(folder: &Folder) -> (Server, String) {
    let mut server = Server::start(folder, &["--dev"]);
    let text = server.lines_until(|line| line.starts_with("It is answered"));
    (server, text)
}

#[test]
fn the_printed_line_works_in_an_empty_folder_and_ever_after() {
    let folder = Folder::empty();
    let mut earlier: Option<Curl> = None;
    for round in 0..3 {
        let (server, text) = start(&folder);
        let curl = Curl::read(&text);
        assert_eq!(curl.address, server.address.to_string());
        let (status, answer) = curl.run(&format!("{}\r\n", curl.field));
        assert_eq!(status, 200, "{answer}");
        assert!(answer.contains("x-tollgate-user: dev"), "{answer}");
        assert!(
            text.contains("200 OK") && text.contains("x-tollgate-user: dev"),
            "{text}"
        );
        assert_eq!(curl.run("").0, 401, "as the text says");
        assert_eq!(text.contains("from an earlier start"), round > 0, "{text}");
        if let Some(earlier) = earlier.replace(Curl::read(&text)) {
            assert_eq!(
                curl.run(&format!("{}\r\n", earlier.field)).0,
                401,
                "the earlier token is revoked"
            );
        }
        assert!(server.stop(Signal::TERM).0.success());
    }
    let tokens = folder.json(&["authtoken", "list", "dev"]);
    let open = tokens
        .as_array()
        .unwrap()
        .iter()
        .filter(|token| token["revoked_at"].is_null())
        .count();
    assert_eq!(open, 1, "tokens do not pile up");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(folder.path("tollgate.key")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_store_that_is_in_use_is_no_trial() {
    let folder = Folder::with_store();
    folder.done(&["user", "add", "alice"]);
    assert_eq!(folder.refused(&["serve", "--dev"]), (1, "not_a_trial".to_owned()));
    assert_eq!(folder.json(&["network", "list"]), json!([]), "nothing was trusted");
    assert_eq!(folder.json(&["user", "list"]).as_array().unwrap().len(), 1);

    let new = Folder::with_store();
    let (server, text) = start(&new);
    let curl = Curl::read(&text);
    assert_eq!(
        curl.run(&format!("{}\r\n", curl.field)).0,
        200,
        "the twin: a store with nobody in it"
    );
    drop(server);
}

#[test]
fn a_trial_that_was_changed_says_what_its_line_will_show() {
    let folder = Folder::empty();
    drop(start(&folder));
    folder.done(&["user", "set", "dev", "--inactive"]);
    let (server, text) = start(&folder);
    let curl = Curl::read(&text);
    assert_eq!(curl.run(&format!("{}\r\n", curl.field)).0, 401);
    assert!(
        text.contains("answered with 401") && text.contains("tollgate user set dev --active"),
        "{text}"
    );
    folder.done(&["user", "set", "dev", "--active"]);
    assert_eq!(curl.run(&format!("{}\r\n", curl.field)).0, 200);
    drop(server);
}

#[test]
fn a_trial_is_for_this_machine() {
    let folder = Folder::empty();
    assert_eq!(
        folder.refused(&["serve", "--dev", "--listen", "203.0.113.7:8480"]),
        (2, "usage".to_owned())
    );
    assert!(!folder.path("tollgate.redb").exists());
}

#[test]
fn scripts_are_told_the_same() {
    let folder = Folder::empty();
    let mut command = folder.command(&["serve", "--dev", "--json", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let curl = Curl::read(said["dev"]["curl"].as_str().unwrap());
    assert_eq!(said["listening"], json!(format!("http://{}", curl.address)));
    assert_eq!(
        curl.field,
        format!("Authorization: Bearer {}", said["dev"]["token"].as_str().unwrap())
    );
    assert_eq!(curl.run(&format!("{}\r\n", curl.field)).0, 200);
    child.kill().unwrap();
    child.wait().unwrap();
}
