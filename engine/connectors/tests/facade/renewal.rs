//! When a token is renewed, and what becomes of one that cannot be.

use std::time::Duration;

use tollgate_connectors::auth_value::{AuthValue, Tokens};
use tollgate_connectors::connectors::AccessFault;
use tollgate_connectors::freshness::Freshness;
use tollgate_connectors::secret::Secret;

use crate::scene::{BEGIN, NUMBER, Scene, until};
use crate::third::{Third, reply, tokens};

fn old() -> Result<String, AccessFault> {
    Ok("old-access".to_owned())
}

fn new() -> Result<String, AccessFault> {
    Ok("new-access".to_owned())
}

#[test]
fn a_fresh_token_is_handed_out_without_asking_anybody() {
    let scene = Scene::new(Third::with([]));
    scene.at(3_239);
    let access = scene.connectors.access_token(NUMBER).unwrap();
    assert_eq!(access.token.expose(), "old-access");
    assert_eq!(access.authorization.expose(), "Bearer old-access");
    assert_eq!(access.expires, Some(BEGIN.plus_millis(3_600_000)));
    scene.settled();
    assert_eq!(scene.third.count(), 0);
}

#[test]
fn a_token_that_is_due_is_used_and_renewed() {
    let scene = Scene::new(Third::with([tokens("new-access", None)]));
    scene.at(3_240);
    assert_eq!(scene.token(), old());
    until("it is renewed", || {
        scene.store.access().as_deref() == Some("new-access")
    });
    assert_eq!((scene.token(), scene.third.count()), (new(), 1));
    let request = scene.third.requests().remove(0);
    assert!(
        request.ends_with("grant_type=refresh_token&refresh_token=old-refresh"),
        "{request}"
    );
}

#[test]
fn one_that_nobody_asks_for_is_renewed_as_well() {
    let scene = Scene::with(
        Third::with([tokens("new-access", None)]),
        |_, _| {},
        Duration::from_millis(5),
    );
    scene.at(3_240);
    until("it is renewed", || {
        scene.store.access().as_deref() == Some("new-access")
    });
    scene.settled();
    assert_eq!(scene.third.count(), 1);
    assert_eq!(
        scene.store.look(|row| row.next),
        Some(BEGIN.plus_millis((3_240 + 3_240) * 1_000))
    );
}

#[test]
fn a_renewal_is_noted_before_it_is_sent() {
    let scene = Scene::new(Third::with([tokens("new-access", None)]));
    scene.at(3_600);
    scene.third.shut();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| scene.token());
        until("it is asked", || scene.third.count() == 1);
        assert!(scene.store.look(|row| row.is_noted && row.held.version == 2));
        scene.third.open();
        assert_eq!(caller.join().unwrap(), new());
    });
    assert!(scene.store.look(|row| !row.is_noted && row.held.version == 3));
}

