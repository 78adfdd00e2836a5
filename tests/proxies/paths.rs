//! What was decided on is what the upstream gets, however the path is written.
//!
//! Some proxies hand a path on as it came, some normalise it first, some refuse it. Any of that is safe as long as Tollgate
//! and the upstream are told the same, so a tap on the line to Tollgate is compared with what arrives.

use tollgate_tests::http::Request;

use super::world::World;

/// Targets that every proxy serves, as they were sent.
const PLAIN: &[&str] = &[
    "/",
    "/orders",
    "/orders/7?a=b",
    "/orders?",
    "/orders??",
    "/orders?a=/../b",
    "/orders?a=%26&&=",
    "/orders?a=%2e%2e%2f",
    "/check",
    "/check?profile=nginx",
    "/orders%20and%20more",
];

/// Targets that programs along the way like to read differently, or not at all.
const TRICKY: &[&str] = &[
    "//",
    "//admin",
    "///orders//",
    "/orders/../admin",
    "/./orders",
    "/orders/.",
    "/orders/..",
    "/orders/%2e%2e/admin",
    "/orders/.%2E/admin",
    "/orders/%252e%252e/admin",
    "/orders%2F..%2Fadmin",
    "/orders%2fitems",
    "/orders%3Fitems",
    "/orders%23items",
    "/orders;v=1/items;v=2",
    "/orders/..;/admin",
    "/orders\\..\\admin",
    "/orders%5c..%5cadmin",
    "/orders%0d%0aX-Tollgate-User:%20root",
    "/%6frders",
    "/orders%00",
    "/orders%",
    "/orders%zz",
    "/orders/%c0%ae%c0%ae/admin",
    "/../admin",
    "/%2e%2e/admin",
    "/orders/../../admin",
    "/\u{fc}ber",
    "orders",
    "*",
    "/orders?a=b c",
    "/orders#",
    "/orders#?a=b",
    "/orders?a=b#c",
    "/orders\t",
];

pub(crate) fn what_was_decided_on_is_what_arrives_however_it_is_spelt(world: &mut World) {
    let (_, token) = world.user("alice", &[]);
    let tap = world.tap();
    for target in PLAIN {
        let request = Request::get(target);
        world.refuses(target, 401, &request);
        tap.take();
        let arrival = world.passes(target, &request.bearer(&token));
        assert_eq!(arrival.target, *target);
        assert_eq!((world.kind.told)(&tap.take()), [*target]);
    }
    for target in TRICKY {
        let request = Request::get(target);
        world.refuses_at_all(target, &request);
        tap.take();
        let (answer, arrival) = world.send(&request.bearer(&token));
        let told = (world.kind.told)(&tap.take());
        match arrival {
            Some(arrival) => {
                // A fragment has no place in a request, and programs disagree on whether a query follows it.
                assert!(!arrival.target.contains('#'), "{target} arrives as {}", arrival.target);
                assert_eq!(told, [arrival.target], "{target}");
            }
            None => assert!([400, 404].contains(&answer.status), "{target}: {answer:?}"),
        }
    }
}

/// A configuration that stopped normalising, or began to, would change what an upstream must cope with.
pub(crate) fn each_proxy_reads_targets_in_its_own_way(world: &mut World) {
    let (_, token) = world.user("alice", &[]);
    for (target, arrives) in world.kind.readings {
        let (_, arrival) = world.send(&Request::get(target).bearer(&token));
        assert_eq!(
            arrival.as_ref().map(|arrival| arrival.target.as_str()),
            *arrives,
            "{target}"
        );
    }
}

pub(crate) fn the_host_in_an_absolute_target_changes_nothing(world: &mut World) {
    let (_, token) = world.user("alice", &[]);
    let request = Request::get("http://upstream.example/orders?a=b");
    world.refuses("without a token", 401, &request);
    assert_eq!(
        world.passes("with a token", &request.bearer(&token)).target,
        "/orders?a=b"
    );
}
