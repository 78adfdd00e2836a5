//! Sessions: as long as they last, the user is active and has the same password.

use tollgate::{
    BeginSession, EndSession, GrantFault, IssueCode, PasswordPhc, RenewPassword, SessionFacts, SetPassword,
};

use super::scene::{CALLBACK, Scene, fault, granted};

const DAY_S: u32 = 86_400;

pub(super) fn begin(scene: &Scene) -> String {
    let command = BeginSession {
        user: scene.user.clone(),
        auth_time: scene.engine().now(),
        lifetime_s: DAY_S,
    };
    scene.engine().execute(command).unwrap().session.expose().to_owned()
}

pub(super) fn look(scene: &Scene, session: &str) -> Option<SessionFacts> {
    scene
        .engine()
        .session(session.as_bytes(), scene.engine().now())
        .unwrap()
}

fn set_password(scene: &Scene, salt: &str) {
    let text = format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$Y29tcHV0ZWQ");
    let command = SetPassword {
        user: scene.user.clone(),
        password: Some(PasswordPhc::parse(&text).unwrap()),
    };
    scene.engine().execute(command).unwrap();
}

#[test]
fn a_session_holds_until_its_end_and_across_a_restart() {
    let scene = Scene::new();
    let session = begin(&scene);
    let (id, user) = look(&scene, &session).map(|facts| (facts.id, facts.user.name)).unwrap();
    assert_eq!(user, scene.user);
    scene.pass(u64::from(DAY_S) * 1_000 - 1);
    let scene = scene.reopen();
    assert_eq!(look(&scene, &session).map(|facts| facts.id), Some(id));
    scene.pass(1);
    assert!(look(&scene, &session).is_none());
}

#[test]
fn a_session_that_was_ended_is_gone_and_no_other_is() {
    let scene = Scene::new();
    let (ended, other) = (begin(&scene), begin(&scene));
    let id = look(&scene, &ended).unwrap().id;
    for _ in 0..2 {
        scene.engine().execute(EndSession { session: id }).unwrap();
        assert!(look(&scene, &ended).is_none());
    }
    assert!(look(&scene, &other).is_some());
}

#[test]
fn another_password_ends_all_sessions_of_before() {
    let scene = Scene::new();
    let before = begin(&scene);
    set_password(&scene, "b25lc2FsdA");
    assert!(look(&scene, &before).is_none());
    let after = begin(&scene);
    assert!(look(&scene, &after).is_some(), "the twin");
    set_password(&scene, "b3RoZXJzYWx0");
    assert!(look(&scene, &after).is_none());
    assert!(look(&scene, &before).is_none());
}

#[test]
fn a_code_is_of_no_use_once_its_session_has_ended() {
    let scene = Scene::new();
    let session = look(&scene, &begin(&scene)).unwrap().id;
    let code = || {
        let command = IssueCode {
            to: scene.granted_to("read"),
            redirect_url: CALLBACK.to_owned(),
            redirect_said: true,
            issuer: None,
            challenge: None,
            nonce: None,
            auth_time: scene.engine().now(),
            session: Some(session),
        };
        scene
            .engine()
            .execute(command)
            .map(|issued| issued.code.expose().to_owned())
    };
    let (before, after) = (code().unwrap(), code().unwrap());
    granted(scene.redeem(&before));
    scene.engine().execute(EndSession { session }).unwrap();
    assert_eq!(fault(scene.redeem(&after)), Some(GrantFault::SessionEnded));
    assert_eq!(fault(code()), Some(GrantFault::SessionEnded));
}

#[test]
fn a_form_belongs_to_its_session_and_says_nothing_of_its_secret() {
    let scene = Scene::new();
    let (one, other) = (begin(&scene), begin(&scene));
    let (mine, theirs) = (look(&scene, &one).unwrap(), look(&scene, &other).unwrap());
    assert!(mine.is_form_token(mine.form_token().as_bytes()));
    assert_eq!(mine.form_token().len(), 64);
    for wrong in [theirs.form_token(), "", &mine.form_token()[..63]] {
        assert!(!mine.is_form_token(wrong.as_bytes()), "{wrong}");
    }
    let shown = format!("{mine:?}");
    assert!(!shown.contains(mine.form_token()) && !shown.contains(&one), "{shown}");
    let scene = scene.reopen();
    assert_eq!(
        look(&scene, &one).unwrap().form_token(),
        mine.form_token(),
        "also after a restart"
    );
}

/// Other parameters make no other password.
#[test]
fn a_password_that_is_digested_anew_ends_nothing_and_only_the_present_one_is() {
    let scene = Scene::new();
    let phc = |salt: &str| PasswordPhc::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$Y29tcHV0ZWQ")).unwrap();
    set_password(&scene, "b25lc2FsdA");
    let session = begin(&scene);
    let renew = |from: &str, to: &str| {
        let command = RenewPassword {
            user: scene.user.clone(),
            from: phc(from),
            to: phc(to),
        };
        scene.engine().execute(command)
    };
    assert_eq!(
        renew("YW5vdGhlcg", "dGhpcmRzYWx0"),
        Ok(false),
        "it was changed meanwhile"
    );
    assert_eq!(renew("b25lc2FsdA", "dHdvc2FsdA"), Ok(true));
    let person = scene.engine().person(&scene.user).unwrap().unwrap();
    assert_eq!((person.password, person.password_epoch), (Some(phc("dHdvc2FsdA")), 1));
    assert!(look(&scene, &session).is_some());
    assert_eq!(scene.engine().verify().unwrap().findings, []);
}
