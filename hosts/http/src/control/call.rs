//! The command line's end of the control socket.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::path::{Address, socket_path};
use super::reply::Reply;
use super::request::Request;

/// Longest reply in bytes. Lists come in pages, so that none is near it.
const REPLY_LEN_MAX: u64 = 64 << 20;

/// Why a server that seems to run gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Somebody else's socket stands where the server's should be.
    #[error("expected {path} to belong to the owner of the store, but it belongs to user {uid}: find out who put it there, and remove it", path = .path.display())]
    Foreign {
        /// The socket.
        path: PathBuf,
        /// Who owns it.
        uid: u32,
    },
    /// The socket is there, and cannot be spoken to.
    #[error("expected the server to answer at {path}, but: {reason}", path = .path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The server took the request, and went.
    #[error(
        "the server took the request but ended before it answered ({0}): whether it was carried out is not known, so look before you repeat it"
    )]
    BrokenOff(String),
}

/// Asks the server that holds the store at `store`. None where no server runs: there is no socket, or a dead one.
///
/// # Errors
///
/// [`AskError`] where a server seems to run and does not answer.
pub fn ask(store: &Path, request: &Request) -> Result<Option<Reply>, AskError> {
    let path = socket_path(store);
    let Some(stream) = connect(store, &path)? else {
        return Ok(None);
    };
    let broken_off = |error: &dyn ToString| AskError::BrokenOff(error.to_string());
    let mut line = serde_json::to_vec(request).map_err(|error| broken_off(&error))?;
    line.push(b'\n');
    (&stream).write_all(&line).map_err(|error| broken_off(&error))?;
    let mut reply = String::new();
    BufReader::new(&stream)
        .take(REPLY_LEN_MAX)
        .read_line(&mut reply)
        .map_err(|error| broken_off(&error))?;
    if reply.is_empty() {
        return Err(broken_off(&"the connection was closed"));
    }
    serde_json::from_str(&reply)
        .map(Some)
        .map_err(|error| broken_off(&error))
}

fn connect(store: &Path, path: &Path) -> Result<Option<UnixStream>, AskError> {
    let unreachable = |reason| AskError::Unreachable {
        path: path.into(),
        reason,
    };
    // A store or a socket that is not there leaves nothing to ask; opening the store will say which.
    let (Ok(owner), Ok(socket)) = (fs::metadata(store), fs::symlink_metadata(path)) else {
        return Ok(None);
    };
    if socket.uid() != owner.uid() {
        return Err(AskError::Foreign {
            path: path.into(),
            uid: socket.uid(),
        });
    }
    let address = Address::of(path).map_err(unreachable)?;
    match UnixStream::connect(&address.name) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(unreachable(error)),
    }
}
