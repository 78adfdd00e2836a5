//! About routes, issuers and identity providers elsewhere, and the keys that tokens are signed with.

use serde::{Deserialize, Serialize};

/// One request about routes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RouteRequest {
    /// Says what the paths of a pattern take.
    Add {
        /// The pattern.
        pattern: String,
        /// The schemes, separated by commas; none for the usual ones.
        schemes: Option<String>,
        /// The scopes, separated by blanks.
        scopes: String,
        /// Whom tokens must be meant for.
        audience: Option<String>,
        /// Whether requests pass that carry no credential.
        anonymous: bool,
    },
    /// Lists all.
    List,
    /// Removes the route of a pattern.
    Remove {
        /// The pattern.
        pattern: String,
    },
}

/// One request about issuers elsewhere.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum IssuerRequest {
    /// Trusts an issuer, or changes how far it is trusted.
    Add(Box<IssuerAsked>),
    /// Lists all.
    List,
    /// Trusts an issuer no more.
    Remove {
        /// What its tokens say in `iss`.
        issuer: String,
    },
}

/// An issuer, as it was asked for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerAsked {
    /// What its tokens say in `iss`.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_url: Option<String>,
    /// Its keys, as the text of a JWK set; instead of their place.
    pub jwks: Option<String>,
    /// Whom its tokens must be meant for.
    pub audiences: Vec<String>,
    /// With what they may be signed, separated by commas; none for all that we know.
    pub algorithms: Option<String>,
    /// The claim that names our user; none for `sub`.
    pub user_claim: Option<String>,
    /// The client whose authority its tokens have here.
    pub client: String,
    /// The scopes that they may have, separated by blanks.
    pub scopes: String,
}

/// One request about identity providers elsewhere.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum IdentityProviderRequest {
    /// Takes the assertions of a provider, or changes how far they are taken.
    Add(Box<IdentityProviderAsked>),
    /// Lists all.
    List,
    /// Shows one.
    Show {
        /// Its entity ID.
        issuer: String,
    },
    /// Takes its assertions no more.
    Remove {
        /// Its entity ID.
        issuer: String,
    },
}

/// An identity provider, as it was asked for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderAsked {
    /// Its entity ID; none for the one in the metadata.
    pub issuer: Option<String>,
    /// The text of its metadata.
    pub metadata: Option<String>,
    /// Files of certificates, in DER or PEM.
    pub certificates: Vec<Vec<u8>>,
    /// Whom its assertions must be meant for.
    pub audiences: Vec<String>,
    /// What they must name as recipient.
    pub recipient: Option<String>,
    /// What names our user; none for the NameID.
    pub subject: Option<String>,
    /// How far its clock may differ, in seconds; none for a minute.
    pub skew_s: Option<u32>,
    /// Whether a user who is not there is added.
    pub creates_users: bool,
}

/// One request about signing keys.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KeyRequest {
    /// Lists all, without what is secret of them.
    List,
    /// Makes new ones that take over.
    Rotate {
        /// Whether somebody else may know the present ones.
        compromised: bool,
    },
}
