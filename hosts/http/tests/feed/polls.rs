//! Long polls over sockets: what ends them, what they cost others, and what they are told of a feed that is lost.

use std::io::Write as _;
use std::time::Duration;

use tollgate::feed_wire::FrameKind;
use tollgate::{FeedIdentity, Revision, RevokeFeedToken};
use tollgate_http::Bounds;

use super::asking::{changes, empty, frame, over_socket, question, token};
use crate::support::running::{Running, is_healthy, until};
use crate::support::{Answer, World, ask, issue};

/// Until so many polls wait, as the counts say.
fn until_waiting(server: &Running, polls: usize) {
    let line = format!("tollgate_feed_polls {polls}\n");
    let shown = || {
        let answer = crate::support::json::send(server, "GET /metrics", "", b"");
        String::from_utf8(answer.body).unwrap().contains(&line)
    };
    assert!(until(shown), "{polls} polls wait");
}

/// Asks for changes after `at`, waits until it is known to wait, and does something; the answer then.
pub(super) fn polled(server: &Running, secret: &str, path: &str, meanwhile: impl FnOnce()) -> Answer {
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| over_socket(server, secret, path));
        until_waiting(server, 1);
        meanwhile();
        answer.join().unwrap()
    })
}

#[test]
fn a_commit_ends_a_poll_and_is_what_it_is_told() {
    let world = World::new();
    let issued = token(&world);
    let server = Running::start(&world, Bounds::default());
    let before = world.engine.position();
    let path = changes(before.feed, before.revision, 0, "30");
    let secret = issued.token.expose();
    let told = polled(&server, secret, &path, || drop(world.run(issue("alice"))));
    let told = frame(told, secret);
    let head = *told.head();
    assert_eq!((head.kind, told.count()), (FrameKind::Changes, 1));
    assert_eq!(
        (head.from, head.to, head.newest),
        (before.revision, world.engine.revision(), world.engine.revision())
    );
    assert!(head.held_ms < 20_000, "it did not wait to the end: {}", head.held_ms);
    until_waiting(&server, 0);
}

#[test]
fn a_poll_that_nothing_ends_is_a_confirmation_as_old_as_it_says() {
    let world = World::new();
    let issued = token(&world);
    let server = Running::start(&world, Bounds::default());
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let began = tokio::time::Instant::now();
    let waited = over_socket(&server, secret, &changes(at.feed, at.revision, 0, "0.4"));
    let took = began.elapsed();
    let head = empty(waited, secret);
    assert_eq!(
        (head.from, head.to, head.newest),
        (at.revision, at.revision, at.revision)
    );
    assert_eq!((head.from_skip, head.to_skip, head.next), (0, 0, None));
    assert!(
        (400..=took.as_millis()).contains(&u128::from(head.held_ms)),
        "{} of {took:?}",
        head.held_ms
    );
    let at_once = empty(
        over_socket(&server, secret, &changes(at.feed, at.revision, 0, "0")),
        secret,
    );
    assert!(at_once.held_ms < 400, "{}", at_once.held_ms);
    // Who is behind is not kept waiting.
    let behind = Revision(at.revision.0 - 1);
    let some = frame(over_socket(&server, secret, &changes(at.feed, behind, 0, "30")), secret);
    assert!(some.count() > 0 && some.head().held_ms < 20_000);
}

