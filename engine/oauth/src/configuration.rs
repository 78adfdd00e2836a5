//! What an operator decides about the authorization server.

use tollgate::ScopeSet;
use url::{Host, Url};

use crate::call::Profile;

/// How the authorization server is set up. Make one with [`Configuration::at`] and change what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Configuration {
    /// How others reach this server: the base of every issuer and endpoint. Ends without a slash in what is published.
    pub public_url: Url,
    /// Whether anybody may register a client (RFC 7591). Such clients get codes with PKCE and nothing else.
    pub registration: bool,
    /// The scopes that clients get who register themselves: one at least where they may, since a token without scopes may do on paths
    /// that want none whatever its user may.
    pub registration_scopes: ScopeSet,
    /// How many passwords are checked at a time; each takes 19 MiB and a core for its while.
    pub passwords_at_once: usize,
    /// How many more may wait for their turn before callers are told to come back.
    pub passwords_waiting: usize,
    /// How long a login lasts, in seconds.
    pub session_lifetime_s: u32,
}

impl Configuration {
    /// The defaults for a server that others reach at `public_url`.
    pub fn at(public_url: Url) -> Self {
        Self {
            public_url,
            registration: false,
            registration_scopes: ScopeSet::NONE,
            // The other half of the cores goes on checking tokens while somebody floods us with passwords.
            passwords_at_once: std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1)),
            passwords_waiting: 64,
            session_lifetime_s: 8 * 3_600,
        }
    }

    /// Whether this can be an issuer: RFC 8414 wants https without query and fragment; on this very machine http will do.
    pub(crate) fn accept(&self) -> Result<(), ConfigurationError> {
        let url = &self.public_url;
        let on_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && on_loopback);
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        if !(is_safe && is_bare && is_nobodys && url.has_host()) {
            return Err(ConfigurationError::PublicUrl { url: url.to_string() });
        }
        if self.registration && self.registration_scopes.is_empty() {
            return Err(ConfigurationError::RegistrationScopes);
        }
        Ok(())
    }

    /// The issuer of a profile: `<public_url>/identity` or `<public_url>`.
    pub fn issuer(&self, profile: Profile) -> String {
        let base = self.public_url.as_str().trim_end_matches('/');
        match profile {
            Profile::Cinchy => format!("{base}/identity"),
            Profile::Standard => base.to_owned(),
        }
    }
}

/// Why a server cannot be set up like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The address cannot be an issuer.
    #[error(
        "expected a public_url like https://auth.example.org (http on loopback alone), without query, fragment and user, got {url}"
    )]
    PublicUrl {
        /// What was given.
        url: String,
    },
    /// Whoever registers a client would get tokens without scopes.
    #[error(
        "expected registration_scopes beside registration, such as openid: tokens of clients that register themselves reach that far, \
         and without any scope they would reach as far as their users"
    )]
    RegistrationScopes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_this_machine() {
        let accept = |url: &str| Configuration::at(url.parse().unwrap()).accept();
        for good in [
            "https://auth.example.org",
            "https://example.org/sso/",
            "http://127.0.0.1:8480",
            "http://[::1]:1",
            "http://localhost:8480",
        ] {
            assert_eq!(accept(good), Ok(()), "{good}");
        }
        for bad in [
            "http://auth.example.org",
            "https://a.example/?x",
            "https://a.example/#x",
            "https://u@a.example",
            "ftp://a.example",
            "data:x",
        ] {
            assert!(
                accept(bad).is_err_and(|error| error.to_string().contains("public_url")),
                "{bad}"
            );
        }
        let mut open = Configuration::at("https://example.org".parse().unwrap());
        open.registration = true;
        assert_eq!(open.accept(), Err(ConfigurationError::RegistrationScopes));
        open.registration_scopes = "openid".parse().unwrap();
        assert_eq!(open.accept(), Ok(()));
        let issuer = |profile| Configuration::at("https://example.org/sso/".parse().unwrap()).issuer(profile);
        assert_eq!(issuer(Profile::Standard), "https://example.org/sso");
        assert_eq!(issuer(Profile::Cinchy), "https://example.org/sso/identity");
    }
}
