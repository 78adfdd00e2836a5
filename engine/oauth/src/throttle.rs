//! Guesses of passwords and of clients' secrets, counted for a name, for the network they come from, and for a name from one network.
//!
//! After some wrong ones each further guess has to wait, twice as long every time, up to a bound; so nobody guesses fast. What the whole
//! world guesses of one name counts as well, but makes only those wait who have guessed wrong at it themselves, each since their own last
//! guess: so a right password is let in wherever it comes from, however many others guess, and a mistyped one is out for the bound at
//! most. What one network guesses of all names makes everybody there wait together who has not shown their password from it before: else
//! one address could try one password at every name. So whoever shares an address with somebody who guesses, and was never seen there
//! since the server started, may be kept waiting by them.
//!
//! The memory is bounded: a table of fixed size in which what is over, and then what has guessed least, makes room. What is not there
//! has guessed nothing, so a full table errs on the side of letting people in, and the other counts still hold.
//!
//! Right passwords that come at once do not wait for one another: what counts is what was wrong. Only where guesses have to wait
//! already does each one that is let through make the next wait, before anybody knows whether it was right.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;

use tollgate::Timestamp;

/// How fast one kind of count grows into waiting.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Guesses that cost nothing.
    free: u32,
    /// The longest wait.
    wait_s_most: u32,
}

impl Pace {
    /// How long the next guess has to wait after so many, the last of which came at `last`.
    fn left_s(self, guesses: u32, last: Timestamp, now: Timestamp) -> Option<u32> {
        let beyond = guesses.checked_sub(self.free)?;
        let delay_s = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX).min(self.wait_s_most);
        let left_ms = (u64::from(delay_s) * 1_000)
            .checked_sub(apart_ms(now, last))
            .filter(|left| *left > 0)?;
        u32::try_from(left_ms.div_ceil(1_000)).ok()
    }
}

/// How fast all of them do.
#[derive(Clone, Copy, Debug)]
struct Paces {
    /// One name, guessed from one network.
    pair: Pace,
    /// One name, guessed from everywhere; none where that keeps nobody waiting.
    name: Option<Pace>,
    /// All names, guessed from one network.
    network: Pace,
}

/// A person mistypes a few times; a hundred guesses take more than an hour. Many people may share an address.
const PEOPLE: Paces = Paces {
    pair: Pace {
        free: 5,
        wait_s_most: 60,
    },
    name: Some(Pace {
        free: 20,
        wait_s_most: 60,
    }),
    network: Pace {
        free: 30,
        wait_s_most: 60,
    },
};
/// A program does not mistype, and its secret is too long to be guessed soon: who fails is slowed down by network. A client that was
/// there before waits for no other, and for guesses at itself from its own network a second at most, so that nobody locks it out.
const CLIENTS: Paces = Paces {
    pair: Pace {
        free: 1_000,
        wait_s_most: 1,
    },
    name: None,
    network: Pace {
        free: 30,
        wait_s_most: 60,
    },
};
/// After so long without a guess a count is forgotten.
const FORGOTTEN_AFTER_S: u32 = 15 * 60;
/// How long it is remembered that a name's password was shown from a network.
const KNOWN_FOR_S: u32 = 30 * 24 * 3_600;
/// What that weighs when somebody has to make room.
const KNOWN_WEIGHT: u32 = 4;
/// Sets of the table, and counts in each.
const SETS: usize = 4_096;
const WAYS: usize = 8;

/// What is remembered of wrong guesses.
pub struct Throttle {
    /// Keyed, so that nobody can choose names that push others out.
    key: RandomState,
    sets: Vec<[Count; WAYS]>,
    paces: Paces,
}

#[derive(Clone, Copy, Default)]
struct Count {
    /// Digest of what is counted; with no guesses, the place is empty.
    of: u64,
    guesses: u32,
    kept_s: u32,
    last: Timestamp,
}

