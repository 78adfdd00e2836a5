//! An export to a file: under a name of its own until it is whole, and never in the place of another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tollgate::{Engine, ExportError, Exported};

use super::format::{Format, Writer};
use super::portable::line_of;

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportFileError {
    /// A file is in the way.
    #[error("expected no file at {path}, but there is one: choose another path, or move it away", path = .0.display())]
    Exists(PathBuf),
    /// The file could not be written.
    #[error("expected to write {path}, but: {reason}", path = .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The store could not be read.
    #[error(transparent)]
    Unreadable(#[from] tollgate::ReadError),
}

/// Writes every record of `engine` to a new file at `path` that its owner alone can read, as it stands at one moment.
pub fn export_to(engine: &Engine, path: &Path, format: Format) -> Result<Exported, ExportFileError> {
    let unwritable = |reason: io::Error| match reason.kind() {
        io::ErrorKind::AlreadyExists => ExportFileError::Exists(path.into()),
        _ => ExportFileError::Unwritable {
            path: path.into(),
            reason,
        },
    };
    if path.exists() {
        return Err(ExportFileError::Exists(path.into()));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial);
    let file = file.map_err(|reason| ExportFileError::Unwritable {
        path: partial.clone(),
        reason,
    })?;
    let written = write(engine, file, format);
    let named = written.and_then(|exported| {
        // A link, unlike a renaming, never takes the place of a file.
        fs::hard_link(&partial, path).map_err(ExportError::Broken)?;
        Ok(exported)
    });
    let _ = fs::remove_file(&partial);
    // The file is whole on disk; that it has its name is so only once its folder is, too.
    let named = named.and_then(|exported| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(ExportError::Broken)?;
        folder.sync_all().map_err(ExportError::Broken)?;
        Ok(exported)
    });
    named.map_err(|error| match error {
        ExportError::Read(error) => error.into(),
        ExportError::Broken(reason) => unwritable(reason),
    })
}

fn write(engine: &Engine, file: File, format: Format) -> Result<Exported, ExportError<io::Error>> {
    let mut lines = Writer::new(format, BufWriter::new(file)).map_err(ExportError::Broken)?;
    let exported = engine.export(|record| lines.write(&line_of(&record)))?;
    let file = lines
        .finish()
        .and_then(|buffered| buffered.into_inner().map_err(|error| error.into_error()));
    file.and_then(|file| file.sync_all()).map_err(ExportError::Broken)?;
    Ok(exported)
}
