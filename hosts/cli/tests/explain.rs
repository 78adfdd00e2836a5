//! `tollgate check`: each gate that can refuse, and what it advises, which is then done and must help.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::explained::{course, explain, folder, refused, refusing};
use support::server::Server;

#[test]
fn a_permit_shows_every_gate_and_charges_nothing() {
    let (folder, id, token) = folder();
    folder.done(&["user", "set", "alice", "--per-hour", "1", "--concurrent", "1"]);
    for _ in 0..3 {
        let explained = explain(&folder, &token, &[]);
        assert_eq!(
            (&explained["status"], &explained["user"]),
            (&json!(200), &json!("alice"))
        );
        assert_eq!(
            (&explained["token_id"], &explained["reason"], &explained["next"]),
            (&json!(id), &Value::Null, &Value::Null)
        );
        assert_eq!(
            course(&explained),
            "network_global route extract look_up status validity audience network_user operation scope freshness rate concurrency"
        );
        for gate in explained["gates"].as_array().unwrap() {
            assert!(gate["why"].as_str().unwrap().ends_with('.'), "{gate}");
        }
    }
    let text = folder.done(&["check", "--header", &format!("x-cdata-authtoken: {token}")]);
    assert!(
        text.contains("Permitted, with status 200.") && text.contains("0 of 1 requests"),
        "{text}"
    );
}

