//! `tollgate serve` as a process: where it listens, what it holds, how it ends, and what is said when it cannot begin.

#[cfg(test)]
mod support;

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::json;
use support::Folder;
use support::server::Server;

#[test]
fn a_server_obeys_commands_at_once_and_ends_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = Folder::with_store();
        folder.done(&["network", "trust", "127.0.0.1"]);
        let server = Server::start(&folder, &[]);
        assert_eq!(server.get("/healthz", "").0, 200);
        let (id, token) = folder.user("alice", &["--per-hour", "3"]);
        assert_eq!(server.check(&token), 200);
        folder.done(&["user", "set", "alice", "--inactive"]);
        assert_eq!(server.check(&token), 401);
        folder.done(&["user", "set", "alice", "--active"]);
        assert_eq!(server.check(&token), 200);
        let (_, second) = folder.user("bob", &[]);
        folder.done(&["authtoken", "revoke", &id]);
        assert_eq!((server.check(&token), server.check(&second)), (401, 200));

        let (status, log) = server.stop(signal);
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("reason=\"revoked\"") && log.contains("stopped"), "{log}");
        assert!(
            !log.contains(&token) && !log.contains(&second),
            "the log holds a secret"
        );
        assert!(!folder.path("tollgate.redb.sock").exists(), "the socket is gone");
        assert_eq!(folder.json(&["verify"])["sound"], json!(true), "and the store is free");
    }
}

#[test]
fn what_was_charged_before_a_stop_stays_charged() {
    let folder = Folder::with_store();
    folder.done(&["network", "trust", "127.0.0.1"]);
    let (_, token) = folder.user("alice", &["--per-hour", "3"]);
    for expected in [[200, 200], [200, 429]] {
        let server = Server::start(&folder, &[]);
        assert_eq!([server.check(&token), server.check(&token)], expected);
        assert!(server.stop(Signal::TERM).0.success());
    }
}

#[test]
fn a_socket_that_a_killed_server_left_is_in_nobodys_way() {
    let folder = Folder::with_store();
    Server::start(&folder, &[]).kill();
    assert!(folder.path("tollgate.redb.sock").exists());
    folder.done(&["user", "add", "alice"]);
    let server = Server::start(&folder, &[]);
    assert_eq!(folder.json(&["user", "list"]).as_array().unwrap().len(), 1);
    assert!(server.stop(Signal::TERM).0.success());
}

#[test]
fn a_store_that_another_program_holds_is_said_in_words() {
    let folder = Folder::with_store();
    let server = Server::start(&folder, &[]);
    let second = folder.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.stderr.contains("a server of it runs already"), "{second:?}");
    // As with a program that links the engine: the store is held, and no socket is there.
    std::fs::remove_file(folder.path("tollgate.redb.sock")).unwrap();
    let run = folder.run(&["user", "list"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.stderr
            .contains("another process has the store open and nobody answers"),
        "{run:?}"
    );
    assert_eq!(folder.refused(&["user", "list"]), (3, "store_locked".to_owned()));
    drop(server);
    folder.done(&["user", "list"]);
}

#[test]
fn commands_at_the_same_time_wait_for_each_other() {
    let folder = Folder::with_store();
    let running: Vec<_> = (0..12)
        .map(|n| folder.command(&["user", "add", &format!("user-{n}")]).spawn().unwrap())
        .collect();
    for mut command in running {
        assert!(command.wait().unwrap().success());
    }
    assert_eq!(folder.json(&["user", "list"]).as_array().unwrap().len(), 12);
}

#[test]
fn a_server_that_cannot_begin_says_why() {
    let folder = Folder::empty();
    let run = folder.run(&["serve"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("tollgate init") && run.stderr.contains("serve --dev"),
        "{run:?}"
    );

    let folder = Folder::with_store();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = folder.run(&["serve", "--listen", &address]);
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("another program listens there") && run.stderr.contains("--listen"),
        "{run:?}"
    );
    assert!(!folder.path("tollgate.redb.sock").exists());

    let mut odd = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
    let run = support::finish(odd.env("TOLLGATE_LOG", "loud"));
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("TOLLGATE_LOG"), "{run:?}");
}

#[test]
fn a_store_in_a_deep_folder_is_served_and_commanded() {
    let folder = Folder::empty();
    let deep = "d".repeat(150);
    std::fs::create_dir(folder.path(&deep)).unwrap();
    let store = format!("{deep}/tollgate.redb");
    folder.done(&["init", "--data", &store]);
    let server = Server::start(&folder, &["--data", &store]);
    folder.done(&["user", "add", "alice", "--data", &store]);
    let (status, log) = server.stop(Signal::TERM);
    assert!(status.success());
    assert!(log.contains("longer than the system takes"), "{log}");
}

#[test]
fn the_address_is_said_in_json_where_json_is_asked_for() {
    let folder = Folder::with_store();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(
        folder.refused(&["serve", "--listen", &address]),
        (3, "cannot_listen".to_owned())
    );
}
