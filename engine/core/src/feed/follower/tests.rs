//! Following an engine of a few records, and refusing what is no answer of it.

use super::*;
use crate::feed::{FRAME_LEN_MAX, FrameHead, FrameWriter, Rule};
use crate::network::AddressRange;
use crate::operation::OperationSet;
use crate::record::{Limit, Networks, TokenId, TokenRecord, TokenStatus, UserId, UserRecord, Validity};
use crate::request::{Field, RequestParts};
use crate::time::Timestamp;
use crate::token::{TokenKind, TokenText};
use crate::{DenyReason, Verdict, check};

const FEED: [u8; 16] = [7; 16];
const KEY: [u8; 32] = [3; 32];

fn seal() -> FrameKey {
    FrameKey::of_token(b"tg_fd_for-tests")
}

fn user(id: u64) -> FeedRecord {
    FeedRecord::PutUser(UserRecord {
        id: UserId(id),
        name: "ann".parse().unwrap(),
        active: true,
        operations: OperationSet::ALL,
        per_hour: Limit::Inherit,
        concurrent: Limit::Inherit,
        networks: Networks::default(),
        password_epoch: 0,
    })
}

fn text(seed: u8) -> TokenText {
    TokenText::from_entropy(TokenKind::Authtoken, &[seed; 32])
}

fn token(id: u64, user: u64, seed: u8, status: TokenStatus) -> FeedRecord {
    FeedRecord::PutToken(TokenRecord {
        id: TokenId(id),
        kind: TokenKind::Authtoken,
        digest: DigestKey::new(KEY).digest(text(seed).well_formed().unwrap()),
        user: UserId(user),
        status,
        validity: Validity::ALWAYS,
        authority: None,
    })
}

fn all_trusted() -> FeedRecord {
    FeedRecord::AddRule(Rule {
        banned: false,
        range: AddressRange::V4 {
            first: 0,
            last: u32::MAX,
        },
    })
}

/// An engine of a few records that answers what it is asked.
struct Engine {
    nonce: u8,
    revision: u64,
}

impl Engine {
    fn head(&self, kind: FrameKind, from: u64, to: u64) -> FrameHead {
        FrameHead {
            kind,
            feed: FEED,
            nonce: [self.nonce; 16],
            from: Revision(from),
            from_skip: 0,
            to: Revision(to),
            to_skip: 0,
            newest: Revision(self.revision),
            held_ms: 5,
            next: None,
        }
    }

    fn frame(&self, head: &FrameHead, records: &[FeedRecord]) -> Vec<u8> {
        let mut writer = FrameWriter::new(head);
        for record in records {
            assert!(writer.push(record));
        }
        writer.finish(&seal())
    }

    fn ask(&mut self, follower: &mut Follower, now_ms: u64) -> String {
        self.nonce += 1;
        follower.ask([self.nonce; 16], 2_000, now_ms).unwrap()
    }
}

fn work_all(follower: &mut Follower) -> Worked {
    loop {
        match follower.work(1).unwrap() {
            Worked::More => {}
            end => return end,
        }
    }
}

/// A follower that has loaded one user with one token at revision 4.
fn followed() -> (Follower, Engine) {
    let (mut follower, mut engine) = (Follower::new(seal()), Engine { nonce: 0, revision: 4 });
    assert_eq!(
        engine.ask(&mut follower, 100),
        "/feed/v1/snapshot?nonce=01010101010101010101010101010101"
    );
    let page = engine.head(FrameKind::Page, 4, 4);
    let records = [
        FeedRecord::Key(KEY),
        all_trusted(),
        user(1),
        token(2, 1, 1, TokenStatus::Active),
    ];
    follower.hear(engine.frame(&page, &records), 110).unwrap();
    assert_eq!(work_all(&mut follower), Worked::Done);
    assert!(
        follower.view().is_none(),
        "nobody may be let in before the changes were asked for"
    );
    assert_eq!(
        engine.ask(&mut follower, 120),
        "/feed/v1/changes?after=4&skip=0&feed=07070707070707070707070707070707&wait=0.000\
         &nonce=02020202020202020202020202020202"
    );
    let none = engine.head(FrameKind::Changes, 4, 4);
    follower.hear(engine.frame(&none, &[]), 140).unwrap();
    assert_eq!(work_all(&mut follower), Worked::Opened);
    assert_eq!(follower.complete_ms(), Some(125), "sent, and held for five");
    follower.set_freshness(Freshness::Always);
    (follower, engine)
}

