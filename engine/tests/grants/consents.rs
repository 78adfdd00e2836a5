//! Consents: no code without one where the client wants it, and no refresh after it was withdrawn.

use tollgate::{GiveConsent, GrantFault, GrantedTo, WithdrawConsent};

use super::scene::{Scene, add_client, fault, granted, issue_code, redeem, refresh, refresh_of, rotated};

fn asking() -> Scene {
    let scene = Scene::new();
    let client = add_client(scene.engine(), "asks", true);
    Scene { client, ..scene }
}

fn withdraw(scene: &Scene) {
    let command = WithdrawConsent {
        user: scene.user.clone(),
        client_number: scene.client.number,
    };
    scene.engine().execute(command).unwrap();
}

#[test]
fn no_code_is_issued_beyond_what_the_user_agreed_to() {
    let scene = asking();
    assert_eq!(fault(scene.try_code("read")), Some(GrantFault::NoConsent));
    scene.consent("read");
    scene.try_code("read").unwrap();
    assert_eq!(fault(scene.try_code("read write")), Some(GrantFault::NoConsent));
    scene.consent("write");
    scene.try_code("read write").unwrap();
    let consent = scene
        .engine()
        .consent(&scene.user, scene.client.number)
        .unwrap()
        .unwrap();
    assert_eq!(consent.scopes.to_string(), "read write");
    assert_eq!(scene.engine().consents(&scene.user).unwrap(), [consent]);
}

#[test]
fn what_rests_on_a_consent_goes_with_it_and_what_does_not_stays() {
    let scene = asking();
    let plain = add_client(scene.engine(), "plain", false);
    let free = Scene {
        client: plain,
        world: scene.world,
        user: scene.user,
    };
    let untouched = free.log_in();
    let scene = Scene {
        client: scene.client,
        ..free
    };
    scene.consent("read write");
    let (code, tokens) = (scene.code(), scene.log_in());
    withdraw(&scene);
    withdraw(&scene);
    assert!(
        scene
            .engine()
            .consent(&scene.user, scene.client.number)
            .unwrap()
            .is_none()
    );
    assert_eq!(fault(scene.redeem(&code)), Some(GrantFault::NoConsent));
    assert_eq!(fault(scene.refresh(refresh_of(&tokens))), Some(GrantFault::NoConsent));
    scene.consent("read write");
    granted(redeem(scene.engine(), &code, scene.client.number));
    rotated(refresh(scene.engine(), refresh_of(&tokens), scene.client.number));
    let plain = scene.engine().client(&"plain".parse().unwrap()).unwrap().unwrap();
    rotated(refresh(scene.engine(), refresh_of(&untouched), plain.number));
}

/// What was allowed at one place is not allowed at another, nor is a token that says nothing of places.
#[test]
fn what_was_agreed_to_for_one_audience_counts_for_no_other() {
    let scene = asking();
    let code = |audiences: &[&str], scopes: &str| {
        let to = GrantedTo {
            audiences: audiences.iter().map(|text| text.parse().unwrap()).collect(),
            ..scene.granted_to(scopes)
        };
        fault(issue_code(scene.engine(), to))
    };
    let agree = |audiences: &[&str], scopes: &str| {
        let command = GiveConsent {
            user: scene.user.clone(),
            client: scene.client.name.clone(),
            client_number: scene.client.number,
            scopes: scopes.parse().unwrap(),
            audiences: audiences.iter().map(|text| text.parse().unwrap()).collect(),
        };
        scene.engine().execute(command).unwrap()
    };
    let missing = Some(GrantFault::NoConsent);
    agree(&["a", "b"], "read");
    assert_eq!(code(&["b", "a"], "read"), None);
    assert_eq!(code(&["b"], "read"), None);
    assert_eq!((code(&["c"], "read"), code(&[], "read")), (missing, missing));
    let consent = agree(&["c"], "write");
    assert_eq!((code(&["c"], "write"), code(&["a"], "read")), (None, None));
    assert_eq!(
        (code(&["c"], "read"), code(&["a"], "write")),
        (missing, missing),
        "no part lends to another"
    );
    assert_eq!(consent.scopes.to_string(), "read write");
    assert_eq!(consent.audiences.len(), 3);
    agree(&[], "read");
    assert_eq!((code(&[], "read"), code(&["c"], "read")), (None, missing));
    for n in 0..20 {
        agree(&[&format!("n{n}")], "read");
    }
    assert_eq!(
        (code(&["n19"], "read"), code(&["a"], "read")),
        (None, missing),
        "the oldest have gone"
    );
}
