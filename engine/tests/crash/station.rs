//! One engine on one simulated disk, and how it is asked.

use std::net::IpAddr;
use std::sync::Arc;

use tollgate::{
    DenyReason, Engine, Field, OpenError, OpenOptions, PepperKey, RequestParts, SeededEntropy, Timestamp, Unavailable,
    Verdict,
};

use super::clock::StagedClock;
use super::disk::SimDisk;
use super::order::{Answer, Order};

/// How much memory an engine has for pages of its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// As much as it usually takes: more than any store of these tests.
    Usual,
    /// None: whatever is read is read from the disk, and transactions write pages before they commit.
    None,
}

impl Memory {
    fn limit(self, options: OpenOptions) -> OpenOptions {
        match self {
            Self::Usual => options,
            Self::None => options.cache_len(0),
        }
    }
}

/// An open engine with its clock.
pub(crate) struct Station {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<StagedClock>,
}

impl Station {
    /// Makes a store on an empty disk. Its tokens all follow from `seed`.
    pub(crate) fn create(disk: &SimDisk, seed: u64, now: u64, memory: Memory) -> Result<Self, OpenError> {
        Self::start(disk, seed, now, |options| memory.limit(options).create(true))
    }

    /// Opens the store that is on the disk, as after a restart.
    pub(crate) fn open(disk: &SimDisk, now: u64, memory: Memory) -> Result<Self, OpenError> {
        // A seed of its own: a token drawn after a restart is none that was drawn before.
        Self::start(disk, u64::MAX ^ now, now, |options| memory.limit(options))
    }

    fn start(
        disk: &SimDisk,
        seed: u64,
        now: u64,
        with: impl FnOnce(OpenOptions) -> OpenOptions,
    ) -> Result<Self, OpenError> {
        let clock = Arc::new(StagedClock::at(now));
        let options = OpenOptions::new()
            .key(PepperKey::from_bytes([0x5a; 32]))
            .backend(disk.open())
            .clock(clock.clone())
            .entropy(Arc::new(SeededEntropy::new(seed)))
            .checkpoint_every(None)
            .sweep_every(None);
        let engine = with(options).open("simulated.redb")?;
        Ok(Self { engine, clock })
    }

    /// Has all orders carried out in one transaction. The engine must have nothing to sweep: a sweep without effect is what
    /// keeps the writer busy until all have been submitted. Where even that fails, it is answered first.
    pub(crate) fn batch(&self, orders: &[Order]) -> Result<Vec<Answer>, Unavailable> {
        if let [order] = orders {
            return Ok(vec![order.clone().execute(&self.engine)]);
        }
        let mut waiting = Vec::new();
        let mut swept = Ok(());
        self.clock.while_held(
            || swept = self.engine.sweep().map(drop),
            || waiting.extend(orders.iter().map(|order| order.clone().submit(&self.engine))),
        );
        let answers = waiting.into_iter().map(|wait| wait()).collect();
        swept.map(|()| answers)
    }

    /// Why a GET with this token from `peer` is denied at `now`; none where it passes. Charges nothing.
    pub(crate) fn refusal(&self, secret: &str, peer: IpAddr, now: u64) -> Option<DenyReason> {
        let bearer = format!("Bearer {secret}");
        let request = RequestParts {
            method: b"GET",
            path: b"/",
            peer: Some(peer),
            authorization: Field::Once(bearer.as_bytes()),
            ..RequestParts::default()
        };
        match self.engine.check(&request, Timestamp::from_millis(now)) {
            Verdict::Permit(permit) => {
                permit.cancel();
                None
            }
            Verdict::Denial(denial) => Some(denial.reason),
        }
    }
}
