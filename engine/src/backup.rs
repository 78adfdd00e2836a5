//! A copy of the store at one moment, made while commands and checks go on.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tollgate_core::Revision;

use crate::change::FeedIdentity;
use crate::key_file::sync_folder_of;
use crate::seal::Seal;
use crate::store::{self, Damage, Place, ReadView, Source as _, StoreError};
use crate::verify::{Finding, VerifyReport, verify_rows};

/// A finished backup.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupReport {
    /// Where it stands. It opens with the same key as the store; the key file is not copied.
    pub path: PathBuf,
    /// The revision it holds.
    pub revision: Revision,
    /// Rows of all tables.
    pub rows: u64,
    /// Length of the file in bytes.
    pub len: u64,
}

/// Why there is no backup. No file is left behind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A backup would overwrite a file.
    #[error("expected no file at {path}, but there is one: choose another path, or move it away", path = .path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The store itself is damaged: a backup of it would pass for a good one.
    #[error("the store has {findings} faults, the first of which is: {first}; run `tollgate verify` to see them all")]
    Unsound {
        /// How many faults were found in the copy.
        findings: u64,
        /// The first one.
        first: Finding,
    },
    /// A row is not what was written there.
    #[error("{0}")]
    Damaged(Damage),
    /// The disk or the system failed.
    #[error("expected to write a backup to {path}, but: {reason}", path = .path.display())]
    Storage {
        /// The backup.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// The engine is closed.
    #[error("the engine is closed")]
    Closed,
}

/// Copies `view` to a new file beside `path`, reads the copy back whole, and only then gives it its name.
pub(crate) fn backup(view: &ReadView, path: &Path, feed: FeedIdentity) -> Result<BackupReport, BackupError> {
    if path.exists() {
        return Err(BackupError::Exists { path: path.into() });
    }
    let partial = partial(path);
    // Its being there means that another backup is under way, or was broken off.
    let file = store::new_file(&partial).map_err(|error| refused(&partial, &error))?;
    let made = copy_and_read_back(view, path, &partial, file, feed);
    // The backup's own name is a second link by now; where there is none, nothing is left.
    let _ = fs::remove_file(&partial);
    made
}

fn copy_and_read_back(
    view: &ReadView,
    path: &Path,
    partial: &Path,
    file: fs::File,
    feed: FeedIdentity,
) -> Result<BackupReport, BackupError> {
    let fault = |fault| storage(path, fault);
    let io = |error: io::Error| refused(path, &error);
    let rows = store::copy(view, file, feed).map_err(fault)?;
    let report = read_back(partial, view.seal().clone()).map_err(fault)?;
    if let Some(first) = report.findings.first() {
        let findings = report.findings.len() as u64 + report.findings_left_out;
        return Err(BackupError::Unsound {
            findings,
            first: first.clone(),
        });
    }
    if report.rows != rows {
        let reason = format!("{rows} rows were written, but {} were read back", report.rows);
        return Err(BackupError::Storage {
            path: path.into(),
            reason,
        });
    }
    let file = fs::File::open(partial).map_err(io)?;
    file.sync_all().map_err(io)?;
    // A link, unlike a renaming, never takes the place of a file.
    fs::hard_link(partial, path).map_err(io)?;
    sync_folder_of(path).map_err(io)?;
    let len = file.metadata().map_err(io)?.len();
    Ok(BackupReport {
        path: path.into(),
        revision: report.revision,
        rows,
        len,
    })
}

/// Opens the copy as anybody would, and reads every row.
fn read_back(partial: &Path, seal: Seal) -> Result<VerifyReport, StoreError> {
    let opened = store::open(Place::File(partial.into()), seal, store::CACHE_LEN);
    let store = opened.map_err(|error| StoreError::Storage(error.to_string()))?;
    let report = verify_rows(&store.read()?);
    store.close();
    report
}

fn refused(path: &Path, error: &io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists { path: path.into() },
        _ => BackupError::Storage {
            path: path.into(),
            reason: error.to_string(),
        },
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name: OsString = path.into();
    name.push(".partial");
    name.into()
}

fn storage(path: &Path, fault: StoreError) -> BackupError {
    match fault {
        StoreError::Damaged(damage) => BackupError::Damaged(damage),
        StoreError::Storage(reason) => BackupError::Storage {
            path: path.into(),
            reason,
        },
        StoreError::Closed => BackupError::Closed,
    }
}
