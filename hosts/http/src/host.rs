//! What every route works with: the engine, and what the host keeps beside it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tollgate::{Engine, NetworkRule, Timestamp, Verdict};
use tollgate_oauth::AuthorizationServer;

use crate::bounds::Bounds;
use crate::busiest::{Busiest, Busy};
use crate::cross_origin::CrossOrigin;
use crate::followers::Followers;
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::news::News;
use crate::permits::Permits;
use crate::request_id::Names;
use crate::settle::Settling;

/// How a host serves.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// What clients can hold on to.
    pub bounds: Bounds,
    /// Which pages of other origins may ask the JSON interfaces; none where that is off.
    pub cross_origin: Option<CrossOrigin>,
    /// The addresses that may read `/metrics`, behind all proxies: at first those of this machine, since the counts tell
    /// strangers how many users there are and how often tokens are guessed.
    pub metrics_from: Vec<NetworkRule>,
    /// The authorization server of the same engine. Without it there are no token endpoints and no pages, and checks know
    /// neither passwords nor tokens of other issuers.
    pub authorization: Option<AuthorizationServer>,
}

impl Default for HostOptions {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1"];
        Self {
            bounds: Bounds::default(),
            cross_origin: None,
            metrics_from: loopback.into_iter().filter_map(|rule| rule.parse().ok()).collect(),
            authorization: None,
        }
    }
}

/// An engine as a server has it. Cloning costs a reference count; all clones are the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    engine: Engine,
    options: HostOptions,
    metrics: Metrics,
    busiest: Busiest,
    names: Names,
    permits: Permits,
    followers: Followers,
    news: News,
    lane: Lane,
    settling: Settling,
    began: tokio::time::Instant,
}

impl Host {
    /// A host of `engine`.
    pub fn new(engine: Engine, options: HostOptions) -> Self {
        let metrics = Metrics::new();
        let lane = Lane::new();
        Self(Arc::new(Inner {
            engine,
            permits: Permits::new(options.bounds.permits_most, metrics.permits()),
            // Polls keep their connections, and others want some too.
            followers: Followers::new(options.bounds.polls_most.min(options.bounds.connections_most / 2)),
            news: News::new(),
            settling: Settling::new(options.authorization.clone(), lane.clone()),
            lane,
            options,
            metrics,
            busiest: Busiest::new(),
            names: Names::new(),
            began: tokio::time::Instant::now(),
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

    /// The authorization server, where there is one.
    pub(crate) fn authorization(&self) -> Option<&AuthorizationServer> {
        self.0.options.authorization.as_ref()
    }

    /// Where its work is done, which may block.
    pub(crate) fn lane(&self) -> &Lane {
        &self.0.lane
    }

    /// Which pages of other origins may ask.
    pub(crate) fn cross_origin(&self) -> Option<&CrossOrigin> {
        self.0.options.cross_origin.as_ref()
    }

    /// Whether `client` may read what was counted.
    pub(crate) fn may_scrape(&self, client: IpAddr) -> bool {
        let rules = &self.0.options.metrics_from;
        rules.iter().any(|rule| rule.range().contains(client.to_canonical()))
    }

    /// What names the requests that no proxy has named.
    pub(crate) fn names(&self) -> &Names {
        &self.0.names
    }

    /// The permits of requests elsewhere.
    pub(crate) fn permits(&self) -> &Permits {
        &self.0.permits
    }

    /// Who follows the feed.
    pub(crate) fn followers(&self) -> &Followers {
        &self.0.followers
    }

    /// What followers wait for.
    pub(crate) fn news(&self) -> &News {
        &self.0.news
    }

    /// Answers everybody who waits for changes at the feed, and lets nobody wait any more. [`Server`](crate::Server) does so
    /// when it stops; a server of your own does it first of all, since a follower may wait for half a minute.
    pub fn end_polls(&self) {
        self.0.news.stop();
    }

    /// What settles what checks leave open.
    pub(crate) fn settling(&self) -> &Settling {
        &self.0.settling
    }

    /// Counts one decision, and notes the use of what was permitted. Every route that decides does so here.
    pub(crate) fn count(&self, verdict: &Verdict<'_>, now: Timestamp) {
        let (denied, subject) = match verdict {
            Verdict::Permit(permit) => (None, permit.subject()),
            Verdict::Denial(denial) => (Some(denial.reason), denial.subject),
        };
        self.0.metrics.count_check(denied);
        if let Some(subject) = subject {
            self.0.busiest.count(subject.user.0, subject, denied.is_some(), now);
            if denied.is_none() {
                self.0.engine.used(&subject, now);
            }
        }
    }

    /// At most `most` users, the busiest of the latest seconds first, and how many milliseconds those were.
    pub(crate) fn busiest(&self, most: usize) -> (Vec<Busy>, u64) {
        self.0.busiest.most(most, self.0.engine.now())
    }

    /// How long this host has been there.
    pub fn uptime(&self) -> Duration {
        self.0.began.elapsed()
    }
}

impl From<Engine> for Host {
    /// A host with the default options.
    fn from(engine: Engine) -> Self {
        Self::new(engine, HostOptions::default())
    }
}
