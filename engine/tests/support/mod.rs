//! What the tests of the engine share: an engine in a folder of its own, and requests to check.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate::{
    AddNetwork, AddUser, DenyReason, Engine, Field, IssueAuthtoken, Issued, ManualClock, OpenOptions, PepperKey,
    RequestParts, SeededEntropy, Standing, Timestamp, UserName, Verdict,
};

/// The moment at which the tests' clocks begin.
pub(crate) const BEGIN: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// An engine with a folder and a clock of its own. Nothing happens in it but what a test asks for.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
}

/// Options under which the same commands give the same bytes.
pub(crate) fn options(clock: &Arc<ManualClock>) -> OpenOptions {
    OpenOptions::new()
        .key(PepperKey::from_bytes([0x5e; 32]))
        .clock(Arc::clone(clock) as _)
        .entropy(Arc::new(SeededEntropy::new(7)))
        .checkpoint_every(None)
        .sweep_every(None)
}

impl World {
    /// A new store that trusts 127.0.0.0/8.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(BEGIN));
        let engine = options(&clock)
            .create(true)
            .open(folder.path().join("store.redb"))
            .unwrap();
        trust(&engine);
        Self { engine, clock, folder }
    }

    /// A new store that sweeps tokens which ended `retention_s` ago.
    pub(crate) fn short_lived(retention_s: u64) -> Self {
        let Self { engine, clock, folder } = Self::new();
        engine.close();
        let engine = options(&clock)
            .retention_s(retention_s)
            .open(folder.path().join("store.redb"))
            .unwrap();
        Self { engine, clock, folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("store.redb")
    }

    /// Closes the engine and opens the store again.
    pub(crate) fn reopen(self) -> Self {
        let Self { engine, clock, folder } = self;
        engine.close();
        let engine = options(&clock).open(folder.path().join("store.redb")).unwrap();
        Self { engine, clock, folder }
    }

    /// A user without limits.
    pub(crate) fn user(&self, name: &str) -> UserName {
        self.engine.execute(AddUser::named(name.parse().unwrap())).unwrap().name
    }

    /// A token that is valid for ever.
    pub(crate) fn token(&self, user: &UserName) -> Issued {
        issue(&self.engine, user)
    }

    /// Why a GET with this token is refused now; none where it may pass.
    pub(crate) fn refused(&self, token: &str) -> Option<DenyReason> {
        refused(&self.engine, token)
    }
}

/// Trusts 127.0.0.0/8.
pub(crate) fn trust(engine: &Engine) {
    let rule = "127.0.0.0/8".parse().unwrap();
    engine
        .execute(AddNetwork {
            rule,
            standing: Standing::Trusted,
            user: None,
        })
        .unwrap();
}

pub(crate) fn issue(engine: &Engine, user: &UserName) -> Issued {
    engine
        .execute(IssueAuthtoken {
            user: user.clone(),
            expires_at: None,
            not_before: None,
        })
        .unwrap()
}

pub(crate) fn refused(engine: &Engine, token: &str) -> Option<DenyReason> {
    let bearer = format!("Bearer {token}");
    match engine.check(&request(bearer.as_bytes()), engine.now()) {
        Verdict::Permit(_) => None,
        Verdict::Denial(denial) => Some(denial.reason),
    }
}

pub(crate) fn request(authorization: &[u8]) -> RequestParts<'_> {
    RequestParts {
        method: b"GET",
        path: b"/",
        peer: Some([127, 0, 0, 1].into()),
        authorization: Field::Once(authorization),
        ..RequestParts::default()
    }
}
