//! A check allocates nothing, whatever its outcome and wherever the credential stands.
//!
//! The dependency `allocation-counter` replaces this test's allocator by one that counts for the calling thread.

use std::hint::black_box;

use allocation_counter::measure;
use tollgate_benches::{Access, NOW, Outcomes};
use tollgate_core::{RequestParts, Verdict, check};

#[test]
fn no_outcome_allocates() {
    let world = Outcomes::new(8);
    let mut seen = 0;
    for (name, askings) in world.cases() {
        let requests: Vec<RequestParts<'_>> = askings.iter().map(|asking| asking.request()).collect();
        let counted = measure(|| {
            for request in &requests {
                drop(black_box(check(&world.view, black_box(request), NOW)));
            }
        });
        assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{name}");
        seen += requests.len();
    }
    assert_eq!(seen, 8 * 25, "every outcome and every place was asked for");
}

/// Nor does what routes, clients and proofs add to it.
#[test]
fn no_route_client_or_proof_allocates() {
    let world = Access::new(8);
    let mut seen = 0;
    for (name, askings) in world.cases() {
        let requests: Vec<RequestParts<'_>> = askings.iter().map(|asking| asking.request()).collect();
        for view in [&world.view, &world.plain] {
            let counted = measure(|| {
                for request in &requests {
                    let verdict = black_box(check(view, black_box(request), NOW));
                    if let Verdict::Permit(permit) = &verdict {
                        black_box((permit.client_name(), permit.scopes(), permit.audiences()));
                    }
                }
            });
            assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{name}");
        }
        seen += requests.len();
    }
    assert_eq!(seen, 8 * 15, "every case was asked for");
}

/// What a host does with a permit allocates nothing either.
#[test]
fn a_permit_is_used_and_given_back_without_allocating() {
    let world = Outcomes::new(8);
    let (_, askings) = world.cases().next().unwrap();
    let mut names = 0;
    let counted = measure(|| {
        for asking in askings {
            let Verdict::Permit(permit) = check(&world.view, &asking.request(), NOW) else {
                return;
            };
            let mut room = [0; 255];
            let named = permit
                .user_name(&mut room)
                .is_some_and(|name| name.starts_with("user-"));
            names += u32::from(named && permit.quota().is_some());
            drop(permit.hold());
        }
    });
    assert_eq!(names, 8);
    assert_eq!(counted.count_total, 0);
}

/// Nor does an offer to upgrade a foreign token, and only those that came as a digest have one.
#[test]
fn offers_are_made_without_allocating() {
    let world = Outcomes::new(8);
    for (name, askings) in world.cases().filter(|(name, _)| name.starts_with("permit, ")) {
        let mut offers = 0;
        let counted = measure(|| {
            for asking in askings {
                if let Verdict::Permit(permit) = check(&world.view, &asking.request(), NOW) {
                    offers += u32::from(black_box(permit.upgrade(&asking.request())).is_some());
                }
            }
        });
        assert_eq!(counted.count_total, 0, "{name}");
        assert_eq!(offers, if name.contains("foreign by") { 8 } else { 0 }, "{name}");
    }
}

/// The counter is seen to count: one planted box among the checks does not go unnoticed.
#[test]
fn a_planted_box_is_counted() {
    let world = Outcomes::new(1);
    let (_, askings) = world.cases().next().unwrap();
    let request = askings[0].request();
    let counted = measure(|| {
        drop(black_box(check(&world.view, &request, NOW)));
        drop(black_box(Box::new([0_u8; 24])));
    });
    assert_eq!((counted.count_total, counted.bytes_total), (1, 24));
}
