//! The authorization endpoint: from a request to a code, with a login and a consent in between where they are needed.

use tollgate::{
    Client, ClientAuthentication, ClientName, ExecuteError, GiveConsent, Grant, GrantFault, GrantedTo, IssueCode,
    Refusal, SessionFacts, Timestamp,
};

use super::Inner;
use super::clients::author;
use super::faults::NOT_ALLOWED;
use crate::answers::GRANTED;
use crate::authorization::{self, AuthorizationRequest};
use crate::call::{Activity, Profile};
use crate::fault::{Code, Fault};
use crate::form::Form;
use crate::redirect;
use crate::registration::NAME_BEGIN;
use crate::scope::Reach;
use crate::steps::{AuthorizationCall, AuthorizationStep, ClientShown, Decision};

/// Who has logged in so short a time ago has done so for this request, and is not asked to do it again.
const JUST_NOW_MS: u64 = 60_000;

/// A request whose client and redirect URL are known to belong together: whatever is wrong from here on, the client is told.
struct Landed<'a> {
    profile: Profile,
    call: &'a AuthorizationCall<'a>,
    form: &'a Form,
    client: &'a Client,
    redirect: &'a str,
    now: Timestamp,
}

impl Inner {
    /// A fault that comes out of here is for a page; every other goes to the client.
    pub(super) fn authorize(
        &self,
        profile: Profile,
        call: &AuthorizationCall<'_>,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<AuthorizationStep, Fault> {
        if call.call.method != b"GET" && call.call.method != b"POST" {
            return Err(Fault::new(Code::MethodNotAllowed, "This endpoint takes GET and POST"));
        }
        let form = Form::of_query_or_body(&call.call)?;
        const NOBODY: Fault = Fault::request("client_id is missing or names no client that may log people in");
        let name: ClientName = form.one("client_id").and_then(|name| name.parse().ok()).ok_or(NOBODY)?;
        let client = self
            .engine
            .client(&name)?
            .filter(|client| client.enabled)
            .ok_or(NOBODY)?;
        activity.client = Some(client.name.to_string());
        // What was let into the store by other doors is judged here again.
        let public = client.authentication == ClientAuthentication::Public;
        let registered: Vec<String> = client
            .login_urls
            .iter()
            .filter(|url| redirect::accept(url, public).is_ok())
            .cloned()
            .collect();
        let redirect = authorization::landing(form.one("redirect_uri"), &registered)?;
        let landed = Landed {
            profile,
            call,
            form: &form,
            client: &client,
            redirect,
            now,
        };
        match self.landed(&landed, activity) {
            Ok(step) => Ok(step),
            // Of a client that registered itself nobody has looked at the URL: strangers must not make us a redirector to wherever they
            // like (RFC 9700 section 4.11.2). Who is logged in has come to know it, or is about to be asked.
            Err(fault) if is_stranger(&client) && !self.is_logged_in(call, now)? => Err(fault),
            Err(fault) => {
                activity.outcome = fault.code.as_str();
                let told = [("error", fault.code.as_str()), ("error_description", fault.description)];
                Ok(self.back(&landed, told, activity))
            }
        }
    }

    fn landed(&self, landed: &Landed<'_>, activity: &Activity) -> Result<AuthorizationStep, Fault> {
        let client = landed.client;
        if !client.grants.contains(Grant::AuthorizationCode) {
            return Err(NOT_ALLOWED);
        }
        let request = AuthorizationRequest::parse(landed.form)?;
        // Of a client that registered itself nobody knows how it keeps its secret.
        let must_prove = is_stranger(client) || client.authentication == ClientAuthentication::Public;
        if must_prove && request.challenge.is_none() {
            return Err(Fault::request(
                "This client must send code_challenge with code_challenge_method S256",
            ));
        }
        let reach = request.asked.within(&client.scopes, &client.audiences)?;
        let Some(session) = self.sufficient_session(landed, &request)? else {
            return self.must_log_in(landed, request, activity);
        };
        let asks = match landed.call.decision {
            Some(Decision::Refused) => return Err(Fault::new(Code::AccessDenied, "The user has refused")),
            Some(Decision::Allowed) => {
                self.consented(landed, &session, &reach)?;
                false
            }
            None => request.prompt.consent || self.needs_consent(landed, &session, &reach)?,
        };
        if asks && request.prompt.none {
            return Err(Fault::new(Code::ConsentRequired, "The user must be asked first"));
        }
        if asks {
            return Ok(landed.consent(&session, &reach, activity));
        }
        match self.code(landed, request, &session, &reach) {
            // The consent was withdrawn meanwhile, or the client has come to want one.
            Err(ExecuteError::Refused(Refusal::Grant(GrantFault::NoConsent))) => {
                Ok(landed.consent(&session, &reach, activity))
            }
            Err(error) => Err(match Fault::from(error) {
                fault if fault.code == Code::InvalidGrant => {
                    Fault::new(Code::AccessDenied, "The user or the session is gone")
                }
                fault => fault,
            }),
            Ok(code) => Ok(self.back(landed, [("code", code.as_str())], activity)),
        }
    }

    fn is_logged_in(&self, call: &AuthorizationCall<'_>, now: Timestamp) -> Result<bool, Fault> {
        let session = call.session.map(|token| self.engine.session(token, now));
        Ok(session.transpose()?.flatten().is_some())
    }

