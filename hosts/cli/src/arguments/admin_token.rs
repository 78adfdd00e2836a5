//! Admin tokens.

use clap::Subcommand;
use tollgate::{Role, UserName};

use super::{moment, seconds, token_id};

/// About admin tokens.
#[derive(Subcommand)]
pub(crate) enum AdminTokenVerb {
    /// Issue a token and show it, once
    #[command(after_help = "Examples:
  tollgate admin-token issue deploy --expires-in 30d
  tollgate admin-token issue dashboard --role reader

A reader may look at everything that is no secret, an administrator may change it too. Whatever is done with the token
stands under its id and name in the audit trail. Next:
  curl -H 'Authorization: Bearer TOKEN' http://127.0.0.1:8480/admin/v1/users")]
    Issue {
        /// What it is for, in words
        name: UserName,
        /// What it is good for: reader or administrator
        #[arg(long, value_name = "ROLE", default_value = "administrator")]
        role: Role,
        /// The first moment at which it may no longer be used
        #[arg(long, value_name = "MOMENT", value_parser = moment, conflicts_with = "expires_in")]
        expires_at: Option<String>,
        /// The same, from the present moment on: 90m, 12h, 30d
        #[arg(long, value_name = "DURATION", value_parser = seconds)]
        expires_in: Option<u64>,
    },
    /// List all admin tokens without their secrets
    #[command(after_help = "Examples:
  tollgate admin-token list
  tollgate admin-token list --json

What was done with them: tollgate audit list --action admin_token")]
    List,
    /// Take an admin token back, for ever; when the command returns, the admin API refuses it
    #[command(after_help = "Example:
  tollgate admin-token revoke 3")]
    Revoke {
        /// Its id, from `admin-token list`
        #[arg(value_parser = token_id)]
        id: u64,
    },
}
