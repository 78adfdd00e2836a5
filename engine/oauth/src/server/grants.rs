//! The token endpoint, grant by grant.

use tollgate::{
    BurnCode, Client, CodeFacts, Grant, GrantedTo, IssueAccess, Person, RedeemCode, Redeemed, Refresh, Refreshed,
    ScopeSet, Timestamp, UserName,
};

use super::clients::author;
use super::faults::{NO_GRANT, NOT_ALLOWED};
use super::issue::{Wanted, holder};
use super::{Inner, must_be_post};
use crate::call::{Activity, Answer, Call, Profile};
use crate::claims::Holder;
use crate::fault::{Code, Fault};
use crate::form::Form;
use crate::pkce::{self, Challenge};
use crate::scope::{Asked, Reach};
use crate::steps::PasswordProof;
use crate::token_request::{TokenRequest, encoding_of};

/// One request that is being answered: who asks, how, and when.
pub(super) struct Asking<'a> {
    pub(super) profile: Profile,
    pub(super) call: &'a Call<'a>,
    pub(super) client: &'a Client,
    pub(super) now: Timestamp,
    pub(super) activity: &'a Activity,
}

impl Inner {
    pub(super) fn token(
        &self,
        profile: Profile,
        call: &Call<'_>,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<Answer, Fault> {
        must_be_post(call)?;
        let form = match profile {
            Profile::Cinchy => Form::of_body(call)?.folded()?,
            Profile::Standard => Form::of_body(call)?,
        };
        let client = self.authenticate(call, &form, now, activity)?;
        // A grant that nobody has set up is not supported, whatever else is wrong with the request.
        if let Some(encoding) = form.one("grant_type").and_then(encoding_of) {
            self.takes_assertions(profile, encoding)?;
        }
        let request = TokenRequest::parse(&form)?;
        activity.asked = request.grant();
        let allowed = client.grants.iter().any(|grant| grant.name() == request.grant());
        if !allowed {
            return Err(NOT_ALLOWED);
        }
        let asking = Asking {
            profile,
            call,
            client: &client,
            now,
            activity,
        };
        match request {
            TokenRequest::Password { name, password, asked } => self.by_password(&asking, name, password, &asked),
            TokenRequest::ClientCredentials { asked } => self.by_client(&asking, &asked),
            TokenRequest::Code {
                code,
                redirect,
                verifier,
                asked,
            } => self.by_code(&asking, code, redirect, verifier, &asked),
            TokenRequest::Refresh { token, asked } => self.by_refresh(&asking, token, &asked),
            TokenRequest::Saml { text, encoding, asked } => {
                let answer = self.by_assertion(&asking, text, encoding, &asked);
                answer.map_err(|unaccepted| {
                    activity.reason = unaccepted.reason;
                    unaccepted.fault
                })
            }
        }
    }

    fn by_password(&self, asking: &Asking<'_>, name: &str, password: &str, asked: &Asked) -> Result<Answer, Fault> {
        let reach = asked.within(&asking.client.scopes, &asking.client.audiences)?;
        let proven = match self.prove(name.as_bytes(), password.as_bytes(), asking.call.peer, asking.now) {
            PasswordProof::Proven(user) => user,
            PasswordProof::Wrong => return Err(WRONG_PASSWORD),
            PasswordProof::Throttled { retry_after_s } => return Err(Fault::guessed(retry_after_s)),
            PasswordProof::Busy => return Err(Fault::busy("Too many passwords are being checked", 1)),
            PasswordProof::Unavailable(_) => return Err(Fault::store()),
        };
        let person = self.person(&proven.name)?;
        // Cinchy answers no refresh token to a password.
        let refreshes = asking.profile == Profile::Standard && asking.client.grants.contains(Grant::RefreshToken);
        let refresh = refreshes.then_some(asking.client.refresh_lifetime_s);
        let answer = self.issue(asking, Grant::Password, &person, &holder(&person), &reach, refresh)?;
        // What was issued for an earlier password is given to nobody.
        if !self.still_holds(&proven)? {
            return Err(WRONG_PASSWORD);
        }
        Ok(answer)
    }

