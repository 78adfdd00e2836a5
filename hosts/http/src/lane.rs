//! Work that may block, be it on the disk, a signature or a password: on a bounded number of threads, for which a bounded number
//! of callers may wait for a bounded time. Whoever comes when all is taken is told at once, so that no queue grows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls that work at a time. Most of them wait for the disk or for their turn with a password, so there are more than cores;
/// there are more than may wait for a password, so that a flood of those leaves room for others.
const AT_ONCE: usize = 128;

/// Calls that may wait for one of those to end.
const WAITING: usize = 512;

/// Signatures that are verified at a time, most of whose time is their commit, and those that may wait for them.
const SIGNATURES_AT_ONCE: usize = 32;
const SIGNATURES_WAITING: usize = 256;

/// How long one waits.
const WAITS: Duration = Duration::from_secs(5);

/// The threads for work that may block. Clones are the same threads.
#[derive(Clone)]
pub(crate) struct Lane {
    threads: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// There is too much to do: come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overloaded;

impl Overloaded {
    /// After so many seconds.
    pub(crate) const RETRY_AFTER_S: u32 = 1;
}

impl Lane {
    pub(crate) fn new() -> Self {
        Self::of(AT_ONCE, WAITING)
    }

    /// Threads for signatures alone.
    pub(crate) fn for_signatures() -> Self {
        Self::of(SIGNATURES_AT_ONCE, SIGNATURES_WAITING)
    }

    pub(crate) fn of(at_once: usize, waiting: usize) -> Self {
        Self {
            threads: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + waiting)),
        }
    }

    /// Does `work` on a thread that may wait. It is carried to its end even where nobody waits for it any more, and keeps its
    /// place so long.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let held = self.admitted().await?;
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _held = held;
            span.in_scope(work)
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a call did not come to its end");
            Overloaded
        })
    }

    async fn admitted(&self) -> Result<[OwnedSemaphorePermit; 2], Overloaded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Overloaded)?;
        let thread = tokio::time::timeout(WAITS, Arc::clone(&self.threads).acquire_owned()).await;
        match thread {
            Ok(Ok(thread)) => Ok([place, thread]),
            // It took too long; the semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Overloaded),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A lane for one call and one that waits. The first is at work until it is told to end.
    #[tokio::test]
    async fn whoever_comes_when_all_is_taken_is_told_at_once_and_others_have_their_turn() {
        let lane = Lane::of(1, 1);
        let (end, ended) = mpsc::channel::<()>();
        let (tell, told) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let lane = lane.clone();
            async move {
                lane.run(move || {
                    let _ = tell.send(());
                    ended.recv().is_ok()
                })
                .await
            }
        });
        told.await.unwrap();
        let mut second = Box::pin(lane.run(|| 2));
        // Polled once, it has its place in the queue.
        tokio::time::timeout(Duration::ZERO, &mut second).await.unwrap_err();
        assert_eq!(lane.run(|| 3).await, Err(Overloaded));
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        assert_eq!(second.await, Ok(2));
        assert_eq!(lane.run(|| 4).await, Ok(4));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let lane = Lane::of(0, 1);
        let began = tokio::time::Instant::now();
        assert_eq!(lane.run(|| ()).await, Err(Overloaded));
        assert_eq!(began.elapsed(), WAITS);
    }

    #[tokio::test]
    async fn work_that_fails_gives_its_place_back() {
        let lane = Lane::of(1, 0);
        assert_eq!(lane.run(|| panic!("as it must")).await, Err::<(), _>(Overloaded));
        assert_eq!(lane.run(|| 1).await, Ok(1));
    }
}
