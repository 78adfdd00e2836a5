//! What is no question of a follower, each with a twin that is.

use tollgate::{IssueAdminToken, RevokeFeedToken, Role, StateCursor};

use super::asking::{changes, hex, page, question, token};
use crate::support::{World, ask};

#[test]
fn strangers_are_told_to_bring_a_token_and_nothing_else() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let gone = token(&world);
    world.run(RevokeFeedToken { id: gone.record.id });
    let admin = world.run(IssueAdminToken {
        name: "root".parse().unwrap(),
        role: Role::Administrator,
        expires_at: None,
    });
    let path = page(None);
    assert_eq!(question(&world, &host, secret, &path).status, 200, "the twin");
    let none = world.send_to(&host, ask(&format!("GET {path}")));
    assert_eq!((none.status, none.problem().as_str()), (401, "missing-credential"));
    assert_eq!(none.field("www-authenticate"), ["Bearer realm=\"tollgate feed\""]);
    let get = || ask(&format!("GET {path}"));
    let altered = secret.replace(&secret[10..11], if &secret[10..11] == "x" { "y" } else { "x" });
    for asked in [
        get().bearer(gone.token.expose()),
        get().bearer(&altered),
        get().bearer(admin.token.expose()),
        get().bearer(world.token()),
        get().bearer(""),
        get().bearer(secret).bearer(secret),
        get().field("authorization", &format!("Basic {secret}")),
        get().field("x-cdata-authtoken", secret).bearer("x"),
    ] {
        let answer = world.send_to(&host, asked);
        assert_eq!((answer.status, answer.problem().as_str()), (401, "invalid-token"));
        let challenge = "Bearer realm=\"tollgate feed\", error=\"invalid_token\"";
        assert_eq!(answer.field("www-authenticate"), [challenge]);
        assert_eq!(answer.field("content-type"), ["application/problem+json"]);
    }
    // A token in the path's query is none, and is not repeated.
    let in_url = world.send_to(&host, ask(&format!("GET {path}&token={secret}")));
    assert_eq!(in_url.status, 401);
    let both = question(&world, &host, secret, &format!("{path}&token={secret}"));
    assert_eq!(both.status, 400);
    assert!(!String::from_utf8(both.body).unwrap().contains(secret));
    for path in ["/feed", "/feed/v1", "/feed/v2/snapshot", "/feed/v1/snapshot/"] {
        assert_eq!(world.send_to(&host, ask(&format!("GET {path}"))).status, 401, "{path}");
        assert_eq!(question(&world, &host, secret, path).status, 404, "{path}");
    }
}

#[test]
fn guesses_from_one_address_are_answered_a_few_times_a_minute_and_followers_always() {
    let world = World::new();
    let issued = token(&world);
    let host = world.host();
    // The routes are made once, as a server has them: the count is theirs.
    let router = tollgate_http::router(host.clone());
    let status = |bearer: &str| {
        world
            .send_through(&router, ask("GET /feed/v1/snapshot").bearer(bearer))
            .status
    };
    let guesses: Vec<u16> = (0..22).map(|_| status("tg_fd_guess")).collect();
    assert_eq!(
        (guesses[..20].iter().all(|status| *status == 401), &guesses[20..]),
        (true, &[429, 429][..])
    );
    assert_eq!(status(issued.token.expose()), 200);
    let other = ask("GET /feed/v1/snapshot").from("203.0.113.8").bearer("tg_fd_guess");
    assert_eq!(world.send_through(&router, other).status, 401);
}

#[test]
fn parameters_are_read_strictly() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let at = world.engine.position();
    let (feed, nonce) = (hex(&at.feed.0), hex(&[7; 16]));
    let cursor = hex(&[4, 0, 0, 0, 0, 0, 0, 0, 9]);
    assert!(StateCursor::from_bytes(&[4, 0, 0, 0, 0, 0, 0, 0, 9]).is_some());
    for good in [
        "/feed/v1/snapshot".to_owned(),
        format!("/feed/v1/snapshot?page={cursor}"),
        format!("/feed/v1/snapshot?nonce={nonce}&page={}", cursor.to_uppercase()),
        "/feed/v1/changes?after=0".to_owned(),
        format!("/feed/v1/changes?after=0&feed={feed}&skip=0&wait=0.001&nonce={nonce}"),
        "/feed/v1/changes?after=0&wait=30".to_owned(),
    ] {
        assert_eq!(question(&world, &host, secret, &good).status, 200, "{good}");
    }
    for (bad, about) in [
        ("/feed/v1/snapshot?page=".to_owned(), "page"),
        ("/feed/v1/snapshot?page=1.17".to_owned(), "page"),
        (format!("/feed/v1/snapshot?page={cursor}00"), "page"),
        (format!("/feed/v1/snapshot?page=02{}", &cursor[2..]), "page"),
        ("/feed/v1/snapshot?after=1".to_owned(), "page"),
        (format!("/feed/v1/snapshot?page={cursor}&page={cursor}"), "page"),
        ("/feed/v1/snapshot?nonce=7".to_owned(), "nonce"),
        ("/feed/v1/changes".to_owned(), "after"),
        ("/feed/v1/changes?after=".to_owned(), "after"),
        ("/feed/v1/changes?after=-1".to_owned(), "after"),
        ("/feed/v1/changes?after=18446744073709551616".to_owned(), "after"),
        ("/feed/v1/changes?after=0&after=0".to_owned(), "after"),
        ("/feed/v1/changes?after=0&skip=4294967296".to_owned(), "skip"),
        ("/feed/v1/changes?after=0&wait=30.001".to_owned(), "wait"),
        ("/feed/v1/changes?after=0&wait=1e1".to_owned(), "wait"),
        (format!("/feed/v1/changes?after=0&feed={}", &feed[2..]), "feed"),
        (format!("/feed/v1/changes?after=0&nonce={nonce}00"), "nonce"),
        ("/feed/v1/changes?after=0&page=1".to_owned(), "after"),
    ] {
        let answer = question(&world, &host, secret, &bad);
        assert_eq!(answer.status, 400, "{bad}");
        let detail = answer.detail();
        assert!(detail.contains("expected") && detail.contains(about), "{bad}: {detail}");
    }
}

#[test]
fn the_feed_is_only_read() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let at = world.engine.position();
    for path in [page(None), changes(at.feed, at.revision, 0, "0")] {
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
            let answer = world.send_to(&host, ask(&format!("{method} {path}")).bearer(secret));
            assert_eq!((answer.status, answer.field("allow")), (405, vec!["GET"]), "{method}");
        }
    }
}
