//! What is known of users beside what checks need, and their own tokens.

use tollgate::{
    Authored, Engine, GrantsOf, IssuePersonalToken, PasswordPhc, Person, Profile, ReadError, RevokePersonalToken,
    SetPassword, SetProfile, UserName, WithdrawConsent,
};

use super::super::fault::{Stop, no_such_client, of_token_among};
use super::super::lists;
use super::super::people::{ConsentShown, IssuedPersonalShown, PERSONAL_DAYS};
use super::super::reply::Answer;
use super::super::request::{ConsentRequest, PasswordRequest, PersonChangesRequest, PersonalTokenRequest};
use super::super::shown::RemovedShown;
use super::{end, name, parsed, token_id};

/// Changes that are ready to be made.
pub(super) struct PersonChanges {
    password: Option<Option<PasswordPhc>>,
    profile: Option<Profile>,
    revoke_grants: bool,
}

impl PersonChanges {
    /// What `asked` makes of `present`. Whatever can be refused without the store is refused here, so that nobody is half changed.
    pub(super) fn of(asked: PersonChangesRequest, present: &Profile) -> Result<Self, Stop> {
        let PersonChangesRequest {
            password,
            display_name,
            email,
            roles,
            revoke_grants,
        } = asked;
        let malformed = |error: &dyn std::error::Error| Stop::malformed(error.to_string());
        let password = match password {
            None => None,
            Some(PasswordRequest::Removed) => Some(None),
            Some(PasswordRequest::Digest(text)) => {
                Some(Some(PasswordPhc::parse(&text).map_err(|error| malformed(&error))?))
            }
        };
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let profile = Profile {
            display_name: display_name.map_or_else(|| present.display_name.clone(), said),
            email: email.map_or_else(|| present.email.clone(), said),
            roles: roles.unwrap_or_else(|| present.roles.clone()),
        };
        profile.accept().map_err(|fault| malformed(&fault))?;
        Ok(Self {
            password,
            profile: (profile != *present).then_some(profile),
            revoke_grants,
        })
    }

    pub(super) fn make(self, by: &Authored<'_>, name: &UserName) -> Result<(), Stop> {
        let user = || name.clone();
        if let Some(profile) = self.profile {
            by.execute(SetProfile { user: user(), profile })?;
        }
        if let Some(password) = self.password {
            by.execute(SetPassword { user: user(), password })?;
        }
        if self.revoke_grants {
            by.end_sessions(name)?;
            by.revoke_grants(&GrantsOf::User(user()))?;
        }
        Ok(())
    }
}

/// The person of a name, who must be there.
pub(super) fn person(engine: &Engine, name: &UserName) -> Result<Person, Stop> {
    let person = engine.person(name)?;
    Ok(person.ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?)
}

pub(super) fn tokens(engine: &Engine, by: &Authored<'_>, request: PersonalTokenRequest) -> Result<Answer, Stop> {
    match request {
        PersonalTokenRequest::Issue {
            user,
            name,
            description,
            expires_at,
            expires_in_s,
        } => {
            let end = end(engine, expires_at.as_deref(), expires_in_s)?;
            let issued = by.execute(IssuePersonalToken {
                user: parsed(&user)?,
                name,
                description,
                expires_at: end.unwrap_or_else(|| engine.now().plus_millis(PERSONAL_DAYS * 24 * 3_600_000)),
            })?;
            Ok(Answer::IssuedPersonal(IssuedPersonalShown::from(&issued)))
        }
        PersonalTokenRequest::List { user, cursor } => {
            let page = lists::personal_tokens(engine, name(user.as_deref())?.as_ref(), cursor.as_deref());
            Ok(Answer::PersonalTokens(page?))
        }
        PersonalTokenRequest::Revoke { id } => {
            let id = token_id(&id)?;
            let revoked = by.execute(RevokePersonalToken { user: None, id });
            let revoked = revoked.map_err(|error| of_token_among("tollgate pat list", error))?;
            Ok(Answer::PersonalToken((&revoked).into()))
        }
    }
}

pub(super) fn consents(engine: &Engine, by: &Authored<'_>, request: ConsentRequest) -> Result<Answer, Stop> {
    match request {
        ConsentRequest::List { user } => {
            let consents = engine.consents(&parsed(&user)?)?;
            Ok(Answer::Consents(consents.iter().map(ConsentShown::from).collect()))
        }
        ConsentRequest::Withdraw { user, client } => {
            let (user, client) = (parsed::<UserName>(&user)?, parsed(&client)?);
            let there = engine.client(&client)?.ok_or_else(|| no_such_client(&client))?;
            by.execute(WithdrawConsent {
                user: user.clone(),
                client_number: there.number,
            })?;
            Ok(Answer::Removed(RemovedShown {
                id: client.to_string(),
                removed: format!("what {user} had agreed to for client {client}"),
            }))
        }
    }
}
