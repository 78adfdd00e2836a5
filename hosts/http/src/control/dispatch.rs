//! Requests carried out on an engine. The one place where the command line meets it, with or without a server between.

use std::path::PathBuf;
use std::str::FromStr;

use tollgate::{
    AddNetwork, AddUser, Author, Authored, Engine, ExecuteError, ExpireToken, Import, IssueAdminToken, IssueAuthtoken,
    IssueFeedToken, NetworkRule, Profile, ReadError, Refusal, RemoveNetwork, RemoveUser, RevokeAdminToken,
    RevokeFeedToken, RevokeToken, SetSetting, SetUser, Setting, Standing, Timestamp, TokenId, UserChanges, UserName,
};

use super::clients::access_url;
use super::explain::explain;
use super::fault::{Stop, of_token_among};
use super::followed;
use super::lists;
use super::moment::parse_moment;
use super::moved::{ExportedShown, ImportedShown, LineFaultShown};
use super::reply::{Answer, Reply};
use super::request::{AddressedRule, ImportRequest, NumberedLine, PersonChangesRequest, Request, UserChangesRequest};
use super::shown::{RemovedShown, rule_id};
use super::status::status;
use super::transfer::{Format, export_to, portable};
use crate::host::Host;

mod clients;
mod people;
mod access;
mod held;

use people::{PersonChanges, person};

/// Carries `request` out on the engine of a running server, which can also say how it is.
pub fn dispatch_served(host: &Host, author: &Author, request: Request) -> Reply {
    match request {
        Request::Status => Reply::Done(Answer::Status(Box::new(status(host)))),
        Request::Key(request) => reply(access::keys(host.engine(), host.authorization(), author, &request)),
        request => match dispatch(host.engine(), author, request) {
            Reply::Done(Answer::ClientSecret(mut shown)) => {
                shown.access_url = access_url(host, &shown.facts.grants);
                Reply::Done(Answer::ClientSecret(shown))
            }
            reply => reply,
        },
    }
}

/// Carries `request` out on `engine` and answers it. Blocks for as long as the disk takes. What it changes stands in the audit
/// trail under the name of `author`.
pub fn dispatch(engine: &Engine, author: &Author, request: Request) -> Reply {
    reply(match request {
        Request::Key(request) => access::keys(engine, None, author, &request),
        request => carry_out(engine, &engine.by(author.clone()), request),
    })
}

fn reply(done: Result<Answer, Stop>) -> Reply {
    match done {
        Ok(answer) => Reply::Done(answer),
        Err(Stop::Refused(fault)) => Reply::Refused(fault),
        Err(Stop::Failed(fault)) => Reply::Failed(fault),
    }
}

