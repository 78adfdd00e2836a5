//! Clients as replies show them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate::{
    AddClient, Audience, Client, ClientAuthentication, ClientChanges, ClientName, Grant, Scope, SecretShown, TokenText,
};
use tollgate_oauth::Profile;
use utoipa::ToSchema;

use super::moment::write_moment;
use crate::host::Host;

/// A client, without its secrets.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Client)]
pub struct ClientShown {
    /// Its `client_id`.
    #[schema(min_length = 1, max_length = 100, example = "reports")]
    pub id: String,
    /// The same.
    #[schema(min_length = 1, max_length = 100, example = "reports")]
    pub client_id: String,
    /// What else is known of it.
    #[serde(flatten)]
    pub facts: ClientFacts,
}

/// What is known of a client.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClientFacts {
    /// What people call it.
    #[schema(example = "Monthly reports")]
    pub name: String,
    /// Whether it gets tokens; where it does not, those that it has are refused.
    pub enabled: bool,
    /// What it may present to get a token.
    #[schema(example = json!(["authorization_code", "refresh_token"]))]
    pub grants: Vec<String>,
    /// The scopes it may ask for.
    #[schema(example = json!(["orders.read"]))]
    pub scopes: Vec<String>,
    /// Whom its tokens may be meant for.
    pub audiences: Vec<String>,
    /// Where a login may lead back to.
    pub login_urls: Vec<String>,
    /// Where a logout may lead to.
    pub logout_urls: Vec<String>,
    /// Seconds for which its access tokens last.
    #[schema(minimum = 60, maximum = 31_536_000)]
    pub lifetime_s: u32,
    /// Seconds after a login from which on its tokens can be refreshed no more.
    #[schema(minimum = 60, maximum = 31_536_000)]
    pub refresh_lifetime_s: u32,
    /// Whether people log in at our page.
    pub show_login: bool,
    /// Whether people are asked before it acts for them.
    pub consent: bool,
    /// What its access tokens look like: `opaque`, or a JWT that is signed by `rs256` or `es256`.
    #[schema(pattern = "^(opaque|rs256|es256)$", example = "opaque")]
    pub access: String,
    /// How it shows that it is itself: `client_secret`, `private_key_jwt`, or `none`.
    #[schema(pattern = "^(client_secret|private_key_jwt|none)$", example = "client_secret")]
    pub authentication: String,
    /// Its public keys, a JWK set, where it signs with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    pub jwks: Option<Value>,
    /// Whom it acts as by its own credential; nobody where there is none, or that user has gone.
    #[schema(required)]
    pub user: Option<String>,
    /// What is known of its secrets, the oldest first.
    pub secrets: Vec<ClientSecretFacts>,
    /// When it was added.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub created_at: String,
}

/// What is known of a client's secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClientSecretFacts {
    /// Names it for ever.
    #[schema(pattern = "^[0-9]+$", example = "12")]
    pub id: String,
    /// When it was made.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub created_at: String,
    /// When it may no longer be used, if ever.
    #[schema(format = DateTime, required)]
    pub expires_at: Option<String>,
}

impl From<&SecretShown> for ClientSecretFacts {
    fn from(secret: &SecretShown) -> Self {
        Self {
            id: secret.id.0.to_string(),
            created_at: write_moment(secret.created_at),
            expires_at: secret.expires_at.map(write_moment),
        }
    }
}

impl From<&Client> for ClientShown {
    fn from(client: &Client) -> Self {
        Self {
            id: client.name.to_string(),
            client_id: client.name.to_string(),
            facts: client.into(),
        }
    }
}

impl From<&Client> for ClientFacts {
    fn from(client: &Client) -> Self {
        let jwks = match &client.authentication {
            // What the store took for keys begins like an object, but may be none.
            ClientAuthentication::PrivateKeyJwt { jwks } => {
                Some(serde_json::from_str(jwks).unwrap_or_else(|_| Value::String(jwks.clone())))
            }
            ClientAuthentication::Secret | ClientAuthentication::Public => None,
        };
        Self {
            name: client.title.clone(),
            enabled: client.enabled,
            grants: client.grants.iter().map(|grant| grant.name().to_owned()).collect(),
            scopes: client.scopes.iter().map(Scope::to_string).collect(),
            audiences: client.audiences.iter().map(Audience::to_string).collect(),
            login_urls: client.login_urls.clone(),
            logout_urls: client.logout_urls.clone(),
            lifetime_s: client.lifetime_s,
            refresh_lifetime_s: client.refresh_lifetime_s,
            show_login: client.show_login,
            consent: client.consent,
            access: client.access.name().to_owned(),
            authentication: client.authentication.name().to_owned(),
            jwks,
            user: client.user.as_ref().map(ToString::to_string),
            secrets: client.secrets.iter().map(Into::into).collect(),
            created_at: write_moment(client.created_at),
        }
    }
}

/// A client with a new secret; it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct ClientSecretShown {
    /// Its `client_id`.
    pub client_id: String,
    /// The secret; none where the client shows otherwise that it is itself.
    pub client_secret: Option<String>,
    /// Where it asks for tokens, as far as that is known: a store that no server holds does not know how others reach it.
    pub access_url: Option<String>,
    /// What else is known of the client.
    #[serde(flatten)]
    pub facts: ClientFacts,
}

impl ClientSecretShown {
    /// A client with the secret that was made for it.
    pub fn new(client: &Client, secret: Option<&TokenText>) -> Self {
        Self {
            client_id: client.name.to_string(),
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            access_url: None,
            facts: client.into(),
        }
    }
}

/// A new client that differs from the first by `changes`.
pub(crate) fn new_client(name: ClientName, changes: ClientChanges) -> AddClient {
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
        user,
    } = changes;
    let first = AddClient::named(name, grants.unwrap_or_default());
    AddClient {
        title: title.unwrap_or(first.title),
        login_urls: login_urls.unwrap_or_default(),
        logout_urls: logout_urls.unwrap_or_default(),
        scopes: scopes.unwrap_or(first.scopes),
        audiences: audiences.unwrap_or_default(),
        lifetime_s: lifetime_s.unwrap_or(first.lifetime_s),
        refresh_lifetime_s: refresh_lifetime_s.unwrap_or(first.refresh_lifetime_s),
        show_login: show_login.unwrap_or(first.show_login),
        consent: consent.unwrap_or(first.consent),
        enabled: enabled.unwrap_or(first.enabled),
        access: access.unwrap_or(first.access),
        authentication: authentication.unwrap_or(first.authentication),
        user: user.unwrap_or(first.user),
        name: first.name,
        grants: first.grants,
    }
}

/// Where a client of these grants asks for tokens, if it is known how others reach this server.
pub(crate) fn access_url(host: &Host, grants: &[String]) -> Option<String> {
    let server = host.authorization()?;
    let has_password = grants.iter().any(|grant| grant == Grant::Password.name());
    let (profile, path) = if has_password {
        (Profile::Cinchy, "/connect/token")
    } else {
        (Profile::Standard, "/oauth2/token")
    };
    Some(format!("{}{path}", server.configuration().issuer(profile)))
}
