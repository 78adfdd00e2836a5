//! Credentials in the bodies of forms, which are read before anything goes on.

use serde_json::json;
use tollgate_core::{Denial, DenyReason, Gate, Refused};
use tollgate_tests::envoy::Envoy;
use tollgate_tests::http::{Connection, Request};
use tollgate_tests::wait::{self, PATIENCE};

use super::super::support::facts::{Server, User};
use super::answers::{self, assert_refused};
use super::feed::{Feed, Manner};
use super::scene::{
    ALICE, PLUGIN, Scene, answered, configuration, filter, setup, token_of, wait_until_ready, world_of,
};
use super::upstream::Upstream;
use super::world::World;

const FORM_LEN_MAX: usize = 65_536;
const HEAD: &str =
    "POST /orders HTTP/1.1\r\nHost: upstream.example\r\nContent-Type: application/x-www-form-urlencoded\r\n";

fn world(authtoken_in_url: bool) -> World {
    let server = Server {
        authtoken_in_url,
        ..Server::default()
    };
    world_of(&server, &[User::default(), User::default()])
}

fn whole(form: &str) -> String {
    format!("{HEAD}Content-Length: {}\r\n\r\n{form}", form.len())
}

/// In two chunks, and with these lines as trailers.
fn chunked(form: &str, trailers: &str) -> String {
    let (one, other) = form.split_at(form.len() / 2);
    let (first, second) = (one.len(), other.len());
    format!(
        "{HEAD}Transfer-Encoding: chunked\r\n\r\n{first:x}\r\n{one}\r\n{second:x}\r\n{other}\r\n0\r\n{trailers}\r\n"
    )
}

fn form_of(name: &str) -> String {
    format!("a=b&%40authtoken={}&c=d", token_of(name))
}

/// Sends the bytes to each worker, and the form must arrive as `alice`'s.
fn passes(scene: &Scene, what: &str, bytes: &str, form: &str) {
    for mut connection in scene.envoy.connections().unwrap() {
        let answer = answered(&mut connection, bytes.as_bytes());
        assert_eq!(answer.status, 200, "{what}: {}", String::from_utf8_lossy(&answer.body));
        let arrivals = scene.upstream.take();
        assert_eq!(arrivals.len(), 1, "{what}");
        assert!(arrivals[0].body == form.as_bytes(), "{what}: another body has arrived");
        assert_eq!(arrivals[0].one("x-tollgate-user"), ALICE, "{what}");
    }
}

fn is_refused(scene: &Scene, what: &str, bytes: &str, reason: DenyReason) {
    for mut connection in scene.envoy.connections().unwrap() {
        let answer = answered(&mut connection, bytes.as_bytes());
        assert_refused(what, &answer, reason);
        assert_eq!(scene.upstream.take().len(), 0, "{what}");
    }
}

#[test]
fn a_token_in_a_form_passes_however_the_form_is_sent() {
    let scene = Scene::start(world(true), &json!({ "read_forms": true }));
    let (good, bad) = (form_of(ALICE), form_of("nobody"));
    let filled = |form: &str, len: usize| format!("{form}&x={}", "a".repeat(len - form.len() - 3));
    for (what, bytes, form) in [
        ("whole", whole(&good), &good),
        ("chunked", chunked(&good, ""), &good),
        ("with trailers", chunked(&good, "X-Trailer: one\r\n"), &good),
        (
            "of the greatest length",
            whole(&filled(&good, FORM_LEN_MAX)),
            &filled(&good, FORM_LEN_MAX),
        ),
        (
            "of the greatest length in chunks",
            chunked(&filled(&good, FORM_LEN_MAX), ""),
            &filled(&good, FORM_LEN_MAX),
        ),
    ] {
        passes(&scene, what, &bytes, form);
    }
    for (what, bytes) in [
        ("whole", whole(&bad)),
        ("chunked", chunked(&bad, "")),
        ("with trailers", chunked(&bad, "X-Trailer: one\r\n")),
        ("of the greatest length", whole(&filled(&bad, FORM_LEN_MAX))),
    ] {
        is_refused(&scene, what, &bytes, DenyReason::UnknownToken);
    }
    is_refused(&scene, "without", &whole("a=b"), DenyReason::MissingCredential);
    is_refused(&scene, "empty", &whole(""), DenyReason::MissingCredential);
    is_refused(
        &scene,
        "empty, in chunks",
        &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        DenyReason::MissingCredential,
    );
    is_refused(
        &scene,
        "empty, with trailers",
        &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n"),
        DenyReason::MissingCredential,
    );
    let twice = whole(&good).replacen("\r\n", &format!("\r\nAuthorization: Bearer {}\r\n", token_of(ALICE)), 1);
    is_refused(
        &scene,
        "beside another credential",
        &twice,
        DenyReason::MalformedCredential,
    );
    let no_form = whole(&good).replace("application/x-www-form-urlencoded", "text/plain");
    is_refused(&scene, "that is none", &no_form, DenyReason::MissingCredential);
}

