//! Who may administer: a presented token, judged.

use tollgate_core::{Freshness, Timestamp, TokenId, TokenKind, UserName};

use super::Engine;
use crate::live::NotAdmitted;
use crate::record::{AdminToken, Role};

/// Somebody who presented a valid administrator's token. Only [`Engine::admit`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin(AdminToken);

impl Admin {
    /// The token that was presented.
    pub fn token(&self) -> TokenId {
        self.0.id
    }

    /// What it is for, in words.
    pub fn name(&self) -> &UserName {
        &self.0.name
    }

    /// What it is good for.
    pub fn role(&self) -> Role {
        self.0.role
    }
}

/// Why a presented token makes nobody an administrator. Callers outside should not be told these apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminDenial {
    /// It is no administrator's token that this store knows.
    #[error("there is no such administrator's token")]
    Unknown,
    /// It was taken back.
    #[error("the administrator's token was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the administrator's token has expired")]
    Expired,
    /// Whether it still holds is not known.
    #[error("no administrator is known before a restart")]
    Stale,
}

impl From<NotAdmitted> for AdminDenial {
    fn from(why: NotAdmitted) -> Self {
        match why {
            NotAdmitted::Unknown => Self::Unknown,
            NotAdmitted::Revoked => Self::Revoked,
            NotAdmitted::Expired => Self::Expired,
        }
    }
}

impl Engine {
    /// Judges a presented administrator's token at `now`. Costs a digest and a look-up under a lock.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{AdminDenial, IssueAdminToken, RevokeAdminToken, Role};
    ///
    /// let command = IssueAdminToken { name: "deploy".parse()?, role: Role::Reader, expires_at: None };
    /// let issued = engine.execute(command)?;
    /// let presented = issued.token.expose().as_bytes();
    /// assert_eq!(engine.admit(presented, engine.now())?.role(), Role::Reader);
    ///
    /// engine.execute(RevokeAdminToken { id: issued.record.id })?;
    /// assert_eq!(engine.admit(presented, engine.now()), Err(AdminDenial::Revoked));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn admit(&self, presented: &[u8], now: Timestamp) -> Result<Admin, AdminDenial> {
        let digest = self
            .presented(presented, TokenKind::Admin)
            .ok_or(AdminDenial::Unknown)?;
        if self.0.view.freshness() == Freshness::Never {
            return Err(AdminDenial::Stale);
        }
        Ok(Admin(self.0.operators.admins.admit(&digest, now)?))
    }
}
