//! Routes and issuers elsewhere, as replies show them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate::{Audience, Issuer, JwksSource, Route, Scope};
use utoipa::ToSchema;

/// Hexadecimal digits of an id that follows from a text.
const ID_LEN: usize = 16;

/// What paths name a record by whose own name is a path or a URL: a part of the name's digest.
pub(crate) fn id_of(name: &str) -> String {
    let digest = blake3::hash(name.as_bytes()).to_hex();
    digest.get(..ID_LEN).unwrap_or_default().to_owned()
}

/// What the paths of a pattern take.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Route)]
pub struct RouteShown {
    /// What paths name it by; it follows from the pattern.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "7c1d0f3b9a52e684")]
    pub id: String,
    /// The pattern.
    #[schema(min_length = 1, max_length = 512, example = "/API/**")]
    pub pattern: String,
    /// The ways in which a credential may come.
    #[schema(example = json!(["bearer"]))]
    pub schemes: Vec<String>,
    /// The scopes that a token must have.
    #[schema(example = json!(["orders.read"]))]
    pub scopes: Vec<String>,
    /// Whom a token must be meant for; anybody where there is none.
    #[schema(required)]
    pub audience: Option<String>,
    /// Whether requests pass that carry no credential.
    pub anonymous: bool,
}

impl From<&Route> for RouteShown {
    fn from(route: &Route) -> Self {
        Self {
            id: id_of(route.pattern.as_str()),
            pattern: route.pattern.to_string(),
            schemes: route.schemes.iter().map(|scheme| scheme.name().to_owned()).collect(),
            scopes: route.scopes.iter().map(Scope::to_string).collect(),
            audience: route.audience.as_ref().map(Audience::to_string),
            anonymous: route.anonymous,
        }
    }
}

/// An issuer elsewhere whose JWTs are trusted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Issuer)]
pub struct IssuerShown {
    /// What paths name it by; it follows from the issuer's name.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "7c1d0f3b9a52e684")]
    pub id: String,
    /// What its tokens say in `iss`.
    #[schema(example = "https://login.example.com/")]
    pub issuer: String,
    /// Where its keys are.
    #[schema(required)]
    pub jwks_url: Option<String>,
    /// Its keys, where they were given as a JWK set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    pub jwks: Option<Value>,
    /// Whom its tokens must be meant for: one of these.
    pub audiences: Vec<String>,
    /// With what they may be signed.
    #[schema(example = json!(["RS256"]))]
    pub algorithms: Vec<String>,
    /// The claim that names our user.
    #[schema(example = "sub")]
    pub user_claim: String,
    /// The client whose authority they have here.
    #[schema(example = "reports")]
    pub client_id: String,
    /// The scopes that they may have here.
    pub scopes: Vec<String>,
}

impl From<&Issuer> for IssuerShown {
    fn from(issuer: &Issuer) -> Self {
        let (jwks_url, jwks) = match &issuer.jwks {
            JwksSource::Url(url) => (Some(url.clone()), None),
            JwksSource::Text(text) => {
                let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
                (None, Some(value))
            }
        };
        Self {
            id: id_of(&issuer.issuer),
            issuer: issuer.issuer.clone(),
            jwks_url,
            jwks,
            audiences: issuer.audiences.iter().map(Audience::to_string).collect(),
            algorithms: issuer.algorithms.iter().map(|one| one.name().to_owned()).collect(),
            user_claim: issuer.user_claim.clone(),
            client_id: issuer.client.to_string(),
            scopes: issuer.scopes.iter().map(Scope::to_string).collect(),
        }
    }
}
