//! TLS over real sockets: which certificate a client is shown, and what a renewal changes.

#[cfg(test)]
mod support;

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use support::World;
use support::pair::{Files, Pair, visit};
use support::running::{Running, is_healthy, until};
use tollgate_http::{Bounds, Tls};

#[test]
fn a_client_is_shown_the_certificate_and_agrees_on_a_protocol() {
    let world = World::new();
    let (ours, other) = (Pair::new(), Pair::new());
    let files = Files::with(world.folder.path(), &ours);
    let tls = Arc::new(Tls::open(&files.cert, &files.key).unwrap());
    let server = Running::with_tls(&world, Bounds::default(), tls);
    let found = visit(server.address, &[&other, &ours], &["http/1.1"]).unwrap();
    assert_eq!((found.shown, found.answer.as_str()), (1, "HTTP/1.1 200"));
    assert_eq!(found.protocol.as_deref(), Some(b"http/1.1".as_slice()));
    let found = visit(server.address, &[&ours], &["h2", "http/1.1"]).unwrap();
    assert_eq!(
        found.protocol.as_deref(),
        Some(b"h2".as_slice()),
        "HTTP/2 where the client speaks it"
    );
    let refused = visit(server.address, &[&other], &["http/1.1"]).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");

    let mut plain = server.connect();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "nothing is answered in clear");
}

#[test]
fn a_renewed_pair_counts_for_new_connections_and_a_bad_one_for_none() {
    let world = World::new();
    let (first, second) = (Pair::new(), Pair::new());
    let files = Files::with(world.folder.path(), &first);
    let tls = Arc::new(Tls::open(&files.cert, &files.key).unwrap());
    let server = Running::with_tls(&world, Bounds::default(), Arc::clone(&tls));
    let shown = || visit(server.address, &[&first, &second], &["http/1.1"]).unwrap().shown;
    assert_eq!(shown(), 0);

    // What a renewal that broke off half way leaves behind.
    files.write(&second.cert, &first.key);
    let words = tls.reload().unwrap_err().to_string();
    assert!(
        words.contains("issued together") && words.contains("key.pem"),
        "{words}"
    );
    assert_eq!(shown(), 0, "the old pair stays");
    files.write(&second.cert, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n");
    let words = tls.reload().unwrap_err().to_string();
    assert!(
        words.contains("a private key in PEM") && !words.contains("c2Vj"),
        "{words}"
    );
    assert_eq!(shown(), 0);

    files.write(&second.cert, &second.key);
    tls.reload().unwrap();
    assert_eq!(shown(), 1);
    assert!(!tls.reload_if_changed().unwrap(), "nothing has changed since");
}

#[test]
fn a_running_server_finds_a_renewed_pair_by_itself() {
    let world = World::new();
    let (first, second) = (Pair::new(), Pair::new());
    let files = Files::with(world.folder.path(), &first);
    let tls = Arc::new(Tls::open(&files.cert, &files.key).unwrap());
    let server = Running::with_tls(&world, Bounds::default(), tls);
    let shown = || visit(server.address, &[&first, &second], &["http/1.1"]).unwrap().shown;
    assert_eq!(shown(), 0);
    // As renewing programs do it: new files take the place of the old ones.
    let renewed = Files {
        cert: files.cert.with_extension("new"),
        key: files.key.with_extension("new"),
    };
    renewed.write(&second.cert, &second.key);
    std::fs::rename(&renewed.key, &files.key).unwrap();
    std::fs::rename(&renewed.cert, &files.cert).unwrap();
    assert!(until(|| shown() == 1), "the new certificate is shown");
}

#[test]
fn a_pair_that_cannot_be_used_is_refused_in_words() {
    let world = World::new();
    let (ours, other) = (Pair::new(), Pair::new());
    let files = Files::with(world.folder.path(), &ours);
    assert!(
        Tls::open(&files.cert, &files.key).is_ok_and(|tls| !tls.reload_if_changed().unwrap()),
        "the twin"
    );
    for (cert, key, words) in [
        (ours.cert.as_str(), other.key.as_str(), "issued together"),
        (ours.cert.as_str(), ours.cert.as_str(), "a private key in PEM"),
        (ours.key.as_str(), ours.key.as_str(), "certificates in PEM"),
        ("", ours.key.as_str(), "certificates in PEM"),
    ] {
        files.write(cert, key);
        let said = Tls::open(&files.cert, &files.key).err().unwrap().to_string();
        assert!(said.contains(words) && said.contains(".pem"), "{said}");
    }
    let missing = world.folder.path().join("nothing.pem");
    let said = Tls::open(&missing, &files.key).err().unwrap().to_string();
    assert!(said.contains("nothing.pem") && said.contains("No such file"), "{said}");
}

#[test]
fn a_handshake_that_stalls_holds_its_place_no_longer_than_a_head() {
    let world = World::new();
    let pair = Pair::new();
    let files = Files::with(world.folder.path(), &pair);
    let tls = Arc::new(Tls::open(&files.cert, &files.key).unwrap());
    let bounds = Bounds {
        head_within: Duration::from_millis(200),
        connections_most: 1,
        ..Bounds::default()
    };
    let server = Running::with_tls(&world, bounds, tls);
    let mut stalled = server.connect();
    // The first bytes of a handshake, and no more.
    stalled.write_all(&[0x16, 0x03, 0x01]).unwrap();
    let found = visit(server.address, &[&pair], &["http/1.1"]).unwrap();
    assert_eq!(found.answer, "HTTP/1.1 200", "the only place is free again");
    let mut rest = Vec::new();
    let _ = stalled.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP"));
    drop(server);

    let clear = Running::start(&world, Bounds::default());
    assert!(is_healthy(&mut clear.connect()), "the twin without TLS");
}
