//! Codes that browsers bring back, turned into tokens.

use tollgate_connectors::connectors::{AccessFault, Redemption};
use tollgate_connectors::secret::Secret;

use crate::scene::{NUMBER, Scene, exposed, until};
use crate::third::{Third, reply, tokens};

fn redemption() -> Redemption {
    Redemption {
        number: NUMBER,
        code: Secret::new("the-code"),
        redirect_url: "https://tollgate.example/callback".to_owned(),
        verifier: Secret::new("the-verifier"),
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_in_place_of_what_was_there() {
    let scene = Scene::new(Third::with([tokens("new-access", None)]));
    let access = scene.connectors.redeem(redemption()).await.map(exposed);
    assert_eq!(access, Ok("new-access".to_owned()));
    assert_eq!(
        scene.store.refresh(),
        None,
        "the refresh token of another grant does not stay"
    );
    let request = scene.third.requests().remove(0);
    assert!(
        request.ends_with(
            "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Ftollgate.example%2Fcallback&code_verifier=the-verifier"
        ),
        "{request}"
    );
}

#[tokio::test]
async fn a_code_that_is_refused_changes_nothing() {
    let replies = [
        reply(400, r#"{"error":"invalid_grant","error_description":"canary"}"#),
        reply(503, ""),
    ];
    let scene = Scene::new(Third::with(replies));
    for word in ["invalid_grant", "503"] {
        let refused = scene.connectors.redeem(redemption()).await.map(exposed).unwrap_err();
        assert!(
            matches!(&refused, AccessFault::NotGranted { why } if why.contains(word)),
            "{refused}"
        );
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
    assert_eq!((scene.token(), scene.third.count()), (Ok("old-access".to_owned()), 2));
    assert!(
        scene
            .store
            .look(|row| !row.held.freshness.is_gone && row.held.version == 1)
    );
}

#[tokio::test]
async fn whoever_brought_it_may_go_away() {
    let scene = Scene::new(Third::with([tokens("new-access", Some("new-refresh"))]));
    scene.third.shut();
    let gone = tokio::spawn({
        let connectors = scene.connectors.clone();
        async move { connectors.redeem(redemption()).await.map(exposed) }
    });
    while scene.third.count() == 0 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.is_err_and(|error| error.is_cancelled()));
    scene.third.open();
    until("the tokens are kept", || {
        scene.store.refresh().as_deref() == Some("new-refresh")
    });
    assert_eq!((scene.token(), scene.third.count()), (Ok("new-access".to_owned()), 1));
}

#[tokio::test]
async fn a_code_goes_before_a_renewal_that_is_under_way() {
    let scene = Scene::new(Third::with([
        tokens("renewed", Some("renewed")),
        tokens("granted", Some("granted")),
    ]));
    scene.at(3_300);
    scene.third.shut();
    assert_eq!(scene.token(), Ok("old-access".to_owned()));
    until("it is being renewed", || scene.third.count() == 1);
    let granting = tokio::spawn({
        let connectors = scene.connectors.clone();
        async move { connectors.redeem(redemption()).await.map(exposed) }
    });
    while scene.third.count() < 2 {
        tokio::task::yield_now().await;
    }
    scene.third.open();
    assert!(granting.await.unwrap().is_ok_and(|token| token == "granted"));
    scene.settled();
    assert_eq!(
        scene.store.refresh().as_deref(),
        Some("granted"),
        "whichever was answered first"
    );
}

#[tokio::test]
async fn nobody_redeems_for_what_is_not_there_or_after_the_end() {
    let scene = Scene::new(Third::with([]));
    scene.store.remove();
    assert_eq!(
        scene.connectors.redeem(redemption()).await.map(exposed),
        Err(AccessFault::Unknown)
    );
    scene.connectors.close();
    assert_eq!(
        scene.connectors.redeem(redemption()).await.map(exposed),
        Err(AccessFault::Closed)
    );
    assert_eq!(scene.third.count(), 0);
}
