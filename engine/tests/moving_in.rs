//! Moving in without reissuing: records of other systems and of other stores are imported, and their tokens pass.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails here says where"
)]

mod support;

use std::time::Duration;

use support::{BEGIN, World, options, refused, trust};
use tollgate::{
    AuditOrder, Change, DenyReason, Engine, ExecuteError, Foreign, ForeignDigest, ForeignForm, Import, Imported,
    IssueAuthtoken, LineFault, Portable, PortableAuthtoken, PortableNetwork, PortableSecret, PortableUser, PutRoute,
    Refusal, RemoveUser, RevokeToken, Route, Standing, TokenId,
};

/// A token of somebody else's making, and its SHA-256.
const CLEAR: &str = "legacy-0123456789abcdef";
const SHA256: &str = "2af6a1e2e3c3f8bc4d17bff2fcbbd94e4d9f1a9a4a85b8ccbb6f2c6cb2e1e6a9";

fn user(name: &str) -> PortableUser {
    PortableUser::named(name.parse().unwrap())
}

fn token(name: &str, secret: PortableSecret) -> Portable {
    let token = PortableAuthtoken {
        id: None,
        user: name.parse().unwrap(),
        secret,
        issued_at: None,
        not_before: None,
        expires_at: None,
        revoked_at: None,
    };
    Portable::Authtoken(token, Some(user(name)))
}

fn clear(text: &str) -> PortableSecret {
    PortableSecret::Clear(text.to_owned().into())
}

fn digested(text: &str) -> PortableSecret {
    let digest = match text {
        CLEAR => sha256(text),
        _ => SHA256.to_owned(),
    };
    PortableSecret::Digest(ForeignDigest::parse(ForeignForm::Sha256, &digest).unwrap())
}

/// As another system would have stored it; what is asked of the core is that it fits.
fn sha256(text: &str) -> String {
    let text = Foreign::parse(text.as_bytes()).unwrap();
    let digest = ForeignDigest::of(ForeignForm::Sha256, text).unwrap();
    digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn import(engine: &Engine, lines: Vec<Portable>) -> Result<Imported, ExecuteError> {
    engine.execute(Import {
        source: "test".to_owned(),
        lines: (1..).zip(lines).collect(),
        skip_faults: false,
    })
}

fn counts(imported: &Imported) -> [u64; 3] {
    [imported.users, imported.authtokens, imported.already]
}

#[test]
fn a_token_in_clear_passes_and_the_same_line_again_changes_nothing() {
    let world = World::new();
    assert_eq!(refused(&world.engine, CLEAR), Some(DenyReason::UnknownToken));
    let done = import(&world.engine, vec![token("ann", clear(CLEAR))]).unwrap();
    assert_eq!((counts(&done), done.settings), ([1, 1, 0], 1));
    assert_eq!(refused(&world.engine, CLEAR), None);

    let revision = world.engine.revision();
    let again = import(&world.engine, vec![token("ann", clear(CLEAR))]).unwrap();
    assert_eq!((counts(&again), world.engine.revision()), ([0, 0, 1], revision));
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

#[test]
fn a_digest_is_upgraded_at_first_use_and_is_the_same_token_ever_after() {
    let world = World::new();
    import(&world.engine, vec![token("ann", digested(CLEAR))]).unwrap();
    let mut cursor = world.engine.subscribe(world.engine.position()).unwrap();

    assert_eq!(refused(&world.engine, CLEAR), None);
    let set = cursor.next(Duration::from_secs(10)).unwrap().expect("an upgrade");
    assert!(
        matches!(
            set.changes.as_slice(),
            [Change::PutToken(_), Change::RemoveToken { .. }]
        ),
        "{set:?}"
    );
    assert_eq!(refused(&world.engine, CLEAR), None, "and it passes as before");
    assert_eq!(world.engine.verify().unwrap().findings, []);
    let again = import(&world.engine, vec![token("ann", digested(CLEAR))]).unwrap();
    assert_eq!(
        counts(&again),
        [0, 0, 1],
        "the digest is known although nothing stands under it"
    );
    let in_clear = import(&world.engine, vec![token("ann", clear(CLEAR))]).unwrap();
    assert_eq!(in_clear.authtokens, 0, "and so is the text");

    world.engine.execute(RevokeToken { id: TokenId(1) }).unwrap();
    assert_eq!(refused(&world.engine, CLEAR), Some(DenyReason::Revoked));
    let revived = import(&world.engine, vec![token("ann", digested(CLEAR))]);
    assert!(
        matches!(revived, Err(ExecuteError::Refused(Refusal::Lines { .. }))),
        "{revived:?}"
    );
}

/// One text that came under two schemes, for two users: whichever is used, neither token takes the other's place.
#[test]
fn two_tokens_of_one_text_stay_two() {
    let world = World::new();
    let text = Foreign::parse(CLEAR.as_bytes()).unwrap();
    let of = |form| PortableSecret::Digest(ForeignDigest::of(form, text).unwrap());
    let lines = vec![
        token("ann", of(ForeignForm::Sha256)),
        token("bob", of(ForeignForm::Sha512)),
    ];
    import(&world.engine, lines).unwrap();
    for _ in 0..3 {
        for name in ["ann", "bob"] {
            assert!(passes_as(&world.engine, name), "{name}");
        }
        world.engine.checkpoint().unwrap();
    }
    assert_eq!(world.engine.verify().unwrap().findings, []);
    assert!(!passes_as(&world.engine, "cid"), "the twin");
}

/// Whether the token passes in Basic, with the user's name beside it.
fn passes_as(engine: &Engine, name: &str) -> bool {
    let basic = format!("Basic {}", base64(format!("{name}:{CLEAR}").as_bytes()));
    matches!(
        engine.check(&support::request(basic.as_bytes()), engine.now()),
        tollgate::Verdict::Permit(_)
    )
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*group.get(at).unwrap_or(&0)));
        for digit in 0..4 {
            let used = digit <= group.len();
            text.push(if used {
                char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63])
            } else {
                '='
            });
        }
    }
    text
}

