//! The grants at both endpoints, over a store: what is given, what is refused, and that every assertion is good once.

use tollgate::{
    AddUser, AuditOrder, IdentityProvider, PutIdentityProvider, RemoveIdentityProvider, SetUser, UserChanges,
};
use tollgate_oauth::{Answer, Profile, base64url};

use crate::draft::{Draft, ENDPOINT, ISSUER, NOW, provider};
use crate::minting::{Order, Pair, by_signxml};
use crate::scene::{Known, Scene, header, json, outcome, refused, text};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

/// Signed assertions of these users, each with an ID of its own, for the endpoint of a profile.
fn assertions(profile: Profile, users: &[&str]) -> Vec<String> {
    let endpoint = match profile {
        Profile::Cinchy => "https://auth.example/identity/connect/token",
        Profile::Standard => "https://auth.example/oauth2/token",
    };
    let orders = users.iter().enumerate().map(|(number, user)| {
        let mut draft = Draft::prefixed();
        draft.id = format!("_{user}{number}");
        draft.subject = draft
            .subject
            .replace(ENDPOINT, endpoint)
            .replace(">alice<", &format!(">{user}<"));
        Order::new(draft, Pair::rsa())
    });
    by_signxml(&orders.collect::<Vec<_>>())
}

fn trust(scene: &Scene, change: impl FnOnce(&mut IdentityProvider)) {
    let mut provider = provider(&[Pair::rsa()]);
    change(&mut provider);
    scene.engine.execute(PutIdentityProvider { provider }).unwrap();
}

fn client(scene: &Scene) -> Known {
    assert_eq!(scene.now(), NOW);
    scene.engine.execute(AddUser::named("alice".parse().unwrap())).unwrap();
    scene.client("reports", "saml2", |_| {})
}

fn cinchy(scene: &Scene, known: &Known, document: &str) -> Answer {
    use base64::Engine as _;
    let token = base64::engine::general_purpose::STANDARD.encode(document);
    let pairs = [("grant_type", "saml2"), ("token", token.as_str()), ("scope", "js_api")];
    scene.token(Profile::Cinchy, known, &pairs)
}

fn standard(scene: &Scene, known: &Known, document: &str) -> Answer {
    let assertion = base64url::encode(document.as_bytes());
    let pairs = [
        ("grant_type", BEARER),
        ("assertion", assertion.as_str()),
        ("scope", "js_api"),
    ];
    scene.token(Profile::Standard, known, &pairs)
}

#[test]
fn an_assertion_is_a_token_for_the_user_whom_it_names() {
    let scene = Scene::new();
    let known = client(&scene);
    trust(&scene, |_| {});
    let document = assertions(Profile::Cinchy, &["alice"]).remove(0);
    let answer = cinchy(&scene, &known, &document);
    assert_eq!(outcome(&answer), refused(200, "granted"));
    assert_eq!(
        (json(&answer)["expires_in"].as_u64(), answer.activity.asked),
        (Some(3_600), "saml2")
    );
    let token = text(&answer, "access_token");
    let claims = scene.verified(&token);
    assert_eq!(
        (claims.text("id"), claims.text("iss")),
        (Ok("alice"), Ok("https://auth.example/identity"))
    );
    assert_eq!(
        claims.moment("auth_time").map(|moment| moment.as_seconds()),
        Ok(NOW.as_seconds() - 120)
    );
    assert_eq!(
        (header(&token)["typ"].as_str(), scene.denial(&token)),
        (Some("JWT"), None)
    );
    assert!(json(&answer).get("refresh_token").is_none());

    let document = assertions(Profile::Standard, &["alice"]).remove(0);
    let answer = standard(&scene, &known, &document);
    assert_eq!(
        outcome(&answer),
        refused(400, "invalid_grant"),
        "the ID was used at the other endpoint"
    );
    let document = assertions(Profile::Standard, &["x", "alice"]).remove(1);
    let answer = standard(&scene, &known, &document);
    assert_eq!(outcome(&answer), refused(200, "granted"));
    assert_eq!(
        (
            json(&answer)["scope"].as_str(),
            scene.denial(&text(&answer, "access_token"))
        ),
        (Some("js_api"), None)
    );
    let trail = scene.engine.audit(AuditOrder::NewestFirst, None, 10).unwrap();
    assert!(trail.items.iter().any(|entry| entry.action == "grant.saml2"));
}

#[test]
fn an_assertion_is_good_once_across_restarts() {
    let mut scene = Scene::new();
    let known = client(&scene);
    trust(&scene, |_| {});
    let documents = assertions(Profile::Standard, &["alice", "alice", "bob"]);
    assert_eq!(standard(&scene, &known, &documents[0]).status, 200);
    for _ in 0..2 {
        let answer = standard(&scene, &known, &documents[0]);
        assert_eq!(outcome(&answer), refused(400, "invalid_grant"));
        assert_eq!(answer.activity.reason.as_deref(), Some("the Assertion was used before"));
        scene = scene.reopen();
    }
    assert_eq!(
        standard(&scene, &known, &documents[1]).status,
        200,
        "another one of the same user"
    );
    // Until its time is over and a little longer; from then on it is too late for it anyway.
    scene.pass_s(359);
    let answer = standard(&scene, &known, &documents[0]);
    assert_eq!(answer.activity.reason.as_deref(), Some("the Assertion was used before"));
    scene.pass_s(1);
    let answer = standard(&scene, &known, &documents[0]);
    assert!(
        answer
            .activity
            .reason
            .is_some_and(|reason| reason.contains("not good any more"))
    );
}

