//! The proof that a check let a request pass, and the place it holds among the requests under way.

use core::fmt;
use core::num::NonZeroU32;

use crate::client::Audience;
use crate::credential::{Place, Scratch, extract};
use crate::digest::TokenDigest;
use crate::foreign::{Foreign, ForeignDigest};
use crate::index::UserSlot;
use crate::live::{LiveView, Subject};
use crate::quota::{Charge, QuotaState};
use crate::record::{TokenId, UserName};
use crate::request::RequestParts;

/// A place among a user's requests under way; dropping it frees the place.
pub(crate) struct Places<'v> {
    slot: &'v UserSlot,
    generation: u16,
}

impl<'v> Places<'v> {
    pub(crate) fn take(slot: &'v UserSlot, generation: u16, limit: NonZeroU32) -> Option<Self> {
        // Lazily: a `Self` made for a refusal would free a place when dropped.
        slot.in_flight
            .acquire(u32::from(generation), limit)
            .then(|| Self { slot, generation })
    }
}

impl Drop for Places<'_> {
    fn drop(&mut self) {
        self.slot.in_flight.release(u32::from(self.generation));
    }
}

/// What to do about a foreign token that was known by another scheme's digest alone, now that its text was seen: store the
/// record of `token` under `to` and take away what stands under `from`, if that is still where it stands.
///
/// It is an offer: the token passes as well without it, at the price of one more digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// Which token.
    pub token: TokenId,
    /// What it is stored under: the keyed digest of the scheme's digest.
    pub from: TokenDigest,
    /// What it can be stored under instead: the keyed digest of its text.
    pub to: TokenDigest,
}

/// A request may pass. Only [`check`](crate::check) makes one, so whatever asks for a `Permit` cannot be reached unchecked.
///
/// Keep it until the request is over: dropping it frees the user's concurrent place. What was charged to the hourly limit
/// stays charged.
#[must_use = "the request counts as over when the permit is dropped"]
pub struct Permit<'v> {
    view: &'v LiveView,
    subject: Option<Subject>,
    places: Option<Places<'v>>,
    charge: Option<Charge>,
    quota: Option<QuotaState>,
}

impl<'v> Permit<'v> {
    pub(crate) fn anonymous(view: &'v LiveView) -> Self {
        Self {
            view,
            subject: None,
            places: None,
            charge: None,
            quota: None,
        }
    }

    pub(crate) fn granted(
        view: &'v LiveView,
        subject: Subject,
        places: Option<Places<'v>>,
        charge: Option<Charge>,
        quota: Option<QuotaState>,
    ) -> Self {
        Self {
            view,
            subject: Some(subject),
            places,
            charge,
            quota,
        }
    }

    /// Whose token this was; none for a CORS preflight, which needs no credential.
    pub fn subject(&self) -> Option<Subject> {
        self.subject
    }

