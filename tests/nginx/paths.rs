//! What was decided on is what the upstream gets, however the path is written.

use tollgate_tests::http::Request;

use super::world::World;

/// Targets that programs along the way like to read differently.
const TARGETS: &[&str] = &[
    "/",
    "//",
    "///orders//",
    "/orders/../admin",
    "/./orders",
    "/orders/%2e%2e/admin",
    "/orders%2F..%2Fadmin",
    "/orders%2fitems",
    "/orders;v=1/items;v=2",
    "/orders/..;/admin",
    "/orders\\..\\admin",
    "/orders%5c..%5cadmin",
    "/orders%0d%0aX-Tollgate-User:%20root",
    "/%6frders",
    "/orders?",
    "/orders??",
    "/orders?a=/../b",
    "/orders?a=%26&&=",
    "/check",
    "/check?profile=nginx",
    "/\u{fc}ber",
];

/// Targets that nginx serves nobody, whatever Tollgate says: out of the root, and with a zero byte.
const SERVED_TO_NOBODY: &[&str] = &["/../admin", "/%2e%2e/admin", "/orders/../../admin", "/orders%00"];

#[test]
fn every_spelling_is_decided_by_the_token_and_arrives_as_it_was_sent() {
    let world = World::start();
    let (_, token) = world.user("alice", &[]);
    for target in TARGETS {
        let request = Request::get(target);
        world.refuses(target, 401, &request);
        let arrival = world.passes(target, &request.bearer(&token));
        assert_eq!(arrival.target, *target);
    }
    for target in SERVED_TO_NOBODY {
        world.refuses(target, 400, &Request::get(target));
        world.refuses(target, 400, &Request::get(target).bearer(&token));
    }
}

/// A fragment has no place in a request, and programs disagree on whether a query follows it.
#[test]
fn a_target_with_a_fragment_is_refused() {
    let world = World::start();
    let (_, token) = world.user("alice", &[]);
    for target in ["/orders#", "/orders#?a=b", "/orders?a=b#c"] {
        world.refuses(target, 400, &Request::get(target).bearer(&token));
    }
    world.passes("the twin", &Request::get("/orders?a=b").bearer(&token));
}

#[test]
fn the_host_in_an_absolute_target_changes_nothing() {
    let world = World::start();
    let (_, token) = world.user("alice", &[]);
    let request = Request::get("http://upstream.example/orders?a=b");
    world.refuses("without a token", 401, &request);
    assert_eq!(
        world.passes("with a token", &request.bearer(&token)).target,
        "/orders?a=b"
    );
}

/// The place where nginx asks Tollgate cannot be asked from outside, under any of its names.
#[test]
fn the_inner_location_is_closed() {
    let world = World::start();
    let (_, token) = world.user("alice", &[]);
    for target in [
        "/_tollgate",
        "/_tollgate?a",
        "//_tollgate",
        "/%5ftollgate",
        "/a/../_tollgate",
        "/./_tollgate",
    ] {
        world.refuses(target, 404, &Request::get(target).bearer(&token));
    }
    world.refuses("the name of a named location", 401, &Request::get("/@refused"));
    assert_eq!(
        world
            .passes("its neighbour", &Request::get("/_tollgate/").bearer(&token))
            .target,
        "/_tollgate/"
    );
}
