//! Commands about integrated clients.

use tollgate_core::{Audience, ClientName, ScopeSet, TokenText, UserName};

use crate::client::{AccessForm, Client, ClientAuthentication, GrantSet, LIFETIME_S, REFRESH_LIFETIME_S};

/// Adds a client. Refused where the name is taken. Answers [`AddedClient`], the only place where its secret is ever shown.
#[derive(Clone, Debug)]
pub struct AddClient {
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
    /// The scopes it may ask for.
    pub scopes: ScopeSet,
    /// Whom its tokens may be meant for.
    pub audiences: Vec<Audience>,
    /// Seconds for which its access tokens last, 60 to 31,536,000.
    pub lifetime_s: u32,
    /// Seconds after a login from which on its tokens can be refreshed no more, within the same bounds.
    pub refresh_lifetime_s: u32,
    /// Whether people log in at our page.
    pub show_login: bool,
    /// Whether people are asked before it acts for them.
    pub consent: bool,
    /// Whether it gets tokens.
    pub enabled: bool,
    /// What its access tokens look like.
    pub access: AccessForm,
    /// How it shows that it is itself. One with [`ClientAuthentication::Secret`] gets a secret.
    pub authentication: ClientAuthentication,
    /// Whom it acts as when it presents nobody's credential but its own.
    pub user: Option<UserName>,
}

impl AddClient {
    /// An enabled client of these grants that has a secret, no scopes, and the lifetimes that hold where nobody says otherwise;
    /// people call it by its name.
    pub fn named(name: ClientName, grants: GrantSet) -> Self {
        Self {
            title: name.to_string(),
            name,
            grants,
            login_urls: Vec::new(),
            logout_urls: Vec::new(),
            scopes: ScopeSet::NONE,
            audiences: Vec::new(),
            lifetime_s: LIFETIME_S,
            refresh_lifetime_s: REFRESH_LIFETIME_S,
            show_login: true,
            consent: true,
            enabled: true,
            access: AccessForm::Opaque,
            authentication: ClientAuthentication::Secret,
            user: None,
        }
    }
}

/// A new client.
#[derive(Debug)]
#[non_exhaustive]
pub struct AddedClient {
    /// What is stored about it.
    pub client: Client,
    /// Its secret, if it has one; it cannot be had again.
    pub secret: Option<TokenText>,
}

/// What [`SetClient`] changes; a field that is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ClientChanges {
    /// What people call it.
    pub title: Option<String>,
    /// What it may present to get a token.
    pub grants: Option<GrantSet>,
    /// Where a login may lead back to.
    pub login_urls: Option<Vec<String>>,
    /// Where a logout may lead to.
    pub logout_urls: Option<Vec<String>>,
    /// The scopes it may ask for. Tokens that it has keep theirs.
    pub scopes: Option<ScopeSet>,
    /// Whom its tokens may be meant for. Tokens that it has keep theirs.
    pub audiences: Option<Vec<Audience>>,
    /// Seconds for which its access tokens last, from the next on.
    pub lifetime_s: Option<u32>,
    /// Seconds after a login from which on its tokens can be refreshed no more, from the next login on.
    pub refresh_lifetime_s: Option<u32>,
    /// Whether people log in at our page.
    pub show_login: Option<bool>,
    /// Whether people are asked before it acts for them.
    pub consent: Option<bool>,
    /// Whether it gets tokens. Those of a client that is not enabled are refused until it is again.
    pub enabled: Option<bool>,
    /// What its access tokens look like, from the next on.
    pub access: Option<AccessForm>,
    /// How it shows that it is itself. Where that is no secret any more, its secrets are forgotten; where it is one from now on,
    /// [`RotateClientSecret`] makes it.
    pub authentication: Option<ClientAuthentication>,
    /// Whom it acts as when it presents nobody's credential but its own; nobody, where the name is none.
    pub user: Option<Option<UserName>>,
}

/// Changes a client. Answers the [`Client`](crate::Client) as it is from then on. Where it is not enabled any more, every token of
/// its is refused when this returns.
#[derive(Clone, Debug)]
pub struct SetClient {
    /// Which client.
    pub name: ClientName,
    /// What to change.
    pub changes: ClientChanges,
}

/// Gives a client a new secret. Those that it has are good for nothing from `overlap_s` seconds on; zero ends them at once. Answers
/// [`RotatedSecret`], the only place where the secret is ever shown.
#[derive(Clone, Debug)]
pub struct RotateClientSecret {
    /// Which client.
    pub name: ClientName,
    /// Seconds for which earlier secrets may still be used, at most [`RotateClientSecret::OVERLAP_MOST_S`].
    pub overlap_s: u32,
}

impl RotateClientSecret {
    /// Most seconds for which an earlier secret may still be used: 90 days.
    pub const OVERLAP_MOST_S: u32 = 90 * 24 * 3_600;
    /// Most secrets that a client has at a time.
    pub const SECRETS_MOST: usize = 4;
}

/// A client's new secret.
#[derive(Debug)]
#[non_exhaustive]
pub struct RotatedSecret {
    /// The client as it is from now on.
    pub client: Client,
    /// The secret; it cannot be had again.
    pub secret: TokenText,
}

/// Removes a client. Every token of its is refused from then on.
#[derive(Clone, Debug)]
pub struct RemoveClient {
    /// Which client.
    pub name: ClientName,
}
