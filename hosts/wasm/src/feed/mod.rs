//! A feed without an engine: facts that a test states, served to a plugin as an engine would serve them.

mod facts;
mod pages;
mod question;
mod proofs;

use std::time::Duration;

use tollgate_core::Revision;
use tollgate_core::feed::{FeedRecord, FrameHead, FrameKey, FrameKind, FrameWriter};

use crate::callout::{Callout, Response};
use crate::vm::Vm;
use facts::Facts;
use proofs::Proofs;
use question::Question;

/// A feed with all its facts, from which any revision on can be followed, unless it has forgotten older ones.
///
/// What the engine's own host does beyond that (limits, sharing of long polls) is not here.
pub struct Feed {
    token: String,
    key: FrameKey,
    identity: [u8; 16],
    facts: Facts,
    /// The sets of changes after the oldest revision that is remembered.
    sets: Vec<Vec<FeedRecord>>,
    oldest: u64,
    in_doubt: bool,
    proofs: Proofs,
    /// Whether it says nothing about credentials that it is asked about.
    pub keeps_proofs: bool,
    /// Whether it never lets wait, so that every answer says that nothing is lacking.
    pub hurries: bool,
    /// The most records of a frame; none is as many as fit.
    pub records_most: Option<u32>,
}

impl Feed {
    /// A feed whose digests are made with this key, for the holder of this token.
    pub fn new(token: impl Into<String>, identity: [u8; 16], digest_key: [u8; 32]) -> Self {
        let token = token.into();
        Self {
            key: FrameKey::of_token(token.as_bytes()),
            token,
            identity,
            facts: Facts::new(digest_key),
            sets: Vec::new(),
            oldest: 1,
            in_doubt: false,
            proofs: Proofs::default(),
            keeps_proofs: false,
            hurries: false,
            records_most: None,
        }
    }

    /// States facts that have been there from the beginning.
    pub fn state(&mut self, records: impl IntoIterator<Item = FeedRecord>) {
        for record in records {
            self.facts.apply(&record);
        }
    }

    /// Makes a set of changes, and answers its revision.
    pub fn commit(&mut self, records: Vec<FeedRecord>) -> Revision {
        for record in &records {
            self.facts.apply(record);
        }
        self.sets.push(records);
        self.newest()
    }

    /// The revision of the last set.
    pub fn newest(&self) -> Revision {
        Revision(self.oldest + self.sets.len() as u64)
    }

    /// Forgets all changes, so that who has not followed until now must take a snapshot.
    pub fn forget(&mut self) {
        self.oldest = self.newest().0;
        self.sets.clear();
    }

    /// Becomes another feed with the same facts, as an engine does whose store was put back from a copy.
    pub fn rename(&mut self, identity: [u8; 16]) {
        self.identity = identity;
    }

    /// Says whether the last commit is in doubt.
    pub fn set_doubt(&mut self, in_doubt: bool) {
        self.in_doubt = in_doubt;
    }

    /// Says what it answers, in JSON, where it is asked about the credential that stands in this `Authorization`. All others are
    /// nobody's.
    pub fn settle(&mut self, authorization: impl Into<String>, answer: impl Into<String>) {
        self.proofs.put(authorization.into(), answer.into());
    }

    /// The answer to a callout at `now` of the clock by which it was sent; none as long as it waits for news.
    pub fn answer(&self, callout: &Callout, now: Duration) -> Option<Response> {
        let bearer = format!("Bearer {}", self.token);
        if callout.headers.first("authorization") != Some(bearer.as_bytes()) {
            let response = Response::new(401, r#"{"title":"no feed token"}"#);
            return Some(response.field("content-type", "application/problem+json"));
        }
        if callout.path() == "/v1/check" {
            return (!self.keeps_proofs).then(|| self.proofs.answer(callout, &self.key));
        }
        let Some(question) = Question::of(callout.path()) else {
            return Some(Response::new(400, "{}").field("content-type", "application/problem+json"));
        };
        let held = now.saturating_sub(callout.sent_at);
        let (status, frame) = self.frame(&question, held)?;
        let response = Response::new(status, frame);
        Some(response.field("content-type", "application/vnd.tollgate.feed"))
    }

    /// Answers everything that a VM waits for and that can be answered now. Answers how many that were.
    pub fn serve(&self, vm: &mut Vm) -> usize {
        let mut answered = 0;
        for callout in vm.callouts() {
            if let Some(response) = self.answer(&callout, vm.process().monotonic()) {
                answered += usize::from(vm.answer(callout.token, response));
            }
        }
        answered
    }

    fn frame(&self, question: &Question, held: Duration) -> Option<(u16, Vec<u8>)> {
        let head = self.head(question, held);
        let bare = |kind, status| Some((status, FrameWriter::new(&FrameHead { kind, ..head }).finish(&self.key)));
        if self.in_doubt {
            return bare(FrameKind::Doubt, 503);
        }
        match question.changes {
            None => {
                let mut frame = FrameWriter::new(&FrameHead {
                    kind: FrameKind::Page,
                    ..head
                });
                if question.page.is_none() {
                    // The key and the settings stand together, however short pages are.
                    for record in self.facts.server_records() {
                        frame.push(&record);
                    }
                }
                let most = self.records_most.map(|most| frame.count() + most);
                let page = self.facts.page(question.page.as_deref(), |record| {
                    most.is_none_or(|most| frame.count() < most) && frame.push(record)
                });
                frame.go_on_at(page?);
                Some((200, frame.finish(&self.key)))
            }
            Some((after, _)) if self.is_foreign(question) || after < self.oldest || after > self.newest().0 => {
                bare(FrameKind::Reset, 410)
            }
            Some((after, skip)) => {
                let news = after < self.newest().0;
                if !news && !self.hurries && held < question.wait {
                    return None;
                }
                Some((200, self.changes(head, after, skip)))
            }
        }
    }

    fn head(&self, question: &Question, held: Duration) -> FrameHead {
        let newest = self.newest();
        let (from, from_skip) = question
            .changes
            .map_or((newest, 0), |(after, skip)| (Revision(after), skip));
        FrameHead {
            kind: FrameKind::Changes,
            feed: self.identity,
            nonce: question.nonce,
            from,
            from_skip,
            to: from,
            to_skip: from_skip,
            newest,
            held_ms: u32::try_from(held.as_millis()).unwrap_or(u32::MAX),
            next: None,
        }
    }

    fn is_foreign(&self, question: &Question) -> bool {
        question.feed.is_some_and(|feed| feed != self.identity)
    }

    /// As many changes as a frame holds, from the one after `after` and `skip` on.
    fn changes(&self, head: FrameHead, after: u64, skip: u32) -> Vec<u8> {
        let mut frame = FrameWriter::new(&head);
        let (mut to, mut to_skip, mut skipped) = (after, skip, skip);
        let first = usize::try_from(after - self.oldest).unwrap_or(usize::MAX);
        'full: for set in self.sets.iter().skip(first) {
            for record in set.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX)) {
                if !self.push(&mut frame, record) {
                    break 'full;
                }
                to_skip += 1;
            }
            (to, to_skip, skipped) = (to + 1, 0, 0);
        }
        frame.lead_to(Revision(to), to_skip);
        frame.finish(&self.key)
    }

    fn push(&self, frame: &mut FrameWriter, record: &FeedRecord) -> bool {
        self.records_most.is_none_or(|most| frame.count() < most) && frame.push(record)
    }
}
