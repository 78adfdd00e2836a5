//! What is counted. Handles of what is frequent are made once, so that counting costs an addition and no look-up; labels come
//! from tables of ours and from the names of clients, so that no stranger can make a new series.

mod activity;
mod checks;
mod gauges;
mod requests;

use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tollgate::{Condition, DenyReason, Revision};

use crate::followers::Followers;
use activity::Activities;
use checks::Checks;
use gauges::Gauges;
use requests::Requests;

pub(crate) use requests::Area;

/// All counts of one host.
pub struct Metrics {
    registry: Registry,
    checks: Checks,
    requests: Requests,
    activities: Activities,
    gauges: Gauges,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        let checks = Checks::register(&mut registry);
        Self {
            checks,
            requests: Requests::register(&mut registry),
            activities: Activities::register(&mut registry),
            gauges: Gauges::register(&mut registry),
            registry,
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

    /// Counts what the authorization server was asked for: by which client, where that exists, and with which outcome.
    pub(crate) fn count_activity(&self, client: Option<&str>, asked: &'static str, outcome: &'static str) {
        self.activities.count(client, asked, outcome);
    }

    /// Connections that are open.
    pub fn connections(&self) -> u64 {
        self.gauges.connections()
    }

    /// Notes how many connections are open.
    pub(crate) fn note_connections(&self, open: usize) {
        self.gauges.note_connections(open);
    }

    /// Notes who follows the feed, and how many wait there, while checks see `newest`.
    pub(crate) fn note_followers(&self, newest: Revision, followers: &Followers) {
        self.gauges.note_followers(newest, followers.polls(), followers.list());
    }

    /// Where the number of permits that are held is noted.
    pub(crate) fn permits(&self) -> Gauge {
        self.gauges.permits()
    }

    /// Everything in the text format that scrapers read, with the engine in `condition`.
    pub(crate) fn text(&self, condition: &Condition) -> String {
        self.gauges.note(condition);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
