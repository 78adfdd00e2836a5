//! `/v1/check` over real connections: the same decisions as `/check`, and who may ask for them.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::json::{ask, decide, document, send};
use support::judged::basic;
use support::running::Running;
use support::{Answer, Ask, BEGIN, CLIENT, World, issue, name};
use tollgate::{
    ExpireToken, IssueAdminToken, IssueAuthtoken, RevokeAdminToken, RevokeToken, Role, SetUser, UserChanges,
};
use tollgate_http::Bounds;

/// A check that the trusted client sends with alice's token.
#[cfg(test)]
fn good(world: &World) -> Value {
    json!({"method": "GET", "path": "/orders?page=2", "ip": CLIENT, "authorization": format!("Bearer {}", world.token())})
}

#[cfg(test)]
fn with(mut check: Value, key: &str, value: impl Into<Value>) -> Value {
    check[key] = value.into();
    check
}

/// What `/check` says of the same request, in the words of a decision.
#[cfg(test)]
fn in_json(answer: &Answer) -> Value {
    let one = |name: &str| answer.field(name).first().map(|value| (*value).to_owned());
    let limit = one("ratelimit").map(|limit| {
        let number = |text: &str, key: &str| -> u64 {
            let rest = &text[text.find(key).unwrap() + key.len()..];
            rest.split(';').next().unwrap().parse().unwrap()
        };
        let policy = one("ratelimit-policy").unwrap();
        json!({"limit": number(&policy, "q="), "remaining": number(&limit, "r="), "reset_seconds": number(&limit, "t=")})
    });
    let mut said = json!({"permitted": answer.status == 200, "status": answer.status});
    if let Some(limit) = limit {
        said["quota"] = limit;
    }
    if answer.status == 200 {
        let present = |name| one(name).filter(|text| !text.is_empty());
        said["user"] = present("x-tollgate-user").into();
        said["token_id"] = present("x-tollgate-token-id").into();
        (said["client"], said["scope"]) = (Value::Null, Value::Null);
        return said;
    }
    said["problem"] = document(answer);
    said["www_authenticate"] = answer.field("www-authenticate").into();
    if let Some(seconds) = one("retry-after") {
        said["retry_after"] = seconds.parse::<u64>().unwrap().into();
    }
    said
}

/// Asks both ways, whichever first, and holds the answers against each other.
#[cfg(test)]
fn both(world: &World, server: &Running, check: &Value, same: Ask) -> Value {
    let decision = decide(server, check);
    assert_eq!(decision, in_json(&world.send(same)), "{check}");
    decision
}

#[test]
fn a_decision_is_that_of_check_in_other_words() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let token = world.token();
    let good = good(&world);
    let same = || support::ask("GET /check").bearer(token);

    let passed = both(&world, &server, &good, same());
    assert_eq!((&passed["user"], &passed["permitted"]), (&json!("alice"), &json!(true)));
    let without = |key: &str| {
        let mut check = good.clone();
        check.as_object_mut().unwrap().remove(key);
        check
    };
    let bare = without("authorization");
    for (check, same, status) in [
        (bare.clone(), support::ask("GET /check"), 401),
        (
            with(good.clone(), "ip", "198.51.100.1"),
            same().from("198.51.100.1"),
            403,
        ),
        (
            with(good.clone(), "authtoken", token),
            same().field("x-cdata-authtoken", token),
            400,
        ),
        (
            with(good.clone(), "method", "BREW"),
            support::ask("BREW /check").bearer(token),
            403,
        ),
        (
            with(good.clone(), "path", "/a#b"),
            support::ask_through_proxy("GET /check")
                .bearer(token)
                .field("x-original-uri", "/a#b"),
            400,
        ),
        (
            with(bare.clone(), "authtoken", token),
            support::ask("GET /check").field("x-cdata-authtoken", token),
            200,
        ),
        (
            with(bare.clone(), "authorization", basic("alice", token)),
            support::ask("GET /check").field("authorization", &basic("alice", token)),
            200,
        ),
        (
            with(bare.clone(), "authorization", basic("bob", token)),
            support::ask("GET /check").field("authorization", &basic("bob", token)),
            401,
        ),
        (
            with(bare.clone(), "authorization", "Bearer tg_at_garbage"),
            support::ask("GET /check").bearer("tg_at_garbage"),
            401,
        ),
    ] {
        assert_eq!(both(&world, &server, &check, same)["status"], status, "{check}");
    }
    assert_eq!(
        decide(&server, &with(good.clone(), "scopes", json!(["orders"])))["status"],
        403
    );
    assert_eq!(
        decide(&server, &without("ip"))["status"],
        403,
        "nobody trusts a request from nowhere"
    );

    world.run(SetUser {
        name: name("alice"),
        changes: UserChanges {
            per_hour: "3".parse().ok(),
            ..UserChanges::default()
        },
    });
    assert_eq!(
        decide(&server, &good)["quota"],
        json!({"limit": 3, "remaining": 2, "reset_seconds": 3600})
    );
    assert_eq!(in_json(&world.send(same()))["quota"]["remaining"], 1, "both count");
    assert_eq!(decide(&server, &good)["quota"]["remaining"], 0);
    let spent = both(&world, &server, &good, same());
    assert_eq!((&spent["status"], &spent["retry_after"]), (&json!(429), &json!(3600)));
}

