//! Every knob in each place where it can be set, and what is said where it cannot.

use super::*;

/// What must never be said again.
const CANARY: &str = "tg_at_canary";

/// For each knob a value in TOML, the same as text, and one in TOML that it refuses.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "listen",
        "[\"127.0.0.1:1\", \"[::1]:2\"]",
        "127.0.0.1:1,[::1]:2",
        "8480",
    ),
    ("data", "\"a.redb\"", "a.redb", "7"),
    ("key_file", "\"/run/key\"", "/run/key", "true"),
    (
        "public_url",
        "\"https://auth.example.org/\"",
        "https://auth.example.org/",
        "\"https://u:tg_at_canary@auth.example.org\"",
    ),
    ("tls.cert", "\"c.pem\"", "c.pem", "\"\""),
    (
        "tls.key",
        "\"k.pem\"",
        "k.pem",
        "\"-----BEGIN PRIVATE KEY----- tg_at_canary\"",
    ),
    ("log.format", "\"json\"", "json", "\"tg_at_canary\""),
    ("log.level", "\"debug\"", "debug", "\"loud tg_at_canary\""),
    ("log.access", "false", "false", "\"tg_at_canary\""),
    ("limits.connections", "10_000", "10000", "0"),
    ("limits.head_seconds", "2.5", "2.5", "\"tg_at_canary\""),
    ("limits.fields", "64", "64", "-1"),
    ("limits.head_bytes", "16384", "16384", "8191"),
    ("limits.body_seconds", "5", "5", "0"),
    ("limits.body_bytes", "4096", "4096", "0x10"),
    ("limits.streams", "32", "32", "[32]"),
    ("limits.polls", "16", "16", "0"),
    ("limits.stop_seconds", "1", "1", "3601"),
    ("cors.origins", "[\"https://a.example\"]", "https://a.example", "[1]"),
    ("cors.credentials", "true", "true", "1"),
    ("oauth.registration", "true", "true", "\"tg_at_canary\""),
    ("oauth.registration_scopes", "[\"openid\"]", "openid", "[1]"),
    ("oauth.refresh_idle_seconds", "3600", "3600", "59"),
    ("metrics.from", "[\"10.0.0.0/8\"]", "10.0.0.0/8", "\"tg_at_canary\""),
];

/// A file of TOML in which `key` has `value`, and the line in which it stands.
fn toml(key: &str, value: &str) -> (String, usize) {
    match key.split_once('.') {
        Some((table, name)) => (format!("# a comment\n\n[{table}]\n{name} = {value}\n"), 4),
        None => (format!("# a comment\n{key} = {value}\n"), 2),
    }
}

/// What is beside a knob that cannot stand alone.
fn beside(key: &str) -> Vec<Flag> {
    let flag = |key, value: &str| Flag {
        key,
        name: "--flag",
        values: vec![value.to_owned()],
    };
    match key {
        "tls.cert" => vec![flag("tls.key", "k.pem")],
        "tls.key" => vec![flag("tls.cert", "c.pem")],
        _ => Vec::new(),
    }
}

fn from_text(text: &str, flags: &[Flag]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(Some(&path), |_| None, flags).map_err(|failure| failure.fault.message)
}

fn shown_as(config: &Config, key: &str) -> serde_json::Value {
    let knob = KNOBS.iter().find(|knob| knob.key == key).unwrap();
    (knob.show)(config)
}

#[test]
fn every_knob_is_taken_from_each_place_and_a_later_one_overrides() {
    let keys: Vec<&str> = CASES.iter().map(|case| case.0).collect();
    let table: Vec<&str> = KNOBS.iter().map(|knob| knob.key).collect();
    assert_eq!(keys, table, "every knob has a case");
    for (key, written, text, _) in CASES {
        let config = from_text(&toml(key, written).0, &beside(key)).unwrap();
        assert_eq!(config.source(key), Source::File, "{key}");
        let expected = shown_as(&config, key);
        assert_ne!(expected, shown_as(&Config::default(), key), "{key} is not what it was");

        let variable = KNOBS.iter().find(|knob| knob.key == *key).unwrap().variable;
        let of_environment = |name: &str| (name == variable).then(|| (*text).to_owned());
        let config = Config::read(None, of_environment, &beside(key)).unwrap();
        assert_eq!(
            (config.source(key), shown_as(&config, key)),
            (Source::Environment, expected.clone()),
            "{key}"
        );

        let mut flags = beside(key);
        flags.push(Flag {
            key,
            name: "--flag",
            values: vec![(*text).to_owned()],
        });
        let config = Config::read(None, |name| (name == variable).then(|| "/elsewhere".to_owned()), &flags);
        match config {
            Ok(config) => assert_eq!(
                (config.source(key), shown_as(&config, key)),
                (Source::Flag, expected),
                "{key}"
            ),
            // What is overridden must still be readable.
            Err(failure) => assert!(failure.fault.message.starts_with(variable), "{}", failure.fault.message),
        }
    }
}