    fn by_client(&self, asking: &Asking<'_>, asked: &Asked) -> Result<Answer, Fault> {
        let reach = asked.within(&asking.client.scopes, &asking.client.audiences)?;
        const NOBODY: Fault = Fault::new(
            Code::UnauthorizedClient,
            "The client acts as a user who is not there any more",
        );
        let user = asking.client.user.as_ref().ok_or(NOBODY)?;
        let person = self.engine.person(user)?.ok_or(NOBODY)?;
        // The client does not act for itself, but with this user's operations, limits and networks. So the user is the subject, here as in
        // introspection, and `gty` says in both that nobody logged in (RFC 9700 section 4.15).
        let holder = holder(&person);
        self.issue(asking, Grant::ClientCredentials, &person, &holder, &reach, None)
    }

    /// Issues what nothing is used up for.
    fn issue(
        &self,
        asking: &Asking<'_>,
        grant: Grant,
        person: &Person,
        holder: &Holder,
        reach: &Reach,
        refresh: Option<u32>,
    ) -> Result<Answer, Fault> {
        let lifetime_s = refresh.map_or(asking.client.lifetime_s, |most| asking.client.lifetime_s.min(most));
        let auth_time = (grant == Grant::Password).then_some(asking.now);
        let wanted = asking.wanted(holder, auth_time, reach, lifetime_s);
        let to = GrantedTo {
            client: asking.client.name.clone(),
            client_number: asking.client.number,
            user: person.user.name.clone(),
            scopes: reach.scopes.clone(),
            audiences: reach.audiences.clone(),
        };
        let by = self.engine.by(author(&asking.client.name, asking.call));
        let (issued, signed) = self.with_text(&wanted, |text| {
            let to = to.clone();
            by.execute(IssueAccess {
                to,
                text,
                lifetime_s,
                grant,
                refresh,
            })
        })?;
        self.granted(
            &wanted,
            &issued,
            signed.as_deref().map(String::as_str),
            None,
            asking.activity,
        )
    }

    fn by_code(
        &self,
        asking: &Asking<'_>,
        code: &str,
        redirect: Option<&str>,
        verifier: Option<&str>,
        asked: &Asked,
    ) -> Result<Answer, Fault> {
        let facts = self.engine.code(code.as_bytes())?.ok_or(NO_GRANT)?;
        let by = self.engine.by(author(&asking.client.name, asking.call));
        let is_own = facts.to.client_number == asking.client.number;
        // What one of our issuers gave out is nothing at another; nothing is used up by asking there.
        if is_own && self.is_of_other_issuer(asking, facts.issuer.as_deref()) {
            return Err(NO_GRANT);
        }
        if is_own && !fits(&facts, redirect, verifier) {
            by.execute(BurnCode { code: facts.proof })?;
            return Err(NO_GRANT);
        }
        if is_own {
            must_name_all(asked, &facts)?;
        }
        let person = self.person(&facts.to.user)?;
        let holder = holder(&person);
        let refreshes = asking.client.grants.contains(Grant::RefreshToken);
        let refresh = refreshes.then_some(asking.client.refresh_lifetime_s);
        let lifetime_s = refresh.map_or(asking.client.lifetime_s, |most| asking.client.lifetime_s.min(most));
        let reach = Reach {
            scopes: facts.to.scopes,
            audiences: facts.to.audiences,
        };
        let wanted = asking.wanted(&holder, Some(facts.auth_time), &reach, lifetime_s);
        let text = self.text(&wanted, true)?;
        let redeem = RedeemCode {
            code: facts.proof,
            client_number: asking.client.number,
            text: text.known,
            lifetime_s,
            refresh,
        };
        match by.execute(redeem)? {
            Redeemed::Granted(issued) => {
                let signed = text.signed.as_deref().map(String::as_str);
                self.granted(&wanted, &issued, signed, Some(facts.nonce.as_deref()), asking.activity)
            }
            Redeemed::Spent => Err(NO_GRANT),
        }
    }

