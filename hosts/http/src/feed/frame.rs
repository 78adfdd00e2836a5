//! Frames on their way out.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::time::Instant;
use tollgate::feed_wire::{FrameHead, FrameKind, FrameWriter};
use tollgate::{Engine, Position, Revision};

use super::asker::Asker;
use crate::admin::problem::Problem;

/// The media type of a frame.
const MEDIA_TYPE: &str = "application/vnd.tollgate.feed";

/// A question that is being answered: everything of the answer's head that it decides.
#[derive(Clone, Copy)]
pub(super) struct Question {
    nonce: [u8; 16],
    /// Where the asker is, in which feed.
    at: Position,
    skip: u32,
    held_ms: u32,
}

impl Question {
    /// A question that came at `arrived`, and is answered from now on: what it is answered with is at least as new as this
    /// moment, so the follower may count on it from here.
    pub(super) fn new(nonce: [u8; 16], at: Position, skip: u32, arrived: Instant) -> Self {
        let held_ms = u32::try_from(arrived.elapsed().as_millis()).unwrap_or(u32::MAX);
        Self {
            nonce,
            at,
            skip,
            held_ms,
        }
    }

    /// The same question about another place.
    pub(super) fn moved_to(&self, at: Position) -> Self {
        Self { at, ..*self }
    }

    /// The head of an answer that leads nowhere yet.
    pub(super) fn head(&self, kind: FrameKind, newest: Revision) -> FrameHead {
        FrameHead {
            kind,
            feed: self.at.feed.0,
            nonce: self.nonce,
            from: self.at.revision,
            from_skip: self.skip,
            to: self.at.revision,
            to_skip: self.skip,
            newest,
            held_ms: self.held_ms,
            next: None,
        }
    }

    /// Where the asker is.
    pub(super) fn at(&self) -> (Position, u32) {
        (self.at, self.skip)
    }

    /// The word that what was followed can no longer be had.
    pub(super) fn reset(&self, engine: &Engine, asker: &Asker) -> Response {
        self.without_records(FrameKind::Reset, StatusCode::GONE, engine, asker)
    }

    /// The word that nothing may be believed.
    pub(super) fn doubt(&self, engine: &Engine, asker: &Asker) -> Response {
        self.without_records(FrameKind::Doubt, StatusCode::SERVICE_UNAVAILABLE, engine, asker)
    }

    fn without_records(&self, kind: FrameKind, status: StatusCode, engine: &Engine, asker: &Asker) -> Response {
        let ours = self.moved_to(engine.feed_identity().at(self.at.revision));
        let head = ours.head(kind, engine.revision());
        response(status, FrameWriter::new(&head).finish(asker.follower.frame_key()))
    }
}

/// An answer that is a frame.
pub(super) fn response(status: StatusCode, frame: Vec<u8>) -> Response {
    let mut answer = Response::new(Body::from(frame));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The answer where nothing is known of the state.
pub(super) fn closed() -> Problem {
    unavailable("The engine is closed. Ask again once the server has been started again.")
}

/// The answer to what could be answered later.
pub(super) fn unavailable(detail: &str) -> Problem {
    let title = "The feed cannot be read just now";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
        .with(header::RETRY_AFTER, HeaderValue::from(1))
}
