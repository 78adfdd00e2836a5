//! Writing what tokens share, and what was proven.

use super::{LiveWriter, ViewError};
use crate::live::remembered::Proof;
use crate::record::{AuthorityId, AuthorityRecord};
use crate::settle::{Settled, Unsettled, UnsettledSort};
use crate::sync::Ordering;

impl LiveWriter {
    /// Puts an authority in, or changes whether it is active.
    ///
    /// # Errors
    ///
    /// [`ViewError::OtherAuthority`]; the view is unchanged then.
    pub fn put_authority(&mut self, authority: &AuthorityRecord) -> Result<(), ViewError> {
        if !self.view.0.authorities.put(authority) {
            return Err(ViewError::OtherAuthority(authority.id));
        }
        self.authorities_last = self.authorities_last.max(authority.id.0);
        let last = &self.view.0.authorities_last;
        // Ordering: Release pairs with the Acquire load of whoever walks over all authorities.
        last.store(u64::from(self.authorities_last), Ordering::Release);
        Ok(())
    }

    /// Declares that it is not known whether a change to this authority was made, as [`LiveWriter::doubt_user`] does.
    pub fn doubt_authority(&mut self, id: AuthorityId) {
        self.view.0.authorities.doubt(id);
    }

    /// Remembers a proof that settles what a check left open.
    ///
    /// A proof of a user or an authority that is not here is not remembered. There is room for 16,384; the oldest goes first.
    pub fn remember(&mut self, unsettled: &Unsettled, settled: &Settled) {
        let Some(position) = self.position_of(settled.user) else {
            return;
        };
        if settled
            .authority
            .is_some_and(|id| self.view.0.authorities.get(id).is_none())
        {
            return;
        }
        let proof = Proof {
            digest: unsettled.digest,
            user: (position, self.generation_at(position)),
            epoch: match unsettled.sort {
                UnsettledSort::Password => settled.password_epoch,
                UnsettledSort::External => unsettled.external_issuers,
            },
            authority: settled.authority,
            until: settled.until,
        };
        self.remembered.put(&self.view.0.remembered, &proof);
    }
}
