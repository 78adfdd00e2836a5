//! An engine that is only a feed: it says what a test wants followers to hear, and knows how far they have come.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tollgate_core::feed::{FeedRecord, FrameHead, FrameKey, FrameKind, FrameWriter};
use tollgate_core::{Revision, TokenKind, TokenText};
use tollgate_tests::listener::listen;
use tollgate_tests::wait::{Deadline, PATIENCE};

use super::world::World;

/// How the feed answers.
#[derive(Clone)]
pub(crate) enum Manner {
    /// As an engine does.
    Truthful,
    /// It takes questions and says nothing.
    Silent,
    /// It closes the connection.
    Absent,
    /// It says these bytes of a body, with this status, to every question.
    Says(u16, Vec<u8>),
    /// It changes the frame with which an engine would have answered.
    Spoils(fn(Vec<u8>) -> Vec<u8>),
    /// It answers everything with one frame that was an answer once.
    Replays,
    /// It answers as an engine does, for another feed token.
    Foreign,
}

/// A feed on a port of its own.
pub(crate) struct Feed {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    followed: Condvar,
    token: String,
}

struct State {
    manner: Manner,
    /// Which store this is, and what its feed is called.
    identity: [u8; 16],
    world: World,
    /// The revision before the first of the changes that can still be had.
    since: u64,
    changes: Vec<Vec<FeedRecord>>,
    /// Followers who have everything and wait for more.
    waiting: usize,
    /// Changes whenever those who wait are about to be answered.
    turn: u64,
    /// An answer that was given.
    last: Vec<u8>,
}

impl State {
    /// Whoever waits no longer counts.
    fn wake(&mut self) {
        self.turn += 1;
        self.waiting = 0;
    }

    fn revision(&self) -> u64 {
        self.since + self.changes.len() as u64
    }
}

/// A question, as far as it matters here.
struct Question {
    is_snapshot: bool,
    after: u64,
    wait: Duration,
    feed: Option<[u8; 16]>,
    nonce: [u8; 16],
    /// The nonce of a question about a credential, of which this feed says that it is nobody's.
    proof: Option<[u8; 16]>,
}

