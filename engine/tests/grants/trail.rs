//! The audit trail of grants: what happened to whom, and never a secret.

use tollgate::{AuditOrder, Author, Claimed, Engine, LoginOutcome, RecordLogin, Redeemed, Refreshed, RevokeFamily};

use super::scene::{Scene, access, granted, issue_access, refresh_of, rotated};

fn trail(engine: &Engine) -> Vec<(String, String)> {
    let entries = engine.audit(AuditOrder::OldestFirst, None, 1_000).unwrap().items;
    entries.into_iter().map(|entry| (entry.action, entry.subject)).collect()
}

#[test]
fn each_grant_stands_in_the_trail_under_its_client_and_each_theft_under_its_family() {
    let scene = Scene::new();
    let before = trail(scene.engine()).len();
    let code = scene.code();
    let first = granted(scene.redeem(&code));
    let second = rotated(scene.refresh(refresh_of(&first)));
    scene.pass(60_000);
    assert!(matches!(scene.refresh(refresh_of(&first)), Ok(Refreshed::Reused)));
    assert!(matches!(scene.redeem(&code), Ok(Redeemed::Spent)));
    let alone = issue_access(scene.engine(), scene.granted_to("read"), None).unwrap();
    scene
        .engine()
        .execute(tollgate::RevokeAccess { id: alone.record.id })
        .unwrap();
    let other = scene.log_in();
    let family = other.family.unwrap();
    scene.engine().execute(RevokeFamily { family }).unwrap();

    let stolen = first.family.unwrap().0.to_string();
    let revoked = alone.record.id.0.to_string();
    let expected = [
        ("code.issue", "app"),
        ("grant.authorization_code", "app"),
        ("grant.refresh_token", "app"),
        ("family.reuse", stolen.as_str()),
        ("grant.password", "app"),
        ("token.revoke", revoked.as_str()),
        ("code.issue", "app"),
        ("grant.authorization_code", "app"),
        ("family.revoke", &family.0.to_string()),
    ];
    let found = trail(scene.engine()).split_off(before);
    assert_eq!(
        found,
        expected.map(|(action, subject)| (action.to_owned(), subject.to_owned()))
    );

    let everything = format!(
        "{:?}",
        scene.engine().audit(AuditOrder::OldestFirst, None, 1_000).unwrap()
    );
    for secret in [
        &code,
        access(&first),
        refresh_of(&first),
        refresh_of(&second),
        access(&alone),
    ] {
        assert!(!everything.contains(&secret[8..]), "a secret stands in the trail");
    }
}

#[test]
fn logins_stand_in_the_trail_with_who_and_from_where_and_never_what_was_typed() {
    let scene = Scene::new();
    let before = trail(scene.engine()).len();
    let author = Author::new("login page", "203.0.113.9");
    for (who, outcome, count) in [
        (Claimed::User(scene.user.clone()), LoginOutcome::Succeeded, 1),
        (Claimed::User(scene.user.clone()), LoginOutcome::Failed, 3),
        (Claimed::UnknownUser, LoginOutcome::Throttled, 40),
        (Claimed::Client("app".parse().unwrap()), LoginOutcome::Failed, 1),
        (Claimed::UnknownClient, LoginOutcome::Failed, 2),
        (Claimed::Several, LoginOutcome::Throttled, 900),
    ] {
        let command = RecordLogin { who, outcome, count };
        scene.engine().by(author.clone()).execute(command).unwrap();
    }
    let entries = scene
        .engine()
        .audit(AuditOrder::OldestFirst, None, 1_000)
        .unwrap()
        .items;
    let entries: Vec<_> = entries[before..].iter().collect();
    let shown = entries
        .iter()
        .map(|entry| (entry.action.as_str(), entry.subject.as_str(), entry.origin.as_str()));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            ("login.success", "ann", "203.0.113.9"),
            ("login.failure", "ann", "203.0.113.9"),
            ("login.failure", "unknown user", "203.0.113.9"),
            ("login.failure", "client app", "203.0.113.9"),
            ("login.failure", "unknown client", "203.0.113.9"),
            ("login.failure", "several users and clients", "203.0.113.9"),
        ]
    );
    assert_eq!(entries[2].after.as_ref().unwrap()["outcome"], "throttled");
    assert_eq!(entries[2].after.as_ref().unwrap()["count"], "40");
}
