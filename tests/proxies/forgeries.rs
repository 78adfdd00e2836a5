//! What a client writes into the fields that proxies write has no effect.

use std::net::{IpAddr, Ipv4Addr};

use tollgate_tests::http::{Request, exchange_from};

use super::world::{PROXY, TRUSTED, World};

/// An address that nobody trusts.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

/// Every way to write a field by which the upstream might take the caller for somebody else.
const IDENTITIES: &[(&str, &str)] = &[
    ("X-Tollgate-User", "root"),
    ("x-tollgate-user", "root"),
    ("X_Tollgate_User", "root"),
    ("X-Tollgate_User", "root"),
    ("X-Tollgate-Token-Id", "1"),
    ("X_Tollgate_Token_Id", "1"),
    ("X-Tollgate-Client", "root"),
    ("X-Tollgate-Scope", "everything"),
    ("X-Tollgate-Status", "200"),
    ("X_Tollgate-Status", "200"),
    ("X-TOLLGATE-USER", "root"),
    ("Connection", "X-Tollgate-User"),
    ("Connection", "x-tollgate-user"),
    ("Connection", "close, X-Tollgate-User, X-Tollgate-Token-Id"),
];

pub(crate) fn an_identity_that_the_client_writes_never_reaches_the_upstream(world: &World) {
    let (id, token) = world.user("alice", &[]);
    let all = |request: Request| {
        IDENTITIES
            .iter()
            .fold(request, |request, (name, value)| request.field(name, value))
    };
    let mut requests: Vec<Request> = IDENTITIES
        .iter()
        .map(|(name, value)| Request::get("/").bearer(&token).field(name, value))
        .collect();
    requests.push(all(Request::get("/").bearer(&token)));
    requests.push(all(all(Request::get("/"))).bearer(&token));
    for request in requests {
        let Some(arrival) = world.passes_or_is_turned_away("a forged identity", &request) else {
            continue;
        };
        assert_eq!(arrival.all("x-tollgate-user"), ["alice"], "{request:?}");
        assert_eq!(arrival.all("x-tollgate-token-id"), [id.as_str()], "{request:?}");
        for (name, value) in &arrival.fields {
            let named = ["x-tollgate-user", "x-tollgate-token-id"].contains(&name.as_str());
            let like = name.replace('_', "-").starts_with("x-tollgate");
            assert!(named || !like || value.is_empty(), "{name}: {value} by {request:?}");
            assert!(!like || !name.contains('_'), "{name} by {request:?}");
        }
    }
    world.refuses("a forged identity alone", 401, &all(Request::get("/")));
    let (_, narrow) = world.user("bob", &["--operations", "GET"]);
    world.refuses(
        "a forged identity with more rights",
        403,
        &all(Request::new("POST", "/").bearer(&narrow)),
    );
}

pub(crate) fn a_forwarded_address_that_the_client_writes_changes_nothing(world: &World) {
    let (_, token) = world.user("alice", &[]);
    let forged = |address: &str| {
        let request = Request::get("/").bearer(&token);
        vec![
            request.clone().field("X-Forwarded-For", address),
            request
                .clone()
                .field("X-Forwarded-For", &format!("{address}, {address}")),
            request
                .clone()
                .field("X-Forwarded-For", address)
                .field("X-Forwarded-For", address),
            request
                .clone()
                .field("X-Forwarded-For", address)
                .field("Connection", "X-Forwarded-For"),
            request.clone().field("X_Forwarded_For", address),
            request.clone().field("Forwarded", &format!("for={address}")),
            request.clone().field("X-Real-IP", address),
            request.clone().field("X-Client-IP", address),
            request.clone().field("True-Client-IP", address),
            request.clone().field("X-Original-For", address),
            request.field("X-Envoy-External-Address", address),
        ]
    };
    for request in forged(TRUSTED).into_iter().chain(forged(PROXY)) {
        let (answer, arrival) = world.send_from(STRANGER, &request);
        let turned_away = request.nominates() && answer.status == 400;
        assert!(answer.status == 403 || turned_away, "{request:?} {answer:?}");
        assert!(arrival.is_none(), "{request:?}");
    }
    for request in forged("127.0.0.9").into_iter().chain(forged("unknown")) {
        world.passes_or_is_turned_away("a trusted address that writes another", &request);
    }
}

