//! The façade: open, check, execute, subscribe.

mod options;
mod read;
mod page;
mod clients;
mod people;
mod export;
mod submitted;
mod admin;
mod follower;
mod granting;
mod held;
mod condition;
mod state;
mod remember;

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tollgate_core::{
    Denial, HeldPermit, LiveView, NetworkRule, Permit, RequestParts, Revision, Subject, Timestamp, TokenDigest,
    TokenKind, UserName, Verdict, WellFormed,
};
use zeroize::Zeroizing;

use crate::change::{FeedIdentity, Position};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::execute::{Command, Swept};
use crate::feed::{Cursor, Feed, Lagged, Moved};
use crate::granting::Derivation;
use crate::live::{LiveOperators, LiveUses, TrustedProxies};
use crate::sealed::Vault;
use crate::store::{OpenError, Store};
use crate::writer::{ExecuteError, Message, Queue, Standing, Unavailable};

pub use admin::{Admin, AdminDenial};
pub use clients::Acting;
pub use condition::Condition;
pub use export::{ExportError, Exported};
pub use follower::{Follower, FollowerDenial};
pub use options::OpenOptions;
pub use page::{AuditOrder, Page, PageError};
pub use read::ReadError;
pub use state::{State, StateCursor};
pub use submitted::{Authored, Submitted};