/// What one guess counts for.
struct Places {
    pair: u64,
    name: u64,
    network: Option<u64>,
    /// Where it stands that the name's password was shown from this network.
    known: u64,
}

/// Come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In how many seconds.
    pub seconds: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::at(PEOPLE)
    }
}

impl Throttle {
    /// For names of clients, and their secrets.
    pub fn of_clients() -> Self {
        Self::at(CLIENTS)
    }

    fn at(paces: Paces) -> Self {
        Self {
            key: RandomState::new(),
            sets: vec![[Count::default(); WAYS]; SETS],
            paces,
        }
    }

    /// How long a guess for `name` from `peer` would have to wait, if it had to.
    pub fn wait(&self, name: &[u8], peer: Option<IpAddr>, now: Timestamp) -> Option<Wait> {
        let places = self.places(name, peer);
        let own = self.count(places.pair, now);
        let of_pair = own.and_then(|own| self.paces.pair.left_s(own.guesses, own.last, now));
        let of_others = || {
            let of_name = own.zip(self.paces.name).and_then(|(own, pace)| {
                let name = self.count(places.name, now)?;
                pace.left_s(name.guesses, own.last, now)
            });
            of_name.max(self.network_left_s(&places, now))
        };
        // Who is known here waits for no guesses of others.
        let is_known = self.count(places.known, now).is_some();
        let seconds = if is_known { of_pair } else { of_pair.max(of_others()) };
        seconds.map(|seconds| Wait { seconds })
    }

    /// Lets a guess through, unless it has to wait. To be called when its password is about to be looked at, and answered by
    /// [`Throttle::failed`] or [`Throttle::succeeded`].
    pub fn admit(&mut self, name: &[u8], peer: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        if let Some(wait) = self.wait(name, peer, now) {
            return Err(wait);
        }
        let places = self.places(name, peer);
        if self.count(places.pair, now).is_some() {
            self.change(places.pair, now, |count| count.last = now);
        }
        // Who is known makes nobody else wait longer.
        let is_known = self.count(places.known, now).is_some();
        if let Some(network) = places.network.filter(|_| !is_known) {
            let free = self.paces.network.free;
            if self.count(network, now).is_some_and(|count| count.guesses >= free) {
                self.change(network, now, |count| count.last = now);
            }
        }
        Ok(())
    }

    /// The guess was wrong.
    pub fn failed(&mut self, name: &[u8], peer: Option<IpAddr>, now: Timestamp) {
        let places = self.places(name, peer);
        let name = self.paces.name.map(|_| places.name);
        for place in [Some(places.pair), name, places.network].into_iter().flatten() {
            self.add(place, now);
        }
    }

    /// The guess was right: the name has guessed nothing from here, and is known here. The first time, one guess of the others is
    /// forgiven, since many people mistype; not every time, or whoever has one password could guess at all the others for ever.
    pub fn succeeded(&mut self, name: &[u8], peer: Option<IpAddr>, now: Timestamp) {
        let places = self.places(name, peer);
        if self.count(places.pair, now).is_some() {
            self.change(places.pair, now, |count| count.guesses = 0);
        }
        let is_known = self.count(places.known, now).is_some();
        let others = [Some(places.name), places.network].into_iter().flatten();
        for place in others.filter(|_| !is_known) {
            if self.count(place, now).is_some() {
                self.change(place, now, |count| count.guesses = count.guesses.saturating_sub(1));
            }
        }
        if places.network.is_some() {
            self.change(places.known, now, |count| {
                count.guesses = KNOWN_WEIGHT;
                count.kept_s = KNOWN_FOR_S;
                count.last = now;
            });
        }
    }

    /// Counts something else that an address may not do too often, unless it has to wait.
    pub fn admit_network(&mut self, peer: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        let places = self.places(b"", peer);
        if let Some(seconds) = self.network_left_s(&places, now) {
            return Err(Wait { seconds });
        }
        self.add(places.network.unwrap_or_default(), now);
        Ok(())
    }

