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

/// How much more all of `works` do together than the first one does alone, each the best of `turns` turns of `times` times.
///
/// The two take turns, so that both meet the same neighbours; and work counts from the first start to the last end, so that
/// threads which did not run at the same time gain nothing.
pub fn gain_of_threads<W: FnMut(u64) + Send>(works: &mut [W], turns: usize, times: u64) -> f64 {
    let (line, count) = (StartLine::default(), works.len());
    let turns_of = |number: usize, work: &mut W| {
        let turn = |_| {
            line.wait_for(count);
            let alone = (number == 0).then(|| span(work, times));
            line.wait_for(count);
            (alone, span(work, times))
        };
        (0..turns).map(turn).collect::<Vec<_>>()
    };
    let turns_of = &turns_of;
    let spans: Vec<Vec<_>> = std::thread::scope(|scope| {
        let works = works.iter_mut().enumerate();
        let running: Vec<_> = works
            .map(|(number, work)| scope.spawn(move || turns_of(number, work)))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let alone = spans[0].iter().filter_map(|(alone, _)| *alone);
    let all = (0..turns).map(|turn| {
        let together = || spans.iter().map(move |spans| spans[turn].1);
        let first = together().map(|span| span.0).min().unwrap();
        (first, together().map(|span| span.1).max().unwrap())
    });
    count as f64 * shortest(alone).as_secs_f64() / shortest(all).as_secs_f64()
}

/// When something began and when it ended.
type Span = (Instant, Instant);

fn span(work: &mut impl FnMut(u64), times: u64) -> Span {
    let start = Instant::now();
    work(times);
    (start, Instant::now())
}

fn shortest(spans: impl Iterator<Item = Span>) -> Duration {
    spans.map(|(start, end)| end - start).min().unwrap()
}

/// Where threads wait for one another without giving up their processors.
#[derive(Default)]
struct StartLine {
    arrived: AtomicUsize,
}

impl StartLine {
    /// Returns when `count` threads have called this as often as the calling one.
    fn wait_for(&self, count: usize) {
        // Ordering: Relaxed; a starting gun publishes nothing.
        let arrived = self.arrived.fetch_add(1, Ordering::Relaxed);
        let all = (arrived / count + 1) * count;
        // Ordering: Relaxed; as above.
        while self.arrived.load(Ordering::Relaxed) < all {
            spin_loop();
        }
    }
}
