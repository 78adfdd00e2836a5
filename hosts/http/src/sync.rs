//! The one door for atomics in this crate.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
