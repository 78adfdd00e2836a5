//! What was typed, as a request.

use std::path::absolute;

use tollgate::{Limit, OperationSet, Setting};
use tollgate_http::control::{
    AddressedRule, CheckRequest, KeyRequest, PasswordRequest, PersonChangesRequest, Request, UserChangesRequest,
};

use crate::arguments::{
    AdminTokenVerb, AuthtokenVerb, Backup, Check, FeedTokenVerb, KeyVerb, NetworkVerb, PersonTerms, Rule, SettingsVerb,
    UserLimits, UserVerb, Verb,
};
use crate::exit::Failure;
use crate::password;

mod access;
mod held;
mod idp;

/// The request that a verb makes. `cursor` leads to a further page of a list.
pub(crate) fn request(verb: &Verb, cursor: Option<String>) -> Result<Request, Failure> {
    Ok(match verb {
        Verb::User(verb) => user(verb, cursor)?,
        Verb::Authtoken(verb) => authtoken(verb, cursor),
        Verb::Client(verb) => Request::Client(access::client(verb, cursor)?),
        Verb::Pat(verb) => Request::PersonalToken(access::personal_token(verb, cursor)),
        Verb::Consent(verb) => Request::Consent(access::consent(verb)),
        Verb::Grant(verb) => Request::Grant(held::grant(verb, cursor)),
        Verb::Login(verb) => Request::Login(held::login(verb, cursor)),
        Verb::Route(verb) => Request::Route(access::route(verb)),
        Verb::Issuer(verb) => Request::Issuer(access::issuer(verb)?),
        Verb::Idp(verb) => Request::IdentityProvider(idp::request(verb)?),
        Verb::Key(KeyVerb::List) => Request::Key(KeyRequest::List),
        Verb::Key(KeyVerb::Rotate { compromised }) => Request::Key(KeyRequest::Rotate {
            compromised: *compromised,
        }),
        Verb::Network(verb) => network(verb, cursor),
        Verb::AdminToken(verb) => admin_token(verb, cursor),
        Verb::FeedToken(verb) => feed_token(verb, cursor),
        Verb::Settings(SettingsVerb::List) => Request::SettingsList,
        Verb::Settings(SettingsVerb::Set { key, value }) => {
            Setting::parse(key, value).map_err(|error| {
                Failure::usage(format!("{error}: `tollgate settings list` shows the present values"))
            })?;
            Request::SettingsSet {
                key: key.clone(),
                value: value.clone(),
            }
        }
        Verb::Check(Check {
            method,
            path,
            ip,
            headers,
        }) => Request::Check(CheckRequest {
            method: method.clone(),
            path: path.clone(),
            ip: ip.to_string(),
            headers: headers.clone(),
        }),
        Verb::Verify => Request::Verify,
        Verb::Backup(Backup { to }) => {
            // The server may stand in another folder.
            let to = absolute(to).map_err(|error| Failure::usage(error.to_string()))?;
            if to.to_str().is_none() {
                return Err(Failure::usage("expected the path of the backup in UTF-8"));
            }
            Request::Backup { to }
        }
        #[cfg(feature = "top")]
        Verb::Top(_) => return Err(Failure::usage("expected a verb that asks one thing of a store")),
        Verb::Init(_)
        | Verb::Serve(_)
        | Verb::Import(_)
        | Verb::Export(_)
        | Verb::Audit(_)
        | Verb::Completions { .. }
        | Verb::Man { .. } => {
            return Err(Failure::usage("expected a verb that asks one thing of a store"));
        }
    })
}

fn user(verb: &UserVerb, cursor: Option<String>) -> Result<Request, Failure> {
    Ok(match verb {
        UserVerb::Add {
            name,
            limits,
            person,
            inactive,
        } => Request::UserAdd {
            name: name.to_string(),
            changes: changes(limits, inactive.then_some(false)),
            person: person_changes(person, false, false)?,
        },
        UserVerb::List => Request::UserList { cursor },
        UserVerb::Show { name } => Request::UserShow { name: name.to_string() },
        UserVerb::Set {
            name,
            limits,
            person,
            no_password,
            no_roles,
            active,
            inactive,
            revoke_grants,
        } => {
            let active = if *inactive { Some(false) } else { active.then_some(true) };
            let changes = changes(limits, active);
            let person = PersonChangesRequest {
                revoke_grants: *revoke_grants,
                ..person_changes(person, *no_password, *no_roles)?
            };
            if changes == UserChangesRequest::default() && person == PersonChangesRequest::default() {
                let words = "expected something to change: --operations, --per-hour, --concurrent, --active, --inactive, \
                             --password-stdin, --no-password, --display-name, --email, --role, --no-roles or --revoke-grants";
                return Err(Failure::usage(words));
            }
            Request::UserSet {
                name: name.to_string(),
                changes,
                person,
            }
        }
        UserVerb::Remove { name } => Request::UserRemove { name: name.to_string() },
    })
}