/// One open store with the view that checks read. Cloning costs a reference count; all clones are the same engine.
///
/// When the last clone is dropped, or at [`Engine::close`], counters are checkpointed and the file is let go of.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    view: LiveView,
    store: Arc<Store>,
    feed: Arc<Feed>,
    proxies: TrustedProxies,
    operators: LiveOperators,
    standing: Standing,
    uses: LiveUses,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// What follows from presented secrets.
    derivation: Arc<Derivation>,
    /// What opens sealed secrets.
    vault: Vault,
    /// What the key of the digests is made from, for followers alone.
    digest_secret: Zeroizing<[u8; 32]>,
    queue: Queue,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Makes a new store at `path` and its key file beside it (`path` with the extension `.key`, readable by its owner
    /// alone), unless the key is in the environment variable `TOLLGATE_KEY`. Never overwrites either.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("tollgate.redb");
    /// tollgate::Engine::create(&path)?.close();
    ///
    /// assert!(path.with_extension("key").exists());
    /// let again = tollgate::Engine::create(&path).err().ok_or("made twice")?;
    /// assert!(again.to_string().contains("expected no file"));
    /// tollgate::Engine::open(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        OpenOptions::new().create(true).open(path)
    }

    /// Opens the store at `path` with the key in its key file or in `TOLLGATE_KEY`.
    ///
    /// Reads every user and token once: about a second for a million tokens, after a crash as well as after a clean end.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        OpenOptions::new().open(path)
    }

    /// The present moment by this engine's clock, for [`Engine::check`].
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Decides whether `request` may pass at `now`. Takes no lock, allocates nothing and does no I/O.
    ///
    /// The one exception is the first use of a token that was imported as a digest of others: it is put into the writer's queue
    /// to get a keyed digest instead.
    ///
    /// A permit holds one of the user's concurrent places until it is dropped. A denial is no error: its reason is a row
    /// of [`DENY_REASONS`](crate::DENY_REASONS), which says how to answer the caller.
    pub fn check(&self, request: &RequestParts<'_>, now: Timestamp) -> Verdict<'_> {
        let verdict = tollgate_core::check(&self.0.view, request, now);
        if let Verdict::Permit(permit) = &verdict
            && let Some(upgrade) = permit.upgrade(request)
        {
            self.0.queue.offer(upgrade);
        }
        verdict
    }

    /// Whether the network rules for everybody ban `peer`: for what a host answers beside checks. Takes no lock.
    pub fn bans(&self, peer: IpAddr) -> bool {
        self.0.view.bans(peer)
    }

    /// The pattern of the route that a path takes, as checks read it; none where it takes none, or can be read in two ways. Takes no lock.
    pub fn route_pattern(&self, path: &[u8]) -> Option<String> {
        self.0.view.route_pattern(path)
    }

    /// The scopes that the route of a denial asks for, blank-separated, for its challenge; none where the token lacks none of the route's, or
    /// the routes have changed since.
    pub fn wanted_scopes(&self, denial: &Denial) -> Option<String> {
        self.0.view.wanted_scopes(denial.wanted?)
    }

    /// Keeps a permit beyond the scope it was given in, and across tasks. The place is free when the result is dropped.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// # let rule = "127.0.0.1".parse()?;
    /// # engine.execute(tollgate::AddNetwork { rule, standing: tollgate::Standing::Trusted, user: None })?;
    /// # let setting = tollgate::Setting::AllowPreflight(true);
    /// # engine.execute(tollgate::SetSetting { setting })?;
    /// # let peer = Some("127.0.0.1".parse()?);
    /// # let request = tollgate::RequestParts { method: b"OPTIONS", peer, preflight: true, ..Default::default() };
    /// let held = match engine.check(&request, engine.now()) {
    ///     tollgate::Verdict::Permit(permit) => engine.hold(permit),
    ///     tollgate::Verdict::Denial(denial) => return Err(denial.reason.row().title.into()),
    /// };
    /// std::thread::spawn(move || drop(held));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold(&self, permit: Permit<'_>) -> HeldPermit {
        permit.hold()
    }

    /// The name of the user whom a verdict is about, written to `room`; none where the user has gone since.
    pub fn user_name<'b>(&self, subject: &Subject, room: &'b mut [u8; UserName::LEN_MAX]) -> Option<&'b str> {
        self.0.view.user_name(subject, room)
    }

    /// The digest of a presented text; none where it is no token of this kind.
    fn presented(&self, presented: &[u8], kind: TokenKind) -> Option<TokenDigest> {
        let token = WellFormed::parse(presented).ok()?;
        (token.kind() == kind).then(|| self.0.view.digest(token))
    }

    /// Carries a command out. Blocks until it is durable **and** every check that begins from then on sees it; commands
    /// of many callers share one commit, so that callers at once cost less than callers in turn.
    ///
    /// # Errors
    ///
    /// [`ExecuteError::Refused`] where the caller can do something about it, [`ExecuteError::Unavailable`] where they
    /// cannot; the latter says whether the command may have been carried out all the same.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// use tollgate::{AddUser, ExecuteError, Refusal};
    ///
    /// let name: tollgate::UserName = "alice".parse()?;
    /// engine.execute(AddUser::named(name.clone()))?;
    /// let again = engine.execute(AddUser::named(name.clone()));
    /// assert_eq!(again.err(), Some(ExecuteError::Refused(Refusal::UserExists { name })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn execute<C: Command>(&self, command: C) -> Result<<C as Command>::Outcome, ExecuteError> {
        self.submit(command)?.wait()
    }

    /// The proxies whose forwarded headers a host believes, from memory: cheap enough for every request.
    pub fn trusted_proxies(&self) -> Arc<[NetworkRule]> {
        self.0.proxies.rules()
    }

    /// The revision that checks see.
    pub fn revision(&self) -> Revision {
        self.0.feed.newest()
    }

    /// What tells this store's feed from every other's.
    pub fn feed_identity(&self) -> FeedIdentity {
        self.0.feed.identity()
    }

    /// The place in the feed behind everything that checks see.
    pub fn position(&self) -> Position {
        self.feed_identity().at(self.revision())
    }

    /// A place in the feed behind `after`: every change set with a higher revision follows, in order and without a gap.
    ///
    /// # Errors
    ///
    /// [`Lagged`] where what follows can no longer be had, or `after` is in the feed of another store: take a
    /// [`Engine::snapshot`] and subscribe at its [position](crate::Snapshot::position).
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// let mut cursor = engine.subscribe(engine.position())?;
    /// engine.execute(tollgate::AddUser::named("alice".parse()?))?;
    /// let set = cursor.next(std::time::Duration::from_secs(1))?.ok_or("nothing came")?;
    /// assert_eq!(set.revision, engine.revision());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn subscribe(&self, after: Position) -> Result<Cursor, Lagged> {
        Cursor::after(Arc::clone(&self.0.feed), &self.0.store, after)
    }

    /// Why the feed has ended, if it has: no change is told of any more.
    pub fn feed_ended(&self) -> Option<Lagged> {
        self.0.feed.ended()
    }

    /// Ready once checks see more than `after`, or the feed has ended: for tasks, where [`Cursor::next`] is for threads.
    ///
    /// ```
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    /// # let folder = tempfile::tempdir()?;
    /// # let engine = tollgate::Engine::create(folder.path().join("tollgate.redb"))?;
    /// let mut moved = pin!(engine.moved(engine.revision()));
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert_eq!(moved.as_mut().poll(&mut context), Poll::Pending);
    /// engine.execute(tollgate::AddUser::named("alice".parse()?))?;
    /// assert_eq!(moved.as_mut().poll(&mut context), Poll::Ready(Ok(engine.revision())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn moved(&self, after: Revision) -> Moved {
        Moved::beyond(Arc::clone(&self.0.feed), after)
    }

    /// Writes every hourly counter that has changed since the last checkpoint. The engine does this by itself every few
    /// seconds and when it is closed.
    pub fn checkpoint(&self) -> Result<(), Unavailable> {
        self.0.queue.ask(Message::Checkpoint)?.wait()?
    }

    /// Takes away one bounded batch of rows of tokens that ended long ago or whose user is gone, and answers whether
    /// there is more to do. The engine does this by itself; no check depends on it.
    ///
    /// What is taken away does not come back, so a clock that was wrong for a moment must not decide it: where the clock
    /// has moved by more than an hour beyond [`OpenOptions::sweep_every`] since the last call (or since the store was
    /// opened), this call only notes what it says, and the next one sweeps if it is borne out.
    pub fn sweep(&self) -> Result<Swept, Unavailable> {
        self.0.queue.ask(Message::Sweep)?.wait()?
    }

    /// Checkpoints the counters, ends the writer and lets go of the file. Checks of other clones are denied from then on,
    /// because nobody would tell them of changes any more.
    pub fn close(self) {
        self.0.stop();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn stop(&self) {
        // Held until the end: whoever stops at the same time must not let go of the file before the writer has.
        let mut thread = self.thread.lock();
        if let Some(thread) = thread.take() {
            self.queue.stop();
            let _ = thread.join();
        }
        self.store.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}
