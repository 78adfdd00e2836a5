//! Users by position: the hot facts and both counters of a user in one cache line, what is left of them in the next.

use crate::index::arena::Arena;
use crate::index::run::{ColdLine, Extent, Run};
use crate::index::sequenced::{Glance, Sequenced};
use crate::operation::OperationSet;
use crate::quota::{InFlight, Rate};
use crate::record::{Limit, UserId};

/// One user. Facts and the near line change together; the counters are words of their own and outlive any change of the
/// facts.
#[repr(align(128))]
#[derive(Default)]
pub(crate) struct UserSlot {
    near: ColdLine,
    facts: Sequenced<4>,
    pub(crate) rate: Rate,
    pub(crate) in_flight: InFlight,
}

/// What stands in a user's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UserFacts {
    pub(crate) id: UserId,
    pub(crate) active: bool,
    /// Whether a change to this user is in doubt.
    pub(crate) in_doubt: bool,
    pub(crate) operations: OperationSet,
    /// Which password the user has; on the server, which external issuers are trusted.
    pub(crate) epoch: u32,
    /// Raised whenever the position goes to another user.
    pub(crate) generation: u16,
    pub(crate) per_hour: Limit,
    pub(crate) concurrent: Limit,
    /// Whether the run has routes behind its rules; for the server alone.
    pub(crate) has_routes: bool,
    /// Whether there are network rules, so that most users cost no look at them.
    pub(crate) has_networks: bool,
    /// Where name and network rules stand.
    pub(crate) extent: Extent,
}

const ACTIVE: u64 = 1;
const IN_DOUBT: u64 = 2;
const HAS_NETWORKS: u64 = 4;
const HAS_ROUTES: u64 = 8;
const UNLIMITED: u32 = u32::MAX;

impl UserSlot {
    /// The user at this position; none where nobody stands.
    pub(crate) fn read(&self) -> Option<UserFacts> {
        UserWords::present(self.facts.read()).map(UserWords::unpack)
    }

    /// What `f` makes of the user and of their run, consistently. A run that is not in the near line is in `far`.
    pub(crate) fn read_with<R>(&self, far: &Arena<ColdLine>, f: impl Fn(UserWords, Run<'_>) -> R) -> Option<R> {
        loop {
            let glance = self.glance();
            let result = self.met(&glance, far).map(|(user, run)| f(user, run));
            if self.confirms(&glance) {
                return result;
            }
        }
    }

    /// The facts at one moment, perhaps torn, as [`Sequenced::glance`].
    #[inline(always)]
    pub(crate) fn glance(&self) -> Glance<4> {
        self.facts.glance()
    }

    /// The user of a glance and their run, if somebody is there.
    #[inline(always)]
    pub(crate) fn met<'a>(&'a self, glance: &Glance<4>, far: &'a Arena<ColdLine>) -> Option<(UserWords, Run<'a>)> {
        let user = UserWords::present(glance.words)?;
        Some((user, Run::new(&self.near, far, user.extent())))
    }

    /// Whether what was made of a glance and of the run counts.
    #[inline(always)]
    pub(crate) fn confirms(&self, glance: &Glance<4>) -> bool {
        self.facts.confirms(glance)
    }

    /// A mark of the facts as they are now.
    pub(crate) fn mark(&self) -> u64 {
        self.facts.mark()
    }

    /// Whether the facts have not changed since the mark.
    pub(crate) fn is_still(&self, mark: u64) -> bool {
        self.facts.is_still(mark)
    }

    /// Puts a user here, or (with none) takes them away; their run stays as it is. Only the single writer may call this.
    pub(crate) fn write(&self, user: Option<UserFacts>) {
        self.facts.write(user.map_or([0; 4], pack));
    }

    /// Puts a user here with a run that [`Extents::place`](crate::index::Extents::place) has placed. Only the single
    /// writer may call this.
    pub(crate) fn write_with_run(&self, user: UserFacts, words: &[u64]) {
        self.facts.write_with(pack(user), || {
            if user.extent == Extent::NEAR {
                self.near.store(words);
            }
        });
    }
}

/// All users.
pub(crate) struct Users(Arena<UserSlot>);

impl Users {
    pub(crate) fn new() -> Self {
        Self(Arena::new())
    }

    pub(crate) fn slot(&self, position: u32) -> Option<&UserSlot> {
        self.0.item(position)
    }

    pub(crate) fn slot_or_grow(&self, position: u32) -> Option<&UserSlot> {
        self.0.item_or_grow(position)
    }
}

