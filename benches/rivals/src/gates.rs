//! The gates that all rivals ask, in Tollgate's order.

use std::hint::black_box;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::FakeRelativeClock;
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tollgate_benches::{KEY, server_record};
use tollgate_core::{
    AddressRange, DigestKey, Limit, Networks, Operation, OperationSet, RequestParts, Scratch, Timestamp, TokenRecord,
    TokenStatus, UserRecord, Validity, WellFormed, extract,
};

use crate::hashing::BuildSpread;

/// One user's hourly limit.
pub type Direct = RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, StateInformationMiddleware>;
/// All users' hourly limits.
type Keyed = RateLimiter<u64, DashMapStateStore<u64, BuildSpread>, FakeRelativeClock, StateInformationMiddleware>;

/// What a rival keeps of a token.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Whose it is.
    pub user: u64,
    /// Whether it was taken back.
    pub status: TokenStatus,
    /// When it may be used.
    pub validity: Validity,
}

impl From<&TokenRecord> for Token {
    fn from(record: &TokenRecord) -> Self {
        Self {
            user: record.user.0,
            status: record.status,
            validity: record.validity,
        }
    }
}

/// What a rival keeps of a user and may change.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Whether this user's tokens pass.
    pub active: bool,
    /// Methods.
    pub operations: OperationSet,
    /// Requests at a time.
    pub concurrent: u32,
    /// This user's own rules.
    pub networks: Networks,
}

/// A user with the count of requests under way.
#[derive(Debug)]
pub struct User {
    /// What may change.
    pub facts: Facts,
    /// Requests under way.
    pub under_way: AtomicU32,
}

impl From<&UserRecord> for Facts {
    fn from(record: &UserRecord) -> Self {
        Self {
            active: record.active,
            operations: record.operations,
            concurrent: at_most(record.concurrent).map_or(u32::MAX, NonZeroU32::get),
            networks: record.networks.clone(),
        }
    }
}

impl From<&UserRecord> for User {
    fn from(record: &UserRecord) -> Self {
        Self {
            facts: record.into(),
            under_way: AtomicU32::new(0),
        }
    }
}

/// A limit's number.
pub fn at_most(limit: Limit) -> Option<NonZeroU32> {
    match limit {
        Limit::AtMost(most) => Some(most),
        Limit::Inherit | Limit::Unlimited => None,
    }
}

/// What is asked of every request, wherever records are kept.
pub struct Gates {
    key: DigestKey,
    networks: Networks,
    rate: Keyed,
}

impl Default for Gates {
    fn default() -> Self {
        let (clock, store) = (
            FakeRelativeClock::default(),
            DashMapStateStore::with_hasher(BuildSpread::default()),
        );
        Self {
            key: DigestKey::new(KEY),
            networks: server_record().networks,
            rate: RateLimiter::new(quota(), store, clock),
        }
    }
}

/// Every user's hourly limit in these suites.
pub fn quota() -> Quota {
    Quota::per_hour(NonZeroU32::new(Limit::MOST).unwrap())
}

/// A limiter of one user's own.
pub fn direct() -> Direct {
    RateLimiter::direct_with_clock(quota(), FakeRelativeClock::default()).with_middleware()
}

impl Gates {
    /// The digest of the request's token, if the caller's address is not banned and a token can be read.
    #[inline]
    pub fn digest(&self, request: &RequestParts<'_>) -> Option<[u8; 32]> {
        if within(&self.networks.banned, request.peer?) {
            return None;
        }
        let mut scratch = Scratch::default();
        let presented = extract(request, true, &mut scratch).ok()?;
        let token = WellFormed::parse(presented.token).ok()?;
        let fits = presented.place.accepts(token.kind());
        fits.then(|| *self.key.digest(token).as_bytes())
    }

    /// Whether what is known of token and user lets the request through, limits aside.
    #[inline]
    pub fn admit(&self, token: &Token, user: &Facts, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let own = |peer| {
            if within(&user.networks.banned, peer) {
                false
            } else {
                within(&user.networks.trusted, peer) || within(&self.networks.trusted, peer)
            }
        };
        token.status == TokenStatus::Active
            && user.active
            && !token.validity.is_early(now)
            && !token.validity.is_over(now)
            && request.peer.is_some_and(own)
            && Operation::of_method(request.method).is_some_and(|operation| user.operations.contains(operation))
            && request.scopes.is_empty()
    }

    /// Charges the hourly limit of a user by id.
    #[inline]
    pub fn charge(&self, user: u64) -> bool {
        self.rate.check_key(&user).is_ok_and(|state| reported(&state))
    }
}

/// Works out what the `RateLimit` header would say, as Tollgate does at every check.
#[inline]
pub fn reported(state: &StateSnapshot) -> bool {
    black_box(state.remaining_burst_capacity());
    true
}

/// Takes a place and gives it back, as a request that is over at once.
#[inline]
pub fn pass_through(under_way: &AtomicU32, most: u32) -> bool {
    let take = |count: u32| (count < most).then_some(count + 1);
    // Ordering: Relaxed; the word stands alone, as Tollgate's does.
    let taken = under_way
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .is_ok();
    if taken {
        // Ordering: Relaxed; as above.
        under_way.fetch_sub(1, Ordering::Relaxed);
    }
    taken
}

#[inline]
fn within(ranges: &[AddressRange], peer: IpAddr) -> bool {
    ranges.iter().any(|range| range.contains(peer))
}

/// Everything a linked rival keeps of a user: shared by all of that user's tokens.
pub struct LinkedUser {
    /// What may change, for all tokens at once.
    pub facts: arc_swap::ArcSwap<Facts>,
    /// The hourly limit.
    pub rate: Direct,
    /// Requests under way.
    pub under_way: AtomicU32,
}

impl From<&UserRecord> for LinkedUser {
    fn from(record: &UserRecord) -> Self {
        Self {
            facts: arc_swap::ArcSwap::new(Arc::new(record.into())),
            rate: direct(),
            under_way: AtomicU32::new(0),
        }
    }
}
