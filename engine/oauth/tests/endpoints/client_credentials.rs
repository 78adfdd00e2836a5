//! Clients for themselves, in every way of proving who they are.

use tollgate::{AccessForm, Audience, AuditOrder, ClientAuthentication, Field, RemoveUser, RotateClientSecret};
use tollgate_oauth::jose::{Algorithm, SigningPair};
use tollgate_oauth::{Call, Profile, form, jwk};

use crate::scene::{Known, Scene, header, json, outcome, payload, post, refused, text};

const ASK: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[test]
fn a_client_acts_as_its_user() {
    let scene = Scene::new();
    let known = scene.client("arc", "client_credentials", |_| {});
    let line = known.basic();
    let body = form::write(ASK);
    let by_header = Call {
        authorization: Field::Once(line.as_bytes()),
        ..post(&body)
    };
    for answer in [
        scene.server.token(Profile::Standard, &by_header, scene.now()),
        scene.token(Profile::Standard, &known, &ASK),
    ] {
        assert_eq!(outcome(&answer), refused(200, "granted"));
        let token = text(&answer, "access_token");
        assert!(token.starts_with("tg_ac_") && scene.denial(&token).is_none());
        assert!(json(&answer).get("refresh_token").is_none(), "RFC 6749 section 4.4.3");
        assert_eq!(json(&answer)["expires_in"], 3600);
    }
    scene
        .engine
        .execute(RemoveUser {
            name: "admin".parse().unwrap(),
        })
        .unwrap();
    assert_eq!(
        outcome(&scene.token(Profile::Standard, &known, &ASK)),
        refused(400, "unauthorized_client")
    );
}

#[test]
fn signed_tokens_are_of_the_type_of_the_standard() {
    let scene = Scene::new();
    for (name, access, algorithm) in [("rs", AccessForm::Rs256, "RS256"), ("es", AccessForm::Es256, "ES256")] {
        let known = scene.client(name, "client_credentials", |add| {
            add.access = access;
            add.audiences = vec!["https://api.example".parse::<Audience>().unwrap()];
        });
        let token = text(&scene.token(Profile::Standard, &known, &ASK), "access_token");
        assert_eq!(
            (header(&token)["alg"].as_str(), header(&token)["typ"].as_str()),
            (Some(algorithm), Some("at+jwt"))
        );
        let claims = scene.verified(&token);
        assert_eq!(
            (claims.text("sub"), claims.text("client_id"), claims.text("iss")),
            (Ok("1"), Ok(name), Ok("https://auth.example"))
        );
        assert_eq!(claims.is_for(&["https://api.example"]), Ok(()));
        assert!(
            claims.text("jti").is_ok_and(|jti| jti.len() == 22),
            "{}",
            payload(&token)
        );
        assert_eq!(scene.denial(&token), None);
    }
}

/// The user whom it acts for is the subject wherever one is asked for, and a client's own name never is.
#[test]
fn a_clients_token_has_one_subject_everywhere() {
    let scene = Scene::new();
    scene.user("bob");
    for access in [AccessForm::Opaque, AccessForm::Rs256] {
        for (profile, issuer) in [
            (Profile::Standard, "https://auth.example"),
            (Profile::Cinchy, "https://auth.example/identity"),
        ] {
            // Its name is the number of another user.
            let name = format!("{}{}", 1, profile as u8 * 10 + access as u8);
            let known = scene.client(&name, "client_credentials", |add| {
                add.access = access;
                add.user = Some("bob".parse().unwrap());
            });
            let token = text(&scene.token(profile, &known, &ASK), "access_token");
            let told =
                scene
                    .server
                    .introspect(Profile::Standard, &post(&known.form(&[("token", &token)])), scene.now());
            let told = json(&told);
            assert_eq!((&told["sub"], &told["client_id"]), (&"2".into(), &name.as_str().into()));
            assert_eq!((&told["username"], &told["iss"]), (&"bob".into(), &issuer.into()));
            assert_eq!(told["gty"], "client_credentials", "nobody logged in");
            let line = format!("Bearer {token}");
            let call = Call {
                method: b"GET",
                authorization: Field::Once(line.as_bytes()),
                ..Call::default()
            };
            let user = scene.server.userinfo(Profile::Standard, &call, scene.now());
            assert_eq!(json(&user)["sub"], "2");
            if token.starts_with("eyJ") {
                let claims = scene.verified(&token);
                assert_eq!((claims.text("sub"), claims.text("iss")), (Ok("2"), Ok(issuer)));
                assert_eq!(claims.text("gty"), Ok("client_credentials"));
                assert!(claims.member("auth_time").is_none() && claims.member("amr").is_none());
            }
        }
    }
}

