//! Which client calls, proven.

use tollgate::{
    Author, Claimed, Client, ClientAuthentication, ClientName, LoginOutcome, SpendIdentifier, Spent, Timestamp,
    TokenKind, WellFormed,
};

use super::Inner;
use crate::call::{Activity, Call, Profile};
use crate::client_authentication::{self, Assertion, ClientProofText, PresentedClient};
use crate::fault::Fault;
use crate::form::Form;
use crate::jose::Jws;
use crate::jwk;
use crate::metadata::Endpoint;

/// An assertion is remembered a little longer than it is good, for clocks that step back.
pub(super) const SPENT_AFTER_MS: u64 = 120_000;

impl Inner {
    /// The client that calls, once it has proven who it is in the one way that it is known by. A client that is not enabled is none.
    /// Wrong secrets are counted for the network that they come from, and the trail tells of them.
    pub(super) fn authenticate(
        &self,
        call: &Call<'_>,
        form: &Form,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<Client, Fault> {
        let claimed = |text: &str| Some(Jws::parse(text).ok()?.unverified().ok()?.text("iss").ok()?.to_owned());
        let presented = client_authentication::present(call.authorization, form, claimed)?;
        let (name, peer) = (presented.name.as_bytes(), call.peer);
        // Who brings nothing to prove it by guesses at nothing, and nobody guesses a signature or a secret of ours: so a right one is let
        // in whoever else was wrong behind the same address. Secrets that came from elsewhere may be short.
        let guesses = match &presented.proof {
            ClientProofText::Secret(secret) => !is_of_ours(secret),
            ClientProofText::Assertion(_) | ClientProofText::None => false,
        };
        if guesses {
            let admitted = self.client_throttle.lock().admit(name, peer, now);
            if let Err(wait) = admitted {
                self.failed(&presented.name, LoginOutcome::Throttled, call, now)?;
                return Err(Fault::failed_too_often(wait.seconds));
            }
        }
        let Some(client) = self.proven(&presented, now)? else {
            if guesses {
                self.client_throttle.lock().failed(name, peer, now);
            }
            self.failed(&presented.name, LoginOutcome::Failed, call, now)?;
            return Err(Fault::client());
        };
        if guesses {
            self.client_throttle.lock().succeeded(name, peer, now);
        }
        activity.client = Some(client.name.to_string());
        Ok(client)
    }

    fn proven(&self, presented: &PresentedClient, now: Timestamp) -> Result<Option<Client>, Fault> {
        let Ok(name) = presented.name.parse::<ClientName>() else {
            return Ok(None);
        };
        match &presented.proof {
            ClientProofText::Secret(secret) => {
                let proof = self.engine.holds_secret(&name, secret.as_bytes(), now)?;
                Ok(proof.map(|proof| proof.client().clone()))
            }
            ClientProofText::Assertion(text) => self.asserted(&name, text, now),
            ClientProofText::None => {
                let client = self.engine.client(&name)?;
                Ok(client.filter(|client| client.enabled && client.authentication == ClientAuthentication::Public))
            }
        }
    }

    /// Has the trail tell of a client that is none, or could not show it.
    fn failed(&self, name: &str, outcome: LoginOutcome, call: &Call<'_>, now: Timestamp) -> Result<(), Fault> {
        let named: Option<ClientName> = name.parse().ok();
        let known = named.map(|name| self.engine.client(&name)).transpose()?.flatten();
        let who = known.map_or(Claimed::UnknownClient, |client| Claimed::Client(client.name));
        self.tell(who, outcome, Author::new("client", &origin(call)), now);
        Ok(())
    }

    /// The client whose key has signed an assertion about itself that was never seen before (RFC 7523).
    fn asserted(&self, name: &ClientName, text: &str, now: Timestamp) -> Result<Option<Client>, Fault> {
        let client = self.engine.client(name)?.filter(|client| client.enabled);
        let Some(client) = client else { return Ok(None) };
        let ClientAuthentication::PrivateKeyJwt { jwks } = &client.authentication else {
            return Ok(None);
        };
        let keys = jwk::parse_set(jwks.as_bytes()).unwrap_or_default();
        let claims = Jws::parse(text).and_then(|jws| jws.verify(&keys));
        let audiences = self.assertion_audiences();
        let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
        let judged = claims.and_then(|claims| Assertion::of(&claims, name.as_str(), &audiences, now));
        let Ok(assertion) = judged else { return Ok(None) };
        let spend = SpendIdentifier {
            issuer: format!("client {}", client.number),
            identifier: assertion.identifier,
            until: assertion.until.plus_millis(SPENT_AFTER_MS),
        };
        match self.engine.execute(spend)? {
            Spent::First => Ok(Some(client)),
            Spent::Again => Ok(None),
        }
    }

    /// For whom an assertion may be meant: our issuers, or the endpoint that it is sent to, as RFC 7523 has it.
    fn assertion_audiences(&self) -> Vec<String> {
        let profiles = [Profile::Cinchy, Profile::Standard].into_iter();
        let of = |profile| {
            let endpoints = [Endpoint::Token, Endpoint::Introspection, Endpoint::Revocation];
            let urls = endpoints
                .into_iter()
                .map(move |endpoint| endpoint.url(profile, &self.configuration));
            std::iter::once(self.configuration.issuer(profile)).chain(urls)
        };
        profiles.flat_map(of).collect()
    }
}

/// Whether a secret has the form of those that we draw.
fn is_of_ours(secret: &str) -> bool {
    WellFormed::parse(secret.as_bytes()).is_ok_and(|secret| secret.kind() == TokenKind::ClientSecret)
}

/// Who stands in the trail for what a client does.
pub(super) fn author(client: &ClientName, call: &Call<'_>) -> Author {
    Author::new(&format!("client {client}"), &origin(call))
}

/// From where a call comes, as the trail has it.
pub(super) fn origin(call: &Call<'_>) -> String {
    call.peer
        .map_or_else(|| "unknown address".to_owned(), |peer| peer.to_string())
}
