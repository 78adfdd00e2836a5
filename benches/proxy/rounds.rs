//! Variants that take turns.

use std::time::Duration;

use super::processors;
use super::variant::{Cost, Variant};

/// How often each variant takes a turn of each kind, and how long a turn is.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    /// Rounds that do not count: every Envoy has to have had a turn.
    pub(crate) warming: usize,
    pub(crate) count: usize,
    pub(crate) turn: Duration,
}

/// The turns of one variant.
pub(crate) struct Turns {
    pub(crate) alone: Vec<Cost>,
    pub(crate) saturated: Vec<Cost>,
}

/// Lets the variants take turns: first with one connection while all programs share a processor, so that nothing but their
/// work counts, then with many while the worker has a processor to itself.
pub(crate) fn taken(variants: &mut [Variant], rounds: Rounds, others: &[u32]) -> Vec<Turns> {
    let mut turns: Vec<Turns> = variants
        .iter()
        .map(|_| Turns {
            alone: Vec::new(),
            saturated: Vec::new(),
        })
        .collect();
    let all_on = |processor| {
        processors::stay_on(processor);
        others.iter().for_each(|process| processors::put(*process, processor));
    };
    for round in 0..rounds.warming + rounds.count {
        all_on(processors::FIRST);
        let alone: Vec<Cost> = variants
            .iter_mut()
            .map(|variant| variant.alone(round, rounds.turn))
            .collect();
        all_on(processors::last());
        let saturated: Vec<Cost> = variants
            .iter_mut()
            .map(|variant| variant.saturated(round, rounds.turn))
            .collect();
        if round >= rounds.warming {
            for (turns, (alone, saturated)) in turns.iter_mut().zip(alone.into_iter().zip(saturated)) {
                turns.alone.push(alone);
                turns.saturated.push(saturated);
            }
        }
    }
    processors::roam();
    turns
}

/// What a variant cost more than another in the same round: the median over the rounds, and the quartiles.
#[derive(Clone, Copy)]
pub(crate) struct Added {
    pub(crate) median: f64,
    pub(crate) quartiles: (f64, f64),
}

/// By how much the turns of `more` cost more than those of `less`.
pub(crate) fn added(more: &[Cost], less: &[Cost], figure: impl Fn(&Cost) -> f64) -> Added {
    of(more
        .iter()
        .zip(less)
        .map(|(more, less)| figure(more) - figure(less))
        .collect())
}

/// The same for one variant by itself.
pub(crate) fn whole(turns: &[Cost], figure: impl Fn(&Cost) -> f64) -> Added {
    of(turns.iter().map(figure).collect())
}

fn of(mut figures: Vec<f64>) -> Added {
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
    Added {
        median: at(0.5),
        quartiles: (at(0.25), at(0.75)),
    }
}

/// In microseconds for one of `times`, with the quartiles.
pub(crate) fn told(added: Added, times: usize) -> String {
    let micros = |nanos: f64| nanos / 1_000.0 / times as f64;
    format!(
        "{:.2} ({:.2} to {:.2})",
        micros(added.median),
        micros(added.quartiles.0),
        micros(added.quartiles.1)
    )
}
