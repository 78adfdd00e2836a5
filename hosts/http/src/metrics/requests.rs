//! HTTP requests by area and status class, and how long checks take.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What a request is about, told by the beginning of its path, so that no path becomes a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Area {
    /// Forward authentication.
    Check,
    /// External authorization as Envoy asks for it.
    Grpc,
    /// Checks as JSON, and permits.
    Decisions,
    /// Administration.
    Admin,
    /// The feed of changes.
    Feed,
    /// The authorization server: its endpoints for programs.
    Identity,
    /// Pages for people.
    Account,
    /// Liveness, readiness and counts.
    Operations,
    /// Nothing that is there.
    Other,
}

/// The areas in their order, each with its label and the paths at and below which it lies.
const AREAS: [(Area, &str, &[&str]); 9] = [
    (Area::Check, "check", &["/check"]),
    (Area::Grpc, "grpc", &["/envoy.service.auth.v3.Authorization"]),
    (Area::Decisions, "v1", &["/v1"]),
    (Area::Admin, "admin", &["/admin"]),
    (Area::Feed, "feed", &["/feed"]),
    (Area::Identity, "identity", &["/identity", "/oauth2", "/.well-known"]),
    (Area::Account, "account", &["/account"]),
    (Area::Operations, "operations", &["/healthz", "/readyz", "/metrics"]),
    (Area::Other, "other", &[]),
];

/// The labels of status classes; the last is for what is none.
const CLASSES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "other"];

/// Upper ends of the buckets in seconds: a check takes microseconds, and only a machine in trouble takes longer.
const CHECK_BUCKETS_S: [f64; 14] = [
    0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0,
];

impl Area {
    pub(crate) fn of(path: &str) -> Self {
        let is_below = |root: &&str| {
            path.strip_prefix(*root)
                .is_some_and(|rest| matches!(rest.as_bytes().first(), None | Some(b'/')))
        };
        AREAS
            .iter()
            .find(|(_, _, roots)| roots.iter().any(is_below))
            .map_or(Self::Other, |(area, _, _)| *area)
    }
}

type Labels = [(&'static str, &'static str); 2];

/// One counter for each area and class.
pub(super) struct Requests {
    counts: [[Counter; CLASSES.len()]; AREAS.len()],
    check_seconds: Histogram,
}

impl Requests {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<Labels, Counter>::default();
        let counter = |area, class| family.get_or_create_owned(&[("area", area), ("status", class)]);
        let counts = AREAS.map(|(_, area, _)| CLASSES.map(|class| counter(area, class)));
        registry.register("http_requests", "Answers by area and class of status", family);
        let check_seconds = Histogram::new(CHECK_BUCKETS_S);
        let words = "Time from the head of a request to /check until its answer";
        registry.register_with_unit("check", words, Unit::Seconds, check_seconds.clone());
        Self { counts, check_seconds }
    }

    pub(super) fn count(&self, area: Area, status: u16, took: Duration) {
        let class = match status {
            200..=299 => 0,
            300..=399 => 1,
            400..=499 => 2,
            500..=599 => 3,
            _ => 4,
        };
        if let Some(counter) = self.counts.get(area as usize).and_then(|counts| counts.get(class)) {
            counter.inc();
        }
        if area == Area::Check {
            self.check_seconds.observe(took.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_lies_at_its_root_and_below_and_nowhere_else() {
        for (path, area) in [
            ("/check", Area::Check),
            ("/check/", Area::Check),
            ("/check/admin/v1", Area::Check),
            ("/checks", Area::Other),
            ("/v1/check", Area::Decisions),
            ("/v1", Area::Decisions),
            ("/v10", Area::Other),
            ("/admin/v1/users", Area::Admin),
            ("/feed/v1/changes", Area::Feed),
            ("/identity/connect/token", Area::Identity),
            ("/oauth2/token", Area::Identity),
            ("/.well-known/openid-configuration", Area::Identity),
            ("/account/login", Area::Account),
            ("/accounts", Area::Other),
            ("/envoy.service.auth.v3.Authorization/Check", Area::Grpc),
            ("/envoy.service.auth.v3.AuthorizationX/Check", Area::Other),
            ("/metrics", Area::Operations),
            ("/", Area::Other),
            ("", Area::Other),
        ] {
            assert_eq!(Area::of(path), area, "{path}");
        }
        assert!(AREAS.iter().enumerate().all(|(at, (area, ..))| *area as usize == at));
    }
}
