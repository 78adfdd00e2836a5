//! Entries that are accepted, and what makes each of them none.

use super::*;

fn code() -> EntryText {
    EntryText {
        name: "Example CRM".to_owned(),
        version: "1.0".to_owned(),
        auth_type: "OAuth2".to_owned(),
        oauth2_type: Some("AuthorisationCode".to_owned()),
        authorization_url: Some("https://login.crm.example/authorize?tenant=a".to_owned()),
        token_url: Some("https://login.crm.example/token".to_owned()),
        scopes: "contacts.read,offline_access".to_owned(),
        parameters: vec![ParameterText {
            name: "access_type".to_owned(),
            value: "offline".to_owned(),
            is_for_token: false,
        }],
        client_id: Some("application".to_owned()),
        client_secret: Some(Secret::new("canary-secret")),
        ..EntryText::default()
    }
}

fn refused(change: impl FnOnce(&mut EntryText)) -> &'static str {
    let mut text = code();
    change(&mut text);
    match Entry::accept(&text) {
        Ok(_) => panic!("accepted {text:?}"),
        Err(fault) => fault.field,
    }
}

fn accepted(change: impl FnOnce(&mut EntryText)) -> Entry {
    let mut text = code();
    change(&mut text);
    Entry::accept(&text).unwrap()
}

#[test]
fn an_entry_goes_out_as_it_came_in_without_its_secret() {
    let entry = accepted(|_| {});
    let Auth::OAuth2(oauth2) = entry.auth() else {
        panic!("{entry:?}")
    };
    assert!(oauth2.pkce && oauth2.client_place == ClientPlace::Basic);
    let client = oauth2.client.as_ref().unwrap();
    assert_eq!(client.secret.as_ref().map(Secret::expose), Some("canary-secret"));

    let json = entry.text().write();
    assert!(
        !json.contains("canary") && !format!("{entry:?} {:?}", code()).contains("canary"),
        "{json}"
    );
    let again = Entry::accept(&EntryText::parse(&json).unwrap()).unwrap();
    assert_eq!(again.text().write(), json);
    assert_eq!(again.name(), "Example CRM");
}

