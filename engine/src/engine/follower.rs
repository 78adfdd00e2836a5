//! Who may follow the feed: a presented feed token, judged.

use std::fmt;

use tollgate_core::feed::FrameKey;
use tollgate_core::{Timestamp, TokenId, TokenKind, UserName};
use zeroize::Zeroizing;

use super::Engine;
use crate::live::NotAdmitted;
use crate::record::FeedToken;

/// Somebody who presented a valid feed token. Only [`Engine::admit_follower`] makes one.
#[derive(Clone)]
pub struct Follower {
    token: FeedToken,
    frame_key: FrameKey,
}

impl Follower {
    /// The token that was presented.
    pub fn token(&self) -> TokenId {
        self.token.id
    }

    /// Who follows by it, in words.
    pub fn name(&self) -> &UserName {
        &self.token.name
    }

    /// The key under which this follower expects frames: both sides derive it from the token's text, so it is as secret.
    pub fn frame_key(&self) -> &FrameKey {
        &self.frame_key
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Why a presented token makes nobody a follower. Callers outside should not be told these apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowerDenial {
    /// It is no feed token that this store knows.
    #[error("there is no such feed token")]
    Unknown,
    /// It was taken back.
    #[error("the feed token was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the feed token has expired")]
    Expired,
}

impl From<NotAdmitted> for FollowerDenial {
    fn from(why: NotAdmitted) -> Self {
        match why {
            NotAdmitted::Unknown => Self::Unknown,
            NotAdmitted::Revoked => Self::Revoked,
            NotAdmitted::Expired => Self::Expired,
        }
    }
}

impl Engine {
    /// Judges a presented feed token at `now`. Costs two digests and a look-up under a lock.
    ///
    /// Whoever answers late, as a long poll does, judges the token once more before it answers: it may have been revoked
    /// meanwhile.
    ///
    /// A follower is admitted also where a commit's outcome is not known, and after the engine was closed: they must be told
    /// not to believe what they have, under a key that only the two sides know. Whether there is anything else to tell them
    /// say [`Engine::subscribe`] and [`Engine::condition`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{FollowerDenial, IssueFeedToken, RevokeFeedToken};
    ///
    /// let issued = engine.execute(IssueFeedToken { name: "edge".parse()?, expires_at: None })?;
    /// let presented = issued.token.expose().as_bytes();
    /// let follower = engine.admit_follower(presented, engine.now())?;
    /// assert_eq!((follower.token(), follower.name().as_str()), (issued.record.id, "edge"));
    ///
    /// engine.execute(RevokeFeedToken { id: issued.record.id })?;
    /// assert_eq!(engine.admit_follower(presented, engine.now()).err(), Some(FollowerDenial::Revoked));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn admit_follower(&self, presented: &[u8], now: Timestamp) -> Result<Follower, FollowerDenial> {
        let digest = self
            .presented(presented, TokenKind::Feed)
            .ok_or(FollowerDenial::Unknown)?;
        let token = self.0.operators.followers.admit(&digest, now)?;
        let frame_key = FrameKey::of_token(presented);
        Ok(Follower { token, frame_key })
    }

    /// The bytes of the key under which this store digests tokens. Whoever decides by a copy of the
    /// state needs it, and nobody else gets it.
    pub fn digest_key(&self, _proof: &Follower) -> Zeroizing<[u8; 32]> {
        self.0.digest_secret.clone()
    }
}
