//! What an operator decides about the authorization server.

use url::Url;

use crate::call::Profile;

/// How the authorization server is set up. Make one with [`Configuration::at`] and change what differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Configuration {
    /// How others reach this server: the base of every issuer and endpoint. Ends without a slash in what is published.
    pub public_url: Url,
    /// Whether anybody may register a client (RFC 7591). Such clients get codes with PKCE and nothing else.
    pub registration: bool,
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
            passwords_at_once: std::thread::available_parallelism().map_or(1, usize::from),
            passwords_waiting: 64,
            session_lifetime_s: 8 * 3_600,
        }
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
}
