//! What every operation works with.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tollgate::Engine;

use super::problem::Problem;
use super::secrets::Secrets;
use crate::host::Host;
use crate::throttle::Throttle;

/// Requests of the engine at a time. Each takes a thread for as long as the disk takes.
const PLACES: usize = 32;

/// The host, and what administration keeps beside it. Clones are the same.
#[derive(Clone)]
pub(super) struct Api(Arc<Inner>);

struct Inner {
    host: Host,
    throttle: Throttle,
    secrets: Arc<Secrets>,
    places: Arc<Semaphore>,
    walk: Arc<Semaphore>,
    derivation: Arc<Semaphore>,
}

impl Api {
    pub(super) fn new(host: Host) -> Self {
        Self(Arc::new(Inner {
            host,
            throttle: Throttle::default(),
            secrets: Secrets::new(),
            places: Arc::new(Semaphore::new(PLACES)),
            walk: Arc::new(Semaphore::new(1)),
            derivation: Arc::new(Semaphore::new(1)),
        }))
    }

    pub(super) fn host(&self) -> &Host {
        &self.0.host
    }

    pub(super) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(super) fn secrets(&self) -> &Arc<Secrets> {
        &self.0.secrets
    }

    /// Does `work` on a thread that may block. It is done to its end even where nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        run(&self.0.host, &self.0.places, work).await
    }

    /// As [`Api::run`], for work that passes over a whole table: one at a time.
    pub(super) async fn walk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        run(&self.0.host, &self.0.walk, work).await
    }

    /// As [`Api::run`], for work that derives a digest from a password: one at a time.
    pub(super) async fn derive<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        run(&self.0.host, &self.0.derivation, work).await
    }
}

async fn run<T: Send + 'static>(
    host: &Host,
    places: &Arc<Semaphore>,
    work: impl FnOnce(&Engine) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    // Invariant: nobody closes it.
    let place = Arc::clone(places).acquire_owned().await;
    let engine = host.engine().clone();
    let span = tracing::Span::current();
    let work = move || {
        let _place = place;
        span.in_scope(|| work(&engine))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(unwound = error.is_panic(), "an operation did not end");
            Err(Problem::unexpected())
        }
    }
}
