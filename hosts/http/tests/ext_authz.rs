//! Envoy's questions over gRPC, without sockets: they are answered as `/check` answers, and believed from proxies alone.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "ext_authz"]
mod envoy {
    pub(crate) mod asking;
    pub(crate) mod messages;
}

use envoy::asking::{Listed, OVERWRITE, PATH, answer, call, framed, http, message, read, reply, socket, translated};
use envoy::messages::{Address, Attributes, CheckRequest, HttpRequest, Peer, Pipe};
use prost::Message as _;
use support::judged::{IDENTITY, passed, provoked, provoked_through};
use support::{Answer, Ask, CLIENT, PROXY, World, ask};
use tollgate::DENY_REASONS;

#[test]
fn every_refusal_is_that_of_check_byte_for_byte() {
    let mut met = 0;
    for listed in [Listed::Map, Listed::Raw] {
        let ask_envoy = |world: &World, question: Ask| read(&reply(world, &translated(listed, question)));
        for row in &DENY_REASONS {
            let Some(mut expected) = provoked(row.label) else {
                continue;
            };
            let mut told = provoked_through(row.label, &ask_envoy).unwrap();
            met += 1;
            assert_eq!((told.status, &told.body), (row.status, &expected.body), "{}", row.label);
            // Every question has a name of its own, and Envoy takes no identity of a refusal.
            assert_eq!(told.field("x-request-id").len(), 1);
            for name in IDENTITY.into_iter().chain(["x-request-id"]) {
                expected.headers.remove(name);
            }
            told.headers.remove("x-request-id");
            expected.headers.remove("content-length");
            assert_eq!(told.headers, expected.headers, "{}", row.label);
        }
    }
    assert_eq!(met, 2 * DENY_REASONS.len());
}

#[test]
fn a_permit_sets_every_identity_field_and_removes_what_looks_like_one() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token());
    let id = world.alice.record.id.0.to_string();
    let asked = http("GET", "/orders?page=2")
        .raw("authorization", &bearer)
        .raw("x-tollgate-user", "root")
        .raw("x_tollgate_user", "root")
        .raw("x-tollgate-anything", "root")
        .raw("x-tollgat", "no field of ours");
    let told = reply(&world, &message(socket(CLIENT), asked));
    let answer = read(&told);
    passed_over_grpc(&answer);
    assert_eq!(answer.field("x-tollgate-user"), ["alice"]);
    assert_eq!(answer.field("x-tollgate-token-id"), [id.as_str()]);
    let ok = told.ok.unwrap();
    assert!(ok.headers.iter().all(|option| option.append_action == OVERWRITE));
    for name in [
        "x_tollgate_user",
        "x-tollgate-anything",
        "x-tollgate-status",
        "x-tollgate_token-id",
    ] {
        assert!(ok.headers_to_remove.iter().any(|removed| removed == name), "{name}");
    }
    // Envoy removes after it has set.
    assert!(
        ok.headers_to_remove
            .iter()
            .all(|removed| !IDENTITY.contains(&removed.as_str()))
    );
    assert!(ok.headers_to_remove.iter().all(|removed| removed != "x-tollgat"));
}

fn passed_over_grpc(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    for field in IDENTITY {
        assert_eq!(answer.field(field).len(), 1, "{field} is set");
    }
}

fn refused_over_grpc(answer: &Answer, status: u16, problem: &str) {
    assert_eq!((answer.status, answer.problem().as_str()), (status, problem));
}

#[test]
fn two_credentials_are_refused_however_they_are_listed() {
    let world = World::new();
    let (one, two) = (format!("Bearer {}", world.token()), "Bearer tg_at_other".to_owned());
    let plain = || http("GET", "/");
    for asked in [
        plain().raw("authorization", &one),
        plain().raw("Authorization", &one),
        plain().mapped("authorization", &one),
        plain().raw("x-cdata-authtoken", world.token()),
    ] {
        passed_over_grpc(&answer(&world, asked));
    }
    for asked in [
        plain().raw("authorization", &one).raw("authorization", &one),
        plain().raw("authorization", &one).raw("authorization", &two),
        plain().raw("authorization", &two).raw("AUTHORIZATION", &one),
        plain().raw("authorization", &format!("{one},{two}")),
        plain().mapped("authorization", &format!("{one},{one}")),
        plain().mapped("authorization", &one).mapped("authorization", &two),
        plain().mapped("authorization", &one).raw("authorization", &one),
        plain()
            .mapped("authorization", &one)
            .raw("x-cdata-authtoken", world.token()),
        plain().raw("authorization", &one).raw("authorization", "Bearer \r\n"),
    ] {
        refused_over_grpc(&answer(&world, asked), 400, "malformed-credential");
    }
    let unreadable = plain().raw("authorization", &format!("{one}\n"));
    refused_over_grpc(&answer(&world, unreadable), 400, "malformed-credential");
}

