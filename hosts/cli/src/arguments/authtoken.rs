//! Authtokens.

use clap::Subcommand;
use tollgate::UserName;

use super::{moment, seconds, token_id};

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
    #[command(after_help = "Examples:
  tollgate authtoken list
  tollgate authtoken list alice --json

Next, with an id: tollgate authtoken revoke 7")]
    List {
        /// Whose
        user: Option<UserName>,
    },
    /// Take a token back, for ever; when the command returns, no check passes it any more
    #[command(after_help = "Example:
  tollgate authtoken revoke 7

To replace it without a gap, issue the new one first. Why a token no longer passes:
  tollgate check --header 'Authorization: Bearer TOKEN'")]
    Revoke {
        /// Its id, from `authtoken list`
        #[arg(value_parser = token_id)]
        id: u64,
    },
    /// End the life of a token, at once or at a moment; it is never lengthened
    #[command(after_help = "Examples:
  tollgate authtoken expire 7
  tollgate authtoken expire 7 --at 2027-06-30T00:00:00Z")]
    Expire {
        /// Its id, from `authtoken list`
        #[arg(value_parser = token_id)]
        id: u64,
        /// The first moment at which it may no longer be used
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        at: Option<String>,
    },
}
