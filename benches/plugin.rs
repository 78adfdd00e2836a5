//! What does a check cost inside the plugin, and how much room and time does its view take?
//!
//! The compiled plugin runs under wasmtime, which compiles it with Cranelift; Envoy's V8 is another compiler, and its figures are
//! those of the bench `proxy`. The same work is done natively beside it, in turns, so that ratios can be trusted where times
//! cannot. Make the module first: `plugins/proxy/build measure`.
//!
//! `-- fast` leaves the million tokens out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark that cannot set itself up should stop at once, and it measures time for a living"
)]

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use tollgate_benches::{
    Bearer, Case, Figure, KEY, NOW, PEER, Plan, Population, Rounds, Scatter, Table, admitted, bare_digest, compare,
    ratio, server_record, token_record, user_record,
};
use tollgate_core::feed::{FeedRecord, Follower, FrameKey, Heard, Rule, Worked};
use tollgate_core::{DigestKey, TokenKind, TokenText, WellFormed};
use tollgate_wasm::{Callout, ContextId, Feed, Headers, Outcome, Process, Program, Request, Settings, Vm};

const ROUNDS: Rounds = Rounds {
    count: 21,
    slice: Duration::from_millis(20),
};
/// Checks for each call into the module, so that the call counts for nothing.
const BATCH: u32 = 200;

fn main() {
    let fast = std::env::args().any(|argument| argument == "fast");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/wasm32-wasip1/release/tollgate_proxy_measure.wasm");
    let module = std::fs::read(&path)
        .unwrap_or_else(|why| panic!("{}: {why}; make it with: plugins/proxy/build measure", path.display()));
    let start = Instant::now();
    let program = Program::compile(&module).unwrap();
    println!(
        "compiled in {:.2} s, {} bytes\n",
        start.elapsed().as_secs_f64(),
        module.len()
    );

    let mut table = Table::new(&["", "native ns", "in the module ns", "×"]);
    let mut plans = vec![Plan {
        own_networks: false,
        ..Plan::one_each(1_000)
    }];
    if !fast {
        plans.push(Plan {
            tokens: 1_000_000,
            users: 100_000,
            presented: 1_000_000,
            own_networks: false,
        });
    }
    for plan in plans {
        checks(&mut table, &program, plan);
    }
    println!("{table}");
    whole_requests(&program);

    let mut table = Table::new(&[
        "tokens",
        "bytes each",
        "memory MiB",
        "loaded s",
        "loaded natively s",
        "snapshot MiB",
    ]);
    for tokens in [100_000, 1_000_000].into_iter().take(if fast { 1 } else { 2 }) {
        table.row(load(&program, tokens));
    }
    println!("{table}");
}

fn feed_token() -> String {
    TokenText::from_entropy(TokenKind::Feed, &[9; 32]).expose().to_owned()
}

/// The text of each token of a population, in the order in which it is made.
fn texts(tokens: u64) -> impl Iterator<Item = TokenText> {
    let mut scatter = Scatter::new(1);
    (0..tokens).map(move |_| TokenText::from_entropy(TokenKind::Authtoken, &scatter.bytes()))
}

/// The facts of a population, as [`Population`] has them.
fn feed(tokens: u64, users: u64) -> Feed {
    let mut feed = Feed::new(feed_token(), [3; 16], KEY);
    let server = server_record();
    let rules = [(true, &server.networks.banned), (false, &server.networks.trusted)];
    for (banned, ranges) in rules {
        feed.state(
            ranges
                .iter()
                .map(|range| FeedRecord::AddRule(Rule { banned, range: *range })),
        );
    }
    feed.state([
        FeedRecord::PerHour(server.per_hour),
        FeedRecord::Concurrent(server.concurrent),
        FeedRecord::AuthtokenInUrl(server.authtoken_in_url),
    ]);
    feed.state((1..=users).map(|id| FeedRecord::PutUser(user_record(id, false))));
    let key = DigestKey::new(KEY);
    feed.state((0..).zip(texts(tokens)).map(|(at, text)| {
        let digest = key.digest(text.well_formed().unwrap());
        FeedRecord::PutToken(token_record(at + 1, digest, at * 7_368_787 % users + 1))
    }));
    feed
}

