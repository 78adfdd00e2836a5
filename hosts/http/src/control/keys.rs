//! Signing keys as replies show them.

use serde::{Deserialize, Serialize};
use tollgate::{Author, Engine, ReadError, SigningKey, Timestamp};
use tollgate_oauth::AuthorizationServer;
use tollgate_oauth::signing_keys::{self, KeysError, Rotation};
use utoipa::ToSchema;

use super::moment::write_moment;

/// A key that tokens are signed with, without what is secret of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SigningKey)]
pub struct SigningKeyShown {
    /// Names it for ever.
    #[schema(pattern = "^[0-9]+$", example = "4")]
    pub id: String,
    /// What tokens and the key set name it by.
    #[schema(example = "7E2F5F4B1C0D")]
    pub kid: String,
    /// What it signs with.
    #[schema(example = "RS256")]
    pub algorithm: String,
    /// What it does now.
    pub state: KeyState,
    /// When it was made.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub added_at: String,
    /// When it begins to sign.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub signs_from: String,
    /// When it signs no longer, if that is known.
    #[schema(format = DateTime, required)]
    pub signs_until: Option<String>,
    /// When it leaves the key set, if that is known: the last token under it has ended then.
    #[schema(format = DateTime, required)]
    pub published_until: Option<String>,
}

/// What a signing key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It is in the key set, and signs later.
    Announced,
    /// It signs, and is in the key set.
    Signs,
    /// It signs no longer, and is in the key set until the last token under it has ended.
    Published,
    /// It is in the key set no longer.
    Ended,
}

impl KeyState {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Signs => "signs",
            Self::Published => "published",
            Self::Ended => "ended",
        }
    }
}

impl SigningKeyShown {
    /// The key as it is at `now`.
    pub fn at(key: &SigningKey, now: Timestamp) -> Self {
        let state = if !key.is_published_at(now) {
            KeyState::Ended
        } else if key.signs_at(now) {
            KeyState::Signs
        } else if now < key.signs_from {
            KeyState::Announced
        } else {
            KeyState::Published
        };
        Self {
            id: key.number.to_string(),
            kid: key.kid.clone(),
            algorithm: key.algorithm.name().to_owned(),
            state,
            added_at: write_moment(key.added_at),
            signs_from: write_moment(key.signs_from),
            signs_until: key.signs_until.map(write_moment),
            published_until: key.published_until.map(write_moment),
        }
    }
}

/// All signing keys, as they are now.
pub(crate) fn signing_keys(engine: &Engine) -> Result<Vec<SigningKeyShown>, ReadError> {
    let (keys, now) = (engine.signing_keys()?, engine.now());
    Ok(keys.iter().map(|key| SigningKeyShown::at(key, now)).collect())
}

/// Makes new signing keys: by the authorization server, which then knows of them, or where none runs in the store alone.
pub(crate) fn rotate_keys(
    engine: &Engine,
    server: Option<&AuthorizationServer>,
    author: Author,
    compromised: bool,
) -> Result<(), KeysError> {
    let rotation = if compromised {
        Rotation::Compromised
    } else {
        Rotation::Planned
    };
    let now = engine.now();
    match server {
        Some(server) => server.rotate_keys(author, rotation, now)?,
        None => signing_keys::rotate_keys(engine, author, rotation, now)?,
    };
    Ok(())
}
