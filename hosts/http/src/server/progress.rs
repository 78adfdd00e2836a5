//! Whether anything happens on a connection.

use std::sync::Arc;

use crate::sync::{AtomicU64, Ordering};

/// What a connection is doing, for whoever must decide whether it is idle. Clones are about the same connection.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A request under way. It ends when this is dropped.
pub(super) struct UnderWay(Progress);

impl Progress {
    /// A request begins.
    pub(super) fn begin(&self) -> UnderWay {
        // Ordering: Relaxed, because the watcher compares counts alone, and one that is late is seen at the next look.
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
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Ordering: Relaxed, as in `begin`.
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
