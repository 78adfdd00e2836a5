//! Does a check stay within its targets? Every ratio is taken within this one run.
//!
//! `cargo bench --bench targets`; some twenty seconds, so it is also the tool to see what a change of the code did.

use std::hint::black_box;
use std::time::Duration;

use tollgate_benches::{
    Bearer, Case, Figure, Footprint, Plan, Population, Rounds, Table, admitted, bare_digest, compare, rate_of_threads,
    ratio, singly,
};
use tollgate_core::LiveView;

const HOT: Rounds = Rounds {
    count: 400,
    slice: Duration::from_millis(1),
};
const WIDE: Rounds = Rounds {
    count: 400,
    slice: Duration::from_millis(2),
};
const THREADS: Rounds = Rounds {
    count: 60,
    slice: Duration::from_millis(10),
};

fn main() {
    let mut targets = Table::new(&["target", "goal", "here", ""]);
    let mut judge = |target: &str, goal: &str, here: f64, met: bool| {
        let word = if met { "met" } else { "missed" };
        targets.row([target, goal, &format!("{here:.2}"), word].map(str::to_owned));
    };

    let hot = Population::new(Plan::one_each(1_000));
    let [digest, _, check, _] = versus_floor("1,000 tokens, hot", &hot, 1_000, HOT);
    judge(
        "hot check / bare digest",
        "≤ 2.5",
        check / digest,
        check <= 2.5 * digest,
    );

    let wide = Population::new(Plan::one_each(1_000_000));
    let [_, floor, check, _] = versus_floor("1,000,000 tokens, uniform", &wide, 1_000_000, WIDE);
    judge(
        "uniform 1M check / (digest + two dependent reads)",
        "≤ 1.8",
        check / floor,
        check <= 1.8 * floor,
    );

    for (name, population, shared) in [
        ("hot, each thread its own tokens", &hot, false),
        ("hot, both threads the same tokens", &hot, true),
        ("uniform 1M", &wide, false),
    ] {
        let gain = gain_of_two_threads(population, shared);
        judge(&format!("two threads / one: {name}"), "≥ 1.9", gain, gain >= 1.9);
    }
    for (name, population) in [("hot", &hot), ("uniform 1M", &wide)] {
        let p99 = (0..5)
            .map(|_| singly(&population.view, &population.bearers, 400_000).value_at_quantile(0.99))
            .min();
        let p99 = p99.unwrap_or(u64::MAX) as f64;
        judge(&format!("p99 in ns: {name}"), "< 1000", p99, p99 < 1_000.0);
    }
    println!("{targets}");
}

/// Times the floors and the check over one population; answers the best of each.
fn versus_floor(title: &str, population: &Population, lines: u64, rounds: Rounds) -> [f64; 4] {
    let plain = Population::new(Plan {
        own_networks: false,
        ..Plan::one_each(lines)
    });
    let footprint = Footprint::new(lines, lines);
    let bearers = &population.bearers;
    let mut cases = [
        Case::over("bare digest", bearers, |bearer| bare_digest(bearer.token())),
        Case::over("digest + two dependent reads", bearers, |bearer| {
            footprint.digest_and_read(bearer.token())
        }),
        Case::over("check, all gates", bearers, |bearer| admitted(&population.view, bearer)),
        Case::over("check, no networks of the user's own", &plain.bearers, |bearer| {
            admitted(&plain.view, bearer)
        }),
    ];
    let figures = compare(&mut cases, rounds);
    print(title, &figures);
    [0, 1, 2, 3].map(|at| figures[at].best)
}

fn print(title: &str, figures: &[Figure]) {
    let mut table = Table::new(&[title, "best ns", "median ns", "/ digest", "/ digest + reads"]);
    for figure in figures {
        let Figure { name, best, median } = figure;
        table.row([
            name.clone(),
            format!("{best:.1}"),
            format!("{median:.1}"),
            ratio(*best, figures[0].best),
            ratio(*best, figures[1].best),
        ]);
    }
    println!("{table}");
}

/// How much more two threads do than one, over the same tokens or over a half each.
fn gain_of_two_threads(population: &Population, shared: bool) -> f64 {
    let (view, all) = (&population.view, &population.bearers);
    let work = |thread: usize| {
        let (from, len) = match shared {
            true => (thread * all.len() / 2, all.len()),
            false => (thread * all.len() / 2, all.len() / 2),
        };
        over_and_over(view, all, from, len)
    };
    // The two take turns, so that both meet the same neighbours.
    let turns = (0..10).map(|_| {
        let rounds = Rounds { count: 6, ..THREADS };
        (rate_of_threads(1, rounds, work), rate_of_threads(2, rounds, work))
    });
    let (one, two) = turns.fold((0_f64, 0_f64), |best, turn| (best.0.max(turn.0), best.1.max(turn.1)));
    two / one
}

/// Checks `len` bearers from `from` on, wrapping around at the end.
fn over_and_over<'a>(view: &'a LiveView, all: &'a [Bearer], from: usize, len: usize) -> impl FnMut(u64) + use<'a> {
    let mut turn = 0;
    move |times| {
        for _ in 0..times {
            let at = (from + turn) % all.len();
            black_box(admitted(view, &all[at]));
            turn = if turn + 1 == len { 0 } else { turn + 1 };
        }
    }
}