#[test]
fn a_swept_token_leaves_nothing_behind() {
    let world = World::short_lived(60);
    import(&world.engine, vec![token("ann", digested(CLEAR))]).unwrap();
    let mut cursor = world.engine.subscribe(world.engine.position()).unwrap();
    assert_eq!(refused(&world.engine, CLEAR), None);
    cursor.next(Duration::from_secs(10)).unwrap().expect("an upgrade");
    world.engine.execute(RevokeToken { id: TokenId(1) }).unwrap();
    world.clock.set(BEGIN.plus_millis(120_000));
    assert_eq!(world.engine.sweep().unwrap().tokens, 1);
    assert_eq!(world.engine.verify().unwrap().findings, []);
    assert_eq!(refused(&world.engine, CLEAR), Some(DenyReason::UnknownToken));
}

/// The removal of the old token's row took the new one, which stands under the same digest, out of every check.
#[test]
fn a_token_that_came_back_with_its_user_outlives_the_sweep_of_the_old_one() {
    let world = World::new();
    let ann = world.user("ann");
    let issued = world.token(&ann);
    let exported = export(&world.engine);
    world.engine.execute(RemoveUser { name: ann }).unwrap();
    assert_eq!(world.refused(issued.token.expose()), Some(DenyReason::UnknownToken));
    import(&world.engine, exported).unwrap();
    assert_eq!(world.refused(issued.token.expose()), None);
    assert_eq!(world.engine.verify().unwrap().findings, []);
    assert_eq!(world.engine.sweep().unwrap().tokens, 1);
    assert_eq!(
        world.refused(issued.token.expose()),
        None,
        "the old row is gone, not the token"
    );
    assert_eq!(world.engine.verify().unwrap().findings, []);

    world.engine.execute(RevokeToken { id: TokenId(2) }).unwrap();
    let world = world.reopen();
    assert_eq!(
        world.refused(issued.token.expose()),
        Some(DenyReason::Revoked),
        "the twin"
    );
}

/// A second token of the same text would pass on once the first was revoked and swept.
#[test]
fn a_text_and_its_digest_are_one_token_of_their_user() {
    let world = World::new();
    import(&world.engine, vec![token("ann", digested(CLEAR))]).unwrap();
    let same = import(&world.engine, vec![token("ann", clear(CLEAR))]).unwrap();
    assert_eq!(counts(&same), [0, 0, 1], "before it was used");
    world.engine.execute(RevokeToken { id: TokenId(1) }).unwrap();
    let revived = import(&world.engine, vec![token("ann", clear(CLEAR))]);
    assert!(
        matches!(revived, Err(ExecuteError::Refused(Refusal::Lines { .. }))),
        "{revived:?}"
    );
    assert_eq!(refused(&world.engine, CLEAR), Some(DenyReason::Revoked));
    let of_another = import(&world.engine, vec![token("bob", clear(CLEAR))]).unwrap();
    assert_eq!(of_another.authtokens, 1, "the twin: users' tokens are their own");
}

