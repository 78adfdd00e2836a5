//! Entries of the library: what is known of a third party before anybody installs it.
//!
//! An entry is an administrator's word. Still it is judged when it comes in, so that nobody learns only from a customer's browser
//! that a URL was misspelt; and it is judged again when it is used, since a name may resolve to another address by then.

mod third_party;
mod text;

use url::Url;

use crate::secret::Secret;

pub use text::{EntryText, ParameterText};

/// How a third party wants to know who calls, by Cyclr's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are Cyclr's")]
pub enum AuthType {
    ApiKey,
    Basic,
    OAuth2,
    None,
}

impl AuthType {
    const ALL: [Self; 4] = [Self::ApiKey, Self::Basic, Self::OAuth2, Self::None];

    /// The name, as Cyclr writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "ApiKey",
            Self::Basic => "Basic",
            Self::OAuth2 => "OAuth2",
            Self::None => "None",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// How a token is come by, by Cyclr's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OAuth2Type {
    /// A person grants it in a browser. The spelling is Cyclr's.
    AuthorisationCode,
    /// The client asks for itself.
    ClientCredentials,
    /// By name and password, which are the properties `Username` and `Password`.
    PasswordCredentials,
}

impl OAuth2Type {
    const ALL: [Self; 3] = [
        Self::AuthorisationCode,
        Self::ClientCredentials,
        Self::PasswordCredentials,
    ];

    /// The name, as Cyclr writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorisationCode => "AuthorisationCode",
            Self::ClientCredentials => "ClientCredentials",
            Self::PasswordCredentials => "PasswordCredentials",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Where the client shows its id and secret at the token endpoint (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientPlace {
    /// In `Authorization: Basic`.
    Basic,
    /// In the body.
    Body,
}

/// Who we are to a third party. A client without a secret is a public one.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Option<Secret>,
}

/// The name by which a third party calls itself (RFC 9207).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// What `iss` must be, to the letter.
    pub url: String,
    /// Whether it says its name at every callback, so that one without it is a forgery.
    pub is_always_sent: bool,
}

/// A parameter that a third party wants beside those of the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; none that the standard uses.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether it goes to the token endpoint. Otherwise it goes with the browser.
    pub is_for_token: bool,
}

/// What is known of a third party's OAuth 2.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// How a token is come by.
    pub sort: OAuth2Type,
    /// Where the browser is sent. It is there where a person grants, and nowhere else.
    pub authorization_url: Option<Url>,
    /// Where tokens are asked for.
    pub token_url: Url,
    /// The scopes, as the third party separates them; empty where none are asked for.
    pub scopes: String,
    /// By what name it calls itself, where it does.
    pub issuer: Option<Issuer>,
    /// Whether it is shown a proof key (RFC 7636).
    pub pkce: bool,
    /// Where we show id and secret.
    pub client_place: ClientPlace,
    /// What else it wants.
    pub parameters: Vec<Parameter>,
    /// Who we are, where that is the same for all accounts.
    pub client: Option<Client>,
}

/// How a third party wants to know who calls, with what it takes.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are Cyclr's")]
pub enum Auth {
    ApiKey,
    Basic,
    OAuth2(Box<OAuth2>),
    None,
}

impl Auth {
    /// Without what it takes.
    pub fn kind(&self) -> AuthType {
        match self {
            Self::ApiKey => AuthType::ApiKey,
            Self::Basic => AuthType::Basic,
            Self::OAuth2(_) => AuthType::OAuth2,
            Self::None => AuthType::None,
        }
    }
}

/// One connector of the library. It is made by [`Entry::accept`], so what exists is well-formed; `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Entry {
    name: String,
    description: String,
    version: String,
    auth: Auth,
    scheme: Option<String>,
    near_hosts: Vec<String>,
}

impl Entry {
    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Which of several of one name.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How the third party wants to know who calls.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// What stands before the token or key in `Authorization`. OAuth 2 has `Bearer` unless the entry says otherwise; a key stands
    /// alone unless it does.
    pub fn scheme(&self) -> Option<&str> {
        match (&self.scheme, &self.auth) {
            (Some(scheme), _) => Some(scheme),
            (None, Auth::OAuth2(_)) => Some("Bearer"),
            (None, Auth::ApiKey | Auth::Basic | Auth::None) => None,
        }
    }

    /// The hosts that may have an address of the house, in small letters.
    pub fn near_hosts(&self) -> &[String] {
        &self.near_hosts
    }
}

/// Why a text is no entry. It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {expected}")]
pub struct EntryFault {
    /// Which member.
    pub field: &'static str,
    /// What was expected of it.
    pub expected: &'static str,
}

#[cfg(test)]
mod tests;
