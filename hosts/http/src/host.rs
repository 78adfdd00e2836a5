//! What every route works with: the engine, and what the host keeps beside it.

use std::sync::Arc;

use tollgate::{Engine, RequestParts, Timestamp, Verdict};

use crate::bounds::Bounds;
use crate::metrics::Metrics;

/// How a host serves.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// What clients can hold on to.
    pub bounds: Bounds,
}

/// An engine as a server has it. Cloning costs a reference count; all clones are the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    options: HostOptions,
    metrics: Metrics,
}

impl Host {
    /// A host of `engine`.
    pub fn new(engine: Engine, options: HostOptions) -> Self {
        Self(Arc::new(Inner {
            engine,
            options,
            metrics: Metrics::new(),
        }))
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What was counted since the host began.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What clients can hold on to.
    pub fn bounds(&self) -> &Bounds {
        &self.0.options.bounds
    }

    /// Decides as [`Engine::check`] does, and counts the decision. Every route that decides does so here.
    pub(crate) fn check(&self, parts: &RequestParts<'_>, now: Timestamp) -> Verdict<'_> {
        let verdict = self.0.engine.check(parts, now);
        let denied = match &verdict {
            Verdict::Permit(_) => None,
            Verdict::Denial(denial) => Some(denial.reason),
        };
        self.0.metrics.count_check(denied);
        verdict
    }
}

impl From<Engine> for Host {
    /// A host with the default options.
    fn from(engine: Engine) -> Self {
        Self::new(engine, HostOptions::default())
    }
}