impl Feed {
    pub(crate) fn start(world: World) -> Self {
        let state = State {
            manner: Manner::Truthful,
            identity: [1; 16],
            world,
            since: 10,
            changes: Vec::new(),
            waiting: 0,
            turn: 0,
            last: Vec::new(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            followed: Condvar::new(),
            token: TokenText::from_entropy(TokenKind::Feed, &[5; 32]).expose().to_owned(),
        });
        let address = {
            let shared = Arc::clone(&shared);
            listen(move |stream| serve(&stream, &shared))
        };
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token under which it can be asked.
    pub(crate) fn token(&self) -> &str {
        &self.shared.token
    }

    /// Makes the world another one, which followers hear of as a change.
    pub(crate) fn lead_to(&self, world: World) {
        let mut state = self.shared.state.lock();
        let changes = state.world.changes_to(&world);
        state.changes.push(changes);
        state.world = world;
        state.wake();
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Is another store from now on: what was followed can no longer be had.
    pub(crate) fn become_another(&self, world: World) {
        let mut state = self.shared.state.lock();
        state.identity[0] = state.identity[0].wrapping_add(1);
        state.since = state.revision() + 100;
        state.changes.clear();
        state.world = world;
        state.wake();
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Answers in another way from now on, also to the questions that are waiting.
    pub(crate) fn behave(&self, manner: Manner) {
        let mut state = self.shared.state.lock();
        state.manner = manner;
        state.wake();
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Waits until so many followers have everything and wait for more, and answers how many do.
    pub(crate) fn followers(&self, wanted: usize) -> usize {
        let deadline = Deadline::within(PATIENCE);
        let mut state = self.shared.state.lock();
        while state.waiting < wanted
            && let Some(left) = deadline.remaining()
        {
            self.shared.followed.wait_for(&mut state, left);
        }
        state.waiting
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some((question, has_token)) = read(&mut reader, &shared.token)? {
        let answered = match question.proof {
            Some(_) => Some((200, NOBODY.to_vec())),
            None => answer(&question, has_token, shared),
        };
        let Some((status, body)) = answered else {
            return Ok(());
        };
        let (len, seal) = (body.len(), seal(&question, &shared.token));
        let head = format!("HTTP/1.1 {status} Answer\r\nX-Tollgate-Seal: {seal}\r\nContent-Length: {len}\r\n\r\n");
        let mut writer = stream;
        writer.write_all(&[head.as_bytes(), &body].concat())?;
    }
    Ok(())
}

/// The next question of a connection, and whether it came with the feed token.
fn read(reader: &mut BufReader<&TcpStream>, token: &str) -> io::Result<Option<(Question, bool)>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let target = lines[0].split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let said = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    };
    let hex = |name: &str| -> Option<[u8; 16]> { super::super::support::facts::from_hex(said(name)?).try_into().ok() };
    let question = Question {
        is_snapshot: path == "/feed/v1/snapshot",
        after: said("after").and_then(|after| after.parse().ok()).unwrap_or(0),
        wait: Duration::from_secs_f64(said("wait").and_then(|wait| wait.parse().ok()).unwrap_or(0.0)),
        feed: hex("feed"),
        nonce: hex("nonce").unwrap_or_default(),
        proof: None,
    };
    let len = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; len.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let question = Question {
        proof: (path == "/v1/check").then(|| nonce_of(&body)),
        ..question
    };
    let expected = format!("authorization: bearer {token}");
    let has_token = lines.iter().any(|line| line.eq_ignore_ascii_case(&expected));
    Ok(Some((question, has_token)))
}

/// What this feed says of every credential that it is asked about.
const NOBODY: &[u8] = b"{\"proven\":false}";

/// The seal of that, where it was asked.
fn seal(question: &Question, token: &str) -> String {
    let key = FrameKey::of_token(token.as_bytes());
    let seal = question.proof.map(|nonce| key.seal(&nonce, NOBODY));
    seal.iter().flatten().map(|byte| format!("{byte:02x}")).collect()
}

/// What the answer to a question about a credential is sealed over.
fn nonce_of(body: &[u8]) -> [u8; 16] {
    let question: serde_json::Value = serde_json::from_slice(body).unwrap();
    let digits = question["nonce"].as_str().unwrap();
    super::super::support::facts::from_hex(digits).try_into().unwrap()
}

/// Status and body of an answer; none where the connection is to be closed.
fn answer(question: &Question, has_token: bool, shared: &Shared) -> Option<(u16, Vec<u8>)> {
    let deadline = Deadline::within(question.wait);
    let mut state = shared.state.lock();
    let mut was_silent = false;
    while matches!(state.manner, Manner::Silent) {
        was_silent = true;
        shared.changed.wait(&mut state);
    }
    // Nobody knows whether who asked then is still there.
    if was_silent {
        return None;
    }
    if !has_token {
        return Some((401, b"{}".to_vec()));
    }
    let is_followed = |state: &State| question.feed == Some(state.identity) && question.after <= state.revision();
    while matches!(state.manner, Manner::Truthful) && !question.is_snapshot && is_followed(&state) {
        let Some(left) = deadline.remaining().filter(|_| question.after == state.revision()) else {
            break;
        };
        let turn = state.turn;
        state.waiting += 1;
        shared.followed.notify_all();
        shared.changed.wait_for(&mut state, left);
        if state.turn == turn {
            state.waiting -= 1;
        }
    }
    let held = question.wait.saturating_sub(deadline.remaining().unwrap_or_default());
    let key = match state.manner {
        Manner::Foreign => FrameKey::of_token(TokenText::from_entropy(TokenKind::Feed, &[6; 32]).expose().as_bytes()),
        _ => FrameKey::of_token(shared.token.as_bytes()),
    };
    match &state.manner {
        Manner::Silent | Manner::Absent => None,
        Manner::Says(status, body) => Some((*status, body.clone())),
        Manner::Spoils(spoil) => Some((200, spoil(frame(question, held, &state, &key)))),
        Manner::Replays => Some((200, state.last.clone())),
        Manner::Truthful | Manner::Foreign => {
            let frame = frame(question, held, &state, &key);
            state.last.clone_from(&frame);
            Some((200, frame))
        }
    }
}

fn frame(question: &Question, held: Duration, state: &State, key: &FrameKey) -> Vec<u8> {
    let newest = state.revision();
    let can_be_had = question.feed == Some(state.identity) && (state.since..=newest).contains(&question.after);
    let (kind, from, records) = if question.is_snapshot {
        (FrameKind::Page, newest, state.world.snapshot())
    } else if can_be_had {
        let known = usize::try_from(question.after - state.since).unwrap();
        (FrameKind::Changes, question.after, state.changes[known..].concat())
    } else {
        (FrameKind::Reset, question.after, Vec::new())
    };
    let mut writer = FrameWriter::new(&FrameHead {
        kind,
        feed: state.identity,
        nonce: question.nonce,
        from: Revision(from),
        from_skip: 0,
        to: Revision(newest),
        to_skip: 0,
        newest: Revision(newest),
        held_ms: u32::try_from(held.as_millis()).unwrap(),
        next: None,
    });
    assert!(
        records.iter().all(|record| writer.push(record)),
        "one frame is enough for a test"
    );
    writer.finish(key)
}
