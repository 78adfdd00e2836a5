//! The work of a check, done with other people's parts.
//!
//! Every rival reads the same requests with Tollgate's own extraction, token text and digest, asks the same gates in the
//! same order, charges an hourly limit with `governor` and takes a concurrent place. They differ in where tokens and users
//! are kept. As in Tollgate, a change of a user must show in all of that user's tokens at once.
//!
//! `governor` is spared its clock, because Tollgate is handed the time too; its leaky bucket stands in for the window.

mod gates;
mod hashing;
mod maps;
mod linked;
mod stores;

pub use gates::{Facts, Gates, Token, User};
pub use linked::{LinkedDashmap, LinkedPapaya};
pub use maps::{DashmapMaps, MokaMaps, PapayaMaps};
pub use stores::{RedbHeld, RedbStore, SqliteStore};

use tollgate_core::{RequestParts, Timestamp};

/// One rival, filled with the users and tokens of a plan.
pub trait Rival {
    /// Whether a request passes. Its place is given back at once.
    fn admits(&self, request: &RequestParts<'_>, now: Timestamp) -> bool;
}
