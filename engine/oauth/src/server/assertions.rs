//! Tokens for assertions of identity providers (RFC 7522, and Cinchy's `saml2`).

use tollgate::{
    AddUser, ExecuteError, Grant, GrantedTo, IdentityProvider, IssueAccess, Person, ReadError, Refusal,
    SpendIdentifier, Spent, UserName,
};

use super::Inner;
use super::clients::{SPENT_AFTER_MS, author};
use super::grants::Asking;
use super::issue::holder;
use crate::call::{Answer, Profile};
use crate::fault::{Code, Fault};
use crate::metadata::Endpoint;
use crate::saml::{self, Accepted, Encoding, SamlFault};
use crate::scope::Asked;

/// Why no token is given: what the caller is told, and for the log what was wrong with the assertion.
pub(super) struct Unaccepted {
    pub(super) fault: Fault,
    pub(super) reason: Option<String>,
}

/// One sentence for every assertion that is good for nothing.
const NO_ASSERTION: Fault = Fault::grant("The assertion is not valid here");
/// What a profile does not have, and what nobody has configured, look alike.
pub(crate) const UNSUPPORTED: Fault = Fault::new(Code::UnsupportedGrantType, "This grant_type is not supported");

impl From<SamlFault> for Unaccepted {
    fn from(fault: SamlFault) -> Self {
        Self {
            fault: NO_ASSERTION,
            reason: Some(fault.to_string()),
        }
    }
}

impl From<Fault> for Unaccepted {
    fn from(fault: Fault) -> Self {
        Self { fault, reason: None }
    }
}

impl From<ReadError> for Unaccepted {
    fn from(error: ReadError) -> Self {
        Fault::from(error).into()
    }
}

impl From<ExecuteError> for Unaccepted {
    fn from(error: ExecuteError) -> Self {
        Fault::from(error).into()
    }
}

impl Inner {
    /// Whether there is a provider whose assertions could be taken, and they come as this profile has them.
    pub(super) fn takes_assertions(&self, profile: Profile, encoding: Encoding) -> Result<(), Fault> {
        let fits = match profile {
            Profile::Cinchy => encoding == Encoding::Standard,
            Profile::Standard => encoding == Encoding::Url,
        };
        if fits && !self.engine.identity_providers()?.is_empty() {
            return Ok(());
        }
        Err(UNSUPPORTED)
    }

    pub(super) fn by_assertion(
        &self,
        asking: &Asking<'_>,
        text: &str,
        encoding: Encoding,
        asked: &Asked,
    ) -> Result<Answer, Unaccepted> {
        let client = asking.client;
        let reach = asked.within(&client.scopes, &client.audiences)?;
        let providers = self.engine.identity_providers()?;
        let endpoint = Endpoint::Token.url(asking.profile, &self.configuration);
        let accepted = saml::accept(text, encoding, &providers, &endpoint, asking.now)?;
        let person = self.used_once(asking, &accepted, &providers)?;
        let holder = holder(&person);
        // No token outlives the login at the provider that it rests on.
        let left_s = accepted
            .session_ends
            .map(|end| end.as_seconds().saturating_sub(asking.now.as_seconds()));
        let left_s = left_s.map_or(u32::MAX, |left_s| u32::try_from(left_s).unwrap_or(u32::MAX));
        let lifetime_s = client.lifetime_s.min(left_s).max(1);
        let auth_time = accepted.authenticated_at.unwrap_or(asking.now);
        let wanted = asking.wanted(&holder, Some(auth_time), &reach, lifetime_s);
        let to = GrantedTo {
            client: client.name.clone(),
            client_number: client.number,
            user: person.user.name.clone(),
            scopes: reach.scopes.clone(),
            audiences: reach.audiences.clone(),
        };
        let by = self.engine.by(author(&client.name, asking.call));
        let (issued, signed) = self.with_text(&wanted, |text| {
            let (to, grant, refresh) = (to.clone(), Grant::Saml, None);
            by.execute(IssueAccess {
                to,
                text,
                lifetime_s,
                grant,
                refresh,
            })
        })?;
        let signed = signed.as_deref().map(String::as_str);
        Ok(self.granted(&wanted, &issued, signed, None, asking.activity)?)
    }

    /// Uses an assertion up, and answers whom it names: a user who is there, or whom its provider may add.
    fn used_once(
        &self,
        asking: &Asking<'_>,
        accepted: &Accepted,
        providers: &[IdentityProvider],
    ) -> Result<Person, Unaccepted> {
        let there = self.engine.person(&accepted.user)?;
        let provider = providers.iter().find(|provider| provider.issuer == accepted.issuer);
        if there.is_none() && !provider.is_some_and(|provider| provider.creates_users) {
            return Err(SamlFault::UnknownUser.into());
        }
        let spend = SpendIdentifier {
            issuer: format!("saml {}", accepted.issuer),
            identifier: accepted.identifier.clone(),
            until: accepted.until.plus_millis(SPENT_AFTER_MS),
        };
        match self.engine.execute(spend)? {
            Spent::First => {}
            Spent::Again => return Err(SamlFault::Replayed.into()),
        }
        match there {
            Some(person) => Ok(person),
            None => self.added(asking, &accepted.user),
        }
    }

    /// The user of this name, added unless somebody else was faster.
    fn added(&self, asking: &Asking<'_>, name: &UserName) -> Result<Person, Unaccepted> {
        let by = self.engine.by(author(&asking.client.name, asking.call));
        match by.execute(AddUser::named(name.clone())) {
            Ok(_) | Err(ExecuteError::Refused(Refusal::UserExists { .. })) => {}
            Err(other) => return Err(other.into()),
        }
        self.engine.person(name)?.ok_or_else(|| SamlFault::UnknownUser.into())
    }
}
