//! Personal access tokens.

use clap::Subcommand;
use tollgate::UserName;

use super::{moment, token_id};

/// About personal access tokens.
#[derive(Subcommand)]
pub(crate) enum PatVerb {
    /// Issue a token for a user and show it, once
    #[command(after_help = "Examples:
  tollgate pat issue alice --name laptop
  tollgate pat issue alice --name ci --days 30 --description 'the nightly build'

It does what its user may do, wherever a bearer token does, and ends by itself. A user has at most five in use. People make
their own after a login, at /account/tokens.")]
    Issue {
        /// Whose it will be
        user: UserName,
        /// What they call it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Days until it ends, at most 366
        #[arg(long, value_name = "DAYS", default_value = "90", value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
        /// The first moment at which it may no longer be used, instead of a number of days
        #[arg(long, value_name = "MOMENT", value_parser = moment, conflicts_with = "days")]
        expires_at: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        description: String,
    },
    /// List the tokens of one user, or of all, with their last use and without their secrets
    #[command(after_help = "Examples:
  tollgate pat list
  tollgate pat list alice --json

Expired ones stay listed. Next, with an id: tollgate pat revoke 9")]
    List {
        /// Whose
        user: Option<UserName>,
    },
    /// Take a token back, for ever; when the command returns, no check passes it any more
    #[command(after_help = "Example:
  tollgate pat revoke 9")]
    Revoke {
        /// Its id, from `pat list`
        #[arg(value_parser = token_id)]
        id: u64,
    },
}
