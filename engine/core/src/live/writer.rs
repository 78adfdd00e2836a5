//! The one writer of a live view.

mod access;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::digest::TokenDigest;
use crate::index::{Extents, Found, TokenInserter, TokenWords, UserFacts};
use crate::live::remembered::Rememberer;
use crate::live::server::{ALLOW_PREFLIGHT, AUTHTOKEN_IN_URL};
use crate::live::{Freshness, LiveView, cold};
use crate::operation::OperationSet;
use crate::record::{AuthorityId, Networks, ServerRecord, TokenId, TokenRecord, UserId, UserRecord};
use crate::route::Route;
use crate::sync::Ordering;

/// Changes what checks see. There is one for each view, it cannot be cloned, and every change takes it by `&mut`.
///
/// Counters are never written here but by [`LiveWriter::restore_window`]: amending a user refunds nothing.
pub struct LiveWriter {
    view: LiveView,
    positions: BTreeMap<UserId, u32>,
    /// Positions whose user has gone, with the generation of the next one.
    vacant: Vec<(u32, u16)>,
    next_position: u32,
    authorities_last: u32,
    extents: Extents,
    tokens: TokenInserter,
    remembered: Rememberer,
    /// Users who have network rules of their own.
    with_networks: u64,
    /// Whether the server trusts every address and bans none.
    trusts_all: bool,
}

/// Why a record cannot be shown to checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// There is no room that can be addressed: 2^32 cache lines of one sort.
    Full,
    /// More than 65,535 separate ranges of one sort.
    TooManyNetworks,
    /// More than [`Route::MOST`] routes.
    TooManyRoutes,
    /// The token's user is not in this view.
    UnknownUser(UserId),
    /// The token's authority is not in this view.
    UnknownAuthority(AuthorityId),
    /// The authority's number cannot be one, or another authority has it.
    OtherAuthority(AuthorityId),
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the live index has no room that can be addressed"),
            Self::TooManyNetworks => f.write_str("expected at most 65535 separate ranges of addresses in one set"),
            Self::TooManyRoutes => write!(f, "expected at most {} routes", Route::MOST),
            Self::UnknownUser(id) => write!(
                f,
                "expected the user of a token to be there first; user {} is not",
                id.0
            ),
            Self::UnknownAuthority(id) => write!(
                f,
                "expected the authority of a token to be there first; authority {} is not",
                id.0
            ),
            Self::OtherAuthority(id) => write!(
                f,
                "expected authority {} to stay as it was made; take a new snapshot",
                id.0
            ),
        }
    }
}

impl core::error::Error for ViewError {}

/// The server's words are laid out as a user's.
const SERVER: UserId = UserId(u64::MAX);

impl LiveWriter {
    pub(super) fn new(view: LiveView) -> Self {
        Self {
            view,
            positions: BTreeMap::new(),
            vacant: Vec::new(),
            next_position: 0,
            authorities_last: 0,
            extents: Extents::default(),
            tokens: TokenInserter::default(),
            remembered: Rememberer::default(),
            with_networks: 0,
            trusts_all: false,
        }
    }

    /// A handle to the view that this writer changes.
    pub fn view(&self) -> &LiveView {
        &self.view
    }

