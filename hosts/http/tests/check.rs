//! `/check` from request to answer, without sockets: every reason to deny, every place of a credential, and what a proxy
//! says about a request, each with a twin that passes.

#[cfg(test)]
mod support;

use std::collections::BTreeSet;

use support::judged::{basic, passed, provoked, refused};
use support::{Answer, BEGIN, CLIENT, PROXY, World, ask, ask_through_proxy, issue, name};
use tollgate::{AddUser, DENY_REASONS, Limit, OperationSet, SetUser, Standing, UserChanges};

#[test]
fn a_permit_says_whose_the_token_is() {
    let world = World::new();
    let id = world.alice.record.id.0.to_string();
    for line in [
        "GET /check",
        "GET /check/",
        "GET /check/orders?page=2",
        "MERGE /check",
        "HEAD /check/a/b",
    ] {
        let answer = world.send(ask(line).bearer(world.token()).field("x-tollgate-user", "root"));
        passed(&answer);
        assert_eq!(answer.field("x-tollgate-user"), ["alice"], "{line}");
        assert_eq!(answer.field("x-tollgate-token-id"), [id.as_str()], "{line}");
        assert_eq!(answer.field("ratelimit"), [""; 0], "no limit, no field");
    }
    for line in ["GET /", "GET /checks", "GET /chec", "GET /CHECK", "GET /a/check"] {
        assert_eq!(world.send(ask(line).bearer(world.token())).status, 404, "{line}");
    }
}

#[test]
fn every_reason_to_deny_is_answered_by_its_row() {
    let mut met = BTreeSet::new();
    for row in &DENY_REASONS {
        let Some(answer) = provoked(row.label) else { continue };
        met.insert(row.label);
        refused(&answer, row.status, row.problem);
        assert_eq!(
            answer.field("www-authenticate").len(),
            if row.status == 401 {
                2
            } else {
                usize::from(row.bearer_error.is_some())
            }
        );
    }
    assert_eq!(met.len(), DENY_REASONS.len());
}

#[test]
fn invalid_tokens_look_alike_to_the_last_byte() {
    let mut alike: Vec<Answer> = ["unknown_token", "revoked", "suspended", "not_yet_valid", "expired"]
        .into_iter()
        .filter_map(provoked)
        .collect();
    for answer in &mut alike {
        // Drawn anew for every request, whatever becomes of it.
        assert!(answer.headers.remove("x-request-id").is_some_and(|id| id.len() == 32));
    }
    assert_eq!(alike.len(), 5);
    for answer in &alike {
        assert_eq!((&answer.headers, &answer.body), (&alike[0].headers, &alike[0].body));
    }
    let mut missing = provoked("missing_credential").unwrap();
    missing.headers.remove("x-request-id");
    assert_ne!(
        missing.headers, alike[0].headers,
        "the twin: a missing credential is told apart"
    );
}

#[test]
fn nginx_is_given_no_status_that_it_would_turn_into_500() {
    let world = World::new();
    world.run(SetUser {
        name: name("alice"),
        changes: UserChanges {
            per_hour: "1".parse().ok(),
            ..UserChanges::default()
        },
    });
    let asked = |line: &str| world.send(ask(line).bearer(world.token()));
    let first = asked("GET /check?profile=nginx");
    passed(&first);
    assert_eq!(first.field("x-tollgate-status"), ["200"]);
    let spent = asked("GET /check?profile=nginx");
    refused(&spent, 403, "rate-exceeded");
    assert_eq!(spent.field("x-tollgate-status"), ["429"]);
    assert_eq!(spent.field("retry-after"), ["3600"]);
    assert_eq!(asked("GET /check").status, 429);
    assert_eq!(asked("GET /check").field("x-tollgate-status"), [""; 0]);
    let through = ask_through_proxy("GET /check")
        .bearer(world.token())
        .field("x-original-uri", "/?profile=nginx");
    assert_eq!(
        world.send(through).status,
        429,
        "the parameter is the question's, not the request's"
    );
}

#[test]
fn what_is_left_of_a_limit_is_told() {
    let world = World::new();
    let limited = AddUser {
        per_hour: "2".parse().unwrap(),
        concurrent: Limit::Unlimited,
        ..AddUser::named(name("bob"))
    };
    world.run(limited);
    let bob = world.run(issue("bob"));
    let asked = || world.send(ask("GET /check").bearer(bob.token.expose()));
    assert_eq!(asked().field("ratelimit"), ["\"hourly\";r=1;t=3600"]);
    world.clock.set(BEGIN.plus_millis(1_500));
    assert_eq!(asked().field("ratelimit"), ["\"hourly\";r=0;t=3599"]);
    let spent = asked();
    assert_eq!(spent.status, 429);
    assert_eq!(spent.field("ratelimit"), ["\"hourly\";r=0;t=3599"]);
    assert_eq!(spent.field("ratelimit-policy"), ["\"hourly\";q=2;w=3600"]);
    assert_eq!(spent.field("retry-after"), ["3599"]);
    world.clock.set(BEGIN.plus_millis(3_600_000));
    passed(&asked());
}

