//! Refresh tokens: rotation, the window for repetitions, reuse, and the end of a family.

use tollgate::{
    DenyReason, GrantFault, IssuedAccess, REFRESH_IDLE_S, REPEAT_WINDOW_S, Refreshed, Refusal, RevokeFamily, ScopeSet,
    TokenId,
};

use super::scene::{
    REFRESH_S, Scene, access, add_client, fault, granted_to, issue_access, refresh, refresh_of, refreshing, repeated,
    rotated,
};

const WINDOW_MS: u64 = REPEAT_WINDOW_S * 1_000;

#[test]
fn a_refresh_token_gives_another_and_both_access_tokens_pass() {
    let scene = Scene::new();
    let first = scene.log_in();
    let second = rotated(scene.refresh(refresh_of(&first)));
    assert_ne!(refresh_of(&first), refresh_of(&second));
    assert_eq!(first.family, second.family);
    assert_eq!(scene.world.refused(access(&first)), None);
    assert_eq!(scene.world.refused(access(&second)), None);
    let third = rotated(scene.refresh(refresh_of(&second)));
    assert_eq!(scene.world.refused(access(&third)), None);
}

#[test]
fn within_the_window_a_repetition_gets_the_same_successor_also_after_a_restart() {
    for (millis, reopened) in [(0, false), (WINDOW_MS - 1, false), (WINDOW_MS - 1, true)] {
        let scene = Scene::new();
        let first = scene.log_in();
        let second = rotated(scene.refresh(refresh_of(&first)));
        scene.pass(millis);
        let scene = if reopened { scene.reopen() } else { scene };
        let again = repeated(scene.refresh(refresh_of(&first)));
        assert_eq!(refresh_of(&again), refresh_of(&second), "{millis} {reopened}");
        assert_ne!(access(&again), access(&second), "an access token of its own");
        assert_eq!(scene.world.refused(access(&again)), None);
        rotated(scene.refresh(refresh_of(&second)));
    }
}

/// Who lost two answers in a row is given what is of use, and not what would look stolen in ten seconds.
#[test]
fn a_repetition_gets_the_newest_successor_where_the_first_was_used_too() {
    for reopened in [false, true] {
        let scene = Scene::new();
        let first = scene.log_in();
        let second = rotated(scene.refresh(refresh_of(&first)));
        scene.pass(1_000);
        let third = rotated(scene.refresh(refresh_of(&second)));
        let scene = if reopened { scene.reopen() } else { scene };
        for earlier in [&first, &second] {
            let again = repeated(scene.refresh(refresh_of(earlier)));
            assert_eq!(refresh_of(&again), refresh_of(&third));
        }
        scene.pass(WINDOW_MS);
        let fourth = rotated(scene.refresh(refresh_of(&third)));
        assert_eq!(scene.world.refused(access(&fourth)), None);
        assert!(
            matches!(scene.refresh(refresh_of(&second)), Ok(Refreshed::Reused)),
            "the twin"
        );
    }
}

#[test]
fn a_refresh_token_that_lies_unused_ends_and_one_that_is_used_does_not() {
    let scene = Scene::new();
    let (idle, mut busy) = (scene.log_in(), scene.log_in());
    for _ in 0..2 {
        scene.pass(REFRESH_IDLE_S * 1_000 - 1);
        let next = rotated(scene.refresh(refresh_of(&busy)));
        busy = next;
    }
    assert_eq!(fault(scene.refresh(refresh_of(&idle))), Some(GrantFault::Expired));
    scene.pass(REFRESH_IDLE_S * 1_000);
    assert_eq!(fault(scene.refresh(refresh_of(&busy))), Some(GrantFault::Expired));
}

/// However far the clock is set back or forward, and whatever was restarted.
#[test]
fn beyond_the_window_a_repetition_takes_the_whole_family_back() {
    for (millis, reopened) in [(WINDOW_MS, false), (WINDOW_MS, true), (86_400_000, true)] {
        let scene = Scene::new();
        let first = scene.log_in();
        let second = rotated(scene.refresh(refresh_of(&first)));
        scene.pass(millis);
        let scene = if reopened { scene.reopen() } else { scene };
        assert!(
            matches!(scene.refresh(refresh_of(&first)), Ok(Refreshed::Reused)),
            "{millis} {reopened}"
        );
        check_gone(&scene, &[&first, &second]);
        let scene = scene.reopen();
        check_gone(&scene, &[&first, &second]);
        assert_eq!(scene.engine().verify().unwrap().findings, []);
    }
}

