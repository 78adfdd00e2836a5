//! Which threads are taken by what a stranger makes up, and which are not.

use tollgate::{
    AddClient, AddUser, Engine, Issuer, JwksSource, PasswordPhc, PepperKey, PutIssuer, PutRoute, Route, SetPassword,
    Verdict,
};
use tollgate_oauth::Configuration;
use tollgate_oauth::jose::{Algorithm, SigningPair};
use tollgate_oauth::jwk;

use super::*;

/// `correct horse` at the lowest price there is.
const PHC: &str = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$M7jw0GQI4Kfcxf+xPldfNRYttP89scc9XVAYAcaZ0U0";
/// `alice:correct horse`.
const PASSWORD: &str = "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==";

struct World {
    _folder: tempfile::TempDir,
    engine: Engine,
    server: AuthorizationServer,
    pair: SigningPair,
}

impl World {
    /// A user with a password, a route for it, and an issuer that is trusted.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = tollgate::OpenOptions::new()
            .key(PepperKey::from_bytes([0x5e; 32]))
            .create(true);
        let engine = options.open(folder.path().join("store.redb")).unwrap();
        let pkcs8 = SigningPair::generate(Algorithm::Es256).unwrap();
        let pair = SigningPair::from_pkcs8(Algorithm::Es256, &pkcs8, "k1", None).unwrap();
        let user = engine.execute(AddUser::named("alice".parse().unwrap())).unwrap().name;
        let password = Some(PasswordPhc::parse(PHC).unwrap());
        engine
            .execute(tollgate::AddNetwork {
                rule: "127.0.0.0/8".parse().unwrap(),
                standing: tollgate::Standing::Trusted,
                user: None,
            })
            .unwrap();
        engine.execute(SetPassword { user, password }).unwrap();
        let route = Route {
            pattern: "/**".parse().unwrap(),
            schemes: "password,bearer".parse().unwrap(),
            scopes: "".parse().unwrap(),
            audience: None,
            anonymous: false,
        };
        engine.execute(PutRoute { route }).unwrap();
        let mut client = AddClient::named("them".parse().unwrap(), "client_credentials".parse().unwrap());
        client.user = Some("alice".parse().unwrap());
        engine.execute(client).unwrap();
        let key = jwk::written(&pair.public().unwrap(), "k1", None);
        let issuer = Issuer {
            issuer: "https://them.example".to_owned(),
            jwks: JwksSource::Text(format!("{{\"keys\":[{key}]}}")),
            audiences: vec!["https://us.example".parse().unwrap()],
            algorithms: "ES256".parse().unwrap(),
            user_claim: "sub".to_owned(),
            client: "them".parse().unwrap(),
            scopes: "".parse().unwrap(),
        };
        engine.execute(PutIssuer { issuer }).unwrap();
        let configuration = Configuration::at("https://us.example".parse().unwrap());
        let server = AuthorizationServer::new(engine.clone(), configuration).unwrap();
        Self {
            _folder: folder,
            engine,
            server,
            pair,
        }
    }

    fn token(&self, issuer: &str) -> String {
        let claims = serde_json::json!({ "iss": issuer, "aud": "https://us.example", "exp": 33_000_000_000_u64, "sub": "alice" });
        format!("Bearer {}", self.pair.sign("at+jwt", &claims.to_string()).unwrap())
    }

    async fn settle(&self, settling: &Settling, line: &str) -> Outcome {
        let request = RequestParts {
            method: b"GET",
            path: b"/x",
            peer: Some([127, 0, 0, 1].into()),
            authorization: Field::Once(line.as_bytes()),
            ..RequestParts::default()
        };
        match self.engine.check(&request, self.engine.now()) {
            Verdict::Denial(denial) => settling.settle(denial.unsettled.unwrap(), &request).await,
            Verdict::Permit(_) => panic!("expected a check that leaves something open"),
        }
    }
}

/// Else whoever sends enough of them keeps everybody from logging in.
#[tokio::test]
async fn tokens_of_nobody_take_no_place_and_those_of_others_none_of_a_login() {
    let world = World::new();
    let settling = |lane, signed| Settling::over(Some(world.server.clone()), lane, signed);
    let (none, one) = (|| Lane::of(0, 0), || Lane::of(1, 0));
    let is_settled = |outcome| matches!(outcome, Outcome::Settled(_));
    let garbage = world.token("https://nobody.example");
    let first = world.settle(&settling(none(), one()), &garbage).await;
    assert_eq!(first, Outcome::Unproven, "issuers are looked up once");
    let full = settling(one(), none());
    for _ in 0..1_000 {
        assert_eq!(
            world.settle(&full, &garbage).await,
            Outcome::Unproven,
            "without a place"
        );
    }
    let good = world.token("https://them.example");
    assert_eq!(
        world.settle(&full, &good).await,
        Outcome::UNKNOWN,
        "this one needs a place"
    );
    assert!(
        is_settled(world.settle(&full, PASSWORD).await),
        "and takes none of a login"
    );
    assert!(is_settled(world.settle(&settling(none(), one()), &good).await));
}
