//! Every reason to deny that a proxy can bring about, each beside a twin that passes.
//!
//! One reason is missing: `InsufficientScope`, since nothing gives an authtoken a scope or a route one to want. That the
//! status is right for the right reason is seen in the server's log, the only place that tells all reasons apart.

use std::net::{IpAddr, Ipv4Addr};
use std::thread;

use serde_json::Value;
use tollgate_core::{DENY_REASONS, DenyRow};
use tollgate_tests::http::{Request, Response};
use tollgate_tests::tollgate::Store;
use tollgate_tests::wait::{self, PATIENCE};

use super::world::{TRUSTED, World};
use tollgate_tests::basic::basic;

/// An address that nobody trusts at first.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

impl World {
    /// [`World::refuses`], for the reason with this label.
    fn refuses_for(&self, label: &str, status: u16, request: &Request) -> Response {
        let before = self.denials(label);
        let answer = self.refuses(label, status, request);
        wait::until(&format!("the log says {label}"), PATIENCE, || {
            (self.denials(label) > before).then_some(())
        });
        let row = DENY_REASONS.iter().find(|row| row.label == label).unwrap();
        assert_eq!(row.status, status, "{label}");
        self.check_hands_on(row, &answer);
        answer
    }

    /// Whether a client is told what Tollgate says about a reason, as far as this kind of proxy can hand it on.
    fn check_hands_on(&self, row: &DenyRow, answer: &Response) {
        let what = format!("{} through {}: {answer:?}", row.label, self.kind.name);
        if row.status == 503 && !self.kind.hands_on_unavailable {
            return;
        }
        let mut challenges = challenges(row);
        if !self.kind.hands_on_challenges {
            challenges.truncate(1);
        }
        assert_eq!(answer.all("www-authenticate"), challenges, "{what}");
        assert_eq!(
            answer.field("retry-after").is_some(),
            [429, 503].contains(&row.status),
            "{what}"
        );
        let limited = row.label == "rate_exceeded";
        assert_eq!(answer.field("ratelimit").is_some(), limited, "{what}");
        assert_eq!(answer.field("ratelimit-policy").is_some(), limited, "{what}");
        let identities = answer.fields.iter().filter(|(name, _)| name.starts_with("x-tollgate"));
        assert_eq!(identities.count(), 0, "{what}");
        if self.kind.hands_on_body {
            assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{what}");
            let problem: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(
                problem["type"],
                format!("urn:tollgate:problem:{}", row.problem),
                "{what}"
            );
            assert_eq!(problem["title"], row.title, "{what}");
            assert_eq!(problem["status"], row.status, "{what}");
        }
    }

    /// How often the log names this reason.
    fn denials(&self, label: &str) -> usize {
        let log = self.server.log();
        let lines = log.lines().filter(|line| line.contains("check denied"));
        lines.filter(|line| line.contains(&format!("\"{label}\""))).count()
    }
}

