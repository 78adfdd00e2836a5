//! Memory that the proxy writes into: it asks for room in the middle of a call, fills it, and says where that was.

use std::cell::RefCell;

/// A buffer up to this length is kept for the next call, so that a request costs no allocation.
const SPARE_MOST: usize = 16 * 1024;

thread_local! {
    static ROOM: RefCell<Room> = const { RefCell::new(Room { lent: Vec::new(), spare: Vec::new() }) };
}

struct Room {
    /// What the proxy was given and has not yet named.
    lent: Vec<Vec<u8>>,
    spare: Vec<u8>,
}

/// Room for `len` bytes, for the proxy to write to.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "called by the proxy alone"))]
pub(crate) fn lend(len: usize) -> *mut u8 {
    ROOM.with_borrow_mut(|room| {
        let mut buffer = std::mem::take(&mut room.spare);
        buffer.clear();
        buffer.resize(len.max(1), 0);
        let at = buffer.as_mut_ptr();
        room.lent.push(buffer);
        at
    })
}

/// The room at `at`, of which the proxy has filled `len` bytes. None where it was never lent or is not as long; all else that
/// was lent is let go.
pub(super) fn take_back(at: usize, len: usize) -> Option<Vec<u8>> {
    ROOM.with_borrow_mut(|room| {
        let mut found = None;
        for mut buffer in room.lent.drain(..) {
            if buffer.as_ptr().addr() == at && buffer.len() >= len {
                buffer.truncate(len);
                found = Some(buffer);
            }
        }
        found
    })
}

/// Keeps a buffer for the next call.
pub(super) fn keep(buffer: Vec<u8>) {
    if buffer.capacity() <= SPARE_MOST {
        ROOM.with_borrow_mut(|room| room.spare = buffer);
    }
}

/// What was lent in vain is let go.
pub(super) fn let_go() {
    ROOM.with_borrow_mut(|room| room.lent.clear());
}
