//! What a follower has who loads pages while commands run and is told of changes afterwards is the engine's state.

use tollgate::feed_wire::{Follower, FrameKey, Heard, Worked};
use tollgate::{
    AddNetwork, AddUser, Foreign, ForeignDigest, ForeignForm, Import, PepperKey, Portable, PortableAuthtoken,
    PortableNetwork, PortableSecret, PortableUser, RemoveNetwork, RemoveUser, Revision, RevokeToken, SetSetting,
    Setting, Standing, TokenId,
};

use super::asking::{changes, frame, page, question, token};
use super::fold::Fold;
use crate::support::running::until;
use crate::support::{World, ask, issue, name};

/// Numbers that a seed makes.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Carries out something; what is refused leaves no trace.
fn act(world: &World, draws: &mut Draws) {
    let user = name(&format!("user-{}", draws.below(9)));
    let (number, banned) = (draws.below(100), draws.below(2) == 0);
    let rule = format!("10.0.{number}.0/24").parse().unwrap();
    let standing = if banned { Standing::Banned } else { Standing::Trusted };
    let whose = (draws.below(2) == 0).then(|| user.clone());
    let engine = &world.engine;
    let _ = match draws.below(8) {
        0 | 1 => engine.execute(AddUser::named(user)).map(drop),
        2 => engine.execute(RemoveUser { name: user }),
        3 => engine.execute(RevokeToken { id: TokenId(number) }).map(drop),
        4 => engine
            .execute(AddNetwork {
                rule,
                standing,
                user: whose,
            })
            .map(drop),
        5 => engine.execute(RemoveNetwork { rule, user: whose }),
        6 => {
            let setting = if banned {
                Setting::parse("per_hour", &(1 + number).to_string()).unwrap()
            } else {
                Setting::TrustedProxies(vec![rule])
            };
            engine.execute(SetSetting { setting }).map(drop)
        }
        _ => engine.execute(issue(user.as_str())).map(drop),
    };
}

/// Users with a token each, of an import in parts that are each one change set.
fn crowd(world: &World, users: usize) {
    let line = |number: usize| {
        let user = format!("crowd-{number:06}");
        let token = PortableAuthtoken {
            id: None,
            user: name(&user),
            secret: PortableSecret::Clear(format!("a-foreign-token-of-{user}").into()),
            issued_at: None,
            not_before: None,
            expires_at: None,
            revoked_at: None,
        };
        (
            number as u64,
            Portable::Authtoken(token, Some(PortableUser::named(name(&user)))),
        )
    };
    for begin in (0..users).step_by(Import::LINES_MOST) {
        let lines = (begin..users.min(begin + Import::LINES_MOST)).map(line).collect();
        let imported = world.run(Import {
            source: "crowd".to_owned(),
            lines,
            skip_faults: false,
        });
        assert!(imported.skipped.is_empty());
    }
}

/// The same store, opened again.
fn reopened(world: World) -> World {
    let World {
        engine,
        clock,
        folder,
        alice,
    } = world;
    engine.close();
    let engine = tollgate::OpenOptions::new()
        .key(PepperKey::from_bytes([0x5e; 32]))
        .clock(std::sync::Arc::clone(&clock) as _)
        .open(folder.path().join("tollgate.redb"))
        .unwrap();
    World {
        engine,
        clock,
        folder,
        alice,
    }
}

/// Loads pages with `between` each two of them, and follows until nothing is new.
fn followed(mut world: World, secret: &str, mut between: impl FnMut(World, usize) -> World) -> (World, Fold, usize) {
    let mut fold = Fold::default();
    let mut host = world.host();
    let first = frame(question(&world, &host, secret, &page(None)), secret);
    fold.take(&first);
    assert!(fold.has_key);
    let (mut after, mut skip) = (first.head().from, 0);
    let mut next = first.head().next;
    let mut pages = 1;
    while let Some(from) = next {
        drop(host);
        world = between(world, pages);
        host = world.host();
        let more = frame(question(&world, &host, secret, &page(Some(from.as_bytes()))), secret);
        assert!(more.head().from >= after && more.head().to == more.head().from);
        fold.take(&more);
        next = more.head().next;
        pages += 1;
    }
    loop {
        let path = changes(world.engine.feed_identity(), after, skip, "0");
        let some = frame(question(&world, &host, secret, &path), secret);
        let head = *some.head();
        assert_eq!((head.from, head.from_skip), (after, skip));
        assert!((head.to, head.to_skip) >= (after, skip) && head.newest >= head.to);
        fold.take(&some);
        (after, skip) = (head.to, head.to_skip);
        if (head.to, head.to_skip) == (head.newest, 0) {
            break;
        }
    }
    assert_eq!(after, world.engine.revision());
    drop(host);
    (world, fold, pages)
}

#[test]
fn pages_and_changes_add_up_to_the_state_while_commands_run_and_across_a_restart() {
    for seed in 0..3 {
        let mut draws = Draws(seed);
        let world = World::new();
        let issued = token(&world);
        crowd(&world, 8_000);
        let (world, fold, pages) = followed(world, issued.token.expose(), |world, page| {
            for _ in 0..30 {
                act(&world, &mut draws);
            }
            if page == 1 { reopened(world) } else { world }
        });
        assert!(pages > 2, "{pages} pages");
        assert!(fold.tokens() >= 8_000);
        fold.assert_is(&world.engine);
    }
}

