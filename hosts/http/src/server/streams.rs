//! Where the requests of HTTP/2 connections run: tasks of their own, all of which can be cut off and waited for.

use hyper::rt::Executor;
use tokio::sync::watch;

/// Runs requests until [`Cut::all`].
#[derive(Clone)]
pub(super) struct Streams(watch::Receiver<()>);

/// The other end of all [`Streams`].
pub(super) struct Cut(watch::Sender<()>);

/// An executor, and what ends everything that it runs.
pub(super) fn streams() -> (Streams, Cut) {
    let (cut, running) = watch::channel(());
    (Streams(running), Cut(cut))
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, request: F) {
        let mut cut = self.0.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = request => {}
                _ = cut.changed() => {}
            }
        });
    }
}

impl Cut {
    /// Ends what runs, and returns when every task has let go of what it held. All [`Streams`] must be gone.
    pub(super) async fn all(self) {
        self.0.send_replace(());
        self.0.closed().await;
    }
}