#[test]
fn a_clock_that_was_set_back_far_opens_no_window() {
    let scene = Scene::new();
    scene.pass(86_400_000);
    let first = scene.log_in();
    rotated(scene.refresh(refresh_of(&first)));
    scene.world.clock.set(crate::support::BEGIN);
    assert!(matches!(scene.refresh(refresh_of(&first)), Ok(Refreshed::Reused)));
}

fn check_gone(scene: &Scene, tokens: &[&IssuedAccess]) {
    for tokens in tokens {
        let refused = scene.world.refused(access(tokens));
        assert_eq!(refused, Some(DenyReason::Revoked));
        assert_eq!(fault(scene.refresh(refresh_of(tokens))), Some(GrantFault::Revoked));
    }
}

#[test]
fn another_client_that_presents_a_refresh_token_takes_the_family_back() {
    let scene = Scene::new();
    let other = add_client(scene.engine(), "other", false);
    let first = scene.log_in();
    assert!(matches!(
        refresh(scene.engine(), refresh_of(&first), other.number),
        Ok(Refreshed::Reused)
    ));
    check_gone(&scene, &[&first]);
}

#[test]
fn a_family_that_was_taken_back_is_gone_with_all_its_tokens_and_no_other_family_is() {
    let scene = Scene::new();
    let (first, other) = (scene.log_in(), scene.log_in());
    let second = rotated(scene.refresh(refresh_of(&first)));
    for _ in 0..2 {
        let family = first.family.unwrap();
        scene.engine().execute(RevokeFamily { family }).unwrap();
        check_gone(&scene, &[&first, &second]);
    }
    rotated(scene.refresh(refresh_of(&other)));
    assert_eq!(scene.world.refused(access(&other)), None);
}

#[test]
fn all_that_a_user_has_agreed_to_is_listed_and_can_be_taken_back() {
    let scene = Scene::new();
    let other = scene.world.user("bob");
    let mine = [scene.log_in(), scene.log_in()];
    let theirs = granted_to(&scene.client, &other, "read");
    let theirs = issue_access(scene.engine(), theirs, Some(REFRESH_S)).unwrap();
    let listed = scene.engine().families(&scene.user).unwrap();
    let ids: Vec<_> = listed.iter().map(|family| Some(family.id)).collect();
    assert_eq!(ids, mine.each_ref().map(|tokens| tokens.family));
    assert_eq!(listed[0].to, scene.granted_to("read write"));
    for family in listed {
        scene.engine().execute(RevokeFamily { family: family.id }).unwrap();
    }
    check_gone(&scene, &[&mine[0], &mine[1]]);
    assert!(
        scene
            .engine()
            .families(&scene.user)
            .unwrap()
            .iter()
            .all(|family| family.revoked_at.is_some())
    );
    rotated(scene.refresh(refresh_of(&theirs)));
}

#[test]
fn scopes_only_ever_become_fewer_and_the_family_keeps_its_own() {
    let scene = Scene::new();
    let first = scene.log_in();
    let asked = |scopes: &str, token: &str| {
        let mut command = refreshing(scene.engine(), token, scene.client.number);
        command.scopes = Some(scopes.parse::<ScopeSet>().unwrap());
        scene.engine().execute(command)
    };
    assert_eq!(
        fault(asked("read admin", refresh_of(&first))),
        Some(GrantFault::Beyond),
        "the client may, the user did not"
    );
    let second = rotated(asked("read", refresh_of(&first)));
    assert_eq!(second.record.scopes.to_string(), "read");
    let third = rotated(scene.refresh(refresh_of(&second)));
    assert_eq!(third.record.scopes.to_string(), "read write");

    let changes = tollgate::ClientChanges {
        scopes: Some("write".parse().unwrap()),
        ..Default::default()
    };
    let name = scene.client.name.clone();
    scene.engine().execute(tollgate::SetClient { name, changes }).unwrap();
    let fourth = rotated(scene.refresh(refresh_of(&third)));
    assert_eq!(
        fourth.record.scopes.to_string(),
        "write",
        "no more than the client may have now"
    );
}

