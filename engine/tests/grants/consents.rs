//! Consents: no code without one where the client wants it, and no refresh after it was withdrawn.

use tollgate::{GrantFault, WithdrawConsent};

use super::scene::{Scene, add_client, fault, granted, redeem, refresh, refresh_of, rotated};

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