    fn add(&mut self, place: u64, now: Timestamp) {
        self.change(place, now, |count| {
            count.guesses = count.guesses.saturating_add(1);
            count.last = now;
        });
    }

    fn places(&self, name: &[u8], peer: Option<IpAddr>) -> Places {
        // The upper half of an IPv6 address is one customer.
        let network = peer.map(|peer| match peer.to_canonical() {
            IpAddr::V4(address) => u128::from(u32::from(address)),
            IpAddr::V6(address) => u128::from(address) >> 64 | 1 << 127,
        });
        Places {
            pair: self.key.hash_one((0_u8, name, network)),
            name: self.key.hash_one((1_u8, name)),
            network: network.map(|network| self.key.hash_one((2_u8, network))),
            known: self.key.hash_one((3_u8, name, network)),
        }
    }

    fn count(&self, place: u64, now: Timestamp) -> Option<&Count> {
        let mut set = self.sets.get(set_of(place))?.iter();
        set.find(|count| count.is_of(place, now))
    }

    /// How long the next guess has to wait for those from its network.
    fn network_left_s(&self, places: &Places, now: Timestamp) -> Option<u32> {
        let count = self.count(places.network.unwrap_or_default(), now)?;
        self.paces.network.left_s(count.guesses, count.last, now)
    }

    /// Changes the count of a place, or of the one that makes room for it.
    fn change(&mut self, of: u64, now: Timestamp, change: impl FnOnce(&mut Count)) {
        let Some(set) = self.sets.get_mut(set_of(of)) else {
            return;
        };
        let least = |count: &&mut Count| (!count.is_of(of, now), count.guesses_at(now), count.last);
        let Some(count) = set.iter_mut().min_by_key(least) else {
            return;
        };
        if !count.is_of(of, now) {
            *count = Count {
                of,
                guesses: 0,
                kept_s: FORGOTTEN_AFTER_S,
                last: now,
            };
        }
        change(count);
    }
}

impl Count {
    /// The guesses that still count.
    fn guesses_at(&self, now: Timestamp) -> u32 {
        let forgotten = apart_ms(now, self.last) > u64::from(self.kept_s) * 1_000;
        if forgotten { 0 } else { self.guesses }
    }

    fn is_of(&self, of: u64, now: Timestamp) -> bool {
        self.of == of && self.guesses_at(now) > 0
    }
}

/// A clock that was set back must not make anybody wait until it has caught up.
fn apart_ms(one: Timestamp, other: Timestamp) -> u64 {
    one.millis_since(other).max(other.millis_since(one))
}

