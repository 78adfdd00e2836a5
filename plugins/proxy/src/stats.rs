//! What is counted. A request counts in this module's memory; the proxy is told at the next tick, so that counting costs a
//! request no call.

use tollgate_core::{DENY_REASONS, DenyReason};

use crate::door::{self, Metric, MetricKind};

/// A counter of the proxy's, and what it has not been told yet.
#[derive(Default)]
pub(crate) struct Counter {
    metric: Option<Metric>,
    more: i64,
}

impl Counter {
    fn define(name: &str) -> Self {
        Self {
            metric: door::define(MetricKind::Counter, name).ok(),
            more: 0,
        }
    }

    pub(crate) fn count(&mut self) {
        self.more += 1;
    }

    fn tell(&mut self) {
        if let Some(metric) = self.metric {
            door::add(metric, std::mem::take(&mut self.more));
        }
    }
}

/// A number of the proxy's that is what the last worker said.
#[derive(Default)]
struct Gauge(Option<Metric>);

impl Gauge {
    fn define(name: &str) -> Self {
        Self(door::define(MetricKind::Gauge, name).ok())
    }

    fn set(&self, value: u64) {
        if let Some(metric) = self.0 {
            door::set(metric, value);
        }
    }
}

/// Everything that is counted; the proxy prefixes the names with its own.
#[derive(Default)]
pub(crate) struct Stats {
    permitted: Counter,
    denied: Vec<Counter>,
    pub(crate) frames: Counter,
    pub(crate) refused: Counter,
    pub(crate) failed: Counter,
    pub(crate) snapshots: Counter,
    pub(crate) waited: Counter,
    pub(crate) questions: Counter,
    pub(crate) proven: Counter,
    pub(crate) disproven: Counter,
    pub(crate) unanswered: Counter,
    revision: Gauge,
    view_age_ms: Gauge,
    tokens: Gauge,
    memory_bytes: Gauge,
    workers_ready: Gauge,
    misconfigured: Gauge,
    ready: bool,
}

/// What is so at a tick.
pub(crate) struct Standing {
    pub(crate) revision: u64,
    pub(crate) view_age_ms: u64,
    pub(crate) tokens: u64,
    pub(crate) ready: bool,
}

impl Standing {
    /// The age of a view that is not there, or whose age nobody knows: high, so that a watch on it rings.
    pub(crate) const NO_AGE: u64 = u32::MAX as u64;
}

impl Stats {
    pub(crate) fn define() -> Self {
        let denied = DENY_REASONS
            .iter()
            .map(|row| Counter::define(&format!("tollgate.checks.denied.{}", row.label)));
        Self {
            permitted: Counter::define("tollgate.checks.permitted"),
            denied: denied.collect(),
            frames: Counter::define("tollgate.feed.frames"),
            refused: Counter::define("tollgate.feed.refused"),
            failed: Counter::define("tollgate.feed.failed"),
            snapshots: Counter::define("tollgate.snapshots"),
            waited: Counter::define("tollgate.waited"),
            questions: Counter::define("tollgate.questions.asked"),
            proven: Counter::define("tollgate.questions.proven"),
            disproven: Counter::define("tollgate.questions.refused"),
            unanswered: Counter::define("tollgate.questions.failed"),
            revision: Gauge::define("tollgate.revision"),
            view_age_ms: Gauge::define("tollgate.view_age_ms"),
            tokens: Gauge::define("tollgate.tokens"),
            memory_bytes: Gauge::define("tollgate.memory_bytes"),
            workers_ready: Gauge::define("tollgate.workers_ready"),
            misconfigured: Gauge::define("tollgate.misconfigured"),
            ready: false,
        }
    }

    pub(crate) fn permitted(&mut self) {
        self.permitted.count();
    }

    pub(crate) fn denied(&mut self, reason: DenyReason) {
        if let Some(counter) = self.denied.get_mut(reason as usize) {
            counter.count();
        }
    }

    /// Says whether this module's configuration is one that nothing can be done with.
    pub(crate) fn misconfigured(&self, is: bool) {
        self.misconfigured.set(u64::from(is));
    }

    /// Tells the proxy what was counted since the last time, and what is so now.
    pub(crate) fn tell(&mut self, standing: &Standing) {
        for counter in self.denied.iter_mut().chain([
            &mut self.permitted,
            &mut self.frames,
            &mut self.refused,
            &mut self.failed,
            &mut self.snapshots,
            &mut self.waited,
            &mut self.questions,
            &mut self.proven,
            &mut self.disproven,
            &mut self.unanswered,
        ]) {
            counter.tell();
        }
        self.revision.set(standing.revision);
        self.view_age_ms.set(standing.view_age_ms);
        self.tokens.set(standing.tokens);
        self.memory_bytes.set(door::memory_bytes());
        if standing.ready != self.ready {
            self.ready = standing.ready;
            self.step_workers(if standing.ready { 1 } else { -1 });
        }
    }

    /// This module is no longer one that is ready.
    pub(crate) fn leave(&mut self) {
        if std::mem::take(&mut self.ready) {
            self.step_workers(-1);
        }
    }

    /// All workers share the gauge, so each adds itself and takes itself away.
    fn step_workers(&self, by: i64) {
        if let Some(metric) = self.workers_ready.0 {
            door::add(metric, by);
        }
    }
}
