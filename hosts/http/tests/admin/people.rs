//! Personal access tokens, passwords, profiles, consents; routes, issuers and signing keys.

use serde_json::{Value, json};
use tollgate::{DenyReason, Field, GiveConsent, RequestParts, Verdict};

use super::console::Console;
use super::records::ids;
use crate::support::{CLIENT, name};

#[test]
fn personal_access_tokens_are_issued_listed_and_revoked() {
    let console = Console::start();
    let issue = |body: &str| console.call("POST /users/alice/personal-tokens").json(body);
    let issued = issue(r#"{"name":"laptop","description":"on the desk","expires_in_s":86400}"#).done(201);
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    let id = issued.json()["id"].as_str().unwrap().to_owned();
    assert!(token.starts_with("tg_pat_"), "{}", issued.text);
    assert_eq!(issued.the("location"), format!("/admin/v1/personal-tokens/{id}"));
    let shown = console.call(&format!("GET /personal-tokens/{id}")).done(200);
    assert_eq!(
        shown.json(),
        json!({
            "id": id, "user": "alice", "name": "laptop", "description": "on the desk", "issued_at": "2027-01-15T08:00:00Z",
            "expires_at": "2027-01-16T08:00:00Z", "revoked_at": null, "last_used_at": null,
        })
    );
    let usual = issue(r#"{"name":"ci"}"#).done(201).json();
    assert_eq!(
        usual["expires_at"], "2027-04-15T08:00:00Z",
        "90 days where nothing is said"
    );
    assert_eq!(
        console.look("/users/alice/personal-tokens"),
        console.look("/personal-tokens")
    );
    assert_eq!(
        ids(&console.look("/personal-tokens")),
        [id.as_str(), usual["id"].as_str().unwrap()]
    );
    assert!(
        !ids(&console.look("/authtokens")).contains(&id.as_str()),
        "it is no authtoken"
    );
    console
        .call(&format!("GET /authtokens/{id}"))
        .refused(404, "no-such-token");
    console
        .call(&format!("POST /authtokens/{id}/revoke"))
        .refused(404, "no-such-token");

    let revoked = console
        .call(&format!("POST /personal-tokens/{id}/revoke"))
        .done(200)
        .json();
    assert_eq!(revoked["revoked_at"], "2027-01-15T08:00:00Z");
    for _ in 0..4 {
        issue(r#"{"name":"more"}"#).done(201);
    }
    issue(r#"{"name":"more"}"#).refused(409, "too-many-personal-tokens");
    for (body, kind) in [
        (r#"{"name":""}"#, "unexpected-name"),
        (r#"{"name":"x","expires_at":"2030-01-01T00:00:00Z"}"#, "lasts-too-long"),
        (r#"{"name":"x","expires_in_s":0}"#, "never-valid"),
        (r#"{"expires_in_s":60}"#, "unexpected-json"),
    ] {
        issue(body).refused(422, kind);
    }
    console
        .call("GET /users/nobody/personal-tokens")
        .refused(404, "no-such-user");
    console.call("GET /personal-tokens/4711").refused(404, "no-such-token");
}

#[test]
fn passwords_are_set_and_taken_away_and_never_shown() {
    let console = Console::start();
    let has = || console.look("/users/alice/profile")["has_password"].clone();
    assert_eq!(has(), json!(false));
    let set = |body: &str| console.call("PUT /users/alice/password").json(body);
    set(r#"{"password":"correct horse"}"#).done(204);
    assert_eq!(has(), json!(true));
    let short = set(r#"{"password":"horse"}"#).refused(422, "unexpected-password");
    assert!(!short.text.contains("horse"), "{}", short.text);
    set(r#"{"password":7}"#).refused(422, "unexpected-json");
    console.call("DELETE /users/alice/password").done(204);
    assert_eq!(has(), json!(false));
    console.call("DELETE /users/alice/password").done(204);
    for line in ["PUT /users/nobody/password", "DELETE /users/nobody/password"] {
        let call = console.call(line);
        let call = if line.starts_with("PUT") {
            call.json(r#"{"password":"correct horse"}"#)
        } else {
            call
        };
        call.refused(404, "no-such-user");
    }
    let trail = console.look("/audit?limit=1000").to_string();
    assert!(
        trail.contains("user.password") && !trail.contains("horse") && !trail.contains("argon2"),
        "{trail}"
    );
}

#[test]
fn profiles_are_set_as_a_whole_and_bound_to_what_was_seen() {
    let console = Console::start();
    let first = console.call("GET /users/alice/profile").done(200);
    assert_eq!(
        first.json(),
        json!({ "display_name": null, "email": null, "roles": [], "has_password": false })
    );
    let tag = first.the("etag").to_owned();
    let set = |body: &str, tag: &str| {
        console
            .call("PUT /users/alice/profile")
            .json(body)
            .field("if-match", tag)
    };
    let body = r#"{"display_name":"Alice B.","email":"alice@example.com","roles":["auditor"]}"#;
    let changed = set(body, &tag).done(200).json();
    assert_eq!(
        (&changed["display_name"], &changed["roles"]),
        (&json!("Alice B."), &json!(["auditor"]))
    );
    set("{}", &tag).refused(412, "changed");
    let emptied = set("{}", "*").done(200).json();
    assert_eq!((&emptied["email"], &emptied["roles"]), (&json!(null), &json!([])));
    for body in [
        r#"{"email":"nowhere"}"#,
        r#"{"roles":["a","a"]}"#,
        r#"{"display_name":""}"#,
    ] {
        set(body, "*").refused(422, "unexpected-profile");
    }
    console.call("GET /users/nobody/profile").refused(404, "no-such-user");
}

#[test]
fn consents_are_listed_and_taken_back() {
    let console = Console::start();
    let body = r#"{"client_id":"shop","grants":["password"],"scopes":["orders.read"]}"#;
    console.call("POST /clients").json(body).done(201);
    assert_eq!(console.look("/users/alice/consents")["items"], json!([]));
    let client = console.world.engine.client(&"shop".parse().unwrap()).unwrap().unwrap();
    console.world.run(GiveConsent {
        user: name("alice"),
        client: client.name,
        client_number: client.number,
        scopes: "orders.read".parse().unwrap(),
        audiences: Vec::new(),
    });
    let expected = json!([{
        "id": "shop", "client_id": "shop", "scopes": ["orders.read"], "audiences": [], "given_at": "2027-01-15T08:00:00Z",
    }]);
    assert_eq!(console.look("/users/alice/consents")["items"], expected);
    for _ in 0..2 {
        console.call("DELETE /users/alice/consents/shop").done(204);
    }
    assert_eq!(console.look("/users/alice/consents")["items"], json!([]));
    console
        .call("DELETE /users/alice/consents/nothing")
        .refused(404, "no-such-client");
    console
        .call("DELETE /users/nobody/consents/shop")
        .refused(404, "no-such-user");
}

#[test]
fn routes_are_put_shown_and_removed_and_decide_at_once() {
    let console = Console::start();
    let put = |body: &str| console.call("PUT /routes").json(body);
    let route =
        put(r#"{"pattern":"/API/**","schemes":["bearer"],"scopes":["orders.read"],"audience":"orders"}"#).done(200);
    let id = route.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        route.json(),
        json!({
            "id": id, "pattern": "/API/**", "schemes": ["bearer"], "scopes": ["orders.read"], "audience": "orders",
            "anonymous": false,
        })
    );
    let shown = console.call(&format!("GET /routes/{id}")).done(200);
    assert_eq!((shown.the("etag"), shown.json()), (route.the("etag"), route.json()));
    let denied = || {
        let (engine, bearer) = (&console.world.engine, format!("Bearer {}", console.world.token()));
        let request = RequestParts {
            method: b"GET",
            path: b"/API/orders",
            peer: Some(CLIENT.parse().unwrap()),
            authorization: Field::Once(bearer.as_bytes()),
            ..RequestParts::default()
        };
        match engine.check(&request, engine.now()) {
            Verdict::Permit(_) => None,
            Verdict::Denial(denial) => Some(denial.reason),
        }
    };
    assert_eq!(denied(), Some(DenyReason::WrongAudience));
    let open = put(r#"{"pattern":"/API/**"}"#).done(200).json();
    assert_eq!(
        (&open["id"], &open["schemes"]),
        (&json!(id), &json!(["bearer", "basic", "header", "parameter"]))
    );
    assert_eq!(denied(), None);
    let bound = |tag: &str| put(r#"{"pattern":"/API/**","anonymous":true}"#).field("if-match", tag);
    bound(route.the("etag")).refused(412, "changed");
    bound("*").done(200);
    put(r#"{"pattern":"/other"}"#)
        .field("if-match", "*")
        .refused(412, "changed");
    put(r#"{"pattern":"/api/**"}"#).refused(409, "route-alike");
    for body in [
        r#"{"pattern":"API"}"#,
        r#"{"pattern":"/a/../b"}"#,
        r#"{"pattern":"/a","schemes":["digest"]}"#,
        r#"{"pattern":"/a","scopes":["a\"b"]}"#,
        r#"{"schemes":["bearer"]}"#,
    ] {
        put(body).refused(422, "unexpected-json");
    }
    console.call(&format!("DELETE /routes/{id}")).done(204);
    console
        .call(&format!("DELETE /routes/{id}"))
        .refused(404, "no-such-route");
    assert_eq!(console.look("/routes")["items"], json!([]));
}

#[test]
fn issuers_are_put_shown_and_removed() {
    let console = Console::start();
    console
        .call("POST /clients")
        .json(r#"{"client_id":"partners","grants":["password"]}"#)
        .done(201);
    let put = |body: &str| console.call("PUT /issuers").json(body);
    let with = |rest: &str| {
        format!(r#"{{"issuer":"https://login.example.com/","audiences":["orders"],"client_id":"partners"{rest}}}"#)
    };
    let keys = r#","jwks_url":"https://login.example.com/keys""#;
    let issuer = put(&with(&format!(r#"{keys},"algorithms":["RS256"]"#))).done(200);
    let id = issuer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        issuer.json(),
        json!({
            "id": id, "issuer": "https://login.example.com/", "jwks_url": "https://login.example.com/keys",
            "audiences": ["orders"], "algorithms": ["RS256"], "user_claim": "sub", "client_id": "partners", "scopes": [],
        })
    );
    assert_eq!(
        console.call(&format!("GET /issuers/{id}")).done(200).json(),
        issuer.json()
    );
    put(&with("")).refused(422, "unexpected-json");
    put(&with(&format!(r#"{keys},"jwks":{{}}"#))).refused(422, "unexpected-json");
    put(&with(r#","jwks":{"keys":[]}"#)).refused(422, "unexpected-client");
    put(&with(r#","jwks_url":"http://login.example.com/keys""#)).refused(422, "unexpected-issuer");
    put(&with(keys).replace("partners", "nobody")).refused(422, "no-such-client");
    console.call(&format!("DELETE /issuers/{id}")).done(204);
    console
        .call(&format!("GET /issuers/{id}"))
        .refused(404, "no-such-issuer");
    assert_eq!(console.look("/issuers")["items"], json!([]));
}

#[test]
fn signing_keys_are_listed_and_replaced_without_what_is_secret_of_them() {
    let console = Console::start();
    assert_eq!(console.look("/signing-keys")["items"], json!([]));
    let rotate = |body: &str| console.call("POST /signing-keys/rotate").json(body).done(200).json();
    let states = |list: &Value| -> Vec<(String, String)> {
        let items = list["items"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        items
            .map(|key| (text(&key["algorithm"]), text(&key["state"])))
            .collect()
    };
    let both = |state: &str| ["RS256", "ES256"].map(|algorithm| (algorithm.to_owned(), state.to_owned()));
    assert_eq!(states(&rotate("{}")), both("signs"), "the first sign at once");
    assert_eq!(states(&rotate("{}")), [both("signs"), both("announced")].concat());
    let last = rotate(r#"{"compromised":true}"#);
    assert_eq!(states(&last), [both("ended"), both("ended"), both("signs")].concat());
    let keys = console.look("/signing-keys");
    for key in keys["items"].as_array().unwrap() {
        assert!(key.get("private").is_none() && key["kid"].is_string(), "{key}");
    }
    let newest = &console.look("/audit?limit=1")["items"][0];
    assert!(newest["actor"].as_str().unwrap().starts_with("admin token"), "{newest}");
}

/// A certificate with a key on P-256.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBjDCCATGgAwIBAgIUBmsCoT32U65vzeUXmYxJoX/eihQwCgYIKoZIzj0EAwIw\n\
GjEYMBYGA1UEAwwPaWRwLmV4YW1wbGUuY29tMCAXDTI2MTEyMTIyNDgxNFoYDzIx\n\
MjYxMDI4MjI0ODE0WjAaMRgwFgYDVQQDDA9pZHAuZXhhbXBsZS5jb20wWTATBgcq\n\
hkjOPQIBBggqhkjOPQMBBwNCAAR3idYLhmogN4Fu03rEkoWU4ChJf8a7ArHmSMBZ\n\
Fx2IHKRFQb1JHN8jES05YBVm5RXt45O5X6uGAKBeih2iVnd8o1MwUTAdBgNVHQ4E\n\
FgQU90fWz2lPdKthQj6O95M9WXjaaWcwHwYDVR0jBBgwFoAU90fWz2lPdKthQj6O\n\
95M9WXjaaWcwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAlMvy\n\
o4HLstCTCc5vv2JycFjYb90eEbO4GaOGyUkPTEkCIQD13u/sNfr2IAW9F/j0DIy5\n\
wMbDeivsyVWBpaUB3NRw1w==\n\
-----END CERTIFICATE-----\n\
";

#[test]
fn identity_providers_are_put_shown_and_removed() {
    let console = Console::start();
    let put = |body: &Value| console.call("PUT /identity-providers").json(&body.to_string());
    let body = json!({
        "issuer": "https://idp.example.com/metadata", "certificates": [CERTIFICATE], "audiences": ["https://us.example"],
        "subject": "attribute:email", "creates_users": true,
    });
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let provider = put(&body).done(200);
    let id = provider.json()["id"].as_str().unwrap().to_owned();
    let mut shown = provider.json();
    let certificates = shown.as_object_mut().unwrap().remove("certificates").unwrap();
    assert_eq!(
        shown,
        json!({
            "id": id, "issuer": "https://idp.example.com/metadata", "audiences": ["https://us.example"], "recipient": null,
            "subject": "attribute:email", "skew_s": 60, "creates_users": true,
        })
    );
    assert_eq!(certificates[0]["subject"], "CN=idp.example.com");
    let found = console.call(&format!("GET /identity-providers/{id}")).done(200);
    assert_eq!(found.json(), provider.json());
    put(&with("certificates", json!([]))).refused(422, "unexpected-identity-provider");
    put(&with("certificates", json!([""]))).refused(422, "unexpected-identity-provider");
    put(&with("metadata", json!("<a/>"))).refused(422, "unexpected-identity-provider");
    put(&with("skew_s", json!(301))).refused(422, "unexpected-identity-provider");
    put(&with("audiences", json!([]))).refused(422, "unexpected-identity-provider");
    put(&with("subject", json!("email"))).refused(422, "unexpected-json");
    console.call(&format!("DELETE /identity-providers/{id}")).done(204);
    console
        .call(&format!("GET /identity-providers/{id}"))
        .refused(404, "no-such-identity-provider");
    assert_eq!(console.look("/identity-providers")["items"], json!([]));
}
