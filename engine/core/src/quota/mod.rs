//! Counting requests: how many in an hour, how many at a time.
//!
//! Each count is one atomic word. The arithmetic is pure and stands apart from the loop that swaps the word, so that
//! plain numbers test the first and loom exhausts the second.

mod concurrency;
mod rate;
mod window;

pub(crate) use concurrency::InFlight;
pub(crate) use rate::{Charge, Rate};
pub use window::{QuotaState, WINDOW_MS};

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
