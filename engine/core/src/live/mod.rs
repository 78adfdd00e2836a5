//! The live view: everything a check needs, as readers see it.

mod routes;
mod cold;
mod server;
mod authorities;
mod remembered;
mod subject;
mod access;
mod writer;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::digest::{DigestKey, TokenDigest};
use crate::foreign::{Foreign, ForeignDigest, ForeignForm};
use crate::index::{Found, Run, TokenIndex, TokenWords, UserSlot, UserWords, Users};
use crate::jwt::{Jwt, LikeJwt};
use crate::record::{ServerRecord, TokenRecord, UserId, UserName, UserRecord};
use crate::settle::UnsettledSort;
use crate::sync::{AtomicU64, Ordering};
use crate::time::Timestamp;
use crate::token::{Shaped, WellFormed};

pub(crate) use authorities::Footing;
pub(crate) use cold::Standing;
pub(crate) use routes::Routed;
pub(crate) use server::ServerFacts;
pub use subject::{Subject, Wanted};
pub use writer::{LiveWriter, ViewError};

/// Until when a view may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// This view learns of every change before it is acknowledged.
    Always,
    /// Later than this no check passes: one that would is denied with [`DenyReason::StaleView`](crate::DenyReason::StaleView).
    Until(Timestamp),
    /// This view has missed a change, or may have: no check passes any more.
    Never,
}

/// The state that checks read: a handle that costs a reference count to clone.
///
/// # Consistency
///
/// A call of [`LiveWriter`] that has returned is seen by every check that begins afterwards, on any thread that learned
/// of the return. A check that runs meanwhile decides by the record before or after the change, never by a mixture of both; and what it
/// reads of the server is no older than what it reads of a user.
#[derive(Clone)]
pub struct LiveView(Arc<Shared>);

pub(crate) struct Shared {
    key: DigestKey,
    server: UserSlot,
    users: Users,
    tokens: TokenIndex,
    authorities: authorities::Authorities,
    /// Proofs of what checks leave open.
    remembered: TokenIndex,
    cold: cold::ColdLines,
    /// Positions that have ever held a user.
    positions: AtomicU64,
    /// The greatest number of an authority.
    authorities_last: AtomicU64,
    /// Zero for never, the greatest number for always, else one more than the last moment at which this view may be
    /// believed.
    fresh_until: AtomicU64,
    /// Not zero where some rule does not hold for all addresses alike.
    address_matters: AtomicU64,
    /// Users who have network rules of their own.
    with_networks: AtomicU64,
}

/// A token that was found, with its user. Only [`LiveView::look_up`] makes one.
#[derive(Clone, Copy)]
pub(crate) struct Holder<'v> {
    pub(crate) token: TokenWords,
    pub(crate) user: UserWords,
    /// How the user's own rules see the peer.
    pub(crate) standing: Standing,
    /// The foreign scheme by whose digest the token was found; none where it was found by its text.
    pub(crate) scheme: Option<ForeignForm>,
    /// What was proven elsewhere; none where a token was found.
    pub(crate) settled: Option<UnsettledSort>,
    pub(crate) slot: &'v UserSlot,
}