/// The server's own bounds are about clients that it waits for, not about those that wait for it.
#[test]
fn a_poll_outlives_the_bounds_of_slow_clients_and_keeps_its_place() {
    let world = World::new();
    let issued = token(&world);
    let bounds = Bounds {
        connections_most: 4,
        head_within: Duration::from_millis(100),
        body_within: Duration::from_millis(100),
        ..Bounds::default()
    };
    let server = Running::start(&world, bounds);
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let path = changes(at.feed, at.revision, 0, "2");
    let told = polled(&server, secret, &path, || {
        // More clients than there are places, all of them slow.
        let slow: Vec<_> = (0..12)
            .map(|_| {
                let mut stream = server.connect();
                stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").unwrap();
                stream
            })
            .collect();
        assert!(is_healthy(&mut server.connect()), "others are served");
        drop(slow);
    });
    assert!(empty(told, secret).held_ms >= 2_000);
    let text = String::from_utf8(crate::support::json::send(&server, "GET /metrics", "", b"").body).unwrap();
    assert!(
        text.contains("tollgate_http_requests_total{area=\"feed\",status=\"2xx\"} 1\n"),
        "{text}"
    );
    assert!(
        text.contains("tollgate_check_seconds_count 0\n"),
        "no check has taken that long"
    );
}

#[test]
fn no_more_wait_than_may_and_whoever_does_not_wait_is_answered_all_the_same() {
    let world = World::new();
    let issued = token(&world);
    let bounds = Bounds {
        polls_most: 1,
        ..Bounds::default()
    };
    let mut server = Running::start(&world, bounds);
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let waits = changes(at.feed, at.revision, 0, "30");
    let told = std::thread::scope(|scope| {
        let told = scope.spawn(|| over_socket(&server, secret, &waits));
        until_waiting(&server, 1);
        let refused = over_socket(&server, secret, &waits);
        assert_eq!((refused.status, refused.problem().as_str()), (503, "unavailable"));
        assert_eq!(refused.field("retry-after"), ["1"]);
        let at_once = over_socket(&server, secret, &changes(at.feed, at.revision, 0, "0"));
        assert_eq!(empty(at_once, secret).to, at.revision);
        world.run(issue("alice"));
        told.join().unwrap()
    });
    assert_eq!(frame(told, secret).count(), 1);
    server.tell_to_stop();
    server.wait();
}

/// Many followers wait at no more cost than a task each: the test has one thread for the server.
#[test]
fn hundreds_wait_and_all_are_told_at_once() {
    let world = World::new();
    let issued = token(&world);
    let server = Running::start(&world, Bounds::default());
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let path = changes(at.feed, at.revision, 0, "30");
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {secret}\r\n\r\n");
    let mut all: Vec<_> = (0..400).map(|_| server.connect()).collect();
    for stream in &mut all {
        stream.write_all(request.as_bytes()).unwrap();
    }
    until_waiting(&server, 400);
    world.run(issue("alice"));
    for stream in all {
        assert_eq!(frame(crate::support::json::answer(stream), secret).count(), 1);
    }
    until_waiting(&server, 0);
}

#[test]
fn a_server_that_stops_answers_whoever_waits() {
    let world = World::new();
    let issued = token(&world);
    let bounds = Bounds {
        // Nothing is cut off in this test.
        stop_within: Duration::from_secs(3_600),
        ..Bounds::default()
    };
    let mut server = Running::start(&world, bounds);
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let path = changes(at.feed, at.revision, 0, "30");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {secret}\r\n\r\n");
    let mut waiting: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for stream in &mut waiting {
        stream.write_all(request.as_bytes()).unwrap();
    }
    until_waiting(&server, 20);
    server.tell_to_stop();
    for stream in waiting {
        let answer = crate::support::json::answer(stream);
        assert_eq!(
            answer.field("connection"),
            ["close"],
            "nothing more is to be asked here"
        );
        let head = empty(answer, secret);
        assert!(head.to == at.revision && head.held_ms < 20_000, "{head:?}");
    }
    server.wait();
}

#[test]
fn whoever_hangs_up_waits_no_more() {
    let world = World::new();
    let issued = token(&world);
    let server = Running::start(&world, Bounds::default());
    let at = world.engine.position();
    let (path, secret) = (changes(at.feed, at.revision, 0, "30"), issued.token.expose());
    let mut gone = server.connect();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {secret}\r\n\r\n");
    gone.write_all(request.as_bytes()).unwrap();
    until_waiting(&server, 1);
    drop(gone);
    // Long before the time is over that it wanted to wait.
    until_waiting(&server, 0);
}

