//! What was typed. Everything here is about words alone: nothing looks at the world, and each verb teaches by example.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
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
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TOLLGATE_DATA",
        hide_env_values = true,
        help_heading = "Options of every verb"
    )]
    pub(crate) data: Option<PathBuf>,
    /// Answer in JSON, and say faults in JSON on standard error
    #[arg(long, global = true, help_heading = "Options of every verb")]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Arguments {
    /// Reads what was typed.
    pub(crate) fn typed(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Self::described().try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
    }

    /// The whole command line, each verb with its exit codes and each noun with a way on.
    pub(crate) fn described() -> Command {
        let own = Self::command();
        let said = own.get_after_help().map(ToString::to_string).unwrap_or_default();
        own.mut_subcommands(|command| {
            let words = format!("tollgate {}", command.get_name());
            teaching(command, &words)
        })
        .after_help(headed(&said))
    }
}

/// What every verb says of its exit code, unless it says more than that.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused, 2 usage, 3 store or server trouble.";

/// A command with what stands below its options; `words` lead to it.
fn teaching(command: Command, words: &str) -> Command {
    let said = command.get_after_help().map(ToString::to_string);
    let first = command.get_subcommands().next().map(|verb| verb.get_name().to_owned());
    let taught = match (said, first) {
        (Some(said), _) => format!("{said}\n\n{EXIT_CODES}"),
        (None, Some(first)) => format!("Each verb has examples: {words} {first} --help"),
        (None, None) => EXIT_CODES.to_owned(),
    };
    command
        .mut_subcommands(|verb| {
            let words = format!("{words} {}", verb.get_name());
            teaching(verb, &words)
        })
        .after_help(headed(&taught))
}

