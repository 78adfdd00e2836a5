//! Passwords on routes, and tokens of other issuers.

use tollgate::{
    Denial, DenyReason, Field, Issuer, JwksSource, PutIssuer, PutRoute, RequestParts, Route, SetPassword, Unsettled,
    UnsettledSort, Verdict,
};
use tollgate_oauth::jose::{Algorithm, SigningPair};
use tollgate_oauth::{Settlement, jwk};

use crate::scene::{PASSWORD, PEER, Scene, basic};

/// What a check leaves open, if it denies; none where it permits.
fn checked(scene: &Scene, line: &str) -> Option<(DenyReason, Option<Unsettled>)> {
    match scene.engine.check(&request(line), scene.now()) {
        Verdict::Permit(_) => None,
        Verdict::Denial(Denial { reason, unsettled, .. }) => Some((reason, unsettled)),
    }
}

fn request(line: &str) -> RequestParts<'_> {
    RequestParts {
        method: b"GET",
        path: b"/BasicAuthAPI/Domain/Query",
        peer: Some(PEER),
        authorization: Field::Once(line.as_bytes()),
        ..RequestParts::default()
    }
}

fn settle(scene: &Scene, line: &str) -> Settlement {
    let (_, unsettled) = checked(scene, line).unwrap();
    scene.server.settle(unsettled.unwrap(), &request(line), scene.now())
}

#[test]
fn a_password_is_proven_once_and_remembered_for_a_minute() {
    let scene = Scene::new();
    let route = Route {
        pattern: "/BasicAuthAPI/**".parse().unwrap(),
        schemes: "password".parse().unwrap(),
        scopes: "".parse().unwrap(),
        audience: None,
        anonymous: false,
    };
    scene.engine.execute(PutRoute { route }).unwrap();
    let line = basic("admin", PASSWORD);
    let (reason, unsettled) = checked(&scene, &line).unwrap();
    assert_eq!(
        (reason, unsettled.map(|open| open.sort)),
        (DenyReason::UnknownToken, Some(UnsettledSort::Password))
    );
    assert!(matches!(settle(&scene, &line), Settlement::Settled(_)));
    assert_eq!(checked(&scene, &line), None);
    let wrong = basic("admin", "wrong");
    assert!(matches!(settle(&scene, &wrong), Settlement::Refused));
    assert!(checked(&scene, &wrong).is_some());
    scene.pass_s(59);
    assert_eq!(checked(&scene, &line), None);
    scene.pass_s(1);
    assert!(checked(&scene, &line).is_some(), "a minute is over");
    assert!(matches!(settle(&scene, &line), Settlement::Settled(_)));
    scene
        .engine
        .execute(SetPassword {
            user: "admin".parse().unwrap(),
            password: None,
        })
        .unwrap();
    assert!(checked(&scene, &line).is_some(), "another password forgets it");
    for _ in 0..5 {
        assert!(matches!(settle(&scene, &line), Settlement::Refused));
    }
    assert!(matches!(
        settle(&scene, &line),
        Settlement::Throttled { retry_after_s: 1 }
    ));
}

#[test]
fn many_requests_at_once_with_one_password_pay_for_one() {
    let scene = Scene::new();
    let route = Route {
        pattern: "/BasicAuthAPI/**".parse().unwrap(),
        schemes: "password".parse().unwrap(),
        scopes: "".parse().unwrap(),
        audience: None,
        anonymous: false,
    };
    scene.engine.execute(PutRoute { route }).unwrap();
    let line = basic("admin", PASSWORD);
    let open = checked(&scene, &line).unwrap().1.unwrap();
    let settled = std::thread::scope(|scope| {
        let settle = || {
            matches!(
                scene.server.settle(open, &request(&line), scene.now()),
                Settlement::Settled(_)
            )
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(settle)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .filter(|settled| *settled)
            .count()
    });
    assert_eq!(settled, 64, "nobody of them is taken for a guesser");
    assert_eq!(checked(&scene, &line), None);
}

struct Them {
    pair: SigningPair,
    set: Vec<u8>,
}

impl Them {
    fn new() -> Self {
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        let pair = SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, "k1", None).unwrap();
        let set = format!("{{\"keys\":[{}]}}", jwk::written(&pair.public().unwrap(), "k1", None)).into_bytes();
        Self { pair, set }
    }

    fn trust(scene: &Scene, jwks: JwksSource) {
        scene.client("them", "client_credentials", |_| {});
        Self::put(scene, "https://them.example", jwks);
    }

    fn trust_also(scene: &Scene, issuer: &str) {
        Self::put(scene, issuer, JwksSource::Url("https://others.example/jwks".to_owned()));
    }

    fn put(scene: &Scene, issuer: &str, jwks: JwksSource) {
        let issuer = Issuer {
            issuer: issuer.to_owned(),
            jwks,
            audiences: vec!["https://auth.example".parse().unwrap()],
            algorithms: "ES256".parse().unwrap(),
            user_claim: "sub".to_owned(),
            client: "them".parse().unwrap(),
            scopes: "js_api".parse().unwrap(),
        };
        scene.engine.execute(PutIssuer { issuer }).unwrap();
    }

    fn line(&self, change: (&str, &str)) -> String {
        let claims = r#"{"iss":"https://them.example","aud":"https://auth.example","exp":1800000030,"sub":"admin"}"#;
        format!(
            "Bearer {}",
            self.pair.sign("JWT", &claims.replace(change.0, change.1)).unwrap()
        )
    }
}

