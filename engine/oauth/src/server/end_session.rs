//! Logging out, for clients that send people here to do so (OpenID Connect RP-Initiated Logout).

use tollgate::{Author, Client, ClientAuthentication, ClientName, EndSession, Timestamp};

use super::Inner;
use super::authorize::is_stranger;
use super::clients::origin;
use crate::call::{Activity, Profile};
use crate::fault::{Code, Fault};
use crate::form::Form;
use crate::jose::Jws;
use crate::redirect;
use crate::steps::{ClientShown, EndSessionCall, EndSessionStep};

/// What an ID token of ours says that a client brings as a hint. It may be over.
pub(super) struct Hint {
    client: String,
    pub(super) subject: String,
}

impl Inner {
    pub(super) fn end_session(
        &self,
        call: &EndSessionCall<'_>,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<EndSessionStep, Fault> {
        if call.call.method != b"GET" && call.call.method != b"POST" {
            return Err(Fault::new(Code::MethodNotAllowed, "This endpoint takes GET and POST"));
        }
        let form = Form::of_query_or_body(&call.call)?;
        let hint = form.one("id_token_hint").map(|text| self.hint(text, now)).transpose()?;
        let named = form.one("client_id").or(hint.as_ref().map(|hint| hint.client.as_str()));
        if hint.as_ref().is_some_and(|hint| named != Some(hint.client.as_str())) {
            return Err(Fault::request("client_id and id_token_hint name different clients"));
        }
        let client = named.map(|name| self.enabled_client(name)).transpose()?;
        activity.client = client.as_ref().map(|client| client.name.to_string());
        let redirect = permitted(&form, client.as_ref())?;
        let session = call
            .session
            .map(|token| self.engine.session(token, now))
            .transpose()?
            .flatten();
        let Some(session) = session else {
            // Strangers get no redirector of ours: whoever came by their link has nothing to do with them.
            let redirect = redirect.filter(|_| hint.is_some() || !client.as_ref().is_some_and(is_stranger));
            return Ok(EndSessionStep::Ended { redirect });
        };
        // Without a hint about this very user anybody who gets them to follow a link would log them out.
        let is_expected = hint.is_some_and(|hint| hint.subject == session.user.id.0.to_string());
        if !is_expected && !call.confirmed {
            let shown = client.map(|client| ClientShown {
                name: client.name.to_string(),
                title: client.title,
            });
            return Ok(EndSessionStep::Confirm {
                request: form.without(&[]),
                client: shown,
            });
        }
        let origin = origin(&call.call);
        let by = self
            .engine
            .by(Author::new(&format!("user {}", session.user.name), &origin));
        by.execute(EndSession { session: session.id })?;
        Ok(EndSessionStep::Ended { redirect })
    }

    pub(super) fn hint(&self, text: &str, now: Timestamp) -> Result<Hint, Fault> {
        const FAULT: Fault = Fault::request("id_token_hint is no ID token of this server");
        let keys = self.keyring(now)?.verifying(now);
        let claims = Jws::parse(text).and_then(|jws| jws.verify(&keys)).map_err(|_| FAULT)?;
        let issuer = claims.text("iss").map_err(|_| FAULT)?;
        let is_ours = [Profile::Cinchy, Profile::Standard]
            .into_iter()
            .any(|profile| self.configuration.issuer(profile) == issuer);
        // An access token has a client_id, an ID token has none.
        if !is_ours || claims.member("client_id").is_some() {
            return Err(FAULT);
        }
        let text = |name| claims.text(name).map(str::to_owned).map_err(|_| FAULT);
        Ok(Hint {
            client: text("aud")?,
            subject: text("sub")?,
        })
    }

    fn enabled_client(&self, name: &str) -> Result<Client, Fault> {
        const NOBODY: Fault = Fault::request("client_id names no client");
        let name: ClientName = name.parse().map_err(|_| NOBODY)?;
        self.engine.client(&name)?.filter(|client| client.enabled).ok_or(NOBODY)
    }
}

/// Where the browser goes afterwards: one of the client's logout URLs, or a page of ours.
fn permitted(form: &Form, client: Option<&Client>) -> Result<Option<String>, Fault> {
    let Some(asked) = form.one("post_logout_redirect_uri") else {
        return Ok(None);
    };
    const FAULT: Fault = Fault::request("post_logout_redirect_uri is not one that the client has registered");
    let client = client.ok_or(FAULT)?;
    let public = client.authentication == ClientAuthentication::Public;
    let urls = client
        .logout_urls
        .iter()
        .map(String::as_str)
        .filter(|url| redirect::accept(url, public).is_ok());
    if !redirect::is_registered(urls, asked) {
        return Err(FAULT);
    }
    Ok(Some(match form.one("state") {
        Some(state) => redirect::answer(asked, [("state", state)]),
        None => asked.to_owned(),
    }))
}
