//! What a check asks of a view beside tokens and users: routes, clients, and proofs.

use alloc::string::String;
use core::net::IpAddr;

use crate::client::Audience;
use crate::index::{Run, TokenWords};
use crate::live::authorities::{Footing, Grounds};
use crate::live::routes::{self, Routed};
use crate::live::subject::{Subject, Wanted};
use crate::live::{Holder, LiveView};
use crate::record::{AuthorityId, AuthorityRecord};
use crate::scope::ScopeSet;
use crate::settle::{Settled, Unsettled, UnsettledSort};
use crate::sync::Ordering;
use crate::time::Timestamp;

impl LiveView {
    /// Calls `f` for every authority. Costs the whole table.
    pub fn for_each_authority(&self, f: impl FnMut(AuthorityRecord)) {
        // Ordering: Acquire pairs with the writer's Release store: a counted authority is there.
        let last = self.0.authorities_last.load(Ordering::Acquire);
        self.0
            .authorities
            .for_each(u32::try_from(last).unwrap_or(AuthorityId::MOST), f);
    }

    /// The name of the client that acts in a decision; none where a user acts for themselves.
    pub fn client_name(&self, subject: &Subject) -> Option<&str> {
        Some(self.grounds(subject.authority?)?.client.as_str())
    }

    /// What the token of a decision is good for, blank-separated; none where a user acts for themselves.
    pub fn scopes(&self, subject: &Subject) -> Option<&str> {
        Some(&self.grounds(subject.authority?)?.scope_text)
    }

    /// For whom the token of a decision is meant.
    pub fn audiences(&self, subject: &Subject) -> &[Audience] {
        let grounds = subject.authority.and_then(|authority| self.grounds(authority));
        grounds.map_or(&[], |grounds| &grounds.audiences)
    }

    fn grounds(&self, id: AuthorityId) -> Option<&Grounds> {
        self.0.authorities.get(id)?.grounds()
    }

    /// Whether `own` holds every scope that a route asks for; none where the routes have changed since the mark.
    pub(crate) fn holds_scopes(&self, routed: Routed, own: &ScopeSet, mark: u64) -> Option<bool> {
        self.of_routes(mark, |run| routes::holds_scopes(run, routed, own))
    }

    /// Whether the audience that a route names is among `own`; none where the routes have changed since the mark.
    pub(crate) fn is_meant(&self, routed: Routed, own: &[Audience], mark: u64) -> Option<bool> {
        self.of_routes(mark, |run| routes::is_meant(run, routed, own))
    }

    /// The scopes that the route of a denial asks for, blank-separated, for its challenge. None where the routes have changed since.
    /// Allocates.
    pub fn wanted_scopes(&self, wanted: Wanted) -> Option<String> {
        let mark = self.server_mark();
        let place = wanted.place(mark)?;
        self.of_routes(mark, |run| routes::scope_text(run, Routed::of_body(run, place)))
    }

    /// What `f` makes of the server's run, if it is what it was at the mark.
    fn of_routes<R>(&self, mark: u64, f: impl Fn(Run<'_>) -> R) -> Option<R> {
        let read = self.0.server.read_with(&self.0.cold, |_, run| f(run));
        read.filter(|_| self.is_still(mark))
    }

    /// Whether some user has rules of their own, so that an address which not all trust may still be somebody's.
    pub(crate) fn trust_is_personal(&self) -> bool {
        // Ordering: Acquire pairs with the writer's Release store: rules that are shown are counted.
        self.0.with_networks.load(Ordering::Acquire) != 0
    }

    /// In whose name a token acts, and whether that one may: an authority that is not here may not.
    #[inline]
    pub(crate) fn authority(&self, token: TokenWords) -> (Footing, Option<&Grounds>) {
        match token.authority() {
            None => (Footing::Active, None),
            Some(id) => self
                .0
                .authorities
                .get(id)
                .map_or((Footing::Inactive, None), |slot| (slot.footing(), slot.grounds())),
        }
    }

    /// Whom a proof is about that was remembered, if it still holds at `now`, and they are called `name` wherever a name was given.
    pub(crate) fn recall(
        &self,
        unsettled: &Unsettled,
        name: Option<&[u8]>,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Holder<'_>> {
        let proof = self.0.remembered.find(&unsettled.digest)?;
        if proof.validity().is_over(now) {
            return None;
        }
        let holder = self.holder(proof.without_id(), name, peer)?;
        let epoch = match unsettled.sort {
            UnsettledSort::Password => holder.user.epoch(),
            UnsettledSort::External => unsettled.external_issuers,
        };
        (epoch != 0 && proof.id().0 == u64::from(epoch)).then_some(Holder {
            settled: Some(unsettled.sort),
            ..holder
        })
    }

    /// What was proven of whom [`LiveView::recall`] would find.
    pub(crate) fn recall_settled(&self, unsettled: &Unsettled, name: Option<&[u8]>, now: Timestamp) -> Option<Settled> {
        let holder = self.recall(unsettled, name, None, now)?;
        let until_s = holder.token.validity().expires_at_s?;
        Some(Settled {
            user: holder.user.id(),
            password_epoch: holder.user.epoch(),
            authority: holder.token.authority(),
            until: Timestamp::from_seconds(until_s.into()),
        })
    }
}
