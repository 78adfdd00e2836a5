//! Adding, changing and removing clients, and giving them secrets.

use tollgate_core::{ClientName, Timestamp, TokenDigest, TokenId, TokenKind, TokenText, UserId, UserName};

use super::tokens::{Bits, draw};
use super::{Batch, Execute, Fault, authorities, described};
use crate::client::{Client, ClientAuthentication, ClientRow, SecretShown, accept};
use crate::command::{
    AddClient, AddedClient, ClientChanges, Refusal, RemoveClient, RotateClientSecret, RotatedSecret, SetClient,
};
use crate::facts;
use crate::store::{Clients, EVERYTHING, Issuers, Number, Source as _};

/// A client on the way to its caller, with the bits of its new secret, if it has one.
pub struct DrawnSecret {
    bits: Option<Bits>,
    pub(super) client: Client,
}

impl From<DrawnSecret> for AddedClient {
    fn from(DrawnSecret { bits, client }: DrawnSecret) -> Self {
        let secret = bits.map(|bits| TokenText::from_entropy(TokenKind::ClientSecret, &bits));
        Self { client, secret }
    }
}

impl Execute for AddClient {
    type Answer = DrawnSecret;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<DrawnSecret, Fault> {
        let user = acts_as(batch, self.user.as_ref())?;
        let number = batch.next(Number::NextClient)?;
        let named = self.user.clone();
        let client = client(self, number, batch.now());
        accept(&client, user.is_some()).map_err(Refusal::from)?;
        if batch.rows.row::<Clients>(&client.name)?.is_some() {
            let name = client.name;
            return Err(Refusal::ClientExists { name }.into());
        }
        let mut row = ClientRow {
            client,
            user,
            digests: Vec::new(),
        };
        let drawn = match row.client.authentication {
            ClientAuthentication::Secret => Some(draw_secret(batch)?),
            ClientAuthentication::PrivateKeyJwt { .. } | ClientAuthentication::Public => None,
        };

        batch.took(Number::NextClient, number)?;
        let bits = match drawn {
            Some(drawn) => Some(put_secret(batch, &mut row, drawn)?),
            None => None,
        };
        batch.put::<Clients>(&row.client.name, &row)?;
        let client = row.shown(named);
        batch.did("client.add", &client.name, None, Some(described::client(&client)));
        Ok(DrawnSecret { bits, client })
    }
}

/// A client as it is asked for, without its user and secrets.
fn client(asked: AddClient, number: u64, created_at: Timestamp) -> Client {
    let AddClient {
        name,
        title,
        grants,
        login_urls,
        logout_urls,
        scopes,
        audiences,
        lifetime_s,
        refresh_lifetime_s,
        show_login,
        consent,
        enabled,
        access,
        authentication,
        user: _,
    } = asked;
    Client {
        number,
        name,
        title,
        grants,
        login_urls,
        logout_urls,
        scopes,
        audiences,
        lifetime_s,
        refresh_lifetime_s,
        show_login,
        consent,
        enabled,
        access,
        authentication,
        user: None,
        secrets: Vec::new(),
        created_at,
    }
}

impl Execute for SetClient {
    type Answer = Client;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Client, Fault> {
        let before = named(batch, &self.name)?;
        let user = match &self.changes.user {
            Some(user) => acts_as(batch, user.as_ref())?,
            None => before.user,
        };
        let mut row = ClientRow {
            client: changed(before.client.clone(), self.changes),
            user,
            digests: before.digests.clone(),
        };
        if row.client.authentication != ClientAuthentication::Secret {
            row.client.secrets.clear();
            row.digests.clear();
        }
        let (was, is) = (
            facts::client_shown(batch.rows, &before)?,
            facts::client_shown(batch.rows, &row)?,
        );
        accept(&row.client, is.user.is_some()).map_err(Refusal::from)?;
        if row == before {
            return Ok(is);
        }
        let told = if row.client.enabled == before.client.enabled {
            Vec::new()
        } else {
            authorities::of_client(batch, row.client.number)?
        };

        batch.put::<Clients>(&self.name, &row)?;
        authorities::tell(batch, told, row.client.enabled);
        let (was, is_now) = (described::client(&was), described::client(&is));
        batch.did("client.set", &self.name, Some(was), Some(is_now));
        Ok(is)
    }
}

/// A client with changes made to it, its user and secrets left alone.
fn changed(client: Client, changes: ClientChanges) -> Client {
    let ClientChanges {
        title,
        grants,
        login_urls,
        logout_urls,
        scopes,
        audiences,
        lifetime_s,
        refresh_lifetime_s,
        show_login,
        consent,
        enabled,
        access,
        authentication,
        user: _,
    } = changes;
    Client {
        title: title.unwrap_or(client.title),
        grants: grants.unwrap_or(client.grants),
        login_urls: login_urls.unwrap_or(client.login_urls),
        logout_urls: logout_urls.unwrap_or(client.logout_urls),
        scopes: scopes.unwrap_or(client.scopes),
        audiences: audiences.unwrap_or(client.audiences),
        lifetime_s: lifetime_s.unwrap_or(client.lifetime_s),
        refresh_lifetime_s: refresh_lifetime_s.unwrap_or(client.refresh_lifetime_s),
        show_login: show_login.unwrap_or(client.show_login),
        consent: consent.unwrap_or(client.consent),
        enabled: enabled.unwrap_or(client.enabled),
        access: access.unwrap_or(client.access),
        authentication: authentication.unwrap_or(client.authentication),
        ..client
    }
}

