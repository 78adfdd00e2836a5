//! The ways that Envoy has itself, as entries for its list of HTTP filters.

use serde_json::{Value, json};

use super::jwt::{ISSUER, Issued};

/// Keys in Envoy's configuration.
pub(crate) fn api_key_auth(keys: &[String]) -> Value {
    let credential = |(at, key): (usize, &String)| json!({ "key": key, "client": format!("user{at}") });
    let credentials: Vec<Value> = keys.iter().enumerate().map(credential).collect();
    json!({
        "name": "envoy.filters.http.api_key_auth",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth",
            "credentials": credentials,
            "key_sources": [{ "header": "authorization" }],
            // The plugin tells the application who asks, too.
            "forwarding": { "header": "x-user" },
        },
    })
}

/// Signatures checked, and remembered where there is a cache of this size.
pub(crate) fn jwt_authn(issued: &Issued, cache: Option<usize>) -> Value {
    let mut provider = json!({
        "issuer": ISSUER,
        "local_jwks": { "inline_string": issued.keys.to_string() },
        "forward": true,
    });
    if let Some(size) = cache {
        provider["jwt_cache_config"] = json!({ "jwt_cache_size": size });
    }
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "issuer": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "issuer" } }],
        },
    })
}

/// A question over HTTP for every request, to the cluster of this name.
pub(crate) fn ext_authz(cluster: &str) -> Value {
    let exact = |names: &[&str]| names.iter().map(|name| json!({ "exact": name })).collect::<Vec<_>>();
    json!({
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
            "transport_api_version": "V3",
            "http_service": {
                "server_uri": { "uri": "asked", "cluster": cluster, "timeout": "5s" },
                "path_prefix": "/check",
                "authorization_request": { "headers_to_add": [
                    { "key": "x-forwarded-for", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" },
                ] },
                "authorization_response": { "allowed_upstream_headers": { "patterns": exact(&[
                    "x-tollgate-user", "x-tollgate-client", "x-tollgate-scope", "x-tollgate-token-id",
                ]) } },
            },
        },
    })
}
