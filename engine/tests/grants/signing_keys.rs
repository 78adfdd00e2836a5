//! Signing keys: sealed in the file, opened for who signs, gone a day after nobody needs them.

use tollgate::{AddSigningKey, RetireSigningKey, Signature, SigningKey};
use zeroize::Zeroizing;

use super::scene::Scene;

const SECRET: &[u8] = b"-- a private key of which no eight bytes may stand in the file --";

fn add(scene: &Scene, kid: &str) -> SigningKey {
    let command = AddSigningKey {
        kid: kid.to_owned(),
        algorithm: Signature::Es256,
        private: Zeroizing::new(SECRET.to_vec()),
        certificate: vec![1, 2, 3],
        signs_from: scene.engine().now().plus_millis(1_000),
    };
    assert!(!format!("{command:?}").contains("private key"));
    scene.engine().execute(command).unwrap();
    scene.engine().signing_keys().unwrap().pop().unwrap()
}

#[test]
fn a_key_comes_back_as_it_was_and_its_secret_is_not_in_the_file() {
    let scene = Scene::new();
    let key = add(&scene, "K1");
    assert_eq!(
        (key.kid.as_str(), key.algorithm, key.certificate.as_slice()),
        ("K1", Signature::Es256, &[1, 2, 3][..])
    );
    assert!(!format!("{key:?}").contains("private"));
    let scene = scene.reopen();
    let keys = scene.engine().signing_keys().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].private.as_slice(), SECRET);
    let path = scene.world.path();
    scene.world.engine.clone().close();
    let bytes = std::fs::read(path).unwrap();
    assert!(
        bytes.windows(2).any(|window| window == b"K1"),
        "the twin: names are there to be read"
    );
    for part in SECRET.windows(8) {
        assert!(!bytes.windows(8).any(|window| window == part));
    }
}

#[test]
fn a_key_signs_and_is_published_when_it_was_said_to() {
    let scene = Scene::new();
    let begun = scene.engine().now();
    let number = add(&scene, "K1").number;
    let retire = |signs: u64, published: u64| {
        let command = RetireSigningKey {
            number,
            signs_until: begun.plus_millis(signs),
            published_until: begun.plus_millis(published),
        };
        scene.engine().execute(command).unwrap();
        scene.engine().signing_keys().unwrap().pop().unwrap()
    };
    let key = retire(5_000, 9_000);
    for (millis, signs, published) in [
        (0, false, true),
        (1_000, true, true),
        (4_999, true, true),
        (5_000, false, true),
        (9_000, false, false),
    ] {
        let now = begun.plus_millis(millis);
        assert_eq!(
            (key.signs_at(now), key.is_published_at(now)),
            (signs, published),
            "{millis}"
        );
    }
    assert_eq!(
        retire(5_000, 0).published_until,
        Some(begun.plus_millis(5_000)),
        "no sooner than it stops to sign"
    );
}
