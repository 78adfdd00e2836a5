//! The ways in which third parties want to know who calls.

use std::time::Duration;

use tollgate_connectors::auth_value::AuthValue;
use tollgate_connectors::connectors::AccessFault;
use tollgate_connectors::entry::EntryText;
use tollgate_connectors::properties::Properties;
use tollgate_connectors::secret::Secret;

use crate::scene::{NUMBER, Scene};
use crate::third::{Third, tokens};

fn scene(change: impl FnOnce(&mut EntryText, &mut (AuthValue, Properties))) -> Scene {
    Scene::with(
        Third::with([tokens("new-access", None)]),
        change,
        Duration::from_secs(86_400),
    )
}

fn of_type(auth_type: &str, value: AuthValue) -> Scene {
    scene(|text, own| {
        *text = EntryText {
            name: text.name.clone(),
            auth_type: auth_type.to_owned(),
            ..EntryText::default()
        };
        own.0 = value;
    })
}

fn without_a_browser(text: &mut EntryText, sort: &str) {
    text.oauth2_type = Some(sort.to_owned());
    text.authorization_url = None;
}

#[test]
fn keys_and_passwords_are_handed_out_as_they_are() {
    let shown = |scene: &Scene| {
        scene
            .connectors
            .access_token(NUMBER)
            .map(|access| access.authorization.expose().to_owned())
    };
    assert_eq!(
        shown(&of_type("ApiKey", AuthValue::ApiKey(Secret::new("key")))),
        Ok("key".to_owned())
    );
    assert_eq!(
        shown(&of_type("Basic", AuthValue::Basic(Secret::new("dTpw")))),
        Ok("Basic dTpw".to_owned())
    );
    assert_eq!(
        shown(&of_type("ApiKey", AuthValue::Empty)),
        Err(AccessFault::NeedsSignIn)
    );
    assert_eq!(shown(&of_type("None", AuthValue::Empty)), Err(AccessFault::Nothing));
}

#[test]
fn an_empty_value_authenticates_at_its_next_use() {
    let credentials = scene(|text, own| {
        without_a_browser(text, "ClientCredentials");
        own.0 = AuthValue::Empty;
    });
    assert_eq!(credentials.token(), Ok("new-access".to_owned()));
    let request = credentials.third.requests().remove(0);
    assert!(
        request.ends_with("grant_type=client_credentials&scope=read"),
        "{request}"
    );
    assert!(
        request.contains("authorization: Basic bWU6Y2FuYXJ5LWNsaWVudC1zZWNyZXQ="),
        "{request}"
    );
    credentials.third.then(tokens("next-access", None));
    credentials.at(3_600);
    assert_eq!(
        credentials.token(),
        Ok("next-access".to_owned()),
        "and by the same way ever after"
    );

    let person = scene(|_, own| own.0 = AuthValue::Empty);
    assert_eq!(
        (person.token(), person.third.count()),
        (Err(AccessFault::NeedsSignIn), 0)
    );
}

#[test]
fn a_password_gets_a_token_where_the_properties_have_one() {
    let by_password = |set: &[(&str, &str)]| {
        scene(|text, own| {
            without_a_browser(text, "PasswordCredentials");
            own.0 = AuthValue::Empty;
            for (name, value) in set {
                own.1.set(name, value).unwrap();
            }
        })
    };
    let known = by_password(&[("Username", "alice"), ("Password", "p&q")]);
    assert_eq!(known.token(), Ok("new-access".to_owned()));
    assert!(
        known
            .third
            .requests()
            .remove(0)
            .ends_with("grant_type=password&username=alice&password=p%26q&scope=read")
    );
    let half = by_password(&[("Username", "alice")]);
    assert_eq!((half.token(), half.third.count()), (Err(AccessFault::NeedsSignIn), 0));
}

#[test]
fn an_account_may_be_a_client_of_its_own() {
    let own = scene(|text, own| {
        text.client_authentication = Some("body".to_owned());
        own.1.set("ClientId", "own-id").unwrap();
        own.1.set("ClientSecret", "own-secret").unwrap();
    });
    own.at(3_600);
    assert_eq!(own.token(), Ok("new-access".to_owned()));
    let request = own.third.requests().remove(0);
    assert!(
        request.ends_with("&client_id=own-id&client_secret=own-secret") && !request.contains("canary"),
        "{request}"
    );

    let nobody = scene(|text, _| (text.client_id, text.client_secret) = (None, None));
    nobody.at(3_600);
    assert_eq!(
        (nobody.token(), nobody.third.count()),
        (Err(AccessFault::Later { retry_after_s: 60 }), 0)
    );
    assert!(
        nobody
            .store
            .look(|row| row.fault.as_ref().is_some_and(|fault| fault.contains("ClientId")))
    );
}