fn person_changes(terms: &PersonTerms, no_password: bool, no_roles: bool) -> Result<PersonChangesRequest, Failure> {
    let PersonTerms {
        password_stdin,
        display_name,
        email,
        roles,
    } = terms;
    let password = match (password_stdin, no_password) {
        (true, _) => Some(PasswordRequest::Digest(password::digest_of_line()?)),
        (false, true) => Some(PasswordRequest::Removed),
        (false, false) => None,
    };
    Ok(PersonChangesRequest {
        revoke_grants: false,
        password,
        display_name: display_name.clone(),
        email: email.clone(),
        roles: (no_roles || !roles.is_empty()).then(|| roles.clone()),
    })
}

fn changes(limits: &UserLimits, active: Option<bool>) -> UserChangesRequest {
    let UserLimits {
        operations,
        per_hour,
        concurrent,
    } = limits;
    UserChangesRequest {
        operations: operations.as_ref().map(OperationSet::to_string),
        per_hour: per_hour.as_ref().map(Limit::to_string),
        concurrent: concurrent.as_ref().map(Limit::to_string),
        active,
    }
}

fn authtoken(verb: &AuthtokenVerb, cursor: Option<String>) -> Request {
    match verb {
        AuthtokenVerb::Issue {
            user,
            expires_at,
            expires_in,
            not_before,
        } => Request::AuthtokenIssue {
            user: user.to_string(),
            expires_at: expires_at.clone(),
            expires_in_s: *expires_in,
            not_before: not_before.clone(),
        },
        AuthtokenVerb::List { user } => Request::AuthtokenList {
            user: user.as_ref().map(ToString::to_string),
            cursor,
        },
        AuthtokenVerb::Revoke { id } => Request::AuthtokenRevoke { id: id.to_string() },
        AuthtokenVerb::Expire { id, at } => Request::AuthtokenExpire {
            id: id.to_string(),
            at: at.clone(),
        },
    }
}

fn network(verb: &NetworkVerb, cursor: Option<String>) -> Request {
    let addressed = |rule: &Rule| AddressedRule {
        rule: rule.rule.to_string(),
        user: rule.user.as_ref().map(ToString::to_string),
    };
    match verb {
        NetworkVerb::Trust(rule) => Request::NetworkTrust(addressed(rule)),
        NetworkVerb::Ban(rule) => Request::NetworkBan(addressed(rule)),
        NetworkVerb::List { user } => Request::NetworkList {
            user: user.as_ref().map(ToString::to_string),
            cursor,
        },
        NetworkVerb::Remove(rule) => Request::NetworkRemove(addressed(rule)),
    }
}

fn admin_token(verb: &AdminTokenVerb, cursor: Option<String>) -> Request {
    match verb {
        AdminTokenVerb::Issue {
            name,
            role,
            expires_at,
            expires_in,
        } => Request::AdminTokenIssue {
            name: name.to_string(),
            role: role.to_string(),
            expires_at: expires_at.clone(),
            expires_in_s: *expires_in,
        },
        AdminTokenVerb::List => Request::AdminTokenList { cursor },
        AdminTokenVerb::Revoke { id } => Request::AdminTokenRevoke { id: id.to_string() },
    }
}

fn feed_token(verb: &FeedTokenVerb, cursor: Option<String>) -> Request {
    match verb {
        FeedTokenVerb::Issue {
            name,
            expires_at,
            expires_in,
        } => Request::FeedTokenIssue {
            name: name.to_string(),
            expires_at: expires_at.clone(),
            expires_in_s: *expires_in,
        },
        FeedTokenVerb::List => Request::FeedTokenList { cursor },
        FeedTokenVerb::Revoke { id } => Request::FeedTokenRevoke { id: id.to_string() },
    }
}
