//! What the engine and the server are like at the moment of a scrape.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tollgate::Condition;

/// A follower of the feed, by the name that its token has.
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
    followers: Family<Follower, Gauge>,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut gauge = |name: &str, words: &str| {
            let gauge = Gauge::default();
            registry.register(name, words, gauge.clone());
            gauge
        };
        let followers = Family::<Follower, Gauge>::default();
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
            followers: followers.clone(),
        };
        let words = "Changes that a follower of the feed has not confirmed yet";
        registry.register("follower_lag_revisions", words, followers);
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

    pub(super) fn note_followers(&self, lags: impl IntoIterator<Item = (String, u64)>) {
        self.followers.clear();
        for (name, lag) in lags {
            let follower = self.followers.get_or_create_owned(&[("follower", name)]);
            follower.set(i64::try_from(lag).unwrap_or(i64::MAX));
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
