//! The live screen.

use clap::Args;

/// What the verb teaches.
pub(super) const TOP: &str = "Examples:
  tollgate top
  tollgate top --once
  tollgate top --json --data /var/lib/tollgate/tollgate.redb

Keys: q quits, p pauses, s sorts the users, ? helps. The server is asked once a second through the socket beside the store;
where it restarts, the screen waits for it. Where standard output is no terminal, one status is printed in JSON.
NO_COLOR takes the colours away. The same counts for Prometheus: /metrics";

/// How to watch.
#[derive(Args)]
pub(crate) struct Top {
    /// Print one frame as plain text, after a second of counting
    #[arg(long)]
    pub(crate) once: bool,
}
