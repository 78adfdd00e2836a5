//! The one door for atomics: core's in the product, loom's under its model checker.
//!
//! Nothing else in this crate names an atomic type, so that a model checks the very code that ships.

#[cfg(not(loom))]
pub(crate) use core::hint::spin_loop;
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence};

#[cfg(loom)]
pub(crate) use loom::hint::spin_loop;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};

/// Cells that are filled once and read without a lock. Loom does not see into them: its models fill every cell before
/// the threads start.
pub(crate) use once_cell::race::OnceBox;