    /// The session in which the person may be taken for who they are. None where they have to log in first.
    fn sufficient_session(
        &self,
        landed: &Landed<'_>,
        request: &AuthorizationRequest,
    ) -> Result<Option<SessionFacts>, Fault> {
        let Some(token) = landed.call.session else {
            return Ok(None);
        };
        let hint = landed
            .form
            .one("id_token_hint")
            .map(|text| self.hint(text, landed.now))
            .transpose()?;
        let Some(session) = self.engine.session(token, landed.now)? else {
            return Ok(None);
        };
        let age_ms = landed.now.millis_since(session.auth_time);
        let is_old = request
            .max_age_s
            .is_some_and(|most| age_ms > most.saturating_mul(1_000));
        let is_other = hint.is_some_and(|hint| hint.subject != session.user.id.0.to_string());
        if is_other && age_ms < JUST_NOW_MS {
            return Err(Fault::new(
                Code::LoginRequired,
                "Another user than the expected one has logged in",
            ));
        }
        Ok((!request.prompt.login && !is_old && !is_other).then_some(session))
    }

    fn must_log_in(
        &self,
        landed: &Landed<'_>,
        request: AuthorizationRequest,
        activity: &Activity,
    ) -> Result<AuthorizationStep, Fault> {
        if request.prompt.none {
            return Err(Fault::new(Code::LoginRequired, "The user must log in first"));
        }
        if !landed.client.show_login {
            return Err(Fault::new(Code::LoginRequired, "This client shows no login screen"));
        }
        // Having logged in is what `prompt` and `max_age` ask for; asked again, they would never be content.
        let mut again = landed.form.without(&["prompt", "max_age"]);
        if request.prompt.consent {
            again.push_str("&prompt=consent");
        }
        Ok(AuthorizationStep::Login {
            request: again,
            client: landed.shown(),
            hint: request.hint,
            redirect: landed.redirect.to_owned(),
            activity: activity.clone(),
        })
    }

    /// Whether the person has to be asked. Behind a URL that is not https anybody may listen, so a public client there is never taken
    /// for the one that was allowed before (RFC 8252 section 8.6).
    fn needs_consent(&self, landed: &Landed<'_>, session: &SessionFacts, reach: &Reach) -> Result<bool, Fault> {
        let public = landed.client.authentication == ClientAuthentication::Public;
        if public && !landed.redirect.starts_with("https://") {
            return Ok(true);
        }
        if !landed.client.consent {
            return Ok(false);
        }
        let given = self.engine.consent(&session.user.name, landed.client.number)?;
        Ok(given.is_none_or(|given| !given.covers(&reach.scopes, &reach.audiences)))
    }

    fn consented(&self, landed: &Landed<'_>, session: &SessionFacts, reach: &Reach) -> Result<(), Fault> {
        let give = GiveConsent {
            user: session.user.name.clone(),
            client: landed.client.name.clone(),
            client_number: landed.client.number,
            scopes: reach.scopes.clone(),
            audiences: reach.audiences.clone(),
        };
        let by = self.engine.by(author(&landed.client.name, &landed.call.call));
        by.execute(give)?;
        Ok(())
    }

    fn code(
        &self,
        landed: &Landed<'_>,
        request: AuthorizationRequest,
        session: &SessionFacts,
        reach: &Reach,
    ) -> Result<String, ExecuteError> {
        let issue = IssueCode {
            to: GrantedTo {
                client: landed.client.name.clone(),
                client_number: landed.client.number,
                user: session.user.name.clone(),
                scopes: reach.scopes.clone(),
                audiences: reach.audiences.clone(),
            },
            redirect_url: landed.redirect.to_owned(),
            redirect_said: landed.form.one("redirect_uri").is_some(),
            issuer: Some(self.configuration.issuer(landed.profile)),
            challenge: request.challenge.map(|challenge| challenge.0),
            nonce: request.nonce,
            auth_time: session.auth_time,
            session: Some(session.id),
        };
        let by = self.engine.by(author(&landed.client.name, &landed.call.call));
        Ok(by.execute(issue)?.code.expose().to_owned())
    }

    /// Sends the browser back with an answer, its `state`, and who answers (RFC 9207).
    fn back<const N: usize>(
        &self,
        landed: &Landed<'_>,
        told: [(&str, &str); N],
        activity: &Activity,
    ) -> AuthorizationStep {
        let issuer = self.configuration.issuer(landed.profile);
        let state = authorization::state(landed.form).map(|state| ("state", state));
        let pairs = told.into_iter().chain(state).chain([("iss", issuer.as_str())]);
        AuthorizationStep::Redirect {
            url: redirect::answer(landed.redirect, pairs),
            activity: activity.clone(),
        }
    }
}

/// Whether nobody here knows the client: it registered itself.
pub(super) fn is_stranger(client: &Client) -> bool {
    client.name.as_str().starts_with(NAME_BEGIN)
}

impl Landed<'_> {
    fn shown(&self) -> ClientShown {
        ClientShown {
            name: self.client.name.to_string(),
            title: self.client.title.clone(),
        }
    }

    fn consent(&self, session: &SessionFacts, reach: &Reach, activity: &Activity) -> AuthorizationStep {
        debug_assert_eq!(activity.outcome, GRANTED, "a request that was refused asks nobody");
        AuthorizationStep::Consent {
            request: self.form.without(&["prompt", "max_age"]),
            client: self.shown(),
            user: session.user.name.clone(),
            scopes: reach.scopes.iter().map(ToString::to_string).collect(),
            audiences: reach.audiences.iter().map(ToString::to_string).collect(),
            lasts_s: if self.client.grants.contains(Grant::RefreshToken) {
                self.client.refresh_lifetime_s
            } else {
                self.client.lifetime_s
            },
            redirect: self.redirect.to_owned(),
            activity: activity.clone(),
        }
    }
}
