//! What does it cost to hand the whole state out to a follower, and to take it over?
//!
//! `cargo bench --bench feed`; about a minute. A store of 100,000 and of a million tokens is read in pages as the server reads
//! them, each in a transaction of its own, sealed frame by frame; and a follower on the same machine works the frames in.

use std::time::{Duration, Instant};

use tollgate::feed_wire::{FeedRecord, Follower, FrameHead, FrameKey, FrameKind, FrameWriter, Heard, Next, Worked};
use tollgate::{Engine, Import, OpenOptions, PepperKey, Portable, PortableAuthtoken, PortableSecret, PortableUser};
use tollgate_benches::Table;

const USERS: usize = 1_000;
const SIZES: [usize; 2] = [100_000, 1_000_000];
const ROUNDS: usize = 3;
const NONCE: [u8; 16] = [7; 16];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::new().key(PepperKey::from_bytes([1; 32]));
    let options = options.checkpoint_every(None).sweep_every(None).create(true);
    let engine = options.open(folder.path().join("store.redb")).unwrap();
    let mut table = Table::new(&["", "goal", "here", ""]);
    let mut there = 0;
    for size in SIZES {
        fill(&engine, there, size);
        there = size;
        let key = FrameKey::of_token(b"tg_fd_of_this_bench");
        let mut made = (Duration::MAX, Vec::new());
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            let frames = pages(&engine, &key);
            made = (made.0.min(begin.elapsed()), frames);
        }
        let (took, frames) = made;
        let bytes: usize = frames.iter().map(Vec::len).sum();
        let goal = Duration::from_secs(2).mul_f64(size as f64 / 1e6);
        let verdict = if took <= goal { "met" } else { "missed" };
        let what = format!(
            "{size} tokens handed out ({} pages, {} MiB), best of {ROUNDS}",
            frames.len(),
            bytes >> 20
        );
        table.row([what, format!("≤ {goal:.1?}"), format!("{took:.2?}"), verdict.to_owned()]);
        let each = took.as_nanos() / size as u128;
        table.row([
            "  a token".to_owned(),
            String::new(),
            format!("{each} ns"),
            String::new(),
        ]);
        let longest = longest(&engine, &key);
        table.row([
            "  the longest page".to_owned(),
            String::new(),
            format!("{longest:.1?}"),
            String::new(),
        ]);
        let taken = taken_over(frames, key);
        table.row([
            "  taken over".to_owned(),
            String::new(),
            format!("{taken:.2?}"),
            String::new(),
        ]);
    }
    println!("{table}");
    engine.close();
}

/// Adds authtokens by way of the import, up to `end`.
fn fill(engine: &Engine, begin: usize, end: usize) {
    let line = |number: usize| {
        let user = format!("user{}", number % USERS).parse().unwrap();
        let token = PortableAuthtoken {
            id: None,
            user: tollgate::UserName::clone(&user),
            secret: PortableSecret::Clear(format!("a-token-that-was-made-elsewhere-{number:09}").into()),
            issued_at: None,
            not_before: None,
            expires_at: None,
            revoked_at: None,
        };
        (
            number as u64,
            Portable::Authtoken(token, Some(PortableUser::named(user))),
        )
    };
    for from in (begin..end).step_by(Import::LINES_MOST) {
        let lines = (from..end.min(from + Import::LINES_MOST)).map(line).collect();
        let source = "bench".to_owned();
        engine
            .execute(Import {
                source,
                lines,
                skip_faults: false,
            })
            .unwrap();
    }
}

/// All pages of the state, and nothing else than the server does for each.
fn pages(engine: &Engine, key: &FrameKey) -> Vec<Vec<u8>> {
    let (mut frames, mut from) = (Vec::new(), None);
    loop {
        let (frame, next) = page(engine, key, from.as_ref());
        frames.push(frame);
        match next {
            Some(next) => from = Some(next),
            None => return frames,
        }
    }
}

fn longest(engine: &Engine, key: &FrameKey) -> Duration {
    let (mut longest, mut from) = (Duration::ZERO, None);
    loop {
        let begin = Instant::now();
        let (_, next) = page(engine, key, from.as_ref());
        longest = longest.max(begin.elapsed());
        match next {
            Some(next) => from = Some(next),
            None => return longest,
        }
    }
}

fn page(
    engine: &Engine,
    key: &FrameKey,
    from: Option<&tollgate::StateCursor>,
) -> (Vec<u8>, Option<tollgate::StateCursor>) {
    let state = engine.state().unwrap();
    let at = state.position();
    let mut frame = FrameWriter::new(&FrameHead {
        kind: FrameKind::Page,
        feed: at.feed.0,
        nonce: NONCE,
        from: at.revision,
        from_skip: 0,
        to: at.revision,
        to_skip: 0,
        newest: at.revision,
        held_ms: 0,
        next: None,
    });
    if from.is_none() {
        frame.push(&FeedRecord::Key([3; 32]));
    }
    let next = state.page(from, |change| {
        change.into_feed_record().is_none_or(|record| frame.push(&record))
    });
    let next = next.unwrap();
    frame.go_on_at(next.as_ref().and_then(|next| Next::new(&next.to_bytes())));
    (frame.finish(key), next)
}

/// How long a follower takes to work the frames in.
fn taken_over(frames: Vec<Vec<u8>>, key: FrameKey) -> Duration {
    let mut follower = Follower::new(key);
    let begin = Instant::now();
    for frame in frames {
        follower.ask(NONCE, 0, 0).unwrap();
        assert_eq!(follower.hear(frame, 0), Ok(Heard::Records));
        while follower.work(4_096).unwrap() == Worked::More {}
    }
    begin.elapsed()
}
