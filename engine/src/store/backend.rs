//! A backend that somebody gave us, in the form redb takes one. Every method is delegated, the locks above all: a wrapper
//! that kept their default would let a second process open the file.

use std::io;
use std::ops::Bound;

use redb::{BackendError, StorageBackend};

/// Where the bytes of a store are kept, when that is no file we open ourselves.
#[derive(Debug)]
pub(crate) struct GivenBackend(Box<dyn StorageBackend>);

impl GivenBackend {
    pub(crate) fn new(backend: impl StorageBackend) -> Self {
        Self(Box::new(backend))
    }

    /// Whether there are no bytes yet. One that cannot say counts as not empty, and fails at its first read.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.len().is_ok_and(|len| len == 0)
    }
}

impl StorageBackend for GivenBackend {
    fn len(&self) -> Result<u64, io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), io::Error> {
        self.0.write(offset, bytes)
    }

    fn close(&self) -> Result<(), io::Error> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end)
    }
}
