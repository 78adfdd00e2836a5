//! What the workers of one proxy share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::status::Status;

/// What a metric is, with its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum MetricKind {
    /// Only grows.
    Counter = 0,
    /// Is what was last said.
    Gauge = 1,
    /// Notes what was said.
    Histogram = 2,
}

/// Clocks, metrics and shared data of one proxy. Clones are the same process.
///
/// The clocks stand still until they are set.
#[derive(Clone, Debug)]
pub struct Process {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    wall: Duration,
    monotonic: Duration,
    metrics: Vec<Metric>,
    values: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    next_cas: u32,
    seed: u64,
}

#[derive(Debug)]
struct Metric {
    kind: MetricKind,
    name: String,
    value: i128,
}

impl Process {
    /// A process whose wall clock stands at `wall` after 1970, and whose monotonic clock at an hour.
    pub fn new(wall: Duration) -> Self {
        let shared = Shared {
            wall,
            monotonic: Duration::from_secs(3_600),
            metrics: Vec::new(),
            values: BTreeMap::new(),
            next_cas: 1,
            seed: 0,
        };
        let shared = Arc::new(Mutex::new(shared));
        Self { shared }
    }

    /// Sets the wall clock, as its keeper may in both directions; the monotonic one goes on.
    pub fn set_wall(&self, wall: Duration) {
        self.shared.lock().wall = wall;
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, by: Duration) {
        let mut shared = self.shared.lock();
        shared.wall = shared.wall.saturating_add(by);
        shared.monotonic = shared.monotonic.saturating_add(by);
    }

    /// The wall clock.
    pub fn wall(&self) -> Duration {
        self.shared.lock().wall
    }

    /// The monotonic clock.
    pub fn monotonic(&self) -> Duration {
        self.shared.lock().monotonic
    }

    /// What a metric has come to; none where nobody has defined it. A histogram answers the sum of what it was told.
    pub fn metric(&self, name: &str) -> Option<i128> {
        let shared = self.shared.lock();
        let metric = shared.metrics.iter().find(|metric| metric.name == name)?;
        Some(metric.value)
    }

    /// Every metric that was defined, with its value.
    pub fn metrics(&self) -> Vec<(String, i128)> {
        let shared = self.shared.lock();
        let told = shared.metrics.iter().map(|metric| (metric.name.clone(), metric.value));
        told.collect()
    }

    /// Another seed for each VM.
    pub(crate) fn next_seed(&self) -> u64 {
        let mut shared = self.shared.lock();
        shared.seed += 1;
        shared.seed
    }

    /// The number of a metric, which is the same for all workers.
    pub(crate) fn define_metric(&self, kind: MetricKind, name: &str) -> u32 {
        let mut shared = self.shared.lock();
        let same = |metric: &Metric| metric.kind == kind && metric.name == name;
        let at = shared.metrics.iter().position(same).unwrap_or_else(|| {
            shared.metrics.push(Metric {
                kind,
                name: name.to_owned(),
                value: 0,
            });
            shared.metrics.len() - 1
        });
        // The two lowest bits tell the kind.
        (u32::try_from(at).unwrap_or(u32::MAX >> 3) + 1) << 2 | kind as u32
    }

    /// A counter takes no step but forward.
    pub(crate) fn increment_metric(&self, id: u32, by: i64) -> Status {
        self.change_metric(id, |metric| match metric.kind {
            MetricKind::Counter if by <= 0 => Status::BadArgument,
            MetricKind::Histogram => Status::BadArgument,
            MetricKind::Counter | MetricKind::Gauge => {
                metric.value += i128::from(by);
                Status::Ok
            }
        })
    }

    pub(crate) fn record_metric(&self, id: u32, value: u64) -> Status {
        self.change_metric(id, |metric| {
            match metric.kind {
                MetricKind::Counter | MetricKind::Histogram => metric.value += i128::from(value),
                MetricKind::Gauge => metric.value = i128::from(value),
            }
            Status::Ok
        })
    }

    pub(crate) fn metric_value(&self, id: u32) -> Result<u64, Status> {
        let mut value = 0;
        match self.change_metric(id, |metric| {
            value = u64::try_from(metric.value).unwrap_or_default();
            Status::Ok
        }) {
            Status::Ok => Ok(value),
            refused => Err(refused),
        }
    }

    fn change_metric(&self, id: u32, change: impl FnOnce(&mut Metric) -> Status) -> Status {
        let mut shared = self.shared.lock();
        let at = usize::try_from(id >> 2).ok().and_then(|at| at.checked_sub(1));
        at.and_then(|at| shared.metrics.get_mut(at))
            .map_or(Status::NotFound, change)
    }

    /// A shared value and the number by which it can be exchanged.
    pub(crate) fn shared_value(&self, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.shared.lock().values.get(key).cloned()
    }

    /// Sets a shared value, if it is still the one with this number; 0 is any.
    pub(crate) fn set_shared_value(&self, key: &[u8], value: &[u8], cas: u32) -> Status {
        let mut shared = self.shared.lock();
        let now = shared.values.get(key).map(|(_, cas)| *cas);
        if cas != 0 && now.is_some_and(|now| now != cas) {
            return Status::CasMismatch;
        }
        let next = shared.next_cas;
        shared.next_cas = next.wrapping_add(1).max(1);
        shared.values.insert(key.to_vec(), (value.to_vec(), next));
        Status::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process::new(Duration::from_secs(1_700_000_000))
    }

    #[test]
    fn a_counter_only_grows_and_a_gauge_is_what_was_last_said() {
        let process = process();
        let counter = process.define_metric(MetricKind::Counter, "c");
        let gauge = process.define_metric(MetricKind::Gauge, "g");
        assert_ne!(counter, gauge);
        assert_eq!(process.define_metric(MetricKind::Counter, "c"), counter);
        for (by, status) in [
            (2, Status::Ok),
            (0, Status::BadArgument),
            (-1, Status::BadArgument),
            (3, Status::Ok),
        ] {
            assert_eq!(process.increment_metric(counter, by), status, "{by}");
        }
        assert_eq!(process.increment_metric(gauge, -3), Status::Ok);
        assert_eq!(process.metric("g"), Some(-3));
        assert_eq!(process.record_metric(gauge, 9), Status::Ok);
        assert_eq!(process.metrics(), [("c".to_owned(), 5), ("g".to_owned(), 9)]);
        assert_eq!(process.record_metric(4_000, 9), Status::NotFound);
        assert_eq!(process.metric("other"), None);
    }

    #[test]
    fn a_value_is_exchanged_only_by_who_saw_the_last_one() {
        let process = process();
        assert_eq!(process.set_shared_value(b"k", b"1", 0), Status::Ok);
        let (_, cas) = process.shared_value(b"k").unwrap();
        assert_eq!(process.set_shared_value(b"k", b"2", cas), Status::Ok);
        assert_eq!(process.set_shared_value(b"k", b"3", cas), Status::CasMismatch);
        assert_eq!(process.shared_value(b"k").unwrap().0, b"2");
        assert_eq!(process.shared_value(b"other"), None);
    }

    #[test]
    fn the_wall_may_step_back_and_the_monotonic_clock_never_does() {
        let process = process();
        process.advance(Duration::from_secs(2));
        process.set_wall(Duration::from_secs(5));
        assert_eq!(process.wall(), Duration::from_secs(5));
        assert_eq!(process.monotonic(), Duration::from_secs(3_602));
    }
}
