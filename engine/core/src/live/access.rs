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
use crate::settle::{REMEMBERED_S, Settled, Unsettled, UnsettledSort};
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

    /// The pattern of the route that `path` takes; none where it takes none, or can be read in two ways. Allocates.
    pub fn route_pattern(&self, path: &[u8]) -> Option<String> {
        let mark = self.server_mark();
        let place = self.server_facts(None, path).routed.place();
        let pattern = (place != 0).then(|| self.of_routes(mark, |run| routes::pattern_text(run, place)));
        pattern.flatten()
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
        // A clock that was set back makes no password last longer.
        let ends = proof.validity().expires_at_s.map_or(u64::MAX, u64::from);
        if unsettled.sort == UnsettledSort::Password && ends.saturating_sub(now.as_seconds()) > REMEMBERED_S {
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

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::digest::DigestKey;
    use crate::operation::OperationSet;
    use crate::record::{Limit, Networks, UserId, UserRecord};

    /// What an issuer has said it has said with an end of its own; a password is asked for anew after a minute.
    #[test]
    fn a_clock_that_is_set_back_makes_no_password_last_longer() {
        let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
        let user = UserRecord {
            id: UserId(1),
            name: "alice".parse().unwrap(),
            active: true,
            operations: OperationSet::ALL,
            per_hour: Limit::Inherit,
            concurrent: Limit::Inherit,
            networks: Networks::default(),
            password_epoch: 3,
        };
        writer.put_user(&user).unwrap();
        for (sort, expected) in [
            (UnsettledSort::Password, [false, true, true, false]),
            (UnsettledSort::External, [true, true, true, false]),
        ] {
            let unsettled = Unsettled {
                sort,
                digest: view.password(b"alice", b"sesame"),
                external_issuers: 3,
            };
            let settled = Settled {
                user: UserId(1),
                password_epoch: 3,
                authority: None,
                until: Timestamp::from_seconds(1_000_060),
            };
            writer.remember(&unsettled, &settled);
            let held = [999_999, 1_000_000, 1_000_059, 1_000_060].map(|now_s| {
                let now = Timestamp::from_seconds(now_s);
                view.recall(&unsettled, Some(b"alice"), None, now).is_some()
            });
            assert_eq!(held, expected, "{sort:?}");
        }
    }
}
