//! Clients: what they are, their secrets, and what becomes of what they may do.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails here says where"
)]

mod support;

use support::World;
use tollgate::{
    AddClient, AuditOrder, Client, ClientAuthentication, ClientChanges, ClientFault, ClientName, ClientProof,
    ExecuteError, Grant, GrantSet, IdentityProvider, IdentityProviderFault, IfUnchanged, Issuer, JwksSource,
    NameAuthority, Once, PutIdentityProvider, PutIssuer, PutRoute, Refusal, RemoveClient, RemoveIdentityProvider,
    RemoveIssuer, RemoveRoute, RemoveUser, Repeatable, RotateClientSecret, Route, Seen, SetClient, SignatureSet,
    SubjectMapping, TokenText, UserName,
};

fn name(text: &str) -> ClientName {
    text.parse().unwrap()
}

fn later(world: &World, millis: u64) {
    world.clock.set(world.engine.now().plus_millis(millis));
}

fn password_client(text: &str) -> AddClient {
    AddClient {
        scopes: "js_api other".parse().unwrap(),
        ..AddClient::named(name(text), GrantSet::NONE.with(Grant::Password))
    }
}

fn added(world: &World, text: &str) -> (Client, TokenText) {
    let added = world.engine.execute(password_client(text)).unwrap();
    (added.client, added.secret.unwrap())
}

fn holds(world: &World, client: &str, secret: &TokenText) -> Option<ClientProof> {
    let presented = secret.expose().as_bytes();
    world
        .engine
        .holds_secret(&name(client), presented, world.engine.now())
        .unwrap()
}

fn set(world: &World, client: &str, changes: ClientChanges) -> Result<Client, ExecuteError> {
    let name = name(client);
    world.engine.execute(SetClient { name, changes })
}

