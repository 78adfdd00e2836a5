//! What a line about a client comes to.

use tollgate_core::{Foreign, ParseTokenError, TokenDigest, TokenId, TokenKind, WellFormed};

use super::{Batch, Clients, Number, Plan, Refusal, Step, Stop, line};
use crate::client::{
    AccessForm, Client, ClientAuthentication, ClientRow, LIFETIME_S, REFRESH_LIFETIME_S, SecretShown, accept,
};
use crate::command::RotateClientSecret;
use crate::portable::{PortableClient, PortableClientSecret, PortableSecret};
use crate::store::{Meta, Source as _};

impl Plan {
    /// A client that is new. One that is there must be what the line says of it.
    pub(super) fn client(&mut self, batch: &Batch<'_, '_>, asked: PortableClient) -> Result<Vec<Step>, Stop> {
        let user = match &asked.user {
            Some(name) => {
                let user = self.user_row(batch, name)?;
                Some(user.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?.id)
            }
            None => None,
        };
        let digests = digests(batch, &asked)?;
        let there = match self.clients.get(&asked.name) {
            Some(there) => Some(there.clone()),
            None => batch.rows.row::<Clients>(&asked.name)?,
        };
        if let Some(there) = there {
            let same = differs(&there, &asked, &digests).is_none() && user.is_none_or(|user| there.user == Some(user));
            return if same {
                Ok(Vec::new())
            } else {
                Err(different(&there, &asked, &digests))
            };
        }
        let number = match self.clients_to {
            Some(next) => next,
            None => batch.rows.row_that_must_be::<Meta>(&Number::NextClient)?,
        };
        let first = self.next_token;
        let client = client(batch, &asked, number, first);
        accept(&client, user.is_some()).map_err(Refusal::from)?;
        let row = ClientRow { client, user, digests };

        self.clients_to = Some(number.saturating_add(1));
        if !asked.secrets.is_empty() {
            self.next_token = first + asked.secrets.len() as u64;
            self.tokens_to = Some(self.next_token);
        }
        self.clients.insert(asked.name, row.clone());
        Ok(vec![Step::Client(Box::new(row))])
    }
}

/// The client of a line, where nothing stands what holds where nobody says otherwise. Systems that clients come from sign theirs
/// with RS256, so that is what they get.
fn client(batch: &Batch<'_, '_>, asked: &PortableClient, number: u64, first_secret: u64) -> Client {
    let shown = |(id, secret): (u64, &PortableClientSecret)| SecretShown {
        id: TokenId(id),
        created_at: secret.created_at.unwrap_or(batch.now()),
        expires_at: secret.expires_at,
    };
    Client {
        number,
        name: asked.name.clone(),
        title: asked.title.clone().unwrap_or_else(|| asked.name.to_string()),
        grants: asked.grants.unwrap_or_default(),
        login_urls: asked.login_urls.clone().unwrap_or_default(),
        logout_urls: asked.logout_urls.clone().unwrap_or_default(),
        scopes: asked.scopes.clone().unwrap_or_default(),
        audiences: asked.audiences.clone().unwrap_or_default(),
        lifetime_s: asked.lifetime_s.unwrap_or(LIFETIME_S),
        refresh_lifetime_s: asked.refresh_lifetime_s.unwrap_or(REFRESH_LIFETIME_S),
        show_login: asked.show_login.unwrap_or(true),
        consent: asked.consent.unwrap_or(true),
        enabled: asked.enabled.unwrap_or(true),
        access: asked.access.unwrap_or(AccessForm::Rs256),
        authentication: asked.authentication.clone().unwrap_or_default(),
        user: None,
        secrets: (first_secret..).zip(&asked.secrets).map(shown).collect(),
        created_at: asked.created_at.unwrap_or(batch.now()),
    }
}

fn digests(batch: &Batch<'_, '_>, asked: &PortableClient) -> Result<Vec<TokenDigest>, Stop> {
    let by_secret = matches!(&asked.authentication, None | Some(ClientAuthentication::Secret));
    if !by_secret && !asked.secrets.is_empty() {
        return Err(line("expected no secret for a client that does not show itself by one"));
    }
    if asked.secrets.len() > RotateClientSecret::SECRETS_MOST {
        let name = asked.name.clone();
        return Err(Refusal::TooManySecrets { name }.into());
    }
    asked
        .secrets
        .iter()
        .map(|secret| digest(batch, &secret.secret))
        .collect()
}

/// What a client's secret is found by. One that was made elsewhere stays what its holders have.
fn digest(batch: &Batch<'_, '_>, secret: &PortableSecret) -> Result<TokenDigest, Stop> {
    let key = batch.around.digest_key;
    match secret {
        PortableSecret::Keyed { digest, key, .. } if *key == batch.rows.seal().fingerprint() => Ok(*digest),
        PortableSecret::Keyed { .. } => Err(line(
            "expected a secret's digest under this store's key, but it was made under another: bring the key file along with the export",
        )),
        PortableSecret::Digest(_) => Err(line(
            "expected a client's secret in clear, or as an export of a store has it",
        )),
        PortableSecret::Clear(text) => match WellFormed::parse(text.as_bytes()) {
            Ok(secret) if secret.kind() == TokenKind::ClientSecret => Ok(key.digest(secret)),
            Err(ParseTokenError::Prefix) => match Foreign::parse(text.as_bytes()) {
                Ok(text) => Ok(key.foreign(text)),
                Err(error) => Err(line(error.to_string())),
            },
            Ok(_) | Err(_) => Err(line(
                "expected a client's secret, but it looks like another token of Tollgate's, or its checksum does not fit",
            )),
        },
    }
}

/// The first field of which a line says what is not so.
fn differs(there: &ClientRow, asked: &PortableClient, digests: &[TokenDigest]) -> Option<&'static str> {
    fn other<T: PartialEq>(asked: Option<&T>, own: &T) -> bool {
        asked.is_some_and(|asked| asked != own)
    }
    let own = &there.client;
    let differs = [
        ("title", other(asked.title.as_ref(), &own.title)),
        ("grants", other(asked.grants.as_ref(), &own.grants)),
        ("login_urls", other(asked.login_urls.as_ref(), &own.login_urls)),
        ("logout_urls", other(asked.logout_urls.as_ref(), &own.logout_urls)),
        ("scopes", other(asked.scopes.as_ref(), &own.scopes)),
        ("audiences", other(asked.audiences.as_ref(), &own.audiences)),
        ("lifetime", other(asked.lifetime_s.as_ref(), &own.lifetime_s)),
        (
            "refresh_lifetime",
            other(asked.refresh_lifetime_s.as_ref(), &own.refresh_lifetime_s),
        ),
        ("show_login", other(asked.show_login.as_ref(), &own.show_login)),
        ("consent", other(asked.consent.as_ref(), &own.consent)),
        ("enabled", other(asked.enabled.as_ref(), &own.enabled)),
        ("access", other(asked.access.as_ref(), &own.access)),
        (
            "authentication",
            other(asked.authentication.as_ref(), &own.authentication),
        ),
        ("secret", digests.iter().any(|digest| !there.digests.contains(digest))),
    ];
    differs
        .into_iter()
        .find_map(|(field, differs)| differs.then_some(field))
}

fn different(there: &ClientRow, asked: &PortableClient, digests: &[TokenDigest]) -> Stop {
    let field = differs(there, asked, digests).unwrap_or("acts_as");
    line(format!(
        "expected a new client, but there is a client `{}` already whose {field} differs: change that client, or the line",
        there.client.name
    ))
}
