//! Clients.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tollgate::{AccessForm, Audience, ClientName, GrantSet, ScopeSet, UserName};

use super::lifetime;

/// About clients.
#[derive(Subcommand)]
pub(crate) enum ClientVerb {
    /// Add a client and show its secret, once
    #[command(after_help = "Examples:
  tollgate client add reports --name 'Monthly reports' --grant password --scope orders.read
  tollgate client add shop --name Shop --grant authorization_code --grant refresh_token --login-url https://shop.example/callback
  tollgate client add phone --name 'Phone app' --public --grant authorization_code --login-url org.example.phone:/callback
  tollgate client add nightly --grant client_credentials --user alice
  tollgate client add robot --grant client_credentials --user alice --jwks robot.json

A client is a program that asks for tokens. With the grant client_credentials it acts as one user: with that user's operations,
limits and networks. Such a client asks at /oauth2/token, one with the grant password at /identity/connect/token:
  curl -u nightly:SECRET -d grant_type=client_credentials http://127.0.0.1:8480/oauth2/token

Only a digest of the secret is stored: what is lost cannot be shown again, only replaced (tollgate client rotate).")]
    Add {
        /// Its client_id: 1 to 100 visible ASCII characters without a colon
        id: ClientName,
        #[command(flatten)]
        terms: Box<ClientTerms>,
    },
    /// List all clients, without their secrets
    #[command(after_help = "Examples:
  tollgate client list
  tollgate client list --json

All about one of them: tollgate client show ID")]
    List,
    /// Show one client
    #[command(after_help = "Examples:
  tollgate client show reports
  tollgate client show reports --json

Who changed it, and what it was given: tollgate audit list --subject reports")]
    Show {
        /// Its client_id
        id: ClientName,
    },
    /// Change a client; what is not named stays as it is
    #[command(after_help = "Examples:
  tollgate client set reports --lifetime 1h --scope 'orders.read orders.write'
  tollgate client set reports --disabled
  tollgate client set nightly --user bob

Lists are replaced as a whole. Tokens that the client has keep their scopes and their life; where it is disabled, all of them
are refused when the command returns, until it is enabled again.")]
    Set {
        /// Its client_id
        id: ClientName,
        #[command(flatten)]
        terms: Box<ClientTerms>,
        #[command(flatten)]
        back: ClientBack,
    },
    /// Give a client a new secret and show it, once
    #[command(after_help = "Examples:
  tollgate client rotate reports
  tollgate client rotate reports --overlap 7d

Without an overlap the earlier secret is refused when the command returns. With one, both are good until it is over.")]
    Rotate {
        /// Its client_id
        id: ClientName,
        /// How long earlier secrets may still be used: seconds, or 12h, 7d
        #[arg(long, value_name = "SECONDS", value_parser = lifetime)]
        overlap: Option<u32>,
    },
    /// Remove a client; its tokens are refused from then on
    #[command(after_help = "Example:
  tollgate client remove reports

One that may come back is disabled instead: tollgate client set reports --disabled")]
    Remove {
        /// Its client_id
        id: ClientName,
    },
}

/// What a client is.
#[derive(Args)]
pub(crate) struct ClientTerms {
    /// What people call it [for a new client: its client_id]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What it may present to get a token: password, client_credentials, authorization_code, refresh_token; may be given more than once
    #[arg(long = "grant", value_name = "GRANT")]
    pub(crate) grants: Vec<GrantSet>,
    /// Scopes it may ask for; may be given more than once
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scopes)]
    pub(crate) scopes: Vec<ScopeSet>,
    /// Whom its tokens may be meant for; may be given more than once
    #[arg(long = "audience", value_name = "AUDIENCE")]
    pub(crate) audiences: Vec<Audience>,
    /// How long its access tokens last: seconds, or 15m, 8h [for a new client: 3600]
    #[arg(long, value_name = "SECONDS", value_parser = lifetime)]
    pub(crate) lifetime: Option<u32>,
    /// How long after a login its tokens can be refreshed: seconds, or 30d [for a new client: 30d]
    #[arg(long, value_name = "SECONDS", value_parser = lifetime)]
    pub(crate) refresh_lifetime: Option<u32>,
    /// Where a login may lead back to, to the letter; may be given more than once
    #[arg(long = "login-url", value_name = "URL")]
    pub(crate) login_urls: Vec<String>,
    /// Where a logout may lead to, to the letter; may be given more than once
    #[arg(long = "logout-url", value_name = "URL")]
    pub(crate) logout_urls: Vec<String>,
    /// It runs where no secret can be kept, and proves with PKCE that it is the one who asked
    #[arg(long, conflicts_with = "jwks")]
    pub(crate) public: bool,
    /// It signs with a key of its own (private_key_jwt); the file holds its public keys, a JWK set
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,
    /// Whom it acts as by the grant client_credentials
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<UserName>,
    /// What its access tokens look like: opaque, or a JWT signed by rs256 or es256 [for a new client: opaque]
    #[arg(long, value_name = "FORM")]
    pub(crate) access: Option<AccessForm>,
    /// People are not sent to our login page for it
    #[arg(long)]
    pub(crate) no_login_screen: bool,
    /// People are not asked before it acts for them
    #[arg(long)]
    pub(crate) no_consent: bool,
    /// It gets no tokens, and those that it has are refused
    #[arg(long)]
    pub(crate) disabled: bool,
}

/// What takes back what was said of a client before.
#[derive(Args, Default)]
pub(crate) struct ClientBack {
    /// It shows a secret from now on; `client rotate` makes it
    #[arg(long, conflicts_with_all = ["public", "jwks"])]
    pub(crate) secret: bool,
    /// It acts as nobody
    #[arg(long, conflicts_with = "user")]
    pub(crate) no_user: bool,
    /// It has no login URL any more
    #[arg(long, conflicts_with = "login_urls")]
    pub(crate) no_login_urls: bool,
    /// It has no logout URL any more
    #[arg(long, conflicts_with = "logout_urls")]
    pub(crate) no_logout_urls: bool,
    /// It has no scope any more
    #[arg(long, conflicts_with = "scopes")]
    pub(crate) no_scopes: bool,
    /// Its tokens may be meant for anybody
    #[arg(long, conflicts_with = "audiences")]
    pub(crate) no_audiences: bool,
    /// People are sent to our login page for it
    #[arg(long, conflicts_with = "no_login_screen")]
    pub(crate) login_screen: bool,
    /// People are asked before it acts for them
    #[arg(long, conflicts_with = "no_consent")]
    pub(crate) consent: bool,
    /// It gets tokens again
    #[arg(long, conflicts_with = "disabled")]
    pub(crate) enabled: bool,
}

/// Scopes that blanks or commas separate.
pub(super) fn scopes(text: &str) -> Result<ScopeSet, String> {
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words.join(" ").parse::<ScopeSet>().map_err(|error| error.to_string())
}
