//! Following a feed: what to ask next, what an answer means, and how far the view has come. No clock, no socket: the host
//! sends, receives, and says what time it is.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::digest::DigestKey;
use crate::feed::frame::{Frame, FrameFault, FrameKey, FrameKind, Next};
use crate::feed::question::{Question, answers, spelt};
use crate::feed::record::FeedRecord;
use crate::feed::replica::Replica;
use crate::live::{Freshness, LiveView, ViewError};
use crate::permit::HeldPermit;
use crate::record::Revision;
use crate::settle::{Settled, Unsettled};

/// What a heard frame was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Records to be worked in, perhaps none: call [`Follower::work`].
    Records,
    /// A new snapshot has to be taken.
    Reset,
    /// The engine does not know its own state. Nobody passes from now on, until a new snapshot is there.
    Doubt,
}

/// What a slice of work came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// There is nothing left to work in: ask.
    Idle,
    /// There is more of the same frame.
    More,
    /// A frame is done.
    Done,
    /// A frame is done, and with it a snapshot: the view is a new one.
    Opened,
}

/// Why a frame that was rightly sealed cannot be worked in. The follower takes a new snapshot by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FollowerFault {
    /// A record is none.
    Frame(FrameFault),
    /// The view cannot hold it.
    View(ViewError),
}

