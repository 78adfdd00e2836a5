//! An array that grows by chunks and never moves an item.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::sync::OnceBox;

/// Items in a chunk. A chunk of cache lines is 64 KiB: little for a small store, few pointers for a large one.
#[cfg(not(loom))]
const CHUNK_LEN: usize = 1 << 10;
#[cfg(loom)]
const CHUNK_LEN: usize = 1 << 4;
/// Chunks in a shelf.
const SHELF_LEN: usize = 1 << 12;
/// Shelves in an arena: 2^32 items in all.
#[cfg(not(loom))]
const SHELVES: usize = 1 << 10;
#[cfg(loom)]
const SHELVES: usize = 1;

type Chunk<T> = [T; CHUNK_LEN];
type Shelf<T> = [OnceBox<Chunk<T>>; SHELF_LEN];

/// Up to 2^32 items, reached without a lock by position.
///
/// Invariant: a chunk, once there, stays where it is until the arena is dropped.
pub(crate) struct Arena<T> {
    shelves: Box<[OnceBox<Shelf<T>>]>,
}

impl<T: Default> Arena<T> {
    pub(crate) fn new() -> Self {
        Self {
            shelves: (0..SHELVES).map(|_| OnceBox::new()).collect(),
        }
    }

    /// The item at `at`, if its chunk is there. Costs three dependent loads, two of which stay in the first cache levels.
    pub(crate) fn item(&self, at: u32) -> Option<&T> {
        let (shelf, chunk, item) = place(at);
        self.shelves.get(shelf)?.get()?.get(chunk)?.get()?.get(item)
    }

    /// The item at `at`; its chunk is made if need be. Only a writer calls this.
    pub(crate) fn item_or_grow(&self, at: u32) -> Option<&T> {
        let (shelf, chunk, item) = place(at);
        let shelf = self.shelves.get(shelf)?;
        let shelf = match shelf.get() {
            Some(shelf) => shelf,
            None => {
                let _ = shelf.set(boxed(OnceBox::new)?);
                shelf.get()?
            }
        };
        let chunk = shelf.get(chunk)?;
        let chunk = match chunk.get() {
            Some(chunk) => chunk,
            None => {
                let _ = chunk.set(boxed(T::default)?);
                chunk.get()?
            }
        };
        chunk.get(item)
    }
}

fn place(at: u32) -> (usize, usize, usize) {
    let at = at as usize;
    (at / (CHUNK_LEN * SHELF_LEN), at / CHUNK_LEN % SHELF_LEN, at % CHUNK_LEN)
}

/// An array made on the heap: it may be larger than a stack.
fn boxed<T, const N: usize>(make: impl Fn() -> T) -> Option<Box<[T; N]>> {
    let items: Vec<T> = (0..N).map(|_| make()).collect();
    items.into_boxed_slice().try_into().ok()
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn items_are_there_once_grown_and_do_not_move() {
        let arena: Arena<Cell<u32>> = Arena::new();
        assert!(arena.item(5).is_none());
        let far = (CHUNK_LEN * SHELF_LEN) as u32 + 7;
        for at in [5, CHUNK_LEN as u32, far] {
            arena.item_or_grow(at).unwrap().set(at);
        }
        let before: *const _ = arena.item(5).unwrap();
        arena.item_or_grow(99_999).unwrap();
        assert!(core::ptr::eq(before, arena.item(5).unwrap()));
        assert_eq!(arena.item(far).map(Cell::get), Some(far));
        assert!(arena.item(u32::MAX).is_none());
    }
}
