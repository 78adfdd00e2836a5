//! Clients, the client credentials of users, and who may manage them.

use serde_json::{Value, json};

use super::console::Console;
use super::records::ids;

const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

#[test]
fn clients_are_added_shown_changed_and_removed() {
    let console = Console::start();
    let body = r#"{"client_id":"shop","name":"The shop","grants":["authorization_code","refresh_token"],
        "scopes":["orders.read"],"login_urls":["https://shop.example/callback"],"lifetime_s":900}"#;
    let added = console.call("POST /clients").json(body).done(201);
    let secret = text(&added.json()["client_secret"]);
    assert!(secret.starts_with("tg_cs_"), "{}", added.text);
    assert_eq!(added.the("location"), "/admin/v1/clients/shop");
    let shown = console.call("GET /clients/shop").done(200);
    assert_eq!(shown.the("etag"), added.the("etag"));
    assert!(!shown.text.contains(&secret));
    let client = shown.json();
    for (field, value) in [
        ("id", json!("shop")),
        ("client_id", json!("shop")),
        ("name", json!("The shop")),
        ("enabled", json!(true)),
        ("grants", json!(["authorization_code", "refresh_token"])),
        ("scopes", json!(["orders.read"])),
        ("lifetime_s", json!(900)),
        ("refresh_lifetime_s", json!(2_592_000)),
        ("authentication", json!("client_secret")),
        ("access", json!("opaque")),
        ("user", json!(null)),
        ("created_at", json!("2027-01-15T08:00:00Z")),
    ] {
        assert_eq!(client[field], value, "{field}");
    }
    assert_eq!(console.look("/clients")["items"], json!([client]));

    let stale = shown.the("etag").to_owned();
    let set = |tag: &str| {
        let call = console
            .call("PATCH /clients/shop")
            .json(r#"{"consent":false,"scopes":[]}"#);
        call.field("if-match", tag)
    };
    let changed = set(&stale).done(200).json();
    assert_eq!((&changed["consent"], &changed["scopes"]), (&json!(false), &json!([])));
    assert_eq!(changed["login_urls"], client["login_urls"], "what is not named stays");
    set(&stale).refused(412, "changed");
    set("*").done(200);

    console.call("POST /clients").json(body).refused(409, "client-exists");
    console.call("DELETE /clients/shop").done(204);
    for call in [
        "GET /clients/shop",
        "DELETE /clients/shop",
        "POST /clients/shop/rotate",
        "GET /clients/a%20b",
    ] {
        console.call(call).refused(404, "no-such-client");
    }
    let trail = console.look("/audit?limit=1000");
    let actions: Vec<&Value> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["action"])
        .collect();
    for action in ["client.add", "client.set", "client.remove"] {
        assert!(actions.contains(&&json!(action)), "{actions:?}");
    }
    assert!(!trail.to_string().contains(&secret));
}

