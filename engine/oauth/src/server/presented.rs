//! What clients ask about tokens, and tokens that they give back.

use tollgate::{
    AccessFacts, Client, ClientAuthentication, Grant, GrantId, RefreshFacts, RevokeAccess, RevokeFamily, Timestamp,
    TokenKind,
};

use super::clients::author;
use super::{Inner, must_be_post};
use crate::answers;
use crate::call::{Activity, Answer, Call, Profile};
use crate::claims::BY_ITSELF;
use crate::fault::Fault;
use crate::form::Form;
use crate::jose::Jws;
use crate::json::Object;

/// All that is said of a token that is none, is over, or is somebody else's.
const INACTIVE: &str = "{\"active\":false}";

impl Inner {
    pub(super) fn introspect(
        &self,
        _profile: Profile,
        call: &Call<'_>,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<Answer, Fault> {
        must_be_post(call)?;
        let form = Form::of_body(call)?;
        let client = self.authenticate(call, &form, now, activity)?;
        // Who cannot prove who they are would be told about whatever tokens they have found (RFC 7662 section 2.1).
        if client.authentication == ClientAuthentication::Public {
            return Err(Fault::client());
        }
        let token = form.needed("token", "token is missing")?;
        let told = match self.engine.access(token.as_bytes(), now)? {
            Some(facts) => self.told_of_access(token, &client, &facts),
            None => self
                .engine
                .refresh(token.as_bytes())?
                .and_then(|facts| told_of_refresh(&client, &facts, now)),
        };
        Ok(answers::json(
            200,
            told.unwrap_or_else(|| INACTIVE.to_owned()),
            activity.clone(),
        ))
    }

    fn told_of_access(&self, text: &str, client: &Client, facts: &AccessFacts) -> Option<String> {
        let token = &facts.token;
        let is_own = token.client_number == client.number;
        let is_for = token
            .audiences
            .iter()
            .any(|audience| audience.as_str() == client.name.as_str());
        if !facts.active || !(is_own || is_for) {
            return None;
        }
        let audiences: Vec<&str> = token.audiences.iter().map(|audience| audience.as_str()).collect();
        let person = self.engine.person(&token.user).ok().flatten()?;
        let grant = self.engine.grant(GrantId(token.id.0)).ok().flatten()?.grant;
        let told = Object::default()
            .with("active", true)
            .with("scope", token.scopes.to_string())
            .with("client_id", token.client.as_str())
            .with("username", token.user.as_str())
            .with("token_type", "Bearer")
            .with("exp", token.expires_at.as_seconds())
            .with("iat", token.issued_at.as_seconds())
            .with("sub", person.user.id.0.to_string())
            .with_some("aud", (!audiences.is_empty()).then_some(audiences))
            .with_some("gty", (grant == Grant::ClientCredentials).then_some(BY_ITSELF))
            .with("iss", self.issuer_of(text));
        Some(told.finish())
    }

    /// Which of our two issuers an access token of ours is of: a signed one says so, and all others are of the standard profile.
    fn issuer_of(&self, text: &str) -> String {
        let claims = Jws::parse(text).and_then(|jws| jws.unverified());
        let said = claims
            .ok()
            .and_then(|claims| claims.text("iss").ok().map(str::to_owned));
        said.unwrap_or_else(|| self.configuration.issuer(Profile::Standard))
    }

    pub(super) fn revoke(
        &self,
        _profile: Profile,
        call: &Call<'_>,
        now: Timestamp,
        activity: &mut Activity,
    ) -> Result<Answer, Fault> {
        must_be_post(call)?;
        let form = Form::of_body(call)?;
        let client = self.authenticate(call, &form, now, activity)?;
        let token = form.needed("token", "token is missing")?;
        let by = self.engine.by(author(&client.name, call));
        // The hint is a hint: what a token is shows in its text.
        if let Some(facts) = self.engine.access(token.as_bytes(), now)? {
            if facts.token.client_number == client.number {
                by.execute(RevokeAccess { id: facts.token.id })?;
            }
        } else if token.starts_with(TokenKind::Refresh.prefix())
            && let Some(facts) = self.engine.refresh(token.as_bytes())?
            && facts.to.client_number == client.number
        {
            by.execute(RevokeFamily { family: facts.family })?;
        }
        Ok(answers::json(200, "{}".to_owned(), activity.clone()))
    }
}

fn told_of_refresh(client: &Client, facts: &RefreshFacts, now: Timestamp) -> Option<String> {
    let is_good = facts.to.client_number == client.number && !facts.used && !facts.revoked && now < facts.ends_at;
    let told = Object::default()
        .with("active", true)
        .with("scope", facts.to.scopes.to_string())
        .with("client_id", facts.to.client.as_str())
        .with("username", facts.to.user.as_str())
        .with("token_type", "refresh_token")
        .with("exp", facts.ends_at.as_seconds());
    is_good.then(|| told.finish())
}
