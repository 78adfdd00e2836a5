//! What is counted. Handles are made once, so that counting costs an addition and no look-up; labels come from tables of
//! ours alone, so that no caller can make a new series.

mod checks;
mod requests;

use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tollgate::DenyReason;

use checks::Checks;
use requests::Requests;

pub(crate) use requests::Area;

/// All counts of one host.
pub struct Metrics {
    registry: Registry,
    checks: Checks,
    requests: Requests,
    connections: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        let checks = Checks::register(&mut registry);
        let connections = Gauge::default();
        registry.register("connections", "Connections that are open", connections.clone());
        Self {
            checks,
            requests: Requests::register(&mut registry),
            registry,
            connections,
        }
    }

    /// Counts one decision: none where the request may pass.
    pub(crate) fn count_check(&self, denied: Option<DenyReason>) {
        self.checks.count(denied);
    }

    /// Decisions by outcome since the host began, `permitted` first and then in the order of the table of reasons.
    pub fn checks_by_outcome(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.checks.counts()
    }

    /// Counts one answer, and for a check how long it took.
    pub(crate) fn count_request(&self, area: Area, status: u16, took: Duration) {
        self.requests.count(area, status, took);
    }

    /// Connections that are open.
    pub fn connections(&self) -> u64 {
        u64::try_from(self.connections.get()).unwrap_or_default()
    }

    /// Notes how many connections are open.
    pub(crate) fn note_connections(&self, open: usize) {
        self.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Everything in the text format that scrapers read.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