#[test]
fn old_and_new_secret_overlap() {
    let scene = Scene::new();
    let mut known = scene.client("arc", "client_credentials", |_| {});
    let rotate = RotateClientSecret {
        name: known.client.name.clone(),
        overlap_s: 60,
    };
    let fresh = scene.engine.execute(rotate).unwrap().secret.expose().to_owned();
    assert_eq!(outcome(&scene.token(Profile::Standard, &known, &ASK)).0, 200);
    scene.pass_s(60);
    assert_eq!(
        outcome(&scene.token(Profile::Standard, &known, &ASK)),
        refused(401, "invalid_client")
    );
    known.secret = Some(fresh);
    assert_eq!(outcome(&scene.token(Profile::Standard, &known, &ASK)).0, 200);
}

#[test]
fn wrong_secrets_and_two_ways_are_refused() {
    let scene = Scene::new();
    let known = scene.client("arc", "client_credentials", |_| {});
    let other = scene.client("brc", "client_credentials", |_| {});
    let stolen = Known {
        client: known.client.clone(),
        secret: other.secret.clone(),
    };
    let empty = Known {
        client: known.client.clone(),
        secret: None,
    };
    for wrong in [stolen, empty] {
        assert_eq!(
            outcome(&scene.token(Profile::Standard, &wrong, &ASK)),
            refused(401, "invalid_client")
        );
    }
    let line = known.basic();
    let twice = known.form(&ASK);
    let call = Call {
        authorization: Field::Once(line.as_bytes()),
        ..post(&twice)
    };
    assert_eq!(
        outcome(&scene.server.token(Profile::Standard, &call, scene.now())),
        refused(400, "invalid_request")
    );
    let body = form::write(ASK);
    let call = Call {
        authorization: Field::Repeated,
        ..post(&body)
    };
    assert_eq!(
        outcome(&scene.server.token(Profile::Standard, &call, scene.now())),
        refused(400, "invalid_request")
    );
    let call = Call {
        authorization: Field::Once(b"Basic Og=="),
        ..post(&body)
    };
    let answer = scene.server.token(Profile::Standard, &call, scene.now());
    assert_eq!(outcome(&answer), refused(401, "invalid_client"));
    assert!(
        answer
            .fields
            .iter()
            .any(|(name, value)| *name == "WWW-Authenticate" && value.starts_with("Basic"))
    );
}

struct KeyedClient {
    known: Known,
    pair: SigningPair,
}

impl KeyedClient {
    fn new(scene: &Scene) -> Self {
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        let pair = SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, "k1", None).unwrap();
        let jwks = format!("{{\"keys\":[{}]}}", jwk::written(&pair.public().unwrap(), "k1", None));
        let known = scene.client("keyed", "client_credentials", |add| {
            add.authentication = ClientAuthentication::PrivateKeyJwt { jwks };
        });
        Self { known, pair }
    }

    fn claims(jti: &str) -> String {
        format!(
            r#"{{"iss":"keyed","sub":"keyed","aud":"https://auth.example/oauth2/token","exp":1800000300,"jti":"{jti}"}}"#
        )
    }

    fn ask(&self, scene: &Scene, assertion: &str) -> (u16, String) {
        let body = form::write([
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ]);
        outcome(&scene.server.token(Profile::Standard, &post(&body), scene.now()))
    }
}

#[test]
fn an_assertion_is_good_once_even_after_a_restart() {
    let scene = Scene::new();
    let keyed = KeyedClient::new(&scene);
    let assertion = keyed.pair.sign("JWT", &KeyedClient::claims("1")).unwrap();
    assert_eq!(keyed.ask(&scene, &assertion).0, 200);
    assert_eq!(keyed.ask(&scene, &assertion), refused(401, "invalid_client"));
    let scene = scene.reopen();
    assert_eq!(keyed.ask(&scene, &assertion), refused(401, "invalid_client"));
    let next = keyed.pair.sign("JWT", &KeyedClient::claims("2")).unwrap();
    assert_eq!(keyed.ask(&scene, &next).0, 200);
}

