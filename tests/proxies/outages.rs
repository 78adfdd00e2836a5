//! Without an answer nobody passes, and an orderly stop loses none.

use std::thread;

use parking_lot::Mutex;
use tollgate_tests::http::{Broken, Request};
use tollgate_tests::wait::{self, Deadline, PATIENCE};

use super::world::World;

pub(crate) fn while_the_server_is_down_nobody_passes_and_after_that_everybody_does_as_before(world: &mut World) {
    let (_, token) = world.user("alice", &["--per-hour", "1000"]);
    let (id, revoked) = world.store.issue("alice", &[]);
    let request = Request::get("/").bearer(&token);
    world.passes("before", &request);

    world.server.kill();
    world.refuses(
        "a valid token while the server is down",
        world.kind.without_answer,
        &request,
    );
    world.refuses(
        "no token while the server is down",
        world.kind.without_answer,
        &Request::get("/"),
    );
    world.store.run(&["authtoken", "revoke", &id]);
    world.refuses(
        "a token that was revoked meanwhile",
        world.kind.without_answer,
        &Request::get("/").bearer(&revoked),
    );

    world.server = world.store.serve_at(world.server.address());
    world.passes("a valid token after that", &request);
    world.refuses("the one that was revoked", 401, &Request::get("/").bearer(&revoked));
}

/// Clients ask as fast as they can when the server is told to stop. Whoever was charged has been answered: the count of
/// the hour, which an orderly stop saves, is the count of the answers that came.
pub(crate) fn check_orderly_stop(world: &mut World) {
    const LIMIT: u32 = 1_000_000;
    let (_, token) = world.user("alice", &["--per-hour", &LIMIT.to_string()]);
    let question = Request::get("/check").bearer(&token);
    let answered = Mutex::new(0_u32);
    let ask_on = || {
        let mut connection = world.connect_to_tollgate()?;
        loop {
            let answer = connection.send(&question)?;
            assert_eq!(answer.status, 200);
            *answered.lock() += 1;
            if answer.field("connection") == Some("close") {
                connection = world.connect_to_tollgate()?;
            }
        }
    };
    let ends: Vec<Broken> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| -> Result<(), Broken> { ask_on() }))
            .collect();
        wait::until("the load is on", PATIENCE, || (*answered.lock() > 500).then_some(()));
        world.server.terminate();
        clients
            .into_iter()
            .map(|client| client.join().unwrap().unwrap_err())
            .collect()
    });
    for end in &ends {
        assert!(matches!(end, Broken::Unreachable(_) | Broken::Unanswered(_)), "{end}");
    }
    world.server.wait();

    world.server = world.store.serve_at(world.server.address());
    let answer = world.ask_tollgate(&question);
    let answered = *answered.lock() + 1;
    let quota = answer.field("ratelimit").unwrap();
    let remaining = quota.split(';').find_map(|part| part.strip_prefix("r=")).unwrap();
    assert_eq!(
        remaining.parse::<u32>().unwrap(),
        LIMIT - answered,
        "{quota} after {answered} answers"
    );
}

/// The same, seen through the proxy: every request that the client was not told has passed has not reached the upstream.
pub(crate) fn an_orderly_stop_lets_nothing_through_unasked(world: &mut World) {
    let (_, token) = world.user("alice", &[]);
    let request = Request::get("/").bearer(&token);
    let passed = Mutex::new(0_usize);
    let deadline = Deadline::within(PATIENCE);
    thread::scope(|scope| {
        let ask_on = || {
            while deadline.remaining().is_some() {
                let mut connection = world.connect().unwrap();
                match connection.send(&request).unwrap().status {
                    200 => *passed.lock() += 1,
                    status => return status,
                }
            }
            panic!("requests pass though the server has stopped")
        };
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(ask_on)).collect();
        wait::until("the load is on", PATIENCE, || (*passed.lock() > 200).then_some(()));
        world.server.terminate();
        for client in clients {
            assert_eq!(client.join().unwrap(), world.kind.without_answer);
        }
    });
    world.server.wait();
    assert_eq!(world.upstream.take().len(), *passed.lock());
    world.server = world.store.serve_at(world.server.address());
    world.passes("after that", &request);
}
