//! What a client cannot do to everybody else: each way of holding on ends within its bound, and others are served
//! meanwhile.

#[cfg(test)]
mod support;

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use support::World;
use support::frames::{self, DATA, GOAWAY, HEADERS, REFUSED_STREAM, RST_STREAM, SETTINGS};
use support::running::{Running, is_healthy, rest};
use tollgate_http::Bounds;

/// Short enough for a test, and long enough for the requests that go on meanwhile.
const SHORT: Duration = Duration::from_millis(300);

/// The status 431 as HPACK writes it: a new entry under the name `:status`, its digits in the Huffman code.
const STATUS_431: &[u8] = &[0x48, 0x83, 0x69, 0x90, 0xff];

/// A form of which nothing has come yet.
const FORM: &[u8] =
    b"POST /check HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\n";

#[cfg(test)]
fn short() -> Bounds {
    Bounds {
        head_within: SHORT,
        body_within: SHORT,
        ..Bounds::default()
    }
}

#[test]
fn whatever_is_not_finished_is_ended_and_others_are_served_meanwhile() {
    let world = World::new();
    let server = Running::start(&world, short());
    // Silence, half a preface, half a head, a preface without anything behind it, a form that does not come.
    let openings: [&[u8]; 5] = [
        b"",
        b"PRI * HTTP",
        b"GET /healthz HTTP/1.1\r\nhost: ",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        FORM,
    ];
    let mut slow: Vec<TcpStream> = Vec::new();
    for opening in openings.iter().cycle().take(50) {
        let mut stream = server.connect();
        stream.write_all(opening).unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        assert!(is_healthy(&mut server.connect()), "others are served meanwhile");
    }
    for (stream, opening) in slow.iter_mut().zip(openings.iter().cycle()) {
        let rest = rest(stream);
        // A form that was given up is answered, by whatever the network rules say of the address.
        assert_eq!(rest.starts_with("HTTP/1.1 403"), *opening == FORM, "{rest}");
        assert!(!rest.contains("200 OK"), "{rest}");
    }
    assert!(is_healthy(&mut server.connect()));
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_kept() {
    let world = World::new();
    let server = Running::start(&world, short());
    let mut busy = server.connect();
    let (_alarm, ticks) = std::sync::mpsc::channel::<()>();
    // Four times as long as an idle one would be kept.
    for _ in 0..12 {
        assert!(is_healthy(&mut busy));
        assert!(ticks.recv_timeout(SHORT / 3).is_err());
    }
    assert_eq!(rest(&mut busy), "", "and then it is idle itself");

    let mut second = server.connect();
    frames::begin(&mut second);
    for id in [1, 3, 5, 7, 9, 11] {
        frames::ask(&mut second, id, "GET", "/healthz", &[], false);
        let answer = frames::next_of(&mut second, &[DATA]).unwrap();
        assert_eq!((answer.stream, answer.payload.as_slice()), (id, b"ok".as_slice()));
        assert!(ticks.recv_timeout(SHORT / 2).is_err());
    }
    let goodbye = frames::next_of(&mut second, &[GOAWAY]).unwrap();
    assert_eq!(
        &goodbye.payload[4..8],
        [0; 4],
        "an idle HTTP/2 connection is closed without a fault"
    );
    assert!(frames::next_of(&mut second, &[HEADERS]).is_none());
}

#[test]
fn requests_beyond_the_bound_of_a_connection_are_refused_to_be_tried_again() {
    let world = World::new();
    let bounds = Bounds {
        streams_most: 2,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let mut stream = server.connect();
    frames::begin(&mut stream);
    let settings = frames::next_of(&mut stream, &[SETTINGS]).unwrap();
    assert_eq!(settings.setting(3), Some(2), "the bound is announced");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for id in [1, 3] {
        frames::ask(&mut stream, id, "POST", "/check", &form, true);
    }
    frames::ask(&mut stream, 5, "GET", "/healthz", &[], false);
    let refused = frames::next_of(&mut stream, &[HEADERS, RST_STREAM]).unwrap();
    assert_eq!(
        (refused.kind, refused.stream, refused.code()),
        (RST_STREAM, 5, REFUSED_STREAM)
    );
    let mut other = server.connect();
    assert!(is_healthy(&mut other), "other connections have their own bound");
    // A place is free once a request has ended.
    let end_stream = 1;
    frames::send(&mut stream, DATA, end_stream, 1, b"a=b");
    let answer = frames::next_of(&mut stream, &[HEADERS, RST_STREAM]).unwrap();
    assert_eq!((answer.kind, answer.stream), (HEADERS, 1));
    frames::ask(&mut stream, 7, "GET", "/healthz", &[], false);
    let answer = frames::next_of(&mut stream, &[HEADERS, RST_STREAM]).unwrap();
    assert_eq!((answer.kind, answer.stream), (HEADERS, 7));
}

#[test]
fn a_head_beyond_the_bound_is_refused_over_http_2_too() {
    let world = World::new();
    let bounds = Bounds {
        head_len_max: 8_192,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let mut stream = server.connect();
    frames::begin(&mut stream);
    let settings = frames::next_of(&mut stream, &[SETTINGS]).unwrap();
    assert_eq!(settings.setting(6), Some(8_192), "the bound is announced");
    let value = "v".repeat(100);
    let few: Vec<(&str, &str)> = (0..20).map(|_| ("a", value.as_str())).collect();
    frames::ask(&mut stream, 1, "GET", "/healthz", &few, false);
    let answer = frames::next_of(&mut stream, &[DATA, RST_STREAM]).unwrap();
    assert_eq!(answer.payload, b"ok", "the twin within the bound");
    let many: Vec<(&str, &str)> = (0..100).map(|_| ("a", value.as_str())).collect();
    frames::ask(&mut stream, 3, "GET", "/healthz", &many, false);
    let answer = frames::next_of(&mut stream, &[HEADERS, RST_STREAM, GOAWAY]).unwrap();
    assert_eq!((answer.kind, answer.payload.as_slice()), (HEADERS, STATUS_431));
    frames::ask(&mut stream, 5, "GET", "/healthz", &few, false);
    let answer = frames::next_of(&mut stream, &[DATA]).unwrap();
    assert_eq!(
        (answer.stream, answer.payload.as_slice()),
        (5, b"ok".as_slice()),
        "the connection goes on"
    );
}

#[test]
fn too_many_fields_are_refused_over_http_2_too() {
    let world = World::new();
    let bounds = Bounds {
        fields_most: 8,
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let mut stream = server.connect();
    frames::begin(&mut stream);
    let fields = [("a", "b"); 9];
    frames::ask(&mut stream, 1, "GET", "/healthz", &fields[..8], false);
    assert_eq!(
        frames::next_of(&mut stream, &[DATA]).unwrap().payload,
        b"ok",
        "the twin within the bound"
    );
    frames::ask(&mut stream, 3, "GET", "/healthz", &fields, false);
    let answer = frames::next_of(&mut stream, &[HEADERS]).unwrap();
    assert!(answer.payload.starts_with(STATUS_431), "{answer:?}");
}

/// CVE-2023-44487: requests that are taken back at once cost more to serve than to send.
#[test]
fn a_flood_of_requests_that_are_taken_back_ends_the_connection_and_no_other() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let mut flood = server.connect();
    frames::begin(&mut flood);
    let cancel = 8_u32.to_be_bytes();
    let mut bytes = Vec::new();
    // Written at one go, so that nothing is answered between.
    for id in (1..20_001_u32).step_by(2) {
        let block = b"\x82\x86\x84\x41\x01x";
        for (kind, flags, payload) in [(HEADERS, 5, block.as_slice()), (RST_STREAM, 0, cancel.as_slice())] {
            let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
            bytes.extend(&len[1..]);
            bytes.extend([kind, flags]);
            bytes.extend(id.to_be_bytes());
            bytes.extend(payload);
        }
    }
    // The server may have closed before everything is written.
    let _ = flood.write_all(&bytes);
    assert!(is_healthy(&mut server.connect()), "others are served meanwhile");
    let goodbye = frames::next_of(&mut flood, &[GOAWAY]);
    assert!(
        goodbye.is_none_or(|goodbye| goodbye.payload[4..8] != [0; 4]),
        "it ends with a fault"
    );
}
