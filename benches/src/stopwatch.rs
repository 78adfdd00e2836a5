//! Comparing cases within one run, on a machine that others use too.
//!
//! All cases take turns in short slices, so that a disturbance meets all alike, and the best slice of each counts: a
//! neighbour can only make a slice slower. Ratios of such figures repeat within a few percent where times do not.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Something to time: `run` does it the given number of times.
pub struct Case<'a> {
    name: String,
    run: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Case<'a> {
    /// A case that does `one` for each of `items` in turn, over and over.
    pub fn over<T, R>(name: impl Into<String>, items: &'a [T], mut one: impl FnMut(&'a T) -> R + 'a) -> Self {
        let mut turn = items.iter().cycle();
        Self {
            name: name.into(),
            run: Box::new(move |times| {
                for item in turn.by_ref().take(times as usize) {
                    black_box(one(black_box(item)));
                }
            }),
        }
    }

    /// What is timed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does it `times` times and answers how long that took.
    pub fn time(&mut self, times: u64) -> Duration {
        let start = Instant::now();
        (self.run)(times);
        start.elapsed()
    }
}

/// How often all cases take a turn, and how long one turn is.
#[derive(Clone, Copy)]
pub struct Rounds {
    /// Turns of each case.
    pub count: u32,
    /// Length of a turn.
    pub slice: Duration,
}

/// What a case cost.
#[derive(Clone)]
pub struct Figure {
    /// The case.
    pub name: String,
    /// Nanoseconds for one, in the best slice.
    pub best: f64,
    /// Nanoseconds for one, in the median slice: far above the best on a machine that is disturbed.
    pub median: f64,
}

/// Times all cases in turns. The first turn warms up and does not count.
pub fn compare(cases: &mut [Case<'_>], rounds: Rounds) -> Vec<Figure> {
    let times: Vec<u64> = cases.iter_mut().map(|case| fitting(case, rounds.slice)).collect();
    let mut slices = vec![Vec::new(); cases.len()];
    for _ in 0..rounds.count {
        for ((case, times), slices) in cases.iter_mut().zip(&times).zip(&mut slices) {
            slices.push(case.time(*times).as_nanos() as f64 / *times as f64);
        }
    }
    let figure = |(case, mut slices): (&Case<'_>, Vec<f64>)| {
        slices.sort_by(f64::total_cmp);
        Figure {
            name: case.name.clone(),
            best: slices[0],
            median: slices[slices.len() / 2],
        }
    };
    cases.iter().zip(slices).map(figure).collect()
}

/// How many times fill a slice.
fn fitting(case: &mut Case<'_>, slice: Duration) -> u64 {
    let mut times = 1_000;
    loop {
        let took = case.time(times);
        if took * 4 >= slice {
            return ((times as f64 * slice.as_secs_f64() / took.as_secs_f64()) as u64).max(1);
        }
        times *= 2;
    }
}

/// The most that `threads` threads do together in a second, over the best of `rounds`. Thread number `n` works on
/// `work(n)`, over and over.
pub fn rate_of_threads<W: FnMut(u64) + Send>(threads: usize, rounds: Rounds, work: impl Fn(usize) -> W) -> f64 {
    let mut works: Vec<W> = (0..threads).map(&work).collect();
    let mut times = 10_000;
    let mut best = 0_f64;
    for _ in 0..rounds.count {
        let took = together(&mut works, times);
        let slowest = took.iter().max().copied().unwrap_or_default();
        best = best.max(took.iter().map(|took| times as f64 / took.as_secs_f64()).sum());
        if slowest * 2 < rounds.slice {
            times *= 2;
        }
    }
    best
}

/// Starts all at the same moment and answers how long each took.
fn together<W: FnMut(u64) + Send>(works: &mut [W], times: u64) -> Vec<Duration> {
    let (ready, all) = (AtomicUsize::new(0), works.len());
    let timed = |work: &mut W| {
        // Ordering: Relaxed; a starting gun publishes nothing.
        ready.fetch_add(1, Ordering::Relaxed);
        // Ordering: Relaxed; as above.
        while ready.load(Ordering::Relaxed) < all {
            spin_loop();
        }
        let start = Instant::now();
        work(times);
        start.elapsed()
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = works.iter_mut().map(|work| scope.spawn(|| timed(work))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
