//! Sweeping takes away what is of no use, and changes no answer but from one refusal to another.

use tollgate::{GrantFault, Redeemed, Refreshed};

use super::scene::{Scene, fault, granted, issue_access, refresh_of, rotated};
use crate::support::World;

const DAY_MS: u64 = 86_400_000;

/// Sweeps until nothing is left to do, in steps of an hour: a clock that jumps is not believed at once.
fn sweep_all(scene: &Scene) -> usize {
    let mut rows = 0;
    loop {
        let swept = scene.engine().sweep().unwrap();
        rows += swept.grants;
        if !swept.more {
            return rows;
        }
    }
}

#[test]
fn nothing_is_swept_that_still_decides() {
    let scene = Scene::of(World::short_lived(1_000));
    let code = scene.code();
    let first = granted(scene.redeem(&code));
    let second = rotated(scene.refresh(refresh_of(&first)));
    for _ in 0..20 {
        scene.pass(3_600_000);
        assert_eq!(sweep_all(&scene), 0);
    }
    assert!(
        matches!(scene.redeem(&code), Ok(Redeemed::Spent)),
        "a spent code is remembered for a day"
    );
    assert_eq!(fault(scene.refresh(refresh_of(&second))), Some(GrantFault::Revoked));
}

#[test]
fn a_used_refresh_token_is_remembered_as_long_as_its_family() {
    let scene = Scene::of(World::short_lived(1_000));
    let first = scene.log_in();
    let mut last = rotated(scene.refresh(refresh_of(&first)));
    for hour in 1..=(29 * 24) {
        scene.pass(3_600_000);
        sweep_all(&scene);
        if hour % (24 * 13) == 0 {
            last = rotated(scene.refresh(refresh_of(&last)));
        }
    }
    rotated(scene.refresh(refresh_of(&last)));
    assert!(
        matches!(scene.refresh(refresh_of(&first)), Ok(Refreshed::Reused)),
        "after 29 days"
    );
}

#[test]
fn what_has_ended_is_taken_away_with_all_its_rows() {
    let scene = Scene::of(World::short_lived(1_000));
    let begun = scene.engine().verify().unwrap().rows;
    for _ in 0..20 {
        let tokens = issue_access(scene.engine(), scene.granted_to("read"), Some(7_200)).unwrap();
        rotated(scene.refresh(refresh_of(&tokens)));
        scene.code();
        super::sessions::begin(&scene);
    }
    let trail = scene.engine().verify().unwrap().audited;
    assert!(scene.engine().verify().unwrap().rows > begun + 20 * 8);
    for _ in 0..(2 * DAY_MS / 3_600_000) {
        scene.pass(3_600_000);
        sweep_all(&scene);
    }
    let report = scene.engine().verify().unwrap();
    assert_eq!(report.findings, []);
    // What stays is the trail, the tail of the feed, and the one authority with its number.
    let left = report.rows - report.audited - report.changes;
    assert_eq!(report.tokens, 0);
    assert_eq!(report.audited, trail);
    let scene = scene.reopen();
    let again = scene.engine().verify().unwrap();
    assert_eq!(again.rows - again.audited - again.changes, left);
}

/// One sweep looks at so many rows and no more, however many there are.
#[test]
fn a_sweep_is_bounded_and_comes_back_for_the_rest() {
    let scene = Scene::of(World::short_lived(1_000));
    let commands = (0..600).map(|_| {
        let command = tollgate::BeginSession {
            user: scene.user.clone(),
            auth_time: scene.engine().now(),
            lifetime_s: 60,
        };
        scene.engine().submit(command).unwrap()
    });
    for submitted in commands.collect::<Vec<_>>() {
        submitted.wait().unwrap();
    }
    scene.pass(61_000);
    let first = scene.engine().sweep().unwrap();
    assert_eq!((first.grants, first.more), (512, true));
    let second = scene.engine().sweep().unwrap();
    assert_eq!((second.grants, second.more), (88, false));
}
