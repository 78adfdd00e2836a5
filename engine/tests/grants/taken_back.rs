//! What operators take back: one grant, all of a user, all of a client, and logins in browsers.

use tollgate::{
    AuditOrder, Author, DenyReason, EndSession, ExecuteError, Grant, GrantFault, GrantId, GrantsOf, HeldGrant,
    IssueAccess, IssuedAccess, PageError, ReadError, Refusal, RevokeGrant, RevokeGrants, RevokedGrants, UserName,
};

use super::scene::{Scene, access, add_client, fault, granted, granted_to, issue_access, redeem, refresh_of};
use super::sessions::{begin, look};
use crate::support::World;

fn listed(scene: &Scene, of: Option<&GrantsOf>) -> Vec<HeldGrant> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = scene.engine().grants_page(of, cursor.as_deref(), 2).unwrap();
        found.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

fn revoke(scene: &Scene, of: &GrantsOf) -> RevokedGrants {
    let operator = scene.engine().by(Author::new("operator", "here"));
    operator.revoke_grants(of).unwrap()
}

fn counts(revoked: RevokedGrants) -> (usize, usize, usize) {
    (revoked.grants, revoked.access_tokens, revoked.codes)
}

/// Two users of two clients: a login, a token that stands alone, and a code of each pair.
struct Crowd {
    scene: Scene,
    other: tollgate::Client,
    bob: UserName,
    /// By user and client.
    held: Vec<(usize, usize, IssuedAccess, IssuedAccess, String)>,
}

fn crowd() -> Crowd {
    let scene = Scene::new();
    let bob = scene.world.user("bob");
    let other = add_client(scene.engine(), "other", false);
    let (users, clients) = ([scene.user.clone(), bob.clone()], [scene.client.clone(), other.clone()]);
    let mut held = Vec::new();
    for (at, user) in users.iter().enumerate() {
        for (place, client) in clients.iter().enumerate() {
            let to = || granted_to(client, user, "read");
            let code = || super::scene::issue_code(scene.engine(), to()).unwrap();
            let login = granted(redeem(scene.engine(), &code(), client.number));
            let alone = issue_access(scene.engine(), to(), None).unwrap();
            held.push((at, place, login, alone, code()));
        }
    }
    Crowd {
        scene,
        other,
        bob,
        held,
    }
}

impl Crowd {
    /// Whether what is held by user and client is what `is_taken` says, and nothing else.
    fn check(&self, is_taken: impl Fn(usize, usize) -> bool) {
        for (user, client, login, alone, code) in &self.held {
            let taken = is_taken(*user, *client);
            for token in [login, alone] {
                let refused = self.scene.world.refused(access(token));
                assert_eq!(refused, taken.then_some(DenyReason::Revoked), "{user} {client}");
            }
            let number = if *client == 0 {
                self.scene.client.number
            } else {
                self.other.number
            };
            let facts = self
                .scene
                .engine()
                .refresh(refresh_of(login).as_bytes())
                .unwrap()
                .unwrap();
            assert_eq!(facts.revoked, taken);
            let redeemed = redeem(self.scene.engine(), code, number).unwrap();
            let is_spent = matches!(redeemed, tollgate::Redeemed::Spent);
            assert_eq!(is_spent, taken, "the code of {user} at {client}");
        }
        assert_eq!(self.scene.engine().verify().unwrap().findings, []);
    }
}

#[test]
fn grants_are_listed_by_user_by_client_and_by_both() {
    let Crowd { scene, other, bob, .. } = crowd();
    let ann = scene.user.clone();
    assert_eq!(listed(&scene, None).len(), 8);
    for user in [&ann, &bob] {
        let own = listed(&scene, Some(&GrantsOf::User(user.clone())));
        assert_eq!(own.len(), 4);
        assert!(own.iter().all(|grant| grant.to.user == *user));
        assert!(own.is_sorted_by_key(|grant| grant.id));
    }
    let of_client = listed(&scene, Some(&GrantsOf::Client(other.name.clone())));
    assert_eq!(of_client.len(), 4);
    let both = listed(&scene, Some(&GrantsOf::Both(bob.clone(), other.name.clone())));
    let said: Vec<_> = both.iter().map(|grant| (grant.grant, grant.is_family)).collect();
    assert_eq!(said, [(Grant::AuthorizationCode, true), (Grant::Password, false)]);
    assert!(
        both.iter()
            .all(|grant| of_client.contains(grant) && grant.to.user == bob)
    );

    let engine = scene.engine();
    let nobody = engine.grants_page(Some(&GrantsOf::User("eve".parse().unwrap())), None, 9);
    assert!(matches!(nobody, Err(PageError::Read(ReadError::NoSuchUser { .. }))));
    let no_client = engine.grants_page(Some(&GrantsOf::Client("none".parse().unwrap())), None, 9);
    assert!(matches!(
        no_client,
        Err(PageError::Read(ReadError::NoSuchClient { .. }))
    ));
    let cursor = engine.grants_page(None, None, 2).unwrap().next.unwrap();
    let elsewhere = engine.grants_page(Some(&GrantsOf::User(ann)), Some(&cursor), 2);
    assert_eq!(elsewhere, Err(PageError::Cursor));
}