#[test]
fn every_line_that_was_skipped_is_told() {
    let world = World::new();
    let lines = || (1..=150).map(|line| (line, token("ann", clear("short")))).collect();
    let import = |skip_faults| Import {
        source: "test".to_owned(),
        lines: lines(),
        skip_faults,
    };
    let done = world.engine.execute(import(true)).unwrap();
    assert_eq!(done.skipped.len(), 150);
    let Err(ExecuteError::Refused(Refusal::Lines { faults })) = world.engine.execute(import(false)) else {
        panic!("taken")
    };
    assert_eq!(faults.len(), 100, "the twin: a refusal is told in part");
}

/// A rule lets strangers in or locks people out, so a count of rules is no account of them.
#[test]
fn imported_network_rules_and_the_name_of_the_file_stand_in_the_trail() {
    let world = World::new();
    let network = |rule: &str, user: Option<&str>| {
        Portable::Network(PortableNetwork {
            rule: rule.parse().unwrap(),
            standing: Standing::Trusted,
            user: user.map(|user| user.parse().unwrap()),
            added_at: None,
        })
    };
    let lines = vec![
        Portable::User(user("ann")),
        network("0.0.0.0/0", None),
        network("10.0.0.0/8", Some("ann")),
    ];
    let command = Import {
        source: format!("a\nfile\u{1b}[2J{}", "x".repeat(1_000)),
        lines: (1..).zip(lines).collect(),
        skip_faults: false,
    };
    world.engine.execute(command).unwrap();
    let trail = world.engine.audit(AuditOrder::NewestFirst, None, 3).unwrap().items;
    let shown: Vec<_> = trail
        .iter()
        .map(|entry| (entry.action.as_str(), entry.subject.as_str()))
        .collect();
    assert_eq!(
        shown[1..],
        [("network.add", "10.0.0.0/8"), ("network.add", "0.0.0.0/0")]
    );
    let after = |entry: usize, name: &str| trail[entry].after.as_ref().and_then(|facts| facts.get(name).cloned());
    assert_eq!(
        (after(2, "standing"), after(1, "user")),
        (Some("trusted".into()), Some("ann".into()))
    );
    let (action, subject) = shown[0];
    assert!(
        action == "import" && subject.starts_with("a\u{fffd}file\u{fffd}[2J"),
        "{subject:?}"
    );
    assert_eq!(subject.chars().count(), 256);
}

#[test]
fn lines_at_fault_are_told_by_number_and_nothing_is_half_done() {
    let world = World::new();
    let lines = || {
        vec![
            token("ann", clear(CLEAR)),
            token("bob", clear(CLEAR)),
            token("cid", clear("short")),
            Portable::User(PortableUser {
                active: Some(false),
                ..user("ann")
            }),
            token("dan", clear("another-token-of-25-bytes")),
        ]
    };
    let Err(ExecuteError::Refused(Refusal::Lines { faults })) = import(&world.engine, lines()) else {
        panic!("taken")
    };
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert!(
        faults.iter().all(|fault: &LineFault| !fault.reason.contains(CLEAR)),
        "{faults:?}"
    );
    assert_eq!(world.engine.users().unwrap(), []);
    assert_eq!(refused(&world.engine, CLEAR), Some(DenyReason::UnknownToken));

    let skipping = Import {
        source: "test".to_owned(),
        lines: (1..).zip(lines()).collect(),
        skip_faults: true,
    };
    let done = world.engine.execute(skipping).unwrap();
    assert_eq!((done.users, done.authtokens, done.skipped.len()), (2, 2, 3), "the twin");
    assert_eq!(refused(&world.engine, CLEAR), None);
    assert_eq!(world.engine.verify().unwrap().findings, []);
}

