//! One engine's feed, followed: the call that is under way, the next try, and how long the view may be believed.

use tollgate_core::feed::{FRAME_LEN_MAX, Follower, FrameKey, Heard, Worked};
use tollgate_core::{Freshness, HeldPermit, LiveView, Settled, Timestamp, Unsettled};

use crate::clock;
use crate::configuration::{Configuration, Source};
use crate::door::{self, Level};
use crate::pairs;
use crate::stats::{Standing, Stats};

/// Records that are worked in at a time; about a millisecond of a worker.
const SLICE: u32 = 2_048;
/// Milliseconds between two tries after the first failure and after many.
const RETRY_FIRST_MS: u64 = 50;
const RETRY_MOST_MS: u64 = 1_000;
/// The same where a snapshot that was rightly sealed cannot be worked in: loading it again will hardly help.
const SPOILT_FIRST_MS: u64 = 1_000;
const SPOILT_MOST_MS: u64 = 60_000;
/// How much longer than agreed an answer is waited for.
const NEVER_AFTER_MS: u64 = 10_000;
/// The same trouble is logged again after so many milliseconds.
const LOG_AGAIN_MS: u64 = 60_000;

/// A question under way.
struct Call {
    /// The root context in whose name it was sent; the answer comes to it alone.
    root: u32,
    token: u32,
    /// Later than this no answer comes any more, whatever the proxy says.
    until_ms: u64,
}

/// What is wrong with the feed, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trouble {
    text: String,
    logged_ms: u64,
}

/// A view with everything that keeps it in step. There is one for each source in a module, however many configurations name it.
pub(crate) struct Following {
    pub(crate) source: Source,
    follower: Follower,
    call: Option<Call>,
    next_try_ms: u64,
    failures: u32,
    /// Snapshots and changes in a row that could not be worked in, and until when no more are asked for.
    spoilt: u32,
    spoilt_until_ms: u64,
    max_staleness_ms: u64,
    poll_ms: u32,
    answer_within_ms: u32,
    memory_most: u64,
    trouble: Option<Trouble>,
}