#[test]
fn a_form_beyond_the_bound_is_refused_and_its_client_learns_why() {
    let scene = Scene::start(world(true), &json!({ "read_forms": true }));
    let long = form_of(ALICE) + "&x=" + &"a".repeat(FORM_LEN_MAX);
    let denial = Denial::plain(DenyReason::MalformedCredential, Gate::Extract);
    let detail = "The form is longer than 65536 bytes or did not arrive whole within 10 seconds.";
    for bytes in [whole(&long), chunked(&long, ""), chunked(&long, "X-Trailer: one\r\n")] {
        for mut connection in scene.envoy.connections().unwrap() {
            let answer = answered(&mut connection, bytes.as_bytes());
            assert_eq!(
                answers::differs(&answer, &Refused::of(&denial, Some(detail)), false),
                None
            );
            assert_eq!(scene.upstream.take().len(), 0);
        }
    }
    passes(&scene, "a form within it", &whole(&form_of(ALICE)), &form_of(ALICE));
}

#[test]
fn a_client_that_waits_for_leave_to_send_its_form_is_given_it() {
    let scene = Scene::start(world(true), &json!({ "read_forms": true }));
    for (name, status) in [(ALICE, 200), ("nobody", 401)] {
        let form = form_of(name);
        for mut connection in scene.envoy.connections().unwrap() {
            let head = format!("{HEAD}Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", form.len());
            connection.write(head.as_bytes()).unwrap();
            wait::until("the client has leave", PATIENCE, || {
                (!connection.is_silent()).then_some(())
            });
            assert_eq!(
                scene.upstream.take().len(),
                0,
                "nothing goes on before the form is known"
            );
            assert_eq!(answered(&mut connection, form.as_bytes()).status, status);
            assert_eq!(scene.upstream.take().len(), usize::from(status == 200));
        }
    }
}

#[test]
fn forms_count_while_the_setting_says_so() {
    let scene = Scene::start(world(false), &json!({ "read_forms": true }));
    let form = form_of(ALICE);
    is_refused(&scene, "off", &whole(&form), DenyReason::MissingCredential);
    scene.feed.lead_to(world(true));
    scene.wait_until_followed();
    passes(&scene, "on", &whole(&form), &form);
    scene.feed.lead_to(world(false));
    scene.wait_until_followed();
    is_refused(&scene, "off again", &whole(&form), DenyReason::MissingCredential);
}

/// A proxy that was not told to hand out bodies keeps them back; the form never comes, and nothing goes on.
#[test]
fn a_form_that_the_proxy_keeps_back_is_given_up() {
    let (feed, upstream) = (Feed::start(world(true)), Upstream::start());
    let configured = configuration(feed.token(), &json!({ "read_forms": true }));
    let mut filter = filter(PLUGIN, &configured);
    filter.allow_on_headers_stop_iteration = false;
    let envoy = Envoy::start(setup(&filter, upstream.address(), feed.address()));
    wait_until_ready(&envoy);
    for mut connection in envoy.connections().unwrap() {
        let with_token =
            whole("a=b").replacen("\r\n", &format!("\r\nAuthorization: Bearer {}\r\n", token_of(ALICE)), 1);
        assert_eq!(answered(&mut connection, with_token.as_bytes()).status, 400);
        assert_eq!(upstream.take().len(), 0);
    }
    for mut connection in envoy.connections().unwrap() {
        let no_form = Request::new("POST", "/").bearer(&token_of(ALICE)).body("a=b");
        assert_eq!(connection.send(&no_form).unwrap().status, 200);
    }
}

/// A form that comes while there is no view yet: before the view, after it, or half of it each.
#[test]
fn a_form_that_comes_before_the_view_waits_with_it() {
    for trailers in ["", "X-Trailer: one\r\n"] {
        for name in [ALICE, "nobody"] {
            let more = json!({ "read_forms": true, "wait_for_snapshot_ms": 60_000 });
            let scene = Scene::begin(world(true), PLUGIN, &more, Manner::Silent);
            let form = form_of(name);
            let bytes = chunked(&form, trailers);
            let mut waiting = begun(&scene, &bytes);
            scene.feed.behave(Manner::Truthful);
            scene.wait_until_ready();
            for (connection, rest) in &mut waiting {
                let answer = answered(connection, rest);
                if name == ALICE {
                    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                } else {
                    assert_refused("no token of anybody", &answer, DenyReason::UnknownToken);
                }
            }
            let arrivals = scene.upstream.take();
            assert_eq!(arrivals.len(), if name == ALICE { waiting.len() } else { 0 });
            assert!(arrivals.iter().all(|arrival| arrival.body == form.as_bytes()));
        }
    }
}

/// Sends the first bytes of a request to each worker, cut at several places, and answers what is left to be sent.
fn begun<'a>(scene: &Scene, bytes: &'a str) -> Vec<(Connection, &'a [u8])> {
    let head = bytes.find("\r\n\r\n").unwrap() + 4;
    let cuts = [head, head + 20, bytes.len()];
    let before = scene.envoy.admin().stat("wasmcustom.tollgate.waited");
    let mut waiting = Vec::new();
    for cut in cuts {
        for _ in 0..2 {
            let (_, mut connection) = scene.connect();
            connection.write(&bytes.as_bytes()[..cut]).unwrap();
            waiting.push((connection, &bytes.as_bytes()[cut..]));
        }
    }
    let all = before + waiting.len() as u64;
    scene.envoy.admin().wait_for("all requests wait", |stats| {
        stats.value("wasmcustom.tollgate.waited") == all
    });
    assert!(waiting.iter_mut().all(|(connection, _)| connection.is_silent()));
    assert_eq!(scene.upstream.take().len(), 0);
    waiting
}
