//! Questions of a follower, asked of the routes or over a socket.

use tollgate::feed_wire::{Frame, FrameHead, FrameKey, FrameKind};
use tollgate::{FeedIdentity, IssueFeedToken, IssuedFeedToken, Revision};
use tollgate_http::Host;

use crate::support::running::Running;
use crate::support::{Answer, World, ask, json};

/// The nonce of every question of these tests.
pub(super) const NONCE: [u8; 16] = [0xa7; 16];

/// The longest frame.
const FRAME_LEN_MAX: usize = 256 * 1024;

/// A follower by the name `edge`.
pub(super) fn token(world: &World) -> IssuedFeedToken {
    world.run(IssueFeedToken {
        name: "edge".parse().unwrap(),
        expires_at: None,
    })
}

/// Asks the routes of `host`.
pub(super) fn question(world: &World, host: &Host, token: &str, path: &str) -> Answer {
    world.send_to(host, ask(&format!("GET {path}")).bearer(token))
}

/// Asks on a connection of its own, and waits for the answer.
pub(super) fn over_socket(server: &Running, token: &str, path: &str) -> Answer {
    let credentials = format!("authorization: Bearer {token}\r\n");
    json::send(server, &format!("GET {path}"), &credentials, b"")
}

/// The path of a question for changes.
pub(super) fn changes(feed: FeedIdentity, after: Revision, skip: u32, wait: &str) -> String {
    let path = format!("/feed/v1/changes?after={}&skip={skip}&wait={wait}", after.0);
    format!("{path}&feed={}&nonce={}", hex(&feed.0), hex(&NONCE))
}

/// The path of the question for the page at `next`.
pub(super) fn page(next: Option<&[u8]>) -> String {
    let page = next.map_or_else(String::new, |next| format!("page={}&", hex(next)));
    format!("/feed/v1/snapshot?{page}nonce={}", hex(&NONCE))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The frame of an answer, after everything that holds for all frames has been seen to hold.
pub(super) fn frame(answer: Answer, token: &str) -> Frame {
    assert_eq!(answer.field("content-type"), ["application/vnd.tollgate.feed"]);
    assert_eq!(answer.field("cache-control"), ["no-store"]);
    assert!(answer.body.len() <= FRAME_LEN_MAX, "{}", answer.body.len());
    let frame = Frame::open(answer.body, &FrameKey::of_token(token.as_bytes())).unwrap();
    let status = match frame.head().kind {
        FrameKind::Page | FrameKind::Changes => 200,
        FrameKind::Reset => 410,
        FrameKind::Doubt => 503,
    };
    assert_eq!(answer.status, status);
    assert_eq!(frame.head().nonce, NONCE);
    frame
}

/// The head of a frame without records.
pub(super) fn empty(answer: Answer, token: &str) -> FrameHead {
    let frame = frame(answer, token);
    assert_eq!((frame.count(), frame.records().count()), (0, 0));
    *frame.head()
}