#[test]
fn one_grant_is_taken_back_by_its_id_or_by_that_of_its_token() {
    let scene = Scene::new();
    let (first, second, third) = (scene.log_in(), scene.log_in(), scene.log_in());
    let alone = issue_access(scene.engine(), scene.granted_to("read"), None).unwrap();
    let revoke = |id: u64| scene.engine().execute(RevokeGrant { id: GrantId(id) });
    let family = first.family.unwrap().0;
    for _ in 0..2 {
        let grant = revoke(family).unwrap();
        assert_eq!((grant.id.0, grant.revoked_at), (family, Some(scene.engine().now())));
    }
    // The token's id is what checks tell; it is the login that is meant.
    assert_eq!(revoke(second.record.id.0).unwrap().id.0, second.family.unwrap().0);
    assert_eq!(revoke(alone.record.id.0).unwrap().id.0, alone.record.id.0);
    for taken in [&first, &second, &alone] {
        assert_eq!(scene.world.refused(access(taken)), Some(DenyReason::Revoked));
    }
    assert_eq!(fault(scene.refresh(refresh_of(&second))), Some(GrantFault::Revoked));
    assert_eq!(scene.world.refused(access(&third)), None);
    scene.refresh(refresh_of(&third)).unwrap();

    let authtoken = scene.world.token(&scene.user);
    for id in [0, 9_999, authtoken.record.id.0] {
        let missing = ExecuteError::Refused(Refusal::NoSuchGrant { id: GrantId(id) });
        assert_eq!(revoke(id).err(), Some(missing));
        assert_eq!(scene.engine().grant(GrantId(id)), Ok(None));
    }
    assert_eq!(scene.world.refused(authtoken.token.expose()), None);
}

#[test]
fn everything_of_a_user_is_taken_back_and_nothing_of_others() {
    let crowd = crowd();
    let revoked = revoke(&crowd.scene, &GrantsOf::User(crowd.scene.user.clone()));
    assert_eq!(counts(revoked), (4, 4, 2));
    crowd.check(|user, _| user == 0);
    let again = crowd
        .scene
        .engine()
        .by(Author::application())
        .revoke_grants(&GrantsOf::User(crowd.scene.user.clone()));
    assert_eq!(again.map(counts), Ok((0, 0, 0)));
}

#[test]
fn everything_of_a_client_is_taken_back_and_nothing_of_others() {
    let crowd = crowd();
    let revoked = revoke(&crowd.scene, &GrantsOf::Client(crowd.other.name.clone()));
    assert_eq!(counts(revoked), (4, 4, 2));
    crowd.check(|_, client| client == 1);
}

#[test]
fn what_one_client_has_of_one_user_is_taken_back_and_nothing_else() {
    let crowd = crowd();
    let revoked = revoke(
        &crowd.scene,
        &GrantsOf::Both(crowd.bob.clone(), crowd.other.name.clone()),
    );
    assert_eq!(counts(revoked), (2, 2, 1));
    crowd.check(|user, client| user == 1 && client == 1);
}

#[test]
fn nobody_and_no_client_are_refused() {
    let scene = Scene::new();
    let operator = scene.engine().by(Author::application());
    let nobody = operator.revoke_grants(&GrantsOf::User("eve".parse().unwrap()));
    assert!(matches!(nobody, Err(ExecuteError::Refused(Refusal::NoSuchUser { .. }))));
    let none = operator.revoke_grants(&GrantsOf::Client("none".parse().unwrap()));
    assert!(matches!(none, Err(ExecuteError::Refused(Refusal::NoSuchClient { .. }))));
    operator.revoke_grants(&GrantsOf::User(scene.user.clone())).unwrap();
}