#[test]
fn json_has_each_member_once_and_no_other() {
    let read = |json: &str| EntryText::parse(json).map(|text| text.name);
    assert_eq!(read(r#"{"name":"a","client_secret":"s"}"#), Ok("a".to_owned()));
    for json in [
        r#"{"name":"a","name":"b"}"#,
        r#"{"name":"a","Name":"b"}"#,
        r#"{"name":1}"#,
        r#"{"name":"a"} {}"#,
        r#"{"client_secret":12345}"#,
        "[]",
        "",
    ] {
        assert!(
            read(json).is_err_and(|fault| !fault.to_string().contains("12345")),
            "{json}"
        );
    }
}

#[test]
fn the_names_are_cyclrs() {
    for name in ["ApiKey", "Basic", "OAuth2", "None"] {
        assert_eq!(AuthType::parse(name).map(AuthType::as_str), Some(name));
    }
    for name in ["AuthorisationCode", "ClientCredentials", "PasswordCredentials"] {
        assert_eq!(OAuth2Type::parse(name).map(OAuth2Type::as_str), Some(name));
    }
    assert_eq!(AuthType::parse("OAuth1"), None);
    assert_eq!(OAuth2Type::parse("AuthorizationCode"), None);
    assert_eq!(refused(|text| text.auth_type = "OAuth1".to_owned()), "auth_type");
}

#[test]
fn each_way_to_a_token_has_its_urls() {
    let credentials = |text: &mut EntryText| {
        text.oauth2_type = Some("ClientCredentials".to_owned());
        text.authorization_url = None;
    };
    assert!(matches!(accepted(credentials).auth(), Auth::OAuth2(oauth2) if oauth2.authorization_url.is_none()));
    assert_eq!(
        refused(|text| text.oauth2_type = Some("ClientCredentials".to_owned())),
        "authorization_url"
    );
    assert_eq!(refused(|text| text.authorization_url = None), "authorization_url");
    assert_eq!(refused(|text| text.token_url = None), "token_url");
    assert_eq!(refused(|text| text.oauth2_type = None), "oauth2_type");
    assert_eq!(refused(|text| text.auth_type = "ApiKey".to_owned()), "auth_type");
    let key = EntryText {
        name: "Keys".to_owned(),
        auth_type: "ApiKey".to_owned(),
        ..EntryText::default()
    };
    assert_eq!(Entry::accept(&key).unwrap().auth().kind(), AuthType::ApiKey);
}

#[test]
fn urls_are_public_and_over_tls() {
    for bad in [
        "",
        "http://login.crm.example/token",
        "ftp://login.crm.example/token",
        "https://user@login.crm.example/token",
        "https://user:pw@login.crm.example/token",
        "https://login.crm.example/token#a",
        "https://login.crm.example\\@evil.example/token",
        "https://login.crm.example/to ken",
        "https://127.0.0.1/token",
        "https://2130706433/token",
        "https://0x7f.1/token",
        "https://[::1]/token",
        "https://[::ffff:127.0.0.1]/token",
        "https://169.254.169.254/latest",
        "http://localhost/token",
        "http://127.0.0.1/token",
        "//login.crm.example/token",
        "https:///token",
    ] {
        assert_eq!(
            refused(|text| text.token_url = Some(bad.to_owned())),
            "token_url",
            "{bad}"
        );
    }
    for good in [
        "https://login.crm.example/token",
        "https://login.crm.example:8443/token?tenant=a",
        "https://8.8.8.8/token",
    ] {
        assert_eq!(
            accepted(|text| text.token_url = Some(good.to_owned())).name(),
            "Example CRM",
            "{good}"
        );
    }
}

#[test]
fn hosts_of_the_house_are_named() {
    let near = |hosts: &[&str], url: &str| {
        let mut text = code();
        text.near_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        text.token_url = Some(url.to_owned());
        Entry::accept(&text)
            .map(|entry| entry.near_hosts().len())
            .map_err(|fault| fault.field)
    };
    assert_eq!(near(&["127.0.0.1"], "http://127.0.0.1:8000/token"), Ok(1));
    assert_eq!(near(&["localhost", "[::1]"], "http://[::1]:8000/token"), Ok(2));
    assert_eq!(near(&["auth.house.example"], "https://auth.house.example/token"), Ok(1));
    assert_eq!(
        near(&["auth.house.example"], "http://auth.house.example/token"),
        Err("token_url")
    );
    assert_eq!(
        near(&["10.0.0.1"], "http://10.0.0.1/token"),
        Err("token_url"),
        "in clear there is this machine alone"
    );
    assert_eq!(
        near(&["169.254.169.254"], "https://169.254.169.254/token"),
        Err("token_url")
    );
    for bad in [
        "",
        "A.example",
        "a.example:80",
        "a.example/",
        "u@a.example",
        "0x7f.1",
        "*",
    ] {
        assert_eq!(
            near(&[bad], "https://login.crm.example/token"),
            Err("near_hosts"),
            "{bad}"
        );
    }
}

#[test]
fn what_a_flow_sets_is_not_set_by_an_entry() {
    let with = |name: &str| {
        let name = name.to_owned();
        move |text: &mut EntryText| {
            text.parameters[0].name.clone_from(&name);
        }
    };
    assert_eq!(accepted(with("prompt")).name(), "Example CRM");
    for name in ["state", "redirect_uri", "response_mode", "code_verifier", "", "a\nb"] {
        assert_eq!(refused(with(name)), "parameters", "{name}");
    }
    assert_eq!(
        refused(|text| text.parameters.push(text.parameters[0].clone())),
        "parameters"
    );
    let of_url = |text: &mut EntryText| text.authorization_url = Some("https://a.example/?st%61te=1".to_owned());
    assert_eq!(refused(of_url), "authorization_url");
}

#[test]
fn the_rest_has_bounds() {
    assert_eq!(refused(|text| text.name = String::new()), "name");
    assert_eq!(refused(|text| text.name = "a".repeat(129)), "name");
    assert_eq!(refused(|text| text.scopes = "a\"b".to_owned()), "scopes");
    assert_eq!(refused(|text| text.client_id = None), "client_id");
    assert_eq!(refused(|text| text.client_id = Some("a\n".to_owned())), "client_id");
    assert_eq!(
        refused(|text| text.client_authentication = Some("Basic".to_owned())),
        "client_authentication"
    );
    assert_eq!(refused(|text| text.issuer_is_always_sent = true), "issuer");
    assert_eq!(
        refused(|text| text.auth_scheme = Some("To ken".to_owned())),
        "auth_scheme"
    );
    let scheme = |text: &mut EntryText| text.auth_scheme = Some("Zoho-oauthtoken".to_owned());
    assert_eq!(accepted(scheme).scheme(), Some("Zoho-oauthtoken"));
    assert_eq!(accepted(|_| {}).scheme(), Some("Bearer"));
    let issuer = |text: &mut EntryText| {
        text.issuer = Some("https://login.crm.example".to_owned());
        text.issuer_is_always_sent = true;
    };
    assert!(
        matches!(accepted(issuer).auth(), Auth::OAuth2(oauth2) if oauth2.issuer.as_ref().is_some_and(|one| one.is_always_sent))
    );
}
