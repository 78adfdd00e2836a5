//! Files that records move in and out by.

use std::path::PathBuf;

use clap::Args;
use tollgate_http::control::transfer::Format;

/// What `tollgate import --help` teaches.
pub(super) const IMPORT: &str = "Examples:
  tollgate import users.csv
  tollgate import users.jsonl --skip-bad-lines
  tollgate export - | tollgate import /dev/stdin --format jsonl --data other.redb

A CSV file begins with the names of its columns; JSON lines are one object each. Fields, all but `user` optional:
  user, active, operations, per_hour, concurrent       who, and what they may do (0 and -1 mean unlimited)
  token                                                a token of theirs in clear, whoever made it
  digest, scheme                                       or only its digest: sha256, sha512 or blake3, in hex or base64
  issued_at, not_before, expires_at, revoked_at        its life, such as 2027-01-31T12:00:00Z
  rule, standing                                       a network rule: trusted or banned, for `user` or everybody
  setting, value                                       a setting
  client, title, grants, login_urls, logout_urls,      a client; the columns of Cinchy's table of integrated clients are read
    scopes, lifetime, show_login, enabled, secret        under their own titles
  route, schemes, scopes, audiences, anonymous         a route: what its path takes and wants

  user,per_hour,digest,scheme
  alice,1000,9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08,sha256

Tokens go on working as they are; a digest is replaced by a keyed one when its token is first used. The whole file is read before
the first line is taken: with a bad line nothing is imported, and the lines are told by number. An import that was broken
off is resumed by doing it again, because what is there already is skipped. Exit code 1: lines were not taken.";

/// What `tollgate export --help` teaches.
pub(super) const EXPORT: &str = "Examples:
  tollgate export store.jsonl
  tollgate export store.csv
  tollgate export - --format csv | less

All of it is of one moment, also while a server runs. Tokens are digests under this store's key and of no use without it.
Passwords, profiles, personal access tokens, consents, what was granted, issuers, signing keys, admin and feed tokens, the
audit trail and hourly counters stay; a whole copy is made by `tollgate backup`.";

/// What to import.
#[derive(Args)]
pub(crate) struct ImportFile {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The format, where the name does not say it (.csv is CSV, the rest JSON lines)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// Import the other lines where some are bad
    #[arg(long)]
    pub(crate) skip_bad_lines: bool,
}

/// What to export.
#[derive(Args)]
pub(crate) struct ExportFile {
    /// The file, which must not be there yet; `-` for standard output
    #[arg(value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The format, where the name does not say it (.csv is CSV, the rest JSON lines)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
}

/// The formats of files.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum FileFormat {
    /// Comma-separated values below a line of names.
    Csv,
    /// One JSON object on each line.
    Jsonl,
}

impl FileFormat {
    /// The same in the words of the file.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Csv => Format::Csv,
            Self::Jsonl => Format::JsonLines,
        }
    }
}
