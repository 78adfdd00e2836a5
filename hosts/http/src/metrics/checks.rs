//! Decisions by outcome.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tollgate::{DENY_REASONS, DenyReason};

/// The label of a request that may pass; the others are in the table of reasons.
const PERMITTED: &str = "permitted";

type Labels = [(&'static str, &'static str); 1];

/// One counter for each outcome.
pub(super) struct Checks {
    permitted: Counter,
    /// In the order of the table of reasons.
    denied: [Counter; DENY_REASONS.len()],
}

impl Checks {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<Labels, Counter>::default();
        let counter = |label| family.get_or_create_owned(&[("outcome", label)]);
        let checks = Self {
            permitted: counter(PERMITTED),
            denied: DENY_REASONS.map(|row| counter(row.label)),
        };
        registry.register("checks", "Decisions by outcome", family);
        checks
    }

    pub(super) fn count(&self, denied: Option<DenyReason>) {
        let counter = match denied {
            None => Some(&self.permitted),
            Some(reason) => self.denied.get(reason as usize),
        };
        if let Some(counter) = counter {
            counter.inc();
        }
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let denied = DENY_REASONS.iter().zip(&self.denied);
        std::iter::once((PERMITTED, self.permitted.get()))
            .chain(denied.map(|(row, counter)| (row.label, counter.get())))
    }
}
