//! What the façade says of grants and of logins in browsers, and how all of somebody's are taken back.

use std::ops::ControlFlow;

use tollgate_core::{TokenDigest, UserName};

use super::page::{List, Listing};
use super::{Authored, Engine, Page, PageError, ReadError};
use crate::facts;
use crate::granting::{
    EndSessions, EndedSessions, GrantId, GrantsOf, HeldGrant, HeldSession, RevokeGrants, RevokedGrants, SessionId,
};
use crate::store::{
    Bounds, Clients, EVERYTHING, GrantsByClient, GrantsByUser, Sessions, SessionsByUser, Source as _, beginning_with,
};
use crate::writer::ExecuteError;

impl Engine {
    /// Grants in the order in which they began: those of one user or of one client, or all and then user by user. Those that have
    /// ended are among them until they are swept. Pages are as those of [`Engine::users_page`].
    pub fn grants_page(
        &self,
        of: Option<&GrantsOf>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<HeldGrant>, PageError> {
        let view = self.read_known()?;
        let user = |name: &UserName| {
            let user = facts::user_named(&view, name)?;
            user.ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })
        };
        let shown = |id| match facts::held(&view, id)? {
            Some(held) => facts::held_shown(&view, &held),
            None => Ok(None),
        };
        match of {
            None => {
                let list = Listing::new(&view, List::Grants, 0, cursor, limit)?;
                list.walk::<GrantsByUser, _>(EVERYTHING, |(_, id), _| shown(id))
            }
            Some(GrantsOf::User(name)) => {
                let user = user(name)?.id.0;
                let list = Listing::new(&view, List::GrantsOfUser, user, cursor, limit)?;
                list.walk::<GrantsByUser, _>(beginning_with(user), |(_, id), _| shown(id))
            }
            Some(GrantsOf::Client(name)) => {
                let Some(client) = view.row::<Clients>(name)? else {
                    return Err(ReadError::NoSuchClient { name: name.clone() }.into());
                };
                let number = client.client.number;
                let list = Listing::new(&view, List::GrantsOfClient, number, cursor, limit)?;
                list.walk::<GrantsByClient, _>(beginning_with(number), |(_, id), ()| shown(id))
            }
            Some(GrantsOf::Both(name, client)) => {
                let user = user(name)?.id.0;
                let Some(row) = view.row::<Clients>(client)? else {
                    return Err(ReadError::NoSuchClient { name: client.clone() }.into());
                };
                let number = row.client.number;
                let list = Listing::new(&view, List::GrantsOfUser, user, cursor, limit)?;
                list.walk::<GrantsByUser, _>(beginning_with(user), |(_, id), _| {
                    Ok(shown(id)?.filter(|grant| grant.to.client_number == number))
                })
            }
        }
    }

    /// The grant of an id, if there is one whose user is there. The id of an access token means the grant that it belongs to.
    pub fn grant(&self, id: GrantId) -> Result<Option<HeldGrant>, ReadError> {
        let view = self.read_known()?;
        match facts::held(&view, id)? {
            Some(held) => Ok(facts::held_shown(&view, &held)?),
            None => Ok(None),
        }
    }

    /// Logins in browsers that hold now, of one user or of all and then user by user, as [`Engine::users_page`] does. Their order
    /// says nothing.
    pub fn sessions_page(
        &self,
        of: Option<&UserName>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<HeldSession>, PageError> {
        let (view, now) = (self.read_known()?, self.now());
        let (list, number, bounds) = match of {
            None => (List::Sessions, 0, EVERYTHING),
            Some(name) => {
                let user =
                    facts::user_named(&view, name)?.ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?;
                (List::SessionsOf, user.id.0, beginning_with(user.id.0))
            }
        };
        let list = Listing::new(&view, list, number, cursor, limit)?;
        list.walk::<SessionsByUser, _>(bounds, |(_, digest), ()| match view.row::<Sessions>(&digest)? {
            Some(row) => facts::session_held(&view, digest, &row, now),
            None => Ok(None),
        })
    }

    /// The login of a [short name](SessionId::short), if there is one that holds now.
    pub fn held_session(&self, short: &str) -> Result<Option<HeldSession>, ReadError> {
        let is_short = short.len() == SessionId::SHORT_LEN && !short.bytes().any(|byte| byte.is_ascii_uppercase());
        let Some(first) = u64::from_str_radix(short, 16).ok().filter(|_| is_short) else {
            return Ok(None);
        };
        let (view, now) = (self.read_known()?, self.now());
        let mut found = None;
        let bounds: Bounds = beginning_with(first);
        view.walk::<Sessions>(&bounds, |digest: TokenDigest, row| {
            found = Some((digest, row));
            ControlFlow::Break(())
        })?;
        match found {
            Some((digest, row)) => Ok(facts::session_held(&view, digest, &row, now)?),
            None => Ok(None),
        }
    }
}

impl Authored<'_> {
    /// Takes back all that was granted and is of use: every login that a client goes on with, every access token and every code.
    /// When this returns no check passes with any of it, and nothing can be made of it. What is granted meanwhile may stay.
    ///
    /// # Errors
    ///
    /// As [`Engine::execute`]. It is done in parts; those that were done before an error stay done.
    pub fn revoke_grants(&self, of: &GrantsOf) -> Result<RevokedGrants, ExecuteError> {
        let mut all = RevokedGrants::default();
        loop {
            let part = self.execute(RevokeGrants {
                of: of.clone(),
                after: all.next,
            })?;
            all = RevokedGrants {
                grants: all.grants + part.grants,
                access_tokens: all.access_tokens + part.access_tokens,
                codes: all.codes + part.codes,
                next: part.next,
            };
            if all.next.is_none() {
                return Ok(all);
            }
        }
    }

    /// Ends every login of a user in browsers, and answers how many held.
    ///
    /// # Errors
    ///
    /// As [`Authored::revoke_grants`].
    pub fn end_sessions(&self, user: &UserName) -> Result<usize, ExecuteError> {
        let mut ended = 0;
        loop {
            let EndedSessions { sessions, more } = self.execute(EndSessions { user: user.clone() })?;
            ended += sessions;
            if !more {
                return Ok(ended);
            }
        }
    }
}