fn passes(follower: &Follower, seed: u8) -> Result<(), DenyReason> {
    let bearer = alloc::format!("Bearer {}", text(seed).expose());
    let request = RequestParts {
        method: b"GET",
        path: b"/",
        peer: Some([192, 0, 2, 1].into()),
        authorization: Field::Once(bearer.as_bytes()),
        ..RequestParts::default()
    };
    match check(follower.view().unwrap(), &request, Timestamp::from_millis(1)) {
        Verdict::Permit(_) => Ok(()),
        Verdict::Denial(denial) => Err(denial.reason),
    }
}

#[test]
fn a_snapshot_and_its_changes_make_a_view() {
    let (mut follower, mut engine) = followed();
    assert_eq!(
        (passes(&follower, 1), passes(&follower, 2)),
        (Ok(()), Err(DenyReason::UnknownToken))
    );
    engine.revision = 6;
    let asked = engine.ask(&mut follower, 1_000);
    assert!(
        asked.contains("after=4&skip=0") && asked.contains("wait=2.000"),
        "{asked}"
    );
    let changes = [
        token(2, 1, 1, TokenStatus::Revoked),
        token(3, 1, 2, TokenStatus::Active),
    ];
    let head = engine.head(FrameKind::Changes, 4, 6);
    follower.hear(engine.frame(&head, &changes), 1_001).unwrap();
    assert_eq!(work_all(&mut follower), Worked::Done);
    assert_eq!(
        (passes(&follower, 1), passes(&follower, 2)),
        (Err(DenyReason::Revoked), Ok(()))
    );
    assert_eq!(follower.revision(), Some(Revision(6)));
    assert_eq!(follower.complete_ms(), Some(1_001), "no later than the answer came");
}

/// A set that is too long for a frame comes in parts; only the last says that nothing is missing.
#[test]
fn a_part_of_a_set_is_taken_up_where_it_ended() {
    let (mut follower, mut engine) = followed();
    engine.revision = 5;
    engine.ask(&mut follower, 1_000);
    let mut head = engine.head(FrameKind::Changes, 4, 4);
    head.to_skip = 1;
    follower
        .hear(engine.frame(&head, &[token(3, 1, 2, TokenStatus::Active)]), 1_010)
        .unwrap();
    assert_eq!(work_all(&mut follower), Worked::Done);
    assert_eq!(follower.complete_ms(), Some(125));
    let asked = engine.ask(&mut follower, 1_020);
    assert!(asked.contains("after=4&skip=1&"), "{asked}");
    let mut head = engine.head(FrameKind::Changes, 4, 5);
    head.from_skip = 1;
    follower
        .hear(engine.frame(&head, &[token(4, 1, 3, TokenStatus::Active)]), 1_030)
        .unwrap();
    assert_eq!(work_all(&mut follower), Worked::Done);
    assert_eq!((passes(&follower, 2), passes(&follower, 3)), (Ok(()), Ok(())));
    assert_eq!(follower.complete_ms(), Some(1_025));
}

#[test]
fn pages_of_several_moments_are_one_state_only_after_the_last_of_them() {
    let (mut follower, mut engine) = (Follower::new(seal()), Engine { nonce: 0, revision: 4 });
    engine.ask(&mut follower, 0);
    let mut head = engine.head(FrameKind::Page, 4, 4);
    head.next = Next::new(&[2, 9]);
    follower
        .hear(engine.frame(&head, &[FeedRecord::Key(KEY), all_trusted(), user(1)]), 1)
        .unwrap();
    assert_eq!(work_all(&mut follower), Worked::Done);
    assert!(
        engine
            .ask(&mut follower, 2)
            .starts_with("/feed/v1/snapshot?page=0209&nonce=")
    );
    engine.revision = 6;
    let head = engine.head(FrameKind::Page, 6, 6);
    // The second token's user came at revision 5, after the page of users.
    let page = [token(2, 1, 1, TokenStatus::Active), token(3, 8, 2, TokenStatus::Active)];
    follower.hear(engine.frame(&head, &page), 3).unwrap();
    assert_eq!(work_all(&mut follower), Worked::Done);
    for (to, records) in [(5, vec![user(8)]), (6, vec![token(3, 8, 2, TokenStatus::Active)])] {
        assert!(follower.view().is_none());
        assert!(
            engine
                .ask(&mut follower, 4)
                .contains(&alloc::format!("after={}&", to - 1))
        );
        let head = engine.head(FrameKind::Changes, to - 1, to);
        follower.hear(engine.frame(&head, &records), 5).unwrap();
        work_all(&mut follower);
    }
    follower.set_freshness(Freshness::Always);
    assert_eq!((passes(&follower, 1), passes(&follower, 2)), (Ok(()), Ok(())));
}