    fn by_refresh(&self, asking: &Asking<'_>, token: &str, asked: &Asked) -> Result<Answer, Fault> {
        let facts = self.engine.refresh(token.as_bytes())?.ok_or(NO_GRANT)?;
        let is_own = facts.to.client_number == asking.client.number;
        if is_own && self.is_of_other_issuer(asking, facts.issuer.as_deref()) {
            return Err(NO_GRANT);
        }
        // Of another client's token nothing is told, not even how far it reaches; the engine revokes it.
        let asked = if is_own { asked.clone() } else { Asked::default() };
        let reach = asked.within(&facts.to.scopes, &facts.to.audiences)?;
        let reach = Reach {
            scopes: still_allowed(&reach.scopes, asking.client)?,
            ..reach
        };
        let person = self.person(&facts.to.user)?;
        let holder = holder(&person);
        let left_s = facts.ends_at.as_seconds().saturating_sub(asking.now.as_seconds());
        let lifetime_s = asking
            .client
            .lifetime_s
            .min(u32::try_from(left_s).unwrap_or(u32::MAX))
            .max(1);
        let wanted = asking.wanted(&holder, Some(facts.auth_time), &reach, lifetime_s);
        let text = self.text(&wanted, true)?;
        let refresh = Refresh {
            refresh: facts.proof,
            client_number: asking.client.number,
            scopes: asked.scopes.is_some().then(|| reach.scopes.clone()),
            audiences: (!asked.resources.is_empty()).then(|| reach.audiences.clone()),
            text: text.known,
            lifetime_s,
        };
        let by = self.engine.by(author(&asking.client.name, asking.call));
        match by.execute(refresh)? {
            Refreshed::Granted(issued) | Refreshed::Repeated(issued) => {
                let signed = text.signed.as_deref().map(String::as_str);
                self.granted(&wanted, &issued, signed, Some(None), asking.activity)
            }
            Refreshed::Reused => Err(NO_GRANT),
        }
    }

    fn is_of_other_issuer(&self, asking: &Asking<'_>, issuer: Option<&str>) -> bool {
        issuer.is_some_and(|issuer| issuer != self.configuration.issuer(asking.profile))
    }

    /// The user of a grant; without one it holds no longer.
    pub(super) fn person(&self, name: &UserName) -> Result<Person, Fault> {
        self.engine.person(name)?.ok_or(NO_GRANT)
    }
}

/// What Cinchy says, to the letter.
const WRONG_PASSWORD: Fault = Fault::grant("Invalid username or password");

impl Asking<'_> {
    pub(super) fn wanted<'w>(
        &'w self,
        holder: &'w Holder,
        auth_time: Option<Timestamp>,
        reach: &'w Reach,
        lifetime_s: u32,
    ) -> Wanted<'w> {
        Wanted {
            profile: self.profile,
            client: self.client,
            holder,
            auth_time,
            scopes: &reach.scopes,
            audiences: &reach.audiences,
            lifetime_s,
            now: self.now,
        }
    }
}

/// Whether a code was asked for with this redirect URL and this verifier. A client that proves itself by the verifier need not
/// repeat the URL, nor need one that has not named it.
fn fits(facts: &CodeFacts, redirect: Option<&str>, verifier: Option<&str>) -> bool {
    let lands = match redirect {
        Some(redirect) => redirect == facts.redirect_url,
        None => !facts.redirect_said || facts.challenge.is_some(),
    };
    lands && pkce::is_proven(facts.challenge.map(Challenge), verifier)
}

/// A code is redeemed for all that it is for. Who wants a token for fewer resources asks for it when it refreshes.
fn must_name_all(asked: &Asked, facts: &CodeFacts) -> Result<(), Fault> {
    let named = asked.resources.is_empty() || facts.to.audiences.iter().all(|one| asked.resources.contains(one));
    let known = asked.resources.iter().all(|one| facts.to.audiences.contains(one));
    if named && known {
        return Ok(());
    }
    Err(Fault::new(
        Code::InvalidTarget,
        "Name the resources of the authorization request, or none",
    ))
}

/// What of `scopes` the client may have today. The engine leaves the rest out of the token as well.
fn still_allowed(scopes: &ScopeSet, client: &Client) -> Result<ScopeSet, Fault> {
    let kept = scopes
        .iter()
        .filter(|scope| client.scopes.contains(scope.as_str()))
        .cloned();
    ScopeSet::of(kept).map_err(|_| NO_GRANT)
}
