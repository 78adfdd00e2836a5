//! Carrying grants out: what is used up, and what comes of it, is decided by the rows of one transaction.

mod described;
mod texts;
mod held;
mod access;
mod families;
mod codes;
mod refreshes;
mod consents;
mod sessions;
mod identifiers;
mod signing_keys;
mod logins;
mod taken_back;
mod sweep;

use tollgate_core::{ClientName, Timestamp, UserId};

use super::{Batch, Command, Fault};
use crate::client::{ClientRow, Grant};
use crate::granting::{GrantFault, GrantedTo, Grantee, SessionId, covers};
use crate::record::UserRow;
use crate::store::{Clients, Consents, Sessions, Source as _, Users};

pub(super) use held::strike;
pub(crate) use sweep::{GrantCursors, sweep_grants};

macro_rules! commands {
    ($($command:ident => $outcome:ty),* $(,)?) => { $(
        impl Command for crate::granting::$command {
            type Outcome = $outcome;
        }
    )* };
}
commands! {
    IssueAccess => crate::granting::IssuedAccess,
    RevokeAccess => crate::granting::AccessToken,
    RevokeFamily => (),
    IssueCode => crate::granting::IssuedCode,
    RedeemCode => crate::granting::Redeemed,
    BurnCode => (),
    Refresh => crate::granting::Refreshed,
    GiveConsent => crate::granting::Consent,
    WithdrawConsent => (),
    BeginSession => crate::granting::BegunSession,
    EndSession => (),
    EndSessions => crate::granting::EndedSessions,
    RevokeGrant => crate::granting::HeldGrant,
    RevokeGrants => crate::granting::RevokedGrants,
    SpendIdentifier => crate::granting::Spent,
    AddSigningKey => (),
    RetireSigningKey => (),
    RecordLogin => (),
}

/// Seconds of the longest life there is.
const LIFETIME_MOST_S: u32 = 31_536_000;

/// The moment at which a life that begins now ends. It begins with the second that has begun, as the claims of a JWT do.
fn end_of(batch: &Batch<'_, '_>, lifetime_s: u32) -> Result<Timestamp, Fault> {
    if lifetime_s == 0 || lifetime_s > LIFETIME_MOST_S {
        return Err(GrantFault::Lifetime.into());
    }
    let end_s = batch.now().as_seconds().saturating_add(u64::from(lifetime_s));
    let end = Timestamp::from_seconds(end_s);
    super::tokens::accept_second(end_s, end)?;
    Ok(end)
}

/// The user and the client of a new grant, if both may have it.
fn accept(batch: &Batch<'_, '_>, to: &GrantedTo, grant: Grant) -> Result<(UserRow, ClientRow, Grantee), Fault> {
    let user = batch.user(&to.user)?;
    let grantee = Grantee {
        client: to.client.clone(),
        client_number: to.client_number,
        user: user.id,
        scopes: to.scopes.clone(),
        audiences: to.audiences.clone(),
    };
    let (user, client) = usable(batch, &grantee, grant)?;
    if grant == Grant::ClientCredentials && client.user != Some(user.id) {
        return Err(GrantFault::OtherUser.into());
    }
    if !to.scopes.is_subset_of(&client.client.scopes) {
        return Err(GrantFault::Beyond.into());
    }
    Ok((user, client, grantee))
}

/// The user and the client of something that was granted, if both are still of use. A client that was added again under an old
/// name is another.
fn usable(batch: &Batch<'_, '_>, grantee: &Grantee, grant: Grant) -> Result<(UserRow, ClientRow), Fault> {
    let client = enabled(batch, &grantee.client, grantee.client_number)?;
    if !client.client.grants.contains(grant) {
        return Err(GrantFault::GrantNotAllowed.into());
    }
    let user = batch.rows.row::<Users>(&grantee.user)?.filter(|user| user.active);
    Ok((user.ok_or(GrantFault::UserUnusable)?, client))
}

/// The client of a name, if it still is the one of this number, and enabled.
fn enabled(batch: &Batch<'_, '_>, name: &ClientName, number: u64) -> Result<ClientRow, Fault> {
    let row = batch.rows.row::<Clients>(name)?;
    let row = row.filter(|row| row.client.number == number && row.client.enabled);
    row.ok_or_else(|| GrantFault::ClientUnusable.into())
}

/// Whether the user's consent covers what was granted.
fn is_covered(batch: &Batch<'_, '_>, to: &Grantee) -> Result<bool, Fault> {
    let consent = batch.rows.row::<Consents>(&(to.user, to.client_number))?;
    Ok(consent.is_some_and(|consent| covers(&consent.parts, &to.scopes, &to.audiences)))
}

/// Refuses what was granted in a session that has ended.
fn accept_session(batch: &Batch<'_, '_>, session: Option<SessionId>, user: UserId) -> Result<(), Fault> {
    let Some(SessionId(digest)) = session else {
        return Ok(());
    };
    let row = batch.rows.row::<Sessions>(&digest)?;
    let epoch = crate::facts::password_epoch(batch.rows, user)?;
    let holds = row.is_some_and(|row| row.user == user && row.password_epoch == epoch && batch.now() < row.expires_at);
    if holds {
        Ok(())
    } else {
        Err(GrantFault::SessionEnded.into())
    }
}

/// Texts that others choose are kept up to a length.
fn accept_len(text: &str, most: usize) -> Result<(), Fault> {
    if text.len() <= most {
        Ok(())
    } else {
        Err(GrantFault::TooLong.into())
    }
}
