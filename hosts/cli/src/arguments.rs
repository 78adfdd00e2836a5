//! What was typed. Everything here is about words alone: nothing looks at the world, and each verb teaches by example.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use tollgate::{Limit, NetworkRule, OperationSet, UserName};
use tollgate_http::control::parse_moment;

mod files;

use files::{EXPORT, IMPORT};
pub(crate) use files::{ExportFile, FileFormat, ImportFile};

/// Users with tokens, limits and trusted networks, and one decision: may this request pass?
#[derive(Parser)]
#[command(
    name = "tollgate",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Try it:
  tollgate serve --dev

Or step by step:
  tollgate init
  tollgate user add alice --operations GET,POST --per-hour 1000
  tollgate authtoken issue alice
  tollgate network trust 203.0.113.*
  tollgate serve

Each verb has an example: tollgate user add --help
Exit codes: 0 done, 1 refused, 2 usage, 3 store or server trouble."
)]
pub(crate) struct Arguments {
    /// The store; its key file and the socket of its server lie beside it [default: tollgate.redb]
    #[arg(long, global = true, value_name = "FILE", env = "TOLLGATE_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Answer in JSON, and say faults in JSON on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make a new store and its key
    #[command(after_help = "Example:
  tollgate init --data /var/lib/tollgate/tollgate.redb

The key stands in a file of its own beside the store. Back it up apart from the store: without it the tokens in
the store cannot be recognised, and with both somebody can forge records.

A store that is to take over another's export needs the other's key:
  tollgate init --data new.redb --with-key old.key
  tollgate import old.jsonl --data new.redb")]
    Init(Init),
    /// Answer proxies over HTTP, and other commands through the socket beside the store
    #[command(after_help = "Examples:
  tollgate serve --dev
  tollgate serve --listen 127.0.0.1:8480
  tollgate serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --log json
  tollgate serve --config tollgate.toml
  tollgate serve --config tollgate.toml --print-config

Proxies ask at /check, or below it. Their header fields are believed if they come from an address in the setting
trusted_proxies. /healthz says that the server lives, /readyz whether it should be asked, and /metrics what it has done,
to the addresses in metrics.from (at first those of this machine).

Flags override the environment, that the configuration file, and that what is built in. Each key of the file has a
variable: limits.connections is TOLLGATE_LIMITS_CONNECTIONS, and log.level is TOLLGATE_LOG. No secret stands in the file.

A renewed certificate is found within seconds, or at once on SIGHUP; one that cannot be used leaves the old one in
place. SIGTERM and SIGINT let requests under way end.")]
    Serve(Serve),
    /// Users: who has tokens, and what they may do
    #[command(subcommand, arg_required_else_help = true)]
    User(UserVerb),
    /// Authtokens: the secrets that users present
    #[command(subcommand, arg_required_else_help = true)]
    Authtoken(AuthtokenVerb),
    /// Networks: the addresses that may call, for everybody or for one user
    #[command(subcommand, arg_required_else_help = true)]
    Network(NetworkVerb),
    /// Settings of the server
    #[command(subcommand, arg_required_else_help = true)]
    Settings(SettingsVerb),
    /// Explain whether a request may pass, gate by gate, and charge nothing
    #[command(after_help = "Examples:
  tollgate check --header 'Authorization: Bearer TOKEN'
  tollgate check --method DELETE --path '/orders/7?force=1' --ip 203.0.113.7 --header 'x-cdata-authtoken: TOKEN'

The request is judged as given: --ip is the client behind all proxies. Exit code 0: it may pass; 1: it may not.")]
    Check(Check),
    /// Read every row of the store, and compare it with what checks are decided by
    #[command(after_help = "Example:
  tollgate verify")]
    Verify,
    /// Copy the store as it is at one moment, also while a server runs
    #[command(after_help = "Example:
  tollgate backup /backup/tollgate-monday.redb

The copy opens with the same key, which is not copied. An existing file is never overwritten.")]
    Backup(Backup),
    /// Move in: users, tokens, rules and settings from a file, in clear or as digests
    #[command(after_help = IMPORT)]
    Import(ImportFile),
    /// Write users, tokens (as digests), rules and settings to a file that imports again to the same state
    #[command(after_help = EXPORT)]
    Export(ExportFile),
}

