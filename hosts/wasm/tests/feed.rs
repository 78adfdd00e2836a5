//! The feed without an engine, followed by the follower that hosts have.
#![allow(clippy::unwrap_used, reason = "everything here is a test or what tests share")]

use std::time::Duration;

use tollgate_core::feed::{FeedRecord, Follower, FrameKey, Heard, Rule, Worked};
use tollgate_core::{
    Limit, NetworkRule, OperationSet, TokenDigest, TokenId, TokenKind, TokenRecord, TokenStatus, UserId, UserRecord,
    Validity,
};
use tollgate_wasm::{Callout, Feed, Headers, Response};

const TOKEN: &str = "tg_fd_test";
const HELD: Duration = Duration::from_millis(700);

fn feed(records_most: Option<u32>) -> Feed {
    let mut feed = Feed::new(TOKEN, [9; 16], [7; 32]);
    feed.records_most = records_most;
    let rules = ["10.0.0.0/8", "192.0.2.0/24"].map(|rule| {
        let range = rule.parse::<NetworkRule>().unwrap().range();
        FeedRecord::AddRule(Rule { banned: false, range })
    });
    feed.state(rules);
    feed.state((1..=5).map(|id| FeedRecord::PutUser(user(id))));
    feed.state((1..=7).map(|id| FeedRecord::PutToken(token(id, 1 + id % 5))));
    feed
}

fn user(id: u64) -> UserRecord {
    UserRecord {
        id: UserId(id),
        name: format!("user-{id}").parse().unwrap(),
        active: true,
        operations: OperationSet::from_bits(1),
        per_hour: Limit::Inherit,
        concurrent: Limit::Inherit,
        networks: tollgate_core::Networks::default(),
        password_epoch: 0,
    }
}

fn token(id: u64, user: u64) -> TokenRecord {
    TokenRecord {
        id: TokenId(id),
        kind: TokenKind::Authtoken,
        digest: TokenDigest::from_bytes([id as u8; 32]),
        user: UserId(user),
        status: TokenStatus::Active,
        validity: Validity::default(),
        authority: None,
    }
}

fn asked(path: String, token: &str) -> Callout {
    Callout {
        token: 1,
        root: 1,
        cluster: String::new(),
        headers: Headers::new()
            .with(":path", path)
            .with("authorization", format!("Bearer {token}")),
        body: Vec::new(),
        timeout: None,
        sent_at: Duration::ZERO,
    }
}

/// Asks once, and works the answer in. Answers what it was; none where the feed lets wait.
fn follow(follower: &mut Follower, feed: &Feed, nonce: u8, held: Duration) -> Option<(u16, Worked)> {
    let path = follower.ask([nonce; 16], 500, 1_000).unwrap();
    let response = feed.answer(&asked(path, TOKEN), held)?;
    let status = status(&response);
    let heard = follower.hear(response.body, 2_000).unwrap();
    Some((
        status,
        if heard == Heard::Records {
            follower.work(1_000).unwrap()
        } else {
            Worked::Idle
        },
    ))
}

fn status(response: &Response) -> u16 {
    let status = response.headers.first(":status").unwrap();
    str::from_utf8(status).unwrap().parse().unwrap()
}

#[test]
fn a_snapshot_in_small_pages_is_the_state_and_changes_go_on_from_there() {
    for (most, pages) in [(None, 1), (Some(3), 5), (Some(6), 3), (Some(1), 14)] {
        let mut feed = feed(most);
        let mut follower = Follower::new(FrameKey::of_token(TOKEN.as_bytes()));
        let mut seen = Vec::new();
        for nonce in 1..20 {
            if follower.view().is_none() {
                seen.push(follow(&mut follower, &feed, nonce, HELD).unwrap());
            }
        }
        assert_eq!(seen.len(), pages + 1, "{most:?}: {seen:?}");
        assert_eq!(seen.last(), Some(&(200, Worked::Opened)));
        assert_eq!(follower.counts(), (5, 7), "{most:?}");

        assert_eq!(follow(&mut follower, &feed, 30, Duration::from_millis(499)), None);
        assert_eq!(follow(&mut follower, &feed, 31, HELD), Some((200, Worked::Done)));
        feed.commit((10..15).map(|id| FeedRecord::PutToken(token(id, 1))).collect());
        let last = feed.commit(vec![FeedRecord::RemoveUser(UserId(2))]);
        for nonce in 40..48 {
            follow(&mut follower, &feed, nonce, HELD);
        }
        assert_eq!(follower.revision(), Some(last), "{most:?}");
        assert_eq!(follower.counts().0, 4, "{most:?}");
    }
}

#[test]
fn what_cannot_be_followed_is_a_reset_and_a_doubt_says_so() {
    let mut feed = feed(None);
    let mut follower = Follower::new(FrameKey::of_token(TOKEN.as_bytes()));
    for nonce in 1..=2 {
        follow(&mut follower, &feed, nonce, HELD);
    }
    feed.commit(vec![FeedRecord::RemoveUser(UserId(1))]);
    feed.forget();
    assert_eq!(follow(&mut follower, &feed, 3, HELD), Some((410, Worked::Idle)));
    assert_eq!(follow(&mut follower, &feed, 4, HELD), Some((200, Worked::Done)));
    assert_eq!(follow(&mut follower, &feed, 5, HELD), Some((200, Worked::Opened)));
    feed.rename([8; 16]);
    assert_eq!(follow(&mut follower, &feed, 6, HELD), Some((410, Worked::Idle)));
    feed.set_doubt(true);
    assert_eq!(follow(&mut follower, &feed, 7, HELD), Some((503, Worked::Idle)));
    feed.set_doubt(false);
    assert_eq!(follow(&mut follower, &feed, 8, HELD), Some((200, Worked::Done)));
}

#[test]
fn nobody_is_answered_without_the_token() {
    let feed = feed(None);
    let path = "/feed/v1/snapshot";
    let refused = feed.answer(&asked(path.to_owned(), "tg_fd_other"), HELD).unwrap();
    assert_eq!(status(&refused), 401);
    assert_eq!(status(&feed.answer(&asked(path.to_owned(), TOKEN), HELD).unwrap()), 200);
    for path in ["/feed/v1/other", "/feed/v1/changes", "/feed/v1/changes?after=1&wait=31"] {
        assert_eq!(
            status(&feed.answer(&asked(path.to_owned(), TOKEN), HELD).unwrap()),
            400,
            "{path}"
        );
    }
}