#[test]
fn each_refusal_names_its_gate_and_its_advice_helps() {
    type Case = (&'static str, u16, &'static [&'static str], &'static [&'static str]);
    let cases: &[Case] = &[
        // What is done first, and how the question is asked.
        ("network_user", 403, &[], &["--ip", "198.51.100.1"]),
        ("network_global", 403, &["network", "ban", "127.0.0.0/8"], &[]),
        (
            "network_user",
            403,
            &["network", "ban", "127.0.0.0/24", "--user", "alice"],
            &[],
        ),
        ("status", 401, &["user", "set", "alice", "--inactive"], &[]),
        (
            "operation",
            403,
            &["user", "set", "alice", "--operations", "POST"],
            &["--method", "DELETE"],
        ),
        (
            "extract",
            400,
            &["settings", "set", "allow_authtoken_in_url", "true"],
            &["--path", "/?@authtoken=x"],
        ),
    ];
    for (gate, status, first, question) in cases {
        let (folder, _, token) = folder();
        if !first.is_empty() {
            folder.done(first);
        }
        let explained = explain(&folder, &token, question);
        assert_eq!(
            (refusing(&explained).as_str(), &explained["status"]),
            (*gate, &json!(status)),
            "{explained}"
        );
        let next = explained["next"].as_str().unwrap();
        let Some((_, line)) = next.split_once(": tollgate ") else {
            assert_eq!(*gate, "extract", "{next}");
            continue;
        };
        let words: Vec<&str> = line
            .split(" (")
            .next()
            .unwrap()
            .split(' ')
            .map(|word| word.trim_matches('\''))
            .collect();
        folder.done(&words);
        assert_eq!(
            refusing(&explain(&folder, &token, question)),
            "none",
            "{next} does not help"
        );
    }
}

#[test]
fn tokens_that_are_not_valid_are_told_apart_here_alone() {
    let (folder, id, token) = folder();
    let early = folder.json(&["authtoken", "issue", "alice", "--not-before", "2100-01-01T00:00:00Z"]);
    let explained = explain(&folder, early["token"].as_str().unwrap(), &[]);
    assert_eq!(
        (refusing(&explained).as_str(), &explained["reason"]),
        ("validity", &json!("not_yet_valid"))
    );
    assert!(explained.to_string().contains("2100-01-01T00:00:00Z"), "{explained}");

    let ended = folder.json(&["authtoken", "issue", "alice"]);
    folder.done(&["authtoken", "expire", ended["id"].as_str().unwrap()]);
    let explained = explain(&folder, ended["token"].as_str().unwrap(), &[]);
    assert_eq!(
        (refusing(&explained).as_str(), &explained["reason"]),
        ("validity", &json!("expired"))
    );

    folder.done(&["authtoken", "revoke", &id]);
    let explained = explain(&folder, &token, &[]);
    assert_eq!(
        (refusing(&explained).as_str(), &explained["reason"]),
        ("status", &json!("revoked"))
    );
    assert_eq!(
        (&explained["user"], &explained["token_id"]),
        (&json!("alice"), &json!(id))
    );
    assert_eq!(
        explained["next"],
        json!("Issue a new one: tollgate authtoken issue alice")
    );

    let explained = explain(&folder, "tg_at_garbage", &[]);
    assert_eq!(
        (refusing(&explained).as_str(), &explained["reason"]),
        ("look_up", &json!("unknown_token"))
    );
    assert_eq!(explained["user"], Value::Null);
}

#[test]
fn an_address_that_only_the_user_trusts_is_asked_about_before_the_state_of_the_token() {
    let (folder, _, token) = folder();
    folder.done(&["network", "trust", "198.51.100.1", "--user", "alice"]);
    let explained = explain(&folder, &token, &["--ip", "198.51.100.1"]);
    assert_eq!(
        course(&explained),
        "network_global route extract look_up network_user status validity audience operation scope freshness rate concurrency"
    );
    folder.done(&["network", "ban", "198.51.100.0/24", "--user", "alice"]);
    let explained = explain(&folder, &token, &["--ip", "198.51.100.1"]);
    assert!(
        course(&explained).starts_with("network_global route extract look_up network_user! -status"),
        "{explained}"
    );
}

#[test]
fn a_preflight_meets_three_gates() {
    let (folder, _, _) = folder();
    let preflight = [
        "check",
        "--json",
        "--method",
        "OPTIONS",
        "-H",
        "Origin: https://a.example",
        "-H",
        "Access-Control-Request-Method: PUT",
    ];
    let refused = folder.run(&preflight);
    assert_eq!((refused.code, refusing(&refused.json()).as_str()), (1, "extract"));
    folder.done(&["settings", "set", "allow_preflight", "true"]);
    let permitted = folder.run(&preflight);
    assert_eq!(permitted.code, 0);
    assert!(
        course(&permitted.json()).starts_with("network_global route freshness -extract -look_up"),
        "{permitted:?}"
    );
}

#[test]
fn routes_and_what_they_want_are_told() {
    let (folder, _, token) = folder();
    for route in [
        &["/bearer/**", "--scheme", "bearer"][..],
        &["/basic/**", "--scheme", "password"],
        &["/scoped/**", "--scope", "orders.read"],
        &["/meant/**", "--audience", "orders"],
        &["/open", "--anonymous"],
    ] {
        folder.done(&[&["route", "add"], route].concat());
    }
    let ask = |path: &str| explain(&folder, &token, &["--path", path]);
    let passed = ask("/bearer/7");
    assert_eq!(passed["permitted"], json!(true), "the twin");
    assert!(
        passed
            .to_string()
            .contains("`/bearer/**` is about this path: it takes bearer."),
        "{passed}"
    );
    assert!(ask("/elsewhere").to_string().contains("No route is about this path"));
    for (path, gate, status, words) in [
        (
            "/basic/7",
            "extract",
            401,
            "`/basic/**` takes, which is one of these: password",
        ),
        ("/scoped/7", "scope", 403, "wants orders.read, and token"),
        ("/meant/7", "audience", 401, "for `orders`, and token"),
        ("/bearer/../scoped/7", "route", 400, "two ways"),
        ("/BEARER/7", "route", 400, "two ways"),
    ] {
        let explained = ask(path);
        let (id, why) = refused(&explained);
        assert_eq!(
            (id.as_str(), &explained["status"]),
            (gate, &json!(status)),
            "{path}: {explained}"
        );
        assert!(why.contains(words), "{path}: {why}");
        assert!(explained["next"].as_str().unwrap().len() > 20, "{explained}");
    }
    let nobody = folder.json(&["check", "--path", "/open"]);
    assert!(
        course(&nobody).starts_with("network_global route freshness -extract"),
        "{nobody}"
    );

    // "alice:correct horse", which is not tried here.
    let header = "Authorization: Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==";
    let run = folder.run(&["check", "--json", "--path", "/basic/7", "--header", header]);
    let (id, why) = refused(&run.json());
    assert!(id == "look_up" && why.contains("user name with a password"), "{why}");
    assert!(
        run.stdout.contains("/check") && !run.stdout.contains("YWxpY2U6"),
        "{run:?}"
    );
}

#[test]
fn the_client_that_acts_is_told_and_one_that_is_disabled_too() {
    let (folder, _, _) = folder();
    let add = [
        "client",
        "add",
        "nightly",
        "--grant",
        "client_credentials",
        "--user",
        "alice",
        "--scope",
        "orders.read",
    ];
    let added = folder.json(&add);
    let server = Server::start(&folder, &[]);
    let credentials = format!("nightly:{}", added["client_secret"].as_str().unwrap());
    let url = format!("http://{}/oauth2/token", server.address);
    let arguments = ["-s", "-u", &credentials, "-d", "grant_type=client_credentials", &url];
    let output = std::process::Command::new("curl").args(arguments).output().unwrap();
    let granted: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let token = granted["access_token"].as_str().unwrap_or_else(|| panic!("{granted}"));
    let passed = explain(&folder, token, &[]);
    assert_eq!(passed["permitted"], json!(true), "{passed}");
    assert!(
        passed
            .to_string()
            .contains("by which client `nightly` acts for user `alice`"),
        "{passed}"
    );
    folder.done(&["client", "set", "nightly", "--disabled"]);
    let explained = explain(&folder, token, &[]);
    let (id, why) = refused(&explained);
    assert!(id == "status" && why.contains("Client `nightly`"), "{explained}");
    assert_eq!(
        explained["next"],
        json!("Enable the client: tollgate client set nightly --enabled")
    );
    folder.done(&["client", "set", "nightly", "--enabled"]);
    assert_eq!(
        explain(&folder, token, &[])["permitted"],
        json!(true),
        "the advice helps"
    );
    drop(server);
}

#[test]
fn what_is_no_request_is_a_fault_of_usage_and_secrets_in_it_are_not_repeated() {
    let (folder, _, token) = folder();
    let path = format!("no slash {token}");
    for arguments in [
        &["--path", &path][..],
        &["--method", "GET IT"],
        &["--header", &token],
        &["--header", "a b: c"],
    ] {
        let run = folder.run(&[&["check", "--json"], arguments].concat());
        assert_eq!(
            (run.code, &run.fault()["code"]),
            (2, &json!("malformed")),
            "{arguments:?}"
        );
        assert!(!run.stderr.contains(&token), "{run:?}");
    }
    let hinted = folder.run(&["check", "--json", "--path", &format!("/?@authtoken={token}")]);
    let explained = hinted.json();
    assert!(
        explained["next"].as_str().unwrap().contains("allow_authtoken_in_url"),
        "{explained}"
    );
    assert!(!hinted.stdout.contains(&token));
}
