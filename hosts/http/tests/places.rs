//! Clients that hold on when all places are taken: they lose theirs to those who have something to ask.

#[cfg(test)]
mod support;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::mpsc::TryRecvError;

use support::World;
use support::running::{PATIENCE, Running, is_healthy, rest, until};
use tollgate_http::Bounds;

const PLACES: usize = 8;

/// What clients send who then let the server wait: nothing, half a head, a form that does not come, a request whose
/// connection is kept, more requests than anybody reads the answers of.
#[cfg(test)]
fn openings() -> [Vec<u8>; 5] {
    let form = "POST /check HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\n";
    [
        Vec::new(),
        b"GET /healthz HTTP/1.1\r\nhost: ".to_vec(),
        form.into(),
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(64),
    ]
}

#[test]
fn whoever_holds_on_in_whatever_way_gives_the_place_up_and_whoever_asks_keeps_it() {
    let world = World::new();
    let bounds = Bounds {
        connections_most: PLACES,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    std::thread::scope(|scope| {
        let (done, asks) = std::sync::mpsc::channel::<()>();
        let mut busy = server.connect();
        let busy = scope.spawn(move || {
            let mut kept = true;
            while kept && asks.try_recv() == Err(TryRecvError::Empty) {
                kept = is_healthy(&mut busy);
            }
            kept
        });
        for opening in openings() {
            let mut slow: Vec<TcpStream> = (0..2 * PLACES).map(|_| server.connect()).collect();
            for stream in &mut slow {
                stream.write_all(&opening).unwrap();
            }
            for _ in 0..PLACES {
                assert!(is_healthy(&mut server.connect()), "who comes is served");
            }
            let first = rest(&mut slow[0]);
            assert!(
                !first.starts_with("HTTP/1.1 408"),
                "its place was needed before its time was over: {first}"
            );
        }
        drop(done);
        assert!(busy.join().unwrap(), "who asks is not ended");
    });
}

/// Without anybody who waits, slow clients have their time.
#[test]
fn nobody_leaves_while_there_are_places() {
    let world = World::new();
    let bounds = Bounds {
        connections_most: PLACES,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let mut slow: Vec<TcpStream> = (0..PLACES - 1).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    }
    for _ in 0..3 * PLACES {
        assert!(is_healthy(&mut server.connect()));
    }
    for stream in &mut slow {
        stream.write_all(b"host: x\r\n\r\n").unwrap();
        let mut status = [0; 12];
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        std::io::Read::read_exact(stream, &mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
    }
    drop(slow);
    assert!(until(|| is_healthy(&mut server.connect())));
}