    /// Replaces what the server says for everybody.
    ///
    /// # Errors
    ///
    /// [`ViewError::TooManyNetworks`], [`ViewError::TooManyRoutes`], [`ViewError::Full`]; the view is unchanged then.
    pub fn set_server(&mut self, server: &ServerRecord) -> Result<(), ViewError> {
        let switch = |on: bool, bit: u8| if on { bit } else { 0 };
        let switches =
            switch(server.authtoken_in_url, AUTHTOKEN_IN_URL) | switch(server.allow_preflight, ALLOW_PREFLIGHT);
        if server.routes.len() > Route::MOST {
            return Err(ViewError::TooManyRoutes);
        }
        let words = cold::encode_server(server).ok_or(ViewError::TooManyNetworks)?;
        let shared = &self.view.0;
        let before = shared.server.read();
        let extent = self.extents.place(&shared.cold, &words).ok_or(ViewError::Full)?;
        let facts = UserFacts {
            id: SERVER,
            active: true,
            in_doubt: false,
            epoch: server.external_issuers,
            operations: OperationSet::from_bits(switches),
            generation: u16::from(server.foreign_tokens.bits()),
            per_hour: server.per_hour,
            concurrent: server.concurrent,
            has_routes: !server.routes.is_empty(),
            has_networks: server.networks != Networks::default(),
            extent,
        };
        // Ordering: Release pairs with the Acquire load in `address_matters`: whoever knows the address decides rightly by old
        // rules and new ones.
        shared.address_matters.store(1, Ordering::Release);
        shared.server.write_with_run(facts, &words);
        if let Some(before) = before {
            self.extents.release(before.extent);
        }
        self.trusts_all = server.networks.trusts_all();
        self.tell_whether_addresses_matter();
        Ok(())
    }

    /// Inserts or replaces a user by id. Counters beside the record stay as they are.
    ///
    /// # Errors
    ///
    /// [`ViewError::TooManyNetworks`], [`ViewError::Full`]; the view is unchanged then.
    pub fn put_user(&mut self, user: &UserRecord) -> Result<(), ViewError> {
        let words = cold::encode(user.name.as_str(), &user.networks).ok_or(ViewError::TooManyNetworks)?;
        let (position, generation) = match self.positions.get(&user.id) {
            Some(position) => (*position, self.generation_at(*position)),
            None => self.vacant.pop().unwrap_or((self.next_position, 0)),
        };
        let shared = &self.view.0;
        let slot = shared.users.slot_or_grow(position).ok_or(ViewError::Full)?;
        let before = slot.read();
        let extent = self.extents.place(&shared.cold, &words).ok_or(ViewError::Full)?;
        if before.is_none() {
            slot.in_flight.reset(u32::from(generation));
            slot.rate.restore(0);
        }
        let facts = UserFacts {
            id: user.id,
            active: user.active,
            in_doubt: before.is_some_and(|before| before.in_doubt),
            operations: user.operations,
            epoch: user.password_epoch,
            generation,
            per_hour: user.per_hour,
            concurrent: user.concurrent,
            has_routes: false,
            has_networks: user.networks != Networks::default(),
            extent,
        };
        let had_networks = before.is_some_and(|before| before.has_networks);
        if facts.has_networks && !had_networks {
            self.with_networks += 1;
            self.tell_whether_addresses_matter();
        }
        let slot = self.view.0.users.slot(position).ok_or(ViewError::Full)?;
        slot.write_with_run(facts, &words);
        if had_networks && !facts.has_networks {
            self.with_networks -= 1;
            self.tell_whether_addresses_matter();
        }
        match before {
            Some(before) => self.extents.release(before.extent),
            None => self.took(user.id, position),
        }
        Ok(())
    }

    /// Takes a user away. Tokens that still name this user are unknown from now on.
    pub fn remove_user(&mut self, id: UserId) {
        let Some(position) = self.positions.remove(&id) else {
            return;
        };
        let Some(slot) = self.view.0.users.slot(position) else {
            return;
        };
        let Some(before) = slot.read() else { return };
        slot.write(None);
        self.extents.release(before.extent);
        if before.has_networks {
            self.with_networks -= 1;
            self.tell_whether_addresses_matter();
        }
        // A position whose generations are used up rests until the process ends.
        if let Some(next) = before.generation.checked_add(1) {
            self.vacant.push((position, next));
        }
    }