/// What is no answer changes nothing, and the answer itself is taken afterwards all the same.
#[test]
fn garbage_truncated_replayed_foreign_and_disordered_frames_are_refused() {
    let (mut follower, mut engine) = followed();
    engine.revision = 5;
    let record = [token(3, 1, 2, TokenStatus::Active)];
    engine.ask(&mut follower, 1_000);
    let replayed = engine.frame(&engine.head(FrameKind::Changes, 4, 4), &[]);
    engine.ask(&mut follower, 1_001);
    let right = engine.head(FrameKind::Changes, 4, 5);
    let whole = engine.frame(&right, &record);

    let mut faults: Vec<(Vec<u8>, FrameFault)> = vec![
        (Vec::new(), FrameFault::NoFrame),
        (b"<html>502 Bad Gateway</html>".to_vec(), FrameFault::NoFrame),
        (b"TGFEED01".to_vec(), FrameFault::NoFrame),
        (b"TGFEED02".to_vec(), FrameFault::Layout),
        (vec![b'T'; FRAME_LEN_MAX + 1], FrameFault::NoFrame),
        (replayed, FrameFault::Nonce),
        (
            FrameWriter::new(&right).finish(&FrameKey::of_token(b"another")),
            FrameFault::Mac,
        ),
        (
            engine.frame(&FrameHead { feed: [8; 16], ..right }, &record),
            FrameFault::Feed,
        ),
        (
            engine.frame(
                &FrameHead {
                    from: Revision(3),
                    ..right
                },
                &record,
            ),
            FrameFault::Order,
        ),
        (
            engine.frame(
                &FrameHead {
                    from: Revision(5),
                    ..right
                },
                &record,
            ),
            FrameFault::Order,
        ),
        (
            engine.frame(&FrameHead { from_skip: 1, ..right }, &record),
            FrameFault::Order,
        ),
        (
            engine.frame(
                &FrameHead {
                    to: Revision(3),
                    ..right
                },
                &record,
            ),
            FrameFault::Order,
        ),
        (
            engine.frame(
                &FrameHead {
                    newest: Revision(4),
                    ..right
                },
                &record,
            ),
            FrameFault::Order,
        ),
        (
            engine.frame(
                &FrameHead {
                    kind: FrameKind::Page,
                    ..right
                },
                &record,
            ),
            FrameFault::Order,
        ),
    ];
    for len in 9..whole.len() {
        let fault = if len < 32 { FrameFault::Layout } else { FrameFault::Mac };
        faults.push((whole[..len].to_vec(), fault));
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        faults.push((bytes, if at < 8 { FrameFault::NoFrame } else { FrameFault::Mac }));
    }
    for (bytes, fault) in faults {
        assert_eq!(follower.hear(bytes, 1_002), Err(fault));
        assert_eq!(
            (follower.revision(), follower.complete_ms()),
            (Some(Revision(4)), Some(125))
        );
    }
    assert_eq!(follower.hear(whole.clone(), 1_002), Ok(Heard::Records));
    work_all(&mut follower);
    assert_eq!(passes(&follower, 2), Ok(()));
    assert_eq!(
        follower.hear(whole, 1_003),
        Err(FrameFault::Nonce),
        "one answer to a question"
    );
}

#[test]
fn in_doubt_nobody_passes_until_there_is_a_new_snapshot() {
    let (mut follower, mut engine) = followed();
    engine.ask(&mut follower, 1_000);
    let head = engine.head(FrameKind::Doubt, 0, 0);
    assert_eq!(follower.hear(engine.frame(&head, &[]), 1_001), Ok(Heard::Doubt));
    follower.set_freshness(Freshness::Always);
    assert_eq!(passes(&follower, 1), Err(DenyReason::StaleView));
    assert_eq!(follower.complete_ms(), None);
    assert!(engine.ask(&mut follower, 2_000).starts_with("/feed/v1/snapshot?nonce="));
    let records = [
        FeedRecord::Key(KEY),
        all_trusted(),
        user(1),
        token(2, 1, 1, TokenStatus::Active),
    ];
    follower
        .hear(engine.frame(&engine.head(FrameKind::Page, 4, 4), &records), 2_001)
        .unwrap();
    work_all(&mut follower);
    engine.ask(&mut follower, 2_002);
    follower
        .hear(engine.frame(&engine.head(FrameKind::Changes, 4, 4), &[]), 2_003)
        .unwrap();
    assert_eq!(work_all(&mut follower), Worked::Opened);
    follower.set_freshness(Freshness::Always);
    assert_eq!(passes(&follower, 1), Ok(()));
}