/// A worker whose plugin has the view, and how long its callbacks have taken for that.
fn loaded(program: &Program, feed: &Feed) -> (Vm, ContextId, Duration) {
    let process = Process::new(Duration::from_millis(NOW.as_millis()));
    let mut vm = Vm::new(
        program,
        &process,
        Settings {
            callback_most: None,
            ..Settings::default()
        },
    )
    .unwrap();
    let token = feed_token();
    let (root, taken) = vm.start_root(format!(
        r#"{{"cluster": "tollgate", "authority": "a", "feed_token": "{token}", "max_staleness_ms": 86400000, "memory_most_mib": 1024}}"#
    ));
    assert!(taken);
    let mut spent = Duration::ZERO;
    let newest = i128::from(feed.newest().0);
    while process.metric("tollgate.snapshots") != Some(1) || process.metric("tollgate.revision") != Some(newest) {
        process.advance(Duration::from_millis(1));
        let answers: Vec<_> = vm
            .callouts()
            .into_iter()
            .filter_map(|callout| Some((callout.token, feed.answer(&callout, process.monotonic())?)))
            .collect();
        let start = Instant::now();
        for (token, answer) in answers {
            vm.answer(token, answer);
        }
        vm.tick(root);
        spent += start.elapsed();
        assert!(vm.failure().is_none(), "{:?}", vm.failure());
    }
    (vm, root, spent)
}

/// Digest, digest and look-up, and the check, natively and in the module, in turns.
fn checks(table: &mut Table, program: &Program, plan: Plan) {
    let population = Population::new(plan);
    let (mut vm, ..) = loaded(program, &feed(plan.tokens, plan.users));
    let step = u32::try_from(plan.tokens / plan.presented).unwrap();
    let presented = vm
        .call_export("tollgate_measure_present", (plan.tokens as u32, step))
        .unwrap();
    assert_eq!(u64::from(presented), plan.presented);
    for export in ["tollgate_measure_checks", "tollgate_measure_look_ups"] {
        assert_eq!(vm.call_export(export, (presented, 0)).unwrap(), presented, "{export}");
    }
    let vm = RefCell::new(vm);
    let batches = [BATCH];
    let inside = |name: &str, export: &'static str| {
        let vm = &vm;
        Case::over(name, &batches, move |batch| {
            vm.borrow_mut().call_export(export, (*batch, 0)).unwrap()
        })
    };
    let look_up = |bearer: &Bearer| {
        let token = WellFormed::parse(bearer.token()).unwrap();
        population.view.token(&population.view.digest(token)).is_some()
    };
    let bearers = &population.bearers;
    let figures = compare(
        &mut [
            Case::over("digest", bearers, |bearer| bare_digest(bearer.token())),
            inside("digest", "tollgate_measure_digests"),
            Case::over("digest and look-up", bearers, look_up),
            inside("digest and look-up", "tollgate_measure_look_ups"),
            Case::over("check", bearers, |bearer| admitted(&population.view, bearer)),
            inside("check", "tollgate_measure_checks"),
        ],
        ROUNDS,
    );
    let each = |figure: &Figure| figure.best / f64::from(BATCH);
    for pair in figures.chunks(2) {
        let (native, module) = (pair[0].best, each(&pair[1]));
        table.row([
            format!("{}, {} tokens", pair[0].name, plan.tokens),
            format!("{native:.0}"),
            format!("{module:.0}"),
            ratio(module, native),
        ]);
    }
    table.row([
        format!("check by its look-up, {} tokens", plan.tokens),
        ratio(figures[4].best, figures[2].best),
        ratio(figures[5].best, figures[3].best),
        String::new(),
    ]);
}

/// A guest that makes the calls of a permitted request and decides nothing.
const CALLS_ALONE: &str = r#"(module
    (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
    (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 4096))
    (func (export "proxy_on_context_create") (param i32 i32))
    (func (export "proxy_on_delete") (param i32))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))
      (drop (call $property (i32.const 64) (i32.const 14) (i32.const 0) (i32.const 4)))
      (drop (call $time (i32.const 8)))
      (drop (call $add (i32.const 0) (i32.const 80) (i32.const 15) (i32.const 80) (i32.const 13)))
      (drop (call $add (i32.const 0) (i32.const 80) (i32.const 15) (i32.const 80) (i32.const 0)))
      (drop (call $add (i32.const 0) (i32.const 80) (i32.const 15) (i32.const 80) (i32.const 0)))
      (drop (call $add (i32.const 0) (i32.const 80) (i32.const 15) (i32.const 80) (i32.const 4)))
      (i32.const 0))
    (data (i32.const 64) "source\00address")
    (data (i32.const 80) "x-tollgate-user"))"#;

