//! How much of this module's memory is in use. The memory itself never becomes smaller: what a view gives back is room for the
//! next, and nothing but counting tells.

#![allow(unsafe_code, reason = "an allocator's interface")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static IN_USE: Cell<usize> = const { Cell::new(0) };
}

/// The usual allocator, counted.
struct Counted;

// SAFETY: each call is handed on as it is.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        counted(unsafe { System.alloc(layout) }, 0, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        counted(unsafe { System.alloc_zeroed(layout) }, 0, layout.size())
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        counted(unsafe { System.realloc(at, layout, len) }, layout.size(), len)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        IN_USE.set(IN_USE.get().wrapping_sub(layout.size()));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Counts what was given, where something was.
fn counted(at: *mut u8, before: usize, len: usize) -> *mut u8 {
    if !at.is_null() {
        IN_USE.set(IN_USE.get().wrapping_sub(before).wrapping_add(len));
    }
    at
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Bytes that are allocated.
pub(crate) fn in_use() -> u64 {
    IN_USE.get() as u64
}
