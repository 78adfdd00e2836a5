//! How often an address may fail to say who it is.
//!
//! Only failures are counted, and only failures are refused: whoever presents a valid token is served, however many strangers
//! share their address. What is bounded is the noise that strangers make, in the log above all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;
use tollgate::Timestamp;

/// Failures of one address that are answered and logged one by one.
pub(crate) const FAILURES_MOST: u32 = 20;

/// For so long they count.
const WINDOW_MS: u64 = 60_000;

/// Addresses that are told apart. Those beyond share one count.
const ADDRESSES_MOST: usize = 4_096;

/// Failures of the latest minute.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    of: HashMap<IpAddr, Count>,
    others: Count,
}

#[derive(Clone, Copy, Default)]
struct Count {
    since_ms: u64,
    failures: u32,
}

impl Throttle {
    /// Counts a failure of `address` at `now`.
    ///
    /// # Errors
    ///
    /// Seconds after which the next failure will be answered as one, where there were too many.
    pub(crate) fn note(&self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let now = now.as_millis();
        let address = network(address);
        let mut counts = self.0.lock();
        if counts.of.len() >= ADDRESSES_MOST && !counts.of.contains_key(&address) {
            counts.of.retain(|_, count| !count.is_over(now));
        }
        let count = if counts.of.len() < ADDRESSES_MOST || counts.of.contains_key(&address) {
            counts.of.entry(address).or_default()
        } else {
            &mut counts.others
        };
        if count.is_over(now) {
            *count = Count {
                since_ms: now,
                failures: 0,
            };
        }
        count.failures = count.failures.saturating_add(1);
        if count.failures <= FAILURES_MOST {
            return Ok(());
        }
        let left_ms = (count.since_ms + WINDOW_MS).saturating_sub(now);
        Err(left_ms.div_ceil(1_000).max(1))
    }
}

impl Count {
    /// Whether its minute is over. A clock that stepped back ends it too.
    fn is_over(self, now: u64) -> bool {
        !(self.since_ms..self.since_ms.saturating_add(WINDOW_MS)).contains(&now)
    }
}

/// An IPv6 network counts as one address: its owner has all of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn failures_beyond_the_bound_wait_for_the_minute_to_end() {
        let throttle = Throttle::default();
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let other: IpAddr = "203.0.113.7".parse().unwrap();
        for _ in 0..FAILURES_MOST {
            assert_eq!(throttle.note(one, BEGIN), Ok(()));
        }
        assert_eq!(throttle.note(neighbour, BEGIN.plus_millis(500)), Err(60));
        assert_eq!(throttle.note(other, BEGIN), Ok(()));
        assert_eq!(throttle.note(one, BEGIN.plus_millis(60_000)), Ok(()));
    }

    #[test]
    fn addresses_beyond_the_bound_share_a_count_until_others_are_over() {
        let throttle = Throttle::default();
        let address = |count: u32| IpAddr::from(count.to_be_bytes());
        for count in 0..ADDRESSES_MOST as u32 {
            assert_eq!(throttle.note(address(count), BEGIN), Ok(()));
        }
        for count in 0..FAILURES_MOST {
            assert_eq!(throttle.note(address(0xff00_0000 | count), BEGIN), Ok(()));
        }
        assert!(throttle.note(address(0xfe00_0000), BEGIN).is_err());
        assert_eq!(throttle.note(address(0), BEGIN), Ok(()), "known ones have their own");
        let later = BEGIN.plus_millis(WINDOW_MS);
        assert_eq!(throttle.note(address(0xfe00_0000), later), Ok(()));
        assert_eq!(throttle.0.lock().of.len(), 1);
    }
}
