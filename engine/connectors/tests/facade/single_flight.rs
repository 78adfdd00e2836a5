//! However many want a token, one request is made; and whoever goes away loses nothing for the others.

use std::sync::Arc;

use tollgate_connectors::connectors::{AccessFault, Going};

use crate::scene::{NUMBER, Scene, exposed, until};
use crate::third::{Third, reply, tokens};

#[test]
fn sixty_four_callers_at_expiry_cause_one_refresh() {
    let scene = Arc::new(Scene::new(Third::with([tokens("new-access", Some("new-refresh"))])));
    scene.at(3_600);
    scene.third.shut();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let scene = Arc::clone(&scene);
            std::thread::spawn(move || scene.token())
        })
        .collect();
    until("all of them wait", || {
        scene.connectors.going()
            == Going {
                renewals: 1,
                waiting: 64,
            }
    });
    scene.third.open();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), Ok("new-access".to_owned()));
    }
    assert_eq!(scene.third.count(), 1);
    assert_eq!(scene.store.refresh().as_deref(), Some("new-refresh"));
    assert_eq!(scene.token(), Ok("new-access".to_owned()));
    assert_eq!(scene.third.count(), 1, "it is fresh");
}

#[test]
fn threads_that_come_as_they_please_cause_one_refresh_too() {
    // Without a gate callers come before, while and after the answer is kept.
    for _ in 0..20 {
        let scene = Arc::new(Scene::new(Third::with([tokens("new-access", Some("new-refresh"))])));
        scene.at(3_600);
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let scene = Arc::clone(&scene);
                std::thread::spawn(move || scene.token())
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.join().unwrap(), Ok("new-access".to_owned()));
        }
        assert_eq!(scene.third.count(), 1);
    }
}

#[test]
fn a_caller_who_read_before_the_renewal_and_orders_after_it_causes_none() {
    let scene = Scene::new(Third::with([tokens("new-access", Some("new-refresh"))]));
    scene.at(3_600);
    let open = scene.store.stops_the_next();
    std::thread::scope(|scope| {
        let late = scope.spawn(|| scene.token());
        until("it has read the old value", || scene.store.has_stopped_one());
        assert_eq!(scene.token(), Ok("new-access".to_owned()));
        scene.settled();
        open.send(()).unwrap();
        assert_eq!(late.join().unwrap(), Ok("new-access".to_owned()));
    });
    assert_eq!((scene.third.count(), scene.store.look(|row| row.held.version)), (1, 3));
}

#[tokio::test]
async fn tasks_and_threads_wait_for_the_same() {
    let scene = Arc::new(Scene::new(Third::with([tokens("new-access", None)])));
    scene.at(3_600);
    scene.third.shut();
    let thread = std::thread::spawn({
        let scene = Arc::clone(&scene);
        move || scene.token()
    });
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let connectors = scene.connectors.clone();
            tokio::spawn(async move { connectors.access_token_async(NUMBER).await.map(exposed) })
        })
        .collect();
    while scene.connectors.going().waiting < 9 {
        tokio::task::yield_now().await;
    }
    scene.third.open();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok("new-access".to_owned()));
    }
    assert_eq!(thread.join().unwrap(), Ok("new-access".to_owned()));
    assert_eq!(
        (scene.third.count(), scene.store.refresh().as_deref()),
        (1, Some("old-refresh"))
    );
}

#[tokio::test]
async fn a_caller_who_goes_away_loses_nothing() {
    let scene = Scene::new(Third::with([tokens("new-access", Some("new-refresh"))]));
    scene.at(3_600);
    scene.third.shut();
    let gone = tokio::spawn({
        let connectors = scene.connectors.clone();
        async move { connectors.access_token_async(NUMBER).await.map(exposed) }
    });
    while scene.third.count() == 0 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.is_err_and(|error| error.is_cancelled()));
    scene.third.open();
    until("the rotated token is kept", || {
        scene.store.refresh().as_deref() == Some("new-refresh")
    });
    assert_eq!((scene.token(), scene.third.count()), (Ok("new-access".to_owned()), 1));
}

#[test]
fn closing_carries_to_its_end_what_has_begun() {
    let scene = Scene::new(Third::with([tokens("new-access", Some("new-refresh"))]));
    scene.at(3_600);
    scene.third.shut();
    let closing = std::thread::scope(|scope| {
        let caller = scope.spawn(|| scene.token());
        until("it is asked", || scene.third.count() == 1);
        let closing = scope.spawn(|| scene.connectors.close());
        scene.third.open();
        closing.join().unwrap();
        caller.join().unwrap()
    });
    assert_eq!(closing, Ok("new-access".to_owned()));
    assert_eq!(scene.store.refresh().as_deref(), Some("new-refresh"));
    assert_eq!(
        scene.token(),
        Ok("new-access".to_owned()),
        "what is fresh is handed out"
    );
    scene.at(7_200);
    assert_eq!(scene.token(), Err(AccessFault::Closed));
    assert_eq!((scene.third.count(), scene.connectors.going()), (1, Going::default()));
}

#[test]
fn a_renewal_that_fails_tells_all_who_wait() {
    let scene = Arc::new(Scene::new(Third::with([reply(503, "").with("Retry-After: 7")])));
    scene.at(3_600);
    scene.third.shut();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let scene = Arc::clone(&scene);
            std::thread::spawn(move || scene.token())
        })
        .collect();
    until("all of them wait", || scene.connectors.going().waiting == 8);
    scene.third.open();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), Err(AccessFault::Later { retry_after_s: 7 }));
    }
    assert_eq!(scene.third.count(), 1);
}

#[test]
fn a_renewal_that_crashes_leaves_nobody_waiting() {
    let scene = Scene::new(Third::with([tokens("new-access", None)]));
    scene.at(3_600);
    scene.store.crashes(true);
    assert_eq!(scene.token(), Err(AccessFault::Later { retry_after_s: 1 }));
    scene.store.crashes(false);
    assert_eq!(
        scene.token(),
        Ok("new-access".to_owned()),
        "and nothing stands in the way of the next"
    );
}
