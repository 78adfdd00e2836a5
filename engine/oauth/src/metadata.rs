//! What a server says about itself (RFC 8414, and OpenID Connect Discovery in the same document).

use serde_json::Value;

use crate::call::Profile;
use crate::configuration::Configuration;
use crate::jose::Algorithm;
use crate::json::Object;
use crate::scope::ABOUT_THE_USER;
use crate::token_request::SAML_BEARER;

/// An endpoint, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after what RFC 8414 calls it")]
pub enum Endpoint {
    Authorization,
    Token,
    Introspection,
    Revocation,
    Userinfo,
    EndSession,
    Registration,
    Keys,
}

impl Endpoint {
    /// The path of an endpoint. Registering is the standard profile's alone.
    pub fn path(self, profile: Profile) -> &'static str {
        match (profile, self) {
            (Profile::Cinchy, Self::Authorization) => "/identity/connect/authorize",
            (Profile::Cinchy, Self::Token) => "/identity/connect/token",
            (Profile::Cinchy, Self::Introspection) => "/identity/connect/introspect",
            (Profile::Cinchy, Self::Revocation) => "/identity/connect/revocation",
            (Profile::Cinchy, Self::Userinfo) => "/identity/connect/userinfo",
            (Profile::Cinchy, Self::EndSession) => "/identity/connect/endsession",
            (Profile::Cinchy, Self::Keys) => "/identity/.well-known/openid-configuration/jwks",
            (Profile::Standard, Self::Authorization) => "/oauth2/authorize",
            (Profile::Standard, Self::Token) => "/oauth2/token",
            (Profile::Standard, Self::Introspection) => "/oauth2/introspect",
            (Profile::Standard, Self::Revocation) => "/oauth2/revoke",
            (Profile::Standard, Self::Userinfo) => "/oauth2/userinfo",
            (Profile::Standard, Self::Keys) => "/oauth2/jwks",
            (Profile::Standard, Self::EndSession) => "/oauth2/endsession",
            (_, Self::Registration) => "/oauth2/register",
        }
    }

    /// The URL of an endpoint.
    pub fn url(self, profile: Profile, configuration: &Configuration) -> String {
        format!("{}{}", configuration.issuer(Profile::Standard), self.path(profile))
    }
}

/// The document of a profile; `assertions` says whether there is an identity provider whose assertions are taken.
pub fn document(profile: Profile, configuration: &Configuration, assertions: bool) -> String {
    let mut grants = vec!["authorization_code", "refresh_token", "client_credentials", "password"];
    grants.extend(assertions.then_some(match profile {
        Profile::Cinchy => "saml2",
        Profile::Standard => SAML_BEARER,
    }));
    let url = |endpoint: Endpoint| endpoint.url(profile, configuration);
    let list = |items: &[&str]| Value::from(items.to_vec());
    let algorithms: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::as_str).collect();
    let ways = list(&["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
    let claims = match profile {
        Profile::Cinchy => list(&["sub", "name", "preferred_username", "id", "profile", "email", "role"]),
        Profile::Standard => list(&["sub", "name", "preferred_username", "email", "roles"]),
    };
    let registration =
        (configuration.registration && profile == Profile::Standard).then(|| url(Endpoint::Registration));
    Object::default()
        .with("issuer", configuration.issuer(profile))
        .with("authorization_endpoint", url(Endpoint::Authorization))
        .with("token_endpoint", url(Endpoint::Token))
        .with("introspection_endpoint", url(Endpoint::Introspection))
        .with("revocation_endpoint", url(Endpoint::Revocation))
        .with("userinfo_endpoint", url(Endpoint::Userinfo))
        .with("end_session_endpoint", url(Endpoint::EndSession))
        .with_some("registration_endpoint", registration)
        .with("jwks_uri", url(Endpoint::Keys))
        .with("scopes_supported", list(&ABOUT_THE_USER))
        .with("response_types_supported", list(&["code"]))
        .with("response_modes_supported", list(&["query"]))
        .with("grant_types_supported", list(&grants))
        .with("code_challenge_methods_supported", list(&["S256"]))
        .with("token_endpoint_auth_methods_supported", ways.clone())
        .with("token_endpoint_auth_signing_alg_values_supported", algorithms.clone())
        .with(
            "introspection_endpoint_auth_methods_supported",
            list(&["client_secret_basic", "client_secret_post", "private_key_jwt"]),
        )
        .with(
            "introspection_endpoint_auth_signing_alg_values_supported",
            algorithms.clone(),
        )
        .with("revocation_endpoint_auth_methods_supported", ways)
        .with("revocation_endpoint_auth_signing_alg_values_supported", algorithms)
        .with("authorization_response_iss_parameter_supported", true)
        .with("subject_types_supported", list(&["public"]))
        .with("id_token_signing_alg_values_supported", list(&["RS256"]))
        .with("claims_supported", claims)
        .with("claims_parameter_supported", false)
        .with("request_parameter_supported", false)
        .with("request_uri_parameter_supported", false)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(profile: Profile, registration: bool) -> serde_json::Map<String, Value> {
        let mut configuration = Configuration::at("https://auth.example.org/".parse().unwrap());
        configuration.registration = registration;
        json::object(document(profile, &configuration, false).as_bytes()).expect("no member stands twice")
    }

    #[test]
    fn assertions_are_named_where_there_is_a_provider() {
        let configuration = Configuration::at("https://auth.example.org/".parse().unwrap());
        for (profile, grant) in [(Profile::Cinchy, "saml2"), (Profile::Standard, SAML_BEARER)] {
            let has = |assertions| document(profile, &configuration, assertions).contains(&format!("\"{grant}\""));
            assert_eq!((has(true), has(false)), (true, false));
        }
    }

    #[test]
    fn each_profile_is_an_issuer_of_its_own() {
        let cinchy = read(Profile::Cinchy, true);
        assert_eq!(cinchy["issuer"], "https://auth.example.org/identity");
        assert_eq!(
            cinchy["token_endpoint"],
            "https://auth.example.org/identity/connect/token"
        );
        assert_eq!(
            cinchy["jwks_uri"],
            "https://auth.example.org/identity/.well-known/openid-configuration/jwks"
        );
        let standard = read(Profile::Standard, true);
        assert_eq!(standard["issuer"], "https://auth.example.org");
        assert_eq!(standard["token_endpoint"], "https://auth.example.org/oauth2/token");
        assert_eq!(
            standard["registration_endpoint"],
            "https://auth.example.org/oauth2/register"
        );
        assert!(!cinchy.contains_key("registration_endpoint"));
        assert!(!read(Profile::Standard, false).contains_key("registration_endpoint"));
    }
}
