//! What clients were granted, and logins in browsers.

use clap::Subcommand;
use tollgate::{ClientName, UserName};

use super::token_id;

/// About grants.
#[derive(Subcommand)]
pub(crate) enum GrantVerb {
    /// List what clients were granted: for one user, to one client, or all
    #[command(after_help = "Examples:
  tollgate grant list
  tollgate grant list alice
  tollgate grant list --client reports --json

A grant is a login that a client goes on with, with all its refresh and access tokens, or an access token by itself: of the
password grant, or of client credentials. Those that have ended stay listed for a while. Next, with an id: tollgate grant revoke 12")]
    List {
        /// For whom
        user: Option<UserName>,
        /// To which client
        #[arg(long, value_name = "CLIENT")]
        client: Option<ClientName>,
    },
    /// Show one grant, by its id or by that of an access token
    #[command(after_help = "Examples:
  tollgate grant show 12
  tollgate grant show 13 --json

The id of an access token, as the audit trail and the field X-Tollgate-Token-Id have it, leads to its grant.")]
    Show {
        /// Its id, from `grant list`, or that of an access token
        #[arg(value_parser = token_id)]
        id: u64,
    },
    /// Take grants back, for ever; when the command returns, no check passes their tokens any more
    #[command(after_help = "Examples:
  tollgate grant revoke 12
  tollgate grant revoke --user alice --logins
  tollgate grant revoke --client reports
  tollgate grant revoke --user alice --client reports

With --user or --client all of it goes: logins that clients go on with, access tokens, and codes that nobody has redeemed yet.
The client may ask again: what alice has agreed to stays until `tollgate consent withdraw alice CLIENT`. Authtokens and personal
access tokens are taken back by `tollgate authtoken revoke` and `tollgate pat revoke`.
Who took what back: tollgate audit list --action grant.revoke")]
    Revoke {
        /// Its id, from `grant list`, or that of an access token
        #[arg(value_parser = token_id, required_unless_present_any = ["user", "client"], conflicts_with_all = ["user", "client"])]
        id: Option<u64>,
        /// All that was granted for this user
        #[arg(long, value_name = "USER")]
        user: Option<UserName>,
        /// All that was granted to this client
        #[arg(long, value_name = "CLIENT")]
        client: Option<ClientName>,
        /// End the user's logins in browsers as well
        #[arg(long, requires = "user")]
        logins: bool,
    },
}

/// About logins in browsers.
#[derive(Subcommand)]
pub(crate) enum LoginVerb {
    /// List the logins that hold, of one user or of all
    #[command(after_help = "Examples:
  tollgate login list
  tollgate login list alice --json

Next, with an id: tollgate login revoke 7c1d0f3b9a52e684")]
    List {
        /// Whose
        user: Option<UserName>,
    },
    /// End logins: whoever goes on in that browser must prove again who they are
    #[command(after_help = "Examples:
  tollgate login revoke 7c1d0f3b9a52e684
  tollgate login revoke --user alice

Codes that were given in a login end with it; what clients were granted stays: tollgate grant revoke --user alice --logins")]
    Revoke {
        /// Its id, from `login list`
        #[arg(required_unless_present = "user", conflicts_with = "user")]
        id: Option<String>,
        /// All of this user
        #[arg(long, value_name = "USER")]
        user: Option<UserName>,
    },
}