#[test]
fn after_a_crash_the_old_refresh_token_is_tried_once_more() {
    let scene = Scene::new(Third::with([reply(400, r#"{"error":"invalid_grant"}"#)]));
    scene.store.change(|row| row.is_noted = true);
    scene.at(3_600);
    assert_eq!(scene.token(), Err(AccessFault::NeedsSignIn));
    assert!(scene.third.requests().remove(0).ends_with("refresh_token=old-refresh"));
}

#[test]
fn who_refuses_for_a_while_is_left_alone_so_long() {
    let replies = [
        reply(429, "{}").with("Retry-After: 7"),
        reply(500, "<html>canary</html>"),
        reply(200, "garbage canary"),
        tokens("new-access", None),
    ];
    let scene = Scene::new(Third::with(replies));
    let wait = |retry_after_s| Err(AccessFault::Later { retry_after_s });
    scene.at(3_600);
    assert_eq!(
        (scene.token(), scene.token(), scene.third.count()),
        (wait(7), wait(7), 1)
    );
    scene.at(3_604);
    assert_eq!((scene.token(), scene.third.count()), (wait(3), 1));
    scene.at(3_607);
    assert_eq!(
        (scene.token(), scene.third.count()),
        (wait(60), 2),
        "one that says nothing waits as stated"
    );
    scene.at(3_667);
    assert_eq!(
        (scene.token(), scene.third.count()),
        (wait(180), 3),
        "and longer each time"
    );
    assert!(
        scene
            .store
            .look(|row| row.fault.as_ref().is_some_and(|fault| !fault.contains("canary")))
    );
    scene.at(3_847);
    assert_eq!((scene.token(), scene.third.count()), (new(), 4));
    assert!(
        scene
            .store
            .look(|row| row.held.freshness.failures == 0 && row.fault.is_none())
    );
}

#[test]
fn while_it_fails_a_token_that_is_good_is_used() {
    let scene = Scene::new(Third::with([reply(503, ""), reply(503, "")]));
    scene.at(3_300);
    assert_eq!(scene.token(), old());
    until("it has failed", || {
        scene.store.look(|row| row.held.freshness.failures == 1)
    });
    scene.settled();
    assert_eq!(
        (scene.token(), scene.third.count()),
        (old(), 1),
        "and nobody is asked before the wait is over"
    );
    assert_eq!(scene.store.look(|row| row.next), Some(BEGIN.plus_millis(3_360_000)));
    scene.at(3_595);
    assert_eq!(scene.token(), Err(AccessFault::Later { retry_after_s: 60 }));
}

#[test]
fn who_is_down_is_asked_again_later() {
    let third = Third::with([tokens("never", None)]);
    let scene = Scene::with(
        third,
        // Nobody listens on this port of this address.
        |text, _| {
            text.near_hosts = vec!["127.0.0.3".to_owned(), "127.0.0.1".to_owned()];
            text.token_url = text.token_url.take().map(|url| url.replace("127.0.0.1", "127.0.0.3"));
        },
        Duration::from_secs(86_400),
    );
    scene.at(3_600);
    assert_eq!(scene.token(), Err(AccessFault::Later { retry_after_s: 60 }));
    assert!(
        scene
            .store
            .look(|row| row.fault.as_ref().is_some_and(|fault| fault.contains("connect")))
    );
    assert_eq!(
        (scene.third.count(), scene.store.refresh().as_deref()),
        (0, Some("old-refresh"))
    );
}

#[test]
fn a_grant_that_is_gone_needs_a_person_and_asks_nobody_any_more() {
    let scene = Scene::new(Third::with([
        reply(400, r#"{"error":"invalid_grant"}"#),
        tokens("new-access", None),
    ]));
    scene.at(3_300);
    assert_eq!(scene.token(), old());
    until("it is gone", || scene.store.look(|row| row.held.freshness.is_gone));
    scene.settled();
    assert_eq!(scene.token(), old(), "the token itself may be good to its end");
    scene.at(3_600);
    assert_eq!(
        (scene.token(), scene.token(), scene.third.count()),
        (Err(AccessFault::NeedsSignIn), Err(AccessFault::NeedsSignIn), 1)
    );
    assert_eq!(scene.store.look(|row| row.next), None);
    // Somebody has signed in.
    scene.store.change(|row| {
        row.held.version += 1;
        row.held.freshness = Freshness::obtained(BEGIN);
    });
    assert_eq!((scene.token(), scene.third.count()), (new(), 2));
}

#[test]
fn a_value_that_is_set_meanwhile_is_not_written_over() {
    let scene = Scene::new(Third::with([tokens("of-the-old-grant", Some("of-the-old-grant"))]));
    scene.at(3_600);
    scene.third.shut();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| scene.token());
        until("it is asked", || scene.third.count() == 1);
        scene.store.change(|row| {
            row.held.version += 1;
            row.held.value = AuthValue::OAuth(Tokens {
                access: Some(Secret::new("set-access")),
                refresh: None,
                expires: None,
                refresh_expires: None,
            });
        });
        scene.third.open();
        assert_eq!(caller.join().unwrap(), Ok("set-access".to_owned()));
    });
    assert_eq!(
        (scene.store.access().as_deref(), scene.store.refresh()),
        (Some("set-access"), None)
    );
    assert_eq!(scene.third.count(), 1);
}

#[test]
fn one_that_is_removed_meanwhile_is_unknown() {
    let scene = Scene::new(Third::with([tokens("new-access", None)]));
    scene.at(3_600);
    scene.third.shut();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| scene.token());
        until("it is asked", || scene.third.count() == 1);
        scene.store.remove();
        scene.third.open();
        assert_eq!(caller.join().unwrap(), Err(AccessFault::Unknown));
    });
    assert_eq!(scene.token(), Err(AccessFault::Unknown));
}

#[test]
fn a_store_in_trouble_hands_out_nothing() {
    let scene = Scene::new(Third::with([tokens("new-access", None)]));
    assert_eq!(scene.token(), old());
    scene.at(3_600);
    scene.third.shut();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| scene.token());
        until("it is asked", || scene.third.count() == 1);
        scene.store.breaks();
        scene.third.open();
        assert!(matches!(caller.join().unwrap(), Err(AccessFault::Store(_))));
    });
    assert!(matches!(scene.token(), Err(AccessFault::Store(_))));
}

#[test]
fn many_that_are_due_do_not_wait_for_the_next_look() {
    // More than are begun at one look, of which there is one alone.
    let count = 600;
    let third = Third::with((0..count).map(|_| tokens("new-access", None)));
    let scene = Scene::many_due(third, count);
    until("all are renewed", || scene.store.all(|row| row.held.version == 3));
    scene.settled();
    assert_eq!(scene.third.count(), usize::try_from(count).unwrap());
}
