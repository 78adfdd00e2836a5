//! What the engine and the server are like at the moment of a scrape.

use std::cmp::Reverse;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tollgate::{Condition, Revision};

use crate::followers::Following;

/// Followers that have a series of their own.
const FOLLOWERS_MOST: usize = 256;

/// A follower of the feed, by the name of its token and its address.
type Follower = [(&'static str, String); 1];

/// Gauges that are set before they are read.
pub(super) struct Gauges {
    revision: Gauge,
    users: Gauge,
    tokens: Gauge,
    queued: Gauge,
    checking: Gauge,
    writing: Gauge,
    connections: Gauge,
    permits: Gauge,
    polls: Gauge,
    followers: Gauge,
    behind: Family<Follower, Gauge>,
    silent: Family<Follower, Gauge>,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut gauge = |name: &str, words: &str| {
            let gauge = Gauge::default();
            registry.register(name, words, gauge.clone());
            gauge
        };
        let behind = Family::<Follower, Gauge>::default();
        let silent = Family::<Follower, Gauge>::default();
        let gauges = Self {
            revision: gauge("revision", "The revision that checks see"),
            users: gauge("users", "Users that checks know"),
            tokens: gauge("tokens", "Tokens that checks know"),
            queued: gauge("writer_queue_depth", "Commands that wait for the writer"),
            checking: gauge("checking", "1 while checks can pass, 0 once every one is denied"),
            writing: gauge(
                "writing",
                "1 while commands are carried out, 0 once none is before a restart",
            ),
            connections: gauge("connections", "Connections that are open"),
            permits: gauge("permits", "Permits that are held for requests elsewhere"),
            polls: gauge("feed_polls", "Followers that wait for changes at the feed"),
            followers: gauge("followers", "Replicas and proxies that follow the feed"),
            behind: behind.clone(),
            silent: silent.clone(),
        };
        let words = "Revisions that a follower of the feed has not confirmed yet";
        registry.register("follower_lag_revisions", words, behind);
        let words = "Time since a follower of the feed was heard of; 0 while it waits for changes";
        registry.register_with_unit("follower_silent", words, Unit::Seconds, silent);
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the server", build);
        gauges
    }

    pub(super) fn note(&self, condition: &Condition) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.revision.set(number(condition.revision.0));
        self.users.set(number(condition.users));
        self.tokens.set(number(condition.tokens));
        self.queued.set(i64::try_from(condition.queued).unwrap_or(i64::MAX));
        self.checking.set(i64::from(condition.checks));
        self.writing.set(i64::from(condition.writes.is_ok()));
    }

    /// Whoever is not among them is forgotten. Those who lag most are told of one by one.
    pub(super) fn note_followers(&self, newest: Revision, polls: usize, mut followers: Vec<Following>) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.polls.set(number(polls));
        self.followers.set(number(followers.len()));
        self.behind.clear();
        self.silent.clear();
        followers.sort_by_key(|one| (one.revision, Reverse(one.silent)));
        for Following { name, revision, silent } in followers.into_iter().take(FOLLOWERS_MOST) {
            let lag = newest.0.saturating_sub(revision.0);
            let label = [("follower", name)];
            let behind = self.behind.get_or_create_owned(&label);
            behind.set(i64::try_from(lag).unwrap_or(i64::MAX));
            let seconds = i64::try_from(silent.as_secs()).unwrap_or(i64::MAX);
            self.silent.get_or_create_owned(&label).set(seconds);
        }
    }

    pub(super) fn note_connections(&self, open: usize) {
        self.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    pub(super) fn permits(&self) -> Gauge {
        self.permits.clone()
    }

    pub(super) fn connections(&self) -> u64 {
        u64::try_from(self.connections.get()).unwrap_or_default()
    }
}
