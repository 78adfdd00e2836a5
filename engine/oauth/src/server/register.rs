//! Clients that register themselves.

use serde_json::Value;
use tollgate::{
    AddClient, Author, ClientAuthentication, ClientName, Entropy as _, ExecuteError, Grant, GrantSet, Timestamp,
};

use super::clients::origin;
use super::{Inner, must_be_post};
use crate::answers;
use crate::base64url;
use crate::call::{Activity, Answer, Call};
use crate::fault::{Code, Fault};
use crate::json::Object;
use crate::registration::{NAME_BEGIN, Registration};

/// Beyond so many clients nobody registers another: strangers must not fill the store.
const CLIENTS_MOST: usize = 10_000;

impl Inner {
    pub(super) fn register(&self, call: &Call<'_>, now: Timestamp, activity: &mut Activity) -> Result<Answer, Fault> {
        if !self.configuration.registration {
            return Err(Fault::new(Code::NotFound, "Clients do not register themselves here"));
        }
        must_be_post(call)?;
        const FULL: Fault = Fault::new(Code::TemporarilyUnavailable, "There are too many clients already");
        let admitted = self.registration_throttle.lock().admit_network(call.peer, now);
        if let Err(wait) = admitted {
            return Err(Fault::busy("Too many clients come from this address", wait.seconds));
        }
        if self.engine.clients()?.len() >= CLIENTS_MOST {
            return Err(FULL);
        }
        let registration = Registration::parse(call, &self.configuration.registration_scopes)?;
        let mut grants = GrantSet::NONE.with(Grant::AuthorizationCode);
        if registration.refreshes {
            grants = grants.with(Grant::RefreshToken);
        }
        let name = self.drawn_name()?;
        let add = AddClient {
            title: registration.title.clone().unwrap_or_else(|| name.to_string()),
            login_urls: registration.redirects.clone(),
            logout_urls: registration.logout_redirects.clone(),
            scopes: registration.scopes.clone(),
            // Nobody here knows them: people are asked.
            consent: true,
            authentication: if registration.public {
                ClientAuthentication::Public
            } else {
                ClientAuthentication::Secret
            },
            ..AddClient::named(name, grants)
        };
        let origin = origin(call);
        let added = self
            .engine
            .by(Author::new("registration", &origin))
            .execute(add)
            .map_err(|error| match error {
                ExecuteError::Refused(_) => {
                    Fault::new(Code::InvalidClientMetadata, "The client cannot be registered like this")
                }
                error @ ExecuteError::Unavailable(_) => error.into(),
            })?;
        activity.client = Some(added.client.name.to_string());
        let grants: Vec<&str> = grants.iter().map(Grant::name).collect();
        let secret = added.secret.as_ref();
        let body = Object::default()
            .with("client_id", added.client.name.as_str())
            .with("client_id_issued_at", added.client.created_at.as_seconds())
            .with_some("client_secret", secret.map(|secret| secret.expose()))
            .with_some("client_secret_expires_at", secret.map(|_| Value::from(0)))
            .with("client_name", added.client.title.as_str())
            .with("redirect_uris", registration.redirects)
            .with("post_logout_redirect_uris", registration.logout_redirects)
            .with("token_endpoint_auth_method", registration.way)
            .with("grant_types", grants)
            .with("response_types", vec!["code"])
            .with("scope", registration.scopes.to_string());
        Ok(answers::json(201, body.finish(), activity.clone()))
    }

    fn drawn_name(&self) -> Result<ClientName, Fault> {
        let fault = Fault::new(Code::ServerError, "The server has no randomness to draw a name from");
        let mut bits = [0; 16];
        self.entropy.fill(&mut bits).map_err(|_| fault)?;
        format!("{NAME_BEGIN}{}", base64url::encode(&bits))
            .parse()
            .map_err(|_| fault)
    }
}