fn carry_out(engine: &Engine, by: &Authored<'_>, request: Request) -> Result<Answer, Stop> {
    match request {
        Request::UserAdd { name, changes, person } => add_user(engine, by, &name, &changes, person),
        Request::UserList { cursor } => Ok(Answer::Users(lists::users(engine, cursor.as_deref())?)),
        Request::UserShow { name } => Ok(Answer::UserDetail(Box::new(lists::user(engine, &parsed(&name)?)?))),
        Request::UserSet { name, changes, person } => set_user(engine, by, &name, &changes, person),
        Request::UserRemove { name } => remove_user(engine, by, &name),
        Request::AuthtokenIssue {
            user,
            expires_at,
            expires_in_s,
            not_before,
        } => {
            let end = end(engine, expires_at.as_deref(), expires_in_s)?;
            issue_authtoken(by, &user, end, not_before.as_deref())
        }
        Request::AuthtokenList { user, cursor } => list_authtokens(engine, user.as_deref(), cursor.as_deref()),
        Request::AuthtokenRevoke { id } => revoke_authtoken(by, &id),
        Request::AuthtokenExpire { id, at } => expire_authtoken(engine, by, &id, at.as_deref()),
        Request::NetworkTrust(rule) => add_network(by, &rule, Standing::Trusted),
        Request::NetworkBan(rule) => add_network(by, &rule, Standing::Banned),
        Request::NetworkList { user, cursor } => {
            let page = lists::networks(engine, name(user.as_deref())?.as_ref(), cursor.as_deref());
            Ok(Answer::Networks(page?))
        }
        Request::NetworkRemove(rule) => remove_network(by, &rule),
        Request::SettingsList => list_settings(engine),
        Request::SettingsSet { key, value } => set_setting(by, &key, &value),
        Request::AdminTokenIssue {
            name,
            role,
            expires_at,
            expires_in_s,
        } => {
            let end = end(engine, expires_at.as_deref(), expires_in_s)?;
            issue_admin_token(by, &name, &role, end)
        }
        Request::AdminTokenList { cursor } => Ok(Answer::AdminTokens(lists::admin_tokens(engine, cursor.as_deref())?)),
        Request::AdminTokenRevoke { id } => revoke_admin_token(by, &id),
        Request::FeedTokenIssue {
            name,
            expires_at,
            expires_in_s,
        } => {
            let end = end(engine, expires_at.as_deref(), expires_in_s)?;
            issue_feed_token(by, &name, end)
        }
        Request::FeedTokenList { cursor } => Ok(Answer::FeedTokens(lists::feed_tokens(engine, cursor.as_deref())?)),
        Request::FeedTokenRevoke { id } => revoke_feed_token(by, &id),
        Request::Client(request) => clients::carry_out(engine, by, request),
        Request::PersonalToken(request) => people::tokens(engine, by, request),
        Request::Consent(request) => people::consents(engine, by, request),
        Request::Grant(request) => held::grants(engine, by, request),
        Request::Login(request) => held::logins(engine, by, request),
        Request::Route(request) => access::routes(engine, by, request),
        Request::Issuer(request) => access::issuers(engine, by, request),
        Request::IdentityProvider(request) => access::identity_providers(engine, by, request),
        Request::Key(_) => Err(Stop::malformed("expected a request that has an author")),
        Request::AuditList(asked) => Ok(Answer::Audit(followed::entries(engine, &asked)?)),
        Request::AuditVerify { head } => Ok(Answer::Trail(followed::follow_store(engine, head.as_deref())?)),
        Request::Check(check) => Ok(Answer::Explained(Box::new(explain(engine, &check)?))),
        Request::Verify => Ok(Answer::Verified(engine.verify()?.into())),
        Request::Status => Err(Stop::no_server()),
        Request::Import(request) => import(by, &request),
        Request::Export { to, csv } => export(engine, to, csv),
        Request::Backup { to } => Ok(Answer::BackedUp(engine.backup(to)?.into())),
    }
}

fn import(by: &Authored<'_>, request: &ImportRequest) -> Result<Answer, Stop> {
    let (mut lines, mut faults) = (Vec::with_capacity(request.lines.len()), Vec::new());
    for NumberedLine { number, line } in &request.lines {
        match portable(line) {
            Ok(record) => lines.push((*number, record)),
            Err(reason) => faults.push(LineFaultShown { line: *number, reason }),
        }
    }
    if !faults.is_empty() && !request.skip_faults {
        return Ok(Answer::Imported(ImportedShown::refused(faults)));
    }
    let command = Import {
        source: request.source.clone(),
        lines,
        skip_faults: request.skip_faults,
    };
    match by.execute(command) {
        Ok(done) => {
            let mut shown = ImportedShown::from(done);
            shown.faults.extend(faults);
            shown.faults.sort_by_key(|fault| fault.line);
            Ok(Answer::Imported(shown))
        }
        Err(ExecuteError::Refused(Refusal::Lines { faults })) => {
            let faults = faults.iter().map(Into::into).collect();
            Ok(Answer::Imported(ImportedShown::refused(faults)))
        }
        Err(error) => Err(error.into()),
    }
}