#[test]
fn credentials_may_stand_among_the_fields_in_any_spelling_once() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let bearer = format!("Bearer {}", world.token());
    let status = |headers: Value, more: Value| {
        let mut check = json!({"method": "GET", "path": "/", "ip": CLIENT, "headers": headers});
        check.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        decide(&server, &check)["status"].as_u64().unwrap()
    };
    for headers in [
        json!({"authorization": bearer}),
        json!({"AUTHORIZATION": [bearer]}),
        json!({"X-CData-AuthToken": world.token(), "accept": ["a", "b"], "Accept": "c"}),
        json!({"authorization": bearer, "x-cdata-authtoken": []}),
        json!({"authorization": bearer, "x_cdata_authtoken": "x", "proxy-authorization": "x"}),
    ] {
        assert_eq!(status(headers.clone(), json!({})), 200, "{headers}");
    }
    for headers in [
        json!({"authorization": [bearer, bearer]}),
        json!({"authorization": bearer, "Authorization": bearer}),
        json!({"authorization": bearer, "x-cdata-authtoken": world.token()}),
        json!({"authorization": format!("{bearer}\u{0}")}),
    ] {
        assert_eq!(status(headers.clone(), json!({})), 400, "{headers}");
    }
    assert_eq!(status(json!({}), json!({"authorization": bearer})), 200);
    assert_eq!(
        status(json!({"Authorization": bearer}), json!({"authorization": bearer})),
        400
    );
    assert_eq!(
        status(json!({"Authorization": bearer}), json!({"authtoken": world.token()})),
        400
    );
    // The same member twice, which most libraries would fold into one.
    let twice = format!(
        r#"{{"method":"GET","path":"/","ip":"{CLIENT}","headers":{{"authorization":"{bearer}","authorization":"{bearer}"}}}}"#
    );
    let answer = send(
        &server,
        "POST /v1/check",
        "content-type: application/json\r\n",
        twice.as_bytes(),
    );
    assert_eq!(document(&answer)["status"], 400, "{}", document(&answer));
}

#[test]
fn forms_queries_and_preflights_count_where_a_setting_lets_them() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let pair = format!("@authtoken={}", world.token());
    let bare = json!({"method": "POST", "path": "/", "ip": CLIENT});
    let form = with(bare.clone(), "form", pair.clone());
    let query = with(bare.clone(), "path", format!("/a?{pair}"));
    let long = with(good(&world), "form", "x".repeat(64 * 1024 + 1));
    let preflight = json!({"method": "OPTIONS", "path": "/", "ip": CLIENT,
        "headers": {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}});
    let status = |check: &Value| decide(&server, check)["status"].as_u64().unwrap();
    assert_eq!([&form, &query, &preflight].map(status), [401, 401, 401]);
    assert_eq!(status(&long), 200, "a form does not count");
    world.set("allow_authtoken_in_url", "true");
    world.set("allow_preflight", "true");
    assert_eq!([&form, &query, &preflight].map(status), [200, 200, 200]);
    assert_eq!(status(&long), 400, "it may hide a credential");
    let passed = decide(&server, &preflight);
    assert_eq!((&passed["user"], &passed["token_id"]), (&Value::Null, &Value::Null));
}

/// Nothing outside tells them apart.
#[test]
fn tokens_that_do_not_hold_look_alike() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let about = |token: &str| decide(&server, &with(good(&world), "authorization", format!("Bearer {token}")));
    let [revoked, expired, early] = [
        issue("alice"),
        issue("alice"),
        IssueAuthtoken {
            not_before: Some(BEGIN.plus_millis(1_000)),
            ..issue("alice")
        },
    ]
    .map(|issue| world.run(issue));
    for token in [&revoked, &expired] {
        assert_eq!(about(token.token.expose())["status"], 200);
    }
    world.run(RevokeToken { id: revoked.record.id });
    world.run(ExpireToken {
        id: expired.record.id,
        at: BEGIN,
    });
    let unknown = about("tg_at_garbage");
    assert_eq!(unknown["status"], 401);
    for token in [revoked, expired, early] {
        assert_eq!(about(token.token.expose()), unknown);
    }
}

#[test]
fn a_batch_is_answered_in_its_order() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let good = good(&world);
    let odd = with(good.clone(), "method", "BREW");
    let checks: Vec<&Value> = (0..1_000).map(|at| if at % 3 == 0 { &odd } else { &good }).collect();
    let results = decide(&server, &json!({"checks": checks}));
    let statuses: Vec<_> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses.len(), 1_000);
    assert!(
        statuses
            .iter()
            .enumerate()
            .all(|(at, status)| *status == if at % 3 == 0 { 403 } else { 200 })
    );

    let one_more: Vec<&Value> = checks.iter().copied().chain([&good]).collect();
    let over = json!({"checks": one_more});
    for (question, words) in [(over, "1001 came"), (json!({"checks": []}), "0 came")] {
        let answer = ask(&server, &question);
        assert_eq!(answer.status, 422);
        assert!(answer.detail().contains(words), "{}", answer.detail());
    }
}