#[test]
fn what_is_refused_is_told_in_the_log_alone() {
    let scene = Scene::new();
    let known = client(&scene);
    trust(&scene, |_| {});
    let document = assertions(Profile::Cinchy, &["alice"]).remove(0);
    let forged = document.replace(">alice<", ">admin<");
    let elsewhere = assertions(Profile::Standard, &["alice"]).remove(0);
    let mut bodies = Vec::new();
    for (document, reason) in [
        (forged.as_str(), "its digest differs"),
        (elsewhere.as_str(), "Recipient"),
        ("<a/>", "begins with <a"),
        ("x", "well-formed"),
        (
            "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>",
            "encrypted assertions are not supported",
        ),
    ] {
        let answer = cinchy(&scene, &known, document);
        assert_eq!(outcome(&answer), refused(400, "invalid_grant"));
        let told = answer.activity.reason.unwrap();
        assert!(told.contains(reason), "{told}");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "outside they look alike");
    assert_eq!(
        cinchy(&scene, &known, &document).status,
        200,
        "a forged one uses nothing up"
    );
}

#[test]
fn without_a_provider_there_is_no_such_grant() {
    let scene = Scene::new();
    let known = client(&scene);
    let other = scene.client("other", "password", |_| {});
    let document = assertions(Profile::Standard, &["alice"]).remove(0);
    let supported = |scene: &Scene, profile| {
        let metadata = scene.server.metadata(profile);
        json(&metadata)["grant_types_supported"].to_string().contains("saml2")
    };
    for known in [&known, &other] {
        assert_eq!(
            outcome(&standard(&scene, known, &document)),
            refused(400, "unsupported_grant_type")
        );
        assert_eq!(
            outcome(&cinchy(&scene, known, &document)),
            refused(400, "unsupported_grant_type")
        );
    }
    assert!(!supported(&scene, Profile::Standard) && !supported(&scene, Profile::Cinchy));
    trust(&scene, |_| {});
    assert!(supported(&scene, Profile::Standard) && supported(&scene, Profile::Cinchy));
    assert_eq!(
        outcome(&standard(&scene, &other, &document)),
        refused(400, "unauthorized_client")
    );
    // Each endpoint knows its own form.
    let pairs = [("grant_type", "saml2"), ("token", "x")];
    assert_eq!(
        outcome(&scene.token(Profile::Standard, &known, &pairs)),
        refused(400, "unsupported_grant_type")
    );
    let pairs = [("grant_type", BEARER), ("assertion", "x")];
    assert_eq!(
        outcome(&scene.token(Profile::Cinchy, &known, &pairs)),
        refused(400, "unsupported_grant_type")
    );
    assert_eq!(outcome(&standard(&scene, &known, &document)), refused(200, "granted"));
    let issuer = ISSUER.to_owned();
    scene.engine.execute(RemoveIdentityProvider { issuer }).unwrap();
    assert_eq!(
        outcome(&standard(&scene, &known, &document)),
        refused(400, "unsupported_grant_type")
    );
}

#[test]
fn users_who_are_not_there_are_refused_or_added_as_the_provider_may() {
    let scene = Scene::new();
    let known = client(&scene);
    trust(&scene, |_| {});
    let documents = assertions(Profile::Standard, &["carol", "carol", "alice"]);
    let answer = standard(&scene, &known, &documents[0]);
    assert_eq!(outcome(&answer), refused(400, "invalid_grant"));
    assert!(
        answer
            .activity
            .reason
            .is_some_and(|reason| reason.contains("not there"))
    );
    let carol = || scene.engine.person(&"carol".parse().unwrap()).unwrap();
    assert!(carol().is_none());
    trust(&scene, |provider| provider.creates_users = true);
    assert_eq!(
        standard(&scene, &known, &documents[0]).status,
        200,
        "it was not used up"
    );
    assert!(carol().is_some_and(|person| person.user.active && person.password.is_none()));
    assert_eq!(standard(&scene, &known, &documents[1]).status, 200, "now she is there");
    let changes = UserChanges {
        active: Some(false),
        ..UserChanges::default()
    };
    let name = "alice".parse().unwrap();
    scene.engine.execute(SetUser { name, changes }).unwrap();
    let answer = standard(&scene, &known, &documents[2]);
    assert_eq!(
        outcome(&answer),
        refused(400, "invalid_grant"),
        "who is inactive stays so"
    );
}

#[test]
fn a_token_ends_with_the_login_that_it_rests_on() {
    let scene = Scene::new();
    let known = client(&scene);
    trust(&scene, |_| {});
    let mut draft = Draft::prefixed();
    draft.subject = draft.subject.replace("us.example/", "auth.example/");
    draft.statements = draft.statements.replace(
        "SessionIndex",
        "SessionNotOnOrAfter=\"2027-01-15T08:10:00Z\" SessionIndex",
    );
    let document = by_signxml(&[Order::new(draft, Pair::rsa())]).remove(0);
    let answer = standard(&scene, &known, &document);
    assert_eq!((answer.status, json(&answer)["expires_in"].as_u64()), (200, Some(600)));
}