fn export(engine: &Engine, to: PathBuf, csv: bool) -> Result<Answer, Stop> {
    let format = if csv { Format::Csv } else { Format::JsonLines };
    let exported = export_to(engine, &to, format)?;
    Ok(Answer::Exported(ExportedShown::new(to, exported)))
}

fn add_user(
    engine: &Engine,
    by: &Authored<'_>,
    name: &str,
    changes: &UserChangesRequest,
    asked: PersonChangesRequest,
) -> Result<Answer, Stop> {
    let UserChanges {
        operations,
        per_hour,
        concurrent,
        active,
    } = user_changes(changes)?;
    let first = AddUser::named(parsed(name)?);
    let command = AddUser {
        operations: operations.unwrap_or(first.operations),
        per_hour: per_hour.unwrap_or(first.per_hour),
        concurrent: concurrent.unwrap_or(first.concurrent),
        active: active.unwrap_or(first.active),
        name: first.name,
    };
    let others = PersonChanges::of(asked, &Profile::default())?;
    let name = by.execute(command)?.name;
    others.make(by, &name)?;
    shown(engine, &name)
}

fn user_changes(changes: &UserChangesRequest) -> Result<UserChanges, Stop> {
    let UserChangesRequest {
        operations,
        per_hour,
        concurrent,
        active,
    } = changes;
    Ok(UserChanges {
        operations: operations.as_deref().map(parsed).transpose()?,
        per_hour: per_hour.as_deref().map(parsed).transpose()?,
        concurrent: concurrent.as_deref().map(parsed).transpose()?,
        active: *active,
    })
}

fn set_user(
    engine: &Engine,
    by: &Authored<'_>,
    name: &str,
    changes: &UserChangesRequest,
    asked: PersonChangesRequest,
) -> Result<Answer, Stop> {
    let changes = user_changes(changes)?;
    let name: UserName = parsed(name)?;
    let others = PersonChanges::of(asked, &person(engine, &name)?.profile)?;
    by.execute(SetUser {
        name: name.clone(),
        changes,
    })?;
    others.make(by, &name)?;
    shown(engine, &name)
}

/// A user who was just added or changed.
fn shown(engine: &Engine, name: &UserName) -> Result<Answer, Stop> {
    Ok(Answer::Person(Box::new((&person(engine, name)?).into())))
}

fn remove_user(engine: &Engine, by: &Authored<'_>, name: &str) -> Result<Answer, Stop> {
    let name: UserName = parsed(name)?;
    let user = engine
        .user(&name)?
        .ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?;
    by.execute(RemoveUser { name })?;
    Ok(Answer::Removed(RemovedShown {
        id: user.id.0.to_string(),
        removed: user.name.to_string(),
    }))
}

fn add_network(by: &Authored<'_>, rule: &AddressedRule, standing: Standing) -> Result<Answer, Stop> {
    let (rule, user) = addressed(rule)?;
    let network = by.execute(AddNetwork { rule, standing, user })?;
    Ok(Answer::Network((&network).into()))
}

fn remove_network(by: &Authored<'_>, rule: &AddressedRule) -> Result<Answer, Stop> {
    let (rule, user) = addressed(rule)?;
    let id = rule_id(rule.as_str(), user.as_ref().map(UserName::as_str));
    let removed = rule.to_string();
    by.execute(RemoveNetwork { rule, user })?;
    Ok(Answer::Removed(RemovedShown { id, removed }))
}

fn issue_authtoken(
    by: &Authored<'_>,
    user: &str,
    expires_at: Option<Timestamp>,
    not_before: Option<&str>,
) -> Result<Answer, Stop> {
    let issued = by.execute(IssueAuthtoken {
        user: parsed(user)?,
        expires_at,
        not_before: not_before.map(parse_moment).transpose()?,
    })?;
    Ok(Answer::Issued((&issued).into()))
}

fn list_authtokens(engine: &Engine, user: Option<&str>, cursor: Option<&str>) -> Result<Answer, Stop> {
    let page = lists::authtokens(engine, name(user)?.as_ref(), cursor)?;
    Ok(Answer::Authtokens(page))
}

