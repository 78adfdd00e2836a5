//! Networks.

use clap::{Args, Subcommand};
use tollgate::{NetworkRule, UserName};

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
    #[command(after_help = "Examples:
  tollgate network ban 203.0.113.*
  tollgate network ban 203.0.113.7 --user alice

Which rule decides about an address: tollgate check --ip 203.0.113.7")]
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
