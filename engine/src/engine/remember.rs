//! Proofs that settle what checks leave open, remembered for a while.

use tollgate_core::{Field, REMEMBERED_S, Settled, Timestamp, Unproven, Unsettled, UnsettledSort};

use super::Engine;
use crate::writer::{Message, Unavailable};

impl Engine {
    /// What a check would leave open about the credential in this `Authorization` wherever a route takes it, with the proof where one is
    /// [remembered](Engine::remember): for whoever proves for checks elsewhere. Takes no lock; asks no gate and charges nothing.
    pub fn unproven(&self, authorization: Field<'_>, now: Timestamp) -> Option<Unproven> {
        self.0.view.unproven(authorization, now)
    }

    /// Remembers that what a check left [unsettled](crate::Denial::unsettled) was proven, so that the same request passes without
    /// another proof until `settled.until`; a password for [`REMEMBERED_S`] where that is sooner. It is in memory alone, and
    /// forgotten first when others need the room. Checks that begin after this has returned see it.
    ///
    /// The caller owes the proof, and to have read the number it was proven against (the password's or that of the issuers)
    /// before it began: where the number has changed since, what is remembered lets nobody pass.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Closed`].
    pub fn remember(&self, unsettled: Unsettled, settled: Settled, now: Timestamp) -> Result<(), Unavailable> {
        let most = match unsettled.sort {
            UnsettledSort::Password => now.plus_millis(REMEMBERED_S * 1_000),
            // The issuer has said until when its word holds.
            UnsettledSort::External => settled.until,
        };
        let settled = Settled {
            until: settled.until.min(most),
            ..settled
        };
        let message = |reply| Message::Remember {
            unsettled,
            settled,
            reply,
        };
        self.0.queue.ask(message)?.wait()
    }
}