#[test]
fn a_poll_ends_with_the_engine() {
    let world = World::new();
    let issued = token(&world);
    let server = Running::start(&world, Bounds::default());
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let path = changes(at.feed, at.revision, 0, "30");
    let told = polled(&server, secret, &path, || world.engine.clone().close());
    assert_eq!((told.status, told.problem().as_str()), (503, "unavailable"));
    let next = over_socket(&server, secret, &path);
    assert_eq!((next.status, next.problem().as_str()), (503, "unavailable"));
}

#[test]
fn a_token_that_is_revoked_meanwhile_is_told_nothing() {
    let world = World::new();
    let issued = token(&world);
    let other = token(&world);
    let server = Running::start(&world, Bounds::default());
    let (at, secret) = (world.engine.position(), issued.token.expose());
    let path = changes(at.feed, at.revision, 0, "30");
    let told = polled(&server, secret, &path, || {
        world.run(RevokeFeedToken { id: issued.record.id });
        world.run(issue("alice"));
    });
    assert_eq!((told.status, told.problem().as_str()), (401, "invalid-token"));
    assert_eq!(over_socket(&server, other.token.expose(), &path).status, 200);
}

#[test]
fn what_cannot_be_followed_is_reset_and_names_this_feed() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let at = world.engine.position();
    let ahead = Revision(at.revision.0 + 1);
    for (feed, after, skip) in [
        (FeedIdentity([9; 16]), at.revision, 0),
        (at.feed, ahead, 0),
        (at.feed, Revision(u64::MAX), 0),
        (at.feed, at.revision, 1),
        (at.feed, Revision(at.revision.0 - 1), 40),
    ] {
        let answer = question(&world, &host, secret, &changes(feed, after, skip, "30"));
        let head = empty(answer, secret);
        assert_eq!(
            (head.kind, head.feed),
            (FrameKind::Reset, at.feed.0),
            "{after:?} {skip}"
        );
        assert_eq!((head.from, head.from_skip, head.newest), (after, skip, at.revision));
    }
    let twin = question(&world, &host, secret, &changes(at.feed, Revision(0), 0, "30"));
    assert_eq!(frame(twin, secret).head().kind, FrameKind::Changes);
}

/// Who was away for longer than the tail reaches back, in a store with a short one.
#[test]
fn what_is_too_old_is_reset() {
    let world = World::with_feed_bounds(2, 4);
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let at = world.engine.position();
    for _ in 0..30 {
        world.run(issue("alice"));
    }
    let head = empty(
        question(&world, &host, secret, &changes(at.feed, at.revision, 0, "0")),
        secret,
    );
    assert_eq!(head.kind, FrameKind::Reset);
    let late = Revision(world.engine.revision().0 - 3);
    let twin = question(&world, &host, secret, &changes(at.feed, late, 0, "0"));
    assert_eq!(frame(twin, secret).count(), 3);
}

#[test]
fn who_follows_and_how_far_is_told() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let at = world.engine.position();
    let late = Revision(at.revision.0 - 2);
    assert_eq!(
        question(&world, &host, secret, &changes(at.feed, late, 0, "0")).status,
        200
    );
    let shown = String::from_utf8(world.send_to(&host, ask("GET /metrics").from("127.0.0.1")).body).unwrap();
    for line in [
        "tollgate_followers 1\n",
        "tollgate_feed_polls 0\n",
        "tollgate_follower_lag_revisions{follower=\"edge@203.0.113.7\"} 2\n",
        "tollgate_follower_silent_seconds{follower=\"edge@203.0.113.7\"} 0\n",
    ] {
        assert!(shown.contains(line), "{line} in\n{shown}");
    }
    assert!(!shown.contains(secret));
}