fn revoke_authtoken(by: &Authored<'_>, id: &str) -> Result<Answer, Stop> {
    let token = by.execute(RevokeToken { id: token_id(id)? })?;
    Ok(Answer::Authtoken((&token).into()))
}

fn expire_authtoken(engine: &Engine, by: &Authored<'_>, id: &str, at: Option<&str>) -> Result<Answer, Stop> {
    let at = at.map_or_else(|| Ok(engine.now()), parse_moment)?;
    let token = by.execute(ExpireToken { id: token_id(id)?, at })?;
    Ok(Answer::Authtoken((&token).into()))
}

fn issue_admin_token(by: &Authored<'_>, name: &str, role: &str, expires_at: Option<Timestamp>) -> Result<Answer, Stop> {
    let issued = by.execute(IssueAdminToken {
        name: parsed(name)?,
        role: parsed(role)?,
        expires_at,
    })?;
    Ok(Answer::IssuedAdmin((&issued).into()))
}

fn revoke_admin_token(by: &Authored<'_>, id: &str) -> Result<Answer, Stop> {
    let revoked = by.execute(RevokeAdminToken { id: token_id(id)? });
    let revoked = revoked.map_err(|error| of_token_among("tollgate admin-token list", error))?;
    Ok(Answer::AdminToken((&revoked).into()))
}

fn issue_feed_token(by: &Authored<'_>, name: &str, expires_at: Option<Timestamp>) -> Result<Answer, Stop> {
    let name = parsed(name)?;
    let issued = by.execute(IssueFeedToken { name, expires_at })?;
    Ok(Answer::IssuedFeed((&issued).into()))
}

fn revoke_feed_token(by: &Authored<'_>, id: &str) -> Result<Answer, Stop> {
    let revoked = by.execute(RevokeFeedToken { id: token_id(id)? });
    let revoked = revoked.map_err(|error| of_token_among("tollgate feed-token list", error))?;
    Ok(Answer::FeedToken((&revoked).into()))
}

fn list_settings(engine: &Engine) -> Result<Answer, Stop> {
    let settings = engine.settings()?.list();
    Ok(Answer::Settings(settings.iter().map(Into::into).collect()))
}

fn set_setting(by: &Authored<'_>, key: &str, value: &str) -> Result<Answer, Stop> {
    let setting = Setting::parse(key, value)?;
    Ok(Answer::Setting((&by.execute(SetSetting { setting })?).into()))
}

/// The user whom a list is about, if it is about one.
fn name(user: Option<&str>) -> Result<Option<UserName>, Stop> {
    user.map(parsed).transpose()
}

fn addressed(rule: &AddressedRule) -> Result<(NetworkRule, Option<UserName>), Stop> {
    Ok((parsed(&rule.rule)?, rule.user.as_deref().map(parsed).transpose()?))
}

/// When a new token ends.
fn end(engine: &Engine, at: Option<&str>, in_s: Option<u64>) -> Result<Option<Timestamp>, Stop> {
    match (at, in_s) {
        (None, None) => Ok(None),
        (Some(at), None) => Ok(Some(parse_moment(at)?)),
        (None, Some(seconds)) => Ok(Some(engine.now().plus_millis(seconds.saturating_mul(1_000)))),
        (Some(_), Some(_)) => Err(Stop::malformed(
            "expected one end for the token, but found a moment and a duration",
        )),
    }
}

fn token_id(id: &str) -> Result<TokenId, Stop> {
    let number = id.trim().parse::<u64>();
    number.map(TokenId).map_err(|_| {
        Stop::malformed(format!(
            "expected the id of a token, which is a number, but found `{id}`"
        ))
    })
}

fn parsed<T: FromStr<Err: ToString>>(text: &str) -> Result<T, Stop> {
    text.parse().map_err(|error: T::Err| Stop::malformed(error.to_string()))
}