/// The old view serves on while the new one is loaded, and what was counted stays counted.
#[test]
fn a_reset_loads_anew_beside_the_view_that_serves() {
    let (mut follower, mut engine) = followed();
    engine.ask(&mut follower, 1_000);
    let head = engine.head(FrameKind::Reset, 0, 0);
    assert_eq!(follower.hear(engine.frame(&head, &[]), 1_001), Ok(Heard::Reset));
    assert_eq!(passes(&follower, 1), Ok(()));
    assert_eq!(follower.complete_ms(), Some(125), "it ages meanwhile");
    assert!(engine.ask(&mut follower, 2_000).starts_with("/feed/v1/snapshot?nonce="));
    let records = [
        FeedRecord::Key(KEY),
        all_trusted(),
        user(1),
        token(3, 1, 2, TokenStatus::Active),
    ];
    follower
        .hear(engine.frame(&engine.head(FrameKind::Page, 4, 4), &records), 2_001)
        .unwrap();
    work_all(&mut follower);
    assert_eq!(passes(&follower, 1), Ok(()));
    engine.ask(&mut follower, 2_002);
    follower
        .hear(engine.frame(&engine.head(FrameKind::Changes, 4, 4), &[]), 2_003)
        .unwrap();
    assert_eq!(work_all(&mut follower), Worked::Opened);
    follower.set_freshness(Freshness::Always);
    assert_eq!(
        (passes(&follower, 1), passes(&follower, 2)),
        (Err(DenyReason::UnknownToken), Ok(()))
    );
}

/// A request that is under way when a new snapshot is complete counts in it too, until it ends.
#[test]
fn requests_under_way_move_to_the_new_view() {
    let (mut follower, mut engine) = followed();
    let one_at_a_time = |follower: &mut Follower, engine: &mut Engine, kind| {
        engine.ask(follower, 1_000);
        let mut records = vec![FeedRecord::Concurrent(Limit::AtMost(core::num::NonZeroU32::MIN))];
        if kind == FrameKind::Page {
            records = [
                vec![
                    FeedRecord::Key(KEY),
                    all_trusted(),
                    user(9),
                    user(1),
                    token(2, 1, 1, TokenStatus::Active),
                ],
                records,
            ]
            .concat();
        }
        let from = engine.revision - u64::from(kind == FrameKind::Changes);
        let head = engine.head(kind, from, engine.revision);
        follower.hear(engine.frame(&head, &records), 1_001).unwrap();
        work_all(follower);
    };
    engine.revision = 5;
    one_at_a_time(&mut follower, &mut engine, FrameKind::Changes);
    follower.set_freshness(Freshness::Always);
    let bearer = alloc::format!("Bearer {}", text(1).expose());
    let request = RequestParts {
        method: b"GET",
        peer: Some([192, 0, 2, 1].into()),
        authorization: Field::Once(bearer.as_bytes()),
        ..RequestParts::default()
    };
    let now = Timestamp::from_millis(1);
    let held = match check(follower.view().unwrap(), &request, now) {
        Verdict::Permit(permit) => permit.hold(),
        Verdict::Denial(denial) => panic!("{denial:?}"),
    };
    follower.begin_again();
    one_at_a_time(&mut follower, &mut engine, FrameKind::Page);
    engine.ask(&mut follower, 2_000);
    follower
        .hear(engine.frame(&engine.head(FrameKind::Changes, 5, 5), &[]), 2_001)
        .unwrap();
    assert_eq!(work_all(&mut follower), Worked::Opened);
    follower.set_freshness(Freshness::Always);
    let held = follower.adopt(&held).unwrap();
    assert_eq!(passes(&follower, 1), Err(DenyReason::ConcurrencyExceeded));
    drop(held);
    assert_eq!(passes(&follower, 1), Ok(()));
}

/// A rightly sealed frame that cannot be worked in means that something was missed: what is there ages, and a snapshot is taken.
#[test]
fn changes_that_do_not_fit_lead_to_a_new_snapshot() {
    let (mut follower, mut engine) = followed();
    engine.revision = 5;
    engine.ask(&mut follower, 1_000);
    let head = engine.head(FrameKind::Changes, 4, 5);
    follower
        .hear(engine.frame(&head, &[token(3, 9, 2, TokenStatus::Active)]), 1_001)
        .unwrap();
    assert_eq!(
        follower.work(10),
        Err(FollowerFault::View(ViewError::UnknownUser(UserId(9))))
    );
    assert_eq!((passes(&follower, 1), follower.complete_ms()), (Ok(()), Some(125)));
    assert!(engine.ask(&mut follower, 2_000).starts_with("/feed/v1/snapshot?nonce="));
}
