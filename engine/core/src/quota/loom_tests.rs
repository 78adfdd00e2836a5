//! Both counters in every order of events.

use core::num::NonZeroU32;
use std::sync::Arc;

use super::window;
use super::{InFlight, Rate};
use crate::sync::{AtomicU64, Ordering};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn most(limit: u32) -> NonZeroU32 {
    NonZeroU32::new(limit).unwrap()
}

trait Counts: Default + Send + Sync + 'static {
    fn admits(&self, limit: u32) -> bool;
}

impl Counts for Rate {
    fn admits(&self, limit: u32) -> bool {
        self.charge(most(limit), NOW).is_ok()
    }
}

/// The planted bug: a store where a swap is needed.
#[derive(Default)]
struct LoadThenStore(AtomicU64);

impl Counts for LoadThenStore {
    fn admits(&self, limit: u32) -> bool {
        // Ordering: SeqCst cannot save a read-modify-write that is none.
        let turn = window::charged(self.0.load(Ordering::SeqCst), most(limit), NOW);
        // Ordering: SeqCst cannot save a read-modify-write that is none.
        self.0.store(turn.word, Ordering::SeqCst);
        turn.admitted
    }
}

/// Three requests at once against a limit of two.
fn never_more_than_the_limit<C: Counts>() {
    loom::model(|| {
        let counter = Arc::new(C::default());
        let others = [(); 2].map(|()| {
            let counter = Arc::clone(&counter);
            loom::thread::spawn(move || u32::from(counter.admits(2)))
        });
        let own = u32::from(counter.admits(2));
        let admitted = own + others.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>();
        assert_eq!(admitted, 2, "requests admitted against a limit of two");
    });
}

#[test]
fn loom_the_hourly_counter_never_admits_more_than_its_limit() {
    never_more_than_the_limit::<Rate>();
}

#[test]
#[should_panic(expected = "requests admitted against a limit of two")]
fn loom_a_counter_without_a_swap_is_caught() {
    never_more_than_the_limit::<LoadThenStore>();
}

/// A charge given back while another request is charged leaves exactly the other one on the count.
#[test]
fn loom_giving_back_loses_no_other_charge() {
    loom::model(|| {
        let rate = Arc::new(Rate::default());
        let other = {
            let rate = Arc::clone(&rate);
            loom::thread::spawn(move || rate.charge(most(5), NOW).is_ok())
        };
        let (charge, _) = rate.charge(most(5), NOW).unwrap();
        rate.give_back(charge);
        assert!(other.join().unwrap());
        let (_, state) = rate.charge(most(5), NOW).unwrap();
        assert_eq!(state.remaining, 3, "the other request and this one are counted");
    });
}

/// Two requests want one place; `inside` counts who is in it at the same time.
fn one_place_holds_one(release_early: bool) {
    loom::model(move || {
        let (places, inside) = (Arc::new(InFlight::default()), Arc::new(AtomicU64::new(0)));
        let turn = move |places: Arc<InFlight>, inside: Arc<AtomicU64>| {
            if places.acquire(0, most(1)) {
                if release_early {
                    places.release(0);
                }
                // Ordering: SeqCst, so that the witness itself is beyond doubt.
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two requests in one place");
                // Ordering: SeqCst, so that the witness itself is beyond doubt.
                inside.fetch_sub(1, Ordering::SeqCst);
                if !release_early {
                    places.release(0);
                }
            }
        };
        let other = {
            let (places, inside) = (Arc::clone(&places), Arc::clone(&inside));
            loom::thread::spawn(move || turn(places, inside))
        };
        turn(Arc::clone(&places), inside);
        other.join().unwrap();
        assert_eq!(places.count(), 0, "every place came back");
    });
}

#[test]
fn loom_a_permit_holds_its_place_alone() {
    one_place_holds_one(false);
}

#[test]
#[should_panic(expected = "two requests in one place")]
fn loom_a_permit_released_early_is_caught() {
    one_place_holds_one(true);
}
