//! Requests that nobody would send in good faith.

use std::process::Command;

use serde_json::json;
use tollgate_core::{DenyReason, is_spelt_like_ours};
use tollgate_tests::http::{Broken, Connection, Request, Response};

use super::super::support::facts::{Server, User};
use super::answers::assert_refused;
use super::feed::Manner;
use super::scene::{ALICE, BOB, PLUGIN, Scene, WORKERS, answered, people, token_of, world_of};

/// Names that an upstream may read as those of the identity.
const SPELLINGS: &[&str] = &[
    "x-tollgate-user",
    "X-Tollgate-User",
    "X-TOLLGATE-USER",
    "x_tollgate_user",
    "X-Tollgate_Token-Id",
    "x-tollgate-token-id",
    "X-Tollgate-Client",
    "x-tollgate_scope",
    "x-tollgate",
    "x-tollgate-anything",
    "X_TOLLGATE_CLIENT",
];

fn head(line: &str, fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = format!("{line} HTTP/1.1\r\nHost: upstream.example\r\n").into_bytes();
    for (name, value) in fields {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn bearer(name: &str) -> String {
    format!("Bearer {}", token_of(name))
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let scene = Scene::start(people(), &json!({}));
    let odd: Vec<u8> = (0x80..=0xff).collect();
    let good = bearer(ALICE);
    for worker in 0..WORKERS {
        let ask = |request: &[u8]| answered(&mut scene.connect_to(worker), request);
        let request = head("GET /", &[("Authorization", good.as_bytes()), ("X-Odd", &odd)]);
        assert_eq!(ask(&request).status, 200);
        let arrivals = scene.upstream.take();
        assert_eq!(arrivals[0].all("x-odd"), [odd.as_slice()]);
        let spoilt = [good.as_bytes(), &odd].concat();
        for (name, value) in [
            ("Authorization", &spoilt),
            ("Authorization", &odd),
            ("X-CData-AuthToken", &odd),
        ] {
            let answer = ask(&head("GET /", &[(name, value)]));
            assert!(matches!(answer.status, 400 | 401), "{name}: {}", answer.status);
            assert_eq!(scene.upstream.take().len(), 0, "{name}");
        }
        for byte in 0x80..=0xff {
            let value = [good.as_bytes(), &[byte]].concat();
            let answer = ask(&head("GET /", &[("Authorization", &value)]));
            assert_refused("a byte behind a token", &answer, DenyReason::MalformedCredential);
        }
        assert_eq!(scene.upstream.take().len(), 0);
    }
}

#[test]
fn heads_of_great_length_are_decided_or_refused_by_envoy() {
    let scene = Scene::start(people(), &json!({}));
    let (good, bad) = (bearer(ALICE), bearer("nobody"));
    let long = vec![b'a'; 50 * 1024];
    let many: Vec<(String, String)> = (0..1_500).map(|at| (format!("x-field-{at}"), at.to_string())).collect();
    for mut connection in scene.envoy.connections().unwrap() {
        for (token, status) in [(&good, 200), (&bad, 401)] {
            let request = head("GET /", &[("X-Long", &long), ("Authorization", token.as_bytes())]);
            assert_eq!(answered(&mut connection, &request).status, status, "50 KiB");
            let fields = many.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let fields: Vec<_> = fields.chain([("authorization", token.as_bytes())]).collect();
            assert_eq!(
                answered(&mut connection, &head("GET /", &fields)).status,
                status,
                "1,500 lines"
            );
            assert_eq!(scene.upstream.take().len(), if status == 200 { 2 } else { 0 });
        }
        let longer = [long.as_slice(), &long].concat();
        let request = head("GET /", &[("X-Long", &longer), ("Authorization", good.as_bytes())]);
        assert_eq!(answered(&mut connection, &request).status, 431, "Envoy's own bound");
        assert_eq!(scene.upstream.take().len(), 0);
    }
}

#[test]
fn of_several_credentials_none_counts() {
    let scene = Scene::start(people(), &json!({}));
    let (alice, bob, bad) = (bearer(ALICE), bearer(BOB), bearer("nobody"));
    let token = token_of(ALICE);
    for worker in 0..WORKERS {
        let ask = |request: &[u8]| answered(&mut scene.connect_to(worker), request);
        let fields: [(&str, &[&str], &str); 6] = [
            ("the same twice", &[&alice, &alice], ""),
            ("two", &[&alice, &bob], ""),
            ("a good one and a bad one", &[&alice, &bad], ""),
            ("a bad one and a good one", &[&bad, &alice], ""),
            ("behind another scheme", &["Negotiate abc", &alice], ""),
            (
                "behind another scheme, beside one that counts",
                &["Negotiate abc", &bob],
                &token,
            ),
        ];
        for (what, lines, field) in fields {
            let mut fields: Vec<_> = lines.iter().map(|line| ("Authorization", line.as_bytes())).collect();
            fields.extend((!field.is_empty()).then_some(("x-cdata-authtoken", field.as_bytes())));
            let answer = ask(&head("GET /", &fields));
            assert_refused(what, &answer, DenyReason::MalformedCredential);
        }
        let twice = [("x-cdata-authtoken", token.as_bytes()); 2];
        let answer = ask(&head("GET /", &twice));
        assert_refused("two lines", &answer, DenyReason::MalformedCredential);
        assert_eq!(scene.upstream.take().len(), 0);
        assert_eq!(ask(&head("GET /", &twice[..1])).status, 200, "one line");
        assert_eq!(ask(&head("GET /", &[("Authorization", alice.as_bytes())])).status, 200);
        assert_eq!(scene.upstream.take().len(), 2);
    }
}

#[test]
fn an_identity_that_the_client_writes_never_arrives() {
    let server = Server {
        allow_preflight: true,
        ..Server::default()
    };
    let scene = Scene::start(world_of(&server, &[User::default(), User::default()]), &json!({}));
    let all: Vec<(&str, &[u8])> = SPELLINGS.iter().map(|name| (*name, b"mallory".as_slice())).collect();
    let (good, bad) = (bearer(ALICE), bearer("nobody"));
    let preflight: [(&str, &[u8]); 2] = [
        ("Origin", b"https://a.example"),
        ("Access-Control-Request-Method", b"PUT"),
    ];
    for mut connection in scene.envoy.connections().unwrap() {
        for forged in SPELLINGS
            .iter()
            .map(|name| vec![(*name, b"mallory".as_slice()); 2])
            .chain([all.clone()])
        {
            let more: [(&str, &[u8]); 2] = [("Authorization", good.as_bytes()), ("X-Toll-Gate-User", b"kept")];
            let permitted = head("GET /", &[forged.as_slice(), &more].concat());
            assert_eq!(answered(&mut connection, &permitted).status, 200);
            is_introduced(&scene, ALICE, "101");
            // Asking that a field go no further must not take the identity away.
            let nominated = [("Connection", b"x-tollgate-user, x-tollgate-token-id".as_slice())];
            let permitted = head("GET /", &[forged.as_slice(), &more, &nominated].concat());
            assert_eq!(answered(&mut connection, &permitted).status, 200);
            is_introduced(&scene, ALICE, "101");
            let preflight = head("OPTIONS /", &[forged.as_slice(), &preflight].concat());
            assert_eq!(answered(&mut connection, &preflight).status, 200);
            is_introduced(&scene, "", "");
            let denied = head(
                "GET /",
                &[forged.as_slice(), &[("Authorization", bad.as_bytes())]].concat(),
            );
            assert_refused("forged", &answered(&mut connection, &denied), DenyReason::UnknownToken);
            let without = head("GET /", &forged);
            assert_refused(
                "forged",
                &answered(&mut connection, &without),
                DenyReason::MissingCredential,
            );
            assert_eq!(scene.upstream.take().len(), 0);
        }
    }
}

/// The one request that has arrived tells of this user and token, and of nobody else.
fn is_introduced(scene: &Scene, name: &str, id: &str) {
    let arrivals = scene.upstream.take();
    let [arrival] = arrivals.as_slice() else {
        panic!("{} have arrived", arrivals.len());
    };
    let told: Vec<String> = [
        "x-tollgate-user",
        "x-tollgate-client",
        "x-tollgate-scope",
        "x-tollgate-token-id",
    ]
    .map(|name| arrival.one(name))
    .to_vec();
    assert_eq!(told, [name, "", "", id]);
    assert_eq!(
        arrival
            .fields
            .iter()
            .filter(|(name, _)| is_spelt_like_ours(name))
            .count(),
        4
    );
    assert!(
        name.is_empty() || arrival.one("x-toll-gate-user") == "kept",
        "other names are left alone"
    );
}

#[test]
fn absurd_targets_are_decided_like_any_other() {
    let scene = Scene::start(people(), &json!({}));
    let long = format!("/{}", "a".repeat(40_000));
    let many = format!("/?{}", "@authtoken=x&".repeat(2_000));
    let targets = [
        "//",
        "/a/../b",
        "/..",
        "/%2e%2e/x",
        "/%00",
        "/%2f%5c",
        "/;@authtoken=x",
        "/?",
        "/??",
        "/?@authtoken=",
        "/%",
        "/%zz",
        "http://other.example/x",
        "http://other.example",
        "/\u{e9}",
        "/a?b#c",
        "*",
        &long,
        &many,
    ];
    for target in targets {
        for mut connection in scene.envoy.connections().unwrap() {
            let refused = connection.send(&Request::get(target).bearer(&token_of("nobody")));
            let status = refused.as_ref().map(|answer: &Response| answer.status);
            assert!(matches!(status, Ok(400 | 401 | 404)), "{target:.40}: {status:?}");
            assert_eq!(scene.upstream.take().len(), 0, "{target:.40}");
        }
        for mut connection in scene.envoy.connections().unwrap() {
            let passed = connection.send(&Request::get(target).bearer(&token_of(ALICE)));
            let status = passed.as_ref().map(|answer: &Response| answer.status);
            assert!(matches!(status, Ok(200 | 400 | 404)), "{target:.40}: {status:?}");
            assert_eq!(
                scene.upstream.take().len(),
                usize::from(matches!(status, Ok(200))),
                "{target:.40}"
            );
        }
    }
}

/// Envoy closes a connection after it has refused a request behind which others have come already; whoever is answered is
/// answered in order.
#[test]
fn requests_that_do_not_wait_for_answers_are_answered_in_order() {
    let scene = Scene::start(people(), &json!({}));
    let of = |name: &str| head("GET /", &[("Authorization", bearer(name).as_bytes())]);
    for names in [
        [ALICE, BOB, "nobody", ALICE],
        ["nobody", "nobody", BOB, "nobody"],
        [ALICE, BOB, ALICE, BOB],
    ] {
        for mut connection in scene.envoy.connections().unwrap() {
            connection.write(&names.map(of).concat()).unwrap();
            let mut passed = Vec::new();
            for (at, name) in names.into_iter().enumerate() {
                match connection.read(false) {
                    Ok(answer) if name == "nobody" => assert_eq!(answer.status, 401),
                    Ok(answer) => {
                        assert_eq!(answer.status, 200);
                        passed.push(name.to_owned());
                    }
                    Err(broken) => {
                        assert!(names[..at].contains(&"nobody"), "{at}: {broken}");
                        break;
                    }
                }
            }
            let arrived: Vec<_> = scene
                .upstream
                .take()
                .iter()
                .map(|arrival| arrival.one("x-tollgate-user"))
                .collect();
            assert_eq!(arrived, passed);
        }
    }
}

/// What happens to requests while they wait for the first snapshot: bodies come, clients go, others follow.
#[test]
fn requests_that_wait_are_decided_with_their_bodies_and_those_whose_clients_have_gone_are_not() {
    let more = json!({ "wait_for_snapshot_ms": 60_000 });
    let scene = Scene::begin(people(), PLUGIN, &more, Manner::Silent);
    let post = |name: &str, label: &str| {
        let line = format!("POST /{label}");
        let (token, body) = (bearer(name), "0123456789");
        let fields: [(&str, &[u8]); 2] = [("Authorization", token.as_bytes()), ("Content-Length", b"10")];
        (head(&line, &fields), body.as_bytes())
    };
    let mut waiting = Vec::new();
    for (name, label) in [
        (ALICE, "body"),
        ("nobody", "refused"),
        (ALICE, "gone"),
        ("nobody", "gone"),
        (ALICE, "chain"),
    ] {
        for _ in 0..2 {
            let (_, mut connection) = scene.connect();
            let (head, body) = post(name, label);
            connection.write(&head).unwrap();
            connection.write(&body[..4]).unwrap();
            if label == "chain" {
                connection
                    .write(
                        &[
                            &body[4..],
                            &post(ALICE, "second").0,
                            body,
                            &post("nobody", "third").0,
                            body,
                        ]
                        .concat(),
                    )
                    .unwrap();
            }
            waiting.push((name, label, connection));
        }
    }
    let active = "http.ingress.downstream_rq_active";
    scene.envoy.admin().wait_for("all requests wait", |stats| {
        stats.value("wasmcustom.tollgate.waited") == 10
    });
    waiting.retain(|(_, label, _)| *label != "gone");
    scene
        .envoy
        .admin()
        .wait_for("those who have gone are", |stats| stats.value(active) == 6);
    assert_eq!(scene.upstream.take().len(), 0);
    scene.feed.behave(Manner::Truthful);
    scene.wait_until_ready();
    for (name, label, connection) in &mut waiting {
        if *label == "chain" {
            let statuses = [(); 3].map(|()| connection.read(false).unwrap().status);
            assert_eq!(statuses, [200, 200, 401]);
        } else {
            let sent = connection.write(b"456789");
            let answer = sent.and_then(|()| connection.read(false));
            assert_eq!(
                answer.unwrap().status,
                if *name == ALICE { 200 } else { 401 },
                "{label}"
            );
        }
    }
    let mut arrived: Vec<_> = scene
        .upstream
        .take()
        .into_iter()
        .map(|arrival| (arrival.line, arrival.body))
        .collect();
    arrived.sort();
    let expected: Vec<_> = ["body", "body", "chain", "chain", "second", "second"]
        .map(|label| (format!("POST /{label} HTTP/1.1"), b"0123456789".to_vec()))
        .to_vec();
    assert_eq!(arrived, expected);
    for mut connection in scene.envoy.connections().unwrap() {
        assert_eq!(
            connection
                .send(&Request::get("/").bearer(&token_of(ALICE)))
                .unwrap()
                .status,
            200
        );
    }
    assert!(!scene.envoy.log().contains("Function: proxy_"), "{}", scene.envoy.log());
}

/// A body that is longer than Envoy keeps for a request that waits is refused by Envoy; one that goes straight through is not.
#[test]
fn a_body_that_is_too_long_to_wait_with_goes_nowhere() {
    let more = json!({ "wait_for_snapshot_ms": 60_000 });
    let scene = Scene::begin(people(), PLUGIN, &more, Manner::Silent);
    let body = vec![b'a'; 3 * 1024 * 1024];
    let len = body.len().to_string();
    let of = |name: &str| {
        let token = bearer(name);
        let fields: [(&str, &[u8]); 2] = [("Authorization", token.as_bytes()), ("Content-Length", len.as_bytes())];
        [head("POST /", &fields), body.clone()].concat()
    };
    for name in [ALICE, "nobody"] {
        let mut connection = scene.connect_to(0);
        // Envoy may close before all is sent.
        let _ = connection.write(&of(name));
        assert!(connection.read(false).map_or(true, |answer| answer.status == 413));
    }
    scene.feed.behave(Manner::Truthful);
    scene.wait_until_ready();
    assert_eq!(scene.upstream.take().len(), 0);
    assert_eq!(answered(&mut scene.connect_to(0), &of(ALICE)).status, 200);
    assert!(scene.upstream.take()[0].body == body);
}

/// The same over HTTP/2, by a client that speaks it.
#[test]
fn http_2_is_decided_in_the_same_way() {
    let scene = Scene::start(people(), &json!({}));
    for _ in 0..4 {
        for (name, status) in [(ALICE, "200"), ("nobody", "401")] {
            let mut curl = Command::new("curl");
            curl.args([
                "--silent",
                "--verbose",
                "--http2-prior-knowledge",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
            ]);
            curl.args(["--header", &format!("Authorization: {}", bearer(name))]);
            curl.args(["--header", "X-Tollgate-User: mallory"]);
            let said = curl
                .arg(format!("http://{}/", scene.envoy.address()))
                .output()
                .expect("run tests/run setup");
            assert_eq!(
                String::from_utf8_lossy(&said.stdout),
                status,
                "{}",
                String::from_utf8_lossy(&said.stderr)
            );
            let arrivals = scene.upstream.take();
            assert_eq!(arrivals.len(), usize::from(status == "200"));
            assert!(arrivals.iter().all(|arrival| arrival.one("x-tollgate-user") == ALICE));
        }
    }
}

/// A connection on which nothing comes is closed sooner or later; one on which half a request has come is no danger.
#[test]
fn half_a_request_reaches_nobody() {
    let scene = Scene::start(people(), &json!({}));
    let whole = head("GET /", &[("Authorization", bearer(ALICE).as_bytes())]);
    for len in (1..whole.len()).step_by(7) {
        let mut connection = Connection::open(scene.envoy.address()).unwrap();
        connection.write(&whole[..len]).unwrap();
    }
    let mut last = Connection::open(scene.envoy.address()).unwrap();
    last.write(&whole[..whole.len() - 1]).unwrap();
    assert_eq!(answered(&mut last, &whole[whole.len() - 1..]).status, 200);
    assert_eq!(scene.upstream.take().len(), 1);
    let closed: Result<Response, Broken> = last.write(b"\0\0\r\n\r\n").and_then(|()| last.read(false));
    assert!(closed.is_ok_and(|answer| answer.status == 400));
}
