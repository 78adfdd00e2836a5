//! What each way to let a request through adds to it.

use std::time::Duration;

use serde_json::Value;
use tollgate_benches::{Table, ratio};
use tollgate_tests::envoy::{EMPTY, Setup, WasmFilter, assembled};

use super::engine::Served;
use super::envoys_own::{api_key_auth, ext_authz, jwt_authn};
use super::following::wait_until_loaded;
use super::jwt;
use super::modules::{CALLS, Part, READS};
use super::nginx::Nginx;
use super::rounds::{Rounds, Turns, added, taken, told, whole};
use super::variant::{Cost, Variant};

/// Envoys of each variant.
const INSTANCES: usize = 3;

const ROUNDS: Rounds = Rounds {
    warming: INSTANCES,
    count: 10 * INSTANCES,
    turn: Duration::from_millis(150),
};

/// Keys, tokens and subjects.
const COUNT: usize = 1_000;
/// Subjects with a token that is signed: enough that the cache has to find one among many.
const SIGNED: usize = 200;

/// What each variant is compared with.
struct Compared {
    name: &'static str,
    /// The place of the variant without filters that gets the same requests.
    nothing: usize,
}

struct Comparison {
    variants: Vec<Variant>,
    compared: Vec<Compared>,
}

impl Comparison {
    fn add(&mut self, name: &'static str, nothing: usize, setup: Setup, requests: &[Vec<u8>]) {
        self.variants.push(Variant::start(INSTANCES, &setup, requests, 200));
        self.compared.push(Compared { name, nothing });
    }
}

pub(crate) fn run() {
    let everybody = Served::start(COUNT, &["0.0.0.0/0", "::/0"]);
    let loopback = Served::start(COUNT, &["127.0.0.0/8"]);
    let nginx = Nginx::start();
    let (requests, loopback_requests) = (bearing(&everybody.tokens), bearing(&loopback.tokens));
    let signed = jwt::issued(SIGNED);
    let signed_requests = bearing(&signed.tokens);
    let empty = WasmFilter::new(&assembled("empty", EMPTY), "empty").entry();
    let of = |filter: Value| Setup::of(vec![filter]);

    let mut all = Comparison {
        variants: Vec::new(),
        compared: Vec::new(),
    };
    all.add(NOTHING, 0, Setup::of(Vec::new()), &requests);
    all.add(EMPTY_FILTER, 0, of(empty), &requests);
    let part = |part: &Part, id: &str| of(WasmFilter::new(&assembled(id, &part.text()), id).entry());
    let reads = part(&READS, "reads");
    all.add("a Wasm filter that reads the request's head", 0, reads, &requests);
    let calls = part(&CALLS, "calls");
    all.add("a Wasm filter that makes the plugin's calls", 0, calls, &requests);
    let plugin = all.variants.len();
    all.add(PLUGIN, 0, everybody.setup("everybody"), &requests);
    all.add(
        "the plugin, with a rule for addresses",
        0,
        loopback.setup("loopback"),
        &loopback_requests,
    );
    all.add(
        "`api_key_auth`, 1,000 keys",
        0,
        of(api_key_auth(&everybody.tokens)),
        &requests,
    );
    let signed_nothing = all.variants.len();
    all.add(
        "no filter, a signed token in the request",
        0,
        Setup::of(Vec::new()),
        &signed_requests,
    );
    let authn = |cache| of(jwt_authn(&signed, cache));
    all.add(
        "`jwt_authn` with its cache",
        signed_nothing,
        authn(Some(COUNT)),
        &signed_requests,
    );
    all.add("`jwt_authn` without", signed_nothing, authn(None), &signed_requests);
    let asking = of(ext_authz("tollgate"));
    all.add(
        "`ext_authz` to `tollgate serve`",
        0,
        loopback.reachable(asking),
        &loopback_requests,
    );
    let asking = of(ext_authz("nginx")).with_cluster("nginx", nginx.address);
    all.add(BARE, 0, asking, &requests);

    for variant in &all.variants[plugin..plugin + 2] {
        variant.envoys().for_each(|envoy| wait_until_loaded(envoy, 1, COUNT));
    }
    let others = [everybody.server.id(), loopback.server.id(), nginx.id()];
    let turns = taken(&mut all.variants, ROUNDS, &others);
    print(&all.compared, &turns);
}

const NOTHING: &str = "no filter";
const EMPTY_FILTER: &str = "an empty Wasm filter";
const PLUGIN: &str = "the plugin";
const BARE: &str = "`ext_authz` to a bare nginx";

fn print(compared: &[Compared], turns: &[Turns]) {
    let mut table = Table::new(&[
        "added to a request, µs",
        "all on one processor, one connection",
        "worker's work there",
        "saturated, between answers",
        "worker's work there",
    ]);
    let own = &turns[0];
    table.row([
        "no filter: the whole request".to_owned(),
        told(whole(&own.alone, |cost| cost.latency), 1),
        told(whole(&own.alone, |cost| cost.worked), 1),
        told(whole(&own.saturated, |cost| cost.interval), 1),
        told(whole(&own.saturated, |cost| cost.worked), 1),
    ]);
    for (compared, own) in compared.iter().zip(turns).skip(1) {
        let less = &turns[compared.nothing];
        table.row([
            compared.name.to_owned(),
            told(added(&own.alone, &less.alone, |cost| cost.latency), 1),
            told(added(&own.alone, &less.alone, |cost| cost.worked), 1),
            told(added(&own.saturated, &less.saturated, |cost| cost.interval), 1),
            told(added(&own.saturated, &less.saturated, |cost| cost.worked), 1),
        ]);
    }
    println!("medians of {} rounds, and their quartiles\n\n{table}", ROUNDS.count);
    judge(compared, turns);
}

/// The two goals, by each of the measures.
fn judge(compared: &[Compared], turns: &[Turns]) {
    let mut table = Table::new(&[
        "",
        "goal",
        "one processor",
        "worker's work there",
        "saturated",
        "worker's work there",
    ]);
    let of = |name: &str| &turns[compared.iter().position(|compared| compared.name == name).unwrap()];
    let figure = |name: &str, at: usize| {
        let (own, less) = (of(name), of(NOTHING));
        let alone = |figure: fn(&Cost) -> f64| added(&own.alone, &less.alone, figure).median;
        let saturated = |figure: fn(&Cost) -> f64| added(&own.saturated, &less.saturated, figure).median;
        match at {
            0 => alone(|cost| cost.latency),
            1 => alone(|cost| cost.worked),
            2 => saturated(|cost| cost.interval),
            _ => saturated(|cost| cost.worked),
        }
    };
    for (what, goal, to) in [
        ("the plugin / an empty Wasm filter", "≤ 1.70", EMPTY_FILTER),
        ("the plugin / `ext_authz` to a bare nginx", "≤ 0.17", BARE),
    ] {
        let ratios = (0..4).map(|at| ratio(figure(PLUGIN, at), figure(to, at)));
        table.row([what.to_owned(), goal.to_owned()].into_iter().chain(ratios));
    }
    println!("{table}");
}

/// What a client of an application sends, with each of these tokens.
pub(crate) fn bearing(tokens: &[String]) -> Vec<Vec<u8>> {
    let request = |token: &String| {
        format!(
            "GET /orders?page=2 HTTP/1.1\r\nhost: api.example.com\r\nuser-agent: orders/2.1\r\naccept: application/json\r\n\
             accept-encoding: gzip, br\r\nauthorization: Bearer {token}\r\n\r\n"
        )
    };
    tokens.iter().map(|token| request(token).into_bytes()).collect()
}