#[test]
fn an_export_imports_again_to_the_same_state() {
    let world = World::new();
    import(
        &world.engine,
        vec![
            token("ann", digested(CLEAR)),
            token("bob", clear("another-token-of-25-bytes")),
        ],
    )
    .unwrap();
    let command = IssueAuthtoken {
        user: "bob".parse().unwrap(),
        expires_at: Some(BEGIN.plus_millis(1_000_000)),
        not_before: None,
    };
    let own = world.engine.execute(command).unwrap();
    world.engine.execute(RevokeToken { id: TokenId(2) }).unwrap();

    let exported = export(&world.engine);
    let other = World::new();
    let done = import(&other.engine, exported.clone()).unwrap();
    assert_eq!((done.users, done.authtokens), (2, 3));
    assert_eq!(format!("{:?}", export(&other.engine)), format!("{exported:?}"));
    assert_eq!(other.engine.users().unwrap(), world.engine.users().unwrap());
    assert_eq!(other.engine.tokens(None).unwrap(), world.engine.tokens(None).unwrap());
    assert_eq!(other.engine.networks().unwrap(), world.engine.networks().unwrap());
    for (text, expected) in [
        (CLEAR, None),
        (own.token.expose(), None),
        ("another-token-of-25-bytes", Some(DenyReason::Revoked)),
    ] {
        assert_eq!(refused(&other.engine, text), expected);
    }
    assert_eq!(other.engine.verify().unwrap().findings, []);
}

/// The file that a token first came by is as well known where the token went as where it came from.
#[test]
fn routes_move_along_and_whoever_takes_them_is_asked_as_before() {
    let world = World::new();
    let pattern = |text: &str| text.parse().unwrap();
    let closed = Route {
        scopes: "js_api".parse().unwrap(),
        ..Route::usual(pattern("/API/**"))
    };
    world.engine.execute(PutRoute { route: closed.clone() }).unwrap();
    let other = World::new();
    let routes: Vec<Portable> = export(&world.engine)
        .into_iter()
        .filter(|record| matches!(record, Portable::Route(_)))
        .collect();
    assert_eq!(import(&other.engine, routes.clone()).unwrap().routes, 1);
    assert_eq!(other.engine.routes().unwrap(), world.engine.routes().unwrap());
    assert_eq!(import(&other.engine, routes).unwrap().already, 1);

    let open = Route::usual(pattern("/API/**"));
    let refused = import(&other.engine, vec![Portable::Route(open.clone())]);
    let Err(ExecuteError::Refused(Refusal::Lines { faults })) = refused else {
        panic!("{refused:?}")
    };
    assert!(faults[0].reason.contains("/API/**"), "{faults:?}");
    let twice = [open.clone(), closed].map(Portable::Route).to_vec();
    import(&World::new().engine, twice).unwrap_err();
    let two = [Route::usual(pattern("/b")), open].map(Portable::Route).to_vec();
    assert_eq!(import(&World::new().engine, two).unwrap().routes, 2);
}

#[test]
fn an_exported_token_takes_along_what_it_was_imported_as() {
    let world = World::new();
    import(&world.engine, vec![token("ann", digested(CLEAR))]).unwrap();
    let before = export(&world.engine);
    let mut cursor = world.engine.subscribe(world.engine.position()).unwrap();
    assert_eq!(refused(&world.engine, CLEAR), None);
    cursor.next(Duration::from_secs(10)).unwrap().expect("an upgrade");
    let after = export(&world.engine);

    let other = World::new();
    import(&other.engine, after).unwrap();
    for again in [vec![token("ann", digested(CLEAR))], before] {
        let done = import(&other.engine, again).unwrap();
        assert_eq!(done.authtokens, 0, "no second token of one text");
    }
    assert_eq!(other.engine.tokens(None).unwrap().len(), 1);
    assert_eq!(refused(&other.engine, CLEAR), None, "the twin");
    assert_eq!(other.engine.verify().unwrap().findings, []);
}

#[test]
fn an_export_is_of_no_use_under_another_key() {
    let world = World::new();
    import(&world.engine, vec![token("ann", clear(CLEAR))]).unwrap();
    let exported = export(&world.engine);
    let folder = tempfile::tempdir().unwrap();
    let other = options(&world.clock)
        .create(true)
        .key(tollgate::PepperKey::from_bytes([9; 32]))
        .open(folder.path().join("other.redb"))
        .unwrap();
    trust(&other);
    let refused_lines = import(&other, exported);
    let Err(ExecuteError::Refused(Refusal::Lines { faults })) = refused_lines else {
        panic!("{refused_lines:?}")
    };
    assert!(
        faults.iter().all(|fault| fault.reason.contains("key file")),
        "{faults:?}"
    );
}

fn export(engine: &Engine) -> Vec<Portable> {
    let mut records = Vec::new();
    engine
        .export(|record| {
            records.push(record);
            Ok::<(), ()>(())
        })
        .unwrap();
    records
}