fn rotate(world: &World, client: &str, overlap_s: u32) -> Result<(Client, TokenText), Refusal> {
    let name = name(client);
    match world.engine.execute(RotateClientSecret { name, overlap_s }) {
        Ok(rotated) => Ok((rotated.client, rotated.secret)),
        Err(ExecuteError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ExecuteError>) -> Refusal {
    match outcome {
        Err(ExecuteError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_has_its_secret_across_restarts_and_nobody_else_has_it() {
    let world = World::new();
    let (client, secret) = added(&world, "abc");
    let (_, other) = added(&world, "xyz");
    assert_eq!(holds(&world, "abc", &secret).unwrap().client(), &client);
    assert!(holds(&world, "abc", &other).is_none(), "another client's secret");
    assert!(holds(&world, "nobody", &secret).is_none());
    let world = world.reopen();
    assert_eq!(holds(&world, "abc", &secret).unwrap().client(), &client);
    assert_eq!(world.engine.client(&name("abc")).unwrap(), Some(client.clone()));
    let all = world.engine.clients().unwrap();
    assert_eq!(
        all.iter().map(|client| client.name.as_str()).collect::<Vec<_>>(),
        ["abc", "xyz"]
    );
    assert!(!format!("{client:?}").contains(secret.expose()));
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

#[test]
fn a_secret_is_no_credential_of_a_request_and_no_variant_of_it_is_one() {
    let world = World::new();
    let (_, secret) = added(&world, "abc");
    assert_eq!(world.refused(secret.expose()), Some(tollgate::DenyReason::UnknownToken));
    let good = secret.expose().as_bytes();
    let held = |presented: &[u8]| {
        let proof = world.engine.holds_secret(&name("abc"), presented, world.engine.now());
        proof.unwrap().is_some()
    };
    for variant in [
        &good[..good.len() - 1],
        &[good, b"="].concat(),
        &good.to_ascii_uppercase(),
        b"",
    ] {
        assert!(!held(variant));
    }
    assert!(held(good), "the twin");
}

#[test]
fn both_secrets_work_during_the_overlap_and_the_earlier_one_ends() {
    let world = World::new();
    let (_, first) = added(&world, "abc");
    let (client, second) = rotate(&world, "abc", 60).unwrap();
    assert_eq!(client.secrets.len(), 2);
    assert!(holds(&world, "abc", &first).is_some() && holds(&world, "abc", &second).is_some());
    later(&world, 59_999);
    assert!(holds(&world, "abc", &first).is_some(), "the last millisecond");
    later(&world, 1);
    assert!(holds(&world, "abc", &first).is_none() && holds(&world, "abc", &second).is_some());
    let (client, third) = rotate(&world, "abc", 0).unwrap();
    assert!(holds(&world, "abc", &second).is_none() && holds(&world, "abc", &third).is_some());
    assert_eq!(client.secrets.len(), 1, "those that ended are forgotten");
}

#[test]
fn a_rotation_lengthens_no_life_and_makes_no_endless_list() {
    let world = World::new();
    let (_, first) = added(&world, "abc");
    rotate(&world, "abc", 60).unwrap();
    rotate(&world, "abc", 600).unwrap();
    rotate(&world, "abc", 600).unwrap();
    later(&world, 60_000);
    assert!(holds(&world, "abc", &first).is_none(), "the first overlap holds");
    rotate(&world, "abc", 600).unwrap();
    let full = Refusal::TooManySecrets { name: name("abc") };
    assert_eq!(rotate(&world, "abc", 600).err(), Some(full));
    assert!(rotate(&world, "abc", 0).is_ok(), "the twin: nothing is left to overlap");
    let most = RotateClientSecret::OVERLAP_MOST_S;
    assert_eq!(
        rotate(&world, "abc", most + 1).err(),
        Some(Refusal::OverlapTooLong { found: most + 1 })
    );
}

#[test]
fn a_client_that_is_disabled_or_shows_itself_otherwise_holds_no_secret() {
    let world = World::new();
    let (_, secret) = added(&world, "abc");
    let enabled = |enabled| ClientChanges {
        enabled: Some(enabled),
        ..ClientChanges::default()
    };
    set(&world, "abc", enabled(false)).unwrap();
    assert!(holds(&world, "abc", &secret).is_none());
    set(&world, "abc", enabled(true)).unwrap();
    assert!(holds(&world, "abc", &secret).is_some(), "the twin");
    let keys = ClientChanges {
        authentication: Some(ClientAuthentication::PrivateKeyJwt {
            jwks: "{\"keys\":[]}".into(),
        }),
        ..ClientChanges::default()
    };
    assert_eq!(set(&world, "abc", keys).unwrap().secrets, []);
    assert!(holds(&world, "abc", &secret).is_none());
    assert!(matches!(
        rotate(&world, "abc", 0),
        Err(Refusal::NoSecretWanted {
            by: "private_key_jwt",
            ..
        })
    ));
    let back = ClientChanges {
        authentication: Some(ClientAuthentication::Secret),
        ..ClientChanges::default()
    };
    set(&world, "abc", back).unwrap();
    assert!(
        holds(&world, "abc", &secret).is_none(),
        "a forgotten secret stays forgotten"
    );
    let (_, secret) = rotate(&world, "abc", 0).unwrap();
    assert!(holds(&world, "abc", &secret).is_some());
}

#[test]
fn a_client_that_comes_back_is_another() {
    let world = World::new();
    let (client, secret) = added(&world, "abc");
    let abc = || name("abc");
    world.engine.execute(RemoveClient { name: abc() }).unwrap();
    assert!(holds(&world, "abc", &secret).is_none());
    assert_eq!(world.engine.client(&abc()).unwrap(), None);
    assert_eq!(
        refusal(world.engine.execute(RemoveClient { name: abc() })),
        Refusal::NoSuchClient { name: abc() }
    );
    let (again, _) = added(&world, "abc");
    assert_ne!(again.number, client.number);
    assert!(holds(&world, "abc", &secret).is_none());
    assert_eq!(
        refusal(world.engine.execute(password_client("abc"))),
        Refusal::ClientExists { name: abc() }
    );
}

#[test]
fn a_refused_client_leaves_no_trace() {
    let world = World::new();
    let before = world.engine.audit(AuditOrder::NewestFirst, None, 1).unwrap().items;
    let without_user = AddClient::named(name("arc"), GrantSet::NONE.with(Grant::ClientCredentials));
    assert_eq!(
        refusal(world.engine.execute(without_user.clone())),
        Refusal::Client(ClientFault::NeedsUser)
    );
    let of_nobody = AddClient {
        user: Some("ann".parse().unwrap()),
        ..without_user.clone()
    };
    assert!(matches!(
        refusal(world.engine.execute(of_nobody)),
        Refusal::NoSuchUser { .. }
    ));
    assert_eq!(
        world.engine.audit(AuditOrder::NewestFirst, None, 1).unwrap().items,
        before
    );
    let ann = world.user("ann");
    let of_ann = AddClient {
        user: Some(ann.clone()),
        ..without_user
    };
    let client = world.engine.execute(of_ann).unwrap().client;
    assert_eq!((client.number, client.user), (1, Some(ann)), "the twin");
}

/// A user who is added again under an old name is not whom the client acted as.
#[test]
fn a_client_whose_user_has_gone_acts_as_nobody() {
    let world = World::new();
    let ann = world.user("ann");
    let arc = AddClient {
        user: Some(ann.clone()),
        ..AddClient::named(name("arc"), GrantSet::NONE.with(Grant::ClientCredentials))
    };
    world.engine.execute(arc).unwrap();
    world.engine.execute(RemoveUser { name: ann.clone() }).unwrap();
    assert_eq!(world.engine.client(&name("arc")).unwrap().unwrap().user, None);
    world.user("ann");
    assert_eq!(world.engine.client(&name("arc")).unwrap().unwrap().user, None);
    let as_ann = ClientChanges {
        user: Some(Some(ann.clone())),
        ..ClientChanges::default()
    };
    assert_eq!(set(&world, "arc", as_ann).unwrap().user, Some(ann), "the twin");
}

#[test]
fn the_trail_tells_of_clients_and_of_no_secret() {
    let world = World::new();
    let (client, secret) = added(&world, "abc");
    let title = ClientChanges {
        title: Some("Abc".into()),
        ..ClientChanges::default()
    };
    set(&world, "abc", title.clone()).unwrap();
    set(&world, "abc", title).unwrap();
    let (_, second) = rotate(&world, "abc", 0).unwrap();
    world.engine.execute(RemoveClient { name: client.name }).unwrap();
    let trail = world.engine.audit(AuditOrder::OldestFirst, None, 100).unwrap().items;
    let actions: Vec<&str> = trail.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        actions[1..],
        ["client.add", "client.set", "client.rotate", "client.remove"],
        "setting what is so already changes nothing"
    );
    let told = format!("{trail:?}");
    assert!(!told.contains(secret.expose()) && !told.contains(second.expose()));
    assert!(told.contains("Abc"), "the twin");
}

#[test]
fn clients_are_made_once_and_changed_if_they_are_as_they_were_seen() {
    let world = World::new();
    let once = || Once {
        key: [1; 32],
        fingerprint: [2; 32],
        command: password_client("abc"),
    };
    let Repeatable::Now(first) = world.engine.execute(once()).unwrap() else {
        panic!("nothing was there before")
    };
    assert!(matches!(world.engine.execute(once()), Ok(Repeatable::Before(made)) if made == "abc"));
    let disable = |seen: &Client| IfUnchanged {
        seen: Seen::Client(Box::new(seen.clone())),
        command: SetClient {
            name: name("abc"),
            changes: ClientChanges {
                enabled: Some(!seen.enabled),
                ..ClientChanges::default()
            },
        },
    };
    let now = world.engine.execute(disable(&first.client)).unwrap();
    assert_eq!(refusal(world.engine.execute(disable(&first.client))), Refusal::Changed);
    assert!(world.engine.execute(disable(&now)).unwrap().enabled, "the twin");
}

#[test]
fn the_same_facts_have_one_authority_and_each_client_its_own() {
    let world = World::new();
    let user = world.user("ann");
    added(&world, "abc");
    added(&world, "xyz");
    let authority = |client: &str, scopes: &str, audiences: &[&str]| {
        world.engine.execute(NameAuthority {
            client: name(client),
            scopes: scopes.parse().unwrap(),
            audiences: audiences.iter().map(|text| text.parse().unwrap()).collect(),
            user: user.clone(),
            until: world.engine.now().plus_millis(60_000),
        })
    };
    let first = authority("abc", "a b", &["x"]).unwrap();
    assert_eq!(authority("abc", "b a", &["x"]).unwrap(), first);
    assert_ne!(authority("xyz", "a b", &["x"]).unwrap(), first);
    assert_ne!(authority("abc", "a b", &[]).unwrap(), first);
    assert!(matches!(
        refusal(authority("none", "a", &[])),
        Refusal::NoSuchClient { .. }
    ));
    let active = |world: &World| -> Vec<bool> {
        let snapshot = world.engine.snapshot().unwrap();
        snapshot
            .authorities
            .values()
            .map(|authority| authority.active)
            .collect()
    };
    assert_eq!(active(&world), [true, true, true]);
    let enabled = |enabled| ClientChanges {
        enabled: Some(enabled),
        ..ClientChanges::default()
    };
    set(&world, "abc", enabled(false)).unwrap();
    assert_eq!(active(&world), [false, true, false]);
    assert_eq!(world.engine.verify().unwrap().findings, []);
    set(&world, "abc", enabled(true)).unwrap();
    assert_eq!(active(&world), [true, true, true]);
    world.engine.execute(RemoveClient { name: name("abc") }).unwrap();
    added(&world, "abc");
    let world = world.reopen();
    assert_eq!(active(&world), [false, true, false], "what comes back inherits nothing");
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

/// A user uses up what she can; what others need is left to them, each within a share.
#[test]
fn nobody_uses_up_the_scope_sets_that_others_need() {
    let world = World::new();
    added(&world, "abc");
    let (mallory, alice) = (world.user("mallory"), world.user("alice"));
    let authority = |user: &UserName, n: usize| NameAuthority {
        client: name("abc"),
        scopes: format!("s{n}").parse().unwrap(),
        audiences: Vec::new(),
        user: user.clone(),
        until: world.engine.now().plus_millis(60_000),
    };
    let all_of = |user: &UserName, numbers: std::ops::Range<usize>| {
        let waiting: Vec<_> = numbers
            .map(|n| world.engine.submit(authority(user, n)).unwrap())
            .collect();
        waiting
            .into_iter()
            .filter_map(|answer| answer.wait().ok())
            .collect::<Vec<_>>()
    };
    let common = all_of(&mallory, 0..1_100);
    assert_eq!(common.len(), 1_024);
    let refused = |command| {
        matches!(
            refusal(world.engine.execute(command)),
            Refusal::TooManyAuthorities { .. }
        )
    };
    assert!(refused(authority(&mallory, 2_000)));
    assert_eq!(
        world.engine.execute(authority(&mallory, 7)),
        Ok(common[7]),
        "the twin: one that is there"
    );
    let all = NameAuthority {
        scopes: world.engine.client(&name("abc")).unwrap().unwrap().scopes,
        ..authority(&mallory, 0)
    };
    world.engine.execute(all).unwrap();

    assert_eq!(all_of(&alice, 3_000..3_100).len(), 64, "her share");
    assert!(refused(authority(&alice, 4_000)));
    assert!(
        world
            .engine
            .execute(authority(&world.user("bob"), 4_000))
            .is_ok_and(|id| !common.contains(&id))
    );

    // Nothing names them any more: their places are free, and their numbers still mean what they did.
    later(&world, 30 * 24 * 3_600_000 + 59_999);
    assert!(refused(authority(&mallory, 2_000)));
    later(&world, 1);
    assert_eq!(all_of(&mallory, 2_000..2_001).len(), 1);
    assert_eq!(world.engine.execute(authority(&alice, 7)), Ok(common[7]));
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

/// A place is taken as long as a login goes on that may ask for its tokens again, and free afterwards.
#[test]
fn what_a_login_may_do_is_in_use_until_the_login_ends() {
    let world = World::new();
    let (client, _) = added(&world, "abc");
    let user = world.user("ann");
    let grants = GrantSet::NONE.with(Grant::Password).with(Grant::RefreshToken);
    let changes = ClientChanges {
        grants: Some(grants),
        scopes: Some(
            (0..64)
                .map(|n| format!("s{n} "))
                .collect::<String>()
                .trim()
                .parse()
                .unwrap(),
        ),
        ..ClientChanges::default()
    };
    set(&world, "abc", changes).unwrap();
    let issue = |scopes: String, refresh| {
        world.engine.submit(tollgate::IssueAccess {
            to: tollgate::GrantedTo {
                client: client.name.clone(),
                client_number: client.number,
                user: user.clone(),
                scopes: scopes.parse().unwrap(),
                audiences: Vec::new(),
            },
            text: tollgate::AccessText::Opaque,
            lifetime_s: 600,
            grant: Grant::Password,
            refresh,
        })
    };
    // Pairs of 64 scopes: 2,016 of them.
    let pairs = || (0..64).flat_map(|a| (a + 1..64).map(move |b| format!("s{a} s{b}")));
    let waiting: Vec<_> = pairs()
        .take(1_024)
        .map(|pair| issue(pair, Some(366 * 86_400 - 86_400)).unwrap())
        .collect();
    waiting.into_iter().for_each(|answer| drop(answer.wait().unwrap()));
    let another = || issue("s0 s1 s2".to_owned(), None).unwrap().wait();
    assert!(matches!(refusal(another()), Refusal::TooManyAuthorities { .. }));
    later(&world, 360 * 86_400_000);
    assert!(matches!(refusal(another()), Refusal::TooManyAuthorities { .. }));
    later(&world, 40 * 86_400_000);
    another().unwrap();
}

#[test]
fn routes_stand_by_their_patterns() {
    let world = World::new();
    let route = |pattern: &str| Route::usual(pattern.parse().unwrap());
    let put = |route: &Route| world.engine.execute(PutRoute { route: route.clone() });
    put(&route("/API/**")).unwrap();
    let basic = Route {
        schemes: "basic,password".parse().unwrap(),
        ..route("/BasicAuthAPI/**")
    };
    put(&basic).unwrap();
    let narrower = Route {
        scopes: "js_api".parse().unwrap(),
        ..route("/API/**")
    };
    put(&narrower).unwrap();
    assert!(matches!(refusal(put(&route("/api/**"))), Refusal::RouteAlike { .. }));
    assert_eq!(world.engine.routes().unwrap(), [narrower.clone(), basic]);
    assert_eq!(world.engine.snapshot().unwrap().routes, world.engine.routes().unwrap());
    let pattern = || "/BasicAuthAPI/**".parse().unwrap();
    world.engine.execute(RemoveRoute { pattern: pattern() }).unwrap();
    let again = world.engine.execute(RemoveRoute { pattern: pattern() });
    assert!(matches!(refusal(again), Refusal::NoSuchRoute { .. }));
    let world = world.reopen();
    assert_eq!(world.engine.routes().unwrap(), [narrower]);
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

#[test]
fn identity_providers_stand_in_the_store_and_in_the_trail() {
    let world = World::new();
    let provider = |issuer: &str| IdentityProvider {
        issuer: issuer.to_owned(),
        certificates: vec![vec![0x30, 1, 0]],
        audiences: vec!["https://us.example".parse().unwrap()],
        recipient: None,
        subject: SubjectMapping::NameId,
        skew_s: IdentityProvider::SKEW_S,
        creates_users: false,
    };
    let put = |provider: IdentityProvider| world.engine.execute(PutIdentityProvider { provider });
    let empty = IdentityProvider {
        certificates: vec![Vec::new()],
        ..provider("https://one")
    };
    assert_eq!(
        refusal(put(empty)),
        Refusal::IdentityProvider(IdentityProviderFault::Certificates)
    );
    put(provider("https://one")).unwrap();
    put(provider("https://two")).unwrap();
    let revision = world.engine.snapshot().unwrap().revision;
    put(provider("https://one")).unwrap();
    assert_eq!(
        world.engine.snapshot().unwrap().revision,
        revision,
        "nothing has changed"
    );
    let seen = Seen::IdentityProvider(Box::new(provider("https://one")));
    let changed = IdentityProvider {
        creates_users: true,
        ..provider("https://one")
    };
    let command = PutIdentityProvider { provider: changed };
    let guarded = IfUnchanged { seen, command };
    let changed = world.engine.execute(guarded.clone()).unwrap();
    assert_eq!(refusal(world.engine.execute(guarded)), Refusal::Changed);
    let remove = |world: &World| {
        let issuer = "https://two".to_owned();
        world.engine.execute(RemoveIdentityProvider { issuer })
    };
    remove(&world).unwrap();
    assert!(matches!(
        refusal(remove(&world)),
        Refusal::NoSuchIdentityProvider { .. }
    ));
    let world = world.reopen();
    assert_eq!(world.engine.identity_providers().unwrap(), [changed]);
    assert_eq!(world.engine.verify().unwrap().findings, []);
    let full = (0..63).map(|number| {
        let provider = provider(&format!("https://{number}"));
        world.engine.execute(PutIdentityProvider { provider })
    });
    assert!(full.into_iter().all(|put| put.is_ok()));
    let one_more = PutIdentityProvider {
        provider: provider("https://one-more"),
    };
    assert_eq!(
        refusal(world.engine.execute(one_more)),
        Refusal::TooManyIdentityProviders
    );
}

#[test]
fn each_set_of_issuers_has_a_number_of_its_own() {
    let world = World::new();
    added(&world, "abc");
    let number = |world: &World| world.engine.snapshot().unwrap().external_issuers;
    assert_eq!(number(&world), 0);
    let issuer = |text: &str, client: &str| Issuer {
        issuer: text.to_owned(),
        jwks: JwksSource::Text("{\"keys\":[]}".into()),
        audiences: vec!["api".parse().unwrap()],
        algorithms: SignatureSet::ALL,
        user_claim: "email".into(),
        client: name(client),
        scopes: "a".parse().unwrap(),
    };
    let put = |issuer: &Issuer| world.engine.execute(PutIssuer { issuer: issuer.clone() });
    let (one, two) = (issuer("https://one", "abc"), issuer("https://two", "abc"));
    put(&one).unwrap();
    let first = number(&world);
    put(&one).unwrap();
    assert_eq!(number(&world), first, "nothing has changed");
    put(&two).unwrap();
    let second = number(&world);
    assert!(second != first && first != 0);
    assert!(matches!(
        refusal(put(&issuer("https://three", "none"))),
        Refusal::NoSuchClient { .. }
    ));
    assert_eq!(world.engine.issuers().unwrap(), [one, two]);
    let removed = world.engine.execute(RemoveClient { name: name("abc") });
    assert!(matches!(refusal(removed), Refusal::ClientOfIssuer { .. }));
    let remove = |world: &World, text: &str| {
        world.engine.execute(RemoveIssuer {
            issuer: text.to_owned(),
        })
    };
    remove(&world, "https://one").unwrap();
    remove(&world, "https://two").unwrap();
    assert_eq!(number(&world), 0);
    assert!(matches!(
        refusal(remove(&world, "https://two")),
        Refusal::NoSuchIssuer { .. }
    ));
    let world = world.reopen();
    assert_eq!(
        (number(&world), world.engine.verify().unwrap().findings),
        (0, Vec::new())
    );
    world
        .engine
        .execute(PutIssuer {
            issuer: issuer("https://one", "abc"),
        })
        .unwrap();
    assert!(number(&world) > second, "a number is never given twice");
}
