//! `tollgate serve` as it is operated: its configuration, its log, its certificate.

#[cfg(test)]
mod support;

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::Folder;
use support::server::{Server, exchange, over_http_2};

#[test]
fn a_file_sets_a_server_up_and_flags_and_environment_override_it() {
    let folder = Folder::empty();
    folder.done(&["init", "--data", "store.redb"]);
    let text = "listen = [\"127.0.0.1:0\", \"[::1]:0\"]\ndata = \"store.redb\"\n\n[limits]\nbody_bytes = 100\n[log]\nlevel = \"off\"\n";
    fs::write(folder.path("tollgate.toml"), text).unwrap();
    let mut server = Server::run(&mut folder.command(&["serve", "--config", "tollgate.toml"]));
    let other = server.lines_until(|line| line.contains("[::1]"));
    let other = other.trim().strip_prefix("listening on http://").unwrap();
    assert_eq!(server.get("/healthz", "").0, 200);
    let second = exchange(
        other.parse().unwrap(),
        "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    assert_eq!(second.0, 200, "the second address is served as well");
    folder.done(&["user", "list", "--data", "store.redb"]);
    let (status, log) = server.stop(Signal::TERM);
    assert_eq!((status.code(), log.as_str()), (Some(0), ""), "nothing is logged");

    let mut command = folder.command(&[
        "serve",
        "--config",
        "tollgate.toml",
        "--log-level",
        "warn",
        "--print-config",
        "--json",
    ]);
    let run = support::finish(
        command
            .env("TOLLGATE_LIMITS_BODY_BYTES", "200")
            .env("TOLLGATE_LOG", "debug"),
    );
    assert_eq!(run.code, 0, "{run:?}");
    let shown = run.json();
    assert_eq!(
        shown["limits.body_bytes"],
        json!({ "value": 200, "from": "environment" })
    );
    assert_eq!(shown["log.level"], json!({ "value": "warn", "from": "flag" }));
    assert_eq!(shown["data"], json!({ "value": "store.redb", "from": "file" }));
    assert_eq!(shown["limits.fields"]["from"], "default");
}

#[test]
fn a_file_with_a_fault_is_refused_by_key_and_line() {
    let folder = Folder::with_store();
    for (text, words) in [
        (
            "[limits]\nconections = 5\n",
            "line 2: expected a key that is known, but found limits.conections",
        ),
        ("\ntoken = \"tg_at_canary\"\n", "line 2: token would be a secret"),
        (
            "listen = \"tg_at_canary\"\n",
            "line 1: listen: expected an address with a port",
        ),
    ] {
        fs::write(folder.path("tollgate.toml"), text).unwrap();
        let run = folder.run(&["serve", "--config", "tollgate.toml"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stderr.contains(words) && !run.stderr.contains("canary"), "{run:?}");
    }
    let run = folder.run(&["serve", "--config", "nothing.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("nothing.toml"), "{run:?}");
}

#[test]
fn a_key_file_by_another_name_opens_the_store_and_the_environment_overrides_the_file() {
    let folder = Folder::with_store();
    fs::rename(folder.path("tollgate.key"), folder.path("elsewhere")).unwrap();
    let run = folder.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(run.code, 3, "{run:?}");
    fs::write(folder.path("tollgate.toml"), "key_file = \"elsewhere\"\n").unwrap();
    let server = Server::start(&folder, &["--config", "tollgate.toml"]);
    assert_eq!(server.get("/readyz", "").0, 200);
    assert!(server.stop(Signal::TERM).0.success());
    let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0", "--config", "tollgate.toml"]);
    let run = support::finish(command.env("TOLLGATE_KEY", "7".repeat(64)));
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "that is another key: {run:?}");
}

/// Header fields, queries and bodies hold credentials; whatever the level, none of them is in the log.
#[test]
fn the_log_names_every_request_and_no_secret() {
    let folder = Folder::with_store();
    folder.done(&["network", "trust", "127.0.0.1"]);
    folder.done(&["settings", "set", "allow_authtoken_in_url", "true"]);
    let (_, token) = folder.user("alice", &[]);
    let server = Server::start(&folder, &["--log", "json", "--log-level", "trace"]);
    assert_eq!(server.check(&token), 200);
    assert_eq!(server.get(&format!("/check/a?@authtoken={token}"), "").0, 200);
    assert_eq!(
        server
            .get("/check/b?@authtoken=tg_at_canary", "x-request-id: given-1\r\n")
            .0,
        401
    );
    let (_, answer) = server.get("/nowhere?token=tg_at_canary", "cookie: tg_at_canary\r\n");
    let odd = "POST /check HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-cdata-authtoken: tg_at_canary\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 23\r\n\r\n@authtoken=tg_at_canary";
    assert_eq!(exchange(server.address, odd).0, 400);
    assert!(over_http_2(server.address, "x-cdata-authtoken", "tg_at_canary").contains("invalid-token"));
    let (_, counts) = server.get("/metrics", "");
    assert!(
        counts.contains("unknown_token\"} 2") && !counts.contains("canary") && !counts.contains("alice"),
        "{counts}"
    );
    let (_, log) = server.stop(Signal::TERM);

    assert!(!log.contains(&token) && !log.contains("canary"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<&Value> = lines.iter().filter(|line| line["message"] == "answered").collect();
    let told: Vec<_> = answered
        .iter()
        .map(|line| (line["path"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("/check", 200),
            ("/check/a", 200),
            ("/check/b", 401),
            ("/nowhere", 404),
            ("/check", 400),
            ("/check", 401),
            ("/metrics", 200)
        ]
    );
    assert!(
        answered
            .iter()
            .all(|line| line["took_us"].is_u64() && line["client"] == "127.0.0.1" && line["method"].is_string())
    );
    let denied = lines.iter().find(|line| line["reason"] == "unknown_token").unwrap();
    assert_eq!(
        denied["span"]["request_id"], "given-1",
        "every line of a request has its name: {denied}"
    );
    let id = answered[3]["span"]["request_id"].as_str().unwrap();
    assert!(answer.contains(&format!("x-request-id: {id}\r\n")), "{id} in {answer}");
}

#[test]
fn requests_that_are_answered_need_not_be_logged() {
    let folder = Folder::with_store();
    let mut command = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::run(command.env("TOLLGATE_LOG_ACCESS", "false"));
    assert_eq!(server.get("/healthz", "").0, 200);
    let (_, log) = server.stop(Signal::TERM);
    assert!(!log.contains("answered") && log.contains("stopped"), "{log}");
}

#[test]
fn a_certificate_is_read_again_on_sighup_and_a_bad_one_is_not_taken() {
    let folder = Folder::with_store();
    // Moved into place, so that nobody finds half a file.
    let write = |cert: &str, key: &str| {
        for (name, text) in [("cert.pem", cert), ("key.pem", key)] {
            fs::write(folder.path("new"), text).unwrap();
            fs::rename(folder.path("new"), folder.path(name)).unwrap();
        }
    };
    let [first, second] = [(), ()].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    let arguments = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    write(&first.cert.pem(), &second.signing_key.serialize_pem());
    let run = folder.run(&[&["serve", "--listen", "127.0.0.1:0"], arguments.as_slice()].concat());
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.stderr.contains("issued together") && !run.stderr.contains("BEGIN"),
        "{run:?}"
    );

    write(&first.cert.pem(), &first.signing_key.serialize_pem());
    let mut server = Server::start(&folder, &arguments);
    write(&second.cert.pem(), &first.signing_key.serialize_pem());
    server.signal(Signal::HUP);
    let line = server.logged("the certificate cannot be used: the old one stays");
    assert!(line.contains("ERROR") && line.contains("issued together"), "{line}");
    write(&second.cert.pem(), &second.signing_key.serialize_pem());
    server.signal(Signal::HUP);
    server.logged("as SIGHUP asks");
    assert!(server.stop(Signal::TERM).0.success());
    assert_eq!(
        folder.run(&["serve", "--tls-cert", "cert.pem"]).code,
        2,
        "one without the other is none"
    );
}
