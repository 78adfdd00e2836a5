//! What a running server says of itself over the control socket.

#[cfg(test)]
mod support;

use support::answering::{Answering, count, status};
use support::{World, ask};
use tollgate_http::control::{Reply, Request, dispatch, this_process};

#[test]
fn a_running_server_tells_what_it_has_decided_and_for_whom() {
    let world = World::new();
    let host = world.host();
    let answering = Answering::serve(host.clone(), &world.path());
    let before = status(&world);
    assert!(before.checking && before.writing && before.trouble.is_none());
    assert_eq!((before.users, before.tokens, before.queued), (1, 1, 0));
    assert_eq!(before.revision, world.engine.revision().0);
    assert_eq!(before.checks.len(), 1 + tollgate::DENY_REASONS.len());
    assert!(before.checks.iter().all(|shown| shown.count == 0) && before.busiest.is_empty());

    for _ in 0..3 {
        assert_eq!(
            world.send_to(&host, ask("GET /check").bearer(world.token())).status,
            200
        );
    }
    assert_eq!(
        world.send_to(&host, ask("BREW /check").bearer(world.token())).status,
        403
    );
    assert_eq!(world.send_to(&host, ask("GET /check")).status, 401);

    let after = status(&world);
    let counts = ["permitted", "operation_refused", "missing_credential", "expired"].map(|id| count(&after, id));
    assert_eq!(counts, [3, 1, 1, 0]);
    let [alice] = after.busiest.as_slice() else {
        panic!("one user has asked: {:?}", after.busiest)
    };
    assert_eq!((alice.name.as_str(), alice.checks, alice.denied), ("alice", 4, 1));
    assert!((10.0..20.0).contains(&after.busiest_over_s), "{}", after.busiest_over_s);
    assert!(after.followers.is_empty());
    let follower = world.run(tollgate::IssueFeedToken {
        name: "edge".parse().unwrap(),
        expires_at: None,
    });
    let path = format!("GET /feed/v1/changes?after={}", after.revision - 1);
    let answer = world.send_to(&host, ask(&path).bearer(follower.token.expose()));
    assert_eq!(answer.status, 200);
    let followed = status(&world).followers;
    let [edge] = followed.as_slice() else {
        panic!("one follows: {followed:?}")
    };
    assert_eq!(
        (edge.id.as_str(), edge.revision),
        ("edge@203.0.113.7", after.revision - 1)
    );
    assert!(edge.behind_ms < 20_000, "{}", edge.behind_ms);
    answering.stop();
}

#[test]
fn without_a_server_there_is_nothing_to_tell() {
    let world = World::new();
    match dispatch(&world.engine, &this_process(), Request::Status) {
        Reply::Failed(fault) => {
            assert_eq!(fault.code, "no_server");
            assert!(fault.message.contains("tollgate serve"), "{}", fault.message);
        }
        Reply::Done(_) | Reply::Refused(_) => panic!("no server runs"),
    }
}
