//! What a server has said of itself, second by second, and the rates that follow from it.

use std::collections::VecDeque;
use std::time::Duration;

use tollgate_http::control::{OutcomeShown, StatusShown};

/// Seconds that are kept.
const SAMPLES_MOST: usize = 300;

/// Checks that ended in one way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rate {
    pub(super) outcome: String,
    /// In a second, over the latest two samples.
    pub(super) per_second: f64,
    /// Since the server began.
    pub(super) total: u64,
}

/// The last minutes.
#[derive(Default)]
pub(super) struct History {
    latest: Option<(Duration, Vec<OutcomeShown>, u64)>,
    rates: Vec<Rate>,
    /// All checks in a second, the newest first.
    totals: VecDeque<u64>,
}

impl History {
    /// Takes what was said at `at`, on any clock that goes on. A server that began anew counts from nothing.
    pub(super) fn take(&mut self, at: Duration, status: &StatusShown) {
        let before = self
            .latest
            .take()
            .filter(|(_, _, uptime_s)| *uptime_s <= status.uptime_s);
        let rate = |outcome: &OutcomeShown| {
            let (then, counts, _) = before.as_ref()?;
            let seconds = at.saturating_sub(*then).as_secs_f64();
            let earlier = counts.iter().find(|earlier| earlier.id == outcome.id);
            let more = outcome.count.checked_sub(earlier.map_or(0, |earlier| earlier.count))?;
            (seconds > 0.0).then(|| wide(more) / seconds)
        };
        self.rates = status
            .checks
            .iter()
            .map(|outcome| Rate {
                outcome: outcome.id.clone(),
                per_second: rate(outcome).unwrap_or(0.0),
                total: outcome.count,
            })
            .collect();
        if before.is_some() {
            self.totals.push_front(whole(self.per_second()));
            self.totals.truncate(SAMPLES_MOST);
        }
        self.latest = Some((at, status.checks.clone(), status.uptime_s));
    }

    /// All checks in a second.
    pub(super) fn per_second(&self) -> f64 {
        self.rates.iter().map(|rate| rate.per_second).sum()
    }

    /// The outcomes that have come up: permits first, then those that come up most.
    pub(super) fn rates(&self) -> Vec<&Rate> {
        let mut rates: Vec<&Rate> = self.rates.iter().filter(|rate| rate.total > 0).collect();
        rates.sort_by(|one, other| {
            let permitted = |rate: &Rate| rate.outcome == "permitted";
            permitted(other)
                .cmp(&permitted(one))
                .then(other.per_second.total_cmp(&one.per_second))
                .then(other.total.cmp(&one.total))
                .then(one.outcome.cmp(&other.outcome))
        });
        rates
    }

    /// All checks in a second over the last minutes, the newest first.
    pub(super) fn totals(&self) -> impl Iterator<Item = u64> {
        self.totals.iter().copied()
    }

    /// How many seconds [`History::totals`] is about, and the most of them.
    pub(super) fn span(&self) -> (usize, u64) {
        (self.totals.len(), self.totals().max().unwrap_or(0))
    }
}

/// A count as a float; beyond 2^53 its last digits do not matter here.
#[allow(clippy::cast_precision_loss, reason = "a rate is shown with few digits")]
pub(super) fn wide(count: u64) -> f64 {
    count as f64
}

/// A rate in whole numbers; one that is not quite nothing shows.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are not negative, and a cast saturates"
)]
fn whole(rate: f64) -> u64 {
    rate.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::super::sample::status;
    use super::*;

    #[test]
    fn rates_are_what_came_between_two_samples() {
        let mut history = History::default();
        history.take(Duration::from_secs(10), &status(5, 100, 7));
        assert_eq!(
            (history.per_second(), history.span()),
            (0.0, (0, 0)),
            "one sample is no rate"
        );
        history.take(Duration::from_secs(12), &status(7, 300, 9));
        assert_eq!((history.per_second(), history.span()), (101.0, (1, 101)));
        let rates = history.rates();
        let shown: Vec<(&str, f64, u64)> = rates
            .iter()
            .map(|rate| (rate.outcome.as_str(), rate.per_second, rate.total))
            .collect();
        assert_eq!(shown, [("permitted", 100.0, 300), ("unknown_token", 1.0, 9)]);
    }

    #[test]
    fn a_server_that_began_anew_counts_from_nothing() {
        let mut history = History::default();
        history.take(Duration::from_secs(1), &status(100, 1_000, 0));
        history.take(Duration::from_secs(2), &status(0, 5, 0));
        assert_eq!(history.per_second(), 0.0);
        history.take(Duration::from_secs(3), &status(1, 8, 0));
        assert_eq!(history.per_second(), 3.0);
        assert_eq!(history.totals().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn no_more_than_the_last_minutes_are_kept() {
        let mut history = History::default();
        for second in 0..1_000 {
            history.take(Duration::from_secs(second), &status(second, second * second, 0));
        }
        assert_eq!(history.span().0, SAMPLES_MOST);
        assert_eq!(history.totals().next(), Some(2 * 998 + 1));
    }
}
