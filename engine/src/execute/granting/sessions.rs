//! Beginning and ending sessions.

use tollgate_core::{Timestamp, TokenKind, TokenText};

use super::super::tokens::{Bits, draw};
use super::super::{Batch, Execute, Fault};
use super::end_of;
use crate::facts;
use crate::granting::{BeginSession, BegunSession, EndSession, GrantFault, SessionRow};
use crate::store::{Sessions, Source as _};

/// A new session on its way to its caller: its bits stand in one place, which is wiped.
pub struct NewSession {
    bits: Bits,
    expires_at: Timestamp,
}

impl From<NewSession> for BegunSession {
    fn from(NewSession { bits, expires_at }: NewSession) -> Self {
        let session = TokenText::from_entropy(TokenKind::Session, &bits);
        Self { session, expires_at }
    }
}

impl Execute for BeginSession {
    type Answer = NewSession;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<NewSession, Fault> {
        let user = batch.user(&self.user)?;
        if !user.active {
            return Err(GrantFault::UserUnusable.into());
        }
        let expires_at = end_of(batch, self.lifetime_s)?;
        let password_epoch = facts::password_epoch(batch.rows, user.id)?;
        let (bits, digest) = draw(batch, TokenKind::Session)?;
        let row = SessionRow {
            user: user.id,
            password_epoch,
            auth_time: self.auth_time,
            begun_at: batch.now(),
            expires_at,
        };

        batch.put::<Sessions>(&digest, &row)?;
        Ok(NewSession { bits, expires_at })
    }
}

impl Execute for EndSession {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let digest = self.session.0;
        if batch.rows.row::<Sessions>(&digest)?.is_some() {
            batch.remove::<Sessions>(&digest)?;
        }
        Ok(())
    }
}
