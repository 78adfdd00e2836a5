//! About clients.

use serde::{Deserialize, Serialize};

/// One request about clients.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientRequest {
    /// Adds a client. The reply holds its secret, if it has one.
    Add {
        /// Its `client_id`.
        id: String,
        /// What differs from an enabled client with a secret, a login page and consent.
        changes: Box<ClientChangesRequest>,
    },
    /// Lists clients, a page at a time.
    List {
        /// From the page before; none for the first.
        cursor: Option<String>,
    },
    /// Shows one client.
    Show {
        /// Its `client_id`.
        id: String,
    },
    /// Changes a client.
    Set {
        /// Its `client_id`.
        id: String,
        /// What to change.
        changes: Box<ClientChangesRequest>,
    },
    /// Gives a client a new secret. The reply holds it.
    Rotate {
        /// Its `client_id`.
        id: String,
        /// Seconds for which earlier secrets may still be used; none for no longer.
        overlap_s: Option<u32>,
    },
    /// Removes a client.
    Remove {
        /// Its `client_id`.
        id: String,
    },
}

/// What is set on a client; what is none stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientChangesRequest {
    /// What people call it.
    pub name: Option<String>,
    /// Its grants, separated by commas.
    pub grants: Option<String>,
    /// Where a login may lead back to.
    pub login_urls: Option<Vec<String>>,
    /// Where a logout may lead to.
    pub logout_urls: Option<Vec<String>>,
    /// Its scopes, separated by blanks.
    pub scopes: Option<String>,
    /// Whom its tokens may be meant for.
    pub audiences: Option<Vec<String>>,
    /// Seconds for which its access tokens last.
    pub lifetime_s: Option<u32>,
    /// Seconds after a login from which on its tokens can be refreshed no more.
    pub refresh_lifetime_s: Option<u32>,
    /// Whether people log in at our page.
    pub show_login: Option<bool>,
    /// Whether people are asked before it acts for them.
    pub consent: Option<bool>,
    /// Whether it gets tokens.
    pub enabled: Option<bool>,
    /// What its access tokens look like: `opaque`, `rs256` or `es256`.
    pub access: Option<String>,
    /// How it shows that it is itself.
    pub authentication: Option<AuthenticationRequest>,
    /// Whom it acts as by its own credential.
    pub user: Option<String>,
    /// Whether it acts as nobody from now on.
    #[serde(default)]
    pub no_user: bool,
}

/// How a client shows that it is itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationRequest {
    /// By a secret of our making.
    Secret,
    /// By JWTs that it signs with one of these keys, a JWK set.
    PrivateKeyJwt {
        /// The text of the set.
        jwks: String,
    },
    /// Not at all.
    Public,
}
