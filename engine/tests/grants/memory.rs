//! A store whose bytes stand in memory: restarts by the hundred cost no disk, and the loss of the process leaves what was written.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tollgate::StorageBackend;

/// The bytes of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// What a process leaves that is gone from one moment to the next.
    pub(super) fn as_it_stands(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().clone())))
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(io::Error::other)
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (bytes, begin) = (self.0.lock(), place(offset)?);
        let found = bytes.get(begin..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().resize(place(len)?, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut all, begin) = (self.0.lock(), place(offset)?);
        let room = all.get_mut(begin..).and_then(|rest| rest.get_mut(..bytes.len()));
        room.ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(bytes);
        Ok(())
    }
}