impl From<DrawnSecret> for RotatedSecret {
    fn from(DrawnSecret { bits, client }: DrawnSecret) -> Self {
        // Rotation always draws.
        let bits = bits.unwrap_or_default();
        let secret = TokenText::from_entropy(TokenKind::ClientSecret, &bits);
        Self { client, secret }
    }
}

impl Execute for RotateClientSecret {
    type Answer = DrawnSecret;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<DrawnSecret, Fault> {
        let Self { name, overlap_s } = self;
        let mut row = named(batch, &name)?;
        let by = row.client.authentication.name();
        if row.client.authentication != ClientAuthentication::Secret {
            return Err(Refusal::NoSecretWanted { name, by }.into());
        }
        if overlap_s > Self::OVERLAP_MOST_S {
            return Err(Refusal::OverlapTooLong { found: overlap_s }.into());
        }
        let was = described::client(&facts::client_shown(batch.rows, &row)?);
        end_secrets(&mut row, batch.now(), overlap_s);
        if row.digests.len() >= Self::SECRETS_MOST {
            return Err(Refusal::TooManySecrets { name }.into());
        }
        let user = facts::client_shown(batch.rows, &row)?.user;
        let drawn = draw_secret(batch)?;

        let bits = put_secret(batch, &mut row, drawn)?;
        batch.put::<Clients>(&name, &row)?;
        let client = row.shown(user);
        batch.did("client.rotate", &name, Some(was), Some(described::client(&client)));
        Ok(DrawnSecret {
            bits: Some(bits),
            client,
        })
    }
}

/// Lets no secret outlast the overlap, and forgets those that have ended.
fn end_secrets(row: &mut ClientRow, now: Timestamp, overlap_s: u32) {
    let end = now.plus_millis(u64::from(overlap_s).saturating_mul(1_000));
    let secrets = std::mem::take(&mut row.client.secrets).into_iter();
    let kept = secrets
        .zip(std::mem::take(&mut row.digests))
        .filter_map(|(shown, digest)| {
            let expires_at = shown.expires_at.map_or(end, |already| already.min(end));
            let shown = SecretShown {
                expires_at: Some(expires_at),
                ..shown
            };
            (now < expires_at).then_some((shown, digest))
        });
    (row.client.secrets, row.digests) = kept.unzip();
}

impl Execute for RemoveClient {
    type Answer = ();

    /// The client's authorities stay, so that its tokens are told apart from unknown ones, and nothing of theirs passes.
    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let row = named(batch, &self.name)?;
        let was = facts::client_shown(batch.rows, &row)?;
        let told = authorities::of_client(batch, row.client.number)?;
        // An issuer names its client, so another client of the same name would inherit what that issuer's tokens may do.
        let issuers = facts::rows::<Issuers>(batch.rows, &EVERYTHING)?;
        if let Some((issuer, _)) = issuers.into_iter().find(|(_, issuer)| issuer.client == self.name) {
            return Err(Refusal::ClientOfIssuer { issuer }.into());
        }

        batch.remove::<Clients>(&self.name)?;
        authorities::tell(batch, told, false);
        batch.did("client.remove", &self.name, Some(described::client(&was)), None);
        Ok(())
    }
}

/// The client that a command names.
pub(super) fn named(batch: &Batch<'_, '_>, name: &ClientName) -> Result<ClientRow, Fault> {
    let row = batch.rows.row::<Clients>(name)?;
    row.ok_or_else(|| Refusal::NoSuchClient { name: name.clone() }.into())
}

fn acts_as(batch: &Batch<'_, '_>, user: Option<&UserName>) -> Result<Option<UserId>, Fault> {
    user.map(|name| batch.user(name).map(|user| user.id)).transpose()
}

/// A new secret before it stands anywhere. Belongs to the reads of a command.
fn draw_secret(batch: &Batch<'_, '_>) -> Result<(TokenId, Bits, TokenDigest), Fault> {
    let id = TokenId(batch.next(Number::NextToken)?);
    let (bits, digest) = draw(batch, TokenKind::ClientSecret)?;
    Ok((id, bits, digest))
}

fn put_secret(
    batch: &mut Batch<'_, '_>,
    row: &mut ClientRow,
    (id, bits, digest): (TokenId, Bits, TokenDigest),
) -> Result<Bits, Fault> {
    batch.took(Number::NextToken, id.0)?;
    row.client.secrets.push(SecretShown {
        id,
        created_at: batch.now(),
        expires_at: None,
    });
    row.digests.push(digest);
    Ok(bits)
}
