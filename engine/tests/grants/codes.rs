//! Codes: once, for a minute, for whom they were made.

use tollgate::{AccessText, BurnCode, DenyReason, Grant, GrantFault, RedeemCode, Redeemed};

use super::scene::{
    CALLBACK, LIFETIME_S, REFRESH_S, Scene, access, add_client, facts, fault, granted, granted_to, issue_access,
    issue_code, redeem, refresh_of,
};

#[test]
fn a_code_gives_tokens_once_and_a_second_presentation_takes_them_back() {
    for (later_ms, reopened) in [(0, false), (30_000, false), (30_000, true), (3_600_000, true)] {
        let scene = Scene::new();
        let code = scene.code();
        let tokens = granted(scene.redeem(&code));
        assert_eq!(scene.world.refused(access(&tokens)), None, "the twin");

        scene.pass(later_ms);
        let scene = if reopened { scene.reopen() } else { scene };
        assert!(
            matches!(scene.redeem(&code), Ok(Redeemed::Spent)),
            "{later_ms} {reopened}"
        );
        let refused = DenyReason::Revoked;
        assert_eq!(
            scene.world.refused(access(&tokens)),
            Some(refused),
            "{later_ms} {reopened}"
        );
        assert_eq!(fault(scene.refresh(refresh_of(&tokens))), Some(GrantFault::Revoked));
        assert!(matches!(scene.redeem(&code), Ok(Redeemed::Spent)), "and so for ever");
        assert_eq!(scene.engine().verify().unwrap().findings, []);
    }
}

#[test]
fn what_a_code_is_bound_to_is_told_as_it_was() {
    let scene = Scene::new();
    let now = scene.engine().now();
    let code = scene.code();
    let told = facts(scene.engine(), &code);
    assert_eq!(told.to, scene.granted_to("read write"));
    assert_eq!((told.redirect_url.as_str(), told.challenge), (CALLBACK, Some([7; 32])));
    assert_eq!((told.nonce.as_deref(), told.auth_time), (Some("n-0S6"), now));
    assert_eq!(told.expires_at, now.plus_millis(60_000));
    for wrong in [
        "",
        "tg_code_",
        &code[..code.len() - 1],
        &format!("{code}0"),
        &code.to_lowercase(),
    ] {
        assert!(scene.engine().code(wrong.as_bytes()).unwrap().is_none(), "{wrong}");
    }
}

#[test]
fn a_code_ends_with_its_minute_without_a_sweeper() {
    for (millis, refused) in [
        (59_999, None),
        (60_000, Some(GrantFault::Expired)),
        (60_001, Some(GrantFault::Expired)),
    ] {
        let scene = Scene::new();
        let code = scene.code();
        scene.pass(millis);
        assert_eq!(fault(scene.redeem(&code)), refused, "{millis}");
    }
}

#[test]
fn another_client_gets_nothing_and_spends_the_code() {
    let scene = Scene::new();
    let other = add_client(scene.engine(), "other", false);
    let code = scene.code();
    assert!(matches!(
        redeem(scene.engine(), &code, other.number),
        Ok(Redeemed::Spent)
    ));
    assert!(matches!(scene.redeem(&code), Ok(Redeemed::Spent)));
    granted(scene.redeem(&scene.code()));
}

#[test]
fn another_client_that_comes_second_takes_the_tokens_back_too() {
    let scene = Scene::new();
    let other = add_client(scene.engine(), "other", false);
    let code = scene.code();
    let tokens = granted(scene.redeem(&code));
    assert!(matches!(
        redeem(scene.engine(), &code, other.number),
        Ok(Redeemed::Spent)
    ));
    assert_eq!(scene.world.refused(access(&tokens)), Some(DenyReason::Revoked));
}

#[test]
fn a_burnt_code_is_spent_and_one_that_was_redeemed_before_takes_its_tokens_along() {
    let scene = Scene::new();
    let (burnt, redeemed) = (scene.code(), scene.code());
    let tokens = granted(scene.redeem(&redeemed));
    for code in [&burnt, &redeemed] {
        let command = BurnCode {
            code: facts(scene.engine(), code).proof,
        };
        scene.engine().execute(command).unwrap();
        assert!(matches!(scene.redeem(code), Ok(Redeemed::Spent)));
    }
    assert_eq!(scene.world.refused(access(&tokens)), Some(DenyReason::Revoked));
}