#[test]
fn a_value_that_is_refused_is_named_by_key_and_line_and_never_shown() {
    for (key, _, _, refused) in CASES {
        let (text, line) = toml(key, refused);
        let words = from_text(&text, &beside(key)).unwrap_err();
        assert!(
            words.contains(&format!("tollgate.toml line {line}: {key}: expected")),
            "{words}"
        );
        assert!(!words.contains(CANARY) && !words.contains("PRIVATE"), "{words}");
        let variable = KNOBS.iter().find(|knob| knob.key == *key).unwrap().variable;
        let failure = Config::read(None, |name| (name == variable).then(String::new), &[]).unwrap_err();
        assert!(
            failure.fault.message.starts_with(&format!("{variable}: expected")),
            "{}",
            failure.fault.message
        );
    }
    // Whatever is no TOML at all.
    for text in [
        format!("data = {CANARY}\n"),
        format!("data = \"{CANARY}\n"),
        format!("data = \"a\"\ndata = \"{CANARY}\"\n"),
        format!("[tls\nkey = \"{CANARY}\"\n"),
        format!("listen = [\"{CANARY}\"\n"),
        format!("tls = {{ key = \"{CANARY}\"\n"),
        format!("data = \"\\q{CANARY}\"\n"),
        format!("data.a = \"{CANARY}\"\ndata = \"b\""),
    ] {
        let words = from_text(&text, &[]).unwrap_err();
        assert!(
            words.contains("tollgate.toml line ") && !words.contains(CANARY),
            "{words}"
        );
    }
}

#[test]
fn keys_that_are_not_known_are_refused_and_secrets_with_advice() {
    for (text, line, there) in [
        ("lisen = \"127.0.0.1:1\"", 1, "listen, data"),
        ("[limits]\nconnection = 5", 2, "limits.connections"),
        ("[log]\n\nlevels = \"info\"", 3, "log.level"),
        ("[elsewhere]\na = 1", 1, "listen, data"),
        ("limits.connections.most = 1", 1, "expected a number of connections"),
    ] {
        let words = from_text(text, &[]).unwrap_err();
        assert!(
            words.contains(&format!("line {line}: ")) && words.contains(there),
            "{words}"
        );
    }
    for text in ["key", "token", "secret", "Password"] {
        let words = from_text(&format!("{text} = \"{CANARY}\""), &[]).unwrap_err();
        assert!(
            words.contains("key_file") && words.contains("TOLLGATE_KEY") && !words.contains(CANARY),
            "{words}"
        );
    }
    let words = from_text(&format!("[log]\ntoken = \"{CANARY}\""), &[]).unwrap_err();
    assert!(
        words.contains("line 2: log.token would be a secret") && !words.contains(CANARY),
        "{words}"
    );
}

#[test]
fn knobs_that_contradict_each_other_are_refused() {
    for (text, there) in [
        ("[tls]\ncert = \"c.pem\"", "tls.key beside tls.cert"),
        ("[tls]\nkey = \"k.pem\"", "tls.cert beside tls.key"),
        ("[cors]\norigins = [\"*\"]\ncredentials = true", "name the origins"),
        ("[cors]\norigins = [\"app.example\"]", "as browsers send them"),
    ] {
        let words = from_text(text, &[]).unwrap_err();
        assert!(words.contains(there), "{words}");
    }
    for text in ["[tls]\ncert = \"c.pem\"\nkey = \"k.pem\"", "[cors]\norigins = [\"*\"]"] {
        assert!(
            from_text(text, &[]).is_ok_and(|config| config.sources.contains(&Source::File)),
            "{text}"
        );
    }
}

#[test]
fn what_is_shown_can_be_read_again() {
    let mut text = String::new();
    for (key, written, _, _) in CASES {
        // Dotted keys stand alone, whatever table is open.
        text.push_str(&format!("{key} = {written}\n"));
    }
    let config = from_text(&text, &[]).unwrap();
    let shown_first = shown(&config, false);
    assert!(
        shown_first.contains("\n[limits]\nconnections = 10000  # file\n"),
        "{shown_first}"
    );
    let again = from_text(&shown_first, &[]).unwrap();
    assert_eq!(shown(&again, false), shown_first);
    let built_in = shown(&Config::default(), false);
    assert!(
        built_in.contains("# key_file is not set") && built_in.contains("level = \"info\"  # default"),
        "{built_in}"
    );
    assert!(from_text(&built_in, &[]).is_ok_and(|config| config.source("listen") == Source::File));
    let json: serde_json::Value = serde_json::from_str(&shown(&config, true)).unwrap();
    assert_eq!(
        json["limits.streams"],
        serde_json::json!({ "value": 32, "from": "file" })
    );
}
