//! Requests carried out on an engine. The one place where the command line meets it, with or without a server between.

use std::path::PathBuf;
use std::str::FromStr;

use tollgate::{
    AddNetwork, AddUser, Author, Authored, Engine, ExecuteError, ExpireToken, Import, IssueAuthtoken, NetworkRule,
    ReadError, Refusal, RemoveNetwork, RemoveUser, RevokeToken, SetSetting, SetUser, Setting, Standing, Timestamp,
    TokenId, UserChanges, UserName,
};

use super::explain::explain;
use super::fault::Stop;
use super::moment::parse_moment;
use super::moved::{ExportedShown, ImportedShown, LineFaultShown};
use super::reply::{Answer, Reply};
use super::request::{AddressedRule, ImportRequest, NumberedLine, Request, UserChangesRequest};
use super::shown::{NetworkShown, RemovedShown, UserDetail, rule_id};
use super::status::status;
use super::transfer::{Format, export_to, portable};
use crate::host::Host;

/// Carries `request` out on the engine of a running server, which can also say how it is.
pub fn dispatch_served(host: &Host, author: &Author, request: Request) -> Reply {
    match request {
        Request::Status => Reply::Done(Answer::Status(Box::new(status(host)))),
        request => dispatch(host.engine(), author, request),
    }
}

/// Carries `request` out on `engine` and answers it. Blocks for as long as the disk takes. What it changes stands in the audit
/// trail under the name of `author`.
pub fn dispatch(engine: &Engine, author: &Author, request: Request) -> Reply {
    match carry_out(engine, &engine.by(author.clone()), request) {
        Ok(answer) => Reply::Done(answer),
        Err(Stop::Refused(fault)) => Reply::Refused(fault),
        Err(Stop::Failed(fault)) => Reply::Failed(fault),
    }
}

fn carry_out(engine: &Engine, by: &Authored<'_>, request: Request) -> Result<Answer, Stop> {
    match request {
        Request::UserAdd { name, changes } => add_user(by, &name, &changes),
        Request::UserList => {
            let users = engine.users()?;
            Ok(Answer::Users(users.iter().map(Into::into).collect()))
        }
        Request::UserShow { name } => show_user(engine, &name),
        Request::UserSet { name, changes } => {
            let command = SetUser {
                name: parsed(&name)?,
                changes: user_changes(&changes)?,
            };
            Ok(Answer::User((&by.execute(command)?).into()))
        }
        Request::UserRemove { name } => remove_user(engine, by, &name),
        Request::AuthtokenIssue {
            user,
            expires_at,
            expires_in_s,
            not_before,
        } => {
            let expires_at = end(engine, expires_at.as_deref(), expires_in_s)?;
            let not_before = not_before.as_deref().map(parse_moment).transpose()?;
            let issued = by.execute(IssueAuthtoken {
                user: parsed(&user)?,
                expires_at,
                not_before,
            })?;
            Ok(Answer::Issued((&issued).into()))
        }
        Request::AuthtokenList { user } => {
            let user = user.as_deref().map(parsed).transpose()?;
            let tokens = engine.tokens(user.as_ref())?;
            Ok(Answer::Authtokens(tokens.iter().map(Into::into).collect()))
        }
        Request::AuthtokenRevoke { id } => {
            let token = by.execute(RevokeToken { id: token_id(&id)? })?;
            Ok(Answer::Authtoken((&token).into()))
        }
        Request::AuthtokenExpire { id, at } => {
            let at = at.as_deref().map_or_else(|| Ok(engine.now()), parse_moment)?;
            let token = by.execute(ExpireToken { id: token_id(&id)?, at })?;
            Ok(Answer::Authtoken((&token).into()))
        }
        Request::NetworkTrust(rule) => add_network(by, &rule, Standing::Trusted),
        Request::NetworkBan(rule) => add_network(by, &rule, Standing::Banned),
        Request::NetworkList { user } => list_networks(engine, user.as_deref()),
        Request::NetworkRemove(rule) => remove_network(by, &rule),
        Request::SettingsList => {
            let settings = engine.settings()?.list();
            Ok(Answer::Settings(settings.iter().map(Into::into).collect()))
        }
        Request::SettingsSet { key, value } => {
            let setting = by.execute(SetSetting {
                setting: Setting::parse(&key, &value)?,
            })?;
            Ok(Answer::Setting((&setting).into()))
        }
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

fn add_user(by: &Authored<'_>, name: &str, changes: &UserChangesRequest) -> Result<Answer, Stop> {
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
    Ok(Answer::User((&by.execute(command)?).into()))
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

fn show_user(engine: &Engine, name: &str) -> Result<Answer, Stop> {
    let name: UserName = parsed(name)?;
    let user = engine
        .user(&name)?
        .ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?;
    let detail = UserDetail {
        user: (&user).into(),
        networks: networks_of(engine, Some(&name))?,
        authtokens: engine.tokens(Some(&name))?.iter().map(Into::into).collect(),
    };
    Ok(Answer::UserDetail(Box::new(detail)))
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

fn list_networks(engine: &Engine, user: Option<&str>) -> Result<Answer, Stop> {
    let Some(user) = user else {
        let networks = engine.networks()?;
        return Ok(Answer::Networks(networks.iter().map(Into::into).collect()));
    };
    let name: UserName = parsed(user)?;
    if engine.user(&name)?.is_none() {
        return Err(ReadError::NoSuchUser { name }.into());
    }
    Ok(Answer::Networks(networks_of(engine, Some(&name))?))
}

fn networks_of(engine: &Engine, user: Option<&UserName>) -> Result<Vec<NetworkShown>, Stop> {
    let networks = engine.networks()?;
    Ok(networks
        .iter()
        .filter(|network| network.user.as_ref() == user)
        .map(Into::into)
        .collect())
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