#[test]
fn no_code_and_no_token_has_more_than_the_client_may_have() {
    let scene = Scene::new();
    assert_eq!(fault(scene.try_code("read superuser")), Some(GrantFault::Beyond));
    assert_eq!(
        fault(issue_access(scene.engine(), scene.granted_to("superuser"), None)),
        Some(GrantFault::Beyond)
    );
    let tokens = issue_access(scene.engine(), scene.granted_to("admin"), None).unwrap();
    assert_eq!(
        (tokens.record.scopes.to_string().as_str(), tokens.family),
        ("admin", None)
    );
    assert!(tokens.refresh.is_none());
    assert_eq!(scene.world.refused(access(&tokens)), None);
}

#[test]
fn by_its_own_credential_a_client_acts_as_one_user_alone() {
    let scene = Scene::new();
    let other = scene.world.user("bob");
    let issue = |user: &tollgate::UserName| {
        scene.engine().execute(tollgate::IssueAccess {
            to: granted_to(&scene.client, user, "read"),
            text: AccessText::Opaque,
            lifetime_s: LIFETIME_S,
            grant: Grant::ClientCredentials,
            refresh: None,
        })
    };
    assert_eq!(fault(issue(&other)), Some(GrantFault::OtherUser));
    assert_eq!(issue(&scene.user).unwrap().record.user, scene.user);
}

#[test]
fn a_client_without_a_secret_gets_no_code_without_a_challenge() {
    let scene = Scene::new();
    let grants = [Grant::AuthorizationCode].into_iter().collect();
    let command = tollgate::AddClient {
        login_urls: vec![CALLBACK.to_owned()],
        scopes: "read".parse().unwrap(),
        consent: false,
        authentication: tollgate::ClientAuthentication::Public,
        ..tollgate::AddClient::named("spa".parse().unwrap(), grants)
    };
    let public = scene.engine().execute(command).unwrap().client;
    let code = |client, challenge| {
        scene.engine().execute(tollgate::IssueCode {
            to: granted_to(client, &scene.user, "read"),
            redirect_url: CALLBACK.to_owned(),
            redirect_said: true,
            issuer: None,
            challenge,
            nonce: None,
            auth_time: scene.engine().now(),
            session: None,
        })
    };
    assert_eq!(fault(code(&public, None)), Some(GrantFault::NoChallenge));
    code(&public, Some([1; 32])).unwrap();
    code(&scene.client, None).unwrap();
}

#[test]
fn a_grant_that_the_client_is_not_allowed_is_refused() {
    let scene = Scene::new();
    let grants = [Grant::ClientCredentials].into_iter().collect();
    let changes = tollgate::ClientChanges {
        grants: Some(grants),
        ..Default::default()
    };
    let code = scene.code();
    let tokens = scene.log_in();
    let name = scene.client.name.clone();
    scene.engine().execute(tollgate::SetClient { name, changes }).unwrap();
    let refused = Some(GrantFault::GrantNotAllowed);
    assert_eq!(fault(scene.redeem(&code)), refused);
    assert_eq!(fault(scene.refresh(refresh_of(&tokens))), refused);
    assert_eq!(
        fault(issue_access(scene.engine(), scene.granted_to("read"), None)),
        refused
    );
    assert_eq!(fault(scene.try_code("read")), refused);
}

#[test]
fn without_a_refresh_grant_an_access_token_comes_alone_and_still_goes_with_the_code() {
    let scene = Scene::new();
    let code = scene.code();
    let command = || RedeemCode {
        code: facts(scene.engine(), &code).proof,
        client_number: scene.client.number,
        text: AccessText::Opaque,
        lifetime_s: LIFETIME_S,
        refresh: None,
    };
    let tokens = granted(scene.engine().execute(command()));
    assert!(tokens.refresh.is_none());
    assert_eq!(scene.world.refused(access(&tokens)), None);
    assert!(matches!(scene.engine().execute(command()), Ok(Redeemed::Spent)));
    assert_eq!(scene.world.refused(access(&tokens)), Some(DenyReason::Revoked));
}

