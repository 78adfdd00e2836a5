//! How an engine is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tollgate_core::DigestKey;
use zeroize::Zeroizing;

use super::{Engine, Inner};
use crate::change::FeedIdentity;
use crate::clock::{Clock, SystemClock};
use crate::entropy::{Entropy, SystemEntropy};
use crate::feed::Feed;
use crate::granting::{Derivation, REFRESH_IDLE_S};
use crate::key_file::{KeyError, PepperKey, missing_folder};
use crate::live::{self, LiveUses, Loaded};
use crate::seal::Seal;
use crate::sealed::Vault;
use crate::store::{
    self, GivenBackend, OpenError, Place, StorageBackend, Store, StoreNumbers, feed_identity, revision,
};
use crate::verify::{VerifyReport, verify_rows};
use crate::writer::{self, Policy, Standing, Tools};

/// How an engine is opened, for whoever needs more than [`Engine::open`] and [`Engine::create`].
///
/// ```no_run
/// use tollgate::OpenOptions;
///
/// let engine = OpenOptions::new().key_file("/etc/tollgate/key").open("/var/lib/tollgate.redb")?;
/// # Ok::<(), tollgate::OpenError>(())
/// ```
#[must_use = "nothing is opened before `open`"]
pub struct OpenOptions {
    create: bool,
    key: KeySource,
    backend: Option<GivenBackend>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    policy: Policy,
    ring_most: usize,
    cache_len: usize,
}

enum KeySource {
    /// The environment, or else the file beside the store.
    Beside,
    File(PathBuf),
    Given(PepperKey),
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// What [`Engine::open`] does.
    pub fn new() -> Self {
        let policy = Policy {
            checkpoint_every: Some(Duration::from_secs(3)),
            sweep_every: Some(Duration::from_secs(60)),
            retention_s: 30 * 24 * 3_600,
            tail_most: 100_000,
            refresh_idle_s: REFRESH_IDLE_S,
        };
        Self {
            create: false,
            key: KeySource::Beside,
            backend: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            policy,
            ring_most: 1_024,
            cache_len: store::CACHE_LEN,
        }
    }

    /// Whether a new store is made, which refuses to overwrite one, or an existing store is opened. At first the latter.
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Takes this key, and touches no key file.
    pub fn key(mut self, key: PepperKey) -> Self {
        self.key = KeySource::Given(key);
        self
    }

    /// Reads the key from the file at `path`, or makes that file where a store is created.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key = KeySource::File(path.into());
        self
    }

    /// Keeps the bytes of the store in `backend`; the path then only names the store in messages.
    pub fn backend(mut self, backend: impl StorageBackend) -> Self {
        self.backend = Some(GivenBackend::new(backend));
        self
    }

    /// Tells the time by `clock`.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Draws tokens and keys from `entropy`. Whoever can guess its bits can guess every token.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// How often hourly counters are written: every 3 seconds at first. None writes them only when the engine is closed.
    ///
    /// After a crash at most the charges of the last such time are forgotten: a user may then pass that many times more
    /// in the window. No counter ever comes back higher than it was.
    pub fn checkpoint_every(mut self, every: Option<Duration>) -> Self {
        self.policy.checkpoint_every = every;
        self
    }

    /// How often rows of tokens that ended long ago are taken away: every minute at first. None leaves it to
    /// [`Engine::sweep`].
    pub fn sweep_every(mut self, every: Option<Duration>) -> Self {
        self.policy.sweep_every = every;
        self
    }

    /// For how many seconds an ended token stays in lists and is told apart from an unknown one in the log: 30 days at
    /// first.
    pub fn retention_s(mut self, seconds: u64) -> Self {
        self.policy.retention_s = seconds;
        self
    }

    /// For how many seconds a refresh token may lie unused before it ends (RFC 9700 section 4.14.2): [`REFRESH_IDLE_S`] at first. The
    /// login that it goes on with ends at the moment that its client says in any case.
    pub fn refresh_idle_s(mut self, seconds: u64) -> Self {
        self.policy.refresh_idle_s = seconds;
        self
    }

    /// How many change sets stand in memory and how many changes in the store, for readers of the feed who lag behind:
    /// 1,024 and 100,000 at first.
    pub fn feed_bounds(mut self, sets_in_memory: usize, changes_in_store: u64) -> Self {
        self.ring_most = sets_in_memory;
        self.policy.tail_most = changes_in_store;
        self
    }

    /// How many bytes of memory pages of the store may take: 64 MiB at first. Serves commands, lists and the feed; checks
    /// never read the store.
    pub fn cache_len(mut self, bytes: usize) -> Self {
        self.cache_len = bytes;
        self
    }

    /// Opens the store at `path`, or makes it.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Engine, OpenError> {
        let path = path.as_ref();
        let (pepper, made) = self.pepper(path)?;
        let place = place(path, self.backend);
        let seal = Seal::new(&pepper);
        let store = if self.create {
            let created = store_numbers(&*self.entropy, &*self.clock);
            let created = created.and_then(|numbers| store::create(place, seal, &numbers, self.cache_len));
            created.map_err(|fault| unmade(path, made, fault))?
        } else {
            store::open(place, seal, self.cache_len)?
        };
        let digest_secret = Zeroizing::new(pepper.derive("tollgate 2026 token digest, version 1"));
        let digest_key = DigestKey::new(*digest_secret);
        let vault = Vault::new(&pepper);
        let derivation = Arc::new(Derivation::new(&pepper));
        let secrets = Secrets {
            digest: digest_secret,
            derivation: Arc::clone(&derivation),
            vault: vault.clone(),
        };
        let tools = |store, feed, standing| Tools {
            store,
            feed,
            clock: Arc::clone(&self.clock),
            entropy: self.entropy,
            digest_key,
            derivation,
            vault,
            policy: self.policy,
            standing,
            uses: LiveUses::default(),
        };
        assemble(store, secrets, &self.clock, self.ring_most, tools)
    }

    /// Reads everything in the store at `path` without opening it for service, so that a damaged store, too, can be looked
    /// into: every page's checksum, every seal, every reference from row to row.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where there is no store to read under this key. Whatever can be read and is wrong stands in the report.
    pub fn verify(self, path: impl AsRef<Path>) -> Result<VerifyReport, OpenError> {
        let path = path.as_ref();
        let options = Self { create: false, ..self };
        let (pepper, _) = options.pepper(path)?;
        let store = store::open(place(path, options.backend), Seal::new(&pepper), options.cache_len)?;
        let sound = store.pages_are_sound().map_err(|fault| store.fault(fault))?;
        let report = store
            .read()
            .and_then(|view| verify_rows(&view))
            .map_err(|fault| store.fault(fault))?;
        Ok(if sound { report } else { report.with_broken_pages() })
    }

    /// The key, and the key file that was made for it.
    fn pepper(&self, path: &Path) -> Result<(PepperKey, Option<PathBuf>), OpenError> {
        let file = match &self.key {
            KeySource::Given(key) => return Ok((key.clone(), None)),
            KeySource::File(file) => file.clone(),
            KeySource::Beside => match PepperKey::from_environment()? {
                Some(key) => return Ok((key, None)),
                None => path.with_extension("key"),
            },
        };
        if same_path(&file, path) {
            return Err(OpenError::IsItsKey { path: path.into() });
        }
        if !self.create {
            if self.backend.is_none() && !path.exists() {
                return Err(OpenError::Missing { path: path.into() });
            }
            return Ok((PepperKey::read(&file)?, None));
        }
        if self.backend.is_none() && path.exists() {
            return Err(OpenError::Exists { path: path.into() });
        }
        if let (None, Some(folder)) = (&self.backend, missing_folder(path)) {
            return Err(OpenError::NoFolder { folder });
        }
        let key = PepperKey::draw(&*self.entropy).map_err(KeyError::from)?;
        key.write_new(&file)?;
        Ok((key, Some(file)))
    }
}

