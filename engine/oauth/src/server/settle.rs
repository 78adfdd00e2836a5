//! Proving what a check cannot decide alone, once, so that the engine can remember it.

use std::sync::Arc;

use tollgate::{
    Engine, ExecuteError, Field, Issuer, JwksSource, NameAuthority, REMEMBERED_S, ReadError, RequestParts, Settled,
    Timestamp, Unsettled, UnsettledSort,
};
use zeroize::Zeroizing;

use super::Inner;
use crate::base64url;
use crate::issuer::{self, External, Keys};
use crate::jose::{Jws, VerifyingKey};
use crate::steps::{PasswordProof, Settlement};

impl Inner {
    pub(super) fn settle(&self, unsettled: Unsettled, request: &RequestParts<'_>, now: Timestamp) -> Settlement {
        let Field::Once(line) = request.authorization else {
            return Settlement::Refused;
        };
        match unsettled.sort {
            UnsettledSort::Password => self.settle_password(unsettled, line, request, now),
            UnsettledSort::External => self.settle_external(unsettled, line, now),
        }
    }

    fn settle_password(
        &self,
        unsettled: Unsettled,
        line: &[u8],
        request: &RequestParts<'_>,
        now: Timestamp,
    ) -> Settlement {
        let Some(text) = after(line, b"Basic ")
            .and_then(base64url::decode_standard)
            .map(Zeroizing::new)
        else {
            return Settlement::Refused;
        };
        let Some(colon) = text.iter().position(|byte| *byte == b':') else {
            return Settlement::Refused;
        };
        let (name, password) = (
            text.get(..colon).unwrap_or_default(),
            text.get(colon + 1..).unwrap_or_default(),
        );
        let proven = || {
            let user = self.lately.lock().proven(&unsettled, now)?;
            let person = self.engine.person(&user.name).ok().flatten()?;
            let holds = person.user.id == user.id && person.password_epoch == user.password_epoch && person.user.active;
            holds.then_some(user)
        };
        match self.prove_unless(name, password, request.peer, now, proven) {
            PasswordProof::Proven(user) => {
                self.lately.lock().note(&unsettled, &user);
                let settled = Settled {
                    user: user.id,
                    password_epoch: user.password_epoch,
                    authority: None,
                    until: user.at.plus_millis(REMEMBERED_S * 1_000),
                };
                remember(&self.engine, unsettled, settled, now)
            }
            PasswordProof::Wrong => Settlement::Refused,
            PasswordProof::Throttled { retry_after_s } => Settlement::Throttled { retry_after_s },
            PasswordProof::Busy => Settlement::Busy,
            PasswordProof::Unavailable(reason) => Settlement::Unavailable(reason),
        }
    }

    pub(super) fn is_hopeless(&self, unsettled: Unsettled, request: &RequestParts<'_>, now: Timestamp) -> bool {
        let Field::Once(line) = request.authorization else {
            return true;
        };
        let known = self.trusted.lock().clone();
        let known = known.filter(|(number, _)| *number == unsettled.external_issuers);
        let (UnsettledSort::External, Some((_, issuers))) = (unsettled.sort, known) else {
            return false;
        };
        let Some(jws) = signed(line) else { return true };
        let Some(issuer) = named(&jws, &issuers) else {
            return true;
        };
        let kid = jws.header().kid.as_deref();
        let lacks_key = match &issuer.jwks {
            JwksSource::Url(url) => self.key_sets.lock().lack(&issuer.issuer, url, kid, now),
            JwksSource::Text(_) => false,
        };
        lacks_key || issuer::accept_unverified(&jws, issuer, now).is_err()
    }

    /// The issuers that are trusted, looked up once for each number that their set has had.
    fn trusted(&self, number: u32) -> Result<Arc<Vec<Issuer>>, ReadError> {
        if let Some((_, issuers)) = self.trusted.lock().as_ref().filter(|(known, _)| *known == number) {
            return Ok(Arc::clone(issuers));
        }
        let issuers = Arc::new(self.engine.issuers()?);
        self.key_sets.lock().keep(&issuers);
        *self.trusted.lock() = Some((number, Arc::clone(&issuers)));
        Ok(issuers)
    }

