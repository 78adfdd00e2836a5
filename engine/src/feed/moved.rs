//! Waiting for the feed without a thread: tasks that are woken when it moves on.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tollgate_core::Revision;

use super::{Feed, Lagged};

/// Tasks that wait, each under a number of its own.
#[derive(Default)]
pub(super) struct Waiting {
    tasks: Vec<(u64, Waker)>,
}

impl Waiting {
    /// Wakes all of them. To be called without the feed's lock, which those who are woken take.
    pub(super) fn wake(self) {
        for (_, task) in self.tasks {
            task.wake();
        }
    }

    fn put(&mut self, number: u64, task: &Waker) {
        match self.tasks.iter_mut().find(|(one, _)| *one == number) {
            Some((_, there)) => there.clone_from(task),
            None => self.tasks.push((number, task.clone())),
        }
    }

    fn remove(&mut self, number: u64) {
        self.tasks.retain(|(one, _)| *one != number);
    }
}

/// Ready once checks see more than a revision, with the newest one that they see; or once the feed has ended, with the
/// reason. [`Engine::moved`](crate::Engine::moved) makes it. It needs no runtime of a certain kind, and keeps neither the
/// store open nor the writer waiting, who wakes each task that waits: let few wait and tell many.
pub struct Moved {
    feed: Arc<Feed>,
    after: Revision,
    /// The number under which it waits, once it does.
    number: Option<u64>,
}

impl Moved {
    pub(crate) fn beyond(feed: Arc<Feed>, after: Revision) -> Self {
        Self {
            feed,
            after,
            number: None,
        }
    }

    /// The same wait once more, for more than `after`.
    #[must_use]
    pub fn again(&self, after: Revision) -> Self {
        Self::beyond(Arc::clone(&self.feed), after)
    }
}

impl Future for Moved {
    type Output = Result<Revision, Lagged>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { feed, after, number } = self.get_mut();
        let mut state = feed.state.lock();
        match &state.end {
            Some(Lagged::InDoubt) => return Poll::Ready(Err(Lagged::InDoubt)),
            _ if state.newest > *after => return Poll::Ready(Ok(state.newest)),
            Some(reason) => return Poll::Ready(Err(reason.clone())),
            None => {}
        }
        let number = *number.get_or_insert_with(|| {
            state.numbers += 1;
            state.numbers
        });
        state.waiting.put(number, context.waker());
        Poll::Pending
    }
}

impl Drop for Moved {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.feed.state.lock().waiting.remove(number);
        }
    }
}

impl fmt::Debug for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moved")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use parking_lot::Mutex;

    use super::*;
    use crate::change::{Change, ChangeSet, FeedIdentity};
    use tollgate_core::UserId;

    const FEED: FeedIdentity = FeedIdentity([7; 16]);

    #[derive(Default)]
    struct Woken(Mutex<usize>);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            *self.0.lock() += 1;
        }
    }

    impl Woken {
        fn times(&self) -> usize {
            *self.0.lock()
        }
    }

    fn set(revision: u64) -> ChangeSet {
        ChangeSet {
            feed: FEED,
            revision: Revision(revision),
            changes: vec![Change::RemoveUser(UserId(revision))],
        }
    }

    fn poll(moved: &mut Moved, woken: &Arc<Woken>) -> Poll<Result<Revision, Lagged>> {
        let waker = Waker::from(Arc::clone(woken));
        Pin::new(moved).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn whoever_waits_is_woken_once_by_a_set_and_by_the_end() {
        let feed = Arc::new(Feed::new(FEED.at(Revision(10)), 3));
        let woken = Arc::new(Woken::default());
        let mut moved = Moved::beyond(Arc::clone(&feed), Revision(10));
        assert_eq!(poll(&mut moved, &woken), Poll::Pending);
        assert_eq!(poll(&mut moved, &woken), Poll::Pending);
        feed.publish(set(11));
        assert_eq!(woken.times(), 1, "however often it was asked");
        feed.publish(set(12));
        assert_eq!(woken.times(), 1, "it has not waited again");
        assert_eq!(poll(&mut moved, &woken), Poll::Ready(Ok(Revision(12))));

        let mut next = Moved::beyond(Arc::clone(&feed), Revision(12));
        assert_eq!(poll(&mut next, &woken), Poll::Pending);
        feed.end(Lagged::Closed);
        assert_eq!(woken.times(), 2);
        assert_eq!(poll(&mut next, &woken), Poll::Ready(Err(Lagged::Closed)));
        let mut behind = Moved::beyond(Arc::clone(&feed), Revision(10));
        assert_eq!(
            poll(&mut behind, &woken),
            Poll::Ready(Ok(Revision(12))),
            "what a closed feed has can be read"
        );
    }

    #[test]
    fn a_doubt_comes_before_everything_else() {
        let feed = Arc::new(Feed::new(FEED.at(Revision(10)), 3));
        feed.publish(set(11));
        feed.end(Lagged::InDoubt);
        let woken = Arc::new(Woken::default());
        for after in [10, 11] {
            let mut moved = Moved::beyond(Arc::clone(&feed), Revision(after));
            assert_eq!(poll(&mut moved, &woken), Poll::Ready(Err(Lagged::InDoubt)));
        }
    }

    #[test]
    fn whoever_stops_waiting_leaves_nothing_behind() {
        let feed = Arc::new(Feed::new(FEED.at(Revision(10)), 3));
        let (woken, other) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        let mut gone = Moved::beyond(Arc::clone(&feed), Revision(10));
        let mut stays = Moved::beyond(Arc::clone(&feed), Revision(10));
        assert_eq!(poll(&mut gone, &woken), Poll::Pending);
        assert_eq!(poll(&mut stays, &other), Poll::Pending);
        drop(gone);
        assert_eq!(feed.state.lock().waiting.tasks.len(), 1);
        feed.publish(set(11));
        assert_eq!((woken.times(), other.times()), (0, 1));
    }
}