fn place(path: &Path, backend: Option<GivenBackend>) -> Place {
    match backend {
        Some(backend) => Place::Backend(path.into(), backend),
        None => Place::File(path.into()),
    }
}

/// What a failure to make a store leaves behind: no key file where there is no store file either, for nothing was ever
/// sealed under it and it would be in the way of the next try.
fn unmade(path: &Path, key_file: Option<PathBuf>, fault: OpenError) -> OpenError {
    match key_file {
        Some(key_file) if path.exists() => OpenError::HalfMade {
            path: path.into(),
            key_file,
            reason: fault.to_string(),
        },
        Some(key_file) => {
            let _ = std::fs::remove_file(key_file);
            fault
        }
        None => fault,
    }
}

/// Whether both paths name one place. Where the working folder is gone, nothing is known but the words.
fn same_path(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.into());
    whole(one) == whole(other)
}

fn store_numbers(entropy: &dyn Entropy, clock: &dyn Clock) -> Result<StoreNumbers, OpenError> {
    let mut feed = [0; 16];
    entropy.fill(&mut feed).map_err(KeyError::from)?;
    Ok(StoreNumbers {
        feed: FeedIdentity(feed),
        created_at: clock.now(),
    })
}

/// What an engine keeps of the pepper.
struct Secrets {
    digest: Zeroizing<[u8; 32]>,
    derivation: Arc<Derivation>,
    vault: Vault,
}

/// Fills the live view from the store and starts the writer.
fn assemble(
    store: Store,
    secrets: Secrets,
    clock: &Arc<dyn Clock>,
    ring_most: usize,
    tools: impl FnOnce(Arc<Store>, Arc<Feed>, Standing) -> Tools,
) -> Result<Engine, OpenError> {
    let read = || {
        let view = store.read()?;
        let loaded = live::load(&view, DigestKey::new(*secrets.digest), clock.now())?;
        Ok((loaded, feed_identity(&view)?.at(revision(&view)?)))
    };
    let (Loaded { applier, counters }, newest) = read().map_err(|fault| store.fault(fault))?;
    let (store, feed) = (Arc::new(store), Arc::new(Feed::new(newest, ring_most)));
    let (view, proxies) = (applier.view().clone(), applier.proxies().clone());
    let operators = applier.operators().clone();
    let standing = Standing::new(applier.counts());
    let tools = tools(Arc::clone(&store), Arc::clone(&feed), standing.clone());
    let (entropy, uses) = (Arc::clone(&tools.entropy), tools.uses.clone());
    let started = writer::start(tools, applier, counters);
    let (queue, thread) = started.map_err(|error| store.fault(store::StoreError::Storage(error.to_string())))?;
    let clock = Arc::clone(clock);
    let thread = Mutex::new(Some(thread));
    Ok(Engine(Arc::new(Inner {
        view,
        store,
        feed,
        proxies,
        operators,
        standing,
        uses,
        clock,
        entropy,
        derivation: secrets.derivation,
        vault: secrets.vault,
        digest_secret: secrets.digest,
        queue,
        thread,
    })))
}