/// Ten thousand rules for everybody are more than a page holds, and come before the users.
#[test]
fn rules_for_everybody_go_on_from_page_to_page() {
    let world = World::new();
    let issued = token(&world);
    let line = |number: u64| {
        let network = PortableNetwork {
            rule: format!("2001:db8::{:x}:{:x}", number >> 8, 1 + 2 * (number & 0xff))
                .parse()
                .unwrap(),
            standing: if number.is_multiple_of(3) {
                Standing::Banned
            } else {
                Standing::Trusted
            },
            user: None,
            added_at: None,
        };
        (number, Portable::Network(network))
    };
    let lines = (0..Import::LINES_MOST as u64).map(line).collect();
    world.run(Import {
        source: "rules".to_owned(),
        lines,
        skip_faults: false,
    });
    let (world, fold, pages) = followed(world, issued.token.expose(), |world, _| {
        world.run(RemoveNetwork {
            rule: "2001:db8::1f:1ff".parse().unwrap(),
            user: None,
        });
        world
    });
    assert_eq!(pages, 2);
    fold.assert_is(&world.engine);
}

/// Tokens that came as digests of others get keyed ones when they are used, which may be between two pages.
#[test]
fn tokens_that_go_to_another_digest_meanwhile_are_followed() {
    let world = World::new();
    let issued = token(&world);
    crowd(&world, 6_000);
    let secret = |number: usize| format!("an-older-token-of-alice-{number}");
    let lines = (0..50).map(|number| {
        let text = secret(number);
        let digest = ForeignDigest::of(ForeignForm::Sha256, Foreign::parse(text.as_bytes()).unwrap());
        let token = PortableAuthtoken {
            id: None,
            user: name("alice"),
            secret: PortableSecret::Digest(digest.unwrap()),
            issued_at: None,
            not_before: None,
            expires_at: None,
            revoked_at: None,
        };
        (number as u64, Portable::Authtoken(token, None))
    });
    world.run(Import {
        source: "older".to_owned(),
        lines: lines.collect(),
        skip_faults: false,
    });
    let mut used = 0;
    let (world, fold, pages) = followed(world, issued.token.expose(), |world, _| {
        let before = world.engine.revision();
        for _ in 0..20 {
            assert_eq!(world.send(ask("GET /check").bearer(&secret(used))).status, 200);
            used += 1;
        }
        assert!(until(|| world.engine.revision() > before), "they are upgraded");
        world
    });
    assert!(pages > 1);
    fold.assert_is(&world.engine);
}

/// An import is one change set for thousands of lines, which no frame holds.
#[test]
fn a_set_that_is_longer_than_a_frame_is_handed_out_in_parts() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let mut fold = Fold::default();
    let first = frame(question(&world, &host, secret, &page(None)), secret);
    assert_eq!(first.head().next, None);
    fold.take(&first);
    let after = first.head().from;
    crowd(&world, 6_000);
    world.set("per_hour", "70");
    let (mut at, mut parts) = ((after, 0), 0);
    while at != (world.engine.revision(), 0) {
        let path = changes(world.engine.feed_identity(), at.0, at.1, "30");
        let some = frame(question(&world, &host, secret, &path), secret);
        fold.take(&some);
        let head = some.head();
        assert!((head.to, head.to_skip) > at, "each part leads on");
        at = (head.to, head.to_skip);
        parts += usize::from(at.1 > 0);
    }
    assert!(parts >= 2, "{parts} parts");
    fold.assert_is(&world.engine);
}

/// The follower that proxies have, driven by the bytes of these answers.
#[test]
fn the_follower_of_the_proxies_takes_these_answers() {
    let world = World::new();
    let issued = token(&world);
    crowd(&world, 3_000);
    let (host, secret) = (world.host(), issued.token.expose());
    let mut follower = Follower::new(FrameKey::of_token(secret.as_bytes()));
    let mut now_ms = 1_000;
    let mut opened = 0;
    for turn in 0_u8..40 {
        now_ms += 10;
        let asked = follower.ask([turn; 16], 0, now_ms).unwrap();
        let answer = question(&world, &host, secret, &asked);
        assert_eq!(answer.status, 200, "{asked}");
        assert_eq!(follower.hear(answer.body, now_ms + 5), Ok(Heard::Records), "{asked}");
        loop {
            match follower.work(1_000).unwrap() {
                Worked::More => {}
                Worked::Opened => {
                    opened += 1;
                    break;
                }
                Worked::Idle | Worked::Done => break,
            }
        }
        if turn % 4 == 0 {
            world.run(issue("alice"));
        }
    }
    assert_eq!(opened, 1);
    assert_eq!(follower.revision(), Some(follower.newest()));
    let snapshot = world.engine.snapshot().unwrap();
    assert_eq!(
        follower.counts(),
        (snapshot.users.len() as u64, snapshot.tokens.len() as u64)
    );
    let view = follower.view().unwrap();
    for token in snapshot.tokens.values() {
        assert_eq!(view.token(&token.digest), Some(*token));
    }
    assert!(follower.complete_ms().unwrap() >= now_ms - 20);
}

/// The settings of the host are its own affair, and yet the revision is confirmed.
#[test]
fn a_change_that_followers_need_not_know_counts_as_a_revision() {
    let world = World::new();
    let issued = token(&world);
    let (host, secret) = (world.host(), issued.token.expose());
    let before = world.engine.position();
    world.set("trusted_proxies", "10.0.0.0/8");
    let path = changes(before.feed, before.revision, 0, "0");
    let some = frame(question(&world, &host, secret, &path), secret);
    assert_eq!((some.count(), some.head().to), (0, Revision(before.revision.0 + 1)));
}
