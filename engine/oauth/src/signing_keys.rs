//! The schedule of the signing keys, and keeping to it.
//!
//! There is a key for RS256, with the certificate that gives it its name, and one for ES256. Each signs for [`SIGNS_S`]. Its successor is
//! published [`AHEAD_S`] before it begins to sign, so that whoever keeps a key set for an hour has it by then; and it stays published
//! until the last token under it has ended. Checks here need none of this: they know tokens by their digests.

use tollgate::{
    AddSigningKey, Author, Authored, Engine, ExecuteError, ReadError, RetireSigningKey, Signature, SigningKey,
    Timestamp,
};

use crate::certificate::Certificate;
use crate::jose::{Algorithm, KeyFault, SigningPair};

/// How long a key signs: 90 days.
pub const SIGNS_S: u64 = 90 * 24 * 3_600;
/// How long it is published before: a day.
pub const AHEAD_S: u64 = 24 * 3_600;
/// How long a key set may be kept by those who fetched it; a rotation by hand gives them this long.
pub const KEPT_S: u64 = 3_600;
/// What we sign with.
pub const SIGNED_WITH: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];
/// The longest life of an ID token.
pub const ID_TOKEN_S: u32 = 3_600;

/// A key could not be made, read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The arithmetic failed.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store could not be written.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

/// Why keys are rotated by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// For no particular reason: new keys begin to sign in an hour, old ones stay published until their last token has ended.
    Planned,
    /// Somebody else may know the old ones: new keys sign at once, and the old ones are published no more.
    Compromised,
}

/// A new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Its name.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The first moment at which it signs.
    pub signs_from: Timestamp,
}

/// What a stored key signs with, in the words of JWS.
pub(crate) fn algorithm_of(key: &SigningKey) -> Algorithm {
    match key.algorithm {
        Signature::Rs256 => Algorithm::Rs256,
        Signature::Es256 => Algorithm::Es256,
        Signature::EdDsa => Algorithm::EdDsa,
    }
}

/// Makes the keys that the schedule asks for at `now`: the first ones, and successors a day before their time. Does nothing where
/// nothing is due, so it may be called as often as one likes.
pub fn ensure_keys(engine: &Engine, now: Timestamp) -> Result<Vec<NewKey>, KeysError> {
    let keys = engine.signing_keys()?;
    let by = engine.by(Author::application());
    let mut made = Vec::new();
    for algorithm in SIGNED_WITH {
        let newest = newest(&keys, algorithm, now);
        let signs_from = match newest {
            None => now,
            Some(key) if key.signs_until.is_some() => continue,
            Some(key) => {
                let ends = key.signs_from.plus_millis(SIGNS_S * 1_000);
                if now.plus_millis(AHEAD_S * 1_000) < ends {
                    continue;
                }
                ends.max(now.plus_millis(KEPT_S * 1_000))
            }
        };
        made.push(make(&by, algorithm, signs_from, now)?);
        if let Some(key) = newest {
            retire(engine, &by, key, signs_from)?;
        }
    }
    keep_published(engine, &by, &keys, now)?;
    Ok(made)
}

/// Makes new keys for all algorithms now, in the name of `author`.
pub fn rotate_keys(
    engine: &Engine,
    author: Author,
    rotation: Rotation,
    now: Timestamp,
) -> Result<Vec<NewKey>, KeysError> {
    let keys = engine.signing_keys()?;
    let by = engine.by(author);
    let signs_from = match rotation {
        Rotation::Planned => now.plus_millis(KEPT_S * 1_000),
        Rotation::Compromised => now,
    };
    let mut made = Vec::new();
    for algorithm in SIGNED_WITH {
        let had = newest(&keys, algorithm, now);
        made.push(make(&by, algorithm, if had.is_some() { signs_from } else { now }, now)?);
    }
    for key in keys.iter().filter(|key| key.is_published_at(now)) {
        match rotation {
            Rotation::Planned if key.signs_until.is_none_or(|end| end > signs_from) => {
                retire(engine, &by, key, signs_from)?
            }
            Rotation::Planned => {}
            Rotation::Compromised => {
                let (number, signs_until) = (key.number, now);
                by.execute(RetireSigningKey {
                    number,
                    signs_until,
                    published_until: now,
                })?;
            }
        }
    }
    Ok(made)
}

/// The key of an algorithm that began, or will begin, to sign last; none that is over.
fn newest(keys: &[SigningKey], algorithm: Algorithm, now: Timestamp) -> Option<&SigningKey> {
    let of = keys
        .iter()
        .filter(|key| algorithm_of(key) == algorithm && key.signs_until.is_none_or(|end| now < end));
    of.max_by_key(|key| (key.signs_from, key.number))
}

fn make(by: &Authored<'_>, algorithm: Algorithm, signs_from: Timestamp, now: Timestamp) -> Result<NewKey, KeysError> {
    let private = SigningPair::generate(algorithm)?;
    // Ten years: the schedule ends the key long before.
    let until = signs_from.plus_millis(10 * 365 * 24 * 3_600 * 1_000);
    let certificate = Certificate::self_signed(&private, "Tollgate signing key", now.min(signs_from), until)?;
    let command = AddSigningKey {
        kid: certificate.kid.clone(),
        algorithm: match algorithm {
            Algorithm::Rs256 => Signature::Rs256,
            Algorithm::Es256 => Signature::Es256,
            Algorithm::EdDsa => Signature::EdDsa,
        },
        private,
        certificate: certificate.der,
        signs_from,
    };
    by.execute(command)?;
    Ok(NewKey {
        kid: certificate.kid,
        algorithm,
        signs_from,
    })
}

/// Ends a key at `signs_until`, and its publication when the last token under it has ended.
fn retire(engine: &Engine, by: &Authored<'_>, key: &SigningKey, signs_until: Timestamp) -> Result<(), KeysError> {
    let published_until = signs_until.plus_millis(longest_life_s(engine)? * 1_000);
    let number = key.number;
    by.execute(RetireSigningKey {
        number,
        signs_until,
        published_until,
    })?;
    Ok(())
}

/// A client may have been given a longer life for its tokens while a key goes on to sign.
fn keep_published(engine: &Engine, by: &Authored<'_>, keys: &[SigningKey], now: Timestamp) -> Result<(), KeysError> {
    for key in keys {
        let (Some(signs_until), Some(published_until)) = (key.signs_until, key.published_until) else {
            continue;
        };
        if now < signs_until && published_until < signs_until.plus_millis(longest_life_s(engine)? * 1_000) {
            retire(engine, by, key, signs_until)?;
        }
    }
    Ok(())
}

/// The longest life of a token that we may sign now, in seconds.
fn longest_life_s(engine: &Engine) -> Result<u64, KeysError> {
    let clients = engine.clients()?;
    let longest = clients.iter().map(|client| client.lifetime_s).chain([ID_TOKEN_S]).max();
    // A minute for clocks that go differently.
    Ok(u64::from(longest.unwrap_or(ID_TOKEN_S)) + 60)
}
