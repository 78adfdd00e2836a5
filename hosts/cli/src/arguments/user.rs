//! Users.

use std::str::FromStr;

use clap::{Args, Subcommand};
use tollgate::{Limit, OperationSet, UserName};

/// About users.
#[derive(Subcommand)]
pub(crate) enum UserVerb {
    /// Add a user
    #[command(after_help = "Examples:
  tollgate user add alice
  tollgate user add reports --operations GET --per-hour 1000 --concurrent 4
  tollgate user add bob --password-stdin --display-name 'Bob B.' --email bob@example.com < password.txt

PUT covers PATCH and MERGE, and GET covers HEAD. A user has no token at first: tollgate authtoken issue NAME")]
    Add {
        /// The name, as it stands in Basic credentials
        name: UserName,
        #[command(flatten)]
        limits: UserLimits,
        #[command(flatten)]
        person: PersonTerms,
        /// Refuse the user's tokens until `user set NAME --active`
        #[arg(long)]
        inactive: bool,
    },
    /// List all users
    #[command(after_help = "Examples:
  tollgate user list
  tollgate user list --json

A store with many users is listed as it is read. Next: tollgate user show NAME")]
    List,
    /// Show one user with their tokens and network rules
    #[command(after_help = "Examples:
  tollgate user show alice
  tollgate user show 'two words' --json

Who changed the user, and when: tollgate audit list --subject alice")]
    Show {
        /// The name
        name: UserName,
    },
    /// Change a user; what is not named stays as it is
    #[command(after_help = "Examples:
  tollgate user set alice --per-hour unlimited
  tollgate user set alice --inactive
  tollgate user set alice --password-stdin --revoke-grants < password.txt
  tollgate user set alice --email '' --role auditor

A new password ends the logins that began with another, and what was remembered of it. What clients were granted before stays:
--revoke-grants takes it back as well, as `tollgate grant revoke --user alice --logins` does. A change counts from the moment the command returns. It refunds nothing of the current hour.")]
    Set {
        /// The name
        name: UserName,
        #[command(flatten)]
        limits: UserLimits,
        #[command(flatten)]
        person: PersonTerms,
        /// Take the password away
        #[arg(long, conflicts_with = "password_stdin")]
        no_password: bool,
        /// Take all roles away
        #[arg(long, conflicts_with = "roles")]
        no_roles: bool,
        /// Let the user's tokens pass again
        #[arg(long, conflicts_with = "inactive")]
        active: bool,
        /// Refuse the user's tokens
        #[arg(long)]
        inactive: bool,
        /// Take back all that clients were granted for the user, and end their logins
        #[arg(long)]
        revoke_grants: bool,
    },
    /// Remove a user with their network rules; their tokens are refused from then on
    #[command(after_help = "Example:
  tollgate user remove alice

A user who may come back is made inactive instead: tollgate user set alice --inactive")]
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

/// What is known of a user beside what they may do.
#[derive(Args)]
pub(crate) struct PersonTerms {
    /// Take the first line of standard input for the password, 8 characters at least
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// What people call the user; '' for nothing
    #[arg(long, value_name = "NAME")]
    pub(crate) display_name: Option<String>,
    /// Where mail reaches the user; '' for nowhere
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// What the user is to applications; may be given more than once, and replaces all that was said before
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
}

/// A limit; what other systems write for "no limit" is answered with advice.
fn limit(text: &str) -> Result<Limit, String> {
    Limit::from_str(text).map_err(|error| match text.trim() {
        "0" | "-1" => format!("{error}; {text} has meant both no limit and no access elsewhere, so say which: `unlimited`, or `--inactive`"),
        _ => error.to_string(),
    })
}
