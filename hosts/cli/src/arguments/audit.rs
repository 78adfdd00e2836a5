//! The audit trail.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Subcommand;
use tollgate::AuditDigest;
use tollgate_http::control::parse_moment;

/// About the audit trail.
#[derive(Subcommand)]
pub(crate) enum AuditVerb {
    /// List administrative changes, the newest first
    #[command(after_help = "Examples:
  tollgate audit list
  tollgate audit list --last 500 --action authtoken.revoke
  tollgate audit list --last all --subject alice --oldest-first
  tollgate audit list --since 24h --action user --json
  tollgate audit list --since 2027-01-31T12:00:00Z

Actions are named after what they change: user.add, user.set, authtoken.issue, network.add, settings.set,
admin_token.revoke, and so on; --action user means all that begin so. No entry holds a secret.")]
    List {
        /// How many of the newest entries: a number, or all
        #[arg(long, value_name = "N", default_value = "50")]
        last: Last,
        /// In the order in which they were written
        #[arg(long)]
        oldest_first: bool,
        /// What was done, such as user.set, or user for everything done to users
        #[arg(long, value_name = "ACTION")]
        action: Option<String>,
        /// To what: a name, an id, a rule or a key
        #[arg(long, value_name = "SUBJECT")]
        subject: Option<String>,
        /// The earliest moment, or how long ago it was: 90m, 24h, 7d
        #[arg(long, value_name = "MOMENT")]
        since: Option<Since>,
    },
    /// Follow the trail from its beginning: a removed, changed, inserted or moved entry shows
    #[command(after_help = "Examples:
  tollgate audit verify
  tollgate audit verify trail.jsonl
  tollgate audit verify trail.jsonl --head 5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592

An exported file needs neither store nor key. Where entries were cut off at the end, the rest still follows each other: that
shows against a digest which was kept elsewhere, from an earlier `audit verify` or `audit export`.
Exit code 1: the trail is broken, and the entry is named.")]
    Verify {
        /// An exported trail; the store's own where none is named
        file: Option<PathBuf>,
        /// A digest that was kept elsewhere, which the trail must still hold
        #[arg(long, value_name = "DIGEST")]
        head: Option<AuditDigest>,
    },
    /// Write the whole trail to a file: a line of JSON for each entry, with its digest
    #[command(after_help = "Examples:
  tollgate audit export trail-2027-01.jsonl
  tollgate audit export - | gzip > trail.jsonl.gz

An existing file is never overwritten. At the end stands the digest of the newest entry: keep it apart from the file. Next:
  tollgate audit verify trail-2027-01.jsonl")]
    Export {
        /// The file to make; - for standard output
        file: PathBuf,
    },
}

/// How many of the newest entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    All,
    Count(usize),
}

impl FromStr for Last {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(count @ 1..)) => Ok(Self::Count(count)),
            (_, _) => Err("expected a number of entries, such as 50, or `all`"),
        }
    }
}

/// The earliest moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// As [`parse_moment`] reads it.
    Moment(String),
    /// That long before now.
    Ago(Duration),
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if parse_moment(text).is_ok() {
            return Ok(Self::Moment(text.to_owned()));
        }
        humantime::parse_duration(text).map(Self::Ago).map_err(
            |_| "expected a moment such as 2027-01-31T12:00:00Z, or how long ago it was, such as 90m, 24h or 7d",
        )
    }
}
