//! A disk that lives in memory, counts what it is told, and fails when and how a test wants it to.
//!
//! It keeps what programs see (`live`), what a loss of power leaves for sure, and what no sync has confirmed yet (both in
//! the [`Journal`]), and, in `history`, everything it was ever told. Operations are writes, changes of the length and
//! syncs, numbered from zero; reads are counted apart.

use std::io;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};
use redb::{BackendError, StorageBackend};

use super::fault::{Fault, Kind};
use super::image::Image;
use super::journal::{Journal, Loss, Operation};
use super::locks::Locks;
use super::random::Random;

/// The disk itself. Clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct SimDisk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    turned: Condvar,
}

#[derive(Debug)]
struct State {
    live: Image,
    journal: Journal,
    history: Vec<Operation>,
    reads: u64,
    fault: Option<Fault>,
    read_fault: Option<Fault>,
    struck: bool,
    lies_about_syncs: bool,
    held: bool,
    waiting: bool,
    locks: Locks,
    openings: u64,
}

impl SimDisk {
    /// A disk on which `image` stands for good.
    pub(crate) fn new(image: Image) -> Self {
        let state = State {
            live: image.clone(),
            journal: Journal::new(image),
            history: Vec::new(),
            reads: 0,
            fault: None,
            read_fault: None,
            struck: false,
            lies_about_syncs: false,
            held: false,
            waiting: false,
            locks: Locks::default(),
            openings: 0,
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            turned: Condvar::new(),
        }))
    }

    /// A new opening of this disk, as a process has one.
    pub(crate) fn open(&self) -> Opening {
        let mut state = self.state();
        state.openings += 1;
        Opening {
            disk: self.clone(),
            holder: state.openings,
        }
    }

    /// From now on, operations meet this fault; none clears it.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state();
        (state.fault, state.struck) = (fault, false);
    }

    /// From now on, reads meet this fault.
    pub(crate) fn set_read_fault(&self, fault: Option<Fault>) {
        let mut state = self.state();
        (state.read_fault, state.struck) = (fault, false);
    }

    /// Makes every sync a lie: it confirms what it did not do.
    pub(crate) fn lie_about_syncs(&self) {
        self.state().lies_about_syncs = true;
    }

    /// Whether a fault was met since one was set.
    pub(crate) fn struck(&self) -> bool {
        self.state().struck
    }

    /// How many operations it was told.
    pub(crate) fn operations(&self) -> u64 {
        self.state().history.len() as u64
    }

    /// How many reads it was told.
    pub(crate) fn reads(&self) -> u64 {
        self.state().reads
    }

    /// Everything it was told, in order.
    pub(crate) fn history(&self) -> Vec<Operation> {
        self.state().history.clone()
    }

    /// What programs see: what a new process finds when the machine did not stop.
    pub(crate) fn live(&self) -> Image {
        self.state().live.clone()
    }

    /// What is found after the machine stopped.
    pub(crate) fn image(&self, loss: Loss, random: &mut Random) -> Image {
        self.state().journal.image(loss, random)
    }

    /// Lets no operation through from now on, until the answer is dropped.
    pub(crate) fn hold(&self) -> Held {
        self.state().held = true;
        Held(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock()
    }

    fn operate(&self, operation: Operation) -> io::Result<()> {
        let mut state = self.state();
        while state.held {
            state.waiting = true;
            self.0.turned.notify_all();
            self.0.turned.wait(&mut state);
        }
        state.operate(operation)
    }
}

/// A disk that lets no operation through.
pub(crate) struct Held(SimDisk);

impl Held {
    /// Waits until somebody waits for the disk.
    pub(crate) fn wait_for_somebody(&self) {
        let mut state = self.0.state();
        while !state.waiting {
            self.0.0.turned.wait(&mut state);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.0.state();
        (state.held, state.waiting) = (false, false);
        self.0.0.turned.notify_all();
    }
}

impl State {
    fn operate(&mut self, operation: Operation) -> io::Result<()> {
        let number = self.history.len() as u64;
        self.history.push(operation.clone());
        match self.fault.and_then(|fault| fault.at(number)) {
            Some(kind) => self.fail(kind, operation),
            None => {
                operation.apply(&mut self.live);
                self.journal.note_unless_lying(operation, self.lies_about_syncs);
                Ok(())
            }
        }
    }

    fn fail(&mut self, kind: Kind, operation: Operation) -> io::Result<()> {
        match (kind, operation) {
            (Kind::Full, operation) if self.fits(&operation) => {
                operation.apply(&mut self.live);
                self.journal.note(operation);
                return Ok(());
            }
            (Kind::ShortWrite, Operation::Write { offset, bytes }) => {
                let part = Operation::Write {
                    offset,
                    bytes: bytes[..bytes.len() / 2].into(),
                };
                part.apply(&mut self.live);
                self.journal.note(part);
            }
            (Kind::FailedSync(loss), Operation::Sync) => {
                self.journal.settle(loss, &mut Random::new(self.history.len() as u64));
            }
            // What the disk has taken so far stays where it is: only power that goes away takes it along.
            _ => {}
        }
        self.struck = true;
        Err(kind.error())
    }

    /// Whether a full disk can still do this.
    fn fits(&self, operation: &Operation) -> bool {
        match operation {
            Operation::Write { offset, bytes } => self.live.has_room(*offset, bytes.len()),
            Operation::SetLen(len) => *len <= self.live.len(),
            Operation::Sync => true,
        }
    }

    fn read(&mut self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let number = self.reads;
        self.reads += 1;
        self.without_power()?;
        if let Some(kind) = self.read_fault.and_then(|fault| fault.at(number)) {
            self.struck = true;
            return Err(kind.error());
        }
        self.live.read(offset, out)
    }

    /// Fails once the power is gone: then nothing answers any more, reads neither.
    fn without_power(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault {
                kind: kind @ Kind::PowerLoss,
                ..
            }) if self.struck => Err(kind.error()),
            Some(_) | None => Ok(()),
        }
    }
}

/// One opening of a disk: what a process holds, locks included.
#[derive(Debug)]
pub(crate) struct Opening {
    disk: SimDisk,
    holder: u64,
}

impl Opening {
    fn wait_for(&self, bounds: (Bound<u64>, Bound<u64>), shared: bool) {
        let mut state = self.disk.state();
        while !state.locks.take(self.holder, bounds, shared) {
            self.disk.0.turned.wait(&mut state);
        }
    }

    fn release(&self, release: impl FnOnce(&mut Locks)) {
        release(&mut self.disk.state().locks);
        self.disk.0.turned.notify_all();
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.release(|locks| locks.release_all(self.holder));
    }
}

impl StorageBackend for Opening {
    fn len(&self) -> io::Result<u64> {
        let state = self.disk.state();
        state.without_power()?;
        Ok(state.live.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.state().read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.operate(Operation::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.operate(Operation::Sync)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.operate(Operation::Write {
            offset,
            bytes: bytes.into(),
        })
    }

    fn close(&self) -> io::Result<()> {
        self.release(|locks| locks.release_all(self.holder));
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.disk.state().locks.take(self.holder, (start, end), false))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.disk.state().locks.take(self.holder, (start, end), true))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.wait_for((start, end), false);
        Ok(())
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.wait_for((start, end), true);
        Ok(())
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.release(|locks| locks.release(self.holder, (start, end)));
        Ok(())
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.disk.state().locks.conflict(self.holder, (start, end), false))
    }
}
