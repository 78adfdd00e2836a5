//! Routes, issuers elsewhere, signing keys, and what users have agreed to.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tollgate::{Audience, ClientName, PathPattern, SchemeSet, ScopeSet, SignatureSet, UserName};

use super::client::scopes;

/// About routes.
#[derive(Subcommand)]
pub(crate) enum RouteVerb {
    /// Say what the paths of a pattern take; a route of the same pattern is replaced
    #[command(after_help = "Examples:
  tollgate route add '/API/**' --scheme bearer
  tollgate route add '/BasicAuthAPI/**' --scheme password
  tollgate route add '/orders/*' --scheme bearer,header --scope orders.read --audience https://orders.example
  tollgate route add /health --anonymous

Schemes: bearer (a token), basic (user name and authtoken), password (user name and password), header (x-cdata-authtoken) and
parameter (@authtoken). The most specific pattern decides. `*` is one segment; `**` is all the rest, and stands last.
A path that no route is about takes any token in any of these places, and no password; and once there is a route, a path that can
be read in two ways is refused. A token for certain audiences (`resource` when it was asked for) passes on every path whose route
names no audience: name one wherever several services stand behind one proxy. Which route decides: tollgate check --path /orders/7")]
    Add(NewRoute),
    /// List all routes
    #[command(after_help = "Examples:
  tollgate route list
  tollgate route list --json")]
    List,
    /// Remove the route of exactly this pattern
    #[command(after_help = "Example:
  tollgate route remove '/BasicAuthAPI/**'")]
    Remove {
        /// The pattern
        pattern: PathPattern,
    },
}

/// What the paths of a pattern take.
#[derive(Args)]
pub(crate) struct NewRoute {
    /// The pattern, such as /API/** or /a/*/b
    pub(crate) pattern: PathPattern,
    /// How a credential may come: bearer, basic, password, header, parameter [default: all but password]
    #[arg(long = "scheme", value_name = "SCHEME", value_delimiter = ',')]
    pub(crate) schemes: Vec<SchemeSet>,
    /// Scopes that a token must have; may be given more than once
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scopes)]
    pub(crate) scopes: Vec<ScopeSet>,
    /// Whom a token must be meant for
    #[arg(long, value_name = "AUDIENCE")]
    pub(crate) audience: Option<Audience>,
    /// Requests without a credential pass; one that is presented is checked all the same
    #[arg(long)]
    pub(crate) anonymous: bool,
}

/// About issuers elsewhere.
#[derive(Subcommand)]
pub(crate) enum IssuerVerb {
    /// Trust the JWTs of an issuer elsewhere, or change how far
    #[command(after_help = "Examples:
  tollgate issuer add https://login.example.com/ --jwks-url https://login.example.com/keys --audience orders --client partners
  tollgate issuer add https://build.example --jwks build.json --audience ci --client ci --scope deploy --user-claim email

A token of the issuer is verified by its signature once, and remembered until it ends; a proxy's plugin asks again every minute.
It acts as the user whom its claim names, with the authority of the client and these scopes; who is no user here is refused. Name
audiences that stand for your services: an ID token, which proves a login to an application, names that application. Keys of a URL
are fetched anew after an hour; where that fails they serve for a day, then the issuer's tokens are answered with 503.")]
    Add(NewIssuer),
    /// List all issuers that are trusted
    #[command(after_help = "Example:
  tollgate issuer list --json")]
    List,
    /// Trust an issuer no more; when the command returns, its tokens are refused
    #[command(after_help = "Example:
  tollgate issuer remove https://login.example.com/")]
    Remove {
        /// What its tokens say in iss
        issuer: String,
    },
}

/// An issuer elsewhere.
#[derive(Args)]
pub(crate) struct NewIssuer {
    /// What its tokens say in iss, to the letter
    pub(crate) issuer: String,
    /// Where its keys are
    #[arg(long, value_name = "URL", required_unless_present = "jwks", conflicts_with = "jwks")]
    pub(crate) jwks_url: Option<String>,
    /// A file with its keys, a JWK set
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,
    /// Whom its tokens must be meant for; may be given more than once
    #[arg(long = "audience", value_name = "AUDIENCE", required = true)]
    pub(crate) audiences: Vec<Audience>,
    /// The client whose authority its tokens have here
    #[arg(long, value_name = "ID")]
    pub(crate) client: ClientName,
    /// Scopes that they may have here; may be given more than once
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scopes)]
    pub(crate) scopes: Vec<ScopeSet>,
    /// With what they may be signed: RS256, ES256, EdDSA [default: all three]
    #[arg(long = "algorithm", value_name = "LIST")]
    pub(crate) algorithms: Option<SignatureSet>,
    /// The claim that names our user [default: sub]
    #[arg(long, value_name = "CLAIM")]
    pub(crate) user_claim: Option<String>,
}

/// About signing keys.
#[derive(Subcommand)]
pub(crate) enum KeyVerb {
    /// List the keys that tokens are signed with, without what is secret of them
    #[command(after_help = "Examples:
  tollgate key list
  tollgate key list --json")]
    List,
    /// Make new keys that take over from the present ones
    #[command(after_help = "Examples:
  tollgate key rotate
  tollgate key rotate --compromised

The new keys are published at once, and sign an hour later, when those who verify have fetched them. The old ones stay
published until the last token under them has ended. Where somebody else may know the old ones, the new ones sign at once, and the
old ones are published no more: tokens under them are refused by all who verify for themselves. What was issued goes on working: our own checks need no signature.")]
    Rotate {
        /// Somebody else may know the present keys
        #[arg(long)]
        compromised: bool,
    },
}

/// About what users have agreed to.
#[derive(Subcommand)]
pub(crate) enum ConsentVerb {
    /// List what a user has agreed that clients may do
    #[command(after_help = "Example:
  tollgate consent list alice")]
    List {
        /// Whose
        user: UserName,
    },
    /// Take a consent back; what rests on it can be refreshed no more
    #[command(after_help = "Example:
  tollgate consent withdraw alice shop

Access tokens end by themselves. To refuse them at once: tollgate client set shop --disabled")]
    Withdraw {
        /// Whose
        user: UserName,
        /// From which client
        client: ClientName,
    },
}
