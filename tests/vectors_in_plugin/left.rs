//! The vectors that cannot be asked through a proxy, each with why. The list is exact: one that could be asked after all must
//! be taken off it.

use super::judge::Left;

/// Why, file and name, in this order.
pub(crate) const LEFT: &[(Left, &str, &str)] = &[
    (Left::Scopes, "foreign", "a scope that the route wants"),
    (Left::Scopes, "limits", "refusals at other gates do not count"),
    (Left::Scopes, "operations", "a route that wants a scope"),
    (Left::Scopes, "operations", "a route that wants an empty scope"),
    (Left::Scopes, "operations", "a route that wants two scopes"),
    (Left::Scopes, "operations", "refused methods and scopes are not charged"),
    (Left::Scopes, "order", "all gates, mended one by one"),
    (Left::Scopes, "order", "missing before everything a token could fail at"),
    (Left::Scopes, "order", "operation before scope"),
    (Left::Scopes, "order", "scope before freshness"),
    (Left::Scopes, "preflight", "a preflight that wants a scope"),
    (Left::Doubt, "foreign", "in doubt"),
    (Left::Doubt, "staleness", "a token in doubt"),
    (Left::Doubt, "staleness", "a user in doubt"),
    (Left::Doubt, "staleness", "doubt about a token outlives changes"),
    (Left::Doubt, "staleness", "doubt about a user outlives changes"),
    (Left::Doubt, "staleness", "doubt about what is not there"),
    (Left::Doubt, "staleness", "doubt charges nothing"),
    (Left::Doubt, "staleness", "in doubt and refused anyway"),
    (Left::Peer, "networks", "an unknown caller"),
    (Left::Peer, "preflight", "a preflight from an unknown address"),
    (Left::Time, "lifecycle", "an active token"),
    (Left::Time, "staleness", "no bound"),
];