/// More than one transaction takes back: each part leads to the next, and the last leaves nothing.
#[test]
fn many_grants_are_taken_back_part_by_part() {
    let scene = Scene::new();
    let issue = |to| IssueAccess {
        to,
        text: tollgate::AccessText::Opaque,
        lifetime_s: 3_600,
        grant: Grant::Password,
        refresh: None,
    };
    let asked: Vec<_> = (0..5_000)
        .map(|_| scene.engine().submit(issue(scene.granted_to("read"))).unwrap())
        .collect();
    let tokens: Vec<_> = asked.into_iter().map(|answer| answer.wait().unwrap()).collect();
    let of = GrantsOf::User(scene.user.clone());
    let first = scene
        .engine()
        .execute(RevokeGrants {
            of: of.clone(),
            after: None,
        })
        .unwrap();
    assert!(first.next.is_some() && first.access_tokens < tokens.len());
    assert_eq!(
        counts(revoke(&scene, &of)),
        (tokens.len() - first.grants, tokens.len() - first.access_tokens, 0)
    );
    assert!(
        tokens
            .iter()
            .all(|token| scene.world.refused(access(token)) == Some(DenyReason::Revoked))
    );
}

#[test]
fn the_trail_says_who_took_back_what() {
    let crowd = crowd();
    revoke(&crowd.scene, &GrantsOf::User(crowd.scene.user.clone()));
    let entries = crowd
        .scene
        .engine()
        .audit(AuditOrder::NewestFirst, None, 1)
        .unwrap()
        .items;
    let entry = &entries[0];
    assert_eq!((entry.action.as_str(), entry.subject.as_str()), ("grant.revoke", "ann"));
    assert_eq!((entry.actor.as_str(), entry.origin.as_str()), ("operator", "here"));
    let after = entry.after.as_ref().unwrap();
    let said = ["grants", "access_tokens", "codes"].map(|name| after[name].as_str());
    assert_eq!(said, ["4", "4", "2"]);
}

#[test]
fn swept_grants_leave_no_note() {
    let scene = Scene::of(World::short_lived(60));
    scene.log_in();
    issue_access(scene.engine(), scene.granted_to("read"), None).unwrap();
    begin(&scene);
    assert_eq!(listed(&scene, None).len(), 2);
    scene.pass(31 * 24 * 3_600_000);
    scene.engine().sweep().unwrap();
    while scene.engine().sweep().unwrap().more {}
    assert_eq!(listed(&scene, None), []);
    assert_eq!(scene.engine().verify().unwrap().findings, []);
}

#[test]
fn logins_are_listed_and_ended_one_by_one_or_all_at_once() {
    let scene = Scene::new();
    let bob = scene.world.user("bob");
    let own: Vec<String> = (0..3).map(|_| begin(&scene)).collect();
    let his = scene
        .engine()
        .execute(tollgate::BeginSession {
            user: bob.clone(),
            auth_time: scene.engine().now(),
            lifetime_s: 86_400,
        })
        .unwrap();
    let his = his.session.expose().to_owned();
    let page = |of| scene.engine().sessions_page(of, None, 100).unwrap().items;
    assert_eq!(page(None).len(), 4);
    assert_eq!(page(Some(&bob)).len(), 1);
    assert_eq!(page(Some(&scene.user)).len(), 3);

    let id = look(&scene, &own[0]).unwrap().id;
    let found = scene.engine().held_session(&id.short()).unwrap().unwrap();
    assert_eq!((found.id, found.user), (id, scene.user.clone()));
    for short in [
        "",
        "0",
        "zz",
        &id.short().to_uppercase(),
        &format!("{}0", id.short()),
        "+000000000000001",
    ] {
        assert_eq!(scene.engine().held_session(short), Ok(None), "{short}");
    }
    scene.engine().execute(EndSession { session: id }).unwrap();
    assert_eq!(scene.engine().held_session(&id.short()), Ok(None));
    assert_eq!(page(Some(&scene.user)).len(), 2);

    let operator = scene.engine().by(Author::new("operator", "here"));
    assert_eq!(operator.end_sessions(&scene.user), Ok(2));
    assert_eq!(operator.end_sessions(&scene.user), Ok(0));
    assert!(own.iter().all(|session| look(&scene, session).is_none()));
    assert!(look(&scene, &his).is_some());
    assert_eq!(scene.engine().verify().unwrap().findings, []);
    let ended: Vec<_> = scene.engine().audit(AuditOrder::NewestFirst, None, 9).unwrap().items;
    let ended = ended.iter().filter(|entry| entry.action == "login.end").count();
    assert_eq!(ended, 2);
    assert_eq!(fault(scene.refresh(refresh_of(&scene.log_in()))), None);
}