/// The same with headings that look like those above them.
fn headed(text: &str) -> String {
    let style = clap::builder::Styles::styled().get_header().to_owned();
    let lines = text.lines().map(|line| match line.split_once(':') {
        Some((head @ ("Example" | "Examples" | "Try it" | "Or step by step" | "Exit codes"), rest)) => {
            format!("{style}{head}:{style:#}{rest}")
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
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
    /// Personal access tokens: those that users make for themselves
    #[command(subcommand, arg_required_else_help = true)]
    Pat(PatVerb),
    /// Clients: the programs that ask for tokens
    #[command(subcommand, arg_required_else_help = true)]
    Client(ClientVerb),
    /// Consents: what users have agreed that clients may do
    #[command(subcommand, arg_required_else_help = true)]
    Consent(ConsentVerb),
    /// Grants: what clients were given, and taking it back
    #[command(subcommand, arg_required_else_help = true)]
    Grant(GrantVerb),
    /// Logins: where users are logged in with a browser
    #[command(subcommand, arg_required_else_help = true)]
    Login(LoginVerb),
    /// Routes: what each path takes, and the scopes it wants
    #[command(subcommand, arg_required_else_help = true)]
    Route(RouteVerb),
    /// Issuers elsewhere whose JWTs are trusted
    #[command(subcommand, arg_required_else_help = true)]
    Issuer(IssuerVerb),
    /// Identity providers elsewhere whose SAML assertions are taken for logins
    #[command(subcommand, arg_required_else_help = true)]
    Idp(IdpVerb),
    /// Keys that tokens are signed with
    #[command(subcommand, arg_required_else_help = true)]
    Key(KeyVerb),
    /// Networks: the addresses that may call, for everybody or for one user
    #[command(subcommand, arg_required_else_help = true)]
    Network(NetworkVerb),
    /// Settings of the server
    #[command(subcommand, arg_required_else_help = true)]
    Settings(SettingsVerb),
    /// Admin tokens: the secrets that scripts present to the admin API
    #[command(subcommand, arg_required_else_help = true)]
    AdminToken(AdminTokenVerb),
    /// Feed tokens: the secrets by which proxies follow the feed
    #[command(subcommand, arg_required_else_help = true)]
    FeedToken(FeedTokenVerb),
    /// The audit trail: who changed what, from where, when
    #[command(subcommand, arg_required_else_help = true)]
    Audit(AuditVerb),
    /// Explain whether a request may pass, gate by gate, and charge nothing
    #[command(after_help = "Examples:
  tollgate check --header 'Authorization: Bearer TOKEN'
  tollgate check --method DELETE --path '/orders/7?force=1' --ip 203.0.113.7 --header 'x-cdata-authtoken: TOKEN'

The request is judged as given: --ip is the client behind all proxies. A secret on the command line can be read by other
users of the machine while the command runs. Exit code 0: it may pass; 1: it may not, and the last line says what to do.")]
    Check(Check),
    /// Read every row of the store, and compare it with what checks are decided by
    #[command(after_help = "Examples:
  tollgate verify
  tollgate verify --json --data /backup/tollgate-monday.redb

Exit code 3: something is not as it must be, and each row is named. Next: restore a backup, and verify that too.
The audit trail has a verification of its own: tollgate audit verify")]
    Verify,
    /// Copy the store as it is at one moment, also while a server runs
    #[command(after_help = "Example:
  tollgate backup /backup/tollgate-monday.redb

The copy opens with the same key, which is not copied. An existing file is never overwritten. Next:
  tollgate verify --data /backup/tollgate-monday.redb")]
    Backup(Backup),
    /// Move in: users, tokens, rules and settings from a file, in clear or as digests
    #[command(after_help = IMPORT)]
    Import(ImportFile),
    /// Write users, clients, authtokens (as digests), routes, rules and settings to a file that can be imported again
    #[command(after_help = EXPORT)]
    Export(ExportFile),
    /// Watch a running server: checks by outcome, busiest users, queue, followers
    #[cfg(feature = "top")]
    #[command(after_help = TOP)]
    Top(Top),
    /// Print what a shell needs to complete these commands
    #[command(after_help = "Examples:
  tollgate completions bash > ~/.local/share/bash-completion/completions/tollgate
  tollgate completions zsh > ~/.zfunc/_tollgate
  tollgate completions fish > ~/.config/fish/completions/tollgate.fish

Open another shell then, and press Tab behind `tollgate `.")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write a page for every verb
    #[command(after_help = "Examples:
  tollgate man | man -l -
  tollgate man ~/.local/share/man/man1

Pages that were written there before are replaced. Then: man tollgate-user-add")]
    Man {
        /// The folder for the pages of all verbs; it must be there
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
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
    #[arg(long, value_name = "ADDR", value_parser = listen_address)]
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
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = client_address)]
    pub(crate) ip: IpAddr,
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

/// The id of a token.
fn token_id(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "expected the id of a token, which is a number: `list` shows the ids".to_owned())
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an address with a port, such as 127.0.0.1:8480 or [::1]:8480".to_owned())
}

fn client_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "expected an address such as 203.0.113.7 or 2001:db8::7; names are not looked up".to_owned())
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

/// A number of seconds, or a duration as people write it.
fn lifetime(text: &str) -> Result<u32, String> {
    let seconds = match text.parse() {
        Ok(seconds) => Some(seconds),
        Err(_) => humantime::parse_duration(text)
            .ok()
            .and_then(|duration| u32::try_from(duration.as_secs()).ok()),
    };
    seconds.ok_or_else(|| "expected a number of seconds, or a duration such as 15m, 8h or 30d".to_owned())
}

mod client;
mod access;
mod admin_token;
mod audit;
mod authtoken;
mod feed_token;
mod grant;
mod idp;
mod network;
mod pat;
#[cfg(feature = "top")]
mod top;
mod user;

pub(crate) use access::{ConsentVerb, IssuerVerb, KeyVerb, NewIssuer, NewRoute, RouteVerb};
pub(crate) use admin_token::AdminTokenVerb;
pub(crate) use audit::{AuditVerb, Last, Since};
pub(crate) use authtoken::AuthtokenVerb;
pub(crate) use client::{ClientBack, ClientTerms, ClientVerb};
pub(crate) use feed_token::FeedTokenVerb;
pub(crate) use grant::{GrantVerb, LoginVerb};
pub(crate) use idp::{IdpVerb, NewIdp};
pub(crate) use network::{NetworkVerb, Rule};
pub(crate) use pat::PatVerb;
#[cfg(feature = "top")]
use top::TOP;
#[cfg(feature = "top")]
pub(crate) use top::Top;
pub(crate) use user::{PersonTerms, UserLimits, UserVerb};

#[cfg(test)]
mod tests;
