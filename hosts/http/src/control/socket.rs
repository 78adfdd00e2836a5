//! The server's end of the control socket.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::author::caller;
use super::dispatch::dispatch_served;
use super::path::{Address, socket_path};
use super::reply::{Fault, Reply};
use crate::host::Host;

/// Callers at a time; the next one waits.
const CALLERS_MOST: usize = 64;

/// Longest request in bytes.
const REQUEST_LEN_MAX: u64 = 4 << 20;

/// How long a caller may be silent.
const SILENT_WITHIN: Duration = Duration::from_secs(60);

/// How long requests under way may take to end once the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// The socket beside a store, through which the command line reaches the server that holds it. Dropping it takes the
/// socket away.
pub struct ControlSocket {
    listener: UnixListener,
    file: SocketFile,
    host: Host,
    /// The user who owns the socket, and with root the only one who is heard.
    owner: u32,
}

struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Left behind it would only be found dead, and replaced.
        let _ = fs::remove_file(&self.0);
    }
}

impl ControlSocket {
    /// Makes the socket beside the store at `store`, which the engine of `host` has open. Since one process at a time can have it
    /// open, a socket that is there already is a dead one and is replaced.
    ///
    /// # Errors
    ///
    /// Where something else than a socket is in the way, the path is too long, or the system refuses.
    pub fn bind(host: impl Into<Host>, store: &Path) -> io::Result<Self> {
        let path = socket_path(store);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(&path)?,
            Ok(_) => {
                let words = format!(
                    "expected a socket or nothing at {}, but found another file: move it away",
                    path.display()
                );
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, words));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let address = Address::of(&path)?;
        if address.is_detour {
            tracing::warn!(path = %path.display(), "the path of the control socket is longer than the system takes: it is reached through its open folder");
        }
        let listener = UnixListener::bind(&address.name)?;
        let file = SocketFile(path);
        fs::set_permissions(&file.0, Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&file.0)?.uid();
        Ok(Self {
            listener,
            file,
            host: host.into(),
            owner,
        })
    }

    /// Answers callers until `stop` is ready; then ends what is under way and takes the socket away.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self {
            listener,
            file,
            host,
            owner,
        } = self;
        let (stopping, stopped) = watch::channel(());
        let mut callers = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept(), if callers.len() < CALLERS_MOST => match accepted {
                    Ok((stream, _)) => match may_call(&stream, owner) {
                        Some(uid) => {
                            callers.spawn(answer_all(stream, uid, host.clone(), stopped.clone()));
                        }
                        None => tracing::warn!("a caller of another user was turned away from the control socket"),
                    },
                    Err(error) => tracing::warn!(%error, "a caller of the control socket could not be accepted"),
                },
                Some(_) = callers.join_next(), if !callers.is_empty() => {}
            }
        }
        // Removed while the store is still held, so that it cannot be another server's.
        drop((listener, file));
        drop(stopping);
        let ended = async { while callers.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WITHIN, ended).await.is_err() {
            tracing::warn!("a request on the control socket would not end");
        }
        callers.shutdown().await;
    }
}

/// The user at the other end, if they are heard. The mode of the socket keeps others out, but it is set a moment after the socket
/// is there.
fn may_call(stream: &UnixStream, owner: u32) -> Option<u32> {
    let uid = stream.peer_cred().ok()?.uid();
    (uid == owner || uid == 0).then_some(uid)
}

/// Answers line after line until the caller goes, is silent for too long, or the server stops.
async fn answer_all(stream: UnixStream, uid: u32, host: Host, mut stopped: watch::Receiver<()>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        let mut request = (&mut read).take(REQUEST_LEN_MAX);
        let arrived = tokio::select! {
            _ = stopped.changed() => return,
            arrived = tokio::time::timeout(SILENT_WITHIN, request.read_until(b'\n', &mut line)) => arrived,
        };
        if !matches!(arrived, Ok(Ok(1..))) {
            return;
        }
        let whole = line.ends_with(b"\n");
        let Some(mut reply) = answer(line, uid, host.clone()).await else {
            return;
        };
        reply.push(b'\n');
        if write.write_all(&reply).await.is_err() || !whole {
            return;
        }
    }
}

/// The reply to one line of the user `uid`.
async fn answer(line: Vec<u8>, uid: u32, host: Host) -> Option<Vec<u8>> {
    let answered = tokio::task::spawn_blocking(move || {
        let reply = match serde_json::from_slice(&line) {
            Ok(request) => dispatch_served(&host, &caller(uid), request),
            Err(error) => Reply::Failed(Fault::new(
                "not_understood",
                // What came is not repeated: it may hold a credential.
                format!(
                    "the server expected a request it knows, but found a fault in column {}: use the command line of the server's own version",
                    error.column()
                ),
            )),
        };
        serde_json::to_vec(&reply)
    });
    answered.await.ok()?.ok()
}
