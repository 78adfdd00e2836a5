//! What the façade says of clients, of routes, and of issuers and identity providers elsewhere.

use tollgate_core::{Audience, ClientName, Foreign, Route, ScopeSet, Subject, Timestamp, TokenKind};

use super::{Engine, ReadError};
use crate::client::{Client, ClientAuthentication, ClientProof};
use crate::facts;
use crate::identity_provider::IdentityProvider;
use crate::issuer::Issuer;
use crate::store::{Clients, EVERYTHING, IdentityProviders, Issuers, Source as _};

/// How far a token acts for its user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acting {
    /// The client that it was given to.
    pub client: ClientName,
    /// What it may do.
    pub scopes: ScopeSet,
    /// For whom it is meant.
    pub audiences: Vec<Audience>,
}

impl Engine {
    /// The client of a name, if there is one.
    pub fn client(&self, name: &ClientName) -> Result<Option<Client>, ReadError> {
        let view = self.read()?;
        let row = view.row::<Clients>(name)?;
        Ok(row.map(|row| facts::client_shown(&view, &row)).transpose()?)
    }

    /// All clients, in the order of their names.
    pub fn clients(&self) -> Result<Vec<Client>, ReadError> {
        let view = self.read()?;
        let rows = facts::rows::<Clients>(&view, &EVERYTHING)?.into_iter();
        let shown = rows.map(|(_, row)| facts::client_shown(&view, &row));
        Ok(shown.collect::<Result<_, _>>()?)
    }

    /// The client of a name, if `presented` is a secret of its that may be used at `now`. None tells neither which of the two was
    /// wrong nor whether there is such a client; one that is not enabled, or that shows that it is itself in another way, is none.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{AddClient, ClientName};
    ///
    /// let name: ClientName = "reports".parse()?;
    /// let added = engine.execute(AddClient::named(name.clone(), "password".parse()?))?;
    /// let secret = added.secret.ok_or("a client like this has a secret")?;
    /// let proof = engine.holds_secret(&name, secret.expose().as_bytes(), engine.now())?;
    /// assert_eq!(proof.map(|proof| proof.client().number), Some(added.client.number));
    /// assert!(engine.holds_secret(&name, b"guessed", engine.now())?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holds_secret(
        &self,
        name: &ClientName,
        presented: &[u8],
        now: Timestamp,
    ) -> Result<Option<ClientProof>, ReadError> {
        // A secret that came with its client from elsewhere looks like none of ours.
        let foreign = || Foreign::parse(presented).ok().map(|text| self.0.view.foreign(text));
        let Some(digest) = self.presented(presented, TokenKind::ClientSecret).or_else(foreign) else {
            return Ok(None);
        };
        let view = self.read()?;
        let row = view.row::<Clients>(name)?;
        let holds = row.filter(|row| {
            let shows_secret = row.client.authentication == ClientAuthentication::Secret;
            row.holds(&digest, now) && shows_secret && row.client.enabled
        });
        let client = holds.map(|row| facts::client_shown(&view, &row)).transpose()?;
        Ok(client.map(ClientProof::of))
    }

    /// In whose name the token of a decision acts, and how far; none where its user acts for themselves.
    pub fn acting(&self, subject: &Subject) -> Option<Acting> {
        let client = self.0.view.client_name(subject)?.parse().ok()?;
        let scopes = self.0.view.scopes(subject)?.parse().ok()?;
        let audiences = self.0.view.audiences(subject).to_vec();
        Some(Acting {
            client,
            scopes,
            audiences,
        })
    }

    /// What paths ask for, in the order of their patterns.
    pub fn routes(&self) -> Result<Vec<Route>, ReadError> {
        Ok(facts::routes(&self.read()?)?)
    }

    /// The identity providers whose assertions are taken, in the order of their entity IDs.
    pub fn identity_providers(&self) -> Result<Vec<IdentityProvider>, ReadError> {
        let rows = facts::rows::<IdentityProviders>(&self.read()?, &EVERYTHING)?;
        Ok(rows.into_iter().map(|(_, provider)| provider).collect())
    }

    /// The issuers elsewhere that are trusted, in the order of their names.
    pub fn issuers(&self) -> Result<Vec<Issuer>, ReadError> {
        let rows = facts::rows::<Issuers>(&self.read()?, &EVERYTHING)?;
        Ok(rows.into_iter().map(|(_, issuer)| issuer).collect())
    }
}
