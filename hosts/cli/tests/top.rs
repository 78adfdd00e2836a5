//! The live screen on a terminal, and what is printed where there is none.
#![cfg(feature = "top")]

#[cfg(test)]
mod support;

use rustix::process::Signal;
use serde_json::json;
use support::Folder;
use support::lists::column;
use support::server::Server;
use support::terminal::{Watched, given_back};

#[test]
fn without_a_terminal_one_status_is_printed() {
    let (folder, _, token) = support::explained::folder();
    let server = Server::start(&folder, &[]);
    assert_eq!(server.check(&token), 200);
    for arguments in [&["top"][..], &["top", "--json"], &["top", "--once", "--json"]] {
        let status = folder.run(arguments).json();
        assert_eq!((&status["checking"], &status["writing"]), (&json!(true), &json!(true)));
        assert_eq!((&status["users"], &status["tokens"]), (&json!(1), &json!(1)));
        assert_eq!(status["checks"][0], json!({ "id": "permitted", "count": 1 }));
        assert_eq!(column(&status["busiest"], "name"), ["alice"]);
    }
    let frame = folder.done(&["top", "--once"]);
    for words in ["1 user ", "permitted", "alice", "no proxies or followers"] {
        assert!(frame.contains(words), "{words}: {frame}");
    }
    assert!(!frame.contains('\x1b'), "{frame}");
}

#[test]
fn without_a_server_there_is_nothing_to_watch() {
    let folder = Folder::empty();
    assert_eq!(folder.refused(&["top"]), (3, "no_store".to_owned()));
    folder.done(&["init"]);
    for arguments in [&["top"][..], &["top", "--once"]] {
        assert_eq!(folder.refused(arguments), (3, "no_server".to_owned()));
        let words = folder.run(arguments).stderr;
        assert!(words.contains("tollgate serve"), "{words}");
    }
}

#[test]
fn a_key_ends_it_and_the_terminal_is_as_before() {
    let folder = Folder::with_store();
    let _server = Server::start(&folder, &[]);
    for keys in ["q", "\x03", "?q q", "psq"] {
        let mut watched = Watched::start(&folder);
        watched.until("checking");
        let (code, text) = watched.type_and_end(keys);
        assert_eq!(code, 0, "{keys:?}: {text}");
        assert_eq!(given_back(&text), Ok(()));
    }
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_as_before() {
    let folder = Folder::with_store();
    let _server = Server::start(&folder, &[]);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut watched = Watched::start(&folder);
        watched.until("checking");
        let (code, text) = watched.signal_and_end(signal);
        assert_eq!(code, 0, "{signal:?}: {text}");
        assert_eq!(given_back(&text), Ok(()));
    }
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    let folder = Folder::with_store();
    let server = Server::start(&folder, &[]);
    let mut watched = Watched::start(&folder);
    watched.until("checking");
    server.stop(Signal::TERM);
    watched.until("waiting");
    let _server = Server::start(&folder, &[]);
    watched.until("checking");
    let (code, text) = watched.type_and_end("q");
    assert_eq!(code, 0, "{text}");
}
