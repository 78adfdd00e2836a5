//! Which client calls, proven.

use tollgate::{Author, Client, ClientAuthentication, ClientName, SpendIdentifier, Spent, Timestamp};

use super::Inner;
use crate::call::{Activity, Call, Profile};
use crate::client_authentication::{self, Assertion, ClientProofText};
use crate::fault::Fault;
use crate::form::Form;
use crate::jose::Jws;
use crate::jwk;
use crate::metadata::Endpoint;

/// An assertion is remembered a little longer than it is good, for clocks that step back.
const SPENT_AFTER_MS: u64 = 120_000;

impl Inner {
    /// The client that calls, once it has proven who it is in the one way that it is known by. A client that is not enabled is none.
    pub(super) fn authenticate(
        &self,
        call: &Call<'_>,
        form: &Form,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<Client, Fault> {
        let claimed = |text: &str| Some(Jws::parse(text).ok()?.unverified().ok()?.text("iss").ok()?.to_owned());
        let presented = client_authentication::present(call.authorization, form, claimed)?;
        let name: ClientName = presented.name.parse().map_err(|_| Fault::client())?;
        let client = match presented.proof {
            ClientProofText::Secret(secret) => {
                let proof = self.engine.holds_secret(&name, secret.as_bytes(), now)?;
                proof.map(|proof| proof.client().clone())
            }
            ClientProofText::Assertion(text) => self.asserted(&name, &text, now)?,
            ClientProofText::None => {
                let client = self.engine.client(&name)?;
                client.filter(|client| client.enabled && client.authentication == ClientAuthentication::Public)
            }
        };
        let client = client.ok_or(Fault::client())?;
        activity.client = Some(client.name.to_string());
        Ok(client)
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

/// Who stands in the trail for what a client does.
pub(super) fn author(client: &ClientName, call: &Call<'_>) -> Author {
    let origin = call
        .peer
        .map_or_else(|| "unknown address".to_owned(), |peer| peer.to_string());
    Author::new(&format!("client {client}"), &origin)
}
