//! What every request gets: a name in its answer, and a place among the counts.

#[cfg(test)]
mod support;

use support::{Ask, PROXY, World, ask, ask_through_proxy};

/// What the answer to a request of these fields is called.
#[cfg(test)]
fn named(world: &World, ask: Ask) -> String {
    let answer = world.send(ask);
    let [id] = answer.field("x-request-id")[..] else {
        panic!("an answer has one name")
    };
    id.to_owned()
}

#[test]
fn a_proxy_names_its_requests_and_a_stranger_does_not() {
    let world = World::new();
    let given = "0b3a-7e";
    for path in ["GET /check", "GET /healthz", "GET /nowhere", "POST /healthz"] {
        assert_eq!(named(&world, ask(path).from(PROXY).field("x-request-id", given)), given);
        let drawn = named(&world, ask(path).field("x-request-id", given));
        assert_eq!(drawn.len(), 32, "{drawn}");
        assert_ne!(drawn, named(&world, ask(path)), "no two are alike");
    }
    let odd = ask("GET /healthz").from(PROXY).field("x-request-id", "a b");
    assert_eq!(named(&world, odd).len(), 32);
    let twice = ask("GET /healthz")
        .from(PROXY)
        .field("x-request-id", given)
        .field("x-request-id", given);
    assert_eq!(named(&world, twice).len(), 32);
}

#[test]
fn answers_are_counted_by_area_and_checks_by_outcome() {
    let world = World::new();
    let host = world.host();
    let scraped = |line: &str| {
        let answer = world.send_to(&host, ask("GET /metrics").from(PROXY));
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.ends_with("# EOF\n"), "{text}");
        let value = text
            .lines()
            .find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{line} in\n{text}")).to_owned()
    };
    let permitted = r#"tollgate_checks_total{outcome="permitted"}"#;
    let missing = r#"tollgate_checks_total{outcome="missing_credential"}"#;
    assert_eq!((scraped(permitted), scraped(missing)), ("0".to_owned(), "0".to_owned()));
    for _ in 0..3 {
        assert_eq!(
            world.send_to(&host, ask("GET /check").bearer(world.token())).status,
            200
        );
    }
    assert_eq!(world.send_to(&host, ask("GET /check/a")).status, 401);
    assert_eq!(world.send_to(&host, ask("GET /nobody/knows?a=b")).status, 404);
    assert_eq!((scraped(permitted), scraped(missing)), ("3".to_owned(), "1".to_owned()));
    for (line, value) in [
        (r#"tollgate_http_requests_total{area="check",status="2xx"}"#, "3"),
        (r#"tollgate_http_requests_total{area="check",status="4xx"}"#, "1"),
        (r#"tollgate_http_requests_total{area="other",status="4xx"}"#, "1"),
        (r#"tollgate_http_requests_total{area="admin",status="2xx"}"#, "0"),
        (r#"tollgate_check_seconds_bucket{le="+Inf"}"#, "4"),
        ("tollgate_check_seconds_count", "4"),
    ] {
        assert_eq!(scraped(line), value, "{line}");
    }
}

#[test]
fn a_server_is_ready_as_long_as_it_checks_and_takes_commands() {
    let world = World::new();
    let ready = || world.send(ask("GET /readyz"));
    assert_eq!((ready().status, ready().body), (200, b"ready".to_vec()));
    world.engine.clone().close();
    let answer = ready();
    assert_eq!((answer.status, answer.problem().as_str()), (503, "not-ready"));
    let words = answer.detail();
    assert!(
        words.contains("Every check is denied") && words.contains("closed"),
        "{words}"
    );
    assert_eq!(world.send(ask("GET /healthz")).status, 200, "it lives all the same");
}

#[test]
fn the_state_of_the_engine_stands_among_the_counts() {
    let world = World::new();
    let text = || String::from_utf8(world.send(ask("GET /metrics").from(PROXY)).body).unwrap();
    let revision = format!("tollgate_revision {}\n", world.engine.revision().0);
    let before = text();
    for line in [
        revision.as_str(),
        "tollgate_users 1\n",
        "tollgate_tokens 1\n",
        "tollgate_writer_queue_depth 0\n",
        "tollgate_checking 1\n",
        "tollgate_writing 1\n",
        "tollgate_connections 0\n",
        concat!("tollgate_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1\n"),
    ] {
        assert!(before.contains(line), "{line} in\n{before}");
    }
    assert!(
        !before.contains("alice") && !before.contains(world.token()),
        "no words of callers"
    );
    world.engine.clone().close();
    let after = text();
    assert!(
        after.contains("tollgate_checking 0\n") && after.contains("tollgate_writing 0\n"),
        "{after}"
    );
}

#[test]
fn strangers_do_not_read_the_counts() {
    let world = World::new();
    let status = |ask: Ask| world.send(ask).status;
    assert_eq!(status(ask("GET /metrics").from("127.0.0.9")), 200);
    assert_eq!(status(ask("GET /metrics").from("::1")), 200);
    assert_eq!(status(ask("GET /metrics").from("::ffff:127.0.0.1")), 200);
    assert_eq!(
        status(ask("GET /metrics")),
        403,
        "a client whom network rules trust is none who operates the server"
    );
    assert_eq!(
        status(ask_through_proxy("GET /metrics")),
        403,
        "nor is one behind a proxy on this machine"
    );
    assert_eq!(
        status(ask("GET /metrics").from(PROXY).field("x-forwarded-for", "nobody")),
        403
    );
    assert_eq!(status(ask("GET /readyz")), 200, "whoever spreads the load may ask");
}