/// A whole request under this host, against the same calls without a decision: what is left is the plugin's own work.
fn whole_requests(program: &Program) {
    let (plugin, root, _) = loaded(program, &feed(1_000, 1_000));
    let bare = Program::compile(&wat::parse_str(CALLS_ALONE).unwrap()).unwrap();
    let process = Process::new(Duration::from_millis(NOW.as_millis()));
    let mut calls = Vm::new(&bare, &process, Settings::default()).unwrap();
    let (other, _) = calls.start_root("");
    let requests: Vec<Request> = texts(1_000)
        .map(|text| {
            Request::new("GET", "/api/orders")
                .field("authorization", format!("Bearer {}", text.expose()))
                .field("user-agent", "bench")
                .field("accept", "*/*")
                .from_peer((PEER, 40_000).into())
        })
        .collect();
    let pass = |vm: &mut Vm, root: ContextId, request: &Request| {
        let id = vm.request(root, request.clone());
        assert!(matches!(vm.end(id), Outcome::Passed(_)));
    };
    let (plugin, calls) = (RefCell::new(plugin), RefCell::new(calls));
    let figures = compare(
        &mut [
            Case::over("the plugin", &requests, |request| {
                pass(&mut plugin.borrow_mut(), root, request)
            }),
            Case::over("its calls alone", &requests, |request| {
                pass(&mut calls.borrow_mut(), other, request)
            }),
        ],
        ROUNDS,
    );
    let mut table = Table::new(&["a permitted request under this host", "ns"]);
    for figure in &figures {
        table.row([figure.name.clone(), format!("{:.0}", figure.best)]);
    }
    table.row([
        "what the plugin does in between".to_owned(),
        format!("{:.0}", figures[0].best - figures[1].best),
    ]);
    println!("{table}");
}

/// The room that a view takes in the module, and the time until it is there.
fn load(program: &Program, tokens: u64) -> [String; 6] {
    let (empty, ..) = loaded(program, &feed(0, 1_000));
    let feed = feed(tokens, 1_000);
    let (vm, _, spent) = loaded(program, &feed);
    let more = vm.memory_size() - empty.memory_size();
    let (native, bytes) = load_natively(&feed);
    let mib = |bytes: usize| format!("{:.0}", bytes as f64 / 1_048_576.0);
    [
        tokens.to_string(),
        format!("{:.1}", more as f64 / tokens as f64),
        mib(vm.memory_size()),
        format!("{:.2}", spent.as_secs_f64()),
        format!("{:.2}", native.as_secs_f64()),
        mib(bytes),
    ]
}

/// The same pages, worked in natively; with the bytes of all of them.
fn load_natively(feed: &Feed) -> (Duration, usize) {
    let mut follower = Follower::new(FrameKey::of_token(feed_token().as_bytes()));
    let (mut spent, mut bytes) = (Duration::ZERO, 0);
    for nonce in 1_u128.. {
        let path = follower.ask(nonce.to_le_bytes(), 0, 0).unwrap();
        let callout = Callout {
            token: 1,
            root: 1,
            cluster: String::new(),
            headers: Headers::new()
                .with(":path", path)
                .with("authorization", format!("Bearer {}", feed_token())),
            body: Vec::new(),
            timeout: None,
            sent_at: Duration::ZERO,
        };
        let answer = feed.answer(&callout, Duration::ZERO).unwrap();
        bytes += answer.body.len();
        let start = Instant::now();
        assert_eq!(follower.hear(answer.body, 0).unwrap(), Heard::Records);
        let worked = loop {
            match follower.work(2_048).unwrap() {
                Worked::More => {}
                worked => break worked,
            }
        };
        spent += start.elapsed();
        if worked == Worked::Opened {
            break;
        }
    }
    (spent, bytes)
}
