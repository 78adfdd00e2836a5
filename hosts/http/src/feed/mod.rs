//! `/feed/v1`: the state and its changes, for replicas and proxies that decide by a copy of their own.
//!
//! Frames, their records and how they are followed are described to the byte in [`tollgate::feed_wire`], which encodes and
//! decodes them. Here is what carries them.
//!
//! | request | answer |
//! |---|---|
//! | `GET /feed/v1/snapshot` | a page of the state, read at one moment: without `page` the first one, which begins with the key of the digests and the settings |
//! | `GET /feed/v1/changes` | the changes after `after` and `skip`, as many as a frame holds; at once where there are any, else when some come or `wait` is over, and then without records: a confirmation |
//!
//! | status | what |
//! |---|---|
//! | 200 | one frame, `application/vnd.tollgate.feed`: a page or changes |
//! | 410 | one frame: a reset. What follows the asked place cannot be had (too old, of another feed, of a later revision than there is) |
//! | 503 | one frame: a doubt. A commit failed, and nobody knows the present state before a restart. Who waits is told at once |
//! | 400 | a problem document: a parameter is missing, unknown, there twice or not as it should be; the words say what was expected |
//! | 401 | a problem document, with a challenge: no valid feed token |
//! | 404, 405 | a problem document: another path, another method than GET |
//! | 429 | a problem document: too many tokens from this address were no good |
//! | 503 | a problem document: the engine is closed, or [`Bounds::polls_most`](crate::Bounds) followers wait already; nothing is known of the state |
//!
//! A feed token stands in `Authorization: Bearer` and nowhere else. It is judged before anything else, and again before an answer
//! that was waited for. Whoever has one receives the key of the digests: see [`tollgate::feed_wire`] for what that is worth.
//!
//! ```text
//! request → who asks → what is asked, strictly read → wait for news → frame, off the event loop
//! ```
//!
//! A poll that waits costs a task and no thread. One task for all of them follows the feed ([`news`](crate::news)); it ends with
//! the engine. When the server stops, whoever waits is answered with a confirmation.

mod asker;
mod parameters;
mod asked;
mod frame;
mod page;
mod changes;

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use tokio::sync::Semaphore;
use tollgate::Engine;

use crate::admin::problem::Problem;
use crate::host::Host;
use crate::throttle::Throttle;

/// Frames of changes that are made at a time. Most come from memory, and none waits behind a page.
const CHANGES_PLACES: usize = 8;

/// The host, and what the feed keeps beside it. Clones are the same.
#[derive(Clone)]
struct Feed(Arc<Inner>);

struct Inner {
    host: Host,
    throttle: Throttle,
    pages: Arc<Semaphore>,
    changes: Arc<Semaphore>,
}

pub(crate) fn routes(host: Host) -> Router {
    let feed = Feed(Arc::new(Inner {
        host,
        throttle: Throttle::default(),
        pages: Arc::new(Semaphore::new(page_places())),
        changes: Arc::new(Semaphore::new(CHANGES_PLACES)),
    }));
    Router::new()
        .route("/feed/v1/snapshot", any(page::answer))
        .route("/feed/v1/changes", any(changes::answer))
        .route("/feed", any(not_found))
        .route("/feed/{*path}", any(not_found))
        .layer(from_fn_with_state(feed.clone(), asker::admit))
        .with_state(feed)
}

impl Feed {
    fn host(&self) -> &Host {
        &self.0.host
    }

    fn engine(&self) -> &Engine {
        self.0.host.engine()
    }

    /// Makes a page on a thread that may block. However many load the state, half of the processors are left to checks.
    async fn make_page<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.make(&self.0.pages, make).await
    }

    /// Makes a frame of changes on a thread that may block.
    async fn make_changes<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.make(&self.0.changes, make).await
    }

    async fn make<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        make: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        // Invariant: nobody closes it.
        let place = Arc::clone(places).acquire_owned().await;
        let engine = self.engine().clone();
        let span = tracing::Span::current();
        let make = move || {
            let _place = place;
            span.in_scope(|| make(&engine))
        };
        tokio::task::spawn_blocking(make).await.map_err(|error| {
            tracing::error!(unwound = error.is_panic(), "a frame was not made");
            Problem::unexpected()
        })
    }
}

/// Pages that are made at a time.
fn page_places() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (processors / 2).max(1)
}

/// GET alone: the answer to anything else, HEAD included, would be made for nothing.
fn only_get(method: &Method) -> Result<(), Problem> {
    if method == Method::GET {
        return Ok(());
    }
    let detail = "expected the method GET, but found another: the feed is only read";
    let title = "This method is not there";
    Err(
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, detail)
            .with(header::ALLOW, HeaderValue::from_static("GET")),
    )
}

async fn not_found() -> Problem {
    Problem::not_found("expected /feed/v1/snapshot or /feed/v1/changes, but there is nothing here")
}
