//! In whose name tokens act: filled once, and read by reference ever after.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use crate::client::{Audience, ClientName};
use crate::index::Arena;
use crate::record::{AuthorityId, AuthorityRecord};
use crate::scope::ScopeSet;
use crate::sync::{AtomicU64, OnceBox, Ordering};

/// What of an authority never changes.
#[derive(PartialEq, Eq)]
pub(crate) struct Grounds {
    pub(crate) client: ClientName,
    pub(crate) scopes: ScopeSet,
    /// The same, blank-separated.
    pub(crate) scope_text: Box<str>,
    pub(crate) audiences: Vec<Audience>,
}

/// Where an authority is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    Inactive,
    Active,
    /// Whether a change to it was made is not known.
    InDoubt,
}

/// One authority: its number is its place.
#[derive(Default)]
pub(crate) struct AuthoritySlot {
    grounds: OnceBox<Grounds>,
    footing: AtomicU64,
}

const ACTIVE: u64 = 1;
const IN_DOUBT: u64 = 2;

impl AuthoritySlot {
    /// What never changes of it; none where there is no authority of this number.
    pub(crate) fn grounds(&self) -> Option<&Grounds> {
        self.grounds.get()
    }

    pub(crate) fn footing(&self) -> Footing {
        // Ordering: Acquire pairs with the Release store in `set`: whoever learned that the change returned sees it.
        match self.footing.load(Ordering::Acquire) {
            word if word & IN_DOUBT != 0 => Footing::InDoubt,
            ACTIVE => Footing::Active,
            _ => Footing::Inactive,
        }
    }

    fn set(&self, footing: Footing) {
        let word = match footing {
            Footing::Inactive => 0,
            Footing::Active => ACTIVE,
            Footing::InDoubt => IN_DOUBT,
        };
        // Ordering: Release pairs with the Acquire load in `footing`.
        self.footing.store(word, Ordering::Release);
    }
}

/// All authorities by number.
pub(crate) struct Authorities(Arena<AuthoritySlot>);

impl Authorities {
    pub(crate) fn new() -> Self {
        Self(Arena::new())
    }

    /// The authority of a number. Costs three dependent loads.
    pub(crate) fn get(&self, id: AuthorityId) -> Option<&AuthoritySlot> {
        self.0.item(id.0).filter(|slot| slot.grounds().is_some())
    }

    /// Puts an authority in its place, or changes whether it is active. Doubt about it stays. Answers false where its number
    /// cannot be one, or another authority has it. Only the single writer may call this.
    pub(crate) fn put(&self, record: &AuthorityRecord) -> bool {
        let AuthorityRecord {
            id,
            client,
            scopes,
            audiences,
            active,
        } = record;
        if !(1..=AuthorityId::MOST).contains(&id.0) {
            return false;
        }
        let Some(slot) = self.0.item_or_grow(id.0) else {
            return false;
        };
        let grounds = Grounds {
            client: client.clone(),
            scopes: scopes.clone(),
            scope_text: format!("{scopes}").into(),
            audiences: audiences.clone(),
        };
        let footing = if *active { Footing::Active } else { Footing::Inactive };
        match slot.grounds() {
            Some(there) if *there != grounds => return false,
            Some(_) if slot.footing() == Footing::InDoubt => return true,
            Some(_) => {}
            None => drop(slot.grounds.set(grounds.into())),
        }
        slot.set(footing);
        true
    }

    /// Declares that it is not known whether a change to this authority was made.
    pub(crate) fn doubt(&self, id: AuthorityId) {
        if let Some(slot) = self.get(id) {
            slot.set(Footing::InDoubt);
        }
    }

    /// Calls `f` with every authority up to number `last`.
    pub(crate) fn for_each(&self, last: u32, mut f: impl FnMut(AuthorityRecord)) {
        for id in (1..=last).map(AuthorityId) {
            if let Some((slot, grounds)) = self.get(id).and_then(|slot| Some((slot, slot.grounds()?))) {
                f(AuthorityRecord {
                    id,
                    client: grounds.client.clone(),
                    scopes: grounds.scopes.clone(),
                    audiences: grounds.audiences.clone(),
                    active: slot.footing() == Footing::Active,
                });
            }
        }
    }
}
