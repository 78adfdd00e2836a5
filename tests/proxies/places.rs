//! A valid token passes from every place where it may stand, and the upstream learns whose it is.

use tollgate_tests::http::Request;

use super::world::World;
use tollgate_tests::basic::basic;

pub(crate) fn a_valid_token_passes_from_each_place_and_the_upstream_learns_whose_it_is(world: &World) {
    let (id, token) = world.user("alice", &[]);
    for request in [
        Request::get("/orders?page=2").bearer(&token),
        Request::get("/orders?page=2").field("authorization", &format!("bearer  {token}")),
        Request::get("/orders?page=2").field("Authorization", &basic("alice", &token)),
        Request::get("/orders?page=2").field("x-cdata-authtoken", &token),
        Request::get("/orders?page=2").field("X-CDATA-Authtoken", &token),
        Request::new("POST", "/orders?page=2")
            .bearer(&token)
            .body("a new order"),
        Request::new("POST", "/orders?page=2")
            .bearer(&token)
            .field("Expect", "100-continue")
            .body("a new order"),
        Request::new("MERGE", "/orders?page=2").bearer(&token),
        Request::new("HEAD", "/orders?page=2").bearer(&token),
    ] {
        let arrival = world.passes("a valid token", &request);
        assert_eq!(arrival.target, "/orders?page=2");
        let body: &[u8] = if arrival.method == "POST" { b"a new order" } else { b"" };
        assert_eq!(arrival.body, body, "{request:?}");
        assert_eq!(arrival.all("x-tollgate-user"), ["alice"], "{request:?}");
        assert_eq!(arrival.all("x-tollgate-token-id"), [id.as_str()], "{request:?}");
    }
}

/// The places of the query are closed until the setting opens them, while the server runs.
pub(crate) fn a_token_in_the_query_passes_where_the_setting_lets_it(world: &World) {
    let (_, token) = world.user("alice", &[]);
    let inside = [
        format!("/orders?@authtoken={token}"),
        format!("/orders?page=2&%40authtoken={token}&x=y"),
        format!(
            "/orders?%40%61uthtoken={}%{:x}",
            &token[..token.len() - 1],
            token.as_bytes()[token.len() - 1]
        ),
    ];
    for target in &inside {
        world.refuses("a query that is not looked at", 401, &Request::get(target));
    }
    world.store.run(&["settings", "set", "allow_authtoken_in_url", "true"]);
    for target in &inside {
        let arrival = world.passes("a token in the query", &Request::get(target));
        assert_eq!(
            (&arrival.target, arrival.all("x-tollgate-user")),
            (target, vec!["alice"])
        );
    }
    for target in [
        format!("/orders;@authtoken={token}"),
        format!("/orders/@authtoken={token}"),
        format!("/orders%3F@authtoken={token}"),
        format!("/orders?x=@authtoken={token}"),
        format!("/orders?@AUTHTOKEN={token}"),
        format!("/orders?x=y;@authtoken={token}"),
    ] {
        world.refuses("what is no query parameter", 401, &Request::get(&target));
    }
    let twice = format!("/orders?@authtoken={token}&@authtoken={token}");
    world.refuses("a token that stands twice", 400, &Request::get(&twice));
    let both = Request::get(&inside[0]).bearer(&token);
    world.refuses("a token in two places", 400, &both);
    // The proxy keeps the body to itself, so that what is in it can be no credential here.
    let form = Request::new("POST", "/orders")
        .field("Content-Type", "application/x-www-form-urlencoded")
        .body(&format!("@authtoken={token}"));
    world.refuses("a token in a form", 401, &form);

    world.store.run(&["settings", "set", "allow_authtoken_in_url", "false"]);
    world.refuses("a query that is no longer looked at", 401, &Request::get(&inside[0]));
}

pub(crate) fn a_token_beside_another_name_is_unknown(world: &World) {
    let (_, token) = world.user("alice", &[]);
    world.user("bob", &[]);
    for name in ["bob", "Alice", "", "alice ", "nobody"] {
        let request = Request::get("/").field("Authorization", &basic(name, &token));
        world.refuses(name, 401, &request);
    }
    world.passes(
        "the twin",
        &Request::get("/").field("Authorization", &basic("alice", &token)),
    );
}

/// Names need not be ASCII, header fields must.
pub(crate) fn a_name_that_no_header_field_can_carry_arrives_escaped(world: &World) {
    let (_, token) = world.user("Zoë 100%", &[]);
    let arrival = world.passes("an odd name", &Request::get("/").bearer(&token));
    assert_eq!(arrival.all("x-tollgate-user"), ["Zo%C3%AB%20100%25"]);
}
