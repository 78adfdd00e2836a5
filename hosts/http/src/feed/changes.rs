//! `/feed/v1/changes`: what comes after a revision, at once or when it comes.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use tollgate::feed_wire::{FrameKind, FrameWriter};
use tollgate::{ChangeSet, Engine, Lagged, Revision};

use super::asked::ChangesAsked;
use super::asker::Asker;
use super::frame::{Question, closed, response, unavailable};
use super::{Feed, only_get};
use crate::admin::problem::Problem;

pub(super) async fn answer(
    State(feed): State<Feed>,
    Extension(asker): Extension<Asker>,
    method: Method,
    uri: Uri,
) -> Result<Response, Problem> {
    let arrived = tokio::time::Instant::now();
    only_get(&method)?;
    let asked = ChangesAsked::read(&uri)?;
    let engine = feed.engine();
    let at = asked.feed.unwrap_or_else(|| engine.feed_identity()).at(asked.after);
    let has_all = || at.feed == engine.feed_identity() && asked.skip == 0 && asked.after == engine.revision();
    if has_all() && !asked.wait.is_zero() && engine.feed_ended().is_none() {
        wait(&feed, &asker, asked.after, arrived + asked.wait).await?;
    } else {
        // What was followed elsewhere, or is not there, confirms nothing here.
        let is_here = at.feed == engine.feed_identity() && asked.after <= engine.revision();
        let confirmed = if is_here { asked.after } else { Revision::default() };
        feed.host().followers().note(&asker.who, confirmed);
    }
    let question = Question::new(asked.nonce, at, asked.skip, arrived);
    // Asked behind the moment that the question is held until.
    if has_all() {
        let frame = FrameWriter::new(&question.head(FrameKind::Changes, asked.after));
        return said(Ok(Some(frame)), engine, &asker, &question);
    }
    feed.make_changes(move |engine| {
        let frame = changes(engine, &question);
        said(frame, engine, &asker, &question)
    })
    .await?
}

/// Waits for more than `after`, and no longer than until `end`.
async fn wait(feed: &Feed, asker: &Asker, after: Revision, end: tokio::time::Instant) -> Result<(), Problem> {
    let polling = feed.host().followers().wait(&asker.who, after).ok_or_else(|| {
        unavailable("As many followers wait for changes as may. Ask again in a second, or without `wait`.")
    })?;
    let news = feed.host().news().after(feed.engine(), after);
    // Whichever comes first; the end is no fault.
    let _ = tokio::time::timeout_at(end, news).await;
    drop(polling);
    asker.again(feed)
}

/// The changes after where the asker is, as many as a frame holds; none where there is no such place.
fn changes(engine: &Engine, question: &Question) -> Result<Option<FrameWriter>, Lagged> {
    let (at, mut skip) = question.at();
    let mut cursor = engine.subscribe(at)?;
    // A page may have shown what the feed is about to show.
    let newest = engine.revision().max(at.revision);
    let mut filling = Filling {
        frame: FrameWriter::new(&question.head(FrameKind::Changes, newest)),
        to: at.revision,
        to_skip: skip,
    };
    while cursor.revision() < newest
        && let Some(set) = cursor.next(Duration::ZERO)?
    {
        let skip = std::mem::take(&mut skip);
        let has_more = usize::try_from(skip).is_ok_and(|skip| skip < set.changes.len());
        if !has_more {
            return Ok(None);
        }
        if !filling.take(&set, skip) {
            break;
        }
    }
    // What was skipped must have been there.
    Ok((skip == 0).then(|| filling.led()))
}

/// A frame that is being filled, and up to where it leads.
struct Filling {
    frame: FrameWriter,
    to: Revision,
    to_skip: u32,
}

impl Filling {
    /// Takes the changes of a set behind the first `skip`. Answers false where not all of them fit.
    fn take(&mut self, set: &ChangeSet, skip: u32) -> bool {
        for (at, change) in (0_u32..).zip(&set.changes).skip_while(|(at, _)| *at < skip) {
            let record = change.clone().into_feed_record();
            // Invariant: every record fits a frame without others, so that each frame leads on.
            if !record.is_none_or(|record| self.frame.push(&record)) {
                self.to_skip = at;
                return false;
            }
        }
        (self.to, self.to_skip) = (set.revision, 0);
        true
    }

    fn led(mut self) -> FrameWriter {
        self.frame.lead_to(self.to, self.to_skip);
        self.frame
    }
}

/// The answer to a question, as it was found.
fn said(
    found: Result<Option<FrameWriter>, Lagged>,
    engine: &Engine,
    asker: &Asker,
    question: &Question,
) -> Result<Response, Problem> {
    // Asked last: what was found before a commit failed may be what it was about.
    match found.and_then(|frame| engine.feed_ended().map_or(Ok(frame), Err)) {
        Ok(Some(frame)) => Ok(response(StatusCode::OK, frame.finish(asker.follower.frame_key()))),
        Ok(None) | Err(Lagged::Behind { .. } | Lagged::AnotherFeed { .. } | Lagged::Ahead { .. }) => {
            Ok(question.reset(engine, asker))
        }
        Err(Lagged::InDoubt) => Ok(question.doubt(engine, asker)),
        Err(_) => Err(closed()),
    }
}
