//! To the server that holds the store, or else to the store itself.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tollgate::{Engine, OpenError, OpenOptions};
use tollgate_http::control::{Answer, Reply, Request, ask, dispatch, socket_path, this_process};

use crate::exit::Failure;

/// How long other commands are waited for, each of which may read the whole store.
const QUEUE_WITHIN: Duration = Duration::from_secs(20);

/// Memory for pages of a store that is held: an import writes all over them.
const HELD_CACHE_LEN: usize = 256 << 20;

/// How often, and how long each time, a locked store is waited for. A server that starts or stops lets go of it or
/// answers well within all of these.
const TURNS: usize = 15;
const TURN: Duration = Duration::from_millis(200);

/// A way to a store that is asked once or often.
pub(crate) struct Reach<'s> {
    store: &'s Path,
    opened: Option<Opened>,
}

/// A store that this process has opened, and the place at the head of the queue until it lets go of it.
struct Opened {
    engine: Engine,
    _queue: Option<File>,
}

enum Found {
    Opened(Engine),
    Answered(Answer),
}

impl<'s> Reach<'s> {
    pub(crate) fn to(store: &'s Path) -> Self {
        Self { store, opened: None }
    }

    /// Asks the server, where one answers, and otherwise the store itself, which stays open for further requests.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Answer, Failure> {
        if let Some(opened) = &self.opened {
            return answer(dispatch(&opened.engine, &this_process(), request));
        }
        if let Some(reply) = asked(self.store, &request)? {
            return answer(reply);
        }
        let (found, queue) = patiently(self.store, || {
            if let Some(engine) = open_unless_locked(self.store, None)? {
                return Ok(Some(Found::Opened(engine)));
            }
            // A server may have begun meanwhile.
            let reply = asked(self.store, &request)?;
            Ok(reply.map(answer).transpose()?.map(Found::Answered))
        })?;
        match found {
            Found::Answered(answer) => Ok(answer),
            Found::Opened(engine) => {
                let opened = self.opened.insert(Opened { engine, _queue: queue });
                answer(dispatch(&opened.engine, &this_process(), request))
            }
        }
    }
}

/// A store that is reached for many requests in a row.
pub(crate) enum Held {
    /// By a server.
    Served,
    /// By this process, which keeps others out meanwhile.
    Open(Engine),
}

/// Finds out who holds the store, or takes hold of it.
pub(crate) fn hold(store: &Path) -> Result<Held, Failure> {
    if is_served(store) {
        return Ok(Held::Served);
    }
    let (held, _queue) = patiently(store, || {
        match opened(OpenOptions::new().cache_len(HELD_CACHE_LEN), store)? {
            Some(engine) => Ok(Some(Held::Open(engine))),
            None => Ok(is_served(store).then_some(Held::Served)),
        }
    })?;
    Ok(held)
}

impl Held {
    /// Has one request carried out.
    pub(crate) fn ask(&self, store: &Path, request: Request) -> Result<Answer, Failure> {
        match self {
            Self::Open(engine) => answer(dispatch(engine, &this_process(), request)),
            Self::Served => answer(asked(store, &request)?.ok_or_else(|| {
                let words =
                    "expected the server to answer on, but it has ended: what it has done stays done, repeat the rest";
                Failure::trouble("no_answer", words)
            })?),
        }
    }

    /// Lets go of the store.
    pub(crate) fn release(self) {
        if let Self::Open(engine) = self {
            engine.close();
        }
    }
}

fn asked(store: &Path, request: &Request) -> Result<Option<Reply>, Failure> {
    ask(store, request).map_err(|error| Failure::trouble("no_answer", error.to_string()))
}

/// Opens the store for as long as this process runs, with the key in `key_file` or else where it usually is; refresh tokens that lie
/// unused for `refresh_idle_s` have ended.
pub(crate) fn open(store: &Path, key_file: Option<&Path>, refresh_idle_s: u64) -> Result<Engine, Failure> {
    let options = || with_key(key_file).refresh_idle_s(refresh_idle_s);
    let (engine, _queue) = patiently(store, || match opened(options(), store)? {
        None if is_served(store) => Err(Failure::trouble(
            "store_served",
            format!(
                "expected {} to be free, but a server of it runs already: stop that one first",
                store.display()
            ),
        )),
        opened => Ok(opened),
    })?;
    Ok(engine)
}

/// Whether a server answers for the store. One that is stopping no longer does.
fn is_served(store: &Path) -> bool {
    ask(store, &Request::SettingsList).is_ok_and(|reply| reply.is_some())
}

fn open_unless_locked(store: &Path, key_file: Option<&Path>) -> Result<Option<Engine>, Failure> {
    opened(with_key(key_file), store)
}

fn with_key(key_file: Option<&Path>) -> OpenOptions {
    match key_file {
        Some(key_file) => OpenOptions::new().key_file(key_file),
        None => OpenOptions::new(),
    }
}

fn opened(options: OpenOptions, store: &Path) -> Result<Option<Engine>, Failure> {
    match options.open(store) {
        Ok(engine) => Ok(Some(engine)),
        Err(OpenError::Locked { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Tries, in turn with other commands, until `attempt` is no longer kept out by a lock, or for three seconds. Answers what came
/// of it, and the place at the head of the queue.
fn patiently<T>(
    store: &Path,
    mut attempt: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<(T, Option<File>), Failure> {
    let queue = queue(store);
    let mut freed = None;
    for _ in 0..TURNS {
        if let Some(done) = attempt()? {
            return Ok((done, queue));
        }
        // Either the lock comes free, or a server may answer by the end of this turn.
        let freed = freed.get_or_insert_with(|| lock_freed(store));
        if freed.recv_timeout(TURN).is_ok() {
            *freed = lock_freed(store);
        }
    }
    Err(Failure::trouble(
        "store_locked",
        format!(
            "expected {store} to be free, or a server to answer at {socket}, but another process has the store open and \
             nobody answers there: `fuser {store}` tells which; stop it, or wait until it is done",
            store = store.display(),
            socket = socket_path(store).display()
        ),
    ))
}

/// A lock that stands for a place at the head of the queue of commands. It lies on the folder, because one on the store
/// would be taken for that of somebody who has it open. None where folders cannot be locked, or for too long another is
/// at the head; then the store's own lock decides.
fn queue(store: &Path) -> Option<File> {
    let folder = store
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let head = locked(folder.to_path_buf(), |folder| folder.lock());
    head.recv_timeout(QUEUE_WITHIN).ok()
}

/// Says when whoever has the store open has let go of it.
fn lock_freed(store: &Path) -> Receiver<File> {
    locked(store.to_path_buf(), |store| {
        store.lock_shared().and_then(|()| store.unlock())
    })
}

/// The open file at `path`, once `lock` returns. A thread waits for that, and ends with the process at the latest.
fn locked(path: PathBuf, lock: fn(&File) -> io::Result<()>) -> Receiver<File> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        if let Ok(file) = File::open(path)
            && lock(&file).is_ok()
        {
            // Nobody listens any more where the wait was over before.
            let _ = tell.send(file);
        }
    });
    told
}

fn answer(reply: Reply) -> Result<Answer, Failure> {
    match reply {
        Reply::Done(answer) => Ok(answer),
        Reply::Refused(fault) => Err(Failure::refused(fault)),
        Reply::Failed(fault) => Err(Failure::trouble(&fault.code, &fault.message)),
    }
}