fn pack(user: UserFacts) -> [u64; 4] {
    let flag = |set: bool, bit: u64| if set { bit } else { 0 };
    let flags = flag(user.active, ACTIVE)
        | flag(user.in_doubt, IN_DOUBT)
        | flag(user.has_networks, HAS_NETWORKS)
        | flag(user.has_routes, HAS_ROUTES);
    let groups = u64::from(user.operations.bits()) << 8 | u64::from(user.generation) << 16;
    let limits = u64::from(limit_code(user.per_hour)) | u64::from(limit_code(user.concurrent)) << 32;
    let epoch = u64::from(user.epoch) << 32;
    [user.id.0, flags | groups | epoch, limits, user.extent.pack()]
}

/// A user's facts as the words of their line, which is how a check carries them: words move in registers. An array of them would
/// be put down one by one and picked up in pairs, and wait for that.
#[derive(Clone, Copy)]
pub(crate) struct UserWords {
    id: u64,
    state: u64,
    limits: u64,
    extent: u64,
}

impl UserWords {
    /// Nobody, who may do nothing and inherits all.
    pub(crate) const NOBODY: Self = Self {
        id: 0,
        state: 0,
        limits: 0,
        extent: 0,
    };

    /// The same words in another place.
    #[inline]
    pub(crate) fn again(&self) -> Self {
        let Self {
            id,
            state,
            limits,
            extent,
        } = self;
        Self {
            id: *id,
            state: *state,
            limits: *limits,
            extent: *extent,
        }
    }

    #[inline]
    fn present(words: [u64; 4]) -> Option<Self> {
        let [id, state, limits, extent] = words;
        (id != 0).then_some(Self {
            id,
            state,
            limits,
            extent,
        })
    }

    pub(crate) fn unpack(self) -> UserFacts {
        UserFacts {
            id: self.id(),
            active: self.is_active(),
            in_doubt: self.in_doubt(),
            operations: self.operations(),
            epoch: self.epoch(),
            generation: self.generation(),
            per_hour: self.per_hour(),
            concurrent: self.concurrent(),
            has_routes: self.has_routes(),
            has_networks: self.has_networks(),
            extent: self.extent(),
        }
    }

    pub(crate) fn id(self) -> UserId {
        UserId(self.id)
    }

    pub(crate) fn is_active(self) -> bool {
        self.state & ACTIVE != 0
    }

    pub(crate) fn in_doubt(self) -> bool {
        self.state & IN_DOUBT != 0
    }

    pub(crate) fn has_networks(self) -> bool {
        self.state & HAS_NETWORKS != 0
    }

    pub(crate) fn has_routes(self) -> bool {
        self.state & HAS_ROUTES != 0
    }

    pub(crate) fn operations(self) -> OperationSet {
        OperationSet::from_bits((self.state >> 8) as u8)
    }

    pub(crate) fn generation(self) -> u16 {
        (self.state >> 16) as u16
    }

    pub(crate) fn epoch(self) -> u32 {
        (self.state >> 32) as u32
    }

    pub(crate) fn per_hour(self) -> Limit {
        limit_of(self.limits as u32)
    }

    pub(crate) fn concurrent(self) -> Limit {
        limit_of((self.limits >> 32) as u32)
    }

    fn extent(self) -> Extent {
        Extent::unpack(self.extent)
    }
}

fn limit_code(limit: Limit) -> u32 {
    match limit {
        Limit::Inherit => 0,
        Limit::Unlimited => UNLIMITED,
        Limit::AtMost(most) => most.get().min(Limit::MOST),
    }
}

fn limit_of(code: u32) -> Limit {
    match core::num::NonZeroU32::new(code) {
        None => Limit::Inherit,
        Some(most) if most.get() == UNLIMITED => Limit::Unlimited,
        Some(most) => Limit::AtMost(most),
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use core::num::NonZeroU32;

    #[test]
    fn facts_come_back_as_they_were_written() {
        let slot = UserSlot::default();
        assert_eq!(slot.read(), None);
        for limit in [
            Limit::Inherit,
            Limit::Unlimited,
            Limit::AtMost(NonZeroU32::new(Limit::MOST).unwrap()),
        ] {
            let user = UserFacts {
                id: UserId(77),
                active: true,
                in_doubt: false,
                operations: OperationSet::from_bits(9),
                epoch: u32::MAX - 7,
                generation: 65_535,
                per_hour: limit,
                concurrent: Limit::AtMost(NonZeroU32::MIN),
                has_routes: true,
                has_networks: true,
                extent: Extent::default(),
            };
            slot.write(Some(user));
            assert_eq!(slot.read(), Some(user));
        }
        slot.write(None);
        assert_eq!(slot.read(), None);
    }

    #[test]
    fn a_user_is_two_neighbouring_cache_lines() {
        assert_eq!((size_of::<UserSlot>(), align_of::<UserSlot>()), (128, 128));
    }
}