fn challenges(row: &DenyRow) -> Vec<String> {
    let basic = (row.status == 401).then(|| r#"Basic realm="tollgate""#.to_owned());
    let bearer = match row.bearer_error {
        Some(error) => Some(format!(r#"Bearer realm="tollgate", error="{error}""#)),
        None => (row.status == 401).then(|| r#"Bearer realm="tollgate""#.to_owned()),
    };
    bearer.into_iter().chain(basic).collect()
}

/// Invalid tokens of all kinds, by the labels of the reasons.
struct Invalid {
    tokens: Vec<(&'static str, String)>,
}

impl Invalid {
    fn in_world(world: &World) -> Self {
        let store = &world.store;
        store.run(&["user", "add", "alice"]);
        let elsewhere = Store::init();
        elsewhere.run(&["user", "add", "alice"]);
        let (_, unknown) = elsewhere.issue("alice", &[]);

        let (id, revoked) = store.issue("alice", &[]);
        world.passes("a token before it is revoked", &Request::get("/").bearer(&revoked));
        store.run(&["authtoken", "revoke", &id]);

        let (_, suspended) = world.user("bob", &["--inactive"]);
        let (_, early) = store.issue("alice", &["--not-before", "2100-01-01T00:00:00Z"]);

        let (id, expired) = store.issue("alice", &[]);
        world.passes("a token before it has expired", &Request::get("/").bearer(&expired));
        store.run(&["authtoken", "expire", &id]);

        let tokens = vec![
            ("unknown_token", unknown),
            ("revoked", revoked),
            ("suspended", suspended),
            ("not_yet_valid", early),
            ("expired", expired),
        ];
        Self { tokens }
    }
}

pub(crate) fn invalid_tokens_are_refused_alike_and_their_twins_pass(world: &World) {
    let invalid = Invalid::in_world(world);
    let mut answers = Vec::new();
    for (label, token) in &invalid.tokens {
        let mut answer = world.refuses_for(label, 401, &Request::get("/").bearer(token));
        answer
            .fields
            .retain(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
        answers.push((answer.fields, answer.body));
        let name = if *label == "suspended" { "bob" } else { "alice" };
        world.refuses_for(
            label,
            401,
            &Request::get("/").field("Authorization", &basic(name, token)),
        );
        world.refuses_for(label, 401, &Request::get("/").field("x-cdata-authtoken", token));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");

    let (_, token) = world.store.issue(
        "alice",
        &[
            "--not-before",
            "2020-01-01T00:00:00Z",
            "--expires-at",
            "2100-01-01T00:00:00Z",
        ],
    );
    world.passes("a token within its life", &Request::get("/").bearer(&token));
    world.store.run(&["user", "set", "bob", "--active"]);
    let (_, suspended) = &invalid.tokens[2];
    world.passes(
        "a token whose user is active again",
        &Request::get("/").bearer(suspended),
    );
    world.store.run(&["user", "set", "bob", "--inactive"]);
    world.refuses_for("suspended", 401, &Request::get("/").bearer(suspended));
    world.store.run(&["user", "remove", "alice"]);
    world.refuses_for("unknown_token", 401, &Request::get("/").bearer(&token));
}

pub(crate) fn what_is_no_single_credential_is_refused(world: &World) {
    let (_, token) = world.user("alice", &[]);
    let passes = Request::get("/").bearer(&token);
    world.passes("the twin", &passes);

    world.refuses_for("missing_credential", 401, &Request::get("/"));
    let digest = Request::get("/").field("Authorization", "Digest username=\"alice\"");
    world.refuses_for("missing_credential", 401, &digest);

    for request in [
        Request::get("/").field("Authorization", "Basic !!!"),
        Request::get("/").field("Authorization", "Basic YWxpY2U="),
        Request::get("/").bearer(&format!("{token} {token}")),
        Request::get("/").bearer(&format!("{token},{token}")),
        Request::get("/").bearer(&token).field("x-cdata-authtoken", &token),
        Request::get("/")
            .field("x-cdata-authtoken", &token)
            .field("x-cdata-authtoken", &token),
        Request::get("/")
            .field("Authorization", &basic("alice", &token))
            .field("x-cdata-authtoken", &token),
    ] {
        world.refuses_for("malformed_credential", 400, &request);
    }
    // nginx lets no second line of this field through to anybody.
    let twice = Request::get("/").bearer(&token).bearer(&token);
    world.refuses("two lines of Authorization", 400, &twice);

    for garbage in ["tg_at_garbage", "x", &token[..token.len() - 1], &format!("{token}0")] {
        world.refuses_for("unknown_token", 401, &Request::get("/").bearer(garbage));
    }
}

pub(crate) fn addresses_pass_by_the_rules_for_them(world: &World) {
    let (_, token) = world.user("alice", &[]);
    let (_, other) = world.user("bob", &[]);
    let request = Request::get("/").bearer(&token);
    let store = &world.store;
    let refuses = |what: &str, request: &Request| {
        let before = world.denials("network_refused");
        world.refuses_from(STRANGER, what, 403, request);
        wait::until("the log names the network", PATIENCE, || {
            (world.denials("network_refused") > before).then_some(())
        });
    };
    world.passes("a trusted address", &request);
    refuses("a stranger", &request);
    refuses("a stranger without a token, who learns no more", &Request::get("/"));

    store.run(&["network", "trust", "127.0.0.9", "--user", "alice"]);
    world.passes_from(STRANGER, "an address that this user trusts", &request);
    refuses("another user there", &Request::get("/").bearer(&other));
    store.run(&["network", "remove", "127.0.0.9", "--user", "alice"]);
    refuses("a stranger again", &request);

    store.run(&["network", "trust", "127.0.0.*"]);
    world.passes_from(STRANGER, "a trusted range", &request);
    store.run(&["network", "ban", "127.0.0.8-10"]);
    refuses("a banned range within it", &request);
    world.passes("its neighbour", &request);
    store.run(&["network", "remove", TRUSTED]);
    store.run(&["network", "ban", TRUSTED, "--user", "bob"]);
    world.refuses_for("network_refused", 403, &Request::get("/").bearer(&other));
    world.passes("whoever did not ban it", &request);
}

pub(crate) fn methods_pass_by_the_operations_of_the_user(world: &World) {
    let (_, token) = world.user("alice", &["--operations", "GET,PUT"]);
    for method in ["GET", "HEAD", "PUT", "PATCH", "MERGE"] {
        let arrival = world.passes(method, &Request::new(method, "/").bearer(&token));
        assert_eq!(arrival.method, method);
    }
    for method in ["POST", "DELETE", "OPTIONS", "PROPFIND", "BREW"] {
        world.refuses_for("operation_refused", 403, &Request::new(method, "/").bearer(&token));
    }
    world
        .store
        .run(&["user", "set", "alice", "--operations", "POST,DELETE"]);
    for method in ["POST", "DELETE"] {
        world.passes(method, &Request::new(method, "/").bearer(&token));
    }
    world.refuses_for("operation_refused", 403, &Request::get("/").bearer(&token));
}

pub(crate) fn a_preflight_passes_where_the_setting_lets_it(world: &World) {
    let preflight = Request::new("OPTIONS", "/")
        .field("Origin", "https://app.example")
        .field("Access-Control-Request-Method", "POST");
    world.refuses_for("missing_credential", 401, &preflight);
    world.store.run(&["settings", "set", "allow_preflight", "true"]);
    let arrival = world.passes("a preflight", &preflight.clone().field("X-Tollgate-User", "root"));
    assert_eq!(arrival.all("x-tollgate-user").concat(), "", "nobody in particular");
    world.refuses_for("missing_credential", 401, &Request::new("OPTIONS", "/"));
    world.refuses_from(STRANGER, "a stranger's preflight", 403, &preflight);
}

/// A proxy that makes 403 or 500 of 429 would hide when to come back.
pub(crate) fn the_hourly_limit_refuses_with_its_status_and_says_when_to_come_back(world: &World) {
    let (_, token) = world.user("alice", &["--per-hour", "3"]);
    let request = Request::get("/").bearer(&token);
    world.passes("the first", &request);
    world.refuses(
        "what is refused before the limit is asked",
        400,
        &request.clone().field("x-cdata-authtoken", &token),
    );
    world.passes("the second", &Request::new("HEAD", "/").bearer(&token));
    world.passes("the third, as refusals are not charged", &request);
    let answer = world.refuses_for("rate_exceeded", 429, &request);
    let seconds: u32 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&seconds), "{seconds}");
    let (_, second) = world.store.issue("alice", &[]);
    world.refuses_for("rate_exceeded", 429, &Request::get("/").bearer(&second));

    world.store.run(&["user", "set", "alice", "--per-hour", "4"]);
    let arrival = world.passes("one more, since nothing was refunded", &request);
    assert_eq!(arrival.all("x-tollgate-user"), ["alice"]);
    world.refuses_for("rate_exceeded", 429, &request);
    world.store.run(&["settings", "set", "per_hour", "1"]);
    let (_, other) = world.user("bob", &[]);
    world.passes(
        "the only one that the server's own limit leaves",
        &Request::get("/").bearer(&other),
    );
    world.refuses_for("rate_exceeded", 429, &Request::get("/").bearer(&other));
    world.store.run(&["user", "set", "bob", "--per-hour", "unlimited"]);
    world.passes("a user without a limit", &Request::get("/").bearer(&other));
}

/// Once a commit has failed, whether it happened shows only at the next start. Until then its user is refused, and
/// nobody else: here the disk takes no more writes while the server runs.
pub(crate) fn what_a_failed_commit_was_about_is_refused_until_a_restart(world: &mut World) {
    let (_, token) = world.user("alice", &[]);
    let (_, other) = world.user("bob", &[]);
    let (request, others) = (Request::get("/").bearer(&token), Request::get("/").bearer(&other));
    world.server.terminate();
    world.server.wait();
    world.server = world.store.serve_deaf_at(world.server.address());
    world.passes("before", &request);

    world.server.fail_writes();
    world
        .store
        .run_in_vain(&["user", "set", "alice", "--operations", "GET"], 3);
    let answer = world.refuses_for("stale_view", 503, &request);
    let retry_after = world.kind.hands_on_unavailable.then_some("1");
    assert_eq!(answer.field("retry-after"), retry_after);
    world.passes("a user whom the failure is not about", &others);
    world
        .store
        .run_in_vain(&["user", "set", "bob", "--operations", "GET"], 3);
    world.passes("a user whose change was not even begun", &others);

    world.server.kill();
    world.server = world.store.serve_at(world.server.address());
    world.passes("after a restart", &request);
    world.store.run(&["user", "set", "alice", "--operations", "GET"]);
    world.refuses_for("operation_refused", 403, &Request::new("POST", "/").bearer(&token));
}

/// `/check` cannot see the end of a request. So over it a limit of one lets two requests through that are under way
/// together, and only two questions at the very same moment meet the limit: each is then answered 200 or 429, and the
/// place is free again after the answer.
pub(crate) fn the_concurrent_limit_counts_questions_and_not_the_requests_behind_them(world: &World) {
    let (_, token) = world.user("alice", &["--concurrent", "1"]);
    let request = Request::get("/").bearer(&token);
    world.upstream.hold();
    thread::scope(|scope| {
        let ask = || world.connect().unwrap().send(&request).unwrap().status;
        // One after the other, because their questions must not meet.
        let one = scope.spawn(ask);
        world.upstream.wait_for(1);
        let other = scope.spawn(ask);
        world.upstream.wait_for(2);
        world.upstream.release();
        assert_eq!([one, other].map(|client| client.join().unwrap()), [200, 200]);
    });
    world.upstream.take();

    let question = Request::get("/check").bearer(&token);
    let statuses = wait::until("two questions have met", PATIENCE, || {
        let mut statuses = at_once(world, &question);
        statuses.sort_unstable();
        statuses.dedup();
        assert!(
            statuses.iter().all(|status| [200, 429].contains(status)),
            "{statuses:?}"
        );
        // One processor may never be caught between two questions.
        let alone = thread::available_parallelism().is_ok_and(|processors| processors.get() == 1);
        (statuses.len() == 2 || alone).then_some(statuses)
    });
    assert!(statuses.contains(&200));
    world.passes("one question alone", &request);
}

/// The statuses of many questions from several clients.
fn at_once(world: &World, question: &Request) -> Vec<u16> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = world.connect_to_tollgate().unwrap();
                    let mut ask = || connection.send(question).unwrap().status;
                    (0..200).map(|_| ask()).collect::<Vec<_>>()
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}