#[test]
fn a_credential_passes_from_each_place_and_once() {
    let world = World::new();
    let token = world.token();
    let field = |name: &str, value: &str| world.send(ask("GET /check").field(name, value));
    passed(&field("authorization", &format!("bearer  {token}")));
    passed(&field("authorization", &basic("alice", token)));
    passed(&field("x-cdata-authtoken", token));
    refused(&field("authorization", &basic("bob", token)), 401, "invalid-token");
    refused(&field("authorization", "Basic !"), 400, "malformed-credential");
    refused(
        &field("authorization", &format!("Bearer {token},{token}")),
        400,
        "malformed-credential",
    );
    refused(&field("authorization", "Digest a=b"), 401, "missing-credential");
    refused(&field("x-cdata_authtoken", token), 401, "missing-credential");
    for name in ["authorization", "x-cdata-authtoken"] {
        let value = if name == "authorization" {
            format!("Bearer {token}")
        } else {
            token.to_owned()
        };
        let twice = ask("GET /check").field(name, &value).field(name, &value);
        refused(&world.send(twice), 400, "malformed-credential");
    }
}

#[test]
fn query_and_form_count_where_the_setting_lets_them() {
    let world = World::new();
    let parameter = format!("page=2&@authtoken={}", world.token());
    let query = || world.send(ask(&format!("GET /check/a?{parameter}")));
    let own = || world.send(ask(&format!("GET /check?{parameter}")));
    let form = || world.send(ask("POST /check/a").form(&parameter));
    let forwarded = || world.send(ask_through_proxy("GET /check").field("x-original-uri", &format!("/a?{parameter}")));
    for answer in [query(), own(), form(), forwarded()] {
        refused(&answer, 401, "missing-credential");
    }
    world.set("allow_authtoken_in_url", "true");
    for answer in [query(), own(), form(), forwarded()] {
        passed(&answer);
    }
    let both = ask(&format!("POST /check/a?{parameter}")).form(&parameter);
    refused(&world.send(both), 400, "malformed-credential");
    let asker = ask_through_proxy(&format!("GET /check?{parameter}")).field("x-original-uri", "/a");
    refused(&world.send(asker), 401, "missing-credential");
    let other = ask("POST /check/a").field("content-type", "text/plain");
    refused(&world.send(other), 401, "missing-credential");
}

#[test]
fn a_form_that_cannot_be_looked_through_may_hide_a_credential() {
    let world = World::new();
    let long = |len: usize| world.send(ask("POST /check/a").bearer(world.token()).form(&"x".repeat(len)));
    passed(&long(64 * 1024 + 1));
    world.set("allow_authtoken_in_url", "true");
    passed(&long(64 * 1024));
    let answer = long(64 * 1024 + 1);
    refused(&answer, 400, "malformed-credential");
    assert!(answer.detail().contains("65536 bytes"), "{}", answer.detail());
}

#[test]
fn what_a_proxy_says_of_the_request_is_what_is_judged() {
    let world = World::new();
    let only_get = UserChanges {
        operations: Some(OperationSet::from_bits(1)),
        ..UserChanges::default()
    };
    world.run(SetUser {
        name: name("alice"),
        changes: only_get,
    });
    let through = |line: &str, fields: &[(&str, &str)]| {
        let question = ask_through_proxy(line).bearer(world.token());
        world.send(
            fields
                .iter()
                .fold(question, |question, (name, value)| question.field(name, value)),
        )
    };
    for (line, fields) in [
        ("GET /check", &[][..]),
        ("POST /check", &[("x-original-method", "GET")]),
        (
            "POST /check",
            &[("x-forwarded-method", "HEAD"), ("x-forwarded-uri", "/a")],
        ),
        (
            "GET /check/a",
            &[("x-forwarded-method", "GET"), ("x-forwarded-uri", "/a")],
        ),
        (
            "GET /check",
            &[("x-http-method-override", "DELETE"), ("x_original_method", "DELETE")],
        ),
    ] {
        passed(&through(line, fields));
    }
    for (line, fields) in [
        ("DELETE /check", &[][..]),
        ("GET /check", &[("x-original-method", "DELETE")]),
        ("GET /check", &[("x-forwarded-method", "DELETE")]),
        ("GET /check", &[("x-original-method", "get")]),
        (
            "DELETE /check",
            &[("x-http-method-override", "GET"), ("x_original_method", "GET")],
        ),
    ] {
        refused(&through(line, fields), 403, "operation-refused");
    }
    for (line, fields) in [
        (
            "GET /check",
            &[("x-original-method", "DELETE"), ("x-forwarded-method", "GET")][..],
        ),
        (
            "GET /check",
            &[("x-original-method", "GET"), ("x-original-method", "GET")],
        ),
        ("DELETE /check/a", &[("x-forwarded-method", "GET")]),
        ("GET /check", &[("x-original-uri", "/a"), ("x-forwarded-uri", "/b")]),
        ("GET /check", &[("x-original-uri", "http://upstream/a")]),
        ("GET /check", &[("x-original-uri", "/a#b")]),
    ] {
        let answer = through(line, fields);
        refused(&answer, 400, "malformed-credential");
        assert!(
            answer.detail().contains("URI") || answer.detail().contains("method"),
            "{}",
            answer.detail()
        );
    }
}