impl Following {
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let mut following = Self {
            source: configuration.source.clone(),
            follower: Follower::new(FrameKey::of_token(configuration.source.feed_token.as_bytes())),
            call: None,
            next_try_ms: 0,
            failures: 0,
            spoilt: 0,
            spoilt_until_ms: 0,
            max_staleness_ms: u64::MAX,
            poll_ms: 0,
            answer_within_ms: 0,
            memory_most: 0,
            trouble: None,
        };
        following.obey(configuration, true);
        following
    }

    /// Takes over the bounds of a configuration. Of several that hold at a time, the narrowest view counts.
    pub(crate) fn obey(&mut self, configuration: &Configuration, alone: bool) {
        if alone || configuration.max_staleness_ms < self.max_staleness_ms {
            self.max_staleness_ms = configuration.max_staleness_ms;
            self.poll_ms = configuration.poll_ms();
            self.answer_within_ms = configuration.answer_within_ms();
        }
        self.memory_most = configuration.memory_most;
    }

    /// The view that requests are decided by; none before the first snapshot.
    pub(crate) fn view(&self) -> Option<&LiveView> {
        self.follower.view()
    }

    /// Whether requests can pass just now.
    pub(crate) fn is_ready(&self, now: Timestamp) -> bool {
        self.view().is_some_and(|view| is_young(view, now))
    }

    pub(crate) fn standing(&self) -> Standing {
        let age_ms = || clock::steady_ms()?.checked_sub(self.follower.complete_ms()?);
        Standing {
            revision: self.revision(),
            view_age_ms: age_ms().unwrap_or(Standing::NO_AGE),
            tokens: self.follower.counts().1,
            ready: self.is_ready(clock::now()),
        }
    }

    /// Whether more is to be done as soon as can be.
    pub(crate) fn is_busy(&self) -> bool {
        self.call.is_none() && self.failures == 0 && self.spoilt == 0
    }

    /// Does what can be done without waiting: works a slice in, asks for more. Answers whether the view is a new one.
    pub(crate) fn drive(&mut self, root: u32, stats: &mut Stats) -> bool {
        let Some(now_ms) = clock::steady_ms() else {
            // What nobody can tell the age of is too old.
            self.follower.set_freshness(Freshness::Never);
            return false;
        };
        let opened = self.work(now_ms, stats);
        self.age();
        if self.call.take_if(|call| now_ms > call.until_ms).is_some() {
            stats.failed.count();
            self.fail(now_ms, "the proxy has not said what became of a question");
        }
        if self.call.is_none() && now_ms >= self.next_try_ms.max(self.spoilt_until_ms) {
            self.ask(root, now_ms, stats);
        }
        opened
    }

    /// Remembers a proof that settles what a check by the view left open.
    pub(crate) fn remember(&mut self, unsettled: &Unsettled, settled: &Settled) {
        self.follower.remember(unsettled, settled);
    }

    /// A number that is another one whenever the view may have changed.
    pub(crate) fn revision(&self) -> u64 {
        self.follower.revision().map_or(0, |revision| revision.0)
    }

    /// The moment at which the view was last known to lack nothing.
    pub(crate) fn complete_ms(&self) -> Option<u64> {
        self.follower.complete_ms()
    }

    /// A request that is under way, counted in the new view too.
    pub(crate) fn adopt(&self, held: &HeldPermit) -> Option<HeldPermit> {
        self.follower.adopt(held)
    }

    fn work(&mut self, now_ms: u64, stats: &mut Stats) -> bool {
        if door::memory_in_use() > self.memory_most && !self.make_room() {
            self.fail(
                now_ms,
                "the view has no room within `memory_most_mib`; requests are refused once it is too old",
            );
            return false;
        }
        match self.follower.work(SLICE) {
            Ok(Worked::Idle | Worked::More | Worked::Done) => false,
            Ok(Worked::Opened) => {
                self.spoilt = 0;
                stats.snapshots.count();
                let (users, tokens) = self.follower.counts();
                let revision = self.follower.revision().map_or(0, |revision| revision.0);
                door::log(
                    Level::Info,
                    &format!(
                        "tollgate: the view is complete: {users} users and {tokens} tokens at revision {revision}"
                    ),
                );
                true
            }
            Err(fault) => {
                stats.refused.count();
                let wait = SPOILT_FIRST_MS << self.spoilt.min(8);
                self.spoilt_until_ms = now_ms.saturating_add(wait.min(SPOILT_MOST_MS));
                self.spoilt = self.spoilt.saturating_add(1);
                self.fail(
                    now_ms,
                    &format!("a frame cannot be worked in, and a new snapshot is taken: {fault}"),
                );
                false
            }
        }
    }

    /// Lets go of the old view where the new one needs its room.
    fn make_room(&mut self) -> bool {
        self.follower.is_loading() && self.follower.let_go()
    }

    fn ask(&mut self, root: u32, now_ms: u64, stats: &mut Stats) {
        let mut nonce = [0; 16];
        if getrandom::fill(&mut nonce).is_err() {
            stats.failed.count();
            return self.fail(now_ms, "the proxy gives no random bytes");
        }
        // A view that nobody may go by is confirmed at once, and not when there is news.
        let poll_ms = if self.is_ready(clock::now()) { self.poll_ms } else { 0 };
        let Some(path) = self.follower.ask(nonce, poll_ms, now_ms) else {
            return;
        };
        let bearer = format!("Bearer {}", self.source.feed_token);
        let headers = pairs::write(&[
            (":method", "GET"),
            (":path", &path),
            (":authority", &self.source.authority),
            ("authorization", &bearer),
            ("accept", "application/vnd.tollgate.feed"),
        ]);
        let within_ms = poll_ms.saturating_add(self.answer_within_ms);
        match door::call(&self.source.cluster, &headers, &[], within_ms) {
            Ok(token) => {
                let until_ms = now_ms.saturating_add(u64::from(within_ms) + NEVER_AFTER_MS);
                self.call = Some(Call { root, token, until_ms });
            }
            Err(status) => {
                stats.failed.count();
                let (cluster, status) = (&self.source.cluster, status.0);
                let text =
                    format!("the cluster `{cluster}` cannot be asked (status {status}): is there such a cluster?");
                self.fail(now_ms, &text);
            }
        }
    }

    /// Whether this is the answer to the question that is under way; it is no longer under way then.
    pub(crate) fn is_answered_by(&mut self, root: u32, token: u32) -> bool {
        self.call
            .take_if(|call| call.root == root && call.token == token)
            .is_some()
    }

    /// The root context has gone, and with it the answer to what it asked.
    pub(crate) fn lose(&mut self, root: u32) {
        let _ = self.call.take_if(|call| call.root == root);
    }

    /// Takes the answer that has just come, of `len` bytes; none came where there is no head.
    pub(crate) fn hear(&mut self, has_head: bool, len: usize, stats: &mut Stats) {
        let Some(now_ms) = clock::steady_ms() else {
            // An answer of an unknown age is none. The next tick asks again.
            return stats.failed.count();
        };
        if !has_head {
            stats.failed.count();
            return self.fail(now_ms, "the engine did not answer");
        }
        if len > FRAME_LEN_MAX {
            stats.refused.count();
            return self.fail(now_ms, "what came is longer than a frame of the feed");
        }
        let heard = door::call_body(len).map(|bytes| self.follower.hear(bytes, now_ms));
        match heard {
            Ok(Ok(Heard::Records)) => {
                stats.frames.count();
                self.failures = 0;
                self.next_try_ms = 0;
                self.trouble = None;
            }
            Ok(Ok(Heard::Reset)) => {
                stats.frames.count();
                self.fail(
                    now_ms,
                    "the changes since this view can no longer be had: a new snapshot is taken",
                );
            }
            Ok(Ok(Heard::Doubt)) => {
                stats.frames.count();
                self.fail(
                    now_ms,
                    "the engine does not know its own state: nobody passes before it was restarted",
                );
            }
            Ok(Err(fault)) => {
                stats.refused.count();
                let status = status();
                self.fail(
                    now_ms,
                    &format!("no answer of the engine's: {fault} (HTTP status {status})"),
                );
            }
            Err(status) => {
                stats.failed.count();
                self.fail(
                    now_ms,
                    &format!("the proxy does not hand out the answer (status {})", status.0),
                );
            }
        }
    }

    /// Notes that something went wrong, and when to try again.
    fn fail(&mut self, now_ms: u64, text: &str) {
        let wait = RETRY_FIRST_MS << self.failures.min(8);
        self.next_try_ms = now_ms.saturating_add(wait.min(RETRY_MOST_MS));
        self.failures = self.failures.saturating_add(1);
        let known = self
            .trouble
            .as_ref()
            .is_some_and(|trouble| trouble.text == text && now_ms.saturating_sub(trouble.logged_ms) < LOG_AGAIN_MS);
        if !known {
            door::log(Level::Warn, &format!("tollgate: {text}"));
            self.trouble = Some(Trouble {
                text: text.to_owned(),
                logged_ms: now_ms,
            });
        }
    }

    /// Says until when the view may be believed: by the clock that checks are given, from the age by the other. Said anew at every
    /// tick, so that a clock that jumps is believed for no longer than that.
    fn age(&mut self) {
        // Read first: however long the module stands still behind this line, its view is older by that.
        let now = clock::now();
        let end = self
            .follower
            .complete_ms()
            .map(|moment| moment.saturating_add(self.max_staleness_ms));
        let left = end
            .zip(clock::steady_ms())
            .and_then(|(end, now_ms)| end.checked_sub(now_ms));
        let freshness = match (left, now) {
            (None, _) | (_, Timestamp::MAX) => Freshness::Never,
            (Some(left), now) => Freshness::Until(now.plus_millis(left)),
        };
        self.follower.set_freshness(freshness);
    }
}

/// Whether a view may be believed at `now`.
pub(crate) fn is_young(view: &LiveView, now: Timestamp) -> bool {
    match view.freshness() {
        Freshness::Until(moment) => now <= moment,
        Freshness::Always => true,
        Freshness::Never => false,
    }
}

/// The status of the answer that has just come, for the log.
fn status() -> String {
    let read = || {
        let bytes = door::call_headers().ok()?;
        let (_, value) = pairs::Pairs::read(&bytes)?
            .iter()
            .find(|(name, _)| *name == b":status")?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    read().unwrap_or_default()
}
