//! The signing keys, held ready.

use std::sync::Arc;

use tollgate::{SigningKey, Timestamp};

use super::Inner;
use crate::certificate::Certificate;
use crate::fault::{Code, Fault};
use crate::jose::{Algorithm, SigningPair, VerifyingKey};
use crate::jwk::{self, PublishedCertificate};
use crate::signing_keys::{self, algorithm_of};

/// After so long the store is asked whether there are other keys, and the schedule whether there should be.
const HELD_S: u64 = 60;

/// What there is to sign with, as of a moment.
pub(super) struct Keyring {
    loaded_at: Timestamp,
    held: Vec<Held>,
}

struct Held {
    key: SigningKey,
    pair: Arc<SigningPair>,
    certificate: Option<Certificate>,
}

const NO_KEY: Fault = Fault::new(Code::ServerError, "The server has no key to sign with");

impl Inner {
    /// The keys as of `now` or a little earlier. Makes them where the schedule asks for it.
    pub(super) fn keyring(&self, now: Timestamp) -> Result<Arc<Keyring>, Fault> {
        let mut held = self.keyring.lock();
        if let Some(keyring) = held.as_ref()
            && now
                .millis_since(keyring.loaded_at)
                .max(keyring.loaded_at.millis_since(now))
                < HELD_S * 1_000
        {
            return Ok(Arc::clone(keyring));
        }
        // Where nothing can be written any more, the keys that are there go on to sign and to be published.
        let _ = signing_keys::ensure_keys(&self.engine, now);
        let keys = self.engine.signing_keys()?;
        let fresh = Arc::new(Keyring {
            loaded_at: now,
            held: keys.into_iter().filter_map(Held::of).collect(),
        });
        *held = Some(Arc::clone(&fresh));
        Ok(fresh)
    }
}

impl Held {
    /// A key that cannot be read signs nothing and is not published; the others do.
    fn of(key: SigningKey) -> Option<Self> {
        let certificate = (!key.certificate.is_empty()).then(|| Certificate::of_der(key.certificate.clone()));
        let x5t = certificate.as_ref().map(|certificate| certificate.x5t.clone());
        let pair = SigningPair::from_pkcs8(algorithm_of(&key), &key.private, key.kid.clone(), x5t).ok()?;
        Some(Self {
            pair: Arc::new(pair),
            certificate,
            key,
        })
    }
}

impl Keyring {
    /// What signs at `now`: of several, the one that began last.
    pub(super) fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Result<Arc<SigningPair>, Fault> {
        let of = self
            .held
            .iter()
            .filter(|held| held.pair.algorithm() == algorithm && held.key.signs_at(now));
        let newest = of.max_by_key(|held| (held.key.signs_from, held.key.number));
        newest.map(|held| Arc::clone(&held.pair)).ok_or(NO_KEY)
    }

    /// The set that is published at `now`.
    pub(super) fn set(&self, now: Timestamp) -> String {
        let written = |held: &Held| {
            let certificate = held.certificate.as_ref().map(|certificate| PublishedCertificate {
                der: &certificate.der,
                thumbprint: &certificate.x5t,
            });
            Some(jwk::written(
                &held.pair.public()?,
                held.pair.kid(),
                certificate.as_ref(),
            ))
        };
        let published = self.held.iter().filter(|held| held.key.is_published_at(now));
        let keys: Vec<String> = published.filter_map(written).collect();
        format!("{{\"keys\":[{}]}}", keys.join(","))
    }

    /// What verifies the tokens that we have signed ourselves.
    pub(super) fn verifying(&self, now: Timestamp) -> Vec<VerifyingKey> {
        let published = self.held.iter().filter(|held| held.key.is_published_at(now));
        published
            .filter_map(|held| held.pair.public()?.verifying(Some(held.pair.kid().to_owned())))
            .collect()
    }
}
