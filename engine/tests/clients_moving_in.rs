//! Clients that move in from other systems, and from one store to another.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use support::{World, options};
use tollgate::{
    AccessForm, AddClient, ClientName, Engine, ExecuteError, Grant, GrantSet, Import, Imported, IssuePersonalToken,
    Portable, PortableClient, PortableClientSecret, PortableSecret, PortableUser, Refusal, RevokeToken,
    RotateClientSecret,
};

const GUID: &str = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

fn name(text: &str) -> ClientName {
    text.parse().unwrap()
}

fn moved(text: &str) -> PortableClient {
    PortableClient {
        grants: Some(GrantSet::NONE.with(Grant::Password)),
        secrets: vec![PortableClientSecret {
            secret: PortableSecret::Clear(GUID.to_owned().into()),
            created_at: None,
            expires_at: None,
        }],
        ..PortableClient::named(name(text))
    }
}

fn import(engine: &Engine, records: Vec<Portable>) -> Result<Imported, ExecuteError> {
    let lines = (1..).zip(records).collect();
    let (source, skip_faults) = ("clients.csv".to_owned(), false);
    engine.execute(Import {
        source,
        lines,
        skip_faults,
    })
}

fn clients(records: &[PortableClient]) -> Vec<Portable> {
    records
        .iter()
        .cloned()
        .map(|client| Portable::Client(Box::new(client)))
        .collect()
}

fn holds(engine: &Engine, client: &str, secret: &str) -> bool {
    let proof = engine.holds_secret(&name(client), secret.as_bytes(), engine.now());
    proof.unwrap().is_some()
}

fn fault(outcome: Result<Imported, ExecuteError>) -> String {
    match outcome {
        Err(ExecuteError::Refused(Refusal::Lines { faults })) => faults[0].reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_keeps_the_secret_that_it_had_elsewhere() {
    let world = World::new();
    let done = import(
        &world.engine,
        clients(&[
            moved("abc"),
            PortableClient {
                secrets: vec![],
                ..moved("xyz")
            },
        ]),
    );
    assert_eq!(done.unwrap().clients, 2);
    assert!(holds(&world.engine, "abc", GUID));
    for other in [&GUID.to_uppercase(), &GUID[1..], &format!("{GUID} ")] {
        assert!(!holds(&world.engine, "abc", other), "{other}");
    }
    assert!(!holds(&world.engine, "xyz", GUID), "who came without a secret has none");
    let abc = world.engine.client(&name("abc")).unwrap().unwrap();
    assert_eq!(
        (abc.lifetime_s, abc.access, abc.enabled),
        (3_600, AccessForm::Rs256, true)
    );
    assert_eq!(
        world.refused(GUID),
        Some(tollgate::DenyReason::UnknownToken),
        "it is no token"
    );
    let next = world
        .engine
        .execute(AddClient::named(name("next"), GrantSet::NONE.with(Grant::Password)));
    assert_eq!(next.unwrap().client.number, 3);
    assert_eq!(world.engine.verify().unwrap().findings, []);
    let rotated = RotateClientSecret {
        name: name("abc"),
        overlap_s: 0,
    };
    world.engine.execute(rotated).unwrap();
    assert!(!holds(&world.engine, "abc", GUID));
}

#[test]
fn the_same_line_again_changes_nothing_and_another_is_refused() {
    let world = World::new();
    import(&world.engine, clients(&[moved("abc")])).unwrap();
    let done = import(&world.engine, clients(&[moved("abc")])).unwrap();
    assert_eq!((done.clients, done.already), (0, 1));
    let other = PortableClient {
        lifetime_s: Some(60),
        ..moved("abc")
    };
    assert!(fault(import(&world.engine, clients(&[other]))).contains("lifetime differs"));
    let mut secret = moved("abc");
    secret.secrets[0].secret = PortableSecret::Clear("0123456789abcdef".to_owned().into());
    assert!(fault(import(&world.engine, clients(&[secret]))).contains("secret differs"));
    let none = PortableClient::named(name("new"));
    assert!(fault(import(&world.engine, clients(&[none]))).contains("at least one grant"));
    assert_eq!(world.engine.clients().unwrap().len(), 1);
}

#[test]
fn a_line_acts_as_a_user_of_a_line_before_it() {
    let world = World::new();
    let arc = PortableClient {
        grants: Some(GrantSet::NONE.with(Grant::ClientCredentials)),
        user: Some("ann".parse().unwrap()),
        ..moved("arc")
    };
    assert!(fault(import(&world.engine, clients(std::slice::from_ref(&arc)))).contains("no user `ann`"));
    let mut records = vec![Portable::User(PortableUser::named("ann".parse().unwrap()))];
    records.extend(clients(&[arc]));
    assert_eq!(import(&world.engine, records).unwrap().clients, 1);
    let client = world.engine.client(&name("arc")).unwrap().unwrap();
    assert_eq!(client.user.unwrap().as_str(), "ann");
}

#[test]
fn an_export_brings_clients_to_a_store_under_the_same_key() {
    let world = World::new();
    let grants = GrantSet::NONE.with(Grant::Password);
    let added = world.engine.execute(AddClient::named(name("abc"), grants)).unwrap();
    let ann = world.user("ann");
    let token = world.token(&ann);
    let personal = world.engine.execute(IssuePersonalToken {
        user: ann,
        name: "laptop".into(),
        description: String::new(),
        expires_at: world.engine.now().plus_millis(60_000),
    });
    let personal = personal.unwrap();
    let mut records = Vec::new();
    let exported = world.engine.export(|record| {
        records.push(record);
        Ok::<(), ()>(())
    });
    let exported = exported.unwrap();
    assert_eq!(
        (exported.clients, exported.authtokens),
        (1, 1),
        "tokens of other kinds stay"
    );
    let folder = tempfile::tempdir().unwrap();
    let other = options(&world.clock)
        .create(true)
        .open(folder.path().join("other.redb"))
        .unwrap();
    assert_eq!(import(&other, records.clone()).unwrap().clients, 1);
    assert_eq!(import(&other, records).unwrap().clients, 0, "resuming is repeating");
    assert!(holds(&other, "abc", added.secret.unwrap().expose()));
    assert_eq!(support::refused(&other, token.token.expose()), None);
    assert!(support::refused(&other, personal.token.expose()).is_some());
    assert_eq!(other.verify().unwrap().findings, []);
}

/// A token of another kind must not come under the commands and lists of authtokens, where nothing says what narrows it.
#[test]
fn a_token_of_another_kind_is_no_authtoken() {
    let world = World::new();
    let ann = world.user("ann");
    let authtoken = world.token(&ann).record;
    let personal = world.engine.execute(IssuePersonalToken {
        user: ann.clone(),
        name: "laptop".into(),
        description: String::new(),
        expires_at: world.engine.now().plus_millis(60_000),
    });
    let id = personal.unwrap().record.id;
    let only = [authtoken.clone()];
    assert_eq!(world.engine.tokens(None).unwrap(), only);
    assert_eq!(world.engine.tokens(Some(&ann)).unwrap(), only);
    assert_eq!(world.engine.tokens_page(None, None, 9).unwrap().items, only);
    assert_eq!(world.engine.tokens_page(Some(&ann), None, 9).unwrap().items, only);
    assert_eq!(world.engine.token(id).unwrap(), None);
    let revoked = world.engine.execute(RevokeToken { id });
    assert_eq!(revoked.err(), Some(ExecuteError::Refused(Refusal::NoSuchToken { id })));
    assert!(
        world.engine.execute(RevokeToken { id: authtoken.id }).is_ok(),
        "the twin"
    );
}
