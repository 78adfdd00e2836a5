//! Integrated clients: the programs that ask for tokens, and what each of them may ask for.

mod grant;
mod terms;

use std::fmt;
use std::str::FromStr;

use tollgate_core::{Audience, ClientName, ScopeSet, Timestamp, TokenDigest, TokenId, UserId, UserName};

pub use grant::{Grant, GrantSet, ParseGrantError};
pub use terms::ClientFault;
pub(crate) use terms::accept;

/// Seconds for which an access token lasts where nobody says otherwise.
pub const LIFETIME_S: u32 = 3_600;

/// Seconds after which a login has to be repeated where nobody says otherwise, however often its tokens were refreshed.
pub const REFRESH_LIFETIME_S: u32 = 30 * 24 * 3_600;

/// A client, as lists show one. Its secrets were shown once, when they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Names this client for ever. One that is added again under the same name gets another number and inherits nothing.
    pub number: u64,
    /// The `client_id`.
    pub name: ClientName,
    /// What people call it.
    pub title: String,
    /// What it may present to get a token.
    pub grants: GrantSet,
    /// Where a login may lead back to.
    pub login_urls: Vec<String>,
    /// Where a logout may lead to.
    pub logout_urls: Vec<String>,
    /// The scopes it may ask for; its tokens have these where it asks for none.
    pub scopes: ScopeSet,
    /// Whom its tokens may be meant for.
    pub audiences: Vec<Audience>,
    /// Seconds for which its access tokens last.
    pub lifetime_s: u32,
    /// Seconds after a login from which on its tokens can be refreshed no more.
    pub refresh_lifetime_s: u32,
    /// Whether people log in at our page.
    pub show_login: bool,
    /// Whether people are asked before it acts for them.
    pub consent: bool,
    /// A client that is not enabled gets no token, and those that it has are refused.
    pub enabled: bool,
    /// What its access tokens look like.
    pub access: AccessForm,
    /// How it shows that it is itself.
    pub authentication: ClientAuthentication,
    /// Whom it acts as when it presents nobody's credential but its own; none where that user has gone.
    pub user: Option<UserName>,
    /// Its secrets, the oldest first, without the secrets themselves.
    pub secrets: Vec<SecretShown>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// What is known of a client's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretShown {
    /// Names this secret for ever; no token has the same.
    pub id: TokenId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first moment at which it is good for nothing any more, if there is one.
    pub expires_at: Option<Timestamp>,
}

/// What a client's access tokens look like. All of them are looked up by their digest; the signature of a JWT is for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum AccessForm {
    /// Random characters that say nothing.
    #[default]
    Opaque,
    /// A JWT, signed with RSASSA-PKCS1-v1_5 and SHA-256.
    Rs256,
    /// A JWT, signed with ECDSA over P-256 and SHA-256.
    Es256,
}

impl AccessForm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Opaque, Self::Rs256, Self::Es256];

    /// The name, as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Rs256 => "rs256",
            Self::Es256 => "es256",
        }
    }
}

impl fmt::Display for AccessForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no form of access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the form `opaque`, `rs256` or `es256`")]
pub struct ParseAccessFormError;

impl FromStr for AccessForm {
    type Err = ParseAccessFormError;

    fn from_str(text: &str) -> Result<Self, ParseAccessFormError> {
        let named = Self::ALL
            .into_iter()
            .find(|form| form.name().eq_ignore_ascii_case(text.trim()));
        named.ok_or(ParseAccessFormError)
    }
}

/// How a client shows that it is itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ClientAuthentication {
    /// By a secret that we have made (`client_secret_basic` and `client_secret_post`).
    #[default]
    Secret,
    /// By a JWT that it signs with a key of its own (RFC 7523).
    PrivateKeyJwt {
        /// Its public keys, as a JWK set.
        jwks: String,
    },
    /// Not at all: it runs where nothing can be kept secret, and proves with PKCE that it is the one who asked.
    Public,
}

impl ClientAuthentication {
    /// The name, as it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Secret => "client_secret",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
            Self::Public => "none",
        }
    }
}

/// A client who has shown its secret. Only [`Engine::holds_secret`](crate::Engine::holds_secret) makes one.
#[derive(Clone, Debug)]
pub struct ClientProof {
    client: Client,
}

impl ClientProof {
    pub(crate) fn of(client: Client) -> Self {
        Self { client }
    }

    /// The client, as it was when its secret was looked at.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// A client as the store keeps one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientRow {
    /// What lists show, but for the two fields below.
    pub(crate) client: Client,
    /// Whom it acts as, by number: a user who is added again under an old name is another.
    pub(crate) user: Option<UserId>,
    /// Its secrets' digests, in the order of what is shown of them.
    pub(crate) digests: Vec<TokenDigest>,
}

impl ClientRow {
    /// What lists show of it, given the name of whom it acts as.
    pub(crate) fn shown(&self, user: Option<UserName>) -> Client {
        Client {
            user,
            ..self.client.clone()
        }
    }

    /// Whether a secret of this digest may be used at `now`. Looks at all of them, and at each as long as at every other.
    pub(crate) fn holds(&self, digest: &TokenDigest, now: Timestamp) -> bool {
        let secrets = self.digests.iter().zip(&self.client.secrets);
        let held = secrets.map(|(own, shown)| (own == digest) & shown.expires_at.is_none_or(|end| now < end));
        held.fold(false, |any, held| any | held)
    }
}