#[test]
fn a_secret_is_replaced_once_for_each_key_and_the_old_one_ends_when_it_was_to() {
    let console = Console::start();
    let body = r#"{"client_id":"reports","grants":["password"]}"#;
    let first = text(&console.call("POST /clients").json(body).done(201).json()["client_secret"]);
    let holds = |secret: &str| {
        let engine = &console.world.engine;
        let name = "reports".parse().unwrap();
        engine
            .holds_secret(&name, secret.as_bytes(), engine.now())
            .unwrap()
            .is_some()
    };
    let rotate = |key: &str| {
        let call = console.call("POST /clients/reports/rotate").json(r#"{"overlap_s":60}"#);
        call.field("idempotency-key", key)
    };
    let rotated = rotate("one").done(201);
    let second = text(&rotated.json()["client_secret"]);
    assert!(
        holds(&first) && holds(&second),
        "both are good until the overlap is over"
    );
    let again = rotate("one").done(201);
    assert_eq!(again.the("idempotent-replayed"), "true");
    assert_eq!(again.json()["client_secret"], json!(second), "while it is remembered");
    assert_eq!(
        again.json()["secrets"].as_array().unwrap().len(),
        2,
        "no third was made"
    );

    let third = text(&console.call("POST /clients/reports/rotate").done(201).json()["client_secret"]);
    assert!(!holds(&first) && !holds(&second) && holds(&third), "at once");
    let beyond = console
        .call("POST /clients/reports/rotate")
        .json(r#"{"overlap_s":7776001}"#);
    beyond.refused(422, "overlap-too-long");

    let console = console.restarted();
    let call = console.call("POST /clients/reports/rotate").json(r#"{"overlap_s":60}"#);
    let forgotten = call.field("idempotency-key", "one").done(201).json();
    assert!(
        forgotten["client_secret"].is_null() && forgotten["note"].is_string(),
        "{forgotten}"
    );
}

#[test]
fn clients_without_a_secret_are_told_so_and_have_none_to_forget() {
    let console = Console::start();
    let phone = r#"{"client_id":"phone","grants":["authorization_code"],"authentication":"none",
        "login_urls":["org.example.phone:/callback"]}"#;
    let keyed = |key: &str| console.call("POST /clients").json(phone).field("idempotency-key", key);
    let added = keyed("one").done(201).json();
    assert_eq!((&added["client_secret"], &added["note"]), (&json!(null), &json!(null)));
    assert_eq!(
        keyed("one").done(201).json()["note"],
        json!(null),
        "there is nothing to forget"
    );
    console
        .call("POST /clients/phone/rotate")
        .refused(409, "no-secret-wanted");
    console
        .call("PATCH /clients/phone")
        .json(r#"{"authentication":"client_secret"}"#)
        .refused(422, "unexpected-client");

    let robot = |jwks: &str| {
        let body = format!(r#"{{"client_id":"robot","grants":["client_credentials"],"user":"alice","jwks":{jwks}}}"#);
        console.call("POST /clients").json(&body)
    };
    robot(&KEYS.replace("\"crv\"", "\"d\":\"AQAB\",\"crv\"")).refused(422, "unexpected-client");
    robot("{}").refused(422, "unexpected-client");
    let added = robot(KEYS).done(201).json();
    assert_eq!(added["authentication"], json!("private_key_jwt"));
    assert_eq!(added["jwks"], serde_json::from_str::<Value>(KEYS).unwrap());
}

#[test]
fn terms_that_cannot_be_are_refused_and_not_repeated() {
    let console = Console::start();
    let add = |terms: &str| {
        let body = format!(r#"{{"client_id":"odd",{terms}}}"#);
        console.call("POST /clients").json(&body)
    };
    for (terms, kind) in [
        (r#""grants":[]"#, "unexpected-client"),
        (r#""grants":["client_credentials"]"#, "unexpected-client"),
        (
            r#""grants":["client_credentials"],"user":"nobody-9c1f""#,
            "no-such-user",
        ),
        (r#""grants":["authorization_code"]"#, "unexpected-client"),
        (
            r#""grants":["password"],"login_urls":["http://canary-9c1f.example/"]"#,
            "unexpected-client",
        ),
        (
            r#""grants":["password"],"login_urls":["canary-9c1f"]"#,
            "unexpected-client",
        ),
        (r#""grants":["password"],"lifetime_s":59"#, "unexpected-client"),
        (r#""grants":["canary-9c1f"]"#, "unexpected-json"),
        (r#""grants":["password"],"scopes":["canary-9c1f\""]"#, "unexpected-json"),
        (r#""grants":["password"],"access":"canary-9c1f""#, "unexpected-json"),
        (
            r#""grants":["password"],"authentication":"private_key_jwt""#,
            "unexpected-json",
        ),
        (
            r#""grants":["password"],"authentication":"none","jwks":{}"#,
            "unexpected-json",
        ),
        (
            r#""grants":["password"],"client_secret":"canary-9c1f""#,
            "unexpected-json",
        ),
    ] {
        let told = add(terms).refused(422, kind);
        assert!(!told.text.contains("9c1f"), "{}", told.text);
    }
    add(r#""grants":["password"]"#).done(201);
    console.call("PATCH /clients/odd").json(r#"{"user":"alice"}"#).done(200);
    let freed = console
        .call("PATCH /clients/odd")
        .json(r#"{"user":null}"#)
        .done(200)
        .json();
    assert_eq!(freed["user"], json!(null));
}

#[test]
fn a_user_is_given_an_id_and_a_secret_that_act_as_that_user() {
    let console = Console::start();
    let path = "/users/alice/client-credentials";
    let issue = |body: &str| console.call(&format!("POST {path}")).json(body);
    let issued = issue(r#"{"name":"nightly import","lifetime_s":600}"#).done(201).json();
    let (id, secret) = (text(&issued["client_id"]), text(&issued["client_secret"]));
    assert!(id.starts_with("cc-") && secret.starts_with("tg_cs_"), "{issued}");
    assert_eq!(
        (
            &issued["user"],
            &issued["grants"],
            &issued["name"],
            &issued["lifetime_s"]
        ),
        (
            &json!("alice"),
            &json!(["client_credentials"]),
            &json!("nightly import"),
            &json!(600)
        )
    );
    assert!(
        issued["access_url"].is_null(),
        "this server does not know how others reach it"
    );
    let other = text(&console.call(&format!("POST {path}")).done(201).json()["client_id"]);
    assert_ne!(other, id, "each has its own");
    console
        .call("POST /clients")
        .json(r#"{"client_id":"shop","grants":["password"],"user":"alice"}"#)
        .done(201);
    let list = console.look(path);
    let mut expected = [id.as_str(), other.as_str()];
    expected.sort_unstable();
    assert_eq!(ids(&list), expected);
    assert!(!list.to_string().contains(&secret));
    console
        .call("POST /users/nobody/client-credentials")
        .refused(404, "no-such-user");
    console
        .call("GET /users/nobody/client-credentials")
        .refused(404, "no-such-user");
}

#[test]
fn readers_look_at_clients_and_manage_none() {
    let console = Console::start();
    console
        .call("POST /clients")
        .json(r#"{"client_id":"shop","grants":["password"]}"#)
        .done(201);
    let reader = |line: &str| {
        let credentials = format!("Bearer {}", console.reader);
        console.bare(line).field("authorization", &credentials)
    };
    for path in [
        "/clients",
        "/clients/shop",
        "/routes",
        "/issuers",
        "/identity-providers",
        "/signing-keys",
        "/personal-tokens",
    ] {
        let told = reader(&format!("GET {path}")).done(200);
        assert!(
            !told.text.contains("tg_cs_") && !told.text.contains("PRIVATE"),
            "{}",
            told.text
        );
    }
    for line in [
        "POST /clients",
        "PATCH /clients/shop",
        "DELETE /clients/shop",
        "POST /clients/shop/rotate",
        "POST /users/alice/client-credentials",
        "POST /users/alice/personal-tokens",
        "PUT /users/alice/password",
        "DELETE /users/alice/password",
        "PUT /users/alice/profile",
        "DELETE /users/alice/consents/shop",
        "PUT /routes",
        "PUT /issuers",
        "PUT /identity-providers",
        "POST /signing-keys/rotate",
    ] {
        reader(line).json("{}").refused(403, "role-refused");
    }
    assert_eq!(ids(&console.look("/clients")), ["shop"], "nothing has changed");
}
