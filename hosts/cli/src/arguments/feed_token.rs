//! Feed tokens.

use clap::Subcommand;
use tollgate::UserName;

use super::{moment, seconds, token_id};

/// About feed tokens.
#[derive(Subcommand)]
pub(crate) enum FeedTokenVerb {
    /// Issue a token and show it, once
    #[command(after_help = "Examples:
  tollgate feed-token issue 'edge proxy'
  tollgate feed-token issue canary --expires-in 30d

A proxy follows the feed by it, and with the feed decides by itself. The feed brings the digest of every token and the key
of the digests: whoever holds a feed token can try guesses at tokens without asking anybody, though they can make none. So
give each proxy its own, keep it as safe as the key file, and revoke it when the proxy goes.")]
    Issue {
        /// Who follows the feed by it, in words
        name: UserName,
        /// The first moment at which it may no longer be used
        #[arg(long, value_name = "MOMENT", value_parser = moment, conflicts_with = "expires_in")]
        expires_at: Option<String>,
        /// The same, from the present moment on: 90m, 12h, 30d
        #[arg(long, value_name = "DURATION", value_parser = seconds)]
        expires_in: Option<u64>,
    },
    /// List all feed tokens without their secrets
    #[command(after_help = "Examples:
  tollgate feed-token list
  tollgate feed-token list --json")]
    List,
    /// Take a feed token back, for ever; when the command returns, the feed is closed to it
    #[command(after_help = "Example:
  tollgate feed-token revoke 4

A proxy that followed the feed by it decides by what it knows until that is too old, and then refuses everybody. What it
has learned stays learned: if the token was stolen, issue the tokens anew that somebody could guess.")]
    Revoke {
        /// Its id, from `feed-token list`
        #[arg(value_parser = token_id)]
        id: u64,
    },
}