#[test]
fn a_jwt_passes_once_it_was_issued_and_the_same_text_is_one_token() {
    let scene = Scene::new();
    let text = "eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiIxIn0.c2lnbmF0dXJl";
    let digest = scene.engine().jwt_digest(text).unwrap();
    assert_eq!(scene.world.refused(text), Some(DenyReason::UnknownToken));
    let issue = |scopes: &str, lifetime_s, refresh| {
        scene.engine().execute(tollgate::IssueAccess {
            to: scene.granted_to(scopes),
            text: AccessText::Jwt(digest),
            lifetime_s,
            grant: Grant::Password,
            refresh,
        })
    };
    let issued = issue("read write", LIFETIME_S, None).unwrap();
    assert!(issued.token.is_none());
    assert_eq!(scene.world.refused(text), None);
    scene.pass(1_000);
    let again = issue("write read", LIFETIME_S, None).unwrap();
    assert_eq!(
        (again.record, again.token.is_none()),
        (issued.record.clone(), true),
        "the token that is there"
    );
    let before = Some(GrantFault::IssuedBefore);
    assert_eq!(fault(issue("read", LIFETIME_S, None)), before, "other scopes");
    assert_eq!(
        fault(issue("read write", LIFETIME_S - 2, None)),
        before,
        "an earlier end"
    );
    assert_eq!(
        fault(issue("read write", LIFETIME_S, Some(REFRESH_S))),
        before,
        "a family"
    );
    let told = scene
        .engine()
        .access(text.as_bytes(), scene.engine().now())
        .unwrap()
        .unwrap();
    assert!(told.active);
    assert_eq!(told.token, issued.record);

    scene
        .engine()
        .execute(tollgate::RevokeAccess { id: issued.record.id })
        .unwrap();
    assert_eq!(scene.world.refused(text), Some(DenyReason::Revoked));
    assert_eq!(
        fault(issue("read write", LIFETIME_S, None)),
        before,
        "what was taken back does not come back"
    );
    let told = scene
        .engine()
        .access(text.as_bytes(), scene.engine().now())
        .unwrap()
        .unwrap();
    assert!(!told.active && told.token.revoked_at.is_some());
}

#[test]
fn a_client_that_is_added_again_under_an_old_name_inherits_nothing() {
    let scene = Scene::new();
    let (code, tokens) = (scene.code(), scene.log_in());
    let name = scene.client.name.clone();
    scene.engine().execute(tollgate::RemoveClient { name }).unwrap();
    let again = add_client(scene.engine(), "app", false);
    assert_ne!(again.number, scene.client.number);
    for number in [scene.client.number, again.number] {
        let redeemed = redeem(scene.engine(), &code, number);
        assert!(!matches!(redeemed, Ok(Redeemed::Granted(_))), "{number}: {redeemed:?}");
    }
    assert_eq!(scene.world.refused(access(&tokens)), Some(DenyReason::Suspended));
    let fresh = issue_code(scene.engine(), granted_to(&again, &scene.user, "read")).unwrap();
    granted(redeem(scene.engine(), &fresh, again.number));
}

/// They are no authtokens: what administers those neither lists nor carries them elsewhere.
#[test]
fn access_tokens_stand_in_no_list_of_authtokens() {
    let scene = Scene::new();
    let tokens = scene.log_in();
    let authtoken = scene.world.token(&scene.user).record;
    let engine = scene.engine();
    let alone = vec![authtoken.clone()];
    assert_eq!(engine.tokens(None).unwrap(), alone);
    assert_eq!(engine.tokens(Some(&scene.user)).unwrap(), alone);
    for of in [None, Some(&scene.user)] {
        assert_eq!(engine.tokens_page(of, None, 10).unwrap().items, alone);
    }
    assert_eq!(engine.token(authtoken.id).unwrap(), Some(authtoken));
    assert_eq!(engine.token(tokens.record.id).unwrap(), None);
    let exported = engine.export(|_| Ok::<(), String>(())).unwrap();
    assert_eq!(exported.authtokens, 1);
}
