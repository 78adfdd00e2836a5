//! `/feed/v1/snapshot`: the state, a page at a time.

use axum::Extension;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use tollgate::feed_wire::{FeedRecord, FrameKind, FrameWriter, Next};
use tollgate::{Engine, ReadError, Revision};

use super::asked::PageAsked;
use super::asker::Asker;
use super::frame::{Question, closed, response};
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
    let asked = PageAsked::read(&uri)?;
    // Whoever loads a snapshot has confirmed nothing.
    feed.host().followers().note(&asker.who, Revision::default());
    feed.make_page(move |engine| page(engine, &asker, &asked, arrived))
        .await?
}

fn page(engine: &Engine, asker: &Asker, asked: &PageAsked, arrived: tokio::time::Instant) -> Result<Response, Problem> {
    let question = Question::new(asked.nonce, engine.position(), 0, arrived);
    let read = || {
        let state = engine.state()?;
        let at = state.position();
        let head = question
            .moved_to(at)
            .head(FrameKind::Page, engine.revision().max(at.revision));
        let mut frame = FrameWriter::new(&head);
        if asked.from.is_none() {
            frame.push(&FeedRecord::Key(*engine.digest_key(&asker.follower)));
        }
        let next = state.page(asked.from.as_ref(), |change| {
            change.into_feed_record().is_none_or(|record| frame.push(&record))
        })?;
        // Invariant: a cursor fits.
        frame.go_on_at(next.and_then(|next| Next::new(&next.to_bytes())));
        Ok(frame.finish(asker.follower.frame_key()))
    };
    match read() {
        Ok(frame) => Ok(response(StatusCode::OK, frame)),
        Err(ReadError::InDoubt) => Ok(question.doubt(engine, asker)),
        Err(ReadError::Closed) => Err(closed()),
        Err(error) => {
            tracing::error!(%error, "a page of the state could not be read");
            Err(Problem::unexpected())
        }
    }
}
