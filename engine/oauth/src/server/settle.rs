//! Proving what a check cannot decide alone, once, so that the engine can remember it.

use tollgate::{
    Engine, ExecuteError, Field, Issuer, JwksSource, NameAuthority, REMEMBERED_S, ReadError, RequestParts, Settled,
    Timestamp, Unsettled, UnsettledSort,
};
use zeroize::Zeroizing;

use super::Inner;
use crate::base64url;
use crate::issuer::{self, External, Keys};
use crate::jose::Jws;
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

    fn settle_external(&self, unsettled: Unsettled, line: &[u8], now: Timestamp) -> Settlement {
        let text = after(line, b"Bearer ").and_then(|text| std::str::from_utf8(text).ok());
        let Some(jws) = text.and_then(|text| Jws::parse(text).ok()) else {
            return Settlement::Refused;
        };
        let issuers = match self.engine.issuers() {
            Ok(issuers) => issuers,
            Err(error) => return Settlement::Unavailable(error.to_string()),
        };
        self.key_sets.lock().keep(&issuers);
        let claimed = jws.unverified().ok();
        let claimed = claimed.as_ref().and_then(|claims| claims.text("iss").ok());
        let Some(issuer) = issuers.iter().find(|issuer| claimed == Some(issuer.issuer.as_str())) else {
            return Settlement::Refused;
        };
        let judged = match self.keys_of(issuer, &jws, now) {
            Ok(keys) => issuer::judge(&jws, issuer, &keys, now),
            Err(settlement) => return settlement,
        };
        match judged {
            Ok(external) => self.remember_external(unsettled, issuer, external, now),
            Err(_) => Settlement::Refused,
        }
    }

    fn keys_of(
        &self,
        issuer: &Issuer,
        jws: &Jws<'_>,
        now: Timestamp,
    ) -> Result<std::sync::Arc<Vec<crate::jose::VerifyingKey>>, Settlement> {
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

/// What follows the scheme.
fn after<'a>(line: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(scheme.len())?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim_ascii())
}
