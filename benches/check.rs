//! What does a check cost, by outcome, by place of the credential, and by number of tokens?
//!
//! Each case goes through its tokens one after another; where a token and its user stand is unrelated to that order, so
//! for a million tokens every check meets lines that were last seen a million checks ago.

use std::time::Duration;

use criterion::Criterion;
use tollgate_benches::{Access, Bearer, Case, Footprint, NOW, Outcomes, Plan, Population, admitted, bare_digest};
use tollgate_core::{Field, Jwt, RequestParts, TokenKind, TokenText, check};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    floor(&mut criterion);
    outcomes(&mut criterion);
    access(&mut criterion);
    sizes(&mut criterion);
    criterion.final_summary();
}

fn time(criterion: &mut Criterion, group: &str, mut case: Case<'_>) {
    let mut group = criterion.benchmark_group(group);
    let name = case.name().to_owned();
    group.bench_function(name, |bencher| bencher.iter_custom(|times| case.time(times)));
    group.finish();
}

/// What no check by digest can do without.
fn floor(criterion: &mut Criterion) {
    let bearers: Vec<Bearer> = (1..=200)
        .map(|seed| Bearer::new(&TokenText::from_entropy(TokenKind::Authtoken, &[seed; 32])))
        .collect();
    let footprint = Footprint::new(1_000, 1_000);
    for case in [
        Case::over("digest", &bearers, |bearer| bare_digest(bearer.token())),
        Case::over("digest and two reads", &bearers, |bearer| {
            footprint.digest_and_read(bearer.token())
        }),
    ] {
        time(criterion, "floor", case);
    }
}

/// A thousand users and a token for each outcome.
fn outcomes(criterion: &mut Criterion) {
    let world = Outcomes::new(1_000);
    for (name, askings) in world.cases() {
        let requests: Vec<RequestParts<'_>> = askings.iter().map(|asking| asking.request()).collect();
        let case = Case::over(name, &requests, |request| check(&world.view, request, NOW));
        time(criterion, "outcome", case);
    }
}

/// What routes, clients and proofs add: 256 routes, and the same requests where there are none; beside it the bare digest of a
/// signed token of 800 bytes and its look-up.
fn access(criterion: &mut Criterion) {
    let world = Access::new(1_000);
    for (name, askings) in world.cases() {
        let requests: Vec<RequestParts<'_>> = askings.iter().map(|asking| asking.request()).collect();
        let case = Case::over(name, &requests, |request| check(&world.view, request, NOW));
        time(criterion, "access", case);
        let case = Case::over(format!("{name}, without routes"), &requests, |request| {
            check(&world.plain, request, NOW)
        });
        time(criterion, "access", case);
        if name == "permit, signed" {
            let texts: Vec<&[u8]> = requests.iter().filter_map(|request| signed(request)).collect();
            let case = Case::over("digest and look-up of a signed token", &texts, |text| {
                Jwt::parse(text)
                    .ok()
                    .and_then(|text| world.plain.token(&world.plain.jwt(text)))
            });
            time(criterion, "access", case);
        }
    }
}

fn signed<'a>(request: &RequestParts<'a>) -> Option<&'a [u8]> {
    match request.authorization {
        Field::Once(line) => line.strip_prefix(b"Bearer "),
        Field::Absent | Field::Repeated => None,
    }
}

/// All gates, over populations that caches hold and that they do not.
fn sizes(criterion: &mut Criterion) {
    for (name, plan) in [
        ("1,000 tokens of 1,000 users", Plan::one_each(1_000)),
        ("1,000,000 tokens of 1,000,000 users", Plan::one_each(1_000_000)),
        (
            "10,000,000 tokens of 1,000,000 users",
            Plan {
                tokens: 10_000_000,
                users: 1_000_000,
                presented: 1_000_000,
                own_networks: true,
            },
        ),
    ] {
        let population = Population::new(plan);
        let bearers = &population.bearers;
        let footprint = Footprint::new(plan.tokens, plan.users);
        for case in [
            Case::over(format!("check, {name}"), bearers, |bearer| {
                admitted(&population.view, bearer)
            }),
            Case::over(format!("floor, {name}"), bearers, |bearer| {
                footprint.digest_and_read(bearer.token())
            }),
        ] {
            time(criterion, "size", case);
        }
    }
}
