//! Commands about routes, and about issuers and identity providers elsewhere.

use tollgate_core::{Audience, ClientName, PathPattern, Route, ScopeSet, Timestamp, UserName};

use crate::identity_provider::IdentityProvider;
use crate::issuer::Issuer;

/// Says what the paths of a pattern take. A route of the same pattern is replaced. Answers the [`Route`].
#[derive(Clone, Debug)]
pub struct PutRoute {
    /// The route.
    pub route: Route,
}

/// Removes the route of exactly this pattern. Without any route, all paths take what they take where nobody says otherwise.
#[derive(Clone, Debug)]
pub struct RemoveRoute {
    /// Its pattern.
    pub pattern: PathPattern,
}

/// Trusts an issuer, or changes how far it is trusted. What its tokens were remembered for is forgotten. Answers the [`Issuer`].
#[derive(Clone, Debug)]
pub struct PutIssuer {
    /// The issuer.
    pub issuer: Issuer,
}

/// Trusts an issuer no more. Its tokens are refused when this returns.
#[derive(Clone, Debug)]
pub struct RemoveIssuer {
    /// What its tokens say in `iss`.
    pub issuer: String,
}

/// Takes the assertions of an identity provider, or changes how far they are taken. Whoever holds its keys may name any user, so trust
/// it as far as that. Answers the [`IdentityProvider`].
#[derive(Clone, Debug)]
pub struct PutIdentityProvider {
    /// The provider.
    pub provider: IdentityProvider,
}

/// Takes the assertions of an identity provider no more. What they were used for stays: tokens end by themselves or are revoked.
#[derive(Clone, Debug)]
pub struct RemoveIdentityProvider {
    /// Its entity ID.
    pub issuer: String,
}

/// Names what a client may do by tokens that we have not made. Answers the number to remember such a token under; the same facts have
/// the same number.
#[derive(Clone, Debug)]
pub struct NameAuthority {
    /// The client.
    pub client: ClientName,
    /// The scopes.
    pub scopes: ScopeSet,
    /// The audiences.
    pub audiences: Vec<Audience>,
    /// For whom.
    pub user: UserName,
    /// Until when it is named by what it is needed for; later moments than a year from now are that one.
    pub until: Timestamp,
}