impl fmt::Display for FollowerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(fault) => write!(f, "{fault}"),
            Self::View(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for FollowerFault {}

/// A replica with its place in the feed.
struct Followed {
    replica: Replica,
    feed: [u8; 16],
    /// Everything up to this revision is there.
    revision: Revision,
    /// And so many changes of the next.
    skip: u32,
}

/// A snapshot that is being taken.
enum Loading {
    /// Nothing has come yet.
    Begun,
    /// Some pages have come.
    Paging {
        so_far: Followed,
        next: Next,
        until: Revision,
    },
    /// All pages have come; the changes since the first up to `until` make them one state.
    Joining { so_far: Followed, until: Revision },
}

/// A question that was sent.
struct Asked {
    nonce: [u8; 16],
    question: Question,
    sent_ms: u64,
}

/// A frame that is worked in.
struct AtWork {
    frame: Frame,
    /// Bytes and records that are done.
    at: usize,
    done: u32,
    /// When everything in it was known to be complete, should it lead to the newest revision.
    complete_ms: u64,
}

/// A view elsewhere, kept in step with an engine by its feed.
///
/// All times are milliseconds of one clock of the host that never runs backwards.
pub struct Follower {
    key: FrameKey,
    served: Option<Followed>,
    loading: Option<Loading>,
    asked: Option<Asked>,
    at_work: Option<AtWork>,
    complete_ms: Option<u64>,
    doubted: bool,
    newest: Revision,
}

impl Follower {
    /// Knows nothing yet; frames must be sealed under `key`.
    pub fn new(key: FrameKey) -> Self {
        Self {
            key,
            served: None,
            loading: Some(Loading::Begun),
            asked: None,
            at_work: None,
            complete_ms: None,
            doubted: false,
            newest: Revision(0),
        }
    }

    /// The view that requests are decided by; none before the first snapshot is whole.
    pub fn view(&self) -> Option<&LiveView> {
        self.served.as_ref().map(|served| served.replica.view())
    }

    /// The moment at which the view was last known to lack nothing; none where nothing can be believed.
    pub fn complete_ms(&self) -> Option<u64> {
        self.complete_ms.filter(|_| !self.doubted)
    }

    /// Says until when the view may be believed. Without effect in doubt.
    pub fn set_freshness(&self, freshness: Freshness) {
        if let Some(served) = &self.served {
            let freshness = if self.doubted { Freshness::Never } else { freshness };
            served.replica.set_freshness(freshness);
        }
    }

    /// Remembers a proof that settles what a check by the view left open, as [`LiveWriter::remember`](crate::LiveWriter::remember).
    pub fn remember(&mut self, unsettled: &Unsettled, settled: &Settled) {
        if let Some(served) = &mut self.served {
            served.replica.remember(unsettled, settled);
        }
    }

    /// After [`Worked::Opened`]: counts a request that is under way in the new view too. Keep the answer instead of `held`; none
    /// where it holds no place, or its user has gone.
    pub fn adopt(&self, held: &HeldPermit) -> Option<HeldPermit> {
        self.served.as_ref()?.replica.adopt(held)
    }

    /// The revision that requests are decided by.
    pub fn revision(&self) -> Option<Revision> {
        self.served.as_ref().map(|served| served.revision)
    }

    /// The engine's newest revision, as of the last frame.
    pub fn newest(&self) -> Revision {
        self.newest
    }

    /// Whether a snapshot is being taken.
    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// How many users and tokens requests are decided by.
    pub fn counts(&self) -> (u64, u64) {
        self.served.as_ref().map_or((0, 0), |served| served.replica.counts())
    }

    /// How many users and tokens the snapshot has that is being taken.
    pub fn loading_counts(&self) -> (u64, u64) {
        match &self.loading {
            Some(Loading::Paging { so_far, .. } | Loading::Joining { so_far, .. }) => so_far.replica.counts(),
            Some(Loading::Begun) | None => (0, 0),
        }
    }

    /// The path and query to be asked at `now_ms`, with a nonce that was never used before; changes may be waited for by
    /// `wait_ms`. None while a frame is still being worked in. An answer to an earlier question is none any more.
    pub fn ask(&mut self, nonce: [u8; 16], wait_ms: u32, now_ms: u64) -> Option<String> {
        if self.at_work.is_some() {
            return None;
        }
        let question = self.question();
        // A snapshot in the making has no time to wait.
        let wait_ms = if self.loading.is_some() { 0 } else { wait_ms };
        self.asked = Some(Asked {
            nonce,
            question,
            sent_ms: now_ms,
        });
        Some(spelt(&question, &nonce, wait_ms))
    }

    fn question(&self) -> Question {
        let changes = |followed: &Followed| Question::Changes {
            feed: followed.feed,
            after: followed.revision,
            skip: followed.skip,
        };
        match (&self.loading, &self.served) {
            (Some(Loading::Paging { next, .. }), _) => Question::Page(*next),
            (Some(Loading::Joining { so_far, .. }), _) => changes(so_far),
            (None, Some(served)) => changes(served),
            (Some(Loading::Begun), _) | (None, None) => Question::FirstPage,
        }
    }

    /// Takes an answer that came at `now_ms`.
    ///
    /// # Errors
    ///
    /// [`FrameFault`] where it is none; nothing has changed then, and the same can be asked again.
    pub fn hear(&mut self, bytes: Vec<u8>, now_ms: u64) -> Result<Heard, FrameFault> {
        let frame = Frame::open(bytes, &self.key)?;
        let head = *frame.head();
        let asked = self.asked.as_ref().ok_or(FrameFault::Nonce)?;
        if head.nonce != asked.nonce {
            return Err(FrameFault::Nonce);
        }
        match head.kind {
            FrameKind::Reset => {
                self.begin_again();
                return Ok(Heard::Reset);
            }
            FrameKind::Doubt => {
                self.doubted = true;
                self.set_freshness(Freshness::Never);
                self.begin_again();
                return Ok(Heard::Doubt);
            }
            FrameKind::Page | FrameKind::Changes => {}
        }
        answers(&head, &asked.question)?;
        if let Some(Loading::Paging { so_far, .. }) = &self.loading
            && so_far.feed != head.feed
        {
            self.begin_again();
            return Err(FrameFault::Feed);
        }
        // The answer was complete when it left, which was no later than it came.
        let complete_ms = asked.sent_ms.saturating_add(u64::from(head.held_ms)).min(now_ms);
        if asked.question == Question::FirstPage {
            self.begin_with(&frame)?;
        }
        self.newest = head.newest;
        self.asked = None;
        self.at_work = Some(AtWork {
            frame,
            at: 0,
            done: 0,
            complete_ms,
        });
        Ok(Heard::Records)
    }

    /// Makes the replica of the first page, whose first record is the key.
    fn begin_with(&mut self, frame: &Frame) -> Result<(), FrameFault> {
        let head = frame.head();
        let Some(Ok(FeedRecord::Key(key))) = frame.records().next() else {
            return Err(FrameFault::Layout);
        };
        let so_far = Followed {
            replica: Replica::new(DigestKey::new(key)),
            feed: head.feed,
            revision: head.from,
            skip: 0,
        };
        let until = head.from;
        self.loading = Some(match head.next {
            Some(next) => Loading::Paging { so_far, next, until },
            None => Loading::Joining { so_far, until },
        });
        Ok(())
    }

    /// Forgets what was being loaded, and takes a snapshot from its first page.
    pub fn begin_again(&mut self) {
        self.loading = Some(Loading::Begun);
        self.asked = None;
        self.at_work = None;
    }

    /// Lets go of the view that serves, where a new one that is being loaded needs its room. Answers whether there was one.
    pub fn let_go(&mut self) -> bool {
        self.complete_ms = None;
        self.served.take().is_some()
    }

    /// Works at most `most` records in, so that requests need not wait long.
    ///
    /// # Errors
    ///
    /// [`FollowerFault`]; the follower has begun a new snapshot then, and the view that there is ages.
    pub fn work(&mut self, most: u32) -> Result<Worked, FollowerFault> {
        let Some(mut work) = self.at_work.take() else {
            return Ok(Worked::Idle);
        };
        let worked = self.work_in(&mut work, most);
        match worked {
            Ok(()) if work.done < work.frame.count() => {
                self.at_work = Some(work);
                Ok(Worked::More)
            }
            Ok(()) => Ok(self.finish(&work)),
            Err(fault) => {
                self.begin_again();
                Err(fault)
            }
        }
    }

    fn work_in(&mut self, work: &mut AtWork, most: u32) -> Result<(), FollowerFault> {
        let loading = self.loading.is_some();
        let followed = match (&mut self.loading, &mut self.served) {
            (Some(Loading::Paging { so_far, .. } | Loading::Joining { so_far, .. }), _) => so_far,
            (None, Some(served)) => served,
            (Some(Loading::Begun), _) | (None, None) => return Err(FollowerFault::Frame(FrameFault::Order)),
        };
        let end = work.frame.count().min(work.done.saturating_add(most));
        while work.done < end {
            let record = work.frame.record_at(&mut work.at).map_err(FollowerFault::Frame)?;
            match followed.replica.apply(&record) {
                Ok(()) => {}
                // Its user came or went between two pages, or its authority came, which the changes will tell.
                Err(ViewError::UnknownUser(_) | ViewError::UnknownAuthority(_)) if loading => {}
                Err(error) => return Err(FollowerFault::View(error)),
            }
            work.done += 1;
        }
        followed.replica.show_server().map_err(FollowerFault::View)
    }

    /// Moves to where the frame led.
    fn finish(&mut self, work: &AtWork) -> Worked {
        let head = work.frame.head();
        let is_newest = head.to == head.newest && head.to_skip == 0;
        match self.loading.take() {
            Some(Loading::Paging { so_far, next: _, until }) => {
                let until = until.max(head.from);
                self.loading = Some(match head.next {
                    Some(next) => Loading::Paging { so_far, next, until },
                    None => Loading::Joining { so_far, until },
                });
                Worked::Done
            }
            // The first and only page.
            Some(joining @ Loading::Joining { .. }) if head.kind == FrameKind::Page => {
                self.loading = Some(joining);
                Worked::Done
            }
            Some(Loading::Joining { mut so_far, until }) => {
                (so_far.revision, so_far.skip) = (head.to, head.to_skip);
                if is_newest && head.to >= until {
                    self.open(so_far, work.complete_ms);
                    return Worked::Opened;
                }
                self.loading = Some(Loading::Joining { so_far, until });
                Worked::Done
            }
            Some(Loading::Begun) | None => {
                if let Some(served) = &mut self.served {
                    (served.revision, served.skip) = (head.to, head.to_skip);
                }
                if is_newest {
                    self.complete_ms = Some(work.complete_ms);
                }
                Worked::Done
            }
        }
    }

    /// Serves a snapshot that is whole. Counts of the same users go on where they were.
    fn open(&mut self, mut whole: Followed, complete_ms: u64) {
        if let Some(before) = self.served.take()
            && before.feed == whole.feed
        {
            whole.replica.take_windows_of(before.replica.view());
        }
        self.served = Some(whole);
        self.complete_ms = Some(complete_ms);
        self.doubted = false;
    }
}

#[cfg(test)]
mod tests;