#[test]
fn audiences_only_ever_become_fewer_and_never_none() {
    let scene = Scene::new();
    let mut to = scene.granted_to("read");
    to.audiences = vec!["https://api.example".parse().unwrap()];
    let first = issue_access(scene.engine(), to, Some(REFRESH_S)).unwrap();
    for (asked, refused) in [
        (vec![], Some(GrantFault::Beyond)),
        (vec!["https://other.example"], Some(GrantFault::Beyond)),
        (vec!["https://api.example"], None),
    ] {
        let mut command = refreshing(scene.engine(), refresh_of(&first), scene.client.number);
        command.audiences = Some(asked.iter().map(|text| text.parse().unwrap()).collect());
        assert_eq!(fault(scene.engine().execute(command)), refused, "{asked:?}");
    }
}

#[test]
fn however_often_it_is_refreshed_a_family_ends_when_it_ends() {
    let scene = Scene::new();
    let mut tokens = issue_access(scene.engine(), scene.granted_to("read"), Some(5_000)).unwrap();
    for _ in 0..4 {
        scene.pass(1_000_000);
        tokens = rotated(scene.refresh(refresh_of(&tokens)));
    }
    let ends_at = scene
        .engine()
        .refresh(refresh_of(&tokens).as_bytes())
        .unwrap()
        .unwrap()
        .ends_at;
    assert_eq!(
        tokens.record.expires_at, ends_at,
        "an access token ends with its family at the latest"
    );
    scene.pass(999_999);
    assert_eq!(scene.world.refused(access(&tokens)), None);
    scene.pass(1);
    assert_eq!(scene.world.refused(access(&tokens)), Some(DenyReason::Expired));
    assert_eq!(fault(scene.refresh(refresh_of(&tokens))), Some(GrantFault::Expired));
}

#[test]
fn a_refresh_token_of_another_kind_or_of_nobody_is_unknown() {
    let scene = Scene::new();
    let tokens = scene.log_in();
    let text = refresh_of(&tokens).to_owned();
    for wrong in [
        access(&tokens),
        &scene.code(),
        "",
        "tg_rt_",
        &text[..text.len() - 1],
        &format!("{text} "),
    ] {
        assert!(scene.engine().refresh(wrong.as_bytes()).unwrap().is_none(), "{wrong}");
    }
    assert!(scene.engine().refresh(text.as_bytes()).unwrap().is_some(), "the twin");
    assert_eq!(
        scene.world.refused(&text),
        Some(DenyReason::UnknownToken),
        "and no credential of requests"
    );
}

/// What it costs to take a family back must not grow with how often it was refreshed.
#[test]
fn a_family_has_so_many_access_tokens_at_a_time_and_no_more() {
    let scene = Scene::new();
    let mut all = vec![scene.log_in()];
    for _ in 0..RevokeFamily::TOKENS_MOST {
        let next = rotated(scene.refresh(refresh_of(&all[all.len() - 1])));
        all.push(next);
    }
    let passing = all
        .iter()
        .filter(|tokens| scene.world.refused(access(tokens)).is_none())
        .count();
    assert_eq!(passing, RevokeFamily::TOKENS_MOST);
    assert_eq!(
        scene.world.refused(access(&all[0])),
        Some(DenyReason::Revoked),
        "the oldest made room"
    );
    let report = scene.engine().verify().unwrap();
    assert_eq!(report.findings, []);
    let family = all[0].family.unwrap();
    scene.engine().execute(RevokeFamily { family }).unwrap();
    let passing = all
        .iter()
        .filter(|tokens| scene.world.refused(access(tokens)).is_none())
        .count();
    assert_eq!(passing, 0);
}

#[test]
fn what_is_not_there_cannot_be_revoked() {
    let scene = Scene::new();
    let family = tollgate::FamilyId(4_711);
    assert_eq!(
        fault(scene.engine().execute(RevokeFamily { family })),
        Some(GrantFault::Unknown)
    );
    let authtoken = scene.world.token(&scene.user).record.id;
    for id in [TokenId(4_711), authtoken] {
        let refused = scene.engine().execute(tollgate::RevokeAccess { id }).err();
        assert_eq!(refused, Some(Refusal::NoSuchToken { id }.into()));
    }
    let to = granted_to(&scene.client, &scene.user, "read");
    let id = issue_access(scene.engine(), to, None).unwrap().record.id;
    scene.engine().execute(tollgate::RevokeAccess { id }).unwrap();
}
