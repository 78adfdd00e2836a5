//! What a connection is doing.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::Notify;

use crate::sync::{AtomicU64, Ordering};

/// What a connection is doing, for whoever must decide whether it may stay. Clones are about the same connection.
#[derive(Clone)]
pub(super) struct Progress(Arc<Counts>);

struct Counts {
    came: tokio::time::Instant,
    begun: AtomicU64,
    ended: AtomicU64,
    /// Requests whose body has not arrived whole.
    arriving: AtomicU64,
    /// Milliseconds from when the connection came until its latest request ended.
    rests_since_ms: AtomicU64,
    leave: Notify,
}

/// A request under way. It ends when this is dropped.
pub(super) struct UnderWay(Progress);

impl Progress {
    /// A connection that comes now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Counts {
            came: tokio::time::Instant::now(),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            arriving: AtomicU64::new(0),
            rests_since_ms: AtomicU64::new(0),
            leave: Notify::new(),
        }))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> UnderWay {
        // Ordering: Relaxed, because watchers compare counts alone, and one that is late is seen at the next look.
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// Requests that have ended, where none is under way.
    pub(super) fn at_rest(&self) -> Option<u64> {
        // Ordering: Relaxed, as above; `ended` is read first, so that a request between the two reads counts as under way.
        let ended = self.0.ended.load(Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        (self.0.begun.load(Ordering::Relaxed) == ended).then_some(ended)
    }

    /// Whether the server has something to do here, other than to wait for the client.
    pub(super) fn is_at_work(&self) -> bool {
        // Ordering: Relaxed, as above.
        let ended = self.0.ended.load(Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        let arriving = self.0.arriving.load(Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.0.begun.load(Ordering::Relaxed) > ended + arriving
    }

    /// For how long the server has been waiting for the client: since the latest request ended, or since the connection
    /// came. None while it has something to do.
    pub(super) fn waits_for(&self) -> Option<Duration> {
        // Ordering: Relaxed, as above.
        let since = Duration::from_millis(self.0.rests_since_ms.load(Ordering::Relaxed));
        (!self.is_at_work()).then(|| self.0.came.elapsed().saturating_sub(since))
    }

    /// Asks the connection to end, because others wait for its place.
    pub(super) fn ask_to_leave(&self) {
        self.0.leave.notify_one();
    }

    /// Returns when the connection is asked to end.
    pub(super) async fn asked_to_leave(&self) {
        self.0.leave.notified().await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Self(Progress(counts)) = self;
        let since = u64::try_from(counts.came.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Ordering: Relaxed, as in `begin`.
        counts.rests_since_ms.store(since, Ordering::Relaxed);
        // Ordering: Relaxed, as in `begin`.
        counts.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A body that says whether it is still arriving.
pub(super) struct Arriving {
    body: Incoming,
    of: Option<Progress>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, progress: &Progress) -> Self {
        let of = (!body.is_end_stream()).then(|| progress.clone());
        if let Some(Progress(counts)) = &of {
            // Ordering: Relaxed, as in `Progress::begin`.
            counts.arriving.fetch_add(1, Ordering::Relaxed);
        }
        Self { body, of }
    }

    fn is_there(&mut self) {
        if let Some(Progress(counts)) = self.of.take() {
            // Ordering: Relaxed, as in `Progress::begin`.
            counts.arriving.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.is_there();
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.is_there();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