#[test]
fn an_assertion_of_somebody_else_or_for_somewhere_else_is_refused() {
    let scene = Scene::new();
    let keyed = KeyedClient::new(&scene);
    let good = KeyedClient::claims("1");
    for (from, to) in [
        ("https://auth.example/oauth2/token", "https://other.example"),
        ("\"sub\":\"keyed\"", "\"sub\":\"arc\""),
        ("1800000300", "1800000000"),
        ("1800000300", "1800090000"),
        (",\"jti\":\"1\"", ""),
    ] {
        assert_ne!(good.replace(from, to), good);
        let assertion = keyed.pair.sign("JWT", &good.replace(from, to)).unwrap();
        assert_eq!(keyed.ask(&scene, &assertion), refused(401, "invalid_client"), "{to}");
    }
    let stranger = KeyedClient {
        pair: SigningPair::from_pkcs8(
            Algorithm::Es256,
            &SigningPair::generate(Algorithm::Es256).unwrap(),
            "k1",
            None,
        )
        .unwrap(),
        known: Known {
            client: keyed.known.client.clone(),
            secret: None,
        },
    };
    let forged = stranger.pair.sign("JWT", &good).unwrap();
    assert_eq!(keyed.ask(&scene, &forged), refused(401, "invalid_client"));
    let honest = keyed.pair.sign("JWT", &good).unwrap();
    assert_eq!(keyed.ask(&scene, &honest).0, 200, "what was refused spent nothing");
}

/// What can be guessed is slowed down; a right secret of ours is let in whoever else was wrong behind the same address.
#[test]
fn who_fails_too_often_waits_and_a_secret_of_ours_does_not() {
    let scene = Scene::new();
    let known = scene.client("arc", "client_credentials", |_| {});
    let newcomer = scene.client("newcomer", "client_credentials", |_| {});
    assert_eq!(outcome(&scene.token(Profile::Standard, &known, &ASK)).0, 200);
    let wrong = |name: &str| form::write([("client_id", name), ("client_secret", "guess"), ASK[0]]);
    for guess in 0..30 {
        let body = wrong(["arc", "nobody"][guess % 2]);
        let answer = scene.server.token(Profile::Standard, &post(&body), scene.now());
        assert_eq!(outcome(&answer), refused(401, "invalid_client"));
    }
    for (profile, status) in [(Profile::Standard, 429), (Profile::Cinchy, 400)] {
        for body in [wrong("nobody"), wrong("newcomer")] {
            let answer = scene.server.token(profile, &post(&body), scene.now());
            assert_eq!(outcome(&answer), refused(status, "invalid_client"));
            assert!(
                answer.fields.contains(&("Retry-After", "1".to_owned())),
                "{:?}",
                answer.fields
            );
        }
    }
    for client in [&known, &newcomer] {
        assert_eq!(outcome(&scene.token(Profile::Standard, client, &ASK)).0, 200);
    }
    let body = wrong("nobody");
    let elsewhere = Call {
        peer: Some([192, 0, 2, 1].into()),
        ..post(&body)
    };
    let answer = scene.server.token(Profile::Standard, &elsewhere, scene.now());
    assert_eq!(
        outcome(&answer),
        refused(401, "invalid_client"),
        "nobody waits elsewhere"
    );
    scene.pass_s(1);
    let answer = scene.server.token(Profile::Standard, &post(&body), scene.now());
    assert_eq!(outcome(&answer), refused(401, "invalid_client"), "waiting ends");
    let trail = scene.engine.audit(AuditOrder::OldestFirst, None, 1_000).unwrap().items;
    let failures = trail.iter().filter(|entry| entry.action == "login.failure");
    let told: Vec<_> = failures
        .map(|entry| (entry.subject.as_str(), entry.origin.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("client arc", "127.0.0.1"),
            ("unknown client", "127.0.0.1"),
            ("client newcomer", "127.0.0.1"),
        ]
    );
    assert!(
        !format!("{trail:?}").contains("nobody"),
        "what was typed is not written down"
    );
}
