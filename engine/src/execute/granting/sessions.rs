//! Beginning and ending sessions.

use std::ops::ControlFlow;

use tollgate_core::{Timestamp, TokenDigest, TokenKind, TokenText, UserId};

use super::super::tokens::{Bits, draw};
use super::super::{Batch, Execute, Fault};
use super::{described, end_of};
use crate::facts;
use crate::granting::{BeginSession, BegunSession, EndSession, EndSessions, EndedSessions, GrantFault, SessionRow};
use crate::store::{Sessions, SessionsByUser, Source as _, StoreError, Users, beginning_with};

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
        batch.put::<SessionsByUser>(&(user.id, digest), &())?;
        Ok(NewSession { bits, expires_at })
    }
}

impl Execute for EndSession {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let digest = self.session.0;
        let Some(row) = batch.rows.row::<Sessions>(&digest)? else {
            return Ok(());
        };
        let user = batch.rows.row::<Users>(&row.user)?;

        remove_session(batch, row.user, digest)?;
        if let Some(user) = user {
            let before = described::session(self.session);
            batch.did("login.end", &user.name, Some(before), None);
        }
        Ok(())
    }
}

/// Takes a session away with the note of whose it is.
pub(super) fn remove_session(batch: &mut Batch<'_, '_>, user: UserId, digest: TokenDigest) -> Result<(), StoreError> {
    batch.remove::<Sessions>(&digest)?;
    batch.remove::<SessionsByUser>(&(user, digest))
}

/// Most sessions that one transaction ends.
const SESSIONS_MOST: usize = 4_096;

impl Execute for EndSessions {
    type Answer = EndedSessions;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<EndedSessions, Fault> {
        let user = batch.user(&self.user)?;
        let mut found = Vec::new();
        batch
            .rows
            .walk::<SessionsByUser>(&beginning_with(user.id.0), |(_, digest), ()| {
                if found.len() > SESSIONS_MOST {
                    return ControlFlow::Break(());
                }
                found.push(digest);
                ControlFlow::Continue(())
            })?;
        let more = found.len() > SESSIONS_MOST;
        found.truncate(SESSIONS_MOST);
        let mut ended = 0;
        for digest in &found {
            let row = batch.rows.row::<Sessions>(digest)?;
            let holds = row.map(|row| facts::session_held(batch.rows, *digest, &row, batch.now()));
            ended += usize::from(holds.transpose()?.flatten().is_some());
        }

        for digest in found {
            remove_session(batch, user.id, digest)?;
        }
        if ended > 0 {
            batch.did("login.end", &user.name, Some(described::sessions(ended)), None);
        }
        Ok(EndedSessions { sessions: ended, more })
    }
}