pub(crate) fn a_method_that_the_client_only_writes_changes_nothing(world: &World) {
    let (_, token) = world.user("alice", &["--operations", "GET"]);
    let forged = |really: &str, says: &str| {
        let request = Request::new(really, "/").bearer(&token);
        vec![
            request.clone().field("X-Forwarded-Method", says),
            request.clone().field("X-Original-Method", says),
            request
                .clone()
                .field("X-Original-Method", says)
                .field("X-Original-Method", says),
            request
                .clone()
                .field("X-Original-Method", says)
                .field("Connection", "X-Original-Method"),
            request.clone().field("X_Original_Method", says),
            request.clone().field("X-HTTP-Method-Override", says),
            request.clone().field("X-HTTP-Method", says),
            request.clone().field("X-Method-Override", says),
            request.clone().field("X_HTTP_Method_Override", says),
            Request::new(really, &format!("/?_method={}", says.trim())).bearer(&token),
            request
                .clone()
                .field("Content-Type", "application/x-www-form-urlencoded")
                .body(&format!("_method={}", says.trim())),
            request
                .field("X-Forwarded-Method", says)
                .field("X-Original-Method", says),
        ]
    };
    for request in forged("DELETE", "GET") {
        world.refuses("DELETE that says it is GET", 403, &request);
    }
    for request in forged("GET", "DELETE").into_iter().chain(forged("GET", " ")) {
        assert_eq!(
            world.passes("GET that says it is something else", &request).method,
            "GET"
        );
    }
}

pub(crate) fn a_forwarded_uri_that_the_client_writes_changes_nothing(world: &World) {
    let (_, token) = world.user("alice", &[]);
    world.store.run(&["settings", "set", "allow_authtoken_in_url", "true"]);
    let with = format!("/?@authtoken={token}");
    let forged = |really: &str, says: &str| {
        let request = Request::get(really);
        vec![
            request.clone().field("X-Forwarded-Uri", says),
            request.clone().field("X-Original-URI", says),
            request
                .clone()
                .field("X-Original-URI", says)
                .field("X-Original-URI", says),
            request
                .clone()
                .field("X-Original-URI", says)
                .field("Connection", "X-Original-URI"),
            request.clone().field("X_Original_URI", says),
            request.clone().field("X-Original-URL", says),
            request.clone().field("X-Rewrite-URL", says),
            request.clone().field("X-Envoy-Original-Path", says),
            request.field("X-Forwarded-Uri", says).field("X-Original-URI", says),
        ]
    };
    for request in forged("/", &with) {
        world.refuses("a token in a URI that is only written", 401, &request);
    }
    for request in forged(&with, "/").into_iter().chain(forged(&with, "nonsense")) {
        world.passes("a token in the URI itself", &request);
    }
    let profile = format!("{with}&profile=plain");
    world.passes("a profile that the client asks for", &Request::get(&profile));
    world.refuses("a profile without a token", 401, &Request::get("/?profile=plain"));
}

/// The name of a request is on its answer and on its lines in the log; a client who chose it could hide among others.
pub(crate) fn a_request_id_that_the_client_writes_names_nothing(world: &World) {
    const FORGED: &str = "forged-by-the-client";
    let (_, token) = world.user("alice", &[]);
    for name in ["X-Request-Id", "X_Request_Id"] {
        let answer = world.refuses(name, 401, &Request::get("/").field(name, FORGED));
        assert!(!answer.all("x-request-id").contains(&FORGED), "{answer:?}");
        world.passes(name, &Request::get("/").bearer(&token).field(name, FORGED));
    }
    assert!(!world.server.log().contains(FORGED), "{}", world.server.log());
    let lines = world.server.log();
    assert!(lines.contains("check denied"), "the twin is there: {lines}");
}

/// A proxy that the setting does not name is a stranger that asks for itself, and over gRPC it is not answered at all.
pub(crate) fn a_proxy_that_is_not_trusted_lets_nobody_through(world: &World) {
    let (_, token) = world.user("alice", &[]);
    let request = Request::get("/").bearer(&token);
    world.passes("the twin", &request);
    world.store.run(&["settings", "set", "trusted_proxies", "127.0.0.9"]);
    let (answer, arrival) = world.send(&request);
    assert!([403, world.kind.without_answer].contains(&answer.status), "{answer:?}");
    assert!(arrival.is_none());
}

/// Fields of a proxy are believed from the addresses of the setting alone.
pub(crate) fn check_asking_past_the_proxy(world: &World) {
    let (_, token) = world.user("alice", &["--operations", "GET"]);
    let forged = Request::new("DELETE", "/check")
        .bearer(&token)
        .field("X-Forwarded-For", TRUSTED)
        .field("X-Original-Method", "GET")
        .field("X-Original-URI", "/");
    let ask = |source: IpAddr, request: &Request| exchange_from(source, world.server.address(), request).status;
    assert_eq!(ask(STRANGER, &forged), 403, "a stranger speaks for the stranger");
    world.store.run(&["network", "trust", "127.0.0.9"]);
    assert_eq!(ask(STRANGER, &forged), 403, "and asks to delete");
    let honest = Request::get("/check").bearer(&token);
    assert_eq!(ask(STRANGER, &honest), 200, "the twin");
    assert_eq!(ask(PROXY.parse().unwrap(), &forged), 200, "the proxy is believed");
    world.store.run(&["settings", "set", "trusted_proxies", "127.0.0.9"]);
    assert_eq!(ask(STRANGER, &forged), 200, "whoever the setting names is believed");
}