impl LiveView {
    /// An empty view under a digest key, and the one writer of it. Nobody passes: no address is trusted yet.
    #[allow(
        clippy::new_ret_no_self,
        reason = "a view without its writer could never hold anything"
    )]
    pub fn new(key: DigestKey) -> (Self, LiveWriter) {
        let shared = Shared {
            key,
            server: UserSlot::default(),
            users: Users::new(),
            tokens: TokenIndex::new(),
            authorities: authorities::Authorities::new(),
            remembered: TokenIndex::new(),
            cold: cold::ColdLines::new(),
            positions: AtomicU64::new(0),
            authorities_last: AtomicU64::new(0),
            fresh_until: AtomicU64::new(u64::MAX),
            address_matters: AtomicU64::new(1),
            with_networks: AtomicU64::new(0),
        };
        let view = Self(Arc::new(shared));
        let writer = LiveWriter::new(view.clone());
        (view, writer)
    }

    /// The digest of a token under this view's key.
    pub fn digest(&self, token: WellFormed<'_>) -> TokenDigest {
        self.0.key.digest(token)
    }

    /// The digest of what has the shape of a token, as [`DigestKey::shaped`].
    pub(crate) fn shaped(&self, token: Shaped<'_>) -> TokenDigest {
        self.0.key.shaped(token)
    }

    /// The digest of a signed token, as [`DigestKey::jwt`].
    pub fn jwt(&self, text: Jwt<'_>) -> TokenDigest {
        self.0.key.jwt(text)
    }

    /// The digest of what begins like a signed token, as [`DigestKey::like_jwt`].
    pub(crate) fn like_jwt(&self, text: LikeJwt<'_>) -> TokenDigest {
        self.0.key.like_jwt(text)
    }

    /// The digest of a user's name and password, as [`DigestKey::password`].
    pub fn password(&self, name: &[u8], password: &[u8]) -> TokenDigest {
        self.0.key.password(name, password)
    }

    /// The digest of a foreign token's text, as [`DigestKey::foreign`].
    pub fn foreign(&self, text: Foreign<'_>) -> TokenDigest {
        self.0.key.foreign(text)
    }

    /// The digest of a foreign digest, as [`DigestKey::foreign_digest`].
    pub fn foreign_digest(&self, digest: &ForeignDigest) -> TokenDigest {
        self.0.key.foreign_digest(digest)
    }

    /// Until when this view may be believed.
    pub fn freshness(&self) -> Freshness {
        // Ordering: Acquire pairs with the Release store in the writer: a view that was declared stale shows why.
        match self.0.fresh_until.load(Ordering::Acquire) {
            0 => Freshness::Never,
            u64::MAX => Freshness::Always,
            after => Freshness::Until(Timestamp::from_millis(after - 1)),
        }
    }

    /// Whether `@authtoken` in query and form counts as a credential, so that forms have to be read.
    pub fn reads_forms(&self) -> bool {
        self.0
            .server
            .read_with(&self.0.cold, |words, _| server::authtoken_in_url(words))
            == Some(true)
    }

    /// Whether the address of a request can matter: everybody is trusted and nobody banned, or it does. A host for which
    /// learning the address is dear need not ask for it where it does not.
    pub fn address_matters(&self) -> bool {
        // Ordering: Acquire pairs with the writer's Release store: rules that are shown are counted.
        self.0.address_matters.load(Ordering::Acquire) != 0
    }

    /// The record of a token. Costs one look-up.
    pub fn token(&self, digest: &TokenDigest) -> Option<TokenRecord> {
        let token = self.0.tokens.find(digest)?.unpack()?;
        Some(record_of(*digest, token, self.user_of(&token)?))
    }

    /// Calls `f` for every token whose user is there. Costs the whole index; a record that moves meanwhile may be met
    /// twice or not at all, so it is exact only while nobody writes.
    pub fn for_each_token(&self, mut f: impl FnMut(TokenRecord)) {
        self.0.tokens.for_each(|digest, token| {
            if let Some(user) = self.user_of(&token) {
                f(record_of(digest, token, user));
            }
        });
    }

    /// Calls `f` for every user; network rules come merged, as
    /// [`Networks::normalised`](crate::Networks::normalised) makes them. Costs the whole table.
    pub fn for_each_user(&self, mut f: impl FnMut(UserRecord)) {
        self.for_each_slot(|slot| {
            let record = slot.read_with(&self.0.cold, |user, run| {
                let user = user.unpack();
                let name: Option<UserName> = cold::with_name(run, |name| name.parse().ok());
                Some(UserRecord {
                    id: user.id,
                    name: name?,
                    active: user.active,
                    password_epoch: user.epoch,
                    operations: user.operations,
                    per_hour: user.per_hour,
                    concurrent: user.concurrent,
                    networks: cold::networks(run),
                })
            });
            if let Some(record) = record.flatten() {
                f(record);
            }
        });
    }

    /// What the server says for everybody, network rules merged.
    pub fn server(&self) -> ServerRecord {
        let read = self.0.server.read_with(&self.0.cold, |words, run| ServerRecord {
            per_hour: words.per_hour(),
            concurrent: words.concurrent(),
            authtoken_in_url: server::authtoken_in_url(words),
            allow_preflight: server::allow_preflight(words),
            foreign_tokens: server::foreign_tokens(words),
            networks: cold::networks(run),
            routes: if words.has_routes() {
                routes::routes(run, cold::routes_at(run))
            } else {
                Vec::new()
            },
            external_issuers: words.epoch(),
        });
        read.unwrap_or_default()
    }

    /// Calls `f` with every user's hourly counter that is not zero, for a checkpoint. Costs the whole table.
    pub fn for_each_window(&self, mut f: impl FnMut(UserId, u64)) {
        self.for_each_slot(|slot| {
            if let (Some(user), word @ 1..) = (slot.read(), slot.rate.word()) {
                f(user.id, word);
            }
        });
    }

    /// Forgets the hourly windows that are over at `now`. Changes no decision; to be called at least once a year.
    pub fn clear_windows(&self, now: Timestamp) {
        self.for_each_slot(|slot| slot.rate.clear(now));
    }

    /// The name of the user behind a decision, written to `room`. None where the user has gone since.
    pub fn user_name<'b>(&self, subject: &Subject, room: &'b mut [u8; UserName::LEN_MAX]) -> Option<&'b str> {
        let slot = self.0.users.slot(subject.position)?;
        let named = slot.read_with(&self.0.cold, |user, run| {
            (user.id() == subject.user).then(|| (cold::name_bytes(run), cold::name_len(run)))
        });
        let (bytes, len) = named??;
        room.copy_from_slice(&bytes);
        core::str::from_utf8(room.get(..len)?).ok()
    }

    /// The token of a digest and its user, if that user is called `name` wherever a name was given.
    ///
    /// Facts, rules and name are read as one, because the user may be amended, or the slot go to somebody else, meanwhile.
    // Always inlined: a check of a token of ours hands the holder on in registers.
    #[inline(always)]
    pub(crate) fn look_up(
        &self,
        digest: &TokenDigest,
        name: Option<&[u8]>,
        peer: Option<IpAddr>,
    ) -> Option<Holder<'_>> {
        self.holder(self.0.tokens.find(digest)?, name, peer)
    }

    // Always inlined, as `look_up`.
    #[inline(always)]
    fn holder(&self, token: TokenWords, name: Option<&[u8]>, peer: Option<IpAddr>) -> Option<Holder<'_>> {
        let slot = self.0.users.slot(token.user())?;
        // No closures, or what they make would be handed on in memory.
        let (user, standing) = loop {
            let glance = slot.glance();
            let met = match slot.met(&glance, &self.0.cold) {
                Some((user, run)) if user.generation() == token.generation() && is_named(run, name) => {
                    let standing = if user.has_networks() {
                        cold::standing(run, peer)
                    } else {
                        Standing::Neither
                    };
                    Some((user, standing))
                }
                Some(_) | None => None,
            };
            if slot.confirms(&glance) {
                break met?;
            }
        };
        Some(Holder {
            token,
            user,
            standing,
            scheme: None,
            settled: None,
            slot,
        })
    }

    pub(crate) fn user_slot(&self, position: u32) -> Option<&UserSlot> {
        self.0.users.slot(position)
    }

    fn user_of(&self, token: &Found) -> Option<UserId> {
        let user = self.0.users.slot(token.user)?.read()?;
        (user.generation == token.generation).then_some(user.id)
    }

    fn for_each_slot(&self, mut f: impl FnMut(&UserSlot)) {
        // Ordering: Acquire pairs with the writer's Release store: a counted position has its chunk.
        let positions = self.0.positions.load(Ordering::Acquire);
        for position in 0..u32::try_from(positions).unwrap_or(u32::MAX) {
            if let Some(slot) = self.0.users.slot(position) {
                f(slot);
            }
        }
    }
}

/// Whether a user is called `name` where a name was given.
#[inline]
fn is_named(run: Run<'_>, name: Option<&[u8]>) -> bool {
    match name {
        None => true,
        Some(name) => cold::is_named(run, name),
    }
}

fn record_of(digest: TokenDigest, token: Found, user: UserId) -> TokenRecord {
    let Found {
        id,
        kind,
        status,
        in_doubt: _,
        validity,
        user: _,
        generation: _,
        authority,
    } = token;
    TokenRecord {
        id,
        kind,
        digest,
        user,
        status,
        validity,
        authority,
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod race_tests;