#[test]
fn strangers_speak_for_themselves_alone() {
    let world = World::new();
    let only_get = UserChanges {
        operations: Some(OperationSet::from_bits(1)),
        ..UserChanges::default()
    };
    world.run(SetUser {
        name: name("alice"),
        changes: only_get,
    });
    let forged = |caller: &str| {
        let question = ask("DELETE /check")
            .bearer(world.token())
            .from(caller)
            .field("x-original-method", "GET");
        world.send(question.field("x-forwarded-for", CLIENT))
    };
    passed(&forged(PROXY));
    refused(&forged(CLIENT), 403, "operation-refused");
    refused(&forged("198.51.100.1"), 403, "network-refused");
    let honest = ask("GET /check")
        .bearer(world.token())
        .field("x-forwarded-for", "198.51.100.1");
    passed(&world.send(honest));

    world.set("trusted_proxies", "198.51.100.1");
    refused(&forged(PROXY), 403, "network-refused");
    passed(&forged("198.51.100.1"));
}

#[test]
fn the_address_behind_the_proxies_is_the_one_that_rules_are_about() {
    let world = World::new();
    let from = |chain: &[&str]| {
        let question = ask("GET /check").from(PROXY).bearer(world.token());
        world.send(
            chain
                .iter()
                .fold(question, |question, line| question.field("x-forwarded-for", line)),
        )
    };
    for chain in [
        &[CLIENT][..],
        &["198.51.100.1, 203.0.113.7"],
        &["unknown", CLIENT, "127.0.0.9"],
        &["203.0.113.7:80"],
    ] {
        passed(&from(chain));
    }
    for chain in [
        &[][..],
        &["203.0.113.7, 198.51.100.1"],
        &["203.0.113.7, unknown"],
        &["203.0.113.7,"],
        &[CLIENT, "::1, 198.51.100.1"],
    ] {
        refused(&from(chain), 403, "network-refused");
    }
    world.run(tollgate::AddNetwork {
        rule: PROXY.parse().unwrap(),
        standing: Standing::Trusted,
        user: None,
    });
    passed(&from(&[]));
    refused(&from(&["unknown"]), 403, "network-refused");
}

/// The network is asked before anything that the request itself says is looked at.
#[test]
fn a_banned_address_learns_nothing_from_contradictions() {
    let world = World::new();
    let question = |client: &str| {
        let question = ask("GET /check")
            .from(PROXY)
            .bearer(world.token())
            .field("x-forwarded-for", client);
        world.send(question.field("x-forwarded-uri", "/a").field("x-original-uri", "/b"))
    };
    refused(&question("198.51.100.1"), 403, "network-refused");
    refused(&question(CLIENT), 400, "malformed-credential");
}

#[test]
fn a_preflight_passes_without_a_name_where_the_setting_lets_it() {
    let world = World::new();
    let preflight = || {
        let question = ask_through_proxy("GET /check").field("x-original-method", "OPTIONS");
        world.send(
            question
                .field("origin", "https://app.example")
                .field("access-control-request-method", "PUT"),
        )
    };
    refused(&preflight(), 401, "missing-credential");
    world.set("allow_preflight", "true");
    let answer = preflight();
    passed(&answer);
    assert_eq!(answer.field("x-tollgate-user"), [""]);
    let plain = ask_through_proxy("GET /check").field("x-original-method", "OPTIONS");
    refused(&world.send(plain), 401, "missing-credential");
}

#[test]
fn the_server_says_that_it_lives_and_nothing_else() {
    let world = World::new();
    let answer = world.send(ask("GET /healthz").from("198.51.100.1"));
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    assert_eq!(world.send(ask("POST /healthz")).status, 405);
    assert_eq!(world.send(ask("GET /")).status, 404);
}