#[test]
fn another_issuers_token_is_verified_once_and_remembered_until_it_ends() {
    let scene = Scene::new();
    let them = Them::new();
    Them::trust(&scene, JwksSource::Text(String::from_utf8(them.set.clone()).unwrap()));
    let line = them.line(("", ""));
    assert_eq!(
        checked(&scene, &line).unwrap().1.map(|open| open.sort),
        Some(UnsettledSort::External)
    );
    assert!(matches!(settle(&scene, &line), Settlement::Settled(_)));
    assert_eq!(checked(&scene, &line), None);
    scene.pass_s(30);
    assert!(checked(&scene, &line).is_some());
    for change in [
        ("\"admin\"", "\"nobody\""),
        ("https://auth", "https://else"),
        ("https://them", "https://others"),
        ("1800000030", "1799999999"),
    ] {
        assert!(
            matches!(settle(&scene, &them.line(change)), Settlement::Refused),
            "{change:?}"
        );
    }
    let forged = Them::new().line(("1800000030", "1800000090"));
    assert!(matches!(settle(&scene, &forged), Settlement::Refused));
    assert!(matches!(
        settle(&scene, &them.line(("1800000030", "1800000090"))),
        Settlement::Settled(_)
    ));
}

#[test]
fn keys_are_fetched_by_the_host_and_not_too_often() {
    let scene = Scene::new();
    let them = Them::new();
    let url = "https://them.example/jwks";
    Them::trust(&scene, JwksSource::Url(url.to_owned()));
    let line = them.line(("", ""));
    let Settlement::Fetch { issuer, url: asked } = settle(&scene, &line) else {
        panic!("expected to be sent for keys")
    };
    assert_eq!((issuer.as_str(), asked.as_str()), ("https://them.example", url));
    assert!(
        matches!(settle(&scene, &line), Settlement::Busy),
        "one is on the way, and until then nothing is known"
    );
    scene.server.bring_keys(&issuer, url, Some(&them.set), scene.now());
    assert!(matches!(settle(&scene, &line), Settlement::Settled(_)));
    let other = Them::new().line(("", ""));
    assert!(
        matches!(settle(&scene, &other), Settlement::Refused),
        "the same name, another key"
    );
}

#[test]
fn a_token_that_nobody_trusts_is_known_without_a_look_into_the_store() {
    let scene = Scene::new();
    let them = Them::new();
    let url = "https://them.example/jwks";
    Them::trust(&scene, JwksSource::Url(url.to_owned()));
    let is_hopeless = |line: &str| {
        let (_, unsettled) = checked(&scene, line).unwrap();
        scene
            .server
            .is_hopeless(unsettled.unwrap(), &request(line), scene.now())
    };
    let good = them.line(("", ""));
    let garbage = ["iss", "aud", "exp", "sub"].map(|claim| them.line((claim, "else")));
    assert!(!is_hopeless(&garbage[0]), "nothing is known of issuers yet");
    assert!(matches!(settle(&scene, &garbage[0]), Settlement::Refused));
    assert_eq!(garbage.each_ref().map(|line| is_hopeless(line)), [true; 4]);
    assert!(is_hopeless("Bearer eyJhIjoxfQ.eyJhIjoxfQ.eA"));
    assert!(!is_hopeless(&good));
    assert!(
        matches!(settle(&scene, &good), Settlement::Fetch { .. }),
        "garbage has sent nobody for keys"
    );
    let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
    let other = Them {
        pair: SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, "k2", None).unwrap(),
        set: Vec::new(),
    };
    let other = other.line(("", ""));
    assert!(!is_hopeless(&other), "its key may be on the way");
    scene
        .server
        .bring_keys("https://them.example", url, Some(&them.set), scene.now());
    assert!(is_hopeless(&other), "there is no such key");
    assert!(!is_hopeless(&good));
    Them::trust_also(&scene, "https://others.example");
    assert!(!is_hopeless(&garbage[0]), "what is trusted has changed");
}
