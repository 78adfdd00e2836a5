//! The server loop over real sockets: what a client can hold on to, and what a stop waits for.

#[cfg(test)]
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use support::World;
use support::running::{PATIENCE, Running, is_healthy, rest};
use tollgate_http::Bounds;

#[test]
fn a_head_that_does_not_arrive_gives_the_connection_back() {
    let world = World::new();
    let bounds = Bounds {
        head_within: Duration::from_millis(200),
        connections_most: 1,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let mut slow = server.connect();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").unwrap();
    let mut next = server.connect();
    assert!(is_healthy(&mut next), "the only place is free again");
    assert!(!rest(&mut slow).contains("200"), "the slow one was not served");
    assert_eq!(rest(&mut next), "", "an idle connection is closed as well");
}

#[test]
fn connections_beyond_the_bound_wait_for_a_place() {
    let world = World::new();
    let server = Running::start(
        &world,
        Bounds {
            connections_most: 1,
            ..Bounds::default()
        },
    );
    let mut first = server.connect();
    assert!(is_healthy(&mut first));
    let mut second = server.connect();
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let waiting = second.read(&mut [0]).unwrap_err();
    assert!(
        matches!(
            waiting.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        ),
        "{waiting}"
    );
    assert!(is_healthy(&mut first), "the first is still served");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(is_healthy(&mut second), "and then the second");
}

#[test]
fn a_head_beyond_the_bounds_is_refused() {
    let world = World::new();
    let bounds = Bounds {
        fields_most: 8,
        head_len_max: 16 * 1024,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let fields = |count: usize| "a: b\r\n".repeat(count);
    for (fields, status) in [
        (fields(8), "200"),
        (fields(9), "431"),
        (format!("a: {}\r\n", "b".repeat(17 * 1024)), "431"),
    ] {
        let mut stream = server.connect();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\n{fields}\r\n").as_bytes());
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer[9..], status.as_bytes(), "{}", fields.len());
    }
}

#[test]
fn a_stop_ends_idle_connections_and_accepts_no_more() {
    let world = World::new();
    let mut server = Running::start(&world, Bounds::default());
    let mut idle = server.connect();
    assert!(is_healthy(&mut idle));
    server.tell_to_stop();
    assert_eq!(rest(&mut idle), "");
    server.wait();
    assert!(
        TcpStream::connect(server.address).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    );
}

/// A form is under way when the server is told to stop; its sender gets an answer all the same.
#[test]
fn a_stop_lets_requests_under_way_end_and_waits_no_longer_than_its_bound() {
    let world = World::new();
    let head =
        "POST /check HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 4\r\n";
    let mut server = Running::start(&world, Bounds::default());
    let mut asking = server.connect();
    asking
        .write_all(format!("{head}expect: 100-continue\r\n\r\n").as_bytes())
        .unwrap();
    // The word to go on says that the request is under way.
    let mut go_on = [0; 25];
    asking.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100"));
    server.tell_to_stop();
    asking.write_all(b"a=bc").unwrap();
    assert!(
        rest(&mut asking).starts_with("HTTP/1.1 403"),
        "loopback is trusted by no rule here, but it is answered"
    );
    server.wait();

    let mut server = Running::start(
        &world,
        Bounds {
            stop_within: Duration::from_millis(100),
            ..Bounds::default()
        },
    );
    let mut hanging = server.connect();
    hanging
        .write_all(format!("{head}expect: 100-continue\r\n\r\n").as_bytes())
        .unwrap();
    hanging.read_exact(&mut go_on).unwrap();
    server.tell_to_stop();
    server.wait();
    let mut nothing = Vec::new();
    let _ = hanging.read_to_end(&mut nothing);
    assert_eq!(nothing, b"", "what would not end was cut off");
}