    fn settle_external(&self, unsettled: Unsettled, line: &[u8], now: Timestamp) -> Settlement {
        let Some(jws) = signed(line) else {
            return Settlement::Refused;
        };
        let issuers = match self.trusted(unsettled.external_issuers) {
            Ok(issuers) => issuers,
            Err(error) => return Settlement::Unavailable(error.to_string()),
        };
        let Some(issuer) = named(&jws, &issuers) else {
            return Settlement::Refused;
        };
        // What has no hope is refused before anybody is sent for keys.
        if issuer::accept_unverified(&jws, issuer, now).is_err() {
            return Settlement::Refused;
        }
        let judged = match self.keys_of(issuer, &jws, now) {
            Ok(keys) => issuer::judge(&jws, issuer, &keys, now),
            Err(settlement) => return settlement,
        };
        match judged {
            Ok(external) => self.remember_external(unsettled, issuer, external, now),
            Err(_) => Settlement::Refused,
        }
    }

    fn keys_of(&self, issuer: &Issuer, jws: &Jws<'_>, now: Timestamp) -> Result<Arc<Vec<VerifyingKey>>, Settlement> {
        match &issuer.jwks {
            JwksSource::Text(text) => Ok(self.key_sets.lock().of_text(&issuer.issuer, text)),
            JwksSource::Url(url) => {
                let keys = self
                    .key_sets
                    .lock()
                    .keys(&issuer.issuer, url, jws.header().kid.as_deref(), now);
                match keys {
                    Keys::Ready(keys) => Ok(keys),
                    Keys::Unknown => Err(Settlement::Refused),
                    Keys::Missing => Err(Settlement::Busy),
                    Keys::Fetch => Err(Settlement::Fetch {
                        issuer: issuer.issuer.clone(),
                        url: url.clone(),
                    }),
                }
            }
        }
    }

    fn remember_external(
        &self,
        unsettled: Unsettled,
        issuer: &Issuer,
        external: External,
        now: Timestamp,
    ) -> Settlement {
        let person = match self.engine.person(&external.user) {
            Ok(person) => person,
            Err(ReadError::NoSuchUser { .. }) => None,
            Err(error) => return Settlement::Unavailable(error.to_string()),
        };
        let Some(person) = person.filter(|person| person.user.active) else {
            return Settlement::Refused;
        };
        let name = NameAuthority {
            client: issuer.client.clone(),
            scopes: external.scopes,
            audiences: external.audiences,
            user: external.user,
            until: external.until,
        };
        let authority = match self.engine.execute(name) {
            Ok(authority) => authority,
            Err(ExecuteError::Refused(_)) => return Settlement::Refused,
            Err(error) => return Settlement::Unavailable(error.to_string()),
        };
        let settled = Settled {
            user: person.user.id,
            password_epoch: person.password_epoch,
            authority: Some(authority),
            until: external.until,
        };
        remember(&self.engine, unsettled, settled, now)
    }
}

fn remember(engine: &Engine, unsettled: Unsettled, settled: Settled, now: Timestamp) -> Settlement {
    match engine.remember(unsettled, settled, now) {
        Ok(()) => Settlement::Settled(settled),
        Err(error) => Settlement::Unavailable(error.to_string()),
    }
}

/// The signed token of a line, of which nothing is believed yet.
fn signed(line: &[u8]) -> Option<Jws<'_>> {
    let text = std::str::from_utf8(after(line, b"Bearer ")?).ok()?;
    Jws::parse(text).ok()
}

/// The issuer that a token names.
fn named<'i>(jws: &Jws<'_>, issuers: &'i [Issuer]) -> Option<&'i Issuer> {
    let claims = jws.unverified().ok()?;
    let claimed = claims.text("iss").ok()?;
    issuers.iter().find(|issuer| issuer.issuer == claimed)
}

/// What follows the scheme.
fn after<'a>(line: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(scheme.len())?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim_ascii())
}