#[test]
fn what_is_no_request_is_refused() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token());
    let asks = |method: &str, path: &str| http(method, path).raw("authorization", &bearer);
    let agreeing = asks("GET", "/a?b").raw(":method", "GET").raw(":path", "/a?b");
    for asked in [asks("GET", "/a?b"), asks("MERGE", "//a/../%2e"), agreeing] {
        passed_over_grpc(&answer(&world, asked));
    }
    for asked in [
        asks("GET", ""),
        asks("OPTIONS", "*"),
        asks("GET", "a"),
        asks("GET", "http://upstream.example/"),
        asks("GET", "/a#b"),
        asks("GET", "/a b"),
        asks("", "/"),
        asks("GET ", "/"),
        asks("GET, DELETE", "/"),
        asks("GET", "/a").raw(":method", "DELETE"),
        asks("GET", "/a").mapped(":path", "/admin"),
    ] {
        refused_over_grpc(&answer(&world, asked), 400, "malformed-credential");
    }
    let overridden = asks("GET", "/?_method=DELETE")
        .raw("x-http-method-override", "DELETE")
        .raw("x-forwarded-method", "DELETE")
        .raw("x-original-uri", "/admin");
    passed_over_grpc(&answer(&world, overridden));
}

#[test]
fn the_client_is_whom_envoy_names_and_others_only_where_a_proxy_names_them() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.token());
    let from = |source: Option<Peer>, forwarded: &str| {
        let asked = http("GET", "/")
            .raw("authorization", &bearer)
            .raw("x-forwarded-for", forwarded);
        read(&reply(&world, &message(source, asked)))
    };
    let pipe = Peer {
        address: Some(Address {
            socket_address: None,
            pipe: Some(Pipe {
                path: "/run/envoy.sock".to_owned(),
            }),
        }),
        service: String::new(),
    };
    passed_over_grpc(&from(socket(CLIENT), "198.51.100.9"));
    passed_over_grpc(&from(socket("::ffff:203.0.113.7"), "198.51.100.9"));
    passed_over_grpc(&from(socket(PROXY), &format!("198.51.100.9, {CLIENT}, {PROXY}")));
    for (source, forwarded) in [
        (socket("198.51.100.9"), CLIENT),
        (socket(PROXY), "198.51.100.9"),
        (socket(PROXY), "unknown"),
        (socket(""), CLIENT),
        (socket("upstream.example"), CLIENT),
        (Some(pipe), CLIENT),
        (Some(Peer::default()), CLIENT),
        (None, CLIENT),
    ] {
        refused_over_grpc(&from(source, forwarded), 403, "network-refused");
    }
}

#[test]
fn a_form_counts_where_the_setting_lets_it_and_it_came_whole() {
    let world = World::new();
    let form = format!("a=b&@authtoken={}", world.token());
    let asks = |kind: &str, partial: &str| {
        http("POST", "/")
            .raw("content-type", kind)
            .raw("x-envoy-auth-partial-body", partial)
    };
    let url_encoded = "application/x-www-form-urlencoded";
    let whole = || HttpRequest {
        raw_body: form.clone().into_bytes(),
        ..asks(url_encoded, "false")
    };
    let cut = || HttpRequest {
        body: form.clone(),
        ..asks(url_encoded, "true")
    };
    refused_over_grpc(&answer(&world, whole()), 401, "missing-credential");
    refused_over_grpc(&answer(&world, cut()), 401, "missing-credential");
    world.set("allow_authtoken_in_url", "true");
    passed_over_grpc(&answer(&world, whole()));
    refused_over_grpc(&answer(&world, cut()), 400, "malformed-credential");
    let long = HttpRequest {
        body: format!("{form}&{}", "x".repeat(64 * 1024)),
        ..asks(url_encoded, "false")
    };
    refused_over_grpc(&answer(&world, long), 400, "malformed-credential");
    let text = HttpRequest {
        body: form.clone(),
        ..asks("text/plain", "false")
    };
    refused_over_grpc(&answer(&world, text), 401, "missing-credential");
}

/// Envoy takes these for no answer, and lets nobody through.
#[test]
fn strangers_and_what_is_no_question_get_a_status_of_grpc_and_no_decision() {
    const INVALID_ARGUMENT: &str = "3";
    const PERMISSION_DENIED: &str = "7";
    let world = World::new();
    let bearer = format!("Bearer {}", world.token());
    let good = message(socket(CLIENT), http("GET", "/").raw("authorization", &bearer)).encode_to_vec();
    let twin = call(&world, PROXY, framed(&good));
    assert!(!twin.body.is_empty(), "the twin is answered");
    let status = |caller: &str, frame: Vec<u8>| {
        let answer = call(&world, caller, frame);
        assert_eq!(answer.body, b"");
        answer.field("grpc-status").concat()
    };
    assert_eq!(status(CLIENT, framed(&good)), PERMISSION_DENIED);
    assert_eq!(
        status(CLIENT, framed(b"")),
        PERMISSION_DENIED,
        "a stranger learns nothing else"
    );
    assert_eq!(status(PROXY, framed(b"")), INVALID_ARGUMENT);
    let bodiless = CheckRequest {
        attributes: Some(Attributes::default()),
    };
    assert_eq!(status(PROXY, framed(&bodiless.encode_to_vec())), INVALID_ARGUMENT);
    for broken in [
        framed(b"\xff\xff"),
        framed(&good)[..20].to_vec(),
        framed(&vec![0; 300 * 1024]),
        Vec::new(),
    ] {
        let status = status(PROXY, broken);
        assert!(!["", "0"].contains(&status.as_str()), "{status}");
    }
    let plain = ask(&format!("POST {PATH}")).from(PROXY).body(framed(&good));
    assert_eq!(world.send(plain.field("content-type", "application/json")).status, 415);
    assert_eq!(world.send(ask(&format!("GET {PATH}")).from(PROXY)).status, 405);
    passed(&world.send(ask("GET /check").bearer(world.token())));
}