    /// Inserts or replaces a token by digest.
    ///
    /// # Errors
    ///
    /// [`ViewError::UnknownUser`], [`ViewError::UnknownAuthority`], [`ViewError::Full`] (an id above [`TokenId::MOST`] too);
    /// the view is unchanged then.
    pub fn put_token(&mut self, token: &TokenRecord) -> Result<(), ViewError> {
        let user = *self
            .positions
            .get(&token.user)
            .ok_or(ViewError::UnknownUser(token.user))?;
        let generation = self.generation_at(user);
        let TokenRecord {
            id,
            kind,
            digest,
            user: _,
            status,
            validity,
            authority,
        } = *token;
        if let Some(unknown) = authority.filter(|id| self.view.0.authorities.get(*id).is_none()) {
            return Err(ViewError::UnknownAuthority(unknown));
        }
        if id.0 > TokenId::MOST {
            return Err(ViewError::Full);
        }
        let in_doubt = self.view.0.tokens.find(&digest).is_some_and(TokenWords::in_doubt);
        let record = Found {
            id,
            kind,
            status,
            in_doubt,
            validity,
            user,
            generation,
            authority,
        };
        if self.tokens.put(&self.view.0.tokens, &digest, record) {
            Ok(())
        } else {
            Err(ViewError::Full)
        }
    }

    /// Takes a token out; it is unknown from now on.
    pub fn remove_token(&mut self, digest: &TokenDigest) {
        self.tokens.remove(&self.view.0.tokens, digest);
    }

    /// Declares that it is not known whether a change to this user was made. Their tokens are denied with `StaleView`
    /// for as long as this view lives.
    pub fn doubt_user(&mut self, id: UserId) {
        let slot = self
            .positions
            .get(&id)
            .and_then(|position| self.view.0.users.slot(*position));
        if let Some((slot, user)) = slot.and_then(|slot| Some((slot, slot.read()?))) {
            slot.write(Some(UserFacts { in_doubt: true, ..user }));
        }
    }

    /// Declares that it is not known whether a change to this token was made, as [`LiveWriter::doubt_user`] does.
    pub fn doubt_token(&mut self, digest: &TokenDigest) {
        if let Some(found) = self.view.0.tokens.find(digest).and_then(TokenWords::unpack) {
            // The record is there, so replacing it needs no room.
            let _ = self.tokens.put(
                &self.view.0.tokens,
                digest,
                Found {
                    in_doubt: true,
                    ..found
                },
            );
        }
    }

    /// Puts a checkpointed hourly counter back; does nothing for an unknown user.
    pub fn restore_window(&mut self, id: UserId, word: u64) {
        if let Some(slot) = self
            .positions
            .get(&id)
            .and_then(|position| self.view.0.users.slot(*position))
        {
            slot.rate.restore(word);
        }
    }

    /// Where a user stands in the view.
    pub(crate) fn position_of(&self, id: UserId) -> Option<u32> {
        self.positions.get(&id).copied()
    }

    /// Says until when this view may be believed.
    pub fn set_freshness(&self, freshness: Freshness) {
        let millis = match freshness {
            Freshness::Always => u64::MAX,
            Freshness::Until(moment) => moment.as_millis().min(u64::MAX - 2) + 1,
            Freshness::Never => 0,
        };
        // Ordering: Release pairs with the Acquire load in `freshness`.
        self.view.0.fresh_until.store(millis, Ordering::Release);
    }

    /// How many users and tokens the view holds.
    pub fn counts(&self) -> (u64, u64) {
        (self.positions.len() as u64, self.tokens.len())
    }

    fn tell_whether_addresses_matter(&self) {
        // Ordering: Release pairs with the Acquire load in `trust_is_personal`.
        self.view.0.with_networks.store(self.with_networks, Ordering::Release);
        let matters = !self.trusts_all || self.with_networks > 0;
        // Ordering: Release pairs with the Acquire load in `address_matters`.
        self.view.0.address_matters.store(u64::from(matters), Ordering::Release);
    }

    fn generation_at(&self, position: u32) -> u16 {
        let user = self.view.0.users.slot(position).and_then(|slot| slot.read());
        user.map_or(0, |user| user.generation)
    }

    fn took(&mut self, id: UserId, position: u32) {
        self.positions.insert(id, position);
        if position == self.next_position {
            self.next_position += 1;
            let positions = &self.view.0.positions;
            // Ordering: Release pairs with the Acquire load of whoever walks over all positions.
            positions.store(u64::from(self.next_position), Ordering::Release);
        }
    }
}
