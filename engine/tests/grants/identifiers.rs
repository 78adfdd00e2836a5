//! Identifiers that must come once.

use tollgate::{GrantFault, SpendIdentifier, Spent};

use super::scene::{Scene, fault};

fn spend(scene: &Scene, issuer: &str, identifier: &str, seconds: u64) -> Spent {
    let command = SpendIdentifier {
        issuer: issuer.to_owned(),
        identifier: identifier.to_owned(),
        until: scene.engine().now().plus_millis(seconds * 1_000),
    };
    scene.engine().execute(command).unwrap()
}

#[test]
fn an_identifier_comes_once_also_across_a_restart_and_each_issuer_has_its_own() {
    let scene = Scene::new();
    assert_eq!(spend(&scene, "https://idp.example", "id-1", 300), Spent::First);
    assert_eq!(spend(&scene, "https://idp.example", "id-1", 300), Spent::Again);
    for (issuer, identifier) in [
        ("https://idp.example", "id-2"),
        ("https://other.example", "id-1"),
        ("https://idp.example", ""),
        ("https://idp.exampleid-1", ""),
        ("", "https://idp.exampleid-1"),
    ] {
        assert_eq!(
            spend(&scene, issuer, identifier, 300),
            Spent::First,
            "{issuer} {identifier}"
        );
    }
    let scene = scene.reopen();
    assert_eq!(spend(&scene, "https://idp.example", "id-1", 300), Spent::Again);
}

/// What is believed no longer need not be remembered, and whether it was swept makes no difference.
#[test]
fn after_its_time_an_identifier_is_new_again_swept_or_not() {
    for swept in [false, true] {
        let scene = Scene::new();
        assert_eq!(spend(&scene, "a", "b", 300), Spent::First);
        scene.pass(299_999);
        assert_eq!(spend(&scene, "a", "b", 300), Spent::Again);
        scene.pass(1);
        if swept {
            scene.engine().sweep().unwrap();
        }
        assert_eq!(spend(&scene, "a", "b", 300), Spent::First, "{swept}");
    }
    let scene = Scene::new();
    let command = SpendIdentifier {
        issuer: "a".to_owned(),
        identifier: "b".to_owned(),
        until: scene.engine().now(),
    };
    assert_eq!(fault(scene.engine().execute(command)), Some(GrantFault::Expired));
}
