//! Waiting for the feed to move on, for any number of polls at once.
//!
//! One task of the host waits for the engine, and tells all polls: the writer wakes one task however many wait. The task is
//! there while somebody may wait, and ends with the host, with the feed, or with the runtime that it was begun in.

use parking_lot::Mutex;
use tokio::sync::watch;
use tollgate::{Engine, Moved, Revision};

/// The newest revision; none once the feed has ended.
type Told = Option<Revision>;

/// What polls wait for.
pub(crate) struct News {
    told: Mutex<Option<watch::Receiver<Told>>>,
    stopping: watch::Sender<bool>,
}

impl News {
    pub(crate) fn new() -> Self {
        Self {
            told: Mutex::new(None),
            stopping: watch::Sender::new(false),
        }
    }

    /// Lets nobody wait any more.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns once checks see more than `after`, once the feed has ended, or once nobody is to wait any more.
    pub(crate) async fn after(&self, engine: &Engine, after: Revision) {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            () = self.moved(engine, after) => {}
            // The other end is gone only with the host.
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }

    async fn moved(&self, engine: &Engine, after: Revision) {
        // The first task may have ended with the runtime of others, the second ends with ours alone.
        for _ in 0..2 {
            let mut told = self.told(engine);
            let is_news = |told: &Told| told.is_none_or(|newest| newest > after);
            if told.wait_for(is_news).await.is_ok() {
                return;
            }
        }
    }

    /// What the task tells; it is begun where there is none.
    fn told(&self, engine: &Engine) -> watch::Receiver<Told> {
        let mut told = self.told.lock();
        if let Some(there) = &*told
            && (there.has_changed().is_ok() || there.borrow().is_none())
        {
            return there.clone();
        }
        let newest = engine.revision();
        let (tell, new) = watch::channel(Some(newest));
        tokio::spawn(follow(engine.moved(newest), tell));
        *told = Some(new.clone());
        new
    }
}

/// Tells how the feed moves on. It keeps nothing of the engine but the feed, so that the engine can end.
async fn follow(mut moved: Moved, tell: watch::Sender<Told>) {
    loop {
        let next = tokio::select! {
            next = &mut moved => next,
            () = tell.closed() => return,
        };
        match next {
            Ok(newest) => {
                tell.send_replace(Some(newest));
                moved = moved.again(newest);
            }
            Err(_) => {
                tell.send_replace(None);
                return;
            }
        }
    }
}
