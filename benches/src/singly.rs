//! Checks timed one by one, for percentiles.
//!
//! A reading of the clock costs about as much as a quarter of a check, so every figure here holds one; the same histogram
//! of two readings with nothing between them says how much that is.

use std::hint::black_box;
use std::time::Instant;

use hdrhistogram::Histogram;
use tollgate_core::LiveView;

use crate::population::{Bearer, admitted};

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 10_000_000_000, 3).unwrap()
}

/// Nanoseconds of `count` single checks, the clock's own cost included.
pub fn singly(view: &LiveView, bearers: &[Bearer], count: usize) -> Histogram<u64> {
    let mut times = histogram();
    for bearer in bearers.iter().cycle().take(count) {
        let start = Instant::now();
        black_box(admitted(view, black_box(bearer)));
        times.saturating_record(start.elapsed().as_nanos() as u64);
    }
    times
}

/// Nanoseconds between two readings of the clock.
pub fn timer_alone(count: usize) -> Histogram<u64> {
    let mut times = histogram();
    for _ in 0..count {
        let start = Instant::now();
        times.saturating_record(start.elapsed().as_nanos() as u64);
    }
    times
}
