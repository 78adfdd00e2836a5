//! What clients were granted, and logins in browsers.

use tollgate::{Authored, EndSession, Engine, GrantId, GrantsOf, RevokeGrant};

use super::super::fault::{Stop, no_such_grant, no_such_login};
use super::super::held::{EndedLoginsShown, RevokedGrantsShown};
use super::super::lists;
use super::super::reply::Answer;
use super::super::request::{GrantRequest, LoginRequest};
use super::super::shown::RemovedShown;
use super::{name, parsed, token_id};

pub(super) fn grants(engine: &Engine, by: &Authored<'_>, request: GrantRequest) -> Result<Answer, Stop> {
    match request {
        GrantRequest::List { user, client, cursor } => {
            let of = of(user.as_deref(), client.as_deref())?;
            Ok(Answer::Grants(lists::grants(engine, of.as_ref(), cursor.as_deref())?))
        }
        GrantRequest::Show { id } => {
            let id = GrantId(token_id(&id)?.0);
            let grant = engine.grant(id)?.ok_or_else(|| no_such_grant(id))?;
            Ok(Answer::Grant(Box::new((&grant).into())))
        }
        GrantRequest::Revoke { id } => {
            let id = GrantId(token_id(&id)?.0);
            Ok(Answer::Grant(Box::new((&by.execute(RevokeGrant { id })?).into())))
        }
        GrantRequest::RevokeAll { user, client, logins } => {
            let of = of(user.as_deref(), client.as_deref())?;
            let of = of.ok_or_else(|| Stop::malformed("expected a user or a client whose grants are to be revoked"))?;
            let user = name(user.as_deref())?.filter(|_| logins);
            let ended = user.map(|user| by.end_sessions(&user)).transpose()?;
            let revoked = by.revoke_grants(&of)?;
            Ok(Answer::RevokedGrants(RevokedGrantsShown::of(revoked, ended)))
        }
    }
}

fn of(user: Option<&str>, client: Option<&str>) -> Result<Option<GrantsOf>, Stop> {
    Ok(match (user, client) {
        (None, None) => None,
        (Some(user), None) => Some(GrantsOf::User(parsed(user)?)),
        (None, Some(client)) => Some(GrantsOf::Client(parsed(client)?)),
        (Some(user), Some(client)) => Some(GrantsOf::Both(parsed(user)?, parsed(client)?)),
    })
}

pub(super) fn logins(engine: &Engine, by: &Authored<'_>, request: LoginRequest) -> Result<Answer, Stop> {
    match request {
        LoginRequest::List { user, cursor } => {
            let page = lists::logins(engine, name(user.as_deref())?.as_ref(), cursor.as_deref());
            Ok(Answer::Logins(page?))
        }
        LoginRequest::Revoke { id } => {
            let login = engine.held_session(&id)?.ok_or_else(|| no_such_login(&id))?;
            by.execute(EndSession { session: login.id })?;
            let removed = format!("login {id} of {}", login.user);
            Ok(Answer::Removed(RemovedShown { id, removed }))
        }
        LoginRequest::RevokeAll { user } => {
            let logins = by.end_sessions(&parsed(&user)?)? as u64;
            Ok(Answer::EndedLogins(EndedLoginsShown { logins }))
        }
    }
}
