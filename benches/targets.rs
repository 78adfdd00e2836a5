//! Does a check stay within its targets? Every ratio is taken within this one run.
//!
//! `cargo bench --bench targets`; some twenty seconds, so it is also the tool to see what a change of the code did.

use std::hint::black_box;
use std::time::Duration;

use tollgate_benches::{
    Bearer, Case, Figure, Footprint, Plan, Population, Rounds, Table, admitted, bare_digest, compare, gain_of_threads,
    ratio, singly,
};

const HOT: Rounds = Rounds {
    count: 400,
    slice: Duration::from_millis(1),
};
const WIDE: Rounds = Rounds {
    count: 400,
    slice: Duration::from_millis(2),
};
/// What two threads gain over one where they share nothing, below which the machine is not free enough to tell.
const FREE: f64 = 1.95;

fn main() {
    let mut targets = Table::new(&["target", "goal", "here", ""]);
    let mut judge = |target: &str, goal: &str, here: f64, met: Option<bool>| {
        let word = match met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "unknown: another program has a processor",
        };
        targets.row([target, goal, &format!("{here:.2}"), word].map(str::to_owned));
    };

    let hot = Population::new(Plan::one_each(1_000));
    let [digest, _, check, _] = versus_floor("1,000 tokens, hot", &hot, 1_000, HOT);
    judge(
        "hot check / bare digest",
        "≤ 2.5",
        check / digest,
        Some(check <= 2.5 * digest),
    );

    let wide = Population::new(Plan::one_each(1_000_000));
    let [_, floor, check, _] = versus_floor("1,000,000 tokens, uniform", &wide, 1_000_000, WIDE);
    judge(
        "uniform 1M check / (digest + two dependent reads)",
        "≤ 1.8",
        check / floor,
        Some(check <= 1.8 * floor),
    );

    let control = gain_of_two_threads(&hot, false, |bearer| {
        black_box(bare_digest(bearer.token()));
    });
    judge(
        "two threads / one: bare digest, for control",
        "",
        control,
        Some(control >= FREE),
    );
    for (name, population, shared) in [
        ("hot, each thread its own tokens", &hot, false),
        ("hot, both threads the same tokens", &hot, true),
        ("uniform 1M", &wide, false),
    ] {
        let gain = gain_of_two_threads(population, shared, |bearer| {
            black_box(admitted(&population.view, bearer));
        });
        let met = (control >= FREE).then_some(gain >= 1.9);
        judge(&format!("two threads / one: {name}"), "≥ 1.9", gain, met);
    }
    for (name, population) in [("hot", &hot), ("uniform 1M", &wide)] {
        let p99 = (0..5)
            .map(|_| singly(&population.view, &population.bearers, 400_000).value_at_quantile(0.99))
            .min();
        let p99 = p99.unwrap_or(u64::MAX) as f64;
        judge(&format!("p99 in ns: {name}"), "< 1000", p99, Some(p99 < 1_000.0));
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
fn gain_of_two_threads(population: &Population, shared: bool, one: impl Fn(&Bearer) + Sync) -> f64 {
    let (all, one) = (&population.bearers, &one);
    let mut works = [0, all.len() / 2].map(|from| {
        let len = if shared { all.len() } else { all.len() / 2 };
        let mut turn = 0;
        move |times| {
            // Counted on the thread's own stack: the works are neighbours in memory, and would take a line from each other.
            let mut next = turn;
            for _ in 0..times {
                one(&all[(from + next) % all.len()]);
                next = if next + 1 == len { 0 } else { next + 1 };
            }
            turn = next;
        }
    });
    gain_of_threads(&mut works, 500, 20_000)
}