#[test]
fn only_trusted_proxies_and_administrators_may_ask() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let question = serde_json::to_vec(&good(&world)).unwrap();
    let status = |lines: &str| {
        let lines = format!("content-type: application/json\r\n{lines}");
        let answer = send(&server, "POST /v1/check", &lines, &question);
        let release = send(&server, "DELETE /v1/permits/tp_0", &lines, b"");
        match answer.status {
            403 => assert_eq!((release.status, release.body == answer.body), (403, true)),
            other => assert_eq!((other, release.status), (200, 404)),
        }
        answer.status
    };
    assert_eq!(status(""), 200, "loopback is a trusted proxy at first");
    assert_eq!(
        status("x-forwarded-for: 198.51.100.1\r\n"),
        403,
        "whom a proxy forwards is not the proxy"
    );
    assert_eq!(status("x-forwarded-for: 127.0.0.1\r\n"), 200);
    world.set("trusted_proxies", "198.51.100.1");
    assert_eq!(status(""), 403);
    for role in [Role::Reader, Role::Administrator] {
        let admin = world.run(IssueAdminToken {
            name: name("deploy"),
            role,
            expires_at: None,
        });
        let token = admin.token.expose();
        assert_eq!(status(&format!("authorization: Bearer {token}\r\n")), 200);
        assert_eq!(status(&format!("authorization: bearer  {token}\r\n")), 200);
        assert_eq!(status(&format!("authorization: Bearer {token}\r\n").repeat(2)), 403);
        assert_eq!(status(&format!("authorization: Basic {token}\r\n")), 403);
        assert_eq!(status(&format!("x-cdata-authtoken: {token}\r\n")), 403);
        world.run(RevokeAdminToken { id: admin.record.id });
        assert_eq!(status(&format!("authorization: Bearer {token}\r\n")), 403);
    }
    assert_eq!(
        status(&format!("authorization: Bearer {}\r\n", world.token())),
        403,
        "a user is no administrator"
    );
}

#[test]
fn what_is_no_question_is_refused_and_says_where() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let sent = |kind: &str, body: &[u8]| send(&server, "POST /v1/check", &format!("content-type: {kind}\r\n"), body);
    let text = good(&world).to_string();
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(sent(kind, text.as_bytes()).status, 200);
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        assert_eq!(sent(kind, text.as_bytes()).status, 415);
    }
    for (body, status) in [
        ("", 400),
        ("{", 400),
        (&text[..text.len() - 1], 400),
        (&format!("{text}x"), 400),
        ("[]", 422),
        ("null", 422),
        ("{}", 422),
        (r#"{"checks": null}"#, 422),
        (r#"{"checks": {}}"#, 422),
        (r#"{"checks": [{}]}"#, 422),
    ] {
        let answer = sent("application/json", body.as_bytes());
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.problem(), "malformed-question");
    }
    assert_eq!(sent("application/json", b"{\"method\": \"\xff\"}").status, 400);
    for (key, value) in [
        ("method", json!(1)),
        ("path", json!(null)),
        ("ip", json!("nowhere")),
        ("ip", json!("192.0.2.0/24")),
        ("headers", json!([])),
        ("headers", json!({"accept": 1})),
        ("headers", json!({"accept": [["a"]]})),
        ("hold", json!("yes")),
        ("hold_seconds", json!(0)),
        ("hold_seconds", json!(3_601)),
        ("hold_seconds", json!(-1)),
        ("hold_seconds", json!(1.5)),
        ("scopes", json!("orders")),
        ("scope", json!(["orders"])),
        ("checks", json!([good(&world)])),
        ("Method", json!("GET")),
    ] {
        let odd = with(good(&world), key, value);
        assert_eq!(ask(&server, &odd).status, 422, "{odd}");
        assert_eq!(ask(&server, &json!({"checks": [good(&world), odd]})).status, 422);
    }
    for hold in [1, 3_600] {
        assert_eq!(
            decide(&server, &with(good(&world), "hold_seconds", hold))["status"],
            200
        );
    }
    assert_eq!(send(&server, "GET /v1/check", "", b"").status, 405);
}

#[test]
fn a_batch_of_long_checks_fits_and_a_longer_body_does_not() {
    let world = World::new();
    let server = Running::start(&world, Bounds::default());
    let question = |len: usize| {
        let check = with(good(&world), "headers", json!({"cookie": "c".repeat(len)}));
        json!({"checks": vec![check; 1_000]})
    };
    assert_eq!(ask(&server, &question(1_700)).status, 200);
    let refused = ask(&server, &question(2_100));
    assert_eq!(refused.status, 413);
    assert!(document(&refused)["detail"].as_str().unwrap().contains("2097152 bytes"));
}
