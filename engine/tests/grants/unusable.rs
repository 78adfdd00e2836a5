//! Users and clients who are disabled or gone: refused at once, whatever they hold.

use tollgate::{
    AddUser, ClientChanges, DenyReason, GrantFault, RemoveClient, RemoveUser, SetClient, SetUser, UserChanges,
};

use super::scene::{Scene, access, fault, granted, issue_access, refresh_of, rotated};

/// What a user and their client hold.
struct Held {
    code: String,
    refresh: String,
    access: String,
}

fn held(scene: &Scene) -> Held {
    let tokens = scene.log_in();
    Held {
        code: scene.code(),
        refresh: refresh_of(&tokens).to_owned(),
        access: access(&tokens).to_owned(),
    }
}

/// Nothing is used up by a refusal, so all of it comes back with who holds it.
fn check_refused(scene: &Scene, held: &Held, because: GrantFault, denied: DenyReason) {
    assert_eq!(fault(scene.redeem(&held.code)), Some(because));
    assert_eq!(fault(scene.refresh(&held.refresh)), Some(because));
    assert_eq!(fault(scene.try_code("read")), Some(because));
    assert_eq!(
        fault(issue_access(scene.engine(), scene.granted_to("read"), None)),
        Some(because)
    );
    assert_eq!(scene.world.refused(&held.access), Some(denied));
    let told = scene
        .engine()
        .access(held.access.as_bytes(), scene.engine().now())
        .unwrap();
    assert!(told.is_none_or(|told| !told.active));
}

fn check_holds(scene: &Scene, held: &Held) {
    granted(scene.redeem(&held.code));
    rotated(scene.refresh(&held.refresh));
    assert_eq!(scene.world.refused(&held.access), None);
}

fn set_user(scene: &Scene, active: bool) {
    let name = scene.user.clone();
    let changes = UserChanges {
        active: Some(active),
        ..UserChanges::default()
    };
    scene.engine().execute(SetUser { name, changes }).unwrap();
}

fn set_client(scene: &Scene, enabled: bool) {
    let name = scene.client.name.clone();
    let changes = ClientChanges {
        enabled: Some(enabled),
        ..ClientChanges::default()
    };
    scene.engine().execute(SetClient { name, changes }).unwrap();
}

#[test]
fn an_inactive_user_gets_nothing_until_they_are_active_again() {
    let scene = Scene::new();
    let held = held(&scene);
    set_user(&scene, false);
    check_refused(&scene, &held, GrantFault::UserUnusable, DenyReason::Suspended);
    set_user(&scene, true);
    check_holds(&scene, &held);
}

#[test]
fn a_disabled_client_gets_nothing_until_it_is_enabled_again() {
    let scene = Scene::new();
    let held = held(&scene);
    set_client(&scene, false);
    check_refused(&scene, &held, GrantFault::ClientUnusable, DenyReason::Suspended);
    set_client(&scene, true);
    check_holds(&scene, &held);
}

#[test]
fn a_client_that_was_removed_gets_nothing() {
    let scene = Scene::new();
    let held = held(&scene);
    let name = scene.client.name.clone();
    scene.engine().execute(RemoveClient { name }).unwrap();
    check_refused(&scene, &held, GrantFault::ClientUnusable, DenyReason::Suspended);
    let scene = scene.reopen();
    check_refused(&scene, &held, GrantFault::ClientUnusable, DenyReason::Suspended);
}

#[test]
fn a_user_who_was_added_again_under_an_old_name_inherits_nothing() {
    let scene = Scene::new();
    let held = held(&scene);
    let session = super::sessions::begin(&scene);
    assert!(super::sessions::look(&scene, &session).is_some(), "the twin");
    scene
        .engine()
        .execute(RemoveUser {
            name: scene.user.clone(),
        })
        .unwrap();
    for _ in 0..2 {
        assert!(scene.engine().code(held.code.as_bytes()).unwrap().is_none());
        assert!(scene.engine().refresh(held.refresh.as_bytes()).unwrap().is_none());
        assert_eq!(scene.world.refused(&held.access), Some(DenyReason::UnknownToken));
        assert!(super::sessions::look(&scene, &session).is_none());
        let _ = scene.engine().execute(AddUser::named(scene.user.clone()));
    }
    let fresh = scene.log_in();
    assert_eq!(scene.world.refused(access(&fresh)), None);
}