    /// The user's name, written to `room`; none for a preflight, or where the user has gone since.
    pub fn user_name<'b>(&self, room: &'b mut [u8; UserName::LEN_MAX]) -> Option<&'b str> {
        self.view.user_name(&self.subject?, room)
    }

    /// The name of the client that acts; none where a user acts for themselves.
    pub fn client_name(&self) -> Option<&str> {
        self.view.client_name(self.subject.as_ref()?)
    }

    /// What the token is good for, blank-separated; none where a user acts for themselves.
    pub fn scopes(&self) -> Option<&str> {
        self.view.scopes(self.subject.as_ref()?)
    }

    /// For whom the token is meant.
    pub fn audiences(&self) -> &[Audience] {
        self.subject
            .as_ref()
            .map_or(&[], |subject| self.view.audiences(subject))
    }

    /// What is left of the hourly limit; none where the user has none.
    pub fn quota(&self) -> Option<QuotaState> {
        self.quota
    }

    /// The better digest that this token can have from now on, where it was found by the digest of a foreign scheme. Whoever
    /// owns the records may take the offer; where another token stands already there is none.
    ///
    /// `request` must be the one that was checked: the digests are computed from it again, so that a permit keeps nothing of
    /// a credential, and one without an offer costs no more than it did. Allocates nothing.
    pub fn upgrade(&self, request: &RequestParts<'_>) -> Option<Upgrade> {
        let subject = self.subject?;
        let scheme = subject.scheme?;
        let in_url = matches!(subject.place, Place::Query | Place::Form);
        let mut scratch = Scratch::default();
        let text = Foreign::parse(extract(request, in_url, &mut scratch).ok()?.token).ok()?;
        let (from, to) = (
            self.view.foreign_digest(&ForeignDigest::of(scheme, text)?),
            self.view.foreign(text),
        );
        let stands = self.view.token(&from).is_some_and(|token| token.id == subject.token);
        (stands && self.view.token(&to).is_none()).then_some(Upgrade {
            token: subject.token,
            from,
            to,
        })
    }

    /// Whether the permit holds one of the user's concurrent places, so that it must be kept until the request is over.
    pub fn holds_place(&self) -> bool {
        self.places.is_some()
    }

    /// The same permit without a borrow, for requests that outlive the caller's frame.
    pub fn hold(self) -> HeldPermit {
        let held = HeldPermit {
            view: self.view.clone(),
            subject: self.subject,
            quota: self.quota,
            takes_place: self.places.is_some(),
        };
        // The place goes over to the held permit, which frees it instead.
        if let Some(places) = self.places {
            core::mem::forget(places);
        }
        held
    }

    /// Undoes the check: frees the place and gives the charge back, for a decision that was only asked about.
    pub fn cancel(self) {
        if let (Some(subject), Some(charge)) = (self.subject, self.charge)
            && let Some(slot) = self.view.user_slot(subject.position)
            && slot.read().is_some_and(|user| user.generation == subject.generation)
        {
            slot.rate.give_back(charge);
        }
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("subject", &self.subject)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// A [`Permit`] that owns its view. Dropping it frees the place, on whatever thread.
#[must_use = "the request counts as over when the permit is dropped"]
pub struct HeldPermit {
    view: LiveView,
    subject: Option<Subject>,
    quota: Option<QuotaState>,
    takes_place: bool,
}

impl HeldPermit {
    /// As [`Permit::subject`].
    pub fn subject(&self) -> Option<Subject> {
        self.subject
    }

    /// As [`Permit::user_name`].
    pub fn user_name<'b>(&self, room: &'b mut [u8; UserName::LEN_MAX]) -> Option<&'b str> {
        self.view.user_name(&self.subject?, room)
    }

    /// As [`Permit::client_name`].
    pub fn client_name(&self) -> Option<&str> {
        self.view.client_name(self.subject.as_ref()?)
    }

    /// As [`Permit::scopes`].
    pub fn scopes(&self) -> Option<&str> {
        self.view.scopes(self.subject.as_ref()?)
    }

    /// As [`Permit::audiences`].
    pub fn audiences(&self) -> &[Audience] {
        self.subject
            .as_ref()
            .map_or(&[], |subject| self.view.audiences(subject))
    }

    /// As [`Permit::quota`].
    pub fn quota(&self) -> Option<QuotaState> {
        self.quota
    }
}

impl HeldPermit {
    /// The same permit in another view of the same facts, where its user stands at `position`: it takes a place there, whatever
    /// the limit, because its request is under way. None where it holds no place, or its user is not there.
    pub(crate) fn moved_to(&self, view: &LiveView, position: u32) -> Option<Self> {
        let subject = self.subject.filter(|_| self.takes_place)?;
        let slot = view.user_slot(position)?;
        let user = slot.read().filter(|user| user.id == subject.user)?;
        slot.in_flight
            .acquire(u32::from(user.generation), NonZeroU32::MAX)
            .then(|| Self {
                view: view.clone(),
                subject: Some(Subject {
                    position,
                    generation: user.generation,
                    ..subject
                }),
                quota: self.quota,
                takes_place: true,
            })
    }
}

impl Drop for HeldPermit {
    fn drop(&mut self) {
        if let (true, Some(subject)) = (self.takes_place, self.subject)
            && let Some(slot) = self.view.user_slot(subject.position)
        {
            slot.in_flight.release(u32::from(subject.generation));
        }
    }
}

impl fmt::Debug for HeldPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldPermit")
            .field("subject", &self.subject)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}