/// How to make a store.
#[derive(Args)]
pub(crate) struct Init {
    /// Take a copy of this key file instead of drawing a new key
    #[arg(long, value_name = "FILE")]
    pub(crate) with_key: Option<PathBuf>,
}

/// How to serve. What is none is taken from the environment, the configuration, or what is built in.
#[derive(Args)]
pub(crate) struct Serve {
    /// For a first try: make the store if need be, trust this machine, and print a `curl` line that works
    #[arg(long)]
    pub(crate) dev: bool,
    /// The configuration, in TOML; what is unknown in it is refused
    #[arg(long, value_name = "FILE", env = "TOLLGATE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print the configuration as it comes out, each value with its source, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Where to listen; port 0 takes a free one; may be given more than once [default: 127.0.0.1:8480]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<SocketAddr>,
    /// The file with the key of the store [default: beside the store]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Speak TLS with the certificates in this file, the server's own first, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The file with the private key of the certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The form of log lines: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log: Option<String>,
    /// How much is logged: error, warn, info, debug, trace or off [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

/// About users.
#[derive(Subcommand)]
pub(crate) enum UserVerb {
    /// Add a user
    #[command(after_help = "Examples:
  tollgate user add alice
  tollgate user add reports --operations GET --per-hour 1000 --concurrent 4

PUT covers PATCH and MERGE, and GET covers HEAD. A user has no token at first: tollgate authtoken issue NAME")]
    Add {
        /// The name, as it stands in Basic credentials
        name: UserName,
        #[command(flatten)]
        limits: UserLimits,
        /// Refuse the user's tokens until `user set NAME --active`
        #[arg(long)]
        inactive: bool,
    },
    /// List all users
    #[command(after_help = "Example:
  tollgate user list --json")]
    List,
    /// Show one user with their tokens and network rules
    #[command(after_help = "Example:
  tollgate user show alice")]
    Show {
        /// The name
        name: UserName,
    },
    /// Change a user; what is not named stays as it is
    #[command(after_help = "Examples:
  tollgate user set alice --per-hour unlimited
  tollgate user set alice --inactive

A change counts from the moment the command returns. It refunds nothing of the current hour.")]
    Set {
        /// The name
        name: UserName,
        #[command(flatten)]
        limits: UserLimits,
        /// Let the user's tokens pass again
        #[arg(long, conflicts_with = "inactive")]
        active: bool,
        /// Refuse the user's tokens
        #[arg(long)]
        inactive: bool,
    },
    /// Remove a user with their network rules; their tokens are refused from then on
    #[command(after_help = "Example:
  tollgate user remove alice")]
    Remove {
        /// The name
        name: UserName,
    },
}

/// What a user may do.
#[derive(Args)]
pub(crate) struct UserLimits {
    /// Operations the user may use, separated by commas [for a new user: GET,POST,PUT,DELETE]
    #[arg(long, value_name = "LIST")]
    pub(crate) operations: Option<OperationSet>,
    /// Requests an hour: a number, `unlimited`, or `inherit` for the server's setting [for a new user: inherit]
    #[arg(long, value_name = "N", value_parser = limit, allow_negative_numbers = true)]
    pub(crate) per_hour: Option<Limit>,
    /// Requests at a time: likewise [for a new user: inherit]
    #[arg(long, value_name = "N", value_parser = limit, allow_negative_numbers = true)]
    pub(crate) concurrent: Option<Limit>,
}

/// About authtokens.
#[derive(Subcommand)]
pub(crate) enum AuthtokenVerb {
    /// Issue a token and show it, once
    #[command(after_help = "Examples:
  tollgate authtoken issue alice
  tollgate authtoken issue alice --expires-in 30d
  tollgate authtoken issue alice --not-before 2027-01-01T00:00:00Z --expires-at 2027-12-31T23:59:59Z

Only a digest of the token is stored: what is lost cannot be shown again, only issued anew.")]
    Issue {
        /// Whose it will be
        user: UserName,
        /// The first moment at which it may no longer be used
        #[arg(long, value_name = "MOMENT", value_parser = moment, conflicts_with = "expires_in")]
        expires_at: Option<String>,
        /// The same, from the present moment on: 90m, 12h, 30d
        #[arg(long, value_name = "DURATION", value_parser = seconds)]
        expires_in: Option<u64>,
        /// The first moment at which it may be used
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        not_before: Option<String>,
    },
    /// List the tokens of one user, or all of them, without their secrets
    #[command(after_help = "Example:
  tollgate authtoken list alice")]
    List {
        /// Whose
        user: Option<UserName>,
    },
    /// Take a token back, for ever; when the command returns, no check passes it any more
    #[command(after_help = "Example:
  tollgate authtoken revoke 7")]
    Revoke {
        /// Its id, from `authtoken list`
        id: u64,
    },
    /// End the life of a token, at once or at a moment; it is never lengthened
    #[command(after_help = "Examples:
  tollgate authtoken expire 7
  tollgate authtoken expire 7 --at 2027-06-30T00:00:00Z")]
    Expire {
        /// Its id, from `authtoken list`
        id: u64,
        /// The first moment at which it may no longer be used
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        at: Option<String>,
    },
}

/// About networks.
#[derive(Subcommand)]
pub(crate) enum NetworkVerb {
    /// Let addresses call; nothing is trusted at first
    #[command(after_help = "Examples:
  tollgate network trust 203.0.113.7
  tollgate network trust 203.0.113.1-99
  tollgate network trust 2001:db8::/32 --user alice")]
    Trust(Rule),
    /// Keep addresses out, whatever else trusts them
    #[command(after_help = "Example:
  tollgate network ban 203.0.113.*")]
    Ban(Rule),
    /// List the rules for everybody and for users
    #[command(after_help = "Example:
  tollgate network list --user alice")]
    List {
        /// The rules of this user alone
        #[arg(long, value_name = "NAME")]
        user: Option<UserName>,
    },
    /// Remove the rule for exactly these addresses
    #[command(after_help = "Example:
  tollgate network remove 203.0.113.* --user alice")]
    Remove(Rule),
}

/// A rule and whom it is about.
#[derive(Args)]
pub(crate) struct Rule {
    /// An address, a wildcard (203.0.113.*), a range (203.0.113.1-99) or a prefix (203.0.113.0/24)
    pub(crate) rule: NetworkRule,
    /// For this user alone
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<UserName>,
}

/// About settings.
#[derive(Subcommand)]
pub(crate) enum SettingsVerb {
    /// List all settings
    #[command(after_help = "Example:
  tollgate settings list --json")]
    List,
    /// Change a setting
    #[command(after_help = "Examples:
  tollgate settings set per_hour 1000
  tollgate settings set concurrent unlimited
  tollgate settings set allow_authtoken_in_url true
  tollgate settings set allow_preflight true
  tollgate settings set trusted_proxies 127.0.0.0/8,::1,10.0.0.5")]
    Set {
        /// Which
        key: String,
        /// Its new value
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
}

/// A request to explain.
#[derive(Args)]
pub(crate) struct Check {
    /// The method
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    pub(crate) method: String,
    /// The path, perhaps with a query
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub(crate) path: String,
    /// The address of the client
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) ip: std::net::IpAddr,
    /// A header field; may be given more than once
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
}

/// Where a copy goes.
#[derive(Args)]
pub(crate) struct Backup {
    /// The file to make
    #[arg(value_name = "FILE")]
    pub(crate) to: PathBuf,
}

/// A limit; what other systems write for "no limit" is answered with advice.
fn limit(text: &str) -> Result<Limit, String> {
    Limit::from_str(text).map_err(|error| match text.trim() {
        "0" | "-1" => format!("{error}; {text} has meant both no limit and no access elsewhere, so say which: `unlimited`, or `--inactive`"),
        _ => error.to_string(),
    })
}

fn moment(text: &str) -> Result<String, String> {
    parse_moment(text)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

fn seconds(text: &str) -> Result<u64, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.as_secs() > 0 => Ok(duration.as_secs()),
        Ok(_) | Err(_) => Err("expected a duration of at least a second, such as 90m, 12h or 30d".to_owned()),
    }
}

#[cfg(test)]
mod tests;