fn set_of(place: u64) -> usize {
    usize::try_from(place % (SETS as u64)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.plus_millis(seconds * 1_000)
    }

    fn peer(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// A wrong guess, if it does not have to wait.
    fn guess(throttle: &mut Throttle, name: &[u8], peer: Option<IpAddr>, now: Timestamp) -> Result<(), Wait> {
        throttle.admit(name, peer, now)?;
        throttle.failed(name, peer, now);
        Ok(())
    }

    #[test]
    fn waiting_doubles_up_to_a_bound_and_ends() {
        let mut throttle = Throttle::default();
        let mut now = START;
        let mut waits = Vec::new();
        for _ in 0..14 {
            if let Err(wait) = guess(&mut throttle, b"alice", None, now) {
                waits.push(wait.seconds);
                now = now.plus_millis(u64::from(wait.seconds) * 1_000);
                assert_eq!(
                    guess(&mut throttle, b"alice", None, now),
                    Ok(()),
                    "waiting ends when it was said to"
                );
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(throttle.admit(b"bob", None, now), Ok(()), "others do not wait");
        assert_eq!(throttle.admit(b"alice", None, now.plus_millis(901_000)), Ok(()));
        assert_eq!(
            throttle.admit(b"alice", None, now.plus_millis(901_000)),
            Ok(()),
            "and all is forgotten"
        );
    }

    #[test]
    fn clients_wait_by_network_and_one_that_was_here_before_hardly_does() {
        let mut throttle = Throttle::of_clients();
        throttle.succeeded(b"app", peer(1), START);
        let tries = (0..100).filter(|_| guess(&mut throttle, b"other", peer(1), START).is_ok());
        assert_eq!(tries.count(), 30);
        assert_eq!(throttle.admit(b"newcomer", peer(1), START), Err(Wait { seconds: 1 }));
        assert_eq!(throttle.admit(b"app", peer(1), START), Ok(()), "it was here before");
        assert_eq!(
            throttle.admit(b"other", peer(2), START),
            Ok(()),
            "elsewhere nobody waits"
        );
        let tries = (0..5_000).filter(|_| guess(&mut throttle, b"app", peer(1), at(1)).is_ok());
        assert_eq!(tries.count(), 1_000, "guesses at it wait too");
        assert_eq!(throttle.admit(b"app", peer(1), at(1)), Err(Wait { seconds: 1 }));
        assert_eq!(throttle.admit(b"app", peer(1), at(2)), Ok(()), "a second at most");
    }

    #[test]
    fn right_passwords_at_once_do_not_wait_for_one_another() {
        let mut throttle = Throttle::default();
        for _ in 0..1_000 {
            assert_eq!(throttle.admit(b"alice", peer(1), START), Ok(()));
        }
        for _ in 0..1_000 {
            throttle.succeeded(b"alice", peer(1), START);
        }
        assert_eq!(throttle.admit(b"alice", peer(1), START), Ok(()));
    }

    #[test]
    fn guesses_that_had_to_wait_go_one_by_one() {
        let mut throttle = Throttle::default();
        while guess(&mut throttle, b"alice", None, START).is_ok() {}
        let admitted = (0..1_000)
            .filter(|_| throttle.admit(b"alice", None, at(1)).is_ok())
            .count();
        assert_eq!(admitted, 1, "before anybody knows whether it was right");
        throttle.succeeded(b"alice", None, at(1));
        assert_eq!(throttle.admit(b"alice", None, at(1)), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_names_waits() {
        let mut throttle = Throttle::default();
        let mut tries = |name: u32, peer| guess(&mut throttle, &name.to_be_bytes(), peer, START).is_ok();
        assert_eq!((0..100).filter(|name| tries(*name, peer(1))).count(), 30);
        assert!(tries(7, peer(2)));
        let network = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 0, last, 1, 1, last]));
        assert_eq!(
            (0..100_u16)
                .filter(|last| tries(u32::from(*last), network(*last)))
                .count(),
            30,
            "one customer has one count"
        );
    }

    #[test]
    fn the_world_keeps_nobody_out_and_does_not_guess_fast() {
        let mut throttle = Throttle::default();
        throttle.succeeded(b"alice", peer(1), START);
        let world = |at: u32| Some(IpAddr::from(at.to_be_bytes()));
        let mut guesses = |now| {
            let guessed = (0..1_000).map(|at| guess(&mut throttle, b"alice", world(at), now));
            guessed.filter(Result::is_ok).count()
        };
        assert_eq!(guesses(START), 1_000, "whoever has not been wrong may be right");
        assert_eq!(
            guesses(at(59)),
            0,
            "and then waits as the whole world has made them wait"
        );
        assert_eq!(guesses(at(60)), 1_000);

        assert_eq!(throttle.wait(b"alice", peer(1), at(60)), None, "she is known here");
        assert_eq!(
            throttle.admit(b"alice", peer(2), at(60)),
            Ok(()),
            "and let in elsewhere"
        );
        throttle.failed(b"alice", peer(2), at(60));
        for late in 61..120 {
            for other in 0..100 {
                let _ = guess(&mut throttle, b"alice", world(other), at(late));
            }
        }
        assert_eq!(throttle.wait(b"alice", peer(2), at(119)), Some(Wait { seconds: 1 }));
        assert_eq!(
            throttle.admit(b"alice", peer(2), at(120)),
            Ok(()),
            "whoever else guesses"
        );
    }

    #[test]
    fn neighbours_keep_out_nobody_who_is_known() {
        let mut throttle = Throttle::default();
        throttle.succeeded(b"alice", peer(1), START);
        for name in 0..100_u32 {
            let _ = guess(&mut throttle, &name.to_be_bytes(), peer(1), START);
        }
        assert_eq!(throttle.wait(b"carol", peer(1), START), Some(Wait { seconds: 1 }));
        let tries = (0..9).filter(|_| guess(&mut throttle, b"alice", peer(1), START).is_ok());
        assert_eq!(tries.count(), 5, "nor is she an exception");
    }

    #[test]
    fn whoever_has_a_password_cannot_guess_at_others_for_ever() {
        let mut throttle = Throttle::default();
        let mut looked_at = 0;
        for name in 0..100_u32 {
            assert_eq!(throttle.admit(b"mallory", peer(1), START), Ok(()));
            throttle.succeeded(b"mallory", peer(1), START);
            looked_at += u32::from(guess(&mut throttle, &name.to_be_bytes(), peer(1), START).is_ok());
        }
        assert_eq!(looked_at, 30);
    }

    #[test]
    fn who_is_known_makes_nobody_wait_longer() {
        let mut throttle = Throttle::default();
        throttle.succeeded(b"alice", peer(1), START);
        for name in 0..100_u32 {
            let _ = guess(&mut throttle, &name.to_be_bytes(), peer(1), START);
        }
        assert_eq!(throttle.wait(b"carol", peer(1), START), Some(Wait { seconds: 1 }));
        assert_eq!(throttle.admit(b"alice", peer(1), at(1)), Ok(()));
        throttle.succeeded(b"alice", peer(1), at(1));
        assert_eq!(throttle.wait(b"carol", peer(1), at(1)), None);
    }

    #[test]
    fn an_address_does_other_things_too_often() {
        let mut throttle = Throttle::default();
        assert_eq!(
            (0..100)
                .filter(|_| throttle.admit_network(peer(1), START).is_ok())
                .count(),
            30
        );
        assert_eq!(throttle.admit_network(peer(2), START), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_waiting() {
        let mut throttle = Throttle::default();
        while guess(&mut throttle, b"alice", None, at(1_000_000)).is_ok() {}
        assert_eq!(throttle.admit(b"alice", None, START), Ok(()));
    }

    #[test]
    fn a_flood_of_names_does_not_push_out_who_guesses_most() {
        let mut throttle = Throttle::default();
        while guess(&mut throttle, b"alice", None, START).is_ok() {}
        for name in 0..200_000_u32 {
            let _ = guess(&mut throttle, &name.to_be_bytes(), None, START);
        }
        assert_eq!(throttle.admit(b"alice", None, START), Err(Wait { seconds: 1 }));
    }

    proptest! {
        #[test]
        fn nobody_guesses_faster_than_stated(steps in prop::collection::vec(0_u64..20_000, 1..200)) {
            let mut throttle = Throttle::default();
            let mut now = START;
            let mut admitted = Vec::new();
            for step in steps {
                now = now.plus_millis(step);
                if guess(&mut throttle, b"alice", None, now).is_ok() {
                    admitted.push(now);
                }
            }
            // Of any hour of guesses without a pause of a quarter, few are admitted beyond one a minute.
            let span_s = admitted.last().map_or(0, |last| last.millis_since(START) / 1_000);
            prop_assert!(admitted.len() as u64 <= 5 + 6 + span_s / 32 + 1, "{} in {span_s} s", admitted.len());
        }
    }
}
